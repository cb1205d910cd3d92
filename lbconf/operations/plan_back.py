"""`lbconf plan --to NUMBER`: back to a state that was applied before."""

from collections.abc import Collection, Sequence

from lbconf.connectors.contract import Connector, Inspector, LedgerEntry, Migrator
from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import LbconfError, PlanError
from lbconf.operations.data_sources import create_connector
from lbconf.operations.history import read_entry
from lbconf.operations.neighbours import asked_by_neighbours
from lbconf.operations.plan import Failure, PlanReport
from lbconf.plan.estimates import estimated
from lbconf.plan.managed import applied_state, last_managed
from lbconf.plan.plan import Plan
from lbconf.plan.planner import PlanInput, make_plan
from lbconf.project.resolved import DataSource, Project
from lbconf.records import replace
from lbconf.state.structure import QualifiedName, State

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
    others = asked_by_neighbours(project, source) if len(project.data_sources) > 1 else frozenset[QualifiedName]()
    wanted = _without(applied_state(entry), others)
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
        made=managed.made,
        droppable=(managed.tables - {table.name for table in wanted.tables} - others) & there,
        kept=managed.kept(managed.tables & others, others),
        others=others,
        on_remove=managed.on_remove,
        on_remove_otherwise=source.structure.on_remove,
        online=online,
    )
    plan = estimated(make_plan(given, connector, connector.sizes))
    changes = tuple(replace(change, reason=_reason(change.action, entry)) for change in plan.changes)
    return replace(plan, changes=changes, documents=managed.documents)


def _without(state: State, others: Collection[QualifiedName]) -> State:
    """The state without what other data sources ask for, which is as they say."""
    if not others:
        return state
    return replace(
        state,
        tables=tuple(one for one in state.tables if one.name not in others),
        enumerations=tuple(one for one in state.enumerations if one.name not in others),
        domains=tuple(one for one in state.domains if one.name not in others),
        composites=tuple(one for one in state.composites if one.name not in others),
        sequences=tuple(one for one in state.sequences if one.name not in others),
        views=tuple(one for one in state.views if one.name not in others),
    )


def _reason(action: str, entry: LedgerEntry) -> str:
    """Why a change is planned: no model asks for what comes back."""
    match action:
        case "add":
            return f"apply {entry.id} left it behind"
        case "destroy":
            return f"it came after apply {entry.id}"
    return f"apply {entry.id} left it otherwise"
