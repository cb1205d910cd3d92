"""Bodies that are read while a thread of their own stores what is in them."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from threading import Thread
from typing import Any, Final

from litestar.types import Receive

from lbconf.api.actions.call import Answer, Call
from lbconf.api.bodies import UnreadBodyError, inflater
from lbconf.api.streams.feed import Feed, Upload
from lbconf.api.streams.forms import Form
from lbconf.records import replace

__all__ = ["UPLOADED", "receive_upload"]

UPLOADED: Final = frozenset({"create"})
"""Actions that take bodies of any length."""
PATIENCE: Final = 60.0
"""Seconds without anything from the client."""
PIECE: Final = 64 * 1024
"""Bytes that are decompressed at once."""
UNSUSPECTED: Final = 1024 * 1024
"""Bytes of a decompressed body that may come of however few."""
MOST_INFLATED: Final = 100
"""How many times larger than what is sent a body may be beyond that; text with sense in it is some 5 to 30 times."""


async def receive_upload(
    act: Callable[[Call], Answer], call: Call, form: Form, receive: Receive, limits: tuple[int, int]
) -> Answer:
    """What `act` answers to a call with an upload, which it stores while the body comes.

    `limits` are the most bytes of a body, decompressed, and of a line. The work ends soon after the client has left.
    """
    most, longest = limits
    feed = Feed()
    call = replace(call, upload=Upload(form=form, feed=feed, longest=longest))
    body = _Incoming(receive)
    outcome = _apart(act, call)
    filling: asyncio.Future[None] = asyncio.create_task(_fill(feed, body, call.request.headers, most))
    try:
        both: set[asyncio.Future[Any]] = {outcome, filling}
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if not outcome.done():
            await asyncio.wait({outcome, body.coming}, return_when=asyncio.FIRST_COMPLETED)
        if not outcome.done():
            if body.gone:
                feed.give_up(_aborted())
            await asyncio.wait({outcome})
    finally:
        if not outcome.done():
            feed.give_up(_aborted())
        filling.cancel()
        body.coming.cancel()
    problem = outcome.exception()
    if problem is not None:
        if not body.over:
            vars(problem)["rest"] = True
        raise problem
    return outcome.result()


class _Incoming:
    """The body's messages, asked for one ahead, so that a client that leaves is seen while others are worked on."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.coming: asyncio.Future[Any] = asyncio.ensure_future(receive())
        """What comes next; after the last of the body that the client has left."""
        self.over = False
        """Whether the client has nothing more to say."""

    @property
    def gone(self) -> bool:
        """Whether it is known that the client has left."""
        return self.coming.done() and not self.coming.cancelled() and self.coming.result()["type"] == "http.disconnect"

    async def chunks(self) -> AsyncIterator[bytes]:
        """The chunks to the end. Raises `UnreadBodyError` where the client leaves or says nothing for long."""
        while not self.over:
            done, _ = await asyncio.wait({self.coming}, timeout=PATIENCE)
            if not done:
                raise UnreadBodyError("request timed out", status=408, name="RequestTimeoutError", rest=False)
            message = self.coming.result()
            if message["type"] == "http.disconnect":
                self.over = True
                raise _aborted()
            self.coming = asyncio.ensure_future(self._receive())
            if message["type"] == "http.request":
                self.over = not message.get("more_body", False)
                if message.get("body"):
                    yield message["body"]


def _apart(act: Callable[[Call], Answer], call: Call) -> "asyncio.Future[Answer]":
    """The answer of a thread that is there for this call alone: a transaction belongs to one thread."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Answer] = loop.create_future()
    context = copy_context()

    def run() -> None:
        try:
            answer = context.run(act, call)
            settle = partial(_succeed, future, answer)
        except BaseException as error:  # noqa: BLE001 - whoever waits for the answer gets it
            settle = partial(_fail, future, error)
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle)

    Thread(target=run, name="lbconf-upload", daemon=True).start()
    return future


def _succeed(future: "asyncio.Future[Answer]", answer: Answer) -> None:
    if not future.done():
        future.set_result(answer)


def _fail(future: "asyncio.Future[Answer]", error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)


async def _fill(feed: Feed, body: _Incoming, headers: Mapping[bytes, bytes], most: int) -> None:
    """Put the body's chunks into the feed, decompressed, then its end; what goes wrong ends the work at once."""
    try:
        async for piece in _inflated(body, headers, most):
            await feed.put(piece)
        feed.end()
    except zlib.error:
        feed.give_up(UnreadBodyError("incorrect header check", status=400, name="Error", rest=not body.over))
    except Exception as problem:  # noqa: BLE001 - the thread waits for it
        feed.give_up(problem)


async def _inflated(body: _Incoming, headers: Mapping[bytes, bytes], most: int) -> AsyncIterator[bytes]:
    """The body's pieces, decompressed. Raises `UnreadBodyError` or `zlib.error` where there is no more to be had."""
    received = size = 0
    inflate = inflater(headers.get(b"content-encoding", b"identity").lower())
    async for chunk in body.chunks():
        received += len(chunk)
        for piece in _pieces(inflate, chunk):
            size += len(piece)
            if size > most:
                raise _too_large("request entity too large", body)
            if size > UNSUSPECTED and size > MOST_INFLATED * received:
                raise _too_large(f"the body is more than {MOST_INFLATED} times as large as what was sent of it", body)
            yield piece
            if body.gone:
                raise _aborted()
    if inflate is not None and size and not inflate.eof:
        raise UnreadBodyError("unexpected end of file", status=400, name="BadRequestError", rest=False)


def _too_large(message: str, body: _Incoming) -> UnreadBodyError:
    return UnreadBodyError(message, status=413, name="PayloadTooLargeError", rest=not body.over)


def _aborted() -> UnreadBodyError:
    return UnreadBodyError("request aborted", status=400, name="BadRequestError", rest=False)


def _pieces(inflate: Any, chunk: bytes) -> Iterator[bytes]:
    """The chunk, or what it holds in pieces: a small one may hold very much."""
    if inflate is None:
        yield chunk
        return
    while chunk and not inflate.eof:
        yield inflate.decompress(chunk, PIECE)
        chunk = inflate.unconsumed_tail
