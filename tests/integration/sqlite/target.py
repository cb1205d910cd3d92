"""A SQLite file with the state side of the connector on it, for tests that need no configuration."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

from lbconf.connectors.contract import LedgerEntry, MigrationSession, TableSize
from lbconf.connectors.sqlite import ddl, inspect, migrate, normalize
from lbconf.connectors.sqlite.errors import translate
from lbconf.errors import ConnectorError
from lbconf.plan.executor import Limits, Observer, Outcome, execute_plan
from lbconf.plan.managed import last_managed
from lbconf.plan.plan import Plan
from lbconf.plan.planner import PlanInput, make_plan
from lbconf.plan.progress import Watcher
from lbconf.project.resolved import DataSource, Layout
from lbconf.state.changes import Change
from lbconf.state.hazards import HazardKind
from lbconf.state.steps import Step
from lbconf.state.structure import QualifiedName, State

SOURCE = DataSource(name="db", connector="sqlite", settings={}, layout=Layout.NATIVE)


def quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


class SqliteTarget:
    """Inspector and migrator of one file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def inspect(self, namespaces: Sequence[str] | None = None) -> State:  # noqa: ARG002 - the protocol's signature
        with self._connection() as connection:
            return inspect.inspect(connection)

    def normalize(self, desired: State) -> State:
        return normalize.normalize(desired)

    def sizes(self, tables: Sequence[QualifiedName]) -> Mapping[QualifiedName, TableSize]:
        with self._connection() as connection:
            return inspect.sizes(connection, tables)

    def compile(
        self,
        changes: Sequence[Change],
        *,
        actual: State,
        desired: State,
        online: bool = True,
    ) -> tuple[Step, ...]:
        del online
        return ddl.compile_changes(changes, actual=actual, desired=desired)

    def session(
        self, *, lock_timeout: float, statement_timeout: float | None = None
    ) -> AbstractContextManager[MigrationSession]:
        del statement_timeout
        return migrate.session(self._connect, lock_timeout=lock_timeout, translate=_translated)

    def history(self) -> tuple[LedgerEntry, ...]:
        with self._connection() as connection:
            return migrate.history(connection)

    def entry(self, number: int) -> LedgerEntry | None:
        with self._connection() as connection:
            return migrate.entry(connection, number)

    def plan(self, desired: State, *, recreate: Iterable[str] = ()) -> Plan:
        actual, wanted = self.inspect(), self.normalize(desired)
        managed = last_managed(self.history())
        names = {table.name for table in wanted.tables}
        droppable = frozenset(name for name in managed.tables if name not in names and actual.table(name))
        given = PlanInput(
            data_source="db",
            connector="sqlite",
            environment="test",
            actual=actual,
            desired=wanted,
            managed=managed.tables,
            droppable=droppable,
            recreate=frozenset(QualifiedName("", name) for name in recreate),
        )
        return make_plan(given, self, self.sizes)

    def apply(
        self,
        plan: Plan,
        observer: Observer | None = None,
        lock_timeout: float = 5,
        *,
        limits: Limits | None = None,
        watcher: Watcher | None = None,
    ) -> Outcome:
        return execute_plan(
            plan,
            self,
            accepted=frozenset(HazardKind),
            user="tests",
            lock_timeout=lock_timeout,
            limits=limits,
            observer=observer,
            watcher=watcher,
        )

    def run(self, *statements: str) -> list[tuple[object, ...]]:
        """Execute statements and return the rows of the last."""
        with self._connection() as connection:
            rows: list[tuple[object, ...]] = []
            for statement in statements:
                rows = connection.execute(statement).fetchall()
            connection.commit()
            return rows

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path)

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with closing(self._connect()) as connection:
            yield connection


def _translated(error: sqlite3.Error) -> ConnectorError:
    return translate(SOURCE, error, None)
