"""A database that lies where nothing can be written can be looked at and planned for."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from lbconf.connectors.sqlite.connector import SqliteConnector
from lbconf.errors import ConnectorError
from tests.strategies.rows import data_source

NOBODY = 65534


@contextmanager
def as_nobody() -> Iterator[None]:
    """What the superuser may do proves nothing."""
    mine = os.geteuid()
    if mine == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if mine == 0:
            os.seteuid(mine)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not below `tmp_path`, where others may not look."""
    made = Path(tempfile.mkdtemp(prefix="lbconf-read-only-"))
    yield made
    made.chmod(0o755)
    shutil.rmtree(made)


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_a_file_in_a_directory_that_takes_no_files_is_read(folder: Path, mode: str) -> None:
    path = folder / "data.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA journal_mode = {mode}")
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
        connection.execute("INSERT INTO t VALUES (1)")
        connection.commit()
    path.chmod(0o444)
    folder.chmod(0o555)

    with as_nobody():
        connector = SqliteConnector(data_source("sqlite", {"file": str(path)}))
        state = connector.inspect()
        sizes = connector.sizes([table.name for table in state.tables])
        with pytest.raises(ConnectorError), connector.session(lock_timeout=1):
            pass
        connector.close()

    assert [table.name.name for table in state.tables] == ["t"]
    assert [size.rows for size in sizes.values()] == [1]
    assert [entry.name for entry in folder.iterdir()] == ["data.db"]
