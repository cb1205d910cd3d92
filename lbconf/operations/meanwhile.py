"""Waiting for a server while something else is worked out."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Final, Generic, TypeVar

__all__ = ["Aside", "meanwhile"]

T = TypeVar("T")

TURN_SECONDS: Final = 0.0002
"""How long the others compute before the thread may look whether the server answered; Python's own is 25 times that,
and a conversation of twenty messages would be over only when they are."""
_USUAL_SECONDS: Final = sys.getswitchinterval()


class Aside(Generic[T]):
    """Work that is done in a thread from now on."""

    def __init__(self, work: Callable[[], T]) -> None:
        """Begin."""
        self._results: list[T] = []
        self._errors: list[BaseException] = []
        self._thread = Thread(target=self._run, args=(work,), daemon=True)
        sys.setswitchinterval(TURN_SECONDS)
        self._thread.start()

    def result(self) -> T:
        """Wait for the result; raises what the work raised."""
        self.finish()
        if self._errors:
            raise self._errors[0]
        return self._results[0]

    def finish(self) -> None:
        """Wait for the end, whatever it is."""
        self.forget()
        self._thread.join()

    def forget(self) -> None:
        """Nobody is in a hurry any more, and maybe nobody will wait."""
        sys.setswitchinterval(_USUAL_SECONDS)

    def _run(self, work: Callable[[], T]) -> None:
        try:
            self._results.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again where somebody waits
            self._errors.append(error)


@contextmanager
def meanwhile(work: Callable[[], T]) -> Iterator[Callable[[], T]]:
    """Do the work in a thread beside the block. What is given to the block waits for the result, or raises its error.

    The thread has ended when the block is left; what the block raises wins over what the work raised.
    """
    aside = Aside(work)
    try:
        yield aside.result
    finally:
        aside.finish()
