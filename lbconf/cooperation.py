"""Code written to block that does not block the event loop: it runs in a greenlet, and its waits are the loop's.

`await cooperate(function, argument)` runs the function at once, in the thread of the loop. Where it has to wait for a
server it calls `pause(future)`; the loop goes on with other work, and the function with the future's result.
"""

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from greenlet import greenlet

__all__ = ["apart", "cooperate", "current_loop", "pause"]

T = TypeVar("T")
A = TypeVar("A")

_current: "Callable[[], greenlet] | None" = None
"""Tells the greenlet that runs; None while nothing ever cooperated, so that commands need not import greenlets."""


async def cooperate(function: Callable[[A], T], argument: A) -> T:
    """The result of `function(argument)`, or what it raised; a cancellation is raised where the function waits."""
    make = _greenlets()
    running = make(function)
    running.gr_context = copy_context()
    running.loop = asyncio.get_running_loop()
    given = running.switch(argument)
    while not running.dead:
        try:
            result = await given
        except BaseException as error:  # noqa: BLE001 - whoever waits gets it
            given = running.throw(error)
        else:
            given = running.switch(result)
    outcome: T = given
    return outcome


def current_loop() -> asyncio.AbstractEventLoop | None:
    """The loop the caller must not block; None where blocking is fine."""
    if _current is None:
        return None
    loop: asyncio.AbstractEventLoop | None = getattr(_current(), "loop", None)
    return loop


def pause(future: "asyncio.Future[T]") -> T:
    """The future's result, once it is there. Only where `current_loop` tells a loop."""
    assert _current is not None  # noqa: S101 - somebody cooperates
    parent = _current().parent
    assert parent is not None  # noqa: S101 - the greenlet of the loop
    result: T = parent.switch(future)
    return result


def apart(function: Callable[..., T], *arguments: Any) -> T:
    """The result of a call that takes long without waiting for anything; in a thread where it would block the loop."""
    loop = current_loop()
    if loop is None:
        return function(*arguments)
    return pause(loop.run_in_executor(None, function, *arguments))


def _greenlets() -> Any:
    """The class of greenlets that know their loop, made when it is first needed."""
    global _CLASS, _current
    if _CLASS is None:
        from greenlet import getcurrent, greenlet

        class Cooperating(greenlet):
            """A greenlet that knows the loop it must not block."""

            loop: asyncio.AbstractEventLoop

        _CLASS, _current = Cooperating, getcurrent
    return _CLASS


_CLASS: Any = None
