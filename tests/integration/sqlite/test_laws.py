"""Laws of inspection, diff and apply on real SQLite files."""

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lbconf.connectors.capabilities import FULL, StateCapabilities
from lbconf.connectors.sqlite.conversions import conversion
from lbconf.plan.plan_file import read_plan_file, write_plan_file
from lbconf.state.diff import diff
from lbconf.state.structure import ColumnType, Identity, State
from tests.integration.sqlite.target import SqliteTarget, quote
from tests.strategies.states import ServerWords, TypeWords, states

CAPABILITIES = StateCapabilities(**dict.fromkeys(StateCapabilities.__dataclass_fields__, FULL))
WORDS = ServerWords(
    namespace="",
    key=ColumnType("INTEGER"),
    identities=(Identity(kind="rowid"), Identity(kind="autoincrement")),
    types=(
        TypeWords(ColumnType("TEXT"), "'it''s'", "'t'"),
        TypeWords(ColumnType("VARCHAR", (20,)), "''", "'v'"),
        TypeWords(ColumnType("REAL"), "-1.5", "2.5"),
        TypeWords(ColumnType("BIGINT"), "7", "8"),
        TypeWords(ColumnType("BOOLEAN"), "1", "0"),
        TypeWords(ColumnType("DATETIME"), "(strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))", "'2020-01-01T00:00:00.000Z'"),
        TypeWords(ColumnType("JSON_TEXT"), "'{\"a\":[1,2]}'", "'[]'"),
        TypeWords(ColumnType("BLOB"), "x'00ff'", "x'01'"),
        TypeWords(ColumnType("DECIMAL_TEXT", (10, 2)), "'1.10'", "'0.00'"),
    ),
    check=lambda column: f"{quote(column)} IS NULL OR length({quote(column)})>=0 AND 'a  b' <> ''",
    named_keys=False,
)
a_state = states(CAPABILITIES, WORDS)


@pytest.fixture
def target(tmp_path: Path) -> SqliteTarget:
    return SqliteTarget(tmp_path / "some.db")


@given(state=a_state)
def test_a_state_does_not_differ_from_itself(state: State) -> None:
    assert diff(state, state) == ()


@settings(max_examples=150)
@given(state=a_state)
def test_inspection_after_apply_gives_the_normalised_state(state: State) -> None:
    with tempfile.TemporaryDirectory() as folder:
        target = SqliteTarget(Path(folder) / "a.db")
        target.apply(target.plan(state))
        assert target.inspect() == target.normalize(state)
        assert target.plan(state).empty


@settings(max_examples=150)
@given(before=a_state, after=a_state)
def test_any_state_can_be_reached_from_any_other_with_its_rows(before: State, after: State) -> None:
    with tempfile.TemporaryDirectory() as folder:
        target = SqliteTarget(Path(folder) / "a.db")
        target.apply(target.plan(before))
        kept = fill(target, before, after)

        target.apply(target.plan(after))

        assert target.plan(after).empty
        assert {table.name for table in target.inspect().tables} == {table.name for table in after.tables}
        with closing(sqlite3.connect(target.path)) as connection:
            for statement, rows in kept:
                assert connection.execute(statement).fetchall() == rows
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@settings(max_examples=50)
@given(before=a_state, after=a_state, environment=st.text(max_size=5))
def test_a_plan_survives_a_file(before: State, after: State, environment: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        target = SqliteTarget(Path(folder) / "a.db")
        target.apply(target.plan(before))
        plan = target.plan(after)
        file = Path(folder) / "some.plan"
        write_plan_file(file, [plan], environment=environment)
        read = read_plan_file(file)
        assert read.plans == (plan,)
        assert read.plans[0].digest == plan.digest
        assert read.environment == environment


def fill(target: SqliteTarget, before: State, after: State) -> list[tuple[str, list[tuple[object, ...]]]]:
    """Put three rows into each table; queries, with their answers, that must give the same afterwards."""
    kept: list[tuple[str, list[tuple[object, ...]]]] = []
    with closing(sqlite3.connect(target.path)) as connection:
        for table in before.tables:
            later = after.table(table.name)
            # Values that no longer fit stop a plan (test_conversions.py): such a table stays empty.
            fitting = later is None or all(
                c.nullable or found is None or conversion(c.type, found.type, "c").fits is None
                for c in table.columns
                for found in [later.column(c.name)]
            )
            for number in range(1, 4) if fitting else ():
                values = {c.name: None if c.nullable else number for c in table.columns}
                names = ", ".join(quote(name) for name in values)
                marks = ", ".join("?" for _ in values)
                connection.execute(
                    f"INSERT INTO {quote(table.name.name)} ({names}) VALUES ({marks})", tuple(values.values())
                )
            if later is not None:
                same = [
                    c.name
                    for c in table.columns
                    if (found := later.column(c.name)) is not None and found.type == c.type and not c.nullable
                ]
                query = f"SELECT {', '.join(map(quote, same))} FROM {quote(table.name.name)} ORDER BY id"
                kept.append((query, connection.execute(query).fetchall()))
        connection.commit()
    return kept
