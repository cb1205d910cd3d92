"""Work in a process of its own, so that two processors work at once."""

import gc
import os
import pickle
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, NoReturn

from lbconf.errors import LbconfError

__all__ = ["Apart", "FailedApartError", "possible"]

_PIECE: Final = 1 << 20
_LENGTH: Final = struct.Struct("<Q")
"""Of a message, before it."""


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


class Apart:
    """A copy of this process that does one piece of work after the other; what it returns comes back pickled.

    It ends when nobody can ask any more.
    """

    def __init__(self, prepare: Callable[[], None] = lambda: None) -> None:
        """Begin, with what may be done before anything is asked. Raises `OSError` where there can be no copy."""
        heard, self._tell = os.pipe()
        self._hear, tell = os.pipe()
        with suppress(OSError, ImportError):  # a pipe holds 64 KiB else, and both sides would take turns
            from fcntl import F_SETPIPE_SZ, fcntl

            fcntl(self._hear, F_SETPIPE_SZ, _PIECE)
        try:
            self._process: int | None = os.fork()
        except OSError:
            for end in (heard, self._tell, self._hear, tell):
                os.close(end)
            raise
        if self._process == 0:
            os.close(self._tell)
            os.close(self._hear)
            _work(prepare, heard, tell)
        os.close(heard)
        os.close(tell)

    def ask(self, do: Callable[..., Any], *about: Any) -> bool:
        """Let the copy call a function of a module. False where it cannot be told what about."""
        try:
            _send(self._tell, (do, about))
        except (OSError, TypeError, AttributeError, pickle.PicklingError):
            return False
        return True

    def answer(self) -> Any:
        """What the oldest question gave, once.

        Raises what the work raised on purpose, and `FailedApartError` where there is no answer.
        """
        try:
            good, value = _receive(self._hear)
        except (OSError, EOFError, pickle.UnpicklingError):
            raise FailedApartError from None
        if good:
            return value
        raise value

    def forget(self) -> None:
        """Nobody will ask or wait any more: end the copy, also where it still works."""
        if self._process is not None:
            import signal

            os.kill(self._process, signal.SIGTERM)
            os.close(self._tell)
            os.close(self._hear)
            os.waitpid(self._process, os.WNOHANG)  # taking it apart is the system's work, and nobody waits for it
            self._process = None


def _send(end: int, message: Any) -> None:
    data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    for part in (_LENGTH.pack(len(data)), data):
        left = memoryview(part)
        while left:
            left = left[os.write(end, left) :]


def _receive(end: int) -> Any:
    """Raises `EOFError` where the other side is gone."""
    (length,) = _LENGTH.unpack(_read(end, _LENGTH.size))
    return pickle.loads(_read(end, length))  # noqa: S301 - our own copy, or the process it is a copy of


def _read(end: int, length: int) -> bytearray:
    data = bytearray(length)
    left = memoryview(data)
    while left:
        count = os.readv(end, [left])
        if not count:
            raise EOFError
        left = left[count:]
    return data


def _work(prepare: Callable[[], None], heard: int, tell: int) -> NoReturn:
    """What the copy does. Says nothing, and leaves without tidying up what belongs to the first process."""
    try:
        nothing = os.open(os.devnull, os.O_RDWR)
        for usual in (0, 1, 2):  # who reads what the first process says need not wait for this one
            os.dup2(nothing, usual)
        gc.disable()  # all that is made stays until it is sent
        prepare()
        while True:
            do, about = _receive(heard)
            try:
                answer = True, do(*about)
            except LbconfError as error:
                answer = False, error
            _send(tell, answer)
            del do, about, answer
    except BaseException:  # noqa: BLE001, S110 - the first process does the work again, and tells
        pass
    finally:
        os._exit(0)
