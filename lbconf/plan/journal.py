"""The journal of one execution: where it stands for certain, and what may be half done.

The ledger's entry names the first statement that is not known to be done. What
a transaction holds is recorded inside it, so ledger and structure agree; a
statement without one is recorded behind it, so after a kill that statement
alone is in doubt.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from lbconf.connectors.contract import LedgerEntry, MigrationSession
from lbconf.diagnostics import Location
from lbconf.errors import ConnectorError
from lbconf.plan.plan import Plan
from lbconf.records import dataclass
from lbconf.state.steps import Statement, Step

__all__ = ["Journal", "Position", "applied_by_somebody", "asked_at", "half_done", "interrupted", "stands"]

SHOWN: Final = 200
"""Characters of a statement in a message."""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A statement of a plan, both numbers 0-based."""

    step: int = 0
    statement: int = 0


class Journal:
    """Writes one entry of the ledger."""

    def __init__(self, plan: Plan, session: MigrationSession, entry: int, at: Position) -> None:
        """Go on from `at`, the first statement not known to be done."""
        self.at = at
        self._plan = plan
        self._session = session
        self._entry = entry

    def note(self, step: int) -> None:
        """The step is done, if the transaction of the moment comes to its end."""
        self._record(Position(step + 1))

    def reached(self, at: Position) -> None:
        """Everything before `at` is done, for good."""
        self.at = at

    def done(self, step: int, statement: int) -> None:
        """A statement outside transactions is done; durable at return."""
        last = statement + 1 >= len(self._plan.steps[step].statements)
        at = Position(step + 1) if last else Position(step, statement + 1)
        self._record(at)
        self.at = at

    def failed(self) -> None:
        """Say so in the ledger if that is still possible; the next apply finds out otherwise."""
        with suppress(ConnectorError):
            self._session.record(self._entry, next_step=self.at.step, next_statement=self.at.statement, result="failed")

    def _record(self, at: Position) -> None:
        result = "applied" if at.step >= len(self._plan.steps) else "running"
        self._session.record(self._entry, next_step=at.step, next_statement=at.statement, result=result)


def interrupted(plan: Plan, entries: Sequence[LedgerEntry]) -> LedgerEntry | None:
    """The newest entry, where it is an execution of this very plan that did not come to its end."""
    if not entries or entries[-1].plan_digest != plan.digest or entries[-1].result == "applied":
        return None
    return entries[-1]


def applied_by_somebody(plan: Plan, entries: Sequence[LedgerEntry]) -> bool:
    """Whether the newest entry is an apply that led to the same state."""
    last = entries[-1] if entries else None
    return last is not None and last.result == "applied" and last.configuration == plan.configuration


def half_done(plan: Plan, entry: LedgerEntry) -> str:
    """What is certain and what is in doubt after an execution of this plan that did not come to its end."""
    number = min(entry.next_step, len(plan.steps) - 1)
    step = plan.steps[number]
    certain = _steps_done(number) or "no step before it is done"
    where = f"step {number + 1} of {len(plan.steps)} ({step.summary})"
    doubtful = _doubtful(step, entry.next_statement)
    return f"entry {entry.id} of the ledger ({entry.user}, {entry.started_at}) stopped in {where}; {certain}{doubtful}"


def stands(plan: Plan, at: Position, *, lost: bool) -> str:
    """What is done."""
    known = " as far as is known" if lost else ""
    if at == Position():
        begun = not plan.steps[0].transactional
        return f"no step is done{known}" if lost or begun else "nothing was changed"
    done = _steps_done(at.step)
    if not at.statement:
        return f"{done}{known}"
    part = f"{at.statement} of {len(plan.steps[at.step].statements)} statements of step {at.step + 1}"
    return f"{done}, and {part}{known}" if done else f"{part} {'is' if at.statement == 1 else 'are'} done{known}"


def asked_at(error: ConnectorError, plan: Plan, step: Step) -> Location | None:
    """Where the configuration asks for what failed: the part the server names, else the step."""
    constraint, columns = getattr(error, "constraint", None) or "", getattr(error, "columns", ())
    for found in (plan.changes[place] for place in step.covers):
        name = getattr(getattr(found.change, "after", None), "name", None)
        named = isinstance(name, str) and (name in (*columns, constraint) or f".{name} " in constraint)
        if named and found.source is not None:
            return found.source
    return step.source


def _steps_done(number: int) -> str:
    return "" if number == 0 else "step 1 is done" if number == 1 else f"steps 1 to {number} are done"


def _doubtful(step: Step, number: int) -> str:
    if step.transactional or number >= len(step.statements):
        return ", and nothing of this step"
    statement: Statement = step.statements[number]
    sql = " ".join(statement.sql.split())
    shown = sql if len(sql) <= SHOWN else f"{sql[: SHOWN - 3]}..."
    done = f"{number} of its {len(step.statements)} statements and " if number else ""
    return f", {done}perhaps, wholly or in part: {shown}"
