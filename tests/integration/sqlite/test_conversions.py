"""What a rebuild makes of values whose column changes its type."""

from dataclasses import replace
from pathlib import Path

import pytest

from lbconf.connectors.sqlite import data_checks
from lbconf.connectors.sqlite.mapping import canonical_type
from lbconf.errors import ConnectorError
from lbconf.state.hazards import HazardKind
from lbconf.state.structure import Column, ColumnType, Identity, PrimaryKey, QualifiedName, State, Table
from tests.integration.sqlite.target import SqliteTarget

ID = Column(name="id", type=ColumnType("INTEGER"), nullable=False, identity=Identity(kind="autoincrement"))
TABLE = Table(name=QualifiedName("", "t"), columns=(ID,), primary_key=PrimaryKey(name=None, columns=("id",)), model="T")
MOMENT = "2026-11-21T23:24:44.872Z"


def with_type(written: str) -> State:
    column = Column(name="some value", type=canonical_type(written))
    return State(tables=(replace(TABLE, columns=(ID, column)),))


def changed(path: Path, old: str, new: str, value: object) -> tuple[SqliteTarget, frozenset[HazardKind]]:
    """A table with a value and without one, after its column has changed its type."""
    target = SqliteTarget(path / "a.db")
    target.apply(target.plan(with_type(old)))
    written = repr(value) if isinstance(value, str | int | float) else "NULL"
    target.run(f'INSERT INTO t ("some value") VALUES ({written}), (NULL)')
    plan = target.plan(with_type(new))
    target.apply(plan)
    assert target.plan(with_type(new)).empty
    assert target.run("SELECT name FROM sqlite_schema WHERE name LIKE '\\_lbconf\\_new%' ESCAPE '\\'") == []
    return target, frozenset(plan.hazards)


def stopping(target: SqliteTarget, old: str, new: str) -> object:
    """How many rows are said to stop the change, before it is tried."""
    one, two = (with_type(written).tables[0].columns[1] for written in (old, new))
    condition = data_checks.converted(one, two)
    assert condition is not None
    return target.run(f"SELECT count(*) FROM t AS t WHERE {condition or 'false'}")[0][0]


@pytest.mark.parametrize(
    ("old", "new", "value", "expected"),
    [
        ("DATETIME", "DATE", MOMENT, "2026-11-21"),
        ("DATETIME", "DATE", 1795303484872, "2026-11-21"),
        ("DATE", "DATETIME", "2026-11-21", "2026-11-21T00:00:00.000Z"),
        ("INTEGER", "DATETIME", 1795303484872, MOMENT),
        ("REAL", "DATETIME", 1795303484872.0, MOMENT),
        ("DATETIME", "INTEGER", MOMENT, 1795303484872),
        ("TEXT", "DATETIME", MOMENT, MOMENT),
        ("TEXT", "DATETIME", "2026-11-22 00:24:44.872+01:00", MOMENT),
        ("TEXT", "DATE", "2026-11-21", "2026-11-21"),
        ("DATETIME", "TEXT", MOMENT, MOMENT),
        ("BOOLEAN", "TEXT", 1, "true"),
        ("TEXT", "BOOLEAN", "false", 0),
        ("TEXT", "BOOLEAN", "1", 1),
        ("TEXT", "BOOLEAN", "no", 0),
        ("TEXT", "BOOLEAN", " Y ", 1),
        ("INTEGER", "BOOLEAN", 1, 1),
        ("INTEGER", "BOOLEAN", 2, 1),
        ("INTEGER", "BOOLEAN", 0, 0),
        ("REAL", "INTEGER", 1.75, 2),
        ("REAL", "INTEGER", -1.2, -1),
        ("DECIMAL_TEXT", "INTEGER", "1.75", 2),
        ("DECIMAL_TEXT", "BIGINT", "9007199254740993", 9007199254740993),
        ("REAL", "TEXT", 3.0, "3"),
        ("REAL", "TEXT", -3.5, "-3.5"),
        ("INTEGER", "TEXT", 3, "3"),
        ("TEXT", "INTEGER", " -15 ", -15),
        ("TEXT", "REAL", "15", 15.0),
        ("TEXT", "REAL", "1e3", 1000.0),
        ("TEXT", "INTEGER", "15", 15),
        ("REAL", "INTEGER", 15.0, 15),
        ("INTEGER", "REAL", 15, 15.0),
        ("TEXT", "REAL", "1.5", 1.5),
        ("TEXT", "DECIMAL_TEXT(6,2)", "1234.50", "1234.50"),
        ("REAL", "DECIMAL_TEXT(6,2)", 1234.5, "1234.5"),
        ("DECIMAL_TEXT(6,2)", "DECIMAL_TEXT(8,4)", "1234.50", "1234.50"),
        ("DECIMAL_TEXT(8,4)", "DECIMAL_TEXT(6,2)", "1234.5000", "1234.5000"),
        ("DECIMAL_TEXT", "REAL", "1.50", 1.5),
        ("VARCHAR(20)", "VARCHAR(5)", "fives", "fives"),
        ("BIGINT", "SMALLINT", -32768, -32768),
        ("TEXT", "JSON_TEXT", '{"a":1}', '{"a":1}'),
        ("TEXT", "UUID_TEXT", "3b241101-e2bb-4255-8caf-4136c566a962", "3b241101-e2bb-4255-8caf-4136c566a962"),
        ("GEOMETRY", "TEXT", "as it is", "as it is"),
    ],
)
def test_values_take_the_form_of_the_new_type(
    tmp_path: Path, old: str, new: str, value: object, expected: object
) -> None:
    target, _ = changed(tmp_path, old, new, value)
    rows = target.run('SELECT "some value" FROM t ORDER BY id')
    assert [(repr(found),) for (found,) in rows] == [(repr(expected),), ("None",)]
    before = SqliteTarget(tmp_path / "before.db")
    before.apply(before.plan(with_type(old)))
    before.run(f'INSERT INTO t ("some value") VALUES ({value!r}), (NULL)')
    assert stopping(before, old, new) == 0


