"""Executing a plan on one data source: the checks before, the ledger beside, the steps in their transactions.

Whatever happens, the target is in one of three conditions: untouched, done, or
stopped between two steps with a ledger entry that says where.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import nullcontext, suppress
from enum import StrEnum
from itertools import groupby

from lbconf.connectors.contract import Inspector, LedgerEntry, MigrationSession, Migrator
from lbconf.diagnostics import Code, Diagnostic, Location
from lbconf.errors import ConnectorError, HazardError, StalePlanError
from lbconf.plan.ledger import ledger_start
from lbconf.plan.plan import Plan
from lbconf.records import dataclass, replace
from lbconf.state.fingerprint import fingerprint
from lbconf.state.hazards import HazardKind
from lbconf.state.steps import Step

__all__ = ["Moment", "Observer", "Outcome", "execute_plan", "refuse_hazards"]


class Moment(StrEnum):
    """When an observer is called."""

    BEFORE = "before"
    AFTER = "after"
    """The step is executed; it counts once its transaction does."""


Observer = Callable[[Moment, int, Step], None]
"""Told of each step: the moment, its 0-based number, the step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an execution did."""

    data_source: str
    steps: int
    """Steps executed now."""
    resumed_at: int | None = None
    """0-based step at which an interrupted execution of the same plan was taken up again."""


def refuse_hazards(plan: Plan, accepted: Collection[HazardKind]) -> None:
    """Raise `HazardError` with one finding per step that holds hazards nobody accepted."""
    found: list[Diagnostic] = []
    for number, step in enumerate(plan.steps, start=1):
        missing = [hazard for hazard in step.hazards if hazard.kind not in accepted]
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
    observer: Observer | None = None,
) -> Outcome:
    """Execute a plan under the target's apply lock.

    Args:
        plan: What to do.
        connector: Both an `Inspector` and a `Migrator`, open.
        accepted: Hazard kinds that may be there.
        user: Whom the ledger names.
        lock_timeout: Seconds to wait for another apply.
        observer: Told before and after each step.

    Raises:
        HazardError: Some hazard is not accepted; nothing was done.
        StalePlanError: The target is not as the plan was made from; nothing was done.
        ConnectorError: A step failed; the ledger says where.
    """
    if not isinstance(connector, Migrator):
        msg = f"data source {plan.data_source} cannot be changed"
        raise TypeError(msg)
    refuse_hazards(plan, accepted)
    with connector.session(lock_timeout=lock_timeout) as session:
        entries = session.entries()
        entry, start = _resumable(plan, session, entries)
        if entry is None:
            _refuse_stale(plan, session)
            _refuse_filled(plan, connector)
            _close_interrupted(session, entries)
            if plan.empty:
                return Outcome(data_source=plan.data_source, steps=0)
            entry = session.begin_entry(ledger_start(plan, user=user))
        _run(plan, session, entry, start, observer or _silent)
    return Outcome(data_source=plan.data_source, steps=len(plan.steps) - start, resumed_at=start or None)


def _resumable(plan: Plan, session: MigrationSession, entries: Sequence[LedgerEntry]) -> tuple[int | None, int]:
    """The entry of an interrupted execution of this very plan, and its next step; (None, 0) where there is none."""
    if not entries:
        return None, 0
    last = entries[-1]
    if last.plan_digest != plan.digest or last.result == "applied" or last.next_step == 0:
        return None, 0
    if last.next_step >= len(plan.steps):
        session.record(last.id, next_step=last.next_step, result="applied")
    return last.id, last.next_step


def _refuse_stale(plan: Plan, session: MigrationSession) -> None:
    namespaces = sorted({name.namespace for name in plan.scope if name.namespace}) or None
    if fingerprint(session.inspect(namespaces), plan.scope) != plan.fingerprint:
        raise StalePlanError(
            Diagnostic(
                code=Code.PLAN_STALE,
                message=f"{plan.data_source} has changed since the plan was made, so the plan is not applied",
                hint="run `lbconf plan` again and look at what is planned now",
            )
        )


def _refuse_filled(plan: Plan, connector: object) -> None:
    """Dangers that were left out for empty tables are dangers once rows have come."""
    spared = [size.table for size in plan.sizes if size.spared]
    sizes = connector.sizes(spared) if spared and isinstance(connector, Inspector) else {}
    filled = [table for table, size in sizes.items() if size.rows]
    if filled:
        names = " and ".join(str(table) for table in sorted(filled))
        raise StalePlanError(
            Diagnostic(
                code=Code.PLAN_STALE,
                message=f"{names} of {plan.data_source} had no rows when the plan was made and has some now, "
                "so the plan does not say how dangerous it is, and is not applied",
                hint="run `lbconf plan` again and look at what is planned now",
            )
        )


def _close_interrupted(session: MigrationSession, entries: Sequence[LedgerEntry]) -> None:
    """We hold the lock, so whoever left an entry running is gone."""
    for entry in entries:
        if entry.result == "running":
            session.record(entry.id, next_step=entry.next_step, result="failed")


def _run(plan: Plan, session: MigrationSession, entry: int, start: int, observer: Observer) -> None:
    done = start
    failing: int | None = None
    try:
        for batch in _batches(plan.steps, start):
            with session.transaction() if plan.steps[batch[0]].transactional else nullcontext():
                for number in batch:
                    failing = number
                    _step(plan, session, entry, number, observer)
                failing = None
            done = batch[-1] + 1
    except ConnectorError as error:
        _record_failure(session, entry, done)
        raise _named(error, plan, done, failing) from error
    except BaseException:
        _record_failure(session, entry, done)
        raise


def _record_failure(session: MigrationSession, entry: int, done: int) -> None:
    """Say so in the ledger if that is still possible; the next apply finds out otherwise."""
    with suppress(ConnectorError):
        session.record(entry, next_step=done, result="failed")


def _step(plan: Plan, session: MigrationSession, entry: int, number: int, observer: Observer) -> None:
    step = plan.steps[number]
    observer(Moment.BEFORE, number, step)
    for statement in step.statements:
        session.execute(statement)
    last = number + 1 == len(plan.steps)
    session.record(entry, next_step=number + 1, result="applied" if last else "running")
    observer(Moment.AFTER, number, step)


def _batches(steps: Sequence[Step], start: int) -> Iterator[tuple[int, ...]]:
    """Numbers of steps that share a transaction; a step that takes none is alone."""
    for transactional, numbers in groupby(range(start, len(steps)), key=lambda number: steps[number].transactional):
        if transactional:
            yield tuple(numbers)
        else:
            yield from ((number,) for number in numbers)


def _named(error: ConnectorError, plan: Plan, done: int, failing: int | None) -> ConnectorError:
    """The same error, at the place that asked for the step, with which step it was and where the apply stands now."""
    what = "the plan was not finished"
    if failing is not None:
        step = plan.steps[failing]
        what = f"step {failing + 1} of {len(plan.steps)} ({step.summary}) failed"
        place = _asked_at(error, plan, step)
        if place is not None:
            error.diagnostics = tuple(replace(found, location=place) for found in error.diagnostics)
    stands = "nothing was changed" if done == 0 else f"steps 1 to {done} are done"
    again = "mend the cause and run `lbconf apply` again"
    note = Diagnostic(
        code=Code.APPLY_INTERRUPTED,
        message=f"{plan.data_source}: {what}; {stands}",
        hint=again if done == 0 else f"{again}: it goes on from here",
    )
    error.diagnostics = (*error.diagnostics, note)
    return error


def _asked_at(error: ConnectorError, plan: Plan, step: Step) -> Location | None:
    """Where the configuration asks for what failed: the part the server names, else the step."""
    constraint, columns = getattr(error, "constraint", None) or "", getattr(error, "columns", ())
    for found in (plan.changes[place] for place in step.covers):
        name = getattr(getattr(found.change, "after", None), "name", None)
        named = isinstance(name, str) and (name in (*columns, constraint) or f".{name} " in constraint)
        if named and found.source is not None:
            return found.source
    return step.source


def _silent(moment: Moment, number: int, step: Step) -> None:
    del moment, number, step
