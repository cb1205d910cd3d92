"""Requests that are done once however often they are sent, on every connector."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.serving import Served
from tests.wares import CONNECTORS, Told, call, ware_server


@pytest.fixture(scope="module", params=CONNECTORS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with ware_server(request.param, request, tmp_path_factory.mktemp("wares")) as running:
        yield running


def sent(server: Served, key: str, body: Any, path: str = "/api/wares", **headers: str) -> Told:
    return call(server, "POST", path, body, {"idempotency-key": key, **headers})


def count(server: Served) -> int:
    return int(call(server, "GET", "/api/wares/count").json["count"])


def test_the_second_time_the_first_answer_comes_again(server: Served) -> None:
    before = count(server)

    first, second = sent(server, "one", {"name": "é 😀"}), sent(server, "one", {"name": "é 😀"})

    assert (first.status, second.status) == (200, 200)
    assert first.body == second.body
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert count(server) == before + 1


def test_another_request_with_the_same_key_is_refused(server: Served) -> None:
    assert sent(server, "two", {"name": "a"}).status == 200

    assert sent(server, "two", {"name": "b"}).status == 422
    assert sent(server, "two", {"name": "a"}, "/api/people").status == 422


def test_what_was_refused_may_be_mended_and_sent_again(server: Served) -> None:
    assert sent(server, "three", {"name": None}).status == 422
    told = sent(server, "three", {"name": "mended"})

    assert (told.status, told.json["name"]) == (200, "mended")


def test_a_minimal_answer_is_repeated_as_it_was(server: Served) -> None:
    first, second = (sent(server, "four", {"name": "a"}, prefer="return=minimal") for _ in range(2))

    assert (first.status, second.status, second.body) == (204, 204, b"")
    assert first.headers["location"] == second.headers["location"]


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
def test_a_key_that_is_none_is_refused(server: Served, key: str) -> None:
    assert sent(server, key, {"name": "a"}).status == 400


def test_of_many_at_once_one_is_done(server: Served) -> None:
    before = count(server)
    told: list[Told] = []
    clients = [threading.Thread(target=lambda: told.append(sent(server, "five", {"name": "a"}))) for _ in range(8)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()

    done = [one for one in told if one.status == 200]
    assert done
    assert all(one.status in {200, 409} for one in told)
    assert len({one.body for one in done}) == 1
    assert count(server) == before + 1


def test_several_operations_are_done_once(server: Served) -> None:
    before = count(server)
    two = {"create": [{"name": "a"}, {"name": "b"}]}
    operations = [{"method": "POST", "path": "/wares", "body": {"name": "c"}}]

    bulk = [sent(server, "bulk", two, "/api/wares/bulk") for _ in range(2)]
    batch = [sent(server, "batch", operations, "/api/batch") for _ in range(2)]

    for first, second in (bulk, batch):
        assert (first.status, second.status) == (200, 200), first.body
        assert first.body == second.body
        assert second.headers["idempotent-replayed"] == "true"
    assert count(server) == before + 3
    assert sent(server, "bulk", {"create": [{"name": "z"}]}, "/api/wares/bulk").status == 422
    assert sent(server, "batch", [*operations, *operations], "/api/batch").status == 422


def test_a_bulk_write_that_was_refused_may_be_sent_again(server: Served) -> None:
    before = count(server)

    assert sent(server, "bulk again", {"create": [{"name": "a"}, {"name": None}]}, "/api/wares/bulk").status == 422
    assert sent(server, "bulk again", {"create": [{"name": "a"}]}, "/api/wares/bulk").status == 200
    assert count(server) == before + 1


def test_an_upload_is_stored_once(server: Served) -> None:
    before = count(server)
    lines = b"".join(b'{"name": "line %d"}\n' % number for number in range(2000))
    form = {"content-type": "application/x-ndjson", "idempotency-key": "upload"}

    first, second = (call(server, "POST", "/api/wares", lines, form) for _ in range(2))
    other = call(server, "POST", "/api/wares", lines.replace(b"line 1999", b"line 2999"), form)
    after = call(server, "POST", "/api/wares", lines, form)

    assert (first.status, first.json) == (200, {"count": 2000})
    assert (second.status, second.body) == (200, first.body)
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert not any("lbconf-body" in told.headers for told in (first, second))
    assert (other.status, after.body) == (422, first.body)
    assert count(server) == before + 2000


def test_an_upload_that_was_refused_may_be_sent_again(server: Served) -> None:
    before = count(server)
    form = {"content-type": "application/x-ndjson", "idempotency-key": "upload again"}

    assert call(server, "POST", "/api/wares", b'{"name": "a"}\n{"name": null}\n', form).status == 422
    assert call(server, "POST", "/api/wares", b'{"name": "a"}\n', form).json == {"count": 1}
    assert count(server) == before + 1
