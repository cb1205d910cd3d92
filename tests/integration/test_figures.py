"""docs/applying.md tells how often each fault was tried: as often as the sweeps of today find places for it."""

from pathlib import Path

import pytest

from lbconf.plan.progress import Event
from tests.integration import figures
from tests.integration.mysql import killed_apply as mysql
from tests.integration.mysql.target import MysqlTarget
from tests.integration.mysql.test_interrupted import begun, statements
from tests.integration.postgresql import killed_apply as postgresql
from tests.integration.postgresql.target import PostgresqlTarget
from tests.integration.postgresql.test_interrupted import WAYS, fill, places
from tests.integration.sqlite import killed_apply as sqlite
from tests.integration.sqlite.target import SqliteTarget
from tests.integration.sqlite.test_outages import JOURNALS
from tests.integration.sqlite.test_outages import places as places_of_file

PLANS = 2
"""Each place of a full sweep is tried with the same plan and with a new one."""


def test_the_figures_of_postgresql_are_those_of_its_sweep(postgresql_url: str) -> None:
    target = PostgresqlTarget(postgresql_url)
    target.apply(target.plan(postgresql.BEFORE))
    fill(target)
    found = [place for way in WAYS for place in places(target.plan(postgresql.AFTER, online=way == "online"))]
    target.close()
    told = figures.documented()
    assert told["PostgreSQL", figures.STEP] == PLANS * sum(len(place) == 2 for place in found)
    assert told["PostgreSQL", figures.STATEMENT] == PLANS * sum(
        len(place) == 3 and place[0] != Event.ROWS for place in found
    )
    assert 0 < told["PostgreSQL", figures.ROWS] <= PLANS * sum(place[0] == Event.ROWS for place in found)


def test_the_figures_of_mariadb_are_those_of_its_sweep(mysql_url: str) -> None:
    target = MysqlTarget(mysql_url)
    begun(target)
    assert mysql.AFTER.tables
    executed = len(statements(target))
    target.close()
    assert figures.documented()["MariaDB", figures.STATEMENT] == 2 * executed, "before and after each"


def test_the_figures_of_sqlite_are_those_of_its_sweep(tmp_path: Path) -> None:
    target = SqliteTarget(tmp_path / "some.db")
    target.apply(target.plan(sqlite.BEFORE))
    found = places_of_file(target.plan(sqlite.AFTER))
    told = figures.documented()
    times = PLANS * len(JOURNALS)
    assert told["SQLite", figures.STEP] == times * sum(len(place) == 2 for place in found)
    assert told["SQLite", figures.STATEMENT] == times * sum(len(place) == 3 for place in found)


@pytest.mark.parametrize(
    ("server", "missing"),
    [
        ("PostgreSQL", {figures.READ_ONLY}),
        ("MariaDB", {figures.STEP, figures.ROWS, figures.READ_ONLY, figures.FULL}),
        ("SQLite", {figures.ROWS, figures.CUT, figures.STOPPED}),
    ],
)
def test_no_fault_is_missing_but_what_a_server_cannot_have_or_is_said_not_to_be_tried(
    server: str, missing: set[str]
) -> None:
    told = figures.documented()
    assert {fault for fault in figures.FAULTS if (server, fault) not in told} == missing


def test_what_is_counted_is_what_the_table_tells() -> None:
    counted = figures.counted(f"SQLite\t{figures.TWO}\nSQLite\t{figures.TWO}\nMariaDB\t{figures.CUT}\n")
    assert f"| {figures.TWO} | - | - | 2 |" in figures.table(counted)
    assert f"| {figures.CUT} | - | 1 | - |" in figures.table(counted)
