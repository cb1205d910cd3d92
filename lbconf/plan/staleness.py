"""Whether a plan still fits its target: as it was made from, in the middle of being applied, done by somebody else."""

import json
from collections.abc import Sequence

from lbconf.connectors.contract import Inspector, LedgerEntry, MigrationSession
from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import PlanError, StalePlanError
from lbconf.plan.journal import Position, applied_by_somebody, half_done, interrupted
from lbconf.plan.managed import applied_state
from lbconf.plan.plan import Plan
from lbconf.state.diff import diff
from lbconf.state.fingerprint import fingerprint, within

__all__ = ["already_there", "close_interrupted", "refuse_filled", "resumable"]


def resumable(plan: Plan, session: MigrationSession, entries: Sequence[LedgerEntry]) -> tuple[int | None, Position]:
    """The entry of an interrupted execution of this very plan, and the statement in doubt; else (None, ...)."""
    last = interrupted(plan, entries)
    if last is None:
        return None, Position()
    at = Position(last.next_step, last.next_statement)
    if at.step >= len(plan.steps):
        session.record(last.id, next_step=last.next_step, result="applied")
    if at == Position() and (plan.steps[0].transactional or _as_planned(plan, session)):
        return None, at
    return last.id, at


def _as_planned(plan: Plan, session: MigrationSession) -> bool:
    """Whether the target is as the plan was made from."""
    return _state_now(plan, session) == plan.fingerprint


def _state_now(plan: Plan, session: MigrationSession) -> str:
    return fingerprint(session.inspect(_namespaces(plan)), plan.scope)


def _namespaces(plan: Plan) -> Sequence[str] | None:
    return sorted({name.namespace for name in plan.scope if name.namespace}) or None


def already_there(plan: Plan, connector: object, session: MigrationSession, entries: Sequence[LedgerEntry]) -> bool:
    """Whether somebody else did what the plan says. Raises `StalePlanError` where the target differs otherwise."""
    now = _state_now(plan, session)
    if now == plan.fingerprint:
        return False
    if applied_by_somebody(plan, entries) and (now == plan.configuration or _as_wanted(plan, connector, session)):
        return True
    mine = [entry for entry in entries if entry.plan_digest == plan.digest]
    stopped = mine[-1] if mine and mine[-1].result != "applied" else None
    begun = stopped is not None and (stopped.next_step, stopped.next_statement) > (0, 0)
    note = (_half_done_note(plan, stopped),) if stopped is not None and begun else ()
    stale = Diagnostic(
        code=Code.PLAN_STALE,
        message=f"{plan.data_source} has changed since the plan was made, so the plan is not applied",
        hint="run `lbconf plan` again and look at what is planned now",
    )
    raise StalePlanError((stale, *note))


def _as_wanted(plan: Plan, connector: object, session: MigrationSession) -> bool:
    """Whether nothing is left of what the plan leads to, some of which the server spells its own way only now."""
    if not isinstance(connector, Inspector):
        return False
    actual = session.inspect(_namespaces(plan))
    wanted = connector.normalize(within(plan.managed, plan.scope))
    gone = {table.name for table in actual.tables if table.name in plan.scope} - {table.name for table in wanted.tables}
    return not gone and not diff(actual, wanted)


def _half_done_note(plan: Plan, entry: LedgerEntry) -> Diagnostic:
    return Diagnostic(
        code=Code.APPLY_INTERRUPTED,
        message=f"{plan.data_source}: {half_done(plan, entry)}",
        hint="a new plan starts from what is there now, so nothing has to be taken back by hand",
    )


def refuse_filled(plan: Plan, connector: object) -> None:
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


def close_interrupted(plan: Plan, connector: object, session: MigrationSession, entries: Sequence[LedgerEntry]) -> None:
    """We hold the lock, so whoever left an entry running is gone.

    One that was stopped behind its last statement, and before the ledger was told, is applied.
    """
    done = _finished(plan, connector, session, entries)
    for entry in entries:
        if entry.id == done:
            session.record(entry.id, next_step=len(json.loads(entry.steps)), result="applied")
        elif entry.result == "running":
            session.record(entry.id, next_step=entry.next_step, next_statement=entry.next_statement, result="failed")


def _finished(plan: Plan, connector: object, session: MigrationSession, entries: Sequence[LedgerEntry]) -> int | None:
    """The newest entry, where it is not said to be applied and nothing is left to do of it."""
    last = entries[-1] if entries else None
    if last is None or last.result == "applied" or not plan.empty or not isinstance(connector, Inspector):
        return None
    try:
        wanted = applied_state(last)
        json.loads(last.steps)
    except (PlanError, ValueError):
        return None
    if {table.name for table in wanted.tables} != {table.name for table in plan.managed.tables}:
        return None
    actual = session.inspect(_namespaces(plan))
    return None if diff(actual, connector.normalize(wanted)) else last.id
