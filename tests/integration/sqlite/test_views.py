"""Views: made where a model says their query, and kept around changes of what they read."""

from pathlib import Path

import pytest

from lbconf.errors import ConnectorError
from lbconf.records import replace
from lbconf.state.structure import Column, ColumnType, QualifiedName, State, Table, View
from tests.integration.sqlite.target import SqliteTarget

VIEWS = {
    "plain": "CREATE VIEW seen AS SELECT id, a FROM t",
    "lower case": "CREATE VIEW seen as select id, a from t;",
    "with columns": 'CREATE VIEW IF NOT EXISTS "seen" (one, "number two") AS SELECT id, a FROM t -- why',
    "with casts": "CREATE VIEW [seen] AS SELECT CAST(a AS INT) AS x, ' AS ' AS y FROM t WHERE a IN (SELECT a FROM t)",
    "with WITH": "CREATE VIEW main.seen AS WITH s(n) AS (SELECT 1 UNION SELECT n + 1 FROM s LIMIT 3) SELECT n FROM s",
    "keyword": 'CREATE VIEW "order" AS SELECT id FROM t',
}
NAME = QualifiedName("", "t")


@pytest.fixture
def target(tmp_path: Path) -> SqliteTarget:
    made = SqliteTarget(tmp_path / "data.db")
    made.run("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INT)", "INSERT INTO t VALUES (1, 'x', 2)")
    return made


def table(state: State) -> Table:
    found = state.table(NAME)
    assert found is not None
    return found


@pytest.mark.parametrize("sql", VIEWS.values(), ids=VIEWS)
def test_a_view_is_made_as_it_was_written(target: SqliteTarget, sql: str) -> None:
    target.run(sql)
    ((before,),) = [target.run("SELECT sql FROM sqlite_schema WHERE type = 'view'")]
    wanted = target.inspect()
    rows = target.run(f'SELECT * FROM "{wanted.views[0].name}"')
    assert target.plan(wanted).empty
    target.run(f'DROP VIEW "{wanted.views[0].name}"')

    plan = target.plan(wanted)
    target.apply(plan)

    assert [step.summary for step in plan.steps] == [f"create view {wanted.views[0].name}"]
    ((after,),) = [target.run("SELECT sql FROM sqlite_schema WHERE type = 'view'")]
    assert str(after[0]).split() == str(before[0]).split()
    assert target.run(f'SELECT * FROM "{wanted.views[0].name}"') == rows
    assert target.plan(wanted).empty


def test_views_of_views_and_their_triggers_are_made_again_around_a_change(target: SqliteTarget) -> None:
    target.run(
        "CREATE VIEW one AS SELECT id, a FROM t",
        "CREATE TRIGGER put INSTEAD OF INSERT ON one BEGIN INSERT INTO t (a) VALUES (new.a); END",
        "CREATE VIEW two AS SELECT a FROM one",
    )
    actual = target.inspect()
    one = replace(actual.views[0], definition="SELECT id, a, b FROM t")
    assert [view.depends_on for view in actual.views] == [(NAME,), (QualifiedName("", "one"),)]
    wanted = replace(actual, views=(one, actual.views[1]))

    target.apply(target.plan(wanted))

    target.run("INSERT INTO one (a) VALUES ('y')")
    assert target.run("SELECT * FROM one") == [(1, "x", 2), (2, "y", None)]
    assert target.run("SELECT * FROM two") == [("x",), ("y",)]
    assert target.plan(wanted).empty


def test_a_rebuild_keeps_views_and_triggers(target: SqliteTarget) -> None:
    target.run(
        "CREATE VIEW seen AS SELECT id, a FROM t",
        "CREATE TABLE log (what TEXT)",
        "CREATE TRIGGER told AFTER INSERT ON t BEGIN INSERT INTO log SELECT a FROM seen WHERE id = new.id; END",
    )
    found = table(target.inspect())
    columns = (*found.columns[:2], Column(name="b", type=ColumnType("TEXT")))
    before = target.run("SELECT type, name, sql FROM sqlite_schema WHERE type IN ('view', 'trigger') ORDER BY 1, 2")

    target.apply(target.plan(State(tables=(replace(found, columns=columns),))))

    now = target.run("SELECT type, name, sql FROM sqlite_schema WHERE type IN ('view', 'trigger') ORDER BY 1, 2")
    assert now == before
    target.run("INSERT INTO t (a) VALUES ('new')")
    assert target.run("SELECT what FROM log") == [("new",)]


def test_a_column_goes_together_with_the_view_that_reads_it(target: SqliteTarget) -> None:
    target.run("CREATE VIEW seen AS SELECT id, a FROM t")
    actual = target.inspect()
    found = table(actual)
    shorter = replace(found, columns=(found.columns[0], found.columns[2]))
    unsaid = State(tables=(shorter,))
    with pytest.raises(ConnectorError, match="view seen would not work any more: no such column: a"):
        target.apply(target.plan(unsaid))
    assert target.run("SELECT * FROM seen") == [(1, "x")], "nothing was changed"

    said = replace(unsaid, views=(replace(actual.views[0], definition="SELECT id, b FROM t"),))
    target.apply(target.plan(said))

    assert target.run("SELECT * FROM seen") == [(1, 2)]
    assert target.plan(said).empty


def test_a_query_is_made_a_view_with_its_name_in_quotes(target: SqliteTarget) -> None:
    view = View(name=QualifiedName("", 'Odd "view"'), columns=(), definition="SELECT b FROM t;\n")
    wanted = replace(target.inspect(), views=(view,))
    target.apply(target.plan(wanted))
    assert target.run('SELECT * FROM "Odd ""view"""') == [(2,)]
    assert target.plan(wanted).empty
