"""What an apply tells those who watch it: its steps, its statements, rows filled in so far, waits for locks."""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeAlias

from lbconf.records import dataclass
from lbconf.state.steps import Step

__all__ = ["Event", "Moment", "Notice", "Observer", "Watcher"]


class Moment(StrEnum):
    """When an observer is called."""

    BEFORE = "before"
    AFTER = "after"
    """The step is executed; it counts once its transaction does."""


Observer: TypeAlias = Callable[[Moment, int, Step], None]
"""Told of each step: the moment, its 0-based number, the step. Told again where a transaction is tried again."""


class Event(StrEnum):
    """What a notice is about."""

    BEGINS = "begins"
    """A statement is about to be executed."""
    ENDS = "ends"
    """It is executed; it counts once its transaction, if it has one, does."""
    ROWS = "rows"
    """A statement that is repeated has changed some rows and goes on."""
    WAITS = "waits"
    """A statement waits for a lock that `who` hold. Told from another thread."""
    AGAIN = "again"
    """A lock was not to be had in time; after `seconds` it is tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something between the beginning and the end of a step."""

    event: Event
    step: int | None
    """0-based number; None while another apply is waited for."""
    statement: int = 0
    """0-based number in the step."""
    rows: int = 0
    """Of a statement that is repeated: changed so far."""
    attempt: int = 0
    """How often it was tried."""
    seconds: float = 0.0
    who: tuple[str, ...] = ()
    """Who holds the lock, one text each, where the server tells."""


Watcher: TypeAlias = Callable[[Notice], None]
