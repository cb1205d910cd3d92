"""Waiting for a server while something else is worked out."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Final, TypeVar

__all__ = ["meanwhile"]

T = TypeVar("T")

TURN_SECONDS: Final = 0.0002
"""How long the block computes before the thread may look whether the server answered; Python's own is 25 times that,
and a conversation of twenty messages would be over only when the block is."""
_USUAL_SECONDS: Final = sys.getswitchinterval()


@contextmanager
def meanwhile(work: Callable[[], T]) -> Iterator[Callable[[], T]]:
    """Do the work in a thread beside the block. What is given to the block waits for the result, or raises its error.

    The thread has ended when the block is left; what the block raises wins over what the work raised.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again where somebody waits
            errors.append(error)

    def result() -> T:
        thread.join()
        if errors:
            raise errors[0]
        return results[0]

    thread = Thread(target=run)
    sys.setswitchinterval(TURN_SECONDS)
    thread.start()
    try:
        yield result
    finally:
        sys.setswitchinterval(_USUAL_SECONDS)
        thread.join()
