"""`lbconf purge`: drop tables that were renamed out of the way long ago."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from lbconf.connectors.contract import Inspector, Migrator
from lbconf.errors import LbconfError
from lbconf.operations.data_sources import create_connector
from lbconf.operations.neighbours import asked_by_neighbours
from lbconf.operations.plan import Failure, PlanReport, selected_data_sources
from lbconf.plan.managed import last_managed
from lbconf.plan.plan import Plan, PlannedChange
from lbconf.plan.planner import PlanInput, make_plan
from lbconf.project.resolved import DataSource, Project
from lbconf.records import replace
from lbconf.state.parking import parked_on
from lbconf.state.structure import QualifiedName, State

__all__ = ["plan_purge"]


def plan_purge(
    project: Project,
    *,
    older_than: timedelta,
    data_sources: Sequence[str] = (),
    url: str | None = None,
    today: date | None = None,
) -> PlanReport:
    """Plans that drop the parked tables of that age; what is executed like any other plan.

    Only tables that the ledger knows as parked are meant, whatever else has such a name.

    Args:
        project: The resolved project.
        older_than: A table parked today is no day old.
        data_sources: Only these.
        url: Stands in for the one data source's own settings.
        today: The day to count from; the present one by default.

    Raises:
        LbconfError: A name is unknown, or the URL could mean several data sources.
    """
    day = today or datetime.now(UTC).date()
    last = date.min if older_than > day - date.min else day - older_than
    plans: list[Plan] = []
    failures: list[Failure] = []
    for source in selected_data_sources(project, data_sources, url):
        try:
            plan = _plan(project, source, last)
        except LbconfError as error:
            failures.append(Failure(data_source=source.name, diagnostics=error.diagnostics))
        else:
            plans.extend(() if plan is None else (plan,))
    return PlanReport(environment=project.environment, plans=tuple(plans), failures=tuple(failures))


def _plan(project: Project, source: DataSource, last: date) -> Plan | None:
    connector = create_connector(source, project.root)
    if not isinstance(connector, Inspector) or not isinstance(connector, Migrator):
        return None
    try:
        managed = last_managed(connector.history())
        days = {name: parked_on(name) for name in managed.tables}
        old = frozenset(name for name, day in days.items() if day is not None and day <= last)
        actual = connector.inspect(sorted({name.namespace for name in old if name.namespace}) or None)
        others = asked_by_neighbours(project, source) if len(project.data_sources) > 1 else frozenset[QualifiedName]()
        old -= others
        there = old & {table.name for table in actual.tables}
        given = PlanInput(
            data_source=source.name,
            connector=source.connector,
            environment=project.environment,
            actual=actual,
            desired=State(namespaces=managed.namespaces),
            managed=managed.tables,
            managed_state=managed.state,
            droppable=there,
            purge=there,
            kept=managed.kept(managed.tables - old),
            others=others,
            on_remove=managed.on_remove,
        )
        plan = make_plan(given, connector, connector.sizes)
        changes = tuple(replace(change, reason=_reason(change, days)) for change in plan.changes)
        return replace(plan, changes=changes, documents=managed.documents)
    finally:
        connector.close()


def _reason(change: PlannedChange, days: Mapping[QualifiedName, date | None]) -> str:
    day = None if change.table is None else days.get(change.table)
    return change.reason if day is None else f"its model went, and it was renamed out of the way on {day.isoformat()}"
