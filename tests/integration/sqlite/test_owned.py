"""A file that the models own: everything is as it is said, and as it was written where no model says otherwise."""

from pathlib import Path

import pytest

from lbconf.records import replace
from lbconf.state.hazards import HazardKind
from lbconf.state.structure import EVERYTHING, QualifiedName, State
from tests.integration.sqlite.target import SqliteTarget

VARIANTS = {
    "row id": "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b TEXT)",
    "row id that says NOT NULL": "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, a INT, b TEXT)",
    "counted": "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a INT, b TEXT)",
    "no row id": "CREATE TABLE t (id TEXT PRIMARY KEY, a INT, b TEXT) WITHOUT ROWID",
    "strict": "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b TEXT) STRICT",
    "both": "CREATE TABLE t (id TEXT PRIMARY KEY, a ANY, b TEXT) STRICT, WITHOUT ROWID",
    "key with NULLs": "CREATE TABLE t (id TEXT PRIMARY KEY, a INT, b TEXT)",
    "key without NULLs": "CREATE TABLE t (id TEXT NOT NULL PRIMARY KEY, a INT, b TEXT)",
    "key of two": "CREATE TABLE t (id INT, a INT, b TEXT, PRIMARY KEY (id, a DESC))",
    "descending, no row id": "CREATE TABLE t (id INTEGER PRIMARY KEY DESC, a INT, b TEXT)",
    "descending row id": "CREATE TABLE t (id INTEGER, a INT, b TEXT, PRIMARY KEY (id DESC))",
    "collated key": "CREATE TABLE t (id TEXT, a INT, b TEXT, PRIMARY KEY (id COLLATE NOCASE) ON CONFLICT IGNORE)",
    "unique": "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT UNIQUE, b TEXT)",
    "unique by name": 'CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b TEXT, CONSTRAINT "the u" UNIQUE (a, b))',
    "unique that replaces": "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b TEXT, UNIQUE (a) ON CONFLICT REPLACE)",
    "not null that ignores": "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT NOT NULL ON CONFLICT IGNORE, b TEXT)",
    "virtual": "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b TEXT AS (a || 'x'))",
    "stored": "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b TEXT AS (a || 'x') STORED)",
    "reference to a key": "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT REFERENCES p, b TEXT)",
    "reference to a column": "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT REFERENCES p (id), b TEXT)",
}
PRAGMAS = (
    "SELECT name, upper(type), \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo('t')",
    "SELECT wr, strict FROM pragma_table_list WHERE name = 't'",
    """SELECT l.origin, l."unique", x.cid, x."desc", x.coll
    FROM pragma_index_list('t') AS l, pragma_index_xinfo(l.name) AS x WHERE x.key ORDER BY 1, 2, 3""",
    'SELECT "table", "from", "to", on_delete FROM pragma_foreign_key_list(\'t\')',
)


@pytest.fixture
def target(tmp_path: Path) -> SqliteTarget:
    made = SqliteTarget(tmp_path / "data.db")
    made.run("CREATE TABLE p (id INTEGER PRIMARY KEY)")
    return made


def facts(target: SqliteTarget) -> list[object]:
    return [target.run(query) for query in PRAGMAS]


def owning(state: State) -> State:
    return replace(state, owns=(EVERYTHING,))


@pytest.mark.parametrize("after", VARIANTS)
@pytest.mark.parametrize("before", VARIANTS)
def test_one_form_of_a_table_becomes_the_other(target: SqliteTarget, tmp_path: Path, before: str, after: str) -> None:
    other = SqliteTarget(tmp_path / "other.db")
    other.run("CREATE TABLE p (id INTEGER PRIMARY KEY)", VARIANTS[after])
    target.run("INSERT INTO p VALUES (1)", VARIANTS[before])
    target.run("INSERT INTO t (id, a) VALUES (1, 1)")
    wanted = owning(other.inspect())

    plan = target.plan(wanted)
    target.apply(plan)

    same = before == after or {before, after} == {"row id", "descending row id"}
    assert plan.empty == same
    assert facts(target) == facts(other)
    assert target.plan(wanted).empty
    assert target.run("SELECT CAST(id AS TEXT), CAST(a AS TEXT) FROM t") == [("1", "1")]


def test_null_in_a_key_stays_where_the_key_took_it(target: SqliteTarget) -> None:
    target.run("CREATE TABLE t (id TEXT PRIMARY KEY, a INT)", "INSERT INTO t VALUES (NULL, 1), (NULL, 2), ('x', 3)")
    table = target.inspect().table(QualifiedName("", "t"))
    assert table is not None
    shorter = replace(table, columns=table.columns[:1], options=())
    target.apply(target.plan(State(tables=(shorter,))))
    assert target.run("SELECT id FROM t ORDER BY 1") == [(None,), (None,), ("x",)]


def test_a_table_that_nobody_asks_for_goes_with_consent_only(target: SqliteTarget) -> None:
    target.run(
        "CREATE TABLE odd (x, y)",
        "CREATE VIRTUAL TABLE words USING fts5(text)",
        "CREATE TABLE _lbconf_own (id INTEGER PRIMARY KEY)",
        "INSERT INTO words VALUES ('hello')",
    )
    table = target.inspect().table(QualifiedName("", "p"))
    assert table is not None
    assert target.plan(State(tables=(table,))).empty, "nobody speaks for the file"

    plan = target.plan(owning(State(tables=(table,))))

    assert [step.summary for step in plan.steps] == ["drop table odd"]
    assert {hazard.kind for step in plan.steps for hazard in step.hazards} >= {HazardKind.DELETES_DATA}
    target.apply(plan)
    assert target.run("SELECT name FROM sqlite_schema WHERE name = 'odd'") == []
    assert target.run("SELECT text FROM words WHERE words MATCH 'hello'") == [("hello",)]
    assert [(fact.kind, fact.name) for fact in target.inspect().opaque] == [("virtual table", "words")]


def test_options_name_columns_by_their_new_names(target: SqliteTarget) -> None:
    target.run(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INT, UNIQUE (a COLLATE NOCASE DESC))",
        "INSERT INTO t VALUES (1, 'x', 2)",
    )
    table = target.inspect().table(QualifiedName("", "t"))
    assert table is not None
    columns = (table.columns[0], replace(table.columns[1], name="c", renamed_from="a"))
    unique = replace(table.uniques[0], columns=("c",))
    target.apply(target.plan(State(tables=(replace(table, columns=columns, uniques=(unique,), options=()),))))
    rows = target.run(
        "SELECT x.name, x.\"desc\", x.coll FROM pragma_index_list('t') AS l, pragma_index_xinfo(l.name) AS x "
        "WHERE x.key"
    )
    assert rows == [("c", 1, "NOCASE")]
    assert target.run("SELECT c FROM t") == [("x",)]
