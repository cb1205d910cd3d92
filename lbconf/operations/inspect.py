"""`lbconf inspect`: what is in every data source, whatever the models say. Reads, never writes."""

from collections.abc import Sequence

from lbconf.connectors.contract import Connector, Inspector, LedgerEntry, Migrator, Offline, ServerFacts
from lbconf.connectors.registry import connector_type
from lbconf.diagnostics import Diagnostic
from lbconf.errors import LbconfError
from lbconf.operations.collection import collection_paused
from lbconf.operations.data_sources import create_connector
from lbconf.operations.plan import Failure, selected_data_sources
from lbconf.plan.desired import desired_state
from lbconf.plan.plan import TouchedTable
from lbconf.plan.snapshot import SourceSnapshot
from lbconf.project.resolved import DataSource, Project
from lbconf.records import dataclass
from lbconf.state.structure import State

__all__ = ["InspectReport", "inspect_connector", "inspect_project"]


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectReport:
    """What was found."""

    environment: str
    sources: tuple[SourceSnapshot, ...]
    failures: tuple[Failure, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    """What is wrong with the models: how the server prints what they say is then not known."""


def inspect_project(project: Project, *, data_sources: Sequence[str] = (), url: str | None = None) -> InspectReport:
    """The actual state of each data source that has structure, and what is needed to plan for it without asking again.

    Args:
        project: Has the data sources' settings, and the models whose words are shown to the server.
        data_sources: Only these.
        url: Stands in for the one data source's own settings.

    Raises:
        LbconfError: A name is unknown, or the URL could mean several data sources.
    """
    sources: list[SourceSnapshot] = []
    failures: list[Failure] = []
    found: list[Diagnostic] = []
    for source in selected_data_sources(project, data_sources, url):
        try:
            connector = create_connector(source, project.root)
            try:
                with collection_paused():
                    snapshot = inspect_connector(project, source, connector, found)
            finally:
                connector.close()
        except LbconfError as error:
            failures.append(Failure(data_source=source.name, diagnostics=error.diagnostics))
        else:
            if snapshot is not None:
                sources.append(snapshot)
    return InspectReport(
        environment=project.environment, sources=tuple(sources), failures=tuple(failures), diagnostics=tuple(found)
    )


def inspect_connector(
    project: Project, data_source: DataSource, connector: Connector, problems: list[Diagnostic]
) -> SourceSnapshot | None:
    """What is in one data source; None where it has no structure.

    Args:
        project: As above.
        data_source: The connector's.
        connector: Open, or openable.
        problems: Takes what is wrong with the models.
    """
    kind = connector_type(data_source.connector)
    if kind is None or not isinstance(connector, Inspector) or not isinstance(connector, Migrator):
        return None
    ledger = _recent(connector.history())
    actual = connector.inspect(None)
    facts = connector.server_facts() if isinstance(connector, Offline) else ServerFacts(product=kind.title, version="")
    written = _written(project, data_source, problems)
    # After inspection: some servers normalise expressions by what they saw.
    reported = connector.normalize(written) if written.tables or written.views else written
    sizes = connector.sizes([table.name for table in actual.tables]) if actual.tables else {}
    return SourceSnapshot(
        data_source=data_source.name,
        connector=data_source.connector,
        server=facts,
        actual=actual,
        ledger=ledger,
        sizes=tuple(TouchedTable(table=name, rows=size.rows, bytes=size.bytes) for name, size in sorted(sizes.items())),
        written=written,
        reported=reported,
    )


def _recent(entries: Sequence[LedgerEntry]) -> tuple[LedgerEntry, ...]:
    """The newest applied entry and later ones."""
    last = max((place for place, entry in enumerate(entries) if entry.result == "applied"), default=0)
    return tuple(entries[last:])


def _written(project: Project, data_source: DataSource, problems: list[Diagnostic]) -> State:
    kind = connector_type(data_source.connector)
    mapping = None if kind is None else kind.mapping(data_source)
    if mapping is None:
        return State()
    try:
        return desired_state(project, data_source, mapping).state
    except LbconfError as error:
        problems.extend(error.diagnostics)
        return State()
