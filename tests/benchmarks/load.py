"""A small generator of HTTP load: fixed connections, keep-alive, the next request when the answer is there."""

import asyncio
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

__all__ = ["Load", "generate", "request"]

GOOD = b"HTTP/1.1 200"


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a server bore."""

    rate: float
    """Answers a second."""
    slowest_percentile: float
    """Seconds; 99 of 100 requests were answered faster."""


def request(target: str, *, headers: Sequence[str] = (), body: str | None = None) -> bytes:
    """A request as it goes over the wire: GET, or POST where there is a body of JSON."""
    lines = [f"{'GET' if body is None else 'POST'} {target} HTTP/1.1", "Host: 127.0.0.1", *headers]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body.encode())}"]
    return "\r\n".join([*lines, "", body or ""]).encode()


def generate(port: int, requests: Sequence[bytes], *, connections: int, seconds: float) -> Load:
    """Send the requests to 127.0.0.1 in turn. Raises `RuntimeError` for an answer other than 200."""
    return asyncio.run(_generate(port, requests, connections, seconds))


async def _generate(port: int, requests: Sequence[bytes], connections: int, seconds: float) -> Load:
    loop = asyncio.get_running_loop()
    end = time.perf_counter() + seconds
    clients: list[_Client] = []
    for number in range(connections):
        shifted = itertools.islice(itertools.cycle(requests), number * 7, None)
        _, client = await loop.create_connection(_maker(shifted, end, loop.create_future()), "127.0.0.1", port)
        clients.append(client)
    begin = time.perf_counter()
    await asyncio.gather(*(client.done for client in clients))
    took = time.perf_counter() - begin
    durations = sorted(itertools.chain.from_iterable(client.durations for client in clients))
    return Load(rate=len(durations) / took, slowest_percentile=durations[int(len(durations) * 0.99)])


def _maker(requests: Iterator[bytes], end: float, done: "asyncio.Future[None]") -> "Callable[[], _Client]":
    return lambda: _Client(requests, end, done)


class _Client(asyncio.Protocol):
    """One connection."""

    def __init__(self, requests: Iterator[bytes], end: float, done: "asyncio.Future[None]") -> None:
        self.requests = requests
        self.end = end
        self.done = done
        self.durations: list[float] = []
        self.buffer = b""
        self.begun = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, separator, body = self.buffer.partition(b"\r\n\r\n")
        if not separator or not _whole(head, body):
            return
        now = time.perf_counter()
        self.durations.append(now - self.begun)
        self.buffer = b""
        if not head.startswith(GOOD):
            self._finish(RuntimeError(head.decode() + body[:200].decode(errors="replace")))
        elif now >= self.end:
            self._finish(None)
        else:
            self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self._finish(exc or RuntimeError("the server closed the connection"))

    def _ask(self) -> None:
        self.begun = time.perf_counter()
        self.transport.write(next(self.requests))

    def _finish(self, problem: Exception | None) -> None:
        if self.done.done():
            return
        if problem is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(problem)
        self.transport.close()


def _whole(head: bytes, body: bytes) -> bool:
    """Whether all of the answer is there, by its length or in chunks."""
    lowered = head.lower()
    start = lowered.find(b"content-length:")
    if start >= 0:
        return len(body) >= int(lowered[start + 15 :].split(b"\r\n", 1)[0])
    if b"transfer-encoding: chunked" in lowered:
        return body.endswith(b"0\r\n\r\n")
    raise RuntimeError("an answer without a length")
