"""Plans from a snapshot: nothing is contacted."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from lbconf.connectors.capabilities import Capabilities
from lbconf.connectors.contract import (
    Connector,
    LedgerEntry,
    MigrationSession,
    Migrator,
    Offline,
    TableSize,
    Unproved,
)
from lbconf.diagnostics import Code, Diagnostic, Severity
from lbconf.errors import PlanError
from lbconf.operations.asking import Asked, Seen
from lbconf.operations.data_sources import create_connector
from lbconf.operations.plan import PlanReport, plan_project
from lbconf.plan.foresee import foreseen
from lbconf.plan.managed import last_managed
from lbconf.plan.plan import Plan, PlannedChange
from lbconf.plan.snapshot import Snapshot, SourceSnapshot, of_namespaces
from lbconf.project.resolved import DataSource, Project
from lbconf.records import replace
from lbconf.state import changes as c
from lbconf.state.changes import Change
from lbconf.state.describe import describe
from lbconf.state.steps import Step
from lbconf.state.structure import QualifiedName, State

__all__ = ["plan_snapshot"]

MAYBE = "may be equal to what is there: the server was not asked"


def plan_snapshot(
    project: Project,
    snapshot: Snapshot,
    *,
    data_sources: Sequence[str] = (),
    models: Sequence[str] = (),
    recreate: Sequence[str] = (),
    online: bool = True,
) -> PlanReport:
    """Plan as `plan_project` does, for databases as a snapshot says they were.

    A change that may be none, because only the server could tell that both sides say the same, is planned, and its
    reason and a warning say so. The plan's fingerprint is that of the snapshot: apply refuses it where the database
    is another by then.

    Raises:
        LbconfError: A name is unknown.
    """
    answers = _Answers(snapshot, project.root)
    report = plan_project(
        project, data_sources=data_sources, models=models, recreate=recreate, online=online, early=answers
    )
    return replace(report, plans=tuple(map(answers.marked, report.plans)))


class _Answers:
    """What a snapshot says, in the place of what a server would."""

    def __init__(self, snapshot: Snapshot, root: Path) -> None:
        self._snapshot = snapshot
        self._root = root
        self._made: dict[str, _Remembered] = {}

    def take(self, data_source: DataSource) -> Asked:
        """A connector that remembers. Raises `PlanError` where the snapshot cannot stand for the data source."""
        found = self._snapshot.source(data_source.name)
        if found is None:
            known = ", ".join(source.data_source for source in self._snapshot.sources) or "none"
            raise _incomplete(f"the snapshot does not hold data source {data_source.name}", f"it holds {known}")
        if found.connector != data_source.connector:
            said = f"the snapshot of {data_source.name} is one of {found.connector}"
            raise _incomplete(said, f"the project has {data_source.connector} there: make it again")
        made = self._made[data_source.name] = _Remembered(data_source, found, self._root)
        nothing = Seen(managed=last_managed(found.ledger), namespaces=None, actual=State())
        return Asked(connector=made, seen=lambda: nothing)

    def marked(self, plan: Plan) -> Plan:
        """The plan with what nobody could prove said of the changes concerned."""
        made = self._made.get(plan.data_source)
        return plan if made is None else made.marked(plan)


class _Remembered:
    """Everything that a plan asks of a connector, as it was found before. Contacts nothing."""

    def __init__(self, data_source: DataSource, found: SourceSnapshot, root: Path) -> None:
        """Raises `PlanError` where the connector has to ask."""
        inner = create_connector(data_source, root)
        if not isinstance(inner, Offline) or not isinstance(inner, Migrator):
            raise _incomplete(
                f"{data_source.name}: the connector {data_source.connector} cannot plan without asking its server",
                "plan with a connection",
            )
        inner.assume(found.server)
        self._migrator: Migrator = inner
        self._offline: Offline = inner
        self._inner: Connector = inner
        self._found = found
        self._actual = found.actual
        self._unproved: frozenset[Unproved] = frozenset()
        states = (found.actual, found.reported)
        self._types = {column.type.name for state in states for table in state.tables for column in table.columns}

    @property
    def data_source(self) -> DataSource:
        """The data source it stands for."""
        return self._inner.data_source

    @property
    def capabilities(self) -> Capabilities:
        """Of the server as it was."""
        return self._inner.capabilities

    def open(self) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""

    def ping(self) -> None:
        """Nothing."""

    def inspect(self, namespaces: Sequence[str] | None = None) -> State:
        """What was there."""
        self._actual = of_namespaces(self._found.actual, namespaces or ())
        return self._actual

    def normalize(self, desired: State) -> State:
        """As the server will presumably report it."""
        found = foreseen(
            self._offline.predict(desired, self._actual),
            actual=self._actual,
            desired=desired,
            written=self._found.written,
            reported=self._found.reported,
        )
        self._unproved = frozenset(found.unproved)
        return found.state

    def sizes(self, tables: Sequence[QualifiedName]) -> Mapping[QualifiedName, TableSize]:
        """What they were."""
        wanted = frozenset(tables)
        return {
            size.table: TableSize(rows=size.rows, bytes=size.bytes)
            for size in self._found.sizes
            if size.table in wanted
        }

    def compile(
        self, changes: Sequence[Change], *, actual: State, desired: State, online: bool = True
    ) -> tuple[Step, ...]:
        """The steps that make these changes."""
        return self._migrator.compile(changes, actual=actual, desired=desired, online=online)

    def session(
        self, *, lock_timeout: float, statement_timeout: float | None = None
    ) -> AbstractContextManager[MigrationSession]:
        """There is none."""
        raise NotImplementedError

    def entry(self, number: int) -> LedgerEntry | None:
        """The entry, where it was kept."""
        return next((entry for entry in self._found.ledger if entry.id == number), None)

    def history(self) -> tuple[LedgerEntry, ...]:
        """What was kept."""
        return self._found.ledger

    def marked(self, plan: Plan) -> Plan:
        """The plan with what nobody could prove said of the changes concerned."""
        doubtful = {place for place, found in enumerate(plan.changes) if self._doubted(found.change)}
        if not doubtful:
            return plan
        changes = tuple(
            replace(found, reason=f"{found.reason}; {MAYBE}") if place in doubtful else found
            for place, found in enumerate(plan.changes)
        )
        told = tuple(_doubts(plan.changes[place] for place in sorted(doubtful)))
        return replace(plan, changes=changes, diagnostics=(*plan.diagnostics, *told))

    def _doubted(self, change: Change) -> bool:
        """Whether the server might say that there is nothing to change."""
        match change:
            case c.AlterColumn(table=table, before=before, after=column):
                # Two names of types that the server uses itself are two types.
                other = before.type.name != column.type.name and column.type.name in self._types
                return Unproved(table, "column", column.name) in self._unproved and not other
            case c.AddCheck(table=table, after=check):
                return Unproved(table, "check", check.name) in self._unproved and self._has(table, _checks)
            case c.AddIndex(table=table, after=index):
                return Unproved(table, "index", index.name) in self._unproved and self._has(table, _indexes)
            case c.DropCheck(table=table):
                return any(part.table == table and part.kind == "check" for part in self._unproved)
            case c.DropIndex(table=table):
                return any(part.table == table and part.kind == "index" for part in self._unproved)
            case c.CreateView(after=view):
                return any(found.name == view.name for found in self._actual.views)
            case c.AlterDomain():
                return True
            case _:
                return False

    def _has(self, table: QualifiedName, parts: Callable[[State, QualifiedName], int]) -> bool:
        return parts(self._actual, table) > 0


def _checks(state: State, name: QualifiedName) -> int:
    table = state.table(name)
    return 0 if table is None else len(table.checks)


def _indexes(state: State, name: QualifiedName) -> int:
    table = state.table(name)
    return 0 if table is None else len(table.indexes)


def _doubts(changes: Iterator[PlannedChange]) -> Iterator[Diagnostic]:
    for found in changes:
        where = f" of {found.table}" if found.table is not None else ""
        yield Diagnostic(
            code=Code.EQUALITY_UNPROVED,
            severity=Severity.WARNING,
            message=f"{describe(found.change)}{where} {MAYBE}",
            location=found.source,
            hint="`lbconf plan` with a connection tells; so does a snapshot made with these models",
        )


def _incomplete(message: str, hint: str) -> PlanError:
    return PlanError(Diagnostic(code=Code.SNAPSHOT_INCOMPLETE, message=message, hint=hint))
