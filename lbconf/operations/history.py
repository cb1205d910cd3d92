"""`lbconf history`: what was applied, when, and by whom, as the target's own ledger says."""

import json
from collections.abc import Iterator, Mapping, Sequence

from lbconf.connectors.contract import LedgerEntry, Migrator
from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import LbconfError, PlanError
from lbconf.operations.data_sources import create_connector
from lbconf.operations.plan import Failure, selected_data_sources
from lbconf.project.resolved import DataSource, Project
from lbconf.records import dataclass

__all__ = ["EntryStep", "HistoryReport", "SourceHistory", "entry_steps", "missing_entry", "read_entry", "read_history"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryStep:
    """One step of an apply, as the ledger keeps it."""

    summary: str
    statements: tuple[str, ...]
    hazards: tuple[tuple[str, str], ...] = ()
    """Kind and message of each."""


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
            for migrator in _migrator(source, project):
                entries = tuple(reversed(migrator.history()))
                histories.append(SourceHistory(data_source=source.name, entries=entries))
        except LbconfError as error:
            failures.append(Failure(data_source=source.name, diagnostics=error.diagnostics))
    return HistoryReport(histories=tuple(histories), failures=tuple(failures))


def entry_steps(entry: LedgerEntry) -> tuple[EntryStep, ...] | None:
    """The steps of an apply; None where somebody changed the row so that they cannot be read."""
    try:
        return tuple(
            EntryStep(
                summary=str(step["summary"]),
                statements=tuple(map(str, step["statements"])),
                hazards=tuple((str(found["kind"]), str(found["message"])) for found in step.get("hazards", ())),
            )
            for step in json.loads(entry.steps)
        )
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return None


def read_entry(
    project: Project, number: int, *, data_sources: Sequence[str] = (), url: str | None = None
) -> tuple[DataSource, LedgerEntry]:
    """One entry with everything, and the data source whose ledger holds it.

    Raises:
        PlanError: No ledger has that entry, or several have, and nobody said which is meant.
        ConnectorError: A ledger cannot be read.
    """
    found: list[tuple[DataSource, LedgerEntry]] = []
    others: dict[str, Sequence[LedgerEntry]] = {}
    for source in selected_data_sources(project, data_sources, url):
        for migrator in _migrator(source, project):
            entry = migrator.entry(number)
            if entry is not None:
                found.append((source, entry))
            else:
                others[source.name] = migrator.history()
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(source.name for source, _ in found)
        raise _no_entry(f"{names} each have an apply number {number}", "say which one with --data-source NAME")
    raise missing_entry(number, others)


def missing_entry(number: int, ledgers: Mapping[str, Sequence[LedgerEntry]]) -> PlanError:
    """That no ledger has that entry, and which they have; ledgers by the names of their data sources."""
    known = "; ".join(f"{name} has {_span(entries)}" for name, entries in ledgers.items())
    return _no_entry(f"there is no apply number {number}", known or "no data source keeps a history")


def _span(entries: Sequence[LedgerEntry]) -> str:
    """`1 to 12`, `only 4`, `none yet`."""
    if not entries:
        return "none yet"
    first, last = entries[0].id, entries[-1].id
    return f"only {first}" if first == last else f"{first} to {last}"


def _migrator(source: DataSource, project: Project) -> Iterator[Migrator]:
    """The data source's connector where it keeps a ledger; closed afterwards."""
    connector = create_connector(source, project.root)
    try:
        if isinstance(connector, Migrator):
            yield connector
    finally:
        connector.close()


def _no_entry(message: str, hint: str) -> PlanError:
    return PlanError(Diagnostic(code=Code.HISTORY_ENTRY_MISSING, message=message, hint=hint))
