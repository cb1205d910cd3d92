"""`lbconf drift`: what somebody changed in the databases since the last apply.

Reads only, in sessions that cannot write. Three states are compared: what was applied last (the ledger), what is there
(inspection), and what the configuration says.
"""

from collections.abc import Collection, Sequence
from enum import StrEnum

from lbconf.connectors.contract import Connector, Inspector, LedgerEntry, Migrator, ModelMapping, Offline, ReadOnly
from lbconf.connectors.registry import connector_type
from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import LbconfError, PlanError
from lbconf.operations.data_sources import create_connector
from lbconf.operations.neighbours import asked_by_neighbours
from lbconf.operations.plan import Failure, selected_data_sources
from lbconf.plan.desired import desired_state
from lbconf.plan.managed import applied_state, last_managed
from lbconf.project.resolved import DataSource, Project
from lbconf.records import dataclass, replace
from lbconf.state.changes import Change
from lbconf.state.describe import action_of, describe, table_of
from lbconf.state.diff import compare, diff
from lbconf.state.parking import parked_on
from lbconf.state.structure import QualifiedName, State
from lbconf.state.unneeded import owned_tables

__all__ = ["DriftReport", "Drifted", "SourceDrift", "Verdict", "drift_of", "read_drift"]


class Verdict(StrEnum):
    """What the configuration says to a change that somebody made in the database."""

    AGREES = "agrees"
    """It is as the configuration says: the next plan has nothing to do there."""
    TAKEN_BACK = "taken-back"
    """The next plan changes the same thing again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drifted:
    """One change that lbconf did not make."""

    action: str
    """`add`, `change` or `destroy`: what was done in the database."""
    summary: str
    table: QualifiedName | None
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDrift:
    """What happened in one data source."""

    data_source: str
    last: LedgerEntry | None
    """The last apply; None where nothing was ever applied, and so nothing can have drifted."""
    drifted: tuple[Drifted, ...] = ()
    pending: int = 0
    """Changes that the configuration asks for beside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftReport:
    """What happened in the data sources that could be asked."""

    sources: tuple[SourceDrift, ...]
    failures: tuple[Failure, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing drifted."""
        return not any(source.drifted for source in self.sources)


def read_drift(project: Project, *, data_sources: Sequence[str] = (), url: str | None = None) -> DriftReport:
    """What drifted in each data source; one that fails does not stop the others.

    Raises:
        LbconfError: A name is unknown, or the URL could mean several data sources.
    """
    found: list[SourceDrift] = []
    failures: list[Failure] = []
    for source in selected_data_sources(project, data_sources, url):
        try:
            found.append(_drift(project, source))
        except LbconfError as error:
            failures.append(Failure(data_source=source.name, diagnostics=error.diagnostics))
    return DriftReport(sources=tuple(found), failures=tuple(failures))


def _drift(project: Project, source: DataSource) -> SourceDrift:
    connector = create_connector(source, project.root)
    if isinstance(connector, ReadOnly):
        connector.refuse_writes()
    try:
        return drift_of(project, source, connector)
    finally:
        connector.close()


def drift_of(project: Project, source: DataSource, connector: Connector) -> SourceDrift:
    """What drifted in one data source, over its connector. Raises `PlanError` and `ConnectorError`."""
    kind = connector_type(source.connector)
    mapping = None if kind is None else kind.mapping(source)
    if mapping is None or not isinstance(connector, Inspector) or not isinstance(connector, Migrator):
        message = f"data source {source.name} ({source.connector}) has no structure that could drift"
        raise PlanError(Diagnostic(code=Code.DATA_SOURCE_NOT_PLANNED, message=message, location=source.location))
    entries = connector.history()
    last = next((entry for entry in reversed(entries) if entry.result == "applied"), None)
    if last is None:
        return SourceDrift(data_source=source.name, last=None)
    applied = applied_state(last)
    managed = last_managed(entries)
    names = {table.name for table in applied.tables} | managed.tables
    actual = connector.inspect(sorted({name.namespace for name in names if name.namespace}) or None)
    wanted = _wanted(project, source, mapping, connector, actual)
    others = asked_by_neighbours(project, source) if len(project.data_sources) > 1 else frozenset()
    came = owned_tables(actual, replace(applied, owns=wanted.owns)) - others
    made = _since(applied, actual, came)
    gone = frozenset(name for name in managed.tables if wanted.table(name) is None and parked_on(name) is None)
    gone &= {table.name for table in actual.tables}
    planned = compare(actual, wanted, droppable=gone - others, others=others).changes
    again = {_subject(change) for change in planned}
    drifted = tuple(
        Drifted(
            action=action_of(change).value,
            summary=describe(change),
            table=table_of(change),
            verdict=Verdict.TAKEN_BACK if _subject(change) in again else Verdict.AGREES,
        )
        for change in made
    )
    subjects = {_subject(change) for change in made}
    pending = sum(1 for change in planned if _subject(change) not in subjects)
    return SourceDrift(data_source=source.name, last=last, drifted=drifted, pending=pending)


def _since(applied: State, actual: State, came: Collection[QualifiedName]) -> tuple[Change, ...]:
    """The changes that lead from what was applied to what is there now, of everything that lbconf manages.

    Tables of `came` count, too: others made them in a namespace that the project owns.
    """
    managed = {
        part: tuple(
            found
            for found in getattr(actual, part)
            if found.name in {*(known.name for known in getattr(applied, part)), *(came if part == "tables" else ())}
        )
        for part in ("tables", "enumerations", "domains", "composites", "sequences", "views")
    }
    now = replace(
        actual,
        namespaces=applied.namespaces,
        extensions=applied.extensions,
        owns=applied.namespaces or ("",),
        **managed,
    )
    # Parked tables were given other names inside, and nobody minds what becomes of them: all but that they go.
    parked = {table.name: table for table in applied.tables if parked_on(table.name) is not None}
    now = replace(now, tables=tuple(parked.get(table.name, table) for table in now.tables))
    gone = {table.name for table in applied.tables} - {table.name for table in now.tables}
    return diff(applied, now, droppable=gone)


def _wanted(project: Project, source: DataSource, mapping: ModelMapping, connector: Connector, actual: State) -> State:
    """What the configuration says, as the server will report it, without anything written to find that out."""
    desired = desired_state(project, source, mapping).state
    if isinstance(connector, Offline):
        return connector.predict(desired, actual).state
    assert isinstance(connector, Inspector)  # noqa: S101 - asked before
    return connector.normalize(desired)


def _subject(change: Change) -> tuple[QualifiedName | None, str]:
    """The thing that a change is about, whatever becomes of it."""
    for side in ("after", "before"):
        name = getattr(getattr(change, side, None), "name", None)
        if name is not None:
            return table_of(change), str(name)
    return table_of(change), type(change).__name__
