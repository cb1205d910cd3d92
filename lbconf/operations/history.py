"""`lbconf history`: what was applied, when, and by whom, as the target's own ledger says."""

from collections.abc import Sequence

from lbconf.connectors.contract import LedgerEntry, Migrator
from lbconf.errors import LbconfError
from lbconf.operations.data_sources import create_connector
from lbconf.operations.plan import Failure, selected_data_sources
from lbconf.project.resolved import Project
from lbconf.records import dataclass

__all__ = ["HistoryReport", "SourceHistory", "read_history"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHistory:
    """The ledger of one data source."""

    data_source: str
    entries: tuple[LedgerEntry, ...]
    """Newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryReport:
    """The ledgers that could be read."""

    histories: tuple[SourceHistory, ...]
    failures: tuple[Failure, ...] = ()


def read_history(project: Project, *, data_sources: Sequence[str] = (), url: str | None = None) -> HistoryReport:
    """The ledger of each data source that has one. Raises `LbconfError` for unknown names."""
    histories: list[SourceHistory] = []
    failures: list[Failure] = []
    for source in selected_data_sources(project, data_sources, url):
        try:
            connector = create_connector(source, project.root)
            if not isinstance(connector, Migrator):
                continue
            try:
                entries = tuple(reversed(connector.history()))
            finally:
                connector.close()
        except LbconfError as error:
            failures.append(Failure(data_source=source.name, diagnostics=error.diagnostics))
        else:
            histories.append(SourceHistory(data_source=source.name, entries=entries))
    return HistoryReport(histories=tuple(histories), failures=tuple(failures))
