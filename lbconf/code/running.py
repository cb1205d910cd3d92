"""Running a project's functions, which may be plain or async, in the thread that asks."""

import asyncio
import inspect
from asyncio import events
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from threading import local
from typing import Any

__all__ = ["call"]


class _Loops(local):
    """The event loop of the calling thread, for its async functions."""

    runner: asyncio.Runner | None = None


_LOOPS = _Loops()


def call(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """What the function gives; an async one runs to its end in an event loop of the calling thread.

    So it works in the same transaction as the rest of the request, and what it
    waits for holds up nobody else.
    """
    found = function(*arguments, **named)
    return _finished(found) if inspect.isawaitable(found) else found


def _finished(found: Awaitable[Any]) -> Any:
    outer = events._get_running_loop()  # noqa: SLF001 - asyncio has no public way to run a loop inside another
    if outer is None:
        if _LOOPS.runner is None:
            _LOOPS.runner = asyncio.Runner()
        return _LOOPS.runner.run(_whole(found), context=copy_context())
    # An async function whose writes run the async hook of another model: a loop inside a loop, in the same thread.
    events._set_running_loop(None)  # noqa: SLF001 - as above
    try:
        with asyncio.Runner() as runner:
            return runner.run(_whole(found), context=copy_context())
    finally:
        events._set_running_loop(outer)  # noqa: SLF001 - as above


async def _whole(found: Awaitable[Any]) -> Any:
    return await found
