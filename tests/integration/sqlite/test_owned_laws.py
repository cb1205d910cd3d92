"""Any database becomes any other one where the models own the file, however a person wrote either of them."""

import sqlite3
import tempfile
from pathlib import Path

from hypothesis import assume, given, settings

from lbconf.records import replace
from lbconf.state.structure import EVERYTHING, State, Table
from tests.integration.sqlite.target import SqliteTarget
from tests.strategies.sqlite_sql import scripts

OURS = "m.name NOT GLOB '_lbconf_*' AND m.name NOT GLOB 'sqlite_*'"
FACTS = (
    f"""SELECT m.name, x.name, x."notnull", x.pk, x.hidden FROM sqlite_schema AS m, pragma_table_xinfo(m.name) AS x
    WHERE m.type = 'table' AND {OURS} ORDER BY 1, 2""",
    f"SELECT m.name, m.wr, m.strict FROM pragma_table_list AS m WHERE type = 'table' AND {OURS} ORDER BY 1",
    f"""SELECT m.name, l.origin, l."unique", l.partial, group_concat(x.cid || x."desc" || upper(x.coll))
    FROM sqlite_schema AS m, pragma_index_list(m.name) AS l, pragma_index_xinfo(l.name) AS x
    WHERE m.type = 'table' AND x.key AND {OURS} GROUP BY m.name, l.name ORDER BY 1, 2, 3, 4, 5""",
    f"""SELECT m.name, f."table", f."from", f."to", f.on_delete, f.on_update
    FROM sqlite_schema AS m, pragma_foreign_key_list(m.name) AS f
    WHERE m.type = 'table' AND {OURS} ORDER BY 1, 2, 3, 4, 5, 6""",
)
"""What SQLite itself says of a file, spelling left out."""


def database(path: Path, script: list[str]) -> SqliteTarget:
    target = SqliteTarget(path)
    try:
        target.run(*script)
    except sqlite3.OperationalError:
        assume(False)  # noqa: FBT003 - hypothesis' signature; a few scripts are too odd for some versions of SQLite
    return target


def said(state: State) -> State:
    """What models can say of it, all of it."""
    return replace(state, owns=(EVERYTHING,), opaque=(), tables=tuple(replace(t, opaque=()) for t in state.tables))


def plain(state: State) -> list[Table]:
    return [
        replace(table, opaque=(), columns=tuple(sorted(table.columns, key=lambda column: column.name)))
        for table in state.tables
    ]


@settings(max_examples=50)
@given(before=scripts(), after=scripts())
def test_any_file_becomes_any_other(before: list[str], after: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        target, other = database(Path(folder) / "a.db", before), database(Path(folder) / "b.db", after)
        # A trigger that stays would miss what it needs, and says so: test_views.py.
        target.run("DROP TRIGGER IF EXISTS told", *(f'DROP VIEW IF EXISTS "{name}"' for name in ("seen", "Big View")))
        wanted = said(other.inspect())

        target.apply(target.plan(wanted))

        assert target.plan(wanted).empty
        assert plain(target.inspect()) == plain(wanted)
        assert [view.definition for view in target.inspect().views] == [view.definition for view in wanted.views]


@settings(max_examples=50)
@given(script=scripts())
def test_a_file_made_from_what_another_says_is_the_same_to_sqlite(script: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        first, second = database(Path(folder) / "a.db", script), SqliteTarget(Path(folder) / "b.db")
        wanted = said(first.inspect())
        second.apply(second.plan(wanted))
        for query in FACTS:
            assert second.run(query) == first.run(query)
        assert first.plan(wanted).empty
        assert second.plan(wanted).empty
