"""A plan that takes away what a trigger or a view needs is refused when it is made, and no other."""

from pathlib import Path

import pytest

from lbconf.connectors.sqlite.rehearsal import refuse_breaking
from lbconf.errors import PlanError
from lbconf.plan.plan import Plan
from lbconf.records import replace
from lbconf.state.changes import Change
from lbconf.state.diff import compare
from lbconf.state.structure import State
from tests.integration.sqlite.target import SqliteTarget

TABLES = ("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT)", "CREATE TABLE log (what TEXT)")


def changed(path: Path, *statements: str, gone: str = "a") -> tuple[State, tuple[Change, ...], Plan]:
    """The state of a file, what takes a column of t away, and its plan."""
    target = SqliteTarget(path)
    target.run(*TABLES, *statements)
    actual = target.inspect()
    tables = tuple(
        replace(table, columns=tuple(column for column in table.columns if column.name != gone))
        for table in actual.tables
    )
    desired = replace(actual, tables=tables)
    return actual, tuple(compare(actual, desired).changes), target.plan(desired)


@pytest.mark.parametrize(
    ("kind", "statement"),
    [
        ("trigger", "CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO log VALUES (NEW.a); END"),
        ("trigger", "CREATE TRIGGER g AFTER INSERT ON log BEGIN UPDATE t SET a = NEW.what; END"),
        ("view", "CREATE VIEW g AS SELECT a FROM t"),
    ],
)
def test_a_plan_that_takes_away_what_is_needed_is_refused(tmp_path: Path, kind: str, statement: str) -> None:
    actual, changes, plan = changed(tmp_path / "some.db", statement)
    with pytest.raises(PlanError) as caught:
        refuse_breaking(plan.steps, changes, actual)
    (told,) = caught.value.diagnostics
    assert told.code == "LB4026"
    assert told.message.startswith(f"{kind} g would not work any more: no such column")


@pytest.mark.parametrize(
    "statements",
    [
        ("CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO log VALUES (NEW.a); END",),
        (
            "CREATE VIRTUAL TABLE f USING fts5(x)",
            "CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO f VALUES (1); END",
        ),
        ("CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO log VALUES (of_the_application(1)); END",),
        (),
    ],
)
def test_a_plan_that_takes_away_what_nobody_needs_is_made(tmp_path: Path, statements: tuple[str, ...]) -> None:
    actual, changes, plan = changed(tmp_path / "some.db", *statements, gone="b")
    assert plan.steps
    refuse_breaking(plan.steps, changes, actual)
