"""Work in a process of its own, so that two processors work at once."""

import os
import pickle
import sys
from collections.abc import Callable
from typing import Any, Final, Generic, NoReturn, TypeVar

__all__ = ["Apart", "FailedApartError", "possible"]

T = TypeVar("T")

_PIECE: Final = 1 << 20


class FailedApartError(Exception):
    """The other process gave no result; why, doing the work here will tell."""


def possible() -> bool:
    """Whether a copy of this process may work beside it.

    Not where other threads hold locks that nobody would release in the copy, nor where forking is not safe, nor where
    there is one processor only.
    """
    if sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2:  # noqa: PLR2004 - processors
        return False
    import threading

    return threading.active_count() == 1


class Apart(Generic[T]):
    """Work that a copy of this process does from now on; what it returns comes back pickled."""

    def __init__(self, work: Callable[[], T]) -> None:
        """Begin. Raises `OSError` where there can be no other process."""
        self._end, end = os.pipe()
        try:
            self._process: int | None = os.fork()
        except OSError:
            os.close(self._end)
            os.close(end)
            raise
        if self._process == 0:
            os.close(self._end)
            _work(work, end)
        os.close(end)

    def result(self) -> T:
        """Wait for the result, once. Raises `FailedApartError` where there is none."""
        data = bytearray()
        while part := os.read(self._end, _PIECE):
            data += part
        if self._ended() != 0 or not data:
            raise FailedApartError
        found: T = pickle.loads(data)  # noqa: S301 - our own copy wrote it
        return found

    def forget(self) -> None:
        """Nobody will wait: end the other process where it still works."""
        if self._process is not None:
            import signal

            os.kill(self._process, signal.SIGTERM)
            self._ended()

    def _ended(self) -> int:
        """Wait for the end; its exit code."""
        os.close(self._end)
        _, status = os.waitpid(self._process or 0, 0)
        self._process = None
        return os.waitstatus_to_exitcode(status)


def _work(work: Callable[[], Any], end: int) -> NoReturn:
    """What the copy does. Says nothing, and leaves without tidying up what belongs to the first process."""
    code = 1
    try:
        nothing = os.open(os.devnull, os.O_RDWR)
        for usual in (0, 1, 2):  # who reads what the first process says need not wait for this one
            os.dup2(nothing, usual)
        data = memoryview(pickle.dumps(work(), pickle.HIGHEST_PROTOCOL))
        while data:
            data = data[os.write(end, data) :]
        code = 0
    except BaseException:  # noqa: BLE001, S110 - the first process does the work again, and tells
        pass
    finally:
        os._exit(code)
