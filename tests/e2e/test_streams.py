"""Lists as lines of JSON and as CSV over HTTP, on every connector."""

import csv
import http.client
import io
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import psycopg
import pytest

from tests.serving import Served
from tests.wares import CONNECTORS, Told, call, ware_server

LINES = {"accept": "application/x-ndjson"}
CSV = {"accept": "text/csv"}
COUNT = 1203
"""More rows than several parts hold, and more than a page has by itself."""
HARD = [
    {"name": 'a "quoted", text', "code": "x", "price": 12.5, "weight": 0.1, "sold": True, "tags": ["a", "b,c"]},
    {
        "name": "line\r\nbreak\tand ünïcode 😀",
        "code": "",
        "price": 0,
        "amount": 0,
        "sold": False,
        "facts": {"a": [1, {}]},
    },
    {"name": "=1+1", "secret": "hidden", "made": "2026-01-02T03:04:05.000Z", "facts": {}},
    {"name": " spaces ", "weight": 1e30, "price": 9999999999.99, "tags": []},
    {"name": "'", "personId": 1},
]


@pytest.fixture(scope="module", params=CONNECTORS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with ware_server(request.param, request, tmp_path_factory.mktemp("wares")) as running:
        assert call(running, "POST", "/api/people", [{"name": "Ada"}, {"name": "Bob", "secret": "s"}]).status == 200
        many = [{"name": f"ware {number}", "amount": number, "personId": number % 2 + 1} for number in range(COUNT)]
        assert call(running, "POST", "/api/wares", HARD).status == 200
        for start in range(0, COUNT, 400):
            assert call(running, "POST", "/api/wares", many[start : start + 400]).status == 200
        yield running


def lines(told: Told) -> list[Any]:
    assert told.status == 200, told.body
    assert told.headers["content-type"] == "application/x-ndjson; charset=utf-8"
    return [json.loads(line) for line in told.body.splitlines()]


def records(told: Told) -> list[list[str]]:
    assert told.status == 200, told.body
    assert told.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.reader(io.StringIO(told.body.decode(), newline="")))


def filtered(path: str, **parts: Any) -> str:
    return f"{path}?filter={quote(json.dumps(parts))}"


def test_every_row_comes_whatever_a_page_holds(server: Served) -> None:
    found = lines(call(server, "GET", "/api/wares", headers=LINES))

    assert len(found) == COUNT + len(HARD)
    assert len(records(call(server, "GET", "/api/wares", headers=CSV))) == 1 + COUNT + len(HARD)
    assert len(call(server, "GET", "/api/wares").json) == 1000


@pytest.mark.parametrize(
    "parts",
    [
        {"limit": 5, "order": "id"},
        {"limit": 300, "skip": 3, "order": "id DESC"},
        {"where": {"amount": {"lt": 3}}, "order": ["name DESC", "id"]},
        {"where": {"name": "nothing"}},
        {"fields": ["name", "id"], "limit": 400, "order": "id"},
        {"fields": {"facts": False}, "limit": 7, "order": "id"},
        {"include": "person", "limit": 600, "order": "id"},
        {"include": [{"relation": "person", "scope": {"fields": ["name", "id"]}}], "limit": 9, "order": "id"},
    ],
    ids=str,
)
def test_lines_and_cells_are_what_json_has(server: Served, parts: dict[str, Any]) -> None:
    wanted = call(server, "GET", filtered("/api/wares", **parts)).json

    assert lines(call(server, "GET", filtered("/api/wares", **parts), headers=LINES)) == wanted
    head, *rows = records(call(server, "GET", filtered("/api/wares", **parts), headers=CSV))
    assert "secret" not in head
    for row, one in zip(rows, wanted, strict=True):
        assert len(row) == len(head)
        for name, cell in zip(head, row, strict=True):
            value = one.get(name)
            if isinstance(value, str):
                assert cell == value
            elif value is None:
                assert cell == ""
            else:
                assert json.loads(cell) == value


def test_relations_and_scopes_are_streamed_too(server: Served) -> None:
    for path in ("/api/people/1/wares", "/api/wares/many"):
        wanted = call(server, "GET", filtered(path, limit=700, order="id")).json
        assert len(wanted) > 500
        assert lines(call(server, "GET", filtered(path, limit=700, order="id"), headers=LINES)) == wanted


def test_csv_has_a_head_crlf_and_tells_nothing_from_an_empty_text(server: Served) -> None:
    told = call(server, "GET", filtered("/api/wares", fields=["code", "weight"], limit=3, order="id"), headers=CSV)

    assert told.body == b'code,weight\r\nx,0.1\r\n"",\r\n,\r\n'
    assert told.headers["content-disposition"] == 'attachment; filename="Wares.csv"'
    assert told.headers["x-content-type-options"] == "nosniff"


def test_an_empty_list_is_a_head_without_rows(server: Served) -> None:
    nothing = filtered("/api/wares", where={"name": "nothing"}, fields=["name"])

    assert call(server, "GET", nothing, headers=CSV).body == b"name\r\n"
    assert call(server, "GET", nothing, headers=LINES).body == b""


