"""`lbconf plan --to NUMBER`: back to a state that was applied before."""

from collections.abc import Sequence

from lbconf.connectors.contract import Connector, Inspector, LedgerEntry, Migrator
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

__all__ = ["plan_back", "plan_back_connector", "refuse_unfinished"]


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
    refuse_unfinished(source, entry)
    try:
        connector = create_connector(source, project.root)
        try:
            plan = plan_back_connector(project, source, connector, entry, online=online)
        finally:
            connector.close()
    except LbconfError as error:
        failure = Failure(data_source=source.name, diagnostics=error.diagnostics)
        return PlanReport(environment=project.environment, plans=(), failures=(failure,))
    return PlanReport(environment=project.environment, plans=(plan,))


def refuse_unfinished(source: DataSource, entry: LedgerEntry) -> None:
    """Raises `PlanError` where an apply did not end well."""
    if entry.result != "applied":
        message = (
            f"apply {entry.id} of {source.name} did not end well ({entry.result}): there is no state to go back to"
        )
        hint = "choose one that `lbconf history` calls applied"
        raise PlanError(Diagnostic(code=Code.HISTORY_ENTRY_MISSING, message=message, hint=hint))


def plan_back_connector(
    project: Project, source: DataSource, connector: Connector, entry: LedgerEntry, *, online: bool = True
) -> Plan:
    """The plan back to what an entry of the ledger left behind, over a connector of that data source."""
    assert isinstance(connector, Inspector)  # noqa: S101 - it has a ledger
    assert isinstance(connector, Migrator)  # noqa: S101
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
    plan = estimated(make_plan(given, connector, connector.sizes))
    changes = tuple(replace(change, reason=_reason(change.action, entry)) for change in plan.changes)
    return replace(plan, changes=changes, documents=managed.documents)


def _reason(action: str, entry: LedgerEntry) -> str:
    """Why a change is planned: no model asks for what comes back."""
    match action:
        case "add":
            return f"apply {entry.id} left it behind"
        case "destroy":
            return f"it came after apply {entry.id}"
    return f"apply {entry.id} left it otherwise"
