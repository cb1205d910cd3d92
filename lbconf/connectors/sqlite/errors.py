"""SQLite's errors in our words, by extended result code.

Source: sqlite.org/rescode.html. Which columns a UNIQUE or NOT NULL failure concerns stands only in the message
(`UNIQUE constraint failed: account.email`), in a form that has not changed since SQLite 3.7.
"""

import re
import sqlite3
from pathlib import Path
from typing import Final

from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import (
    ConnectionFailedError,
    ConnectorError,
    ConstraintError,
    ConstraintKind,
    TimedOutError,
)
from lbconf.project.resolved import DataSource

__all__ = ["SCRATCH_PREFIX", "file_unusable", "translate"]

SCRATCH_PREFIX: Final = "_lbconf_new_"
"""Before the name of a table that is written anew, as long as it is."""

CONSTRAINTS: Final = {
    sqlite3.SQLITE_CONSTRAINT_UNIQUE: (ConstraintKind.UNIQUE, Code.UNIQUE_VIOLATED),
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY: (ConstraintKind.UNIQUE, Code.UNIQUE_VIOLATED),
    sqlite3.SQLITE_CONSTRAINT_ROWID: (ConstraintKind.UNIQUE, Code.UNIQUE_VIOLATED),
    sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY: (ConstraintKind.FOREIGN_KEY, Code.FOREIGN_KEY_VIOLATED),
    sqlite3.SQLITE_CONSTRAINT_NOTNULL: (ConstraintKind.NOT_NULL, Code.NOT_NULL_VIOLATED),
    sqlite3.SQLITE_CONSTRAINT_CHECK: (ConstraintKind.CHECK, Code.CHECK_VIOLATED),
    sqlite3.SQLITE_CONSTRAINT_TRIGGER: (ConstraintKind.CHECK, Code.CHECK_VIOLATED),
    3091: (ConstraintKind.TYPE, Code.VALUE_REFUSED),  # SQLITE_CONSTRAINT_DATATYPE: a STRICT table
}
FOREIGN_KEY_FAILED: Final = "FOREIGN KEY constraint failed"
"""What SQLite says of ON DELETE RESTRICT as well, under the code of a trigger, since it does that by one of its own."""
REASONS: Final = {
    sqlite3.SQLITE_CANTOPEN: ("it cannot be opened", "check the path and its permissions"),
    sqlite3.SQLITE_NOTADB: ("it is no SQLite database", "correct `file`"),
    sqlite3.SQLITE_CORRUPT: ("the database is damaged", "restore a backup"),
    sqlite3.SQLITE_READONLY: ("it may only be read", "check the permissions of the file and its folder"),
    sqlite3.SQLITE_IOERR: ("reading or writing the file failed", "check the disk"),
    sqlite3.SQLITE_FULL: ("the disk is full", "make room"),
    sqlite3.SQLITE_PERM: ("the permissions forbid it", "check the permissions of the file and its folder"),
    sqlite3.SQLITE_AUTH: ("the permissions forbid it", "check the permissions of the file and its folder"),
}
BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


def file_unusable(data_source: DataSource, path: Path) -> ConnectionFailedError | None:
    """Why a database file cannot be used, seen before it is opened; None where nothing speaks against it."""
    if path.is_dir():
        return _unusable(data_source, path, "it is a folder", "name a file in `file`")
    if not path.parent.is_dir():
        return _unusable(data_source, path, f"the folder {path.parent} does not exist", "create the folder")
    return None


def translate(data_source: DataSource, problem: sqlite3.Error | ValueError, path: Path | None) -> ConnectorError:
    """The error for a failed statement or connection."""
    named = {"data_source": data_source.name, "connector": data_source.connector}
    code = getattr(problem, "sqlite_errorcode", None)
    text = str(problem).replace(SCRATCH_PREFIX, "")
    if code is None:
        # The driver itself refused a value: an integer beyond 64 bits, a lone surrogate, a type it does not know.
        if isinstance(problem, sqlite3.ProgrammingError) and "closed" in text:
            return ConnectionFailedError(
                _finding(data_source, Code.CONNECTION_LOST, "the data source was closed"), **named
            )
        return _constraint(data_source, ConstraintKind.TYPE, Code.VALUE_REFUSED, text)
    primary = code & 0xFF
    if code == sqlite3.SQLITE_CONSTRAINT_TRIGGER and text == FOREIGN_KEY_FAILED:
        code = sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY
    if code in CONSTRAINTS:
        return _constraint(data_source, *CONSTRAINTS[code], text, _columns(text))
    if primary == sqlite3.SQLITE_CONSTRAINT:
        return _constraint(data_source, ConstraintKind.CHECK, Code.CHECK_VIOLATED, text)
    if primary in {sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_RANGE}:
        return _constraint(data_source, ConstraintKind.TYPE, Code.VALUE_REFUSED, text)
    if primary in BUSY:
        return TimedOutError(
            _finding(
                data_source,
                Code.STATEMENT_TIMED_OUT,
                "another process holds the database's lock",
                "try again, or raise `busyTimeout`",
            ),
            lock=True,
            **named,
        )
    if primary == sqlite3.SQLITE_INTERRUPT:
        found = _finding(data_source, Code.STATEMENT_TIMED_OUT, "the statement took longer than allowed")
        return TimedOutError(found, lock=False, **named)
    if primary in REASONS:
        return _unusable(data_source, path, *REASONS[primary])
    if text.startswith(("no such table", "no such column")) or " has no column named " in text:
        return ConnectorError(_finding(data_source, Code.TABLE_MISSING, text, "run `lbconf plan`, then apply"), **named)
    return ConnectorError(_finding(data_source, Code.STATEMENT_FAILED, text), **named)


def _columns(text: str) -> tuple[str, ...]:
    """`a`, `b` of `UNIQUE constraint failed: t.a, t.b`."""
    listed = re.match(r"(?:UNIQUE|NOT NULL) constraint failed: (.*)$", text)
    if listed is None or listed[1].startswith("index "):
        return ()
    return tuple(part.rpartition(".")[2] for part in listed[1].split(", "))


def _unusable(data_source: DataSource, path: Path | None, reason: str, hint: str) -> ConnectionFailedError:
    return ConnectionFailedError(
        Diagnostic(
            code=Code.CONNECTION_FAILED,
            message=f"data source {data_source.name}: cannot use the SQLite database {path or ':memory:'}: {reason}",
            location=data_source.locations.get("/file") or data_source.location,
            hint=hint,
        ),
        data_source=data_source.name,
        connector=data_source.connector,
    )


def _constraint(
    data_source: DataSource, kind: ConstraintKind, code: Code, text: str, columns: tuple[str, ...] = ()
) -> ConstraintError:
    named = re.match(r"CHECK constraint failed: (.*)$", text)
    if named and named[1].startswith("values of "):  # a condition that stands only in a plan
        text = f"there are {named[1]}"
    return ConstraintError(
        _finding(data_source, code, text),
        kind=kind,
        constraint=named[1] if named else None,
        columns=columns,
        data_source=data_source.name,
        connector=data_source.connector,
    )


def _finding(data_source: DataSource, code: Code, message: str, hint: str | None = None) -> Diagnostic:
    return Diagnostic(
        code=code, message=f"data source {data_source.name}: {message}", location=data_source.location, hint=hint
    )
