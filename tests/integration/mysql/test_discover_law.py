"""Discovery of random MariaDB databases: nothing is left to plan, and the models make the same tables again."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from lbconf.records import replace
from lbconf.state.structure import State, Table
from tests import discovery, servers_mysql
from tests.integration.mysql.target import MysqlTarget
from tests.integration.mysql.test_state_laws import apply
from tests.strategies.mysql_sql import scripts
from tests.strategies.mysql_states import states

EXAMPLES = settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
)


@pytest.fixture(scope="module")
def targets(mysql_server: servers_mysql.MysqlServer) -> Iterator[tuple[MysqlTarget, MysqlTarget]]:
    found = MysqlTarget(mysql_server.create_database()), MysqlTarget(mysql_server.create_database())
    yield found
    for target in found:
        target.close()
        mysql_server.drop_database(target.url)


@EXAMPLES
@given(script=scripts())
def test_a_database_that_people_made_is_as_its_models_say(
    targets: tuple[MysqlTarget, MysqlTarget], script: list[str]
) -> None:
    with targets[0].emptied() as session:
        session.execute("DROP FUNCTION IF EXISTS f")
        session.execute("SET SESSION sql_mode = 'STRICT_TRANS_TABLES'")
        for statement in script:
            try:
                session.execute(statement)
            except pymysql.Error:
                continue  # whatever the server refuses is not there
    with targets[1].emptied():
        pass
    holds(*targets)


@EXAMPLES
@given(wanted=states())
def test_a_database_that_lbconf_made_is_as_its_models_say(
    targets: tuple[MysqlTarget, MysqlTarget], wanted: State
) -> None:
    with targets[0].emptied() as session:
        apply(targets[0], session, wanted)
    with targets[1].emptied():
        pass
    holds(*targets)


def holds(target: MysqlTarget, empty: MysqlTarget) -> None:
    """The law, for these two databases."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        discovery.discovered(target.url, folder / "one")
        plans = discovery.planned(folder / "one", target.url)
        assert all(plan.empty for plan in plans), [change.summary for plan in plans for change in plan.changes]

        written = discovery.files(folder / "one")
        discovery.discovered(target.url, folder / "two")
        assert discovery.files(folder / "two") == written

        again = discovery.made_again(folder / "one", empty.url)
        assert comparable(again) == comparable(discovery.inspected(target.url))


def comparable(state: State) -> list[Table]:
    """Tables without what is reported as not said."""
    return [replace(table, opaque=()) for table in state.tables]
