"""Plans as scripts for the server's own client: without a connection, and without its driver."""

from lbconf import __version__
from lbconf.connectors.contract import Script
from lbconf.connectors.registry import connector_type
from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import PlanError
from lbconf.plan.batches import batches
from lbconf.plan.ledger import ledger_start
from lbconf.plan.plan import Plan

__all__ = ["plan_script"]

WHO = ""
"""Nobody: the script names whoever runs it."""


def plan_script(plan: Plan) -> str:
    """A script that ends where applying the plan ends; one line where there is nothing to do.

    Raises:
        PlanError: The connector has no client that could run one.
    """
    title = f"{plan.data_source} ({plan.connector}, {plan.environment}), lbconf {__version__}"
    if plan.empty:
        return f"-- {' '.join(title.split())}: nothing to do\n"
    kind = connector_type(plan.connector)
    if kind is None or kind.script is None:
        raise PlanError(
            Diagnostic(
                code=Code.DATA_SOURCE_NOT_PLANNED,
                message=f"plans for {plan.connector} cannot be written as a script",
                hint="write a plan file with --out and apply that",
            )
        )
    steps = tuple(tuple(plan.steps[number] for number in batch) for batch in batches(plan.steps))
    return kind.script(Script(title=title, batches=steps, start=ledger_start(plan, user=WHO)))