def test_what_a_spreadsheet_would_calculate_is_escaped_on_demand(server: Served) -> None:
    path = filtered("/api/wares", fields=["name"], skip=2, limit=1, order="id")

    assert call(server, "GET", path, headers=CSV).body == b"name\r\n=1+1\r\n"
    assert call(server, "GET", path, headers={"accept": "text/csv; formulas=escape"}).body == b"name\r\n'=1+1\r\n"


def test_head_has_the_headers_and_no_body(server: Served) -> None:
    told = call(server, "HEAD", "/api/wares", headers=CSV)

    assert (told.status, told.body, told.headers["content-type"]) == (200, b"", "text/csv; charset=utf-8")


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/csv, application/json;q=0.5", "text/csv"),
        ("application/json, text/csv;q=0.5", "application/json"),
        ("text/csv, */*", "text/csv"),
        ("*/*", "application/json"),
        ("text/html, application/xml;q=0.9, */*;q=0.8", "application/json"),
        ("application/ndjson", "application/x-ndjson"),
    ],
)
def test_the_client_chooses(server: Served, accept: str, kind: str) -> None:
    told = call(server, "GET", filtered("/api/wares", limit=1), headers={"accept": accept})

    assert told.headers["content-type"].split(";")[0] == kind


def test_what_is_no_list_is_not_acceptable_so(server: Served) -> None:
    assert call(server, "GET", "/api/wares/1", headers=CSV).status == 406
    assert call(server, "GET", "/api/wares/1", headers={"accept": "text/csv, */*;q=0.1"}).json["id"] == 1


def test_a_bad_filter_is_refused_before_anything_is_sent(server: Served) -> None:
    for headers in (LINES, CSV):
        assert call(server, "GET", filtered("/api/wares", where={"none": 1}), headers=headers).status == 400
        assert call(server, "GET", "/api/wares?filter={", headers=headers).status == 400
    assert call(server, "GET", "/api/people/999/wares", headers=LINES).status == 404


def test_clients_that_leave_free_their_connections(server: Served) -> None:
    """More of them than there are connections, one after the other; each reads a little."""
    for _ in range(25):
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=20)
        connection.request("GET", filtered("/api/wares", include="person"), headers=LINES)
        assert connection.getresponse().read(50)
        connection.close()
    told = call(server, "GET", filtered("/api/wares", limit=2), headers=LINES)
    end = time.monotonic() + 60
    while told.status == 503 and time.monotonic() < end:
        assert told.headers["retry-after"]
        time.sleep(0.05)  # until the server has seen that they left
        told = call(server, "GET", filtered("/api/wares", limit=2), headers=LINES)
    assert len(lines(told)) == 2


def test_an_error_in_the_middle_leaves_an_answer_without_an_end(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """The server of the database ends the connection that rows come from while a client reads them."""
    with ware_server("postgresql", request, tmp_path) as running:
        rows = [{"name": f"ware {number}", "facts": {"text": "x" * 4000}} for number in range(20)]
        for _ in range(125):
            assert call(running, "POST", "/api/wares", rows).status == 200
        connection = http.client.HTTPConnection(urlsplit(running.url).netloc, timeout=60)
        connection.request("GET", "/api/wares", headers=LINES)
        answer = connection.getresponse()
        assert answer.read(1000)
        url = re.search(r"url: '(.*)'", (tmp_path / "environments/base/datasources.yaml").read_text())
        assert url is not None
        with psycopg.connect(url.group(1), autocommit=True) as other:
            end, ended = time.monotonic() + 60, 0
            while not ended and time.monotonic() < end:  # until it waits for its client
                (ended,) = other.execute(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND state = 'idle in transaction'"
                ).fetchone() or (0,)
        assert ended == 1
        with pytest.raises(http.client.IncompleteRead):
            answer.read()
        connection.close()
        running.wait_for_line("request-failed")
        assert len(lines(call(running, "GET", "/api/wares", headers=LINES))) == 2500


def test_memory_stays_bounded_however_many_rows(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Sixty thousand rows go up and come down again; the worker grows by less than what passes each time."""
    with ware_server("sqlite", request, tmp_path) as running:
        row = json.dumps({"name": "ware", "facts": {"text": "x" * 600}}).encode() + b"\n"
        assert call(running, "POST", "/api/wares", row * 100, {"content-type": "application/x-ndjson"}).status == 200
        assert call(running, "GET", "/api/wares", headers=CSV).status == 200
        before = most_memory(running)

        chunks = iter([row * 500] * 120)
        up = {"content-type": "application/x-ndjson", "transfer-encoding": "chunked"}
        assert call(running, "POST", "/api/wares", chunks, up).json == {"count": 60_000}
        for headers in (LINES, CSV):
            told = call(running, "GET", "/api/wares", headers=headers)
            assert told.status == 200
            assert len(told.body) > 35_000_000
        assert most_memory(running) - before < 30_000


def most_memory(server: Served) -> int:
    """The most kilobytes that the server's process ever had."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+)", status)
    assert found is not None
    return int(found.group(1))
