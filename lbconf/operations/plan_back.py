"""`lbconf plan --to NUMBER`: back to a state that was applied before."""

from collections.abc import Sequence

from lbconf.connectors.contract import Inspector, LedgerEntry, Migrator
from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import LbconfError, PlanError
from lbconf.operations.data_sources import create_connector
from lbconf.operations.history import read_entry
from lbconf.operations.plan import Failure, PlanReport
from lbconf.plan.estimates import estimated
from lbconf.plan.managed import applied_state, last_managed
from lbconf.plan.plan import Plan
from lbconf.plan.planner import PlanInput, make_plan
from lbconf.project.resolved import DataSource, Project
from lbconf.records import replace

__all__ = ["plan_back"]


def plan_back(
    project: Project, number: int, *, data_sources: Sequence[str] = (), url: str | None = None, online: bool = True
) -> PlanReport:
    """The plan that leads one data source back to what an apply left behind.

    Structure comes back, data does not: columns and tables that were dropped since come back empty, and those added
    since go with their values, which the plan's hazards say.

    Args:
        project: The resolved project.
        number: Of the ledger's entry.
        data_sources: Where to look for it.
        url: Stands in for the one data source's own settings.
        online: As in `plan_project`.

    Raises:
        PlanError: There is no such entry, it is of several data sources, or it did not end well.
    """
    source, entry = read_entry(project, number, data_sources=data_sources, url=url)
    if entry.result != "applied":
        message = f"apply {number} of {source.name} did not end well ({entry.result}): there is no state to go back to"
        hint = "choose one that `lbconf history` calls applied"
        raise PlanError(Diagnostic(code=Code.HISTORY_ENTRY_MISSING, message=message, hint=hint))
    try:
        plan = _plan(project, source, entry, online=online)
    except LbconfError as error:
        failure = Failure(data_source=source.name, diagnostics=error.diagnostics)
        return PlanReport(environment=project.environment, plans=(), failures=(failure,))
    return PlanReport(environment=project.environment, plans=(plan,))


def _plan(project: Project, source: DataSource, entry: LedgerEntry, *, online: bool) -> Plan:
    connector = create_connector(source, project.root)
    assert isinstance(connector, Inspector)  # noqa: S101 - it has a ledger
    assert isinstance(connector, Migrator)  # noqa: S101
    try:
        managed = last_managed(connector.history())
        wanted = applied_state(entry)
        namespaces = sorted({*wanted.namespaces, *managed.namespaces})
        actual = connector.inspect(namespaces or None)
        there = {table.name for table in actual.tables}
        given = PlanInput(
            data_source=source.name,
            connector=source.connector,
            environment=project.environment,
            actual=actual,
            desired=wanted,
            managed=managed.tables,
            managed_state=managed.state,
            droppable=(managed.tables - {table.name for table in wanted.tables}) & there,
            on_remove=managed.on_remove,
            on_remove_otherwise=source.structure.on_remove,
            online=online,
        )
        return replace(estimated(make_plan(given, connector, connector.sizes)), documents=managed.documents)
    finally:
        connector.close()
