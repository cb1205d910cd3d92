"""Sending an answer in parts, no faster than the client reads, and no longer than it stays."""

import asyncio
from typing import Any, Final

from litestar.types import Receive, Send

from lbconf.api.actions.call import Answer
from lbconf.api.log import JsonLog, request_fields
from lbconf.api.streams.portions import Portions
from lbconf.api.threads import WorkerThreads
from lbconf.diagnostics import Code
from lbconf.query.errors import RequestError

__all__ = ["Room", "send_portions"]

PATIENCE: Final = 60.0
"""Seconds that a client may take to read a part."""
RETRY_SECONDS: Final = 5


class Room:
    """How many streams there may be at a time: each keeps a connection. Used in the event loop alone."""

    def __init__(self, most: int) -> None:
        """Take how many."""
        self._free = most

    def take(self) -> None:
        """Make this one more. Raises `RequestError` 503 where there is no room."""
        if self._free <= 0:
            error = RequestError(Code.REQUEST_REFUSED, "Too many streams at once", status=503, name="Error")
            vars(error)["headers"] = ((b"retry-after", str(RETRY_SECONDS).encode()),)
            raise error
        self._free -= 1

    def leave(self) -> None:
        """Make this one less."""
        self._free += 1


async def send_portions(
    answer: Answer, threads: WorkerThreads, log: JsonLog, channel: tuple[Any, Receive, Send]
) -> None:
    """Send an answer whose body comes in parts.

    Where a part cannot be made, or the client reads none for long, the connection is cut: a client sees that the
    answer has no end.
    """
    scope, receive, send = channel
    portions = answer.rest
    assert portions is not None  # noqa: S101 - only such answers are sent here
    gone = asyncio.create_task(_until_gone(receive))
    try:
        headers = [*answer.headers, (b"content-type", answer.content_type)]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        part: bytes | None = answer.body
        while part is not None and not gone.done():
            message: Any = {"type": "http.response.body", "body": part, "more_body": True}
            await asyncio.wait_for(send(message), PATIENCE)
            part = None if gone.done() else await threads.run(Portions.next, portions)
        if not gone.done():
            await send({"type": "http.response.body", "body": b"", "more_body": False})
    except TimeoutError:
        log.event("warning", "stream-stalled", path=scope["path"])
    except Exception as error:  # noqa: BLE001 - the answer has begun: nothing but its missing end can tell of it
        log.failure(error, **request_fields(scope))
    finally:
        gone.cancel()
        await threads.run(Portions.close, portions)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
