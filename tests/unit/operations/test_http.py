"""What stands before a body, and how long a client may take: bytes on a connection, without a socket."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState

from lbconf.operations.http import LARGEST_HEAD, LARGEST_HEADERS, LOOKS_SECONDS, MOST_HEADERS, BoundedHttp


class Transport:
    """Keeps what is written."""

    def __init__(self) -> None:
        self.written = b""
        self.closed = False

    def get_extra_info(self, _: str) -> None:
        return None

    def write(self, data: bytes) -> None:
        assert not self.closed
        self.written += data

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        """Nothing to do."""

    resume_reading = pause_reading


class Clock:
    """Timers that go off when told to."""

    def __init__(self) -> None:
        self.due: list[Callable[[], None]] = []

    def call_later(self, _: float, function: Callable[[], None], *__: Any) -> Any:
        self.due.append(function)
        return SimpleNamespace(cancel=lambda: None)

    def look(self, connection: BoundedHttp) -> None:
        """The time between two looks goes by."""
        self.due = []
        connection._look()

    def create_task(self, task: Any) -> Any:
        return asyncio.get_running_loop().create_task(task)


async def hello(scope: Any, receive: Any, send: Any) -> None:
    more = True
    while more:
        more = (await receive()).get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"hi", "more_body": False})


async def connected() -> tuple[BoundedHttp, Transport, Clock]:
    clock = Clock()
    config = Config(hello, lifespan="off", log_config=None)
    config.load()
    connection = BoundedHttp(config, ServerState(), {}, clock)  # type: ignore[arg-type]
    transport = Transport()
    connection.connection_made(transport)  # type: ignore[arg-type]
    return connection, transport, clock


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def answer(*parts: bytes) -> Transport:
    async def run() -> Transport:
        connection, transport, _ = await connected()
        for part in parts:
            if not transport.closed:
                connection.data_received(part)
            await settled()
        return transport

    return asyncio.run(run())


HOST = b"Host: a\r\n"


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ((b"GET / HTTP/1.1\r\n", HOST, b"\r\n"), 200),
        ((b"GET / HTTP/1.1\r\nAccept: */*\r\n" + HOST + b"\r\n",), 200),
        ((b"GET / HTTP/1.1\r\n\r\n",), 400),
        ((b"GET / HTTP/1.1\r\nX-Host: a\r\n\r\n",), 400),
        ((b"GET / HTTP/1.0\r\n\r\n",), 200),
        ((b"no request\r\n\r\n",), 400),
        ((b"GET / HTTP/1.1\r\n" + HOST + b"a: b\r\n" * (MOST_HEADERS - 1) + b"\r\n",), 200),
        ((b"GET / HTTP/1.1\r\n" + HOST + b"a: b\r\n" * MOST_HEADERS + b"\r\n",), 431),
        ((b"GET / HTTP/1.1\r\n" + HOST + b"a: " + b"b" * (LARGEST_HEADERS - 100) + b"\r\n\r\n",), 200),
        ((b"GET / HTTP/1.1\r\n" + HOST + b"a: " + b"b" * LARGEST_HEADERS + b"\r\n\r\n",), 431),
        ((b"GET / HTTP/1.1\r\n" + HOST, *[b"a: " + b"b" * 1000 + b"\r\n"] * 99, b"\r\n"), 431),
        ((b"GET / HTTP/1.1\r\n" + HOST + b"a: ", *[b"b" * 1000] * 200), 431),
        ((b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",), 200),
        ((b"GET /", *[b"a" * 1000] * 200), 414),
        ((b"GET / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n",), 400),
        ((b"GET / HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\na",), 400),
        ((b"GET / HTTP/1.1\r\n" + HOST + b"a : b\r\n\r\n",), 400),
        ((b"GET / HTTP/1.1\r\n" + HOST + b"a: b\0\r\n\r\n",), 400),
    ],
)
def test_what_may_stand_before_a_body(parts: tuple[bytes, ...], status: int) -> None:
    transport = answer(*parts)

    assert transport.written[:12] == b"HTTP/1.1 %d" % status
    assert transport.written.count(b"HTTP/1.1") == 1
    if status >= 400:
        assert transport.closed
        assert b'{"error": {"statusCode": %d,' % status in transport.written


def test_a_body_is_no_head_however_large() -> None:
    body = b"x" * 300_000
    head = b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % len(body)
    cut = [body[at : at + 60_000] for at in range(0, len(body), 60_000)]

    assert answer(head, *cut, b"GET / HTTP/1.1\r\n" + HOST + b"\r\n").written.count(b"HTTP/1.1 200") == 2
    assert len(body) > LARGEST_HEAD


def test_a_request_behind_one_that_is_worked_on_gets_no_answer_in_its_place() -> None:
    async def run() -> Transport:
        connection, transport, _ = await connected()
        connection.data_received(b"GET / HTTP/1.1\r\n" + HOST + b"\r\nGET / HTTP/1.1\r\n\r\n")
        await settled()
        return transport

    transport = asyncio.run(run())
    assert (transport.written, transport.closed) == (b"", True)


@pytest.mark.parametrize(
    ("said", "looks"),
    [
        ((), 1),
        ((b"GET / HTTP/1.1\r\n",), 2),
        ((b"GET / HT", b"TP/1.1\r\n"), 2),
        ((b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n\r\n",), 2),
        ((b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n\r\n", b"a"), 3),
        ((b"GET / HTTP/1.1\r\n" + HOST + b"\r\n", b"GET / HT"), 3),
    ],
)
def test_who_does_not_say_what_he_wants_is_told_to_go(said: tuple[bytes, ...], looks: int) -> None:
    async def run() -> int:
        connection, transport, clock = await connected()
        for number in range(1, 10):
            if number <= len(said):
                connection.data_received(said[number - 1])
            await settled()
            clock.look(connection)
            if transport.closed:
                assert transport.written.split(b"HTTP/1.1 ")[-1].startswith(b"408 ")
                return number
        return 0

    assert asyncio.run(run()) == looks
    assert LOOKS_SECONDS > 0


def test_who_waits_for_an_answer_may_be_silent() -> None:
    async def run() -> Transport:
        connection, transport, clock = await connected()
        connection.app = forever
        connection.data_received(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
        for _ in range(3):
            await settled()
            clock.look(connection)
        connection.cycle.disconnected = True
        connection.cycle.message_event.set()
        await settled()
        return transport

    async def forever(_: Any, receive: Any, __: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    transport = asyncio.run(run())
    assert (transport.written, transport.closed) == (b"", False)
