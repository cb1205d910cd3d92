"""Laws of plan and apply on a real server, for random states."""

from collections.abc import Iterator

import pymysql
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lbconf.connectors.mysql import ddl, migrate
from lbconf.connectors.mysql.inspect import inspect
from lbconf.connectors.mysql.normalize import normalize
from lbconf.connectors.mysql.session import Session
from lbconf.plan.order import ordered
from lbconf.records import replace
from lbconf.state.changes import Change
from lbconf.state.diff import diff
from lbconf.state.structure import QualifiedName, State
from tests import servers_mysql
from tests.integration.mysql.target import MysqlTarget
from tests.strategies.mysql_states import changed_states, quoted, states, value_of

EXAMPLES = settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
)


@pytest.fixture(scope="module")
def target(mysql_server: servers_mysql.MysqlServer) -> Iterator[MysqlTarget]:
    url = mysql_server.create_database()
    found = MysqlTarget(url)
    yield found
    found.close()
    mysql_server.drop_database(url)


def planned(session: Session, wanted: State) -> tuple[State, State, tuple[Change, ...]]:
    actual = inspect(session)
    desired = normalize(wanted, actual=actual, session=session)
    return actual, desired, diff(actual, desired, droppable=[table.name for table in actual.tables])


def apply(target: MysqlTarget, session: Session, wanted: State) -> State:
    """Bring the database to the state; what `normalize` foretold."""
    actual, desired, found = planned(session, wanted)
    changes = ordered(found, desired=desired)
    steps = ddl.compile_changes(changes, actual=actual, desired=desired, online=True, server=session.server)
    assert {place for step in steps for place in step.covers} == set(range(len(changes)))
    with migrate.session(target.connect, lock_timeout=5) as held:
        for step in steps:
            for statement in step.statements:
                assert not (statement.done and held.is_true(statement.done)), statement.sql
                held.execute(statement)
                assert statement.done is None or held.is_true(statement.done), statement.sql
    return desired


@EXAMPLES
@given(wanted=states())
def test_what_is_applied_is_what_is_inspected(target: MysqlTarget, wanted: State) -> None:
    with target.emptied() as session:
        foretold = apply(target, session, wanted)
        assert inspect(session).tables == tuple(replace(table, source=None) for table in foretold.tables)
        assert planned(session, wanted)[2] == ()


@EXAMPLES
@given(data=st.data())
def test_rows_survive_a_change_and_nothing_is_left_to_plan(target: MysqlTarget, data: st.DataObject) -> None:
    before = data.draw(states())
    after = data.draw(changed_states(before))
    with target.emptied() as session:
        apply(target, session, before)
        counts = {table.name: filled(session, table.name, before) for table in before.tables}
        apply(target, session, after)
        assert planned(session, after)[2] == ()
        for name, count in counts.items():
            assert session.rows(f"SELECT count(*) FROM {quoted(name.name)}") == ((count,),)


def filled(session: Session, name: QualifiedName, state: State) -> int:
    """Insert rows that every change of the strategies can keep; how many went in."""
    table = state.table(name)
    assert table is not None
    chosen = [column for column in table.columns if column.name != "link" and column.generated is None]
    names = ", ".join(quoted(column.name) for column in chosen)
    marks = ", ".join(f"%(p{number})s" for number in range(1, len(chosen) + 1))
    done = 0
    for number in range(3):
        try:
            session.execute(
                f"INSERT INTO {quoted(name.name)} ({names}) VALUES ({marks})",
                [value_of(column, number) for column in chosen],
            )
        except pymysql.IntegrityError:
            continue
        done += 1
    return done
