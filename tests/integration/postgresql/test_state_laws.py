"""Laws of plan and apply on a real server, for random states."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lbconf.connectors.postgresql import ddl, migrate
from lbconf.connectors.postgresql.inspect import inspect
from lbconf.connectors.postgresql.normalize import normalize
from lbconf.plan.order import ordered
from lbconf.state.changes import Change
from lbconf.state.diff import diff
from lbconf.state.structure import QualifiedName, State
from tests import servers
from tests.strategies.postgresql_states import changed_states, quoted, states, value_of

EXAMPLES = settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
)


@pytest.fixture(scope="module")
def url(postgresql_server: servers.PostgresqlServer) -> Iterator[str]:
    found = postgresql_server.create_database()
    yield found
    postgresql_server.drop_database(found)


def emptied(url: str) -> psycopg.Connection[Any]:
    connection = psycopg.connect(url, autocommit=True)
    connection.execute(
        'DROP SCHEMA IF EXISTS public CASCADE; DROP SCHEMA IF EXISTS "other space" CASCADE; CREATE SCHEMA public'
    )
    return connection


def planned(connection: psycopg.Connection[Any], wanted: State) -> tuple[State, State, tuple[Change, ...]]:
    actual = inspect(connection)
    desired = normalize(wanted, actual=actual, connection=connection)
    gone = [table.name for table in actual.tables]
    return actual, desired, diff(actual, desired, droppable=gone)


def apply(url: str, connection: psycopg.Connection[Any], wanted: State) -> State:
    """Bring the database to the state; what `normalize` foretold."""
    actual, desired, changes = planned(connection, wanted)
    changes = ordered(changes, desired=desired)
    with migrate.session(lambda: psycopg.connect(url), lock_timeout=5) as session:
        steps = ddl.compile_changes(changes, actual=actual, desired=desired)
        for step in (step for step in steps if not step.transactional):
            for statement in step.statements:
                session.execute(statement)
        with session.transaction():
            for step in steps:
                if step.transactional:
                    for statement in step.statements:
                        session.execute(statement)
    return desired


@EXAMPLES
@given(wanted=states())
def test_what_is_applied_is_what_is_inspected(url: str, wanted: State) -> None:
    with emptied(url) as connection:
        foretold = apply(url, connection, wanted)
        found = inspect(connection)
        assert found.tables == foretold.tables
        assert found.enumerations == foretold.enumerations
        assert planned(connection, wanted)[2] == ()


@EXAMPLES
@given(data=st.data())
def test_rows_survive_a_change_and_nothing_is_left_to_plan(url: str, data: st.DataObject) -> None:
    before = data.draw(states())
    after = data.draw(changed_states(before))
    with emptied(url) as connection:
        apply(url, connection, before)
        counts = {table.name: filled(connection, table.name, before) for table in before.tables}
        apply(url, connection, after)
        assert planned(connection, after)[2] == ()
        for name, count in counts.items():
            row = connection.execute(
                f"SELECT count(*) FROM {quoted(name.namespace)}.{quoted(name.name)}".encode()
            ).fetchone()
            assert row == (count,)


def filled(connection: psycopg.Connection[Any], name: QualifiedName, state: State) -> int:
    """Insert rows that every change of the strategies can keep; how many went in."""
    table = state.table(name)
    assert table is not None
    chosen = [
        c for c in table.columns if c.name != "link" and (c.identity is None or c.identity.kind != "identity-always")
    ]
    names = ", ".join(quoted(column.name) for column in chosen)
    marks = ", ".join(["%s"] * len(chosen))
    where = f"{quoted(name.namespace)}.{quoted(name.name)}"
    done = 0
    for number in range(3):
        statement = (
            f"INSERT INTO {where} ({names}) VALUES ({marks})" if chosen else f"INSERT INTO {where} DEFAULT VALUES"
        )
        try:
            connection.execute(statement.encode(), [value_of(column, number) for column in chosen])
        except psycopg.errors.IntegrityError:
            continue
        done += 1
    return done
