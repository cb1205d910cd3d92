"""What makes a plan fail in a pipeline: dangers that a gate names, and rows that would stop a step."""

from collections.abc import Collection, Iterator, Sequence

from lbconf.diagnostics import Code, Diagnostic, nearest
from lbconf.errors import PlanError
from lbconf.operations.plan import PlanReport
from lbconf.plan.plan import Plan
from lbconf.state.hazards import HazardKind

__all__ = ["gate_findings", "gated_hazards", "row_findings"]


def gated_hazards(texts: Sequence[str]) -> frozenset[HazardKind]:
    """Kinds for names, several to a text with commas between; `all` is every one. Raises `PlanError` for others."""
    found: set[HazardKind] = set()
    for name in (part.strip() for text in texts for part in text.split(",")):
        if name == "all":
            return frozenset(HazardKind)
        try:
            found.add(HazardKind(name))
        except ValueError:
            near = nearest(name, (*HazardKind, "all"))
            hint = f"did you mean {near}?" if near else f"hazards are {', '.join(HazardKind)}, or all"
            message = f"there is no hazard {name}"
            raise PlanError(Diagnostic(code=Code.HAZARD_UNKNOWN, message=message, hint=hint)) from None
    return frozenset(found)


def gate_findings(report: PlanReport, kinds: Collection[HazardKind]) -> tuple[Diagnostic, ...]:
    """One finding for each such danger in the plan, in its order.

    A step that may fail on data does not count once its rows were asked and none stops it.
    """
    return (*_of_steps(report, kinds), *_of_parts(report, kinds))


def row_findings(report: PlanReport) -> tuple[Diagnostic, ...]:
    """One finding for each step that rows would stop, as far as they were asked."""
    return tuple(_rows(report))


def _of_steps(report: PlanReport, kinds: Collection[HazardKind]) -> Iterator[Diagnostic]:
    harmless = {(found.data_source, found.step) for found in report.checked if found.rows == 0}
    for plan in report.plans:
        for number, step in enumerate(plan.steps):
            for hazard in step.hazards:
                spared = hazard.kind is HazardKind.MAY_FAIL_ON_DATA and (plan.data_source, number) in harmless
                if hazard.kind in kinds and not spared:
                    yield Diagnostic(
                        code=Code.PLAN_GATE,
                        message=f"step {number + 1} of {plan.data_source} {hazard.kind}: {hazard.message}",
                        location=step.source,
                        hint=f"--fail-on names {hazard.kind}",
                    )


def _of_parts(report: PlanReport, kinds: Collection[HazardKind]) -> Iterator[Diagnostic]:
    if HazardKind.BREAKS_API not in kinds:
        return
    for part in report.parts:
        for change in part.changes:
            if change.breaking:
                yield Diagnostic(
                    code=Code.PLAN_GATE,
                    message=f"{HazardKind.BREAKS_API}: {change.summary}"
                    + (f": {change.reason}" if change.reason else ""),
                    location=change.source,
                    hint=f"--fail-on names {HazardKind.BREAKS_API}",
                )


def _rows(report: PlanReport) -> Iterator[Diagnostic]:
    plans: dict[str, Plan] = {plan.data_source: plan for plan in report.plans}
    for found in report.checked:
        if found.rows:
            step = plans[found.data_source].steps[found.step]
            stopped = "1 row stops it" if found.rows == 1 else f"{found.rows:,} rows stop it"
            yield Diagnostic(
                code=Code.ROWS_STOP_STEP,
                message=f"step {found.step + 1} of {found.data_source} ({step.summary}) would fail: {stopped}",
                location=step.source,
                hint="mend these rows first" + (f": {'; '.join(found.examples)}" if found.examples else ""),
            )
