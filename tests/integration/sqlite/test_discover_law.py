"""Discovery of random SQLite files: nothing is left to plan, and the models make the same file again."""

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, example, given, settings

from lbconf.connectors.sqlite.normalize import normalize
from lbconf.records import replace
from lbconf.state.structure import Index, IndexPart, State, Table
from tests import discovery
from tests.integration.sqlite.target import SqliteTarget
from tests.integration.sqlite.test_laws import a_state
from tests.strategies.sqlite_sql import scripts

pytestmark = pytest.mark.skipif(sqlite3.sqlite_version_info < (3, 37), reason="STRICT tables need SQLite 3.37")
EXAMPLES = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
FOUND = (
    ["CREATE TABLE t (a, b DEFAULT word, c INT DEFAULT TRUE, d CHAR(2) DEFAULT 'long', e TEXT DEFAULT '$now')"],
    ["CREATE TABLE t (a INTEGER DEFAULT 0x10 PRIMARY KEY, b INT DEFAULT 0x10)"],
    ["CREATE TABLE t (a INT PRIMARY KEY) STRICT, WITHOUT ROWID"],
    ["CREATE TABLE t (a INT, b INT, PRIMARY KEY (a, b), FOREIGN KEY (a) REFERENCES t)"],
    ["CREATE TABLE t (a INT REFERENCES t (b), b INT, constructor INT REFERENCES nowhere)"],
    ["CREATE TABLE t (a INT CONSTRAINT c UNIQUE CONSTRAINT c CHECK (a > 0) CONSTRAINT c CHECK (a < 9))"],
    ["CREATE TABLE t (a INT UNIQUE)", "CREATE UNIQUE INDEX i ON t (a)"],
    ["CREATE TABLE t (a INT CONSTRAINT u UNIQUE)", "CREATE TABLE u (a INT CONSTRAINT u UNIQUE)"],
    ["CREATE TABLE p (a INT PRIMARY KEY)", "CREATE TABLE t (a INT PRIMARY KEY, constructor INT REFERENCES p)"],
)
"""Files whose discovery was wrong once."""


@EXAMPLES
@given(script=scripts())
@example(script=FOUND[0])
@example(script=FOUND[1])
@example(script=FOUND[2])
@example(script=FOUND[3])
@example(script=FOUND[4])
@example(script=FOUND[5])
@example(script=FOUND[6])
@example(script=FOUND[7])
@example(script=FOUND[8])
def test_a_file_that_people_wrote_is_as_its_models_say(script: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        with closing(sqlite3.connect(Path(folder) / "a.db")) as connection:
            try:
                for statement in script:
                    connection.execute(statement)
            except sqlite3.OperationalError:
                assume(False)  # noqa: FBT003 - hypothesis' signature
            connection.commit()
        holds(Path(folder))


@EXAMPLES
@given(state=a_state)
def test_a_file_that_lbconf_made_is_as_its_models_say(state: State) -> None:
    with tempfile.TemporaryDirectory() as folder:
        target = SqliteTarget(Path(folder) / "a.db")
        target.apply(target.plan(state))
        holds(Path(folder))


def test_the_command_says_nothing_to_do_with_exit_code_0(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        for statement in (sql for script in FOUND[:1] for sql in script):
            connection.execute(statement)
    url = f"sqlite:///{tmp_path / 'a.db'}"
    assert discovery.command("discover", "--url", url, "--out", tmp_path / "one")[0] == 0
    planned = discovery.command("--project", tmp_path / "one", "plan", "--url", url, "--detailed-exitcode")
    assert planned[:2] == (0, "Nothing to do. The database is as the models say.\n")


def holds(folder: Path) -> None:
    """The law, for `a.db` in this folder."""
    url = f"sqlite:///{folder / 'a.db'}"
    discovery.discovered(url, folder / "one")
    plans = discovery.planned(folder / "one", url)
    assert discovery.telling(plans) == []
    assert all(plan.empty for plan in plans)

    written = discovery.files(folder / "one")
    discovery.discovered(url, folder / "one")
    discovery.discovered(url, folder / "two")
    assert discovery.files(folder / "one") == written
    assert discovery.files(folder / "two") == written

    again = discovery.made_again(folder / "one", f"sqlite:///{folder / 'b.db'}")
    assert comparable(again) == comparable(discovery.inspected(url))


def comparable(state: State) -> list[Table]:
    """Tables without what is reported as not said; uniqueness has many names in SQLite, and means the same."""
    tables = normalize(replace(state, views=())).tables
    return [
        replace(table, opaque=(), indexes=tuple(sorted(map(_unnamed, table.indexes), key=repr))) for table in tables
    ]


def _unnamed(index: Index) -> Index:
    plain = index.where is None and all(part == IndexPart(column=part.column) for part in index.parts)
    return replace(index, name="") if index.unique and plain else index
