"""Hostile clients on a real connection: who sends too much hears of it, who packs nothing into much costs little."""

import gzip
import http.client
import socket
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.serving import Served
from tests.wares import call, ware_server

JSON = {"content-type": "application/json"}
LINES = {"content-type": "application/x-ndjson"}


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with ware_server("memory", request, tmp_path_factory.mktemp("wares")) as running:
        yield running


@pytest.mark.parametrize(
    ("make", "headers", "status"),
    [
        (lambda: b'{"name": "' + b"x" * 8_000_000 + b'"}', JSON, 413),
        (lambda: iter([b"x" * 65_536] * 100), JSON, 413),
        (lambda: iter([b"x" * 65_536] * 100), {**JSON, "content-encoding": "strange"}, 415),
        (lambda: b"not json\n" + b'{"name": "x"}\n' * 1_000_000, LINES, 400),
        (lambda: gzip.compress(b"\n" * 100_000_000, 1), {**LINES, "content-encoding": "gzip"}, 413),
    ],
)
def test_who_sends_too_much_gets_the_answer(
    server: Served, make: Callable[[], Any], headers: dict[str, str], status: int
) -> None:
    told = call(server, "POST", "/api/wares", make(), headers)
    assert (told.status, told.headers["connection"]) == (status, "close")
    assert told.json["error"]["statusCode"] == status
    assert call(server, "GET", "/api/wares/count").json == {"count": 0}


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /api/wares HTTP/1.1\r\n\r\n", 400),
        (b"GET /api/wares HTTP/1.1\r\nHost: a\r\n" + b"a: b\r\n" * 200 + b"\r\n", 431),
        (b"GET /api/wares HTTP/1.1\r\nHost: a\r\na: " + b"b" * 100_000 + b"\r\n\r\n", 431),
        (b"GET /api/wares HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET /api/wares HTTP/1.1\r\nHost: a\r\na: b\x1b[31m\r\n\r\n", 400),
        (b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET /api/wares HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", 200),
        (b"GET http://evil.example/api/wares HTTP/1.1\r\nHost: a\r\n\r\n", 200),
    ],
)
def test_what_is_hardly_http(server: Served, sent: bytes, status: int) -> None:
    where = urlsplit(server.url)
    with socket.create_connection((where.hostname, where.port), timeout=20) as connection:
        connection.sendall(sent)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert answer.status == status
        assert b"evil" not in answer.read()
