"""`lbconf show`: the plans of a plan file."""

from collections.abc import Sequence

from lbconf.diagnostics import Code, Diagnostic, nearest
from lbconf.errors import PlanError
from lbconf.plan.plan import Plan
from lbconf.plan.plan_file import PlanFile

__all__ = ["chosen_plans"]


def chosen_plans(stored: PlanFile, data_sources: Sequence[str]) -> tuple[Plan, ...]:
    """The plans for these data sources, all where none is named. Raises `PlanError` for one the file does not have."""
    known = [plan.data_source for plan in stored.plans]
    for name in data_sources:
        if name not in known:
            near = nearest(name, known)
            raise PlanError(
                Diagnostic(
                    code=Code.DATA_SOURCE_MISSING,
                    message=f"the plan has nothing for a data source {name}",
                    hint=f"did you mean {near}?" if near else f"it has {', '.join(known) or 'none'}",
                )
            )
    return tuple(plan for plan in stored.plans if not data_sources or plan.data_source in data_sources)
