"""Executing a plan on one data source: the checks before, the ledger beside, the steps in their transactions.

Whatever happens, the target is in one of three conditions: untouched, done, or
stopped with a ledger entry that says where: between two transactions, or at one
statement that had none and may have been begun.
"""

import random
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack, suppress
from typing import TypeVar

from lbconf.connectors.contract import Inspector, MigrationSession, Migrator, TellsWaiting
from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import ConnectionFailedError, ConnectorError, HazardError, TimedOutError
from lbconf.plan.batches import batches
from lbconf.plan.journal import Journal, Position, asked_at, stands
from lbconf.plan.ledger import ledger_start
from lbconf.plan.plan import Plan
from lbconf.plan.progress import Event, Moment, Notice, Observer, Watcher
from lbconf.plan.staleness import already_there, close_interrupted, refuse_filled, resumable
from lbconf.records import dataclass, replace
from lbconf.state.hazards import HazardKind
from lbconf.state.steps import Statement, Step

__all__ = ["Limits", "Moment", "Observer", "Outcome", "execute_plan", "refuse_hazards"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How patient an apply is, beside its lock timeout."""

    statement_timeout: float | None = None
    """Seconds one statement may take; None for any number."""
    retries: int = 0
    """How often a statement, or the transaction it is in, is tried again after it waited for a lock in vain."""
    first_pause: float = 0.5
    """Seconds before the first of these; each pause is twice the one before, and up to half of it is left to chance."""
    longest_pause: float = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an execution did."""

    data_source: str
    steps: int
    """Steps executed now."""
    resumed_at: int | None = None
    """0-based step at which an interrupted execution of the same plan was taken up again."""
    applied_before: bool = False
    """Whether somebody else had made the target as the plan wants it since the plan was made."""


def refuse_hazards(plan: Plan, accepted: Collection[HazardKind]) -> None:
    """Raise `HazardError` with one finding per step that holds hazards nobody accepted."""
    found: list[Diagnostic] = []
    for number, step in enumerate(plan.steps, start=1):
        missing = [hazard for hazard in step.hazards if not hazard.accepted and hazard.kind not in accepted]
        if missing:
            kinds = " ".join(f"--accept {kind}" for kind in dict.fromkeys(hazard.kind for hazard in missing))
            reasons = "; ".join(hazard.message for hazard in missing)
            found.append(
                Diagnostic(
                    code=Code.HAZARD_NOT_ACCEPTED,
                    message=f"step {number} of {plan.data_source} ({step.summary}) is dangerous: {reasons}",
                    location=step.source,
                    hint=f"if that is meant: {kinds}",
                )
            )
    if found:
        raise HazardError(found)


def execute_plan(
    plan: Plan,
    connector: Inspector | Migrator,
    *,
    accepted: Collection[HazardKind],
    user: str,
    lock_timeout: float,
    limits: Limits | None = None,
    observer: Observer | None = None,
    watcher: Watcher | None = None,
) -> Outcome:
    """Execute a plan under the target's apply lock.

    Args:
        plan: What to do.
        connector: Both an `Inspector` and a `Migrator`, open.
        accepted: Hazard kinds that may be there.
        user: Whom the ledger names.
        lock_timeout: Seconds of one wait for a lock, another apply's or a table's.
        limits: How patient it is besides; by default nothing is tried again.
        observer: Told before and after each step.
        watcher: Told of what happens in between.

    Raises:
        HazardError: Some hazard is not accepted; nothing was done.
        StalePlanError: The target is not as the plan was made from; nothing was done.
        ConnectorError: A step failed; the ledger says where.
    """
    if not isinstance(connector, Migrator):
        msg = f"data source {plan.data_source} cannot be changed"
        raise TypeError(msg)
    refuse_hazards(plan, accepted)
    bounds, told = limits or Limits(), watcher or _silent
    with ExitStack() as stack:
        held = connector.session
        session = _patiently(
            lambda: stack.enter_context(held(lock_timeout=lock_timeout, statement_timeout=bounds.statement_timeout)),
            bounds,
            lambda attempt, pause: told(Notice(event=Event.AGAIN, step=None, attempt=attempt, seconds=pause)),
        )
        entries = session.entries()
        entry, at = resumable(plan, session, entries)
        resumed = entry is not None
        if entry is None:
            if already_there(plan, connector, session, entries):
                return Outcome(data_source=plan.data_source, steps=0, applied_before=True)
            refuse_filled(plan, connector)
            close_interrupted(plan, connector, session, entries)
            if plan.empty:
                return Outcome(data_source=plan.data_source, steps=0)
            entry = session.begin_entry(ledger_start(plan, user=user))
        _Execution(
            plan, session, entry, at, resumed=resumed, limits=bounds, observer=observer or _unseen, watcher=told
        ).run()
    return Outcome(
        data_source=plan.data_source, steps=len(plan.steps) - at.step, resumed_at=at.step if at > Position() else None
    )


class _Execution:
    """The steps of one plan, one after the other."""

    def __init__(
        self,
        plan: Plan,
        session: MigrationSession,
        entry: int,
        at: Position,
        *,
        resumed: bool,
        limits: Limits,
        observer: Observer,
        watcher: Watcher,
    ) -> None:
        self._plan = plan
        self._session = session
        self._journal = Journal(plan, session, entry, at)
        self._limits = limits
        self._observer = observer
        self._told = watcher
        self._doing: Position | None = None
        self._doubt = resumed
        """Whether the next statement without a transaction may have been begun already."""
        self._attempts = 1

    def run(self) -> None:
        """Everything that is not done yet."""
        if isinstance(self._session, TellsWaiting):
            self._session.tell_waiting(self._waits)
        try:
            for batch in batches(self._plan.steps, self._journal.at.step):
                if self._plan.steps[batch[0]].transactional:
                    self._again(lambda numbers=batch: self._together(numbers))  # type: ignore[misc]
                    self._journal.reached(Position(batch[-1] + 1))
                    self._doubt = False
                else:
                    self._alone(batch[0])
                self._doing = None
        except ConnectorError as error:
            self._tidy()
            self._journal.failed()
            raise self._named(error) from error
        except BaseException:
            self._journal.failed()
            raise

    def _together(self, numbers: Sequence[int]) -> None:
        """Steps in one transaction, and what the ledger says of them in the same."""
        with self._session.transaction():
            for number in numbers:
                step = self._plan.steps[number]
                self._observer(Moment.BEFORE, number, step)
                for place, statement in enumerate(step.statements):
                    self._doing = Position(number, place)
                    self._execute(statement)
                self._journal.note(number)
                self._observer(Moment.AFTER, number, step)
            self._doing = None

    def _alone(self, number: int) -> None:
        """A step without a transaction: the ledger follows each of its statements."""
        step = self._plan.steps[number]
        at = self._journal.at
        self._observer(Moment.BEFORE, number, step)
        for place in range(at.statement if at.step == number else 0, len(step.statements)):
            self._doing = Position(number, place)
            self._again(lambda statement=step.statements[place]: self._once(statement))  # type: ignore[misc]
            self._journal.done(number, place)
            self._doubt = False
        if not step.statements:
            self._journal.note(number)
            self._journal.reached(Position(number + 1))
        self._observer(Moment.AFTER, number, step)

    def _once(self, statement: Statement) -> None:
        """One statement outside transactions, which an earlier try may have done, or begun."""
        if self._doubt:
            if statement.done is not None and self._session.is_true(statement.done):
                return
            self._clear_away(statement)
        self._doubt = True
        self._execute(statement)

    def _execute(self, statement: Statement) -> None:
        self._tell(Event.BEGINS)
        rows = self._session.execute(statement)
        total = rows
        while statement.repeat and rows:
            self._tell(Event.ROWS, rows=total)
            rows = self._session.execute(statement)
            total += rows
        self._tell(Event.ENDS, rows=total)

    def _again(self, work: Callable[[], None]) -> None:
        self._attempts = 1

        def told(attempt: int, pause: float) -> None:
            self._attempts = attempt + 1
            self._tell(Event.AGAIN, attempt=attempt, seconds=pause)

        _patiently(work, self._limits, told)

    def _tidy(self) -> None:
        """Clear away what a failed statement, and those before it in its step, left behind.

        Where that fails, too, the next apply does it.
        """
        if self._doing is None or self._plan.steps[self._doing.step].transactional:
            return
        step = self._plan.steps[self._doing.step]
        statement = step.statements[self._doing.statement]
        with suppress(ConnectorError):
            if not (statement.done and self._session.is_true(statement.done)):
                self._clear_away(statement)
            if step.abandon and self._doing.statement:
                for taken_back in step.abandon:
                    self._session.execute(taken_back)
                self._journal.reached(Position(self._doing.step))

    def _clear_away(self, statement: Statement) -> None:
        if statement.cleanup and (statement.broken is None or self._session.is_true(statement.broken)):
            for sql in statement.cleanup:
                self._session.execute(Statement(sql=sql, lock=statement.lock))

    def _tell(self, event: Event, *, rows: int = 0, attempt: int = 0, seconds: float = 0.0) -> None:
        at = self._doing or self._journal.at
        self._told(
            Notice(event=event, step=at.step, statement=at.statement, rows=rows, attempt=attempt, seconds=seconds)
        )

    def _waits(self, who: tuple[str, ...]) -> None:
        at = self._doing or self._journal.at
        self._told(Notice(event=Event.WAITS, step=at.step, statement=at.statement, attempt=self._attempts, who=who))

    def _circumstances(self, doing: Position) -> str:
        """Which statement it was, where that leaves the step half done, and how often it was tried."""
        step = self._plan.steps[doing.step]
        alone = not step.transactional and len(step.statements) > 1
        found = [f"at statement {doing.statement + 1} of {len(step.statements)}"] if alone else []
        found += [f"for the {self._attempts}th time"] if self._attempts > 1 else []
        return "".join(f" {words}" for words in found)

    def _named(self, error: ConnectorError) -> ConnectorError:
        """The same error, at the place that asked for the step, with which step it was and where the apply stands."""
        plan, doing, at = self._plan, self._doing, self._journal.at
        what = "the plan was not finished"
        if doing is not None:
            step = plan.steps[doing.step]
            what = f"step {doing.step + 1} of {len(plan.steps)} ({step.summary}) failed{self._circumstances(doing)}"
            place = asked_at(error, plan, step)
            if place is not None:
                error.diagnostics = tuple(replace(found, location=place) for found in error.diagnostics)
        again = "mend the cause and run `lbconf apply` again"
        note = Diagnostic(
            code=Code.APPLY_INTERRUPTED,
            message=f"{plan.data_source}: {what}; {stands(plan, at, lost=isinstance(error, ConnectionFailedError))}",
            hint=again if at == Position() else f"{again}: it goes on from here",
        )
        error.diagnostics = (*error.diagnostics, note)
        return error


def _patiently(work: Callable[[], T], limits: Limits, told: Callable[[int, float], None]) -> T:
    """Do it, again and again while a lock is not to be had, with longer and longer pauses in between."""
    pause = limits.first_pause
    attempt = 0
    while True:
        attempt += 1
        try:
            return work()
        except ConnectorError as error:
            if attempt > limits.retries or not _is_passing(error):
                raise
            # The pauses differ by chance, so that two that got in each other's way do not meet again.
            seconds = pause * random.uniform(0.5, 1.0)  # noqa: S311 - nothing secret
            told(attempt, seconds)
        time.sleep(seconds)
        pause = min(2 * pause, limits.longest_pause)


def _is_passing(error: ConnectorError) -> bool:
    """Whether a lock was in the way, or a deadlock was ended at our cost: nothing was done, and it may work later."""
    if isinstance(error, TimedOutError):
        return error.lock
    return any(found.code is Code.WRITE_CONFLICT for found in error.diagnostics)


def _unseen(moment: Moment, number: int, step: Step) -> None:
    del moment, number, step


def _silent(notice: Notice) -> None:
    del notice
