"""A MySQL or MariaDB database with plan and apply on it, for tests that need no configuration."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

from lbconf.connectors.mysql.connector import MysqlConnector
from lbconf.connectors.mysql.session import Session, connect
from lbconf.plan.executor import Limits, Observer, Outcome, execute_plan
from lbconf.plan.managed import last_managed
from lbconf.plan.plan import Plan
from lbconf.plan.planner import PlanInput, make_plan
from lbconf.plan.progress import Watcher
from lbconf.project.resolved import DataSource, Layout
from lbconf.state.hazards import HazardKind
from lbconf.state.structure import State

__all__ = ["MysqlTarget"]


class MysqlTarget:
    """A connector and what a plan needs besides."""

    def __init__(self, url: str, settings: Mapping[str, Any] | None = None) -> None:
        self.url = url
        found = MappingProxyType({"connector": "mysql", "url": url, **(settings or {})})
        self.connector = MysqlConnector(DataSource(name="db", connector="mysql", settings=found, layout=Layout.NATIVE))

    def plan(self, desired: State, *, online: bool = True) -> Plan:
        actual = self.connector.inspect()
        wanted = self.connector.normalize(desired)
        managed = last_managed(self.connector.history())
        names = {table.name for table in wanted.tables}
        droppable = frozenset(name for name in managed.tables if name not in names and actual.table(name))
        given = PlanInput(
            data_source="db",
            connector="mysql",
            environment="test",
            actual=actual,
            desired=wanted,
            managed=managed.tables,
            droppable=droppable,
            online=online,
        )
        return make_plan(given, self.connector, self.connector.sizes)

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
            self.connector,
            accepted=frozenset(HazardKind),
            user="tests",
            lock_timeout=lock_timeout,
            observer=observer,
            limits=limits,
            watcher=watcher,
        )

    def connect(self) -> Session:
        return connect(self.connector.settings, limited=False)

    @contextmanager
    def emptied(self) -> Iterator[Session]:
        """A session on the database without anything in it."""
        session = self.connect()
        try:
            rows = session.rows(
                "SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = database()"
            )
            session.execute("SET foreign_key_checks = 0")
            for name, kind in rows:
                quoted = name.replace("`", "``")
                session.execute(f"DROP {'VIEW' if kind == 'VIEW' else 'TABLE'} IF EXISTS `{quoted}`")
            session.execute("SET foreign_key_checks = 1")
            yield session
        finally:
            session.close()

    def run(self, *statements: str) -> list[tuple[Any, ...]]:
        """Execute statements and return the rows of the last that has any."""
        rows: list[tuple[Any, ...]] = []
        session = self.connect()
        session.execute("SET SESSION sql_mode = 'STRICT_TRANS_TABLES'")
        for statement in statements:
            session.execute(statement)
            rows = [tuple(row) for row in session.cursor.fetchall()] if session.cursor.description else []
        session.close()
        return rows

    def close(self) -> None:
        self.connector.close()
