"""Back-fills go through a table once, in ranges of its key, and miss nothing that comes meanwhile."""

from collections.abc import Iterator

import pytest

from lbconf.connectors.mysql import ddl_columns
from lbconf.connectors.mysql.migrate import MysqlMigration
from lbconf.plan.progress import Event, Notice
from lbconf.records import replace
from lbconf.state.structure import State
from tests.integration.mysql.target import MysqlTarget

ROWS = 1000
BATCH = 100


@pytest.fixture
def target(mysql_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[MysqlTarget]:
    monkeypatch.setattr(ddl_columns, "BATCH", BATCH)
    target = MysqlTarget(mysql_url)
    yield target
    target.close()


def filled(target: MysqlTarget, key: str) -> State:
    """A table with rows, and as it is to be: c is required."""
    target.run(
        f"CREATE TABLE t ({key}, c int, PRIMARY KEY (id))",
        "INSERT INTO t (id, c) WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
        f" SELECT i, IF(i % 2, i, NULL) FROM n WHERE i <= {ROWS}",
    )
    (table,) = target.connector.inspect().tables
    ident, c = table.columns
    return State(tables=(replace(table, columns=(ident, replace(c, nullable=False, backfill="id * 2"))),))


def reads(target: MysqlTarget) -> int:
    mariadb = "SELECT rows_read FROM information_schema.table_statistics"
    mysql = "SELECT count_read FROM performance_schema.table_io_waits_summary_by_table"
    where = "WHERE {} = database() AND {} = 't'"
    rows = target.run(
        f"{mariadb} {where.format('table_schema', 'table_name')}"
        if target.connector.server.mariadb
        else f"{mysql} {where.format('object_schema', 'object_name')}"
    )
    return int(rows[0][0]) if rows else 0


@pytest.mark.parametrize("key", ["id int", "id varchar(20)", "id bigint unsigned", "id varbinary(8)"])
def test_each_row_is_filled_and_looked_at_a_few_times_only(target: MysqlTarget, key: str) -> None:
    wanted = filled(target, key)
    batches: list[int] = []

    def watch(notice: Notice) -> None:
        if notice.event is Event.ROWS:
            batches.append(notice.rows)

    if target.connector.server.mariadb:
        target.run("SET GLOBAL userstat = 1", "FLUSH TABLE_STATISTICS")
    else:
        target.run("TRUNCATE performance_schema.table_io_waits_summary_by_table")
    try:
        target.apply(target.plan(wanted), watcher=watch)
        read = reads(target)
    finally:
        if target.connector.server.mariadb:
            target.run("SET GLOBAL userstat = 0")
    # Half the rows of each range of a hundred want a value, about so many where keys are sorted as texts.
    steps = [after - before for before, after in zip((0, *batches), batches, strict=False)]
    assert (len(steps), sum(steps)) == (ROWS // BATCH, ROWS // 2)
    assert all(BATCH // 2 - 2 <= step <= BATCH // 2 + 2 for step in steps), steps
    # Once to find the ends of the ranges, once to change them, once to see that nothing was missed, and the table anew.
    assert 0 < read < 6 * ROWS
    assert target.run("SELECT count(*), sum(c = IF(id % 2, id, id * 2)) FROM t") == [(ROWS, ROWS)]


def test_rows_that_come_behind_a_range_are_filled_too(target: MysqlTarget, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = filled(target, "id int")
    once = MysqlMigration._once
    late = [-3, -2, -1]

    def disturbed(self: MysqlMigration, sql: str) -> int:
        changed = once(self, sql)
        if late and sql.startswith("UPDATE"):
            target.run(f"INSERT INTO t VALUES ({late.pop()}, NULL)")
        return changed

    monkeypatch.setattr(MysqlMigration, "_once", disturbed)
    target.apply(target.plan(wanted))
    assert not late
    assert target.run("SELECT id, c FROM t WHERE id < 0 ORDER BY id") == [(-3, -6), (-2, -4), (-1, -2)]


def test_without_a_key_of_one_column_batches_are_simply_repeated(target: MysqlTarget) -> None:
    target.run(
        "CREATE TABLE t (a int, b int, c int, PRIMARY KEY (a, b))", "INSERT INTO t VALUES (1, 1, NULL), (1, 2, 7)"
    )
    (table,) = target.connector.inspect().tables
    a, b, c = table.columns
    plan = target.plan(State(tables=(replace(table, columns=(a, b, replace(c, nullable=False, backfill="5"))),)))
    assert "/*" not in plan.steps[0].statements[0].sql
    target.apply(plan)
    assert target.run("SELECT c FROM t ORDER BY b") == [(5,), (7,)]
