"""A plan in any form that the command line prints."""

from typing import Final

from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import PlanError
from lbconf.operations.plan import PlanReport

__all__ = ["PLAN_FORMS", "plan_as", "plan_sql"]

PLAN_FORMS: Final = ("text", "markdown", "json", "sql")
"""The first is the default."""


def plan_as(form: str, report: PlanReport, *, color: bool) -> str:
    """The plan as one of `PLAN_FORMS`; `color` is for text alone. Raises `PlanError` where there is no such form."""
    match form:
        case "json":
            from lbconf.cli.views.plan_json import plan_json

            return plan_json(report)
        case "sql":
            return plan_sql(report)
        case "markdown":
            from lbconf.cli.views.plan_markdown import plan_markdown

            return plan_markdown(report)
        case _:
            from lbconf.cli.views.plan import plan_text

            return plan_text(report, color=color)


def plan_sql(report: PlanReport) -> str:
    """A script for the client of the one database that changes. Raises `PlanError` where several do."""
    from lbconf.operations.script import plan_script

    pending = [plan for plan in report.plans if not plan.empty]
    if len(pending) > 1:
        raise PlanError(
            Diagnostic(
                code=Code.SCRIPT_OF_SEVERAL,
                message=f"a script runs in one database, and {', '.join(plan.data_source for plan in pending)} change",
                hint="say which one with --data-source NAME",
            )
        )
    return "".join(map(plan_script, pending or report.plans)).rstrip("\n")
