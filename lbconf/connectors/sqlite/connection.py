"""Opening SQLite connections as lbconf keeps them: WAL, foreign keys on, autocommit, our functions known."""

import sqlite3
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Any, Final
from urllib.parse import quote

from lbconf.connectors.sqlite.dialect import add_functions

__all__ = ["Deadline", "bound", "by_number", "connect", "connect_to_read"]

STEPS_BETWEEN_LOOKS = 10_000
"""Virtual machine instructions between two looks at the clock."""


class Deadline:
    """Interrupts a connection's statement that takes longer than allowed."""

    def __init__(self, connection: sqlite3.Connection, seconds: float) -> None:
        """Watch a connection."""
        self._seconds = seconds
        self._end = float("inf")
        connection.set_progress_handler(self._late, STEPS_BETWEEN_LOOKS)

    def start(self) -> None:
        """A statement begins now."""
        self._end = monotonic() + self._seconds

    def _late(self) -> bool:
        return monotonic() > self._end


NUMBERS_ARE_NAMES: Final = (3, 12, 0) <= sys.version_info[:3] < (3, 12, 4)
"""The driver takes `?1` for a named parameter and warns where it gets a sequence. Source: python/cpython#117995."""


def bound(parameters: Sequence[Any]) -> Sequence[Any] | Mapping[str, Any]:
    """Values of `?1`, `?2`, ... as the driver wants them."""
    return by_number(parameters) if NUMBERS_ARE_NAMES else parameters


def by_number(parameters: Sequence[Any]) -> Mapping[str, Any]:
    """Values by their numbers, which every version takes: the driver leaves a name's first character out."""
    return {str(number): value for number, value in enumerate(parameters, 1)}


UNREADABLE: Final = frozenset({sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY})
"""What a file in WAL mode answers where nothing can be written beside it."""


def connect_to_read(path: Path, *, busy_timeout: float) -> sqlite3.Connection:
    """A connection that only reads, also where the directory takes no files. Raises `sqlite3.Error`.

    Such a file is read as it stands: nobody can be writing to it, for a log beside it would be there.
    """
    try:
        return connect(path, "", busy_timeout=busy_timeout, read_only=True)
    except sqlite3.OperationalError as error:
        log = path.with_name(f"{path.name}-wal")
        if (error.sqlite_errorcode & 0xFF) not in UNREADABLE or (log.exists() and log.stat().st_size):
            raise
        return connect(path, "", busy_timeout=busy_timeout, read_only=True, immutable=True)


def connect(
    path: Path | None, memory: str, *, busy_timeout: float, read_only: bool = False, immutable: bool = False
) -> sqlite3.Connection:
    """A connection to the file, or to the shared database in memory of that name. Raises `sqlite3.Error`.

    Args:
        path: the file, absolute; None for memory.
        memory: name of the database in memory.
        busy_timeout: seconds to wait for another process's lock.
        read_only: refuse writes; the file must exist.
        immutable: take it that nobody writes meanwhile, and look at nothing but the file.
    """
    if path is None:
        uri = f"file:{memory}?mode=memory&cache=shared"
    else:
        uri = f"file:{quote(str(path))}?mode={'ro' if read_only else 'rwc'}{'&immutable=1' if immutable else ''}"
    connection = sqlite3.connect(
        uri, uri=True, timeout=busy_timeout, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        if path is None:
            connection.execute("PRAGMA read_uncommitted = OFF")
        elif not read_only:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
        # Touches the file's header: a file that is no database is found out now.
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        add_functions(connection)
    except BaseException:
        connection.close()
        raise
    return connection
