"""HTTP/1.1 as uvicorn speaks it, within bounds: how much may stand before a body, and how long a client may take.

Source: RFC 9110 and 9112 (HTTP), RFC 6585 (status 431).
"""

import asyncio
import json
from http import HTTPStatus
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

__all__ = ["LARGEST_HEAD", "LARGEST_HEADERS", "MOST_HEADERS", "BoundedHttp"]

MOST_HEADERS: Final = 100
LARGEST_HEADERS: Final = 32 * 1024
"""Bytes of the names and values of all headers."""
LARGEST_HEAD: Final = 128 * 1024
"""Bytes of everything before a body."""
LOOKS_SECONDS: Final = 30.0
"""A client that does not send anything for so long, though it has not said all, is told to go; a head that takes
longer than twice this ends, too."""


class _Refused(Exception):  # noqa: N818 - ends the parser's work, and is no error of anybody's
    """The request is answered already."""


class BoundedHttp(HttpToolsProtocol):
    """One connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, and look after it from time to time."""
        super().connection_made(transport)
        self._read = 0
        self._head = 0
        self._status = HTTPStatus.BAD_REQUEST
        self._stale: Any = None
        self._looking = self.loop.call_later(LOOKS_SECONDS, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._looking.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        self._read = len(data)
        super().data_received(data)
        cycle: Any = self.cycle
        if cycle is None or cycle.scope is not self.scope:
            self._head += self._read
            if self._head > LARGEST_HEAD:
                self._refuse(self._too_large())
        elif self._head:
            self._head = 0

    def on_headers_complete(self) -> None:
        """Begin to answer, unless the head is refused."""
        headers = self.headers
        if len(headers) > MOST_HEADERS:
            self._stop(self._too_large())
        if self._read + self._head > LARGEST_HEADERS:
            size = sum(len(name) + len(value) for name, value in headers)
            if size > LARGEST_HEADERS or size + len(self.url) > LARGEST_HEAD:
                self._stop(self._too_large())
        named = bool(headers) and (headers[0][0] == b"host" or any(name == b"host" for name, _ in headers))
        if not named and self.parser.get_http_version() == "1.1":
            self._stop(HTTPStatus.BAD_REQUEST)
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, in the form of every other error, and close."""
        self._refuse(self._status, msg if self._status == HTTPStatus.BAD_REQUEST else "")

    def _heading(self) -> bool:
        """Whether the head of a request has begun that is not complete."""
        scope: Any = self.scope
        cycle: RequestResponseCycle | None = self.cycle
        return scope is not None and (cycle is None or cycle.scope is not scope)

    def _too_large(self) -> HTTPStatus:
        long = len(self.url) > LARGEST_HEAD // 2
        return HTTPStatus.REQUEST_URI_TOO_LONG if long else HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE

    def _stop(self, status: HTTPStatus) -> None:
        """End the parser's work, so that the request is refused."""
        self._status = status
        raise _Refused

    def _refuse(self, status: HTTPStatus, message: str = "") -> None:
        if self.transport.is_closing():
            return
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete and (cycle.response_started or self._heading()):
            self.transport.close()  # another answer is under way, or due
            return
        error = {"statusCode": status.value, "name": "Error", "message": message or status.phrase}
        body = json.dumps({"error": error}).encode("ascii")
        head = (
            b"content-type: application/json; charset=utf-8\r\nconnection: close\r\n"
            b"content-length: %d\r\n\r\n" % len(body)
        )
        self.transport.write(STATUS_LINE[status.value] + head + body)
        self.transport.close()

    def _look(self) -> None:
        """Close where a client is waited for that says nothing, or takes too long to say what it wants."""
        if self.transport.is_closing():
            return
        cycle: RequestResponseCycle | None = self.cycle
        heading = self._heading()
        due = cycle is not None and not cycle.response_complete and cycle.more_body and not self.flow.read_paused
        awaited = cycle is None or heading or due
        if (awaited and not self._read) or (heading and self._stale is self.scope):
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
            return
        self._stale = self.scope if heading else None
        self._read = 0
        self._looking = self.loop.call_later(LOOKS_SECONDS, self._look)
