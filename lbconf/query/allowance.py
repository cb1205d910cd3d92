"""How much work patterns of one request may cause: matching is linear in the text, yet a large pattern costs a lot."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["Allowance", "allowance", "spend", "was_spent"]

MOST_STEPS = 4_000_000
"""States visited; about a second."""


class Allowance:
    """What is left of it."""

    __slots__ = ("left",)

    def __init__(self, left: int) -> None:
        """Start with so many steps."""
        self.left = left


_PRESENT: ContextVar[Allowance | None] = ContextVar("allowance", default=None)


@contextmanager
def allowance(steps: int = MOST_STEPS) -> Iterator[None]:
    """Let everything the calling thread matches inside the block share this many steps."""
    token = _PRESENT.set(Allowance(steps))
    try:
        yield
    finally:
        _PRESENT.reset(token)


def spend(steps: int) -> bool:
    """Whether so many steps were left; they are gone now. Always true where nobody set an allowance."""
    present = _PRESENT.get()
    if present is None:
        return True
    present.left -= steps
    return present.left >= 0


def was_spent() -> bool:
    """Whether more was asked for than there was."""
    present = _PRESENT.get()
    return present is not None and present.left < 0
