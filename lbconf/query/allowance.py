"""How much one request may cost: steps of matching patterns, and statements and rows beyond its own list.

Matching is linear in the text, yet a large pattern costs a lot.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from lbconf.diagnostics import Code
from lbconf.query.errors import RequestError

__all__ = ["Allowance", "allowance", "charge", "counts_rows", "spend", "was_spent"]

MOST_STEPS = 4_000_000
"""States visited; about a second."""


class Allowance:
    """What is left of it."""

    __slots__ = ("left", "rows", "statements")

    def __init__(self, left: int, statements: int | None, rows: int | None) -> None:
        """Start with so many steps, statements and rows; None for any number."""
        self.left = left
        self.statements = statements
        self.rows = rows


_PRESENT: ContextVar[Allowance | None] = ContextVar("allowance", default=None)


@contextmanager
def allowance(steps: int = MOST_STEPS, *, statements: int | None = None, rows: int | None = None) -> Iterator[None]:
    """Let everything the calling thread does inside the block share so many steps, statements and rows."""
    token = _PRESENT.set(Allowance(steps, statements, rows))
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


def counts_rows() -> bool:
    """Whether somebody wants to know how many related rows there are."""
    present = _PRESENT.get()
    return present is not None and present.rows is not None


def charge(rows: int) -> None:
    """Take one statement and what rows it gave.

    Raises:
        RequestError: more than there was.

    """
    present = _PRESENT.get()
    if present is None:
        return
    if present.statements is not None:
        present.statements -= 1
        if present.statements < 0:
            raise _spent("statements")
    if present.rows is not None:
        present.rows -= rows
        if present.rows < 0:
            raise _spent("rows")


def _spent(what: str) -> RequestError:
    message = f"The request asks for more related {what} than one request may"
    return RequestError(Code.BUDGET_SPENT, message, hint="Ask for smaller pages, or include less.")
