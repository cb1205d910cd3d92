"""One JSON line per request, with its id; never a body, never the value of a secret parameter."""

import asyncio
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote

import msgspec
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from lbconf.api.log import REQUEST_ID_KEY, timestamp
from lbconf.api.watch.watcher import Watcher
from lbconf.connectors.contract import Connector

__all__ = ["AccessLog", "query_without_secrets"]

FLUSH_SECONDS: Final = 0.05
"""Lines are written together: one write costs more than making a line."""

ID_BYTES: Final = 16
"""Of a request id that is made here; too many for two to be equal."""

REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}")
"""What a client's own request id may look like; anything else is replaced."""


class AccessLog:
    """Gives every request an id (`X-Request-ID`, taken over or made) and writes a line when it is answered."""

    def __init__(
        self,
        app: ASGIApp,
        write: Callable[[bytes], object] | None,
        *,
        watcher: Watcher | None = None,
        headers: Sequence[tuple[bytes, bytes]] = (),
        connectors: Mapping[str, Connector] | None = None,
    ) -> None:
        """Wrap an application; without `write` only ids are given.

        `watcher` is told of every request; `headers` are added to answers that do not have them;
        `connectors` are those at work, by data source, for who serves the project anew.
        """
        self.connectors: Mapping[str, Connector] = connectors or {}
        self._app = app
        self._write = write
        self._watcher = watcher
        self._headers = tuple(headers)
        self._lines: list[bytes] = []
        self.closing = False
        """Whether clients are told to go on over another connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request and log it."""
        http: Any = scope
        if http["type"] != "http":
            try:
                await self._app(scope, receive, send)
            finally:
                self.flush()
            return
        started = time.perf_counter()
        request_id = _given_id(scope["headers"]) or os.urandom(ID_BYTES).hex().encode("ascii")
        http[REQUEST_ID_KEY] = request_id
        status = 0
        size = 0
        watcher = self._watcher
        watch = None if watcher is None else watcher.begin(http, request_id)

        async def answer(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message.get("headers", ()), (b"x-request-id", request_id)]
                if self._headers:
                    said = {name for name, _ in headers}
                    headers += [pair for pair in self._headers if pair[0] not in said]
                if watch is not None and watch.asked:
                    headers.append((b"server-timing", watch.timing(time.perf_counter() - started)))
                if self.closing:
                    headers.append((b"connection", b"close"))
                message["headers"] = headers
            elif message["type"] == "http.response.body":
                size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            seconds = time.perf_counter() - started
            if watcher is not None and watch is not None:
                watcher.end(watch, http["method"], status, seconds)
            if self._write is not None:
                self._log(scope, request_id, status, size, seconds)

    def flush(self) -> None:
        """Write the lines that wait."""
        if self._lines and self._write is not None:
            lines, self._lines = self._lines, []
            self._write(b"".join(lines))

    def _log(self, scope: Any, request_id: bytes, status: int, size: int, seconds: float) -> None:
        client = scope.get("client")
        line: dict[str, Any] = {
            "time": timestamp(),
            "level": "info" if status < _SERVER_ERRORS and status else "error",
            "event": "request",
            "id": request_id.decode("ascii"),
            "method": scope["method"],
            "path": scope.get("raw_path", b"").decode("ascii", "backslashreplace") or scope["path"],
            "status": status,
            "bytes": size,
            "ms": round(seconds * 1000, 2),
            "client": client[0] if client else None,
        }
        query = scope.get("query_string", b"")
        if query:
            line["query"] = query_without_secrets(query.decode("ascii", "backslashreplace"))
        if not self._lines:
            asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.flush)
        self._lines.append(_ENCODER.encode(line) + b"\n")


def query_without_secrets(query: str) -> str:
    """A query string with `***` for the values of parameters that are secret or that name something secret."""
    return "&".join(
        f"{part.partition('=')[0]}=***" if "=" in part and _SECRET.search(unquote(part)) else part
        for part in query.split("&")
    )


def _given_id(headers: Any) -> bytes | None:
    for name, value in headers:
        if name == b"x-request-id":
            return value if REQUEST_ID.fullmatch(value) else None
    return None


_SERVER_ERRORS: Final = 500
_SECRET = re.compile(r"(?i)token|password|passwd|secret|api_?key|authorization|credential")
_ENCODER: Final = msgspec.json.Encoder()
