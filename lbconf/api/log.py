"""Log lines of a serving process: one JSON object each."""

import json
import logging
import time
import traceback
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec

from lbconf.errors import LbconfError

__all__ = ["REQUEST_ID_KEY", "JsonLog", "LogHandler", "request_fields", "timestamp"]

REQUEST_ID_KEY: Final = "lbconf.request_id"
"""Of a request's scope: its id, as bytes of ASCII."""
SELDOM: Final = 60
"""Lines a minute of what anybody on the net can bring about."""


class JsonLog:
    """Writes events; safe to call from any thread."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        """Take what writes bytes, such as `sys.stderr.buffer.write`."""
        self.write = write
        self._minute = 0
        self._seldom = 0

    def event(self, level: str, event: str, **fields: Any) -> None:
        """Write one line: `level` is `info`, `warning` or `error`."""
        line = {"time": timestamp(), "level": level, "event": event, **fields}
        try:
            text: bytes = _ENCODER.encode(line)
        except UnicodeEncodeError:  # half a character that a client sent
            text = json.dumps(line, default=str).encode("ascii")
        self.write(text + b"\n")

    def seldom(self, level: str, event: str, **fields: Any) -> None:
        """Write one line of what anybody can bring about: `SELDOM` a minute at most, the last of them says so."""
        minute = int(time.monotonic() // 60)
        if minute != self._minute:
            self._minute, self._seldom = minute, 0
        self._seldom += 1
        if self._seldom < SELDOM:
            self.event(level, event, **fields)
        elif self._seldom == SELDOM:
            self.event(level, event, **fields, note="no more lines of this kind in this minute")

    def failure(self, error: BaseException, **fields: Any) -> None:
        """Write what failed: a data source's own words, else where it happened, without the values at work."""
        if isinstance(error, LbconfError):
            first = error.diagnostics[0]
            hint = {"hint": first.hint} if first.hint else {}
            self.event("error", "request-failed", code=first.code, message=first.message, **hint, **fields)
            return
        frames = traceback.extract_tb(error.__traceback__)
        self.event(
            "error",
            "internal-error",
            error=type(error).__name__,
            at=[f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
            **fields,
        )


class LogHandler(logging.Handler):
    """Takes what lbconf's own modules log (`logging.getLogger("lbconf...")`) into the same lines."""

    def __init__(self, log: JsonLog) -> None:
        """Take the log."""
        super().__init__(logging.INFO)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        self._log.event(record.levelname.lower(), "log", logger=record.name, message=record.getMessage())


def request_fields(scope: Mapping[str, Any]) -> dict[str, str]:
    """What names a request in a line: its id where it has one, its verb and its path."""
    given = scope.get(REQUEST_ID_KEY)
    named = {} if given is None else {"id": given.decode("ascii")}
    return {**named, "method": scope["method"], "path": scope["path"]}


def timestamp(now: float | None = None) -> str:
    """UTC with milliseconds: `2013-10-15T21:34:50.000Z`."""
    moment = time.time() if now is None else now
    return f"{_second(int(moment))}.{int(moment % 1 * 1000):03d}Z"


@lru_cache(1)
def _second(moment: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment))


_ENCODER = msgspec.json.Encoder(enc_hook=str)
