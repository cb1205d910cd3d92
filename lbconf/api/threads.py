"""Worker threads for blocking calls, small and quick, that never keep a process from ending."""

import logging
from asyncio import AbstractEventLoop, CancelledError, Future, get_running_loop
from collections.abc import Callable
from contextlib import suppress
from itertools import count as count_up
from queue import SimpleQueue
from threading import Thread
from typing import Any, Final, TypeVar

from lbconf.interruption import Work, set_present_work

__all__ = ["WorkerThreads"]

T = TypeVar("T")
A = TypeVar("A")

PRESSES_SECONDS: Final = 30.0
"""How long a project's function may go on after nobody waits for it, and between attempts to end it."""
_LOG = logging.getLogger("lbconf.code")

Job = tuple[AbstractEventLoop, "Future[Any]", Callable[[Any], Any], Any, Work]


class WorkerThreads:
    """A fixed number of threads, so that each may keep its connection.

    Unlike those of `concurrent.futures` they are daemons: a call that hangs
    does not hold up the end of the process, which has its own time limit.
    """

    def __init__(self, count: int, name: str) -> None:
        """Take how many; they start with the first call."""
        self._count = count
        self._name = name
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._started = False
        self._numbers = count_up()
        self._spares = count
        """Threads that may still be started beside those that do not come back."""

    @property
    def count(self) -> int:
        """How many threads there are."""
        return self._count

    async def run(self, function: Callable[[A], T], argument: A) -> T:
        """The result of `function(argument)`, called in one of the threads, and interrupted where it is cancelled."""
        if not self._started:
            self._start()
        loop = get_running_loop()
        future: Future[T] = loop.create_future()
        work = Work()
        self._jobs.put((loop, future, function, argument, work))
        try:
            return await future
        except CancelledError:
            loop.run_in_executor(None, work.interrupt)
            loop.call_later(PRESSES_SECONDS, self._press, loop, work)
            raise

    def _press(self, loop: AbstractEventLoop, work: Work) -> None:
        """End a function of the project that goes on though nobody waits; another thread takes the place of its own."""
        name = None if work.over else work.press()
        if name is None:
            return
        if not work.replaced and self._spares > 0:
            self._spares -= 1
            work.replaced = True
            self._add()
            _LOG.error("%s goes on though nobody waits for it any more; it is told to end", name)
        loop.call_later(PRESSES_SECONDS, self._press, loop, work)

    def stop(self) -> None:
        """Let every thread end after the call it is at."""
        if self._started:
            for _ in range(self._count):
                self._jobs.put(None)

    def _start(self) -> None:
        self._started = True
        for _ in range(self._count):
            self._add()

    def _add(self) -> None:
        Thread(target=self._work, name=f"{self._name}-{next(self._numbers)}", daemon=True).start()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            loop, future, function, argument, work = job
            if future.cancelled():
                continue
            set_present_work(work)
            try:
                outcome: Any = function(argument)
                settle: Callable[[Future[Any], Any], None] = _succeed
            except BaseException as error:  # noqa: BLE001 - whoever waits for the call gets it
                outcome, settle = error, _fail
            work.over = True
            if work.replaced:
                self._spares += 1
                return
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(settle, future, outcome)


def _succeed(future: "Future[Any]", result: Any) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: "Future[Any]", error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
