"""Asking which rows would make the steps of a plan fail. Reads only."""

from collections.abc import Iterator

from lbconf.connectors.contract import Connector, DataChecker
from lbconf.errors import LbconfError
from lbconf.layers.known_secrets import without_secrets
from lbconf.plan.plan import Plan
from lbconf.plan.report import CheckedStep
from lbconf.state.hazards import HazardKind
from lbconf.state.steps import Step

__all__ = ["checked_steps"]


def checked_steps(plan: Plan, connector: Connector, *, examples: bool) -> tuple[CheckedStep, ...]:
    """An answer for each step that may fail on data, in order; one without a number where it cannot be asked.

    Args:
        plan: Of the connector's data source.
        connector: Open, or openable.
        examples: Whether up to three rows are shown for each step; they are data of whoever is in the database.
    """
    return tuple(_answers(plan, connector, examples=examples))


def _answers(plan: Plan, connector: Connector, *, examples: bool) -> Iterator[CheckedStep]:
    for number, step in enumerate(plan.steps):
        if not any(hazard.kind is HazardKind.MAY_FAIL_ON_DATA for hazard in step.hazards):
            continue
        if step.check is None:
            yield _unasked(plan, number, "there is no question that would tell before the step is executed")
        elif not isinstance(connector, DataChecker):
            yield _unasked(plan, number, f"{plan.connector} answers no such questions")
        else:
            yield _asked(plan, number, step, connector, examples=examples)


def _asked(plan: Plan, number: int, step: Step, connector: DataChecker, *, examples: bool) -> CheckedStep:
    assert step.check is not None  # noqa: S101 - the caller looked
    try:
        found = connector.failing(step.check)
    except LbconfError as error:
        return _unasked(plan, number, without_secrets(error.diagnostics[0].message))
    if not found.rows and not step.check.whole:
        return _unasked(plan, number, "no row stops it as far as it could be asked; some of it could not")
    return CheckedStep(
        data_source=plan.data_source,
        step=number,
        rows=found.rows,
        examples=tuple(map(without_secrets, found.examples)) if examples else (),
    )


def _unasked(plan: Plan, number: int, problem: str) -> CheckedStep:
    return CheckedStep(data_source=plan.data_source, step=number, rows=None, problem=problem)
