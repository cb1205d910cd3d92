"""One client's change stream: events as they come, a sign of life in between, an end that frees everything."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from litestar.types import Receive, Send

from lbconf.api.access.caller import Caller
from lbconf.api.changes.feed import Feed, Follower, Told
from lbconf.api.endpoints import Endpoint
from lbconf.api.log import JsonLog
from lbconf.api.threads import WorkerThreads
from lbconf.errors import LbconfError
from lbconf.project.resolved import Model
from lbconf.query.nodes import Row
from lbconf.records import dataclass

__all__ = ["HEARTBEAT_SECONDS", "Following", "accepts_events", "stream_changes"]

HEARTBEAT_SECONDS: Final = 15.0
FLUSH_SECONDS: Final = 2.0
"""How long a client may take for the last events when the server ends."""
LINES: Final = ((b"content-type", b"application/json; boundary=NL"),)
"""Headers of a stream of JSON, an instance of change a line, which LoopBack sends where no events are asked for."""
HEADERS: Final = (
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """What a client asked to follow."""

    model: Model
    caller: Caller
    matches: Callable[[Row], bool] | None = None
    """What a row must be like; None: any."""
    allowed: Callable[[], object] | None = None
    """Raises where the client may not follow any more, as when its token has ended. Asked in a worker thread."""
    lines: bool = False
    """Whether the client gets lines of JSON and no server-sent events."""
    heartbeat: float = HEARTBEAT_SECONDS
    """Seconds."""
    sees: Callable[[Any], bool] | None = None
    """Whether the client may read the row with an id; None where it may read every row. Asked in a worker thread."""


def accepts_events(endpoint: Endpoint, accept: bytes) -> bool:
    """Whether it is an endpoint of change streams, and the client takes server-sent events."""
    return endpoint.action == "changes" and b"text/event-stream" in accept.lower()


async def stream_changes(
    following: Following, feed: Feed, threads: WorkerThreads, log: JsonLog, channel: tuple[Receive, Send]
) -> None:
    """Tell a client of changes until it leaves, is too slow, may not be told any more, or the server ends."""
    receive, send = channel
    follower = Follower(following.model, following.matches)
    feed.follow(follower)
    if not feed.tells(following.model):
        follower.end()
    writing = asyncio.create_task(_write(following, follower, threads, send))
    leaving = asyncio.create_task(_left(receive))
    flooded = asyncio.create_task(follower.overflown.wait())
    tasks = (writing, leaving, flooded)
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if flooded.done() and not leaving.done():
            reason = "the client reads too slowly"
            log.event("warning", "change-stream-dropped", model=following.model.name, reason=reason)
    finally:
        feed.unfollow(follower)
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError, OSError):
                await task


async def _write(following: Following, follower: Follower, threads: WorkerThreads, send: Send) -> None:
    lines = following.lines
    await send({"type": "http.response.start", "status": 200, "headers": list(LINES if lines else HEADERS)})
    await _say(send, b"" if lines else b":ok\n\n")
    while True:
        try:
            told = await asyncio.wait_for(follower.waiting.get(), following.heartbeat)
        except TimeoutError:
            if not await _still_allowed(following, threads):
                break
            await _say(send, b"\n" if lines else b":\n\n")
            continue
        if told is None:
            break
        if await _visible(following, threads, told):
            await _say(send, _line(told.text) if lines else told.text)
    end = b"" if lines else b"event: end\ndata: null\n\n"
    await send({"type": "http.response.body", "body": end, "more_body": False})


def _line(event: bytes) -> bytes:
    """The data of a server-sent event."""
    return b"".join(part[len(b"data: ") :] + b"\n" for part in event.split(b"\n") if part.startswith(b"data: "))


async def _say(send: Send, text: bytes) -> None:
    await send({"type": "http.response.body", "body": text, "more_body": True})


async def _still_allowed(following: Following, threads: WorkerThreads) -> bool:
    allowed = following.allowed
    if allowed is None:
        return True
    try:
        await threads.run(lambda ask: ask(), allowed)
    except LbconfError:
        return False
    return True


async def _visible(following: Following, threads: WorkerThreads, told: Told) -> bool:
    """Whether the client may see the row; nobody is told of rows by a condition whose rows it may not all see."""
    if following.sees is None:
        return True
    if told.change.target is None:
        return False
    return await threads.run(following.sees, told.change.target)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
