"""Running a project's functions, which may be plain or async, in the thread that asks."""

import asyncio
import inspect
from asyncio import events
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from functools import partial
from threading import local
from typing import Any

from lbconf.interruption import Work, present_work

__all__ = ["call"]


class _Held:
    """An event loop that is closed when its thread ends."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner()

    def __del__(self) -> None:
        self.runner.close()


class _Loops(local):
    """The event loop of the calling thread, for its async functions."""

    held: _Held | None = None


_LOOPS = _Loops()


def call(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """What the function gives; an async one runs to its end in an event loop of the calling thread.

    So it works in the same transaction as the rest of the request, and what it
    waits for holds up nobody else.
    """
    work = present_work()
    if work is None:
        found = function(*arguments, **named)
        return _finished(found, None) if inspect.isawaitable(found) else found
    work.enter(f"{function.__module__}.{getattr(function, '__qualname__', '?')}")
    try:
        found = function(*arguments, **named)
        return _finished(found, work) if inspect.isawaitable(found) else found
    finally:
        work.leave()


def _finished(found: Awaitable[Any], work: Work | None) -> Any:
    outer = events._get_running_loop()  # noqa: SLF001 - asyncio has no public way to run a loop inside another
    if outer is None:
        if _LOOPS.held is None:
            _LOOPS.held = _Held()
        return _LOOPS.held.runner.run(_whole(found, work), context=copy_context())
    # An async function whose writes run the async hook of another model: a loop inside a loop, in the same thread.
    events._set_running_loop(None)  # noqa: SLF001 - as above
    try:
        with asyncio.Runner() as runner:
            return runner.run(_whole(found, work), context=copy_context())
    finally:
        events._set_running_loop(outer)  # noqa: SLF001 - as above


async def _whole(found: Awaitable[Any], work: Work | None) -> Any:
    task = asyncio.current_task()
    if work is not None and task is not None:
        work.wakes(partial(asyncio.get_running_loop().call_soon_threadsafe, task.cancel))
    return await found
