"""How long the steps of a plan presumably take: bytes of their tables over what a server moves in a second.

Nothing is measured. The throughputs are those of an ordinary server with a
solid-state disk that has other work to do: a slow disk takes several times as
long, a table that is in memory a fraction of it.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from lbconf.plan.plan import Estimate, Plan, Work
from lbconf.records import replace
from lbconf.state import changes as c
from lbconf.state.hazards import HazardKind
from lbconf.state.steps import Step

__all__ = ["THROUGHPUT", "estimated"]

MEGA: Final = 1_000_000
THROUGHPUT: Final[Mapping[Work, int]] = {Work.SCAN: 300 * MEGA, Work.REWRITE: 100 * MEGA, Work.INDEX: 60 * MEGA}
"""Bytes of the table that are dealt with in a second, by what is done with them."""


def estimated(plan: Plan) -> Plan:
    """The plan with an estimate for each step whose time grows with a table of which the size in bytes is known."""
    return replace(plan, estimates=tuple(_estimates(plan))) if plan.steps else plan


def _estimates(plan: Plan) -> Iterator[Estimate]:
    old = {ch.after.name: ch.before.name for f in plan.changes if isinstance(ch := f.change, c.RenameTable)}
    sizes = {size.table: size for size in plan.sizes}
    for number, step in enumerate(plan.steps):
        work = _work(step)
        size = None if step.table is None else sizes.get(old.get(step.table, step.table))
        if work is not None and size is not None and size.bytes and size.rows:
            yield Estimate(
                step=number, work=work, table=size.table, bytes=size.bytes, bytes_per_second=THROUGHPUT[work]
            )


def _work(step: Step) -> Work | None:
    """The most that the step does with every row of its table."""
    kinds = {hazard.kind for hazard in step.hazards}
    if HazardKind.REWRITES_TABLE in kinds:
        return Work.REWRITE
    if HazardKind.INDEX_BUILD in kinds:
        return Work.INDEX
    if step.rewrites or any(statement.rewrites or statement.repeat for statement in step.statements):
        return Work.REWRITE
    return Work.SCAN if HazardKind.MAY_FAIL_ON_DATA in kinds else None
