"""What is uploaded costs no more than what was sent of it, and nothing once nobody waits."""

import asyncio
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lbconf.api.lingering import MOST, answer_and_linger
from lbconf.api.receiving import MOST_INFLATED, UNSUSPECTED
from lbconf.api.streams.lines import _filled_lines
from tests.inside import inside

PACKED = {"content-type": "application/x-ndjson", "content-encoding": "gzip"}
FILES = {
    "datasources.yaml": "db: {connector: memory}\n",
    "models/ware.yaml": "dataSource: db\nproperties: {id: {type: integer, id: true, generated: true}, name: string}\n",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("wares")
    for name, text in FILES.items():
        file = root / "environments" / "base" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return root


def cut(packed: bytes) -> list[bytes]:
    return [packed[at : at + 4096] for at in range(0, len(packed), 4096)]


@pytest.mark.parametrize("line", [b"\n", b" \r\n", b"{}\n"])
@pytest.mark.parametrize("media", ["application/x-ndjson", "text/csv"])
def test_a_body_that_is_all_but_nothing_packed_is_refused_and_leaves_nothing(
    folder: Path, line: bytes, media: str
) -> None:
    body = (b"name\n" if media == "text/csv" else b"") + line * ((UNSUSPECTED + 10_000_000) // len(line))

    async def run() -> None:
        async with inside(folder, without_access_control=True) as app:
            told = await app.ask(
                "POST", "/api/wares", headers={**PACKED, "content-type": media}, chunks=cut(gzip.compress(body))
            )
            assert (told.status, told.headers["connection"]) == (413, "close")
            assert f"{MOST_INFLATED} times" in told.message
            assert (await app.ask("GET", "/api/wares/count")).json == {"count": 0}

    asyncio.run(run())


def test_what_is_packed_well_is_stored(folder: Path) -> None:
    body = b"".join(b'{"name": "ware number %d of those that are alike"}\n' % number for number in range(3000))

    async def run() -> None:
        async with inside(folder, without_access_control=True) as app:
            told = await app.ask(
                "POST", "/api/wares", headers=PACKED, chunks=cut(gzip.compress(b"\n" * 500_000 + body))
            )
            assert (told.status, told.json) == (200, {"count": 3000})

    asyncio.run(run())


def test_nothing_is_stored_for_a_client_that_left(folder: Path) -> None:
    body = b'{"name": "x"}\n' * 50_000

    async def run() -> None:
        async with inside(folder, without_access_control=True) as app:
            told = await app.ask("POST", "/api/wares", headers=PACKED, chunks=[gzip.compress(body)], leaves=True)
            assert (told.status, told.message) == (400, "request aborted")
            assert (await app.ask("GET", "/api/wares/count")).json == {"count": 0}

    asyncio.run(run())


@given(st.lists(st.sampled_from([b"", b"\n", b"\n\n", b" ", b"\r\n", b"a", b"bc\n", b"\td"])))
def test_lines_have_their_numbers_however_they_are_cut(chunks: list[bytes]) -> None:
    lines = b"".join(chunks).split(b"\n")
    wanted = [(number, line.strip()) for number, line in enumerate(lines, 1) if line.strip()]
    assert [(number, line.strip()) for number, line in _filled_lines(chunks, 1000)] == wanted


async def _answered(send: Any) -> None:
    await send({"type": "http.response.start", "status": 413, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"no", "more_body": False})


@pytest.mark.parametrize(
    ("coming", "headers", "read"),
    [
        ((b"a", b"b", b"c"), [], 3),
        ((b"a", None), [], 2),
        ((b"a", b"b"), [(b"expect", b"100-continue")], 0),
        ((bytes(MOST), b"a", b"b", b"c"), [], 2),
    ],
)
def test_an_answer_goes_before_the_rest_is_read(coming: tuple[bytes | None, ...], headers: Any, read: int) -> None:
    order: list[str] = []
    rest: Iterator[bytes | None] = iter(coming)
    left = len(coming)

    async def receive() -> Any:
        nonlocal left
        order.append("read")
        left -= 1
        chunk = next(rest)
        if chunk is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": chunk, "more_body": left > 0}

    async def send(message: Any) -> None:
        order.append(message["type"].rpartition(".")[2] + str(message.get("more_body", "")))

    asyncio.run(answer_and_linger(_answered, {"headers": headers}, receive, send))

    assert order == ["start", "bodyTrue", *["read"] * read, "bodyFalse"]
