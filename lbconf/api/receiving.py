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


async def receive_upload(
    act: Callable[[Call], Answer], call: Call, form: Form, receive: Receive, limits: tuple[int, int]
) -> Answer:
    """What `act` answers to a call with an upload, which it stores while the body comes.

    `limits` are the most bytes of a body, decompressed, and of a line.
    """
    most, longest = limits
    feed = Feed()
    call = replace(call, upload=Upload(form=form, feed=feed, longest=longest))
    outcome = _apart(act, call)
    filling: asyncio.Future[None] = asyncio.create_task(_fill(feed, receive, call.request.headers, most))
    try:
        both: set[asyncio.Future[Any]] = {outcome, filling}
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        unread = not filling.done()
        if not unread:
            await asyncio.wait({outcome})
    finally:
        if not filling.done():
            filling.cancel()
            feed.end(UnreadBodyError("request aborted", status=400, name="BadRequestError"))
    problem = outcome.exception()
    if problem is not None:
        if unread:
            vars(problem)["headers"] = (*getattr(problem, "headers", ()), (b"connection", b"close"))
        raise problem
    return outcome.result()


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


async def _fill(feed: Feed, receive: Receive, headers: Mapping[bytes, bytes], most: int) -> None:
    """Put the body's chunks into the feed, decompressed, then its end or what went wrong."""
    size = 0
    try:
        inflate = inflater(headers.get(b"content-encoding", b"identity").lower())
        async for chunk in _chunks(receive):
            for piece in _pieces(inflate, chunk):
                size += len(piece)
                if size > most:
                    feed.end(UnreadBodyError("request entity too large", status=413, name="PayloadTooLargeError"))
                    return
                await feed.put(piece)
        cut = inflate is not None and size and not inflate.eof
        feed.end(UnreadBodyError("unexpected end of file", status=400, name="BadRequestError") if cut else None)
    except UnreadBodyError as problem:
        feed.end(problem)
    except zlib.error:
        feed.end(UnreadBodyError("incorrect header check", status=400, name="Error"))


async def _chunks(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        try:
            message: Any = await asyncio.wait_for(receive(), PATIENCE)
        except TimeoutError:
            raise UnreadBodyError("request timed out", status=408, name="RequestTimeoutError") from None
        if message["type"] == "http.disconnect":
            raise UnreadBodyError("request aborted", status=400, name="BadRequestError")
        if message["type"] == "http.request":
            more = message.get("more_body", False)
            if message.get("body"):
                yield message["body"]


def _pieces(inflate: Any, chunk: bytes) -> Iterator[bytes]:
    """The chunk, or what it holds in pieces: a small one may hold very much."""
    if inflate is None:
        yield chunk
        return
    while chunk and not inflate.eof:
        yield inflate.decompress(chunk, PIECE)
        chunk = inflate.unconsumed_tail
