"""A PostgreSQL database with plan and apply on it, for tests that need no configuration."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import psycopg

from lbconf.connectors.postgresql.connector import PostgresqlConnector
from lbconf.plan.executor import Limits, Observer, Outcome, execute_plan
from lbconf.plan.managed import last_managed
from lbconf.plan.plan import Plan
from lbconf.plan.planner import PlanInput, make_plan
from lbconf.plan.progress import Watcher
from lbconf.project.resolved import DataSource, Layout
from lbconf.state.hazards import HazardKind
from lbconf.state.structure import State

__all__ = ["PostgresqlTarget"]


class PostgresqlTarget:
    """A connector and what a plan needs besides."""

    def __init__(self, url: str, settings: Mapping[str, Any] | None = None) -> None:
        self.url = url
        found = MappingProxyType({"connector": "postgresql", "url": url, **(settings or {})})
        self.connector = PostgresqlConnector(
            DataSource(name="db", connector="postgresql", settings=found, layout=Layout.NATIVE)
        )

    def plan(self, desired: State, *, online: bool = True) -> Plan:
        actual = self.connector.inspect()
        wanted = self.connector.normalize(desired)
        managed = last_managed(self.connector.history())
        names = {table.name for table in wanted.tables}
        droppable = frozenset(name for name in managed.tables if name not in names and actual.table(name))
        given = PlanInput(
            data_source="db",
            connector="postgresql",
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

    def run(self, *statements: str) -> list[tuple[Any, ...]]:
        """Execute statements and return the rows of the last that has any."""
        rows: list[tuple[Any, ...]] = []
        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement.encode())
                rows = cursor.fetchall() if cursor.description else []
        return rows

    def close(self) -> None:
        self.connector.close()
