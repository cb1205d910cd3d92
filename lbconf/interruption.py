"""Work in a thread that another thread can end: whoever waits for a database tells how it is interrupted."""

from collections.abc import Callable
from contextlib import suppress
from ctypes import c_ulong, py_object, pythonapi
from threading import Lock, get_ident, local

__all__ = ["AbandonedWork", "InterruptedWorkError", "Work", "present_work", "set_present_work"]


class InterruptedWorkError(Exception):
    """Nobody waits for this work any more."""


class AbandonedWork(BaseException):
    """Raised inside a project's function that goes on long after nobody waits for it."""


class Work:
    """One piece of work. Its methods may be called from any thread."""

    __slots__ = ("_code", "_lock", "_pressed", "_stop", "_thread", "over", "replaced", "stopped")

    def __init__(self) -> None:
        """Nothing is under way."""
        self._lock = Lock()
        self._stop: Callable[[], None] | None = None
        self._code: list[_Running] | None = None
        """The project's functions that run, the outermost first."""
        self.stopped = False
        self.over = False
        self.replaced = False
        """Whether another thread has taken the place of the one that works."""

    def begin(self, stop: Callable[[], None]) -> None:
        """Something begins that `stop` can interrupt. Raises `InterruptedWorkError` where nobody waits any more."""
        with self._lock:
            if self.stopped:
                raise InterruptedWorkError
            self._stop = stop

    def end(self) -> None:
        """It is over; returns when no interruption is on its way."""
        with self._lock:
            self._stop = None

    def interrupt(self) -> None:
        """End what is under way and let nothing more begin."""
        with self._lock:
            self.stopped = True
            if self._stop is not None:
                self._stop()

    def enter(self, name: str) -> None:
        """A function of the project begins, in the thread that calls."""
        with self._lock:
            if self._code is None:
                self._code = []
                self._thread = get_ident()
                self._pressed = False
            self._code.append(_Running(name))

    def leave(self) -> None:
        """It has returned."""
        with self._lock:
            assert self._code is not None  # noqa: S101 - it began
            self._code.pop()
            if self._pressed:
                _forget_what_is_due()

    def wakes(self, wake: Callable[[], object]) -> None:
        """Say what ends the function that has begun last where it waits in an event loop."""
        with self._lock:
            assert self._code is not None  # noqa: S101 - it began
            self._code[-1].wake = wake

    def press(self) -> str | None:
        """Make the project's function end at its next step. Its name; None where there is none under way."""
        with self._lock:
            if not self._code or self.over:
                return None
            last = self._code[-1]
            if last.wake is not None:
                last.wake()
                last.wake = None  # where that does not help, the next time is not as gentle
            else:
                self._pressed = True
                _raise_in(self._thread, AbandonedWork)
            return last.name


class _Running:
    """A function of the project."""

    __slots__ = ("name", "wake")

    def __init__(self, name: str) -> None:
        self.name = name
        self.wake: Callable[[], object] | None = None


def _raise_in(thread: int, kind: type[BaseException]) -> None:
    """Have CPython raise an exception in another thread at its next step."""
    pythonapi.PyThreadState_SetAsyncExc(c_ulong(thread), py_object(kind))


def _forget_what_is_due() -> None:
    """Take back what another thread had raised here, and was not raised yet.

    CPython believes for ever that some thread has an exception due, and looks at every step, until one was raised; it
    hangs where it traces. So one is, here.
    """
    with suppress(AbandonedWork):
        _raise_in(get_ident(), AbandonedWork)
        while True:
            pass


class _Present(local):
    work: Work | None = None


_PRESENT = _Present()


def present_work() -> Work | None:
    """What the calling thread works on, where it can be interrupted."""
    return _PRESENT.work


def set_present_work(work: Work | None) -> None:
    """Say what the calling thread works on from now on."""
    _PRESENT.work = work
