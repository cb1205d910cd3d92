"""Code written to block that does not block the event loop: it runs in a greenlet, and its waits are the loop's.

`await cooperate(function, argument)` runs the function at once, in the thread of the loop. Where it has to wait for a
server it calls `pause(future)`; the loop goes on with other work, and the function with the future's result.
"""

from collections.abc import Callable, Hashable
from contextvars import Context, copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    import asyncio

    from greenlet import greenlet

__all__ = ["apart", "cooperate", "current_loop", "pause", "together"]

T = TypeVar("T")
A = TypeVar("A")

PATIENCE: Final = 0.02
"""Seconds for which who asks for a call that runs already waits for its end, before another one is made beside it."""

_CALLS: Final[dict[tuple["asyncio.AbstractEventLoop", Hashable], "_Calls"]] = {}
"""The calls that run or are about to, by what they are for."""
_RUNNING: Final[set["asyncio.Task[Any]"]] = set()
"""Kept from being collected."""
_current: "Callable[[], greenlet] | None" = None
"""Tells the greenlet that runs; None while nothing ever cooperated, so that commands need not import greenlets."""


async def cooperate(function: Callable[[A], T], argument: A) -> T:
    """The result of `function(argument)`, or what it raised; a cancellation is raised where the function waits."""
    make, running_loop = _greenlets()
    running = make(function)
    running.gr_context = copy_context()
    running.loop = running_loop()
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


def current_loop() -> "asyncio.AbstractEventLoop | None":
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


def together(key: Hashable, function: Callable[[], T]) -> T:
    """The result of a call that is made once for all who ask for the same while an earlier one is under way.

    It begins after each of them asked, so nobody gets an answer from before. Who asks while a call runs waits for its
    end, `PATIENCE` at most, and shares the next one. Where nothing is to be kept from blocking, the function is called
    at once. Not inside a transaction: the call is outside.
    """
    loop = current_loop()
    if loop is None:
        return function()
    future: asyncio.Future[T] = loop.create_future()
    calls = _CALLS.get((loop, key))
    if calls is None:
        calls = _CALLS[(loop, key)] = _Calls(loop, key)
    calls.ask(function, future)
    return pause(future)


class _Calls:
    """The calls for one key: at most one runs, unless it takes long. Used in the thread of the loop alone."""

    __slots__ = ("_function", "_hurry", "_key", "_loop", "_running", "_waiting")

    def __init__(self, loop: "asyncio.AbstractEventLoop", key: Hashable) -> None:
        self._loop = loop
        self._key = key
        self._running = 0
        self._waiting: list[asyncio.Future[Any]] = []
        self._function: Callable[[], Any] | None = None
        self._hurry: asyncio.Handle | None = None
        """What begins the next call: at the end of the turn, or when the running one took too long."""

    def ask(self, function: Callable[[], Any], future: "asyncio.Future[Any]") -> None:
        """Have the next call answer this, too."""
        self._waiting.append(future)
        self._function = function
        if self._hurry is None:
            loop = self._loop
            self._hurry = loop.call_later(PATIENCE, self._begin) if self._running else loop.call_soon(self._begin)

    def _begin(self) -> None:
        function, waiting, self._waiting, self._hurry = self._function, self._waiting, [], None
        assert function is not None  # noqa: S101 - somebody asked
        self._running += 1
        task = self._loop.create_task(cooperate(_called, function), context=Context())
        _RUNNING.add(task)
        task.add_done_callback(partial(self._end, waiting))

    def _end(self, waiting: "list[asyncio.Future[Any]]", done: "asyncio.Task[Any]") -> None:
        from asyncio import CancelledError

        _RUNNING.discard(done)
        self._running -= 1
        problem = CancelledError() if done.cancelled() else done.exception()
        for future in waiting:
            if not future.done():
                if problem is None:
                    future.set_result(done.result())
                else:
                    future.set_exception(problem)
        if self._hurry is not None:
            self._hurry.cancel()
            self._begin()
        elif not self._running:
            del _CALLS[(self._loop, self._key)]


def _called(function: Callable[[], T]) -> T:
    return function()


def _greenlets() -> tuple[Any, Any]:
    """The class of greenlets that know their loop, and what tells the loop; made when they are first needed."""
    global _MADE, _current
    if _MADE is None:
        from asyncio import get_running_loop

        from greenlet import getcurrent, greenlet

        class Cooperating(greenlet):
            """A greenlet that knows the loop it must not block."""

            loop: "asyncio.AbstractEventLoop"

        _MADE, _current = (Cooperating, get_running_loop), getcurrent
    return _MADE


_MADE: tuple[Any, Any] | None = None
