"""Answers sent compressed, as the client takes them: brotli and zstd where their packages are there, else gzip.

A secret beside text that somebody else chose can be guessed from the size of the compressed answer (BREACH). So nothing
that hands out tokens is compressed, and nothing that another site asked for with the visitor's cookies.

Source: RFC 9110, 12.5.3; RFC 7932 (br), RFC 8878 (zstd), RFC 1952 (gzip).
"""

import asyncio
import zlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any, Final, Protocol

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from lbconf.project.serving import Compression

__all__ = ["Compressed", "available_encodings"]

LARGE: Final = 256 * 1024
"""Bytes that are compressed in another thread."""
GZIP_LEVEL: Final = 5
BROTLI_QUALITY: Final = 4
ZSTD_LEVEL: Final = 3
_WORTH_IT: Final = (
    *(b"text/", b"application/json", b"application/javascript", b"application/problem+json"),
    *(b"application/x-ndjson", b"application/xml", b"image/svg+xml"),
)


class _Packer(Protocol):
    def feed(self, data: bytes, *, last: bool) -> bytes:
        """What comes out for more data; all that is left for the last."""
        ...


class Compressed:
    """Compresses what is worth it."""

    def __init__(self, app: ASGIApp, settings: Compression) -> None:
        """Wrap an application."""
        self._app = app
        self._encodings = available_encodings(settings.encodings)
        self._minimum = settings.minimum

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        http: Any = scope
        if http["type"] != "http" or http["method"] == "HEAD":
            await self._app(scope, receive, send)
            return
        accepted, risky = b"", False
        cookie = site = None
        for name, value in http["headers"]:
            if name == b"accept-encoding":
                accepted = value
            elif name == b"cookie":
                cookie = value
            elif name == b"sec-fetch-site":
                site = value
        risky = (cookie is not None and site in {b"cross-site", b"same-site"}) or http["path"].endswith("/login")
        encoding = None if risky else chosen(accepted, self._encodings)
        answer = _Answer(send, encoding, self._minimum)
        await self._app(scope, receive, answer.send)


class _Answer:
    """One answer, held back until it is clear whether it is worth it."""

    def __init__(self, send: Send, encoding: str | None, minimum: int) -> None:
        self._send = send
        self._encoding = encoding
        self._minimum = minimum
        self._start: Any = None
        self._packer: _Packer | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if not _is_compressible(message):
                await self._send(message)
                return
            message["headers"] = [*_varying(message.get("headers", ()))]
            if self._encoding is None or _is_secret(message):
                await self._send(message)
                return
            self._start = message
        elif message["type"] != "http.response.body" or (self._start is None and self._packer is None):
            await self._send(message)
        else:
            await self._body(message)

    async def _body(self, message: Any) -> None:
        body, more = message.get("body", b""), message.get("more_body", False)
        if self._start is not None:
            start, self._start = self._start, None
            if not more and len(body) < self._minimum:
                await self._send(start)
                await self._send(message)
                return
            assert self._encoding is not None  # noqa: S101 - else nothing is held back
            self._packer = _PACKERS[self._encoding]()
            encoding = (b"content-encoding", self._encoding.encode())
            headers = [pair for pair in start["headers"] if pair[0].lower() != b"content-length"]
            packed = await self._packed(body, last=not more)
            length = [] if more else [(b"content-length", str(len(packed)).encode())]
            start["headers"] = [*(_weakened(pair) for pair in headers), encoding, *length]
            await self._send(start)
        else:
            packed = await self._packed(body, last=not more)
        if packed or not more:
            await self._send({"type": "http.response.body", "body": packed, "more_body": more})

    async def _packed(self, body: bytes, *, last: bool) -> bytes:
        packer = self._packer
        assert packer is not None  # noqa: S101 - made before
        if len(body) > LARGE:
            return await asyncio.to_thread(lambda: packer.feed(body, last=last))
        return packer.feed(body, last=last)


@lru_cache(256)
def chosen(accepted: bytes, encodings: tuple[str, ...]) -> str | None:
    """The encoding for a client: of those it likes best, the server's first."""
    weights: dict[str, float] = {}
    for part in accepted.decode("latin-1").lower().split(","):
        name, _, parameter = part.partition(";")
        _, _, value = parameter.partition("=")
        try:
            weights[name.strip()] = float(value) if value else 1.0
        except ValueError:
            weights[name.strip()] = 0.0
    best: str | None = None
    for encoding in encodings:
        weight = weights.get(encoding, weights.get("*", 0.0))
        if weight > (weights.get(best, weights.get("*", 0.0)) if best else 0.0):
            best = encoding
    return best


@lru_cache(8)
def available_encodings(wanted: Sequence[str]) -> tuple[str, ...]:
    """Those of the wanted encodings that this Python can make."""
    return tuple(name for name in wanted if name == "gzip" or _module(name) is not None)


def _is_compressible(message: Any) -> bool:
    kind = b""
    for name, value in message.get("headers", ()):
        lower = name.lower()
        if lower == b"content-type":
            kind = value
        elif lower == b"content-encoding":
            return False
    return kind.startswith(_WORTH_IT) and not kind.startswith(b"text/event-stream")


def _is_secret(message: Any) -> bool:
    return any(name.lower() == b"set-cookie" for name, _ in message["headers"])


def _varying(headers: Any) -> list[tuple[bytes, bytes]]:
    found: list[tuple[bytes, bytes]] = []
    said = False
    for name, value in headers:
        if name.lower() == b"vary" and not said:
            said = True
            found.append((name, value if b"accept-encoding" in value.lower() else value + b", Accept-Encoding"))
        else:
            found.append((name, value))
    return found if said else [*found, (b"vary", b"Accept-Encoding")]


def _weakened(pair: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """A strong entity tag names bytes, which are others now."""
    name, value = pair
    return (name, b"W/" + value) if name.lower() == b"etag" and not value.startswith(b"W/") else pair


class _Gzip:
    def __init__(self) -> None:
        self._object = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, 31)

    def feed(self, data: bytes, *, last: bool) -> bytes:
        packed = self._object.compress(data)
        return packed + self._object.flush(zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH)


class _Brotli:
    def __init__(self) -> None:
        self._object = _module("br").Compressor(quality=BROTLI_QUALITY)

    def feed(self, data: bytes, *, last: bool) -> bytes:
        packed: bytes = self._object.process(data)
        return packed + bytes(self._object.finish() if last else self._object.flush())


class _Zstd:
    def __init__(self) -> None:
        self._module = _module("zstd")
        self._object = self._module.ZstdCompressor(level=ZSTD_LEVEL).compressobj()

    def feed(self, data: bytes, *, last: bool) -> bytes:
        packed: bytes = self._object.compress(data)
        end = self._module.COMPRESSOBJ_FLUSH_FINISH if last else self._module.COMPRESSOBJ_FLUSH_BLOCK
        return packed + bytes(self._object.flush(end))


_PACKERS: Final[dict[str, Callable[[], _Packer]]] = {"gzip": _Gzip, "br": _Brotli, "zstd": _Zstd}
_MODULES: Final = {"br": "brotli", "zstd": "zstandard"}


@lru_cache(4)
def _module(encoding: str) -> Any:
    """The package of an encoding; None where it is not installed."""
    try:
        return import_module(_MODULES[encoding])
    except ImportError:
        return None