@pytest.mark.parametrize(
    ("old", "new", "value"),
    [
        ("VARCHAR(200)", "VARCHAR(60)", "x" * 120),
        ("TEXT", "VARCHAR(5)", "sixsix"),
        ("INTEGER", "VARCHAR(5)", 123456),
        ("TEXT", "INTEGER", "many"),
        ("TEXT", "INTEGER", "1.5"),
        ("TEXT", "INTEGER", "+-1"),
        ("REAL", "INTEGER", 1e300),
        ("TEXT", "REAL", "many"),
        ("TEXT", "BOOLEAN", "maybe"),
        ("TEXT", "BOOLEAN", "2"),
        ("BIGINT", "INTEGER", 2**31),
        ("TEXT", "DATE", "2023-02-30"),
        ("TEXT", "DATE", "yesterday"),
        ("TEXT", "DATETIME", "12"),
        ("TEXT", "DATETIME", "2023-02-30T10:00:00Z"),
        ("TEXT", "DATE", "2023-99-99"),
        ("DECIMAL_TEXT(10,4)", "DECIMAL_TEXT(10,2)", "1.2345"),
        ("DECIMAL_TEXT", "DECIMAL_TEXT(6,2)", "12345"),
        ("TEXT", "JSON_TEXT", "{"),
        ("TEXT", "UUID_TEXT", "one"),
        ("BOOLEAN", "DATE", 1),
    ],
)
def test_a_value_that_does_not_fit_stops_the_change(tmp_path: Path, old: str, new: str, value: object) -> None:
    with pytest.raises(ConnectorError, match=r"values of t\.some value that do not fit"):
        changed(tmp_path, old, new, value)
    target = SqliteTarget(tmp_path / "a.db")
    assert target.run('SELECT "some value" FROM t ORDER BY id') == [(value,), (None,)], "nothing was changed"
    assert HazardKind.MAY_FAIL_ON_DATA in target.plan(with_type(new)).hazards
    assert stopping(target, old, new) == 1, "the value is found before, too"


@pytest.mark.parametrize(
    ("old", "new", "value", "expected"),
    [
        ("DATETIME", "DATE", MOMENT, {HazardKind.DELETES_DATA}),
        ("DECIMAL_TEXT", "REAL", "1.5", {HazardKind.DELETES_DATA, HazardKind.MAY_FAIL_ON_DATA}),
        ("VARCHAR(5)", "VARCHAR(20)", "a", set()),
        ("VARCHAR(5)", "TEXT", "a", set()),
        ("SMALLINT", "BIGINT", 5, set()),
        ("BOOLEAN", "TEXT", 1, set()),
    ],
)
def test_dangers_are_said_where_there_are_some(
    tmp_path: Path, old: str, new: str, value: object, expected: set[HazardKind]
) -> None:
    _, hazards = changed(tmp_path, old, new, value)
    assert hazards == {HazardKind.CHANGES_TYPE, HazardKind.REWRITES_TABLE} | expected


def test_what_fills_the_gaps_need_not_have_been_a_value_of_the_old_type(tmp_path: Path) -> None:
    target = SqliteTarget(tmp_path / "a.db")
    target.apply(target.plan(with_type("BOOLEAN")))
    target.run('INSERT INTO t ("some value") VALUES (NULL)')
    column = Column(
        name="some value", type=canonical_type("DATETIME"), nullable=False, backfill="'2020-01-01T00:00:00.000Z'"
    )

    target.apply(target.plan(State(tables=(replace(TABLE, columns=(ID, column)),))))

    assert target.run('SELECT "some value" FROM t') == [("2020-01-01T00:00:00.000Z",)]
