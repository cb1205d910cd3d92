"""`lbconf adopt`: put tables that exist under lbconf's management, as they stand. Nothing in them is changed."""

import json
from collections.abc import Sequence

from lbconf.connectors.contract import Connector, Inspector, LedgerStart, Migrator
from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import LbconfError, PlanError
from lbconf.operations.apply import current_user
from lbconf.operations.data_sources import create_connector
from lbconf.operations.plan import Failure, plan_connector, selected_data_sources
from lbconf.operations.surface import Offers
from lbconf.plan.managed import last_managed
from lbconf.project.resolved import DataSource, Project
from lbconf.records import dataclass, replace
from lbconf.state.fingerprint import digest
from lbconf.state.serialise import to_data
from lbconf.state.structure import QualifiedName, State, Table

__all__ = ["AdoptReport", "Adopted", "adopt_connector", "adopt_tables"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """What came under management in one data source."""

    data_source: str
    tables: tuple[QualifiedName, ...]
    """New under management; empty where all was managed already."""
    pending: int
    """Changes that a plan would still make to tables that exist."""
    missing: int = 0
    """Tables of models that are not there, and so could not be adopted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptReport:
    """What was adopted where."""

    adopted: tuple[Adopted, ...]
    failures: tuple[Failure, ...] = ()


def adopt_tables(
    project: Project,
    *,
    data_sources: Sequence[str] = (),
    models: Sequence[str] = (),
    url: str | None = None,
    lock_timeout: float = 30.0,
    user: str | None = None,
) -> AdoptReport:
    """Record in each ledger that the models' tables which exist are lbconf's from now on, as they are.

    A data source that fails does not stop the others.

    Args:
        project: The resolved project.
        data_sources: Only these.
        models: Only the tables of these.
        url: Stands in for the one data source's own settings.
        lock_timeout: Seconds to wait for an apply that runs.
        user: Whom the ledger names; by default who runs this process.

    Raises:
        LbconfError: A name is unknown, or the URL could mean several data sources.
    """
    done: list[Adopted] = []
    failures: list[Failure] = []
    for source in selected_data_sources(project, data_sources, url):
        try:
            connector = create_connector(source, project.root)
            try:
                done.append(
                    adopt_connector(project, source, connector, models=models, lock_timeout=lock_timeout, user=user)
                )
            finally:
                connector.close()
        except LbconfError as error:
            failures.append(Failure(data_source=source.name, diagnostics=error.diagnostics))
    return AdoptReport(adopted=tuple(done), failures=tuple(failures))


def adopt_connector(
    project: Project,
    source: DataSource,
    connector: Connector,
    *,
    models: Sequence[str] = (),
    lock_timeout: float = 30.0,
    user: str | None = None,
) -> Adopted:
    """The same for one data source over its connector. Raises `PlanError` and `ConnectorError`."""
    if not isinstance(connector, Inspector) or not isinstance(connector, Migrator):
        message = f"data source {source.name} ({source.connector}) has no structure to adopt"
        raise PlanError(Diagnostic(code=Code.DATA_SOURCE_NOT_PLANNED, message=message, location=source.location))
    plan = plan_connector(project, source, connector, models=models)
    wanted = {table.name for table in plan.managed.tables}
    namespaces = sorted({name.namespace for name in wanted if name.namespace}) or None
    with connector.session(lock_timeout=lock_timeout) as session:
        actual = session.inspect(namespaces)
        managed = last_managed(session.entries())
        there = tuple(table for table in actual.tables if table.name in wanted)
        new = tuple(sorted(table.name for table in there if table.name not in managed.tables))
        pending = sum(1 for found in plan.changes if found.table is None or actual.table(found.table) is not None)
        if new:
            kept = managed.state(managed.tables - {table.name for table in there})
            state = _managed(plan.managed, actual, (*there, *kept.tables))
            entry = session.begin_entry(
                LedgerStart(
                    user=user or current_user(),
                    plan_digest=digest(["adopt", to_data(state)]),
                    environment=project.environment,
                    configuration=plan.configuration,
                    steps=json.dumps([{"summary": f"adopt table {name}", "statements": []} for name in new]),
                    state=json.dumps(to_data(state), ensure_ascii=False, separators=(",", ":")),
                    documents=managed.documents or Offers(project).text(),
                )
            )
            session.record(entry, next_step=len(new), result="applied")
    return Adopted(data_source=source.name, tables=new, pending=pending, missing=len(wanted) - len(there))


def _managed(planned: State, actual: State, tables: tuple[Table, ...]) -> State:
    """What is managed afterwards: these tables, and of everything else what is planned and there."""
    named = {
        part: tuple(
            found for found in getattr(actual, part) if found.name in {wanted.name for wanted in getattr(planned, part)}
        )
        for part in ("enumerations", "domains", "composites", "sequences", "extensions", "views")
    }
    ordered = tuple(sorted(tables, key=lambda table: table.name))
    return replace(State(namespaces=planned.namespaces, tables=ordered), **named)
