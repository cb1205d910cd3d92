"""A file has one list of names for tables and indexes: what one table gives up another may take in the same plan."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from lbconf.records import replace
from lbconf.state.structure import EVERYTHING, State
from tests.integration.sqlite.target import SqliteTarget

REBUILT = "CREATE TABLE a (x INT, y INT UNIQUE)"
TWO = ("CREATE TABLE a (x INT, y INT)", "CREATE TABLE b (x INT)")


def wanted(path: Path, script: tuple[str, ...]) -> State:
    state = SqliteTarget(path)
    state.run(*script)
    return replace(state.inspect(), owns=(EVERYTHING,))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            (REBUILT, "CREATE TABLE b (x INT)", "CREATE INDEX i ON b (x)"),
            ("CREATE TABLE a (x INT, y INT)", "CREATE INDEX i ON a (x)"),
            id="of a table that goes, to one that is rebuilt",
        ),
        pytest.param(
            (REBUILT, "CREATE TABLE b (x INT)", 'CREATE INDEX "I" ON b (x)'),
            (*TWO, "CREATE INDEX i ON a (x)"),
            id="in other letters, of a table that stays",
        ),
        pytest.param(
            (*TWO, "CREATE INDEX i ON a (x)", "CREATE INDEX j ON b (x)"),
            (*TWO, "CREATE INDEX j ON a (x)", "CREATE INDEX i ON b (x)"),
            id="swapped",
        ),
        pytest.param(
            (*TWO, "CREATE INDEX i ON a (x)", "CREATE INDEX k ON a (y)", "CREATE INDEX j ON b (x)"),
            (*TWO, "CREATE INDEX j ON a (x)", "CREATE INDEX i ON a (y)", "CREATE INDEX k ON b (x)"),
            id="swapped among three",
        ),
        pytest.param(
            (REBUILT, "CREATE TABLE b (x INT UNIQUE)", "CREATE INDEX i ON a (x)", "CREATE INDEX j ON b (x)"),
            (*TWO, "CREATE INDEX j ON a (x)", "CREATE INDEX i ON b (x)"),
            id="swapped among tables that are rebuilt",
        ),
        pytest.param(
            (REBUILT, "CREATE TABLE b (x INT)"),
            ("CREATE TABLE a (x INT, y INT)", "CREATE INDEX b ON a (x)"),
            id="a table's, to an index of one that is rebuilt",
        ),
        pytest.param(
            ("CREATE TABLE a (x INT)", "CREATE TABLE c (x INT)", "CREATE INDEX b ON c (x)"),
            ("CREATE TABLE a (x INT)", "CREATE TABLE b (x INT)"),
            id="an index's, to a new table",
        ),
        pytest.param(
            (*TWO, "CREATE UNIQUE INDEX i ON b (x)"),
            (*TWO, "CREATE TABLE i (x INT)"),
            id="an index's of a table that stays, to a new table",
        ),
    ],
)
def test_a_name_goes_from_one_table_to_another(tmp_path: Path, before: tuple[str, ...], after: tuple[str, ...]) -> None:
    target = SqliteTarget(tmp_path / "a.db")
    target.run(*before, "INSERT INTO a (x) VALUES (1), (2)")
    desired = wanted(tmp_path / "b.db", after)
    plan = target.plan(desired)
    assert {place for step in plan.steps for place in step.covers} == set(range(len(plan.changes)))

    target.apply(plan)

    assert target.plan(desired).empty
    assert target.inspect().tables == desired.tables
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        assert connection.execute("SELECT x FROM a ORDER BY x").fetchall() == [(1,), (2,)]


def test_a_table_is_renamed_as_an_index_was_that_goes(tmp_path: Path) -> None:
    target = SqliteTarget(tmp_path / "a.db")
    target.run(
        "CREATE TABLE a (x INT)", "CREATE TABLE c (x INT)", "CREATE INDEX b ON c (x)", "INSERT INTO a VALUES (1)"
    )
    desired = wanted(tmp_path / "b.db", ("CREATE TABLE b (x INT)", "CREATE TABLE c (x INT)"))
    (table, other) = desired.tables
    renamed = replace(table, renamed_from=replace(table.name, name="a"))

    target.apply(target.plan(replace(desired, tables=(renamed, other))))

    assert target.inspect().tables == desired.tables
    assert target.run("SELECT x FROM b") == [(1,)]
