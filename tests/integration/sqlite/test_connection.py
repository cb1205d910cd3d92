"""Opening SQLite databases: paths, failures in words, locks, time limits."""

import os
import sqlite3
import sys
import warnings
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest

from lbconf.connectors.sqlite import CONNECTOR
from lbconf.connectors.sqlite.connection import bound, by_number
from lbconf.connectors.sqlite.connector import SqliteConnector
from lbconf.datatypes import StringType
from lbconf.diagnostics import Code
from lbconf.errors import ConnectionFailedError, ConnectorError, TimedOutError
from lbconf.project.resolved import DataSource, Layout
from tests.strategies.rows import create_tables, data_source, model

KIND = model({"name": StringType()})


def at(path: Path, **settings: object) -> SqliteConnector:
    return SqliteConnector(data_source("sqlite", {"file": str(path), **settings}))


def test_making_one_opens_nothing(tmp_path: Path) -> None:
    CONNECTOR.create(data_source("sqlite", {"file": str(tmp_path / "a.db")}))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("settings", [{"file": "data/a b#?.db"}, {"url": "sqlite:///data/a%20b%23%3F.db"}])
def test_a_relative_path_starts_from_the_project(tmp_path: Path, settings: dict[str, str]) -> None:
    (tmp_path / "data").mkdir()
    source = DataSource(name="db", connector="sqlite", settings=settings, layout=Layout.NATIVE, root=tmp_path)
    made = SqliteConnector(source)
    made.open()
    assert (tmp_path / "data" / "a b#?.db").exists()
    made.close()


def test_memory_is_shared_by_threads_and_by_no_other_data_source() -> None:
    one, other = (SqliteConnector(data_source("sqlite", {"file": ":memory:"})) for _ in range(2))
    create_tables(one, one.mapping, KIND)
    seen: list[int] = []
    thread = Thread(target=lambda: seen.append(len(one.insert(KIND, [{"name": "a"}]))))
    thread.start()
    thread.join()
    assert seen == [1]
    assert one.count(KIND, None) == 1
    assert other.inspect().tables == ()
    one.close()
    other.close()


def told(made: SqliteConnector, pragma: str) -> list[object]:
    """What the connections that read and the one that writes say."""

    def ask(connection: sqlite3.Connection) -> object:
        return connection.execute(f"PRAGMA {pragma}").fetchone()[0]

    return [made._read(ask), made._write(ask)]


def test_wal_and_foreign_keys_are_on(tmp_path: Path) -> None:
    made = at(tmp_path / "a.db")
    for pragma, expected in (("journal_mode", "wal"), ("foreign_keys", 1), ("busy_timeout", 5000)):
        assert told(made, pragma) == [expected, expected]
    made.close()


def test_why_a_file_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("this is not a database, it is a text that is long enough" * 30)
    for path, reason in (
        (tmp_path, "it is a folder"),
        (tmp_path / "none" / "a.db", f"the folder {tmp_path / 'none'} does not exist"),
        (tmp_path / "text.db", "it is no SQLite database"),
        (tmp_path / "text.db" / "a.db", f"the folder {tmp_path / 'text.db'} does not exist"),
    ):
        made = at(path)
        with pytest.raises(ConnectionFailedError) as caught:
            made.open()
        found = caught.value.diagnostics[0]
        assert found.code is Code.CONNECTION_FAILED
        assert found.message == f"data source db: cannot use the SQLite database {path}: {reason}"
        assert found.hint
        made.close()


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_file_that_may_only_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with sqlite3.connect(path) as direct:
        direct.execute("CREATE TABLE one (id INTEGER)")
    path.chmod(0o444)
    made = at(path)
    with pytest.raises(ConnectionFailedError, match="it may only be read"):
        made.open()
    made.close()


def test_a_lock_that_another_process_holds(tmp_path: Path) -> None:
    made = at(tmp_path / "a.db", busyTimeout=100)
    create_tables(made, made.mapping, KIND)
    other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(TimedOutError, match="another process holds the database's lock"):
        made.insert(KIND, [{"name": "a"}])
    assert made.count(KIND, None) == 0
    other.execute("ROLLBACK")
    other.close()
    assert made.insert(KIND, [{"name": "a"}]) == [{"id": 1, "name": "a"}]
    made.close()


def test_a_slow_statement_times_out(tmp_path: Path) -> None:
    made = at(tmp_path / "a.db", statementTimeout=50)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    with pytest.raises(TimedOutError, match="took longer than allowed"):
        made._read(lambda connection: connection.execute(endless).fetchall())
    made.ping()
    made.close()


def test_close_at_any_time_and_open_again(tmp_path: Path) -> None:
    made = at(tmp_path / "a.db")
    made.close()
    create_tables(made, made.mapping, KIND)
    made.insert(KIND, [{"name": "a"}])
    made.close()
    made.close()
    made.open()
    assert made.count(KIND, None) == 1
    made.close()


def test_unusable_settings() -> None:
    with pytest.raises(ConnectorError) as caught:
        CONNECTOR.create(data_source("sqlite", {"file": ["a"], "max": "none"}))
    assert [found.code for found in caught.value.diagnostics] == [Code.SETTINGS_UNUSABLE] * 2


def test_values_go_to_the_parameters_with_their_numbers() -> None:
    values = (b"a", None, 3)
    with closing(sqlite3.connect(":memory:")) as connection, warnings.catch_warnings():
        warnings.simplefilter("error")
        for given in (bound(values), by_number(values)):
            assert connection.execute("SELECT ?2, ?3, ?1, ?2", given).fetchone() == (None, 3, b"a", None)
        assert connection.execute("SELECT 1", bound(())).fetchone() == (1,)
