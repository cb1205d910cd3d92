"""Work in a thread that another thread can end: whoever waits for a database tells how it is interrupted."""

from collections.abc import Callable
from threading import Lock, local

__all__ = ["InterruptedWorkError", "Work", "present_work", "set_present_work"]


class InterruptedWorkError(Exception):
    """Nobody waits for this work any more."""


class Work:
    """One piece of work. Its methods may be called from any thread."""

    __slots__ = ("_lock", "_stop", "stopped")

    def __init__(self) -> None:
        """Nothing is under way."""
        self._lock = Lock()
        self._stop: Callable[[], None] | None = None
        self.stopped = False

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


class _Present(local):
    work: Work | None = None


_PRESENT = _Present()


def present_work() -> Work | None:
    """What the calling thread works on, where it can be interrupted."""
    return _PRESENT.work


def set_present_work(work: Work | None) -> None:
    """Say what the calling thread works on from now on."""
    _PRESENT.work = work
