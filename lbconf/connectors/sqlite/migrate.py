"""Applying to SQLite: the ledger, the lock and the transaction around steps.

A whole apply is one transaction of the file: `BEGIN IMMEDIATE` is the lock
that keeps a second one out, and a process that dies leaves the file as it
was. Foreign keys are off meanwhile (steps 1 and 12 of the manual's rebuild) and
checked before the end.

Source: sqlite.org/lang_transaction.html, sqlite.org/lang_altertable.html section 7.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime
from typing import Final

from lbconf.connectors.contract import LedgerEntry, LedgerStart
from lbconf.connectors.sql.ledger import ADDED, LEDGER, SHORT, ledger_entry, refuse_strange
from lbconf.connectors.sqlite.inspect import inspect
from lbconf.connectors.sqlite.rehearsal import unusable_definitions
from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import ConnectorError, ConstraintError, ConstraintKind, TimedOutError
from lbconf.state.steps import Statement
from lbconf.state.structure import State

__all__ = ["SqliteSession", "entry", "history", "session"]

CREATE_LEDGER: Final = f"""CREATE TABLE IF NOT EXISTS {LEDGER} (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  started_at TEXT NOT NULL,
  finished_at TEXT,
  applied_by TEXT NOT NULL,
  plan_digest TEXT NOT NULL,
  result TEXT NOT NULL,
  next_step INTEGER NOT NULL,
  next_statement INTEGER NOT NULL DEFAULT 0,
  environment TEXT NOT NULL DEFAULT '',
  configuration TEXT NOT NULL DEFAULT '',
  steps TEXT NOT NULL,
  state TEXT NOT NULL,
  documents TEXT NOT NULL DEFAULT ''
)"""
OLD_USER: Final = "user"
"""What the column `applied_by` was called before."""

Translate = Callable[[sqlite3.Error], ConnectorError]
"""Turns a driver's error into ours."""


class SqliteSession:
    """One connection inside the one transaction of an apply."""

    def __init__(self, connection: sqlite3.Connection, translate: Translate) -> None:
        """Take a connection on which `BEGIN IMMEDIATE` has succeeded."""
        self._connection = connection
        self._translate = translate
        self._violations = self._foreign_key_violations()
        self._unusable = unusable_definitions(self._connection)

    def inspect(self, namespaces: Sequence[str] | None = None) -> State:
        """The actual state as this transaction sees it."""
        del namespaces
        with self._translated():
            return inspect(self._connection)

    def entries(self) -> tuple[LedgerEntry, ...]:
        """All entries, oldest first."""
        with self._translated():
            return history(self._connection)

    def begin_entry(self, start: LedgerStart) -> int:
        """Record that a plan starts; it becomes durable together with the plan itself."""
        with self._translated():
            self._connection.execute(CREATE_LEDGER)
            columns = _columns(self._connection)
            if OLD_USER in columns:
                self._connection.execute(f"ALTER TABLE {LEDGER} RENAME COLUMN {OLD_USER} TO applied_by")
            for name, value in ADDED.items():
                if name not in columns:
                    kind = "INTEGER" if value == "0" else "TEXT"
                    self._connection.execute(f"ALTER TABLE {LEDGER} ADD COLUMN {name} {kind} NOT NULL DEFAULT {value}")
            cursor = self._connection.execute(
                f"INSERT INTO {LEDGER} (started_at, applied_by, plan_digest, result, next_step, environment, "
                "configuration, steps, state, documents) VALUES (?, ?, ?, 'running', 0, ?, ?, ?, ?, ?) RETURNING id",
                (
                    _now(),
                    start.user,
                    start.plan_digest,
                    start.environment,
                    start.configuration,
                    start.steps,
                    start.state,
                    start.documents,
                ),
            )
            (number,) = cursor.fetchone()
            return int(number)

    def record(self, entry: int, *, next_step: int, next_statement: int = 0, result: str) -> None:
        """Record progress; it counts only if the transaction of the moment does."""
        with self._translated():
            self._connection.execute(
                f"UPDATE {LEDGER} SET next_step = ?, next_statement = ?, result = ?, finished_at = ? WHERE id = ?",
                (next_step, next_statement, result, None if result == "running" else _now(), entry),
            )

    @contextmanager
    def _savepoint(self) -> Iterator[None]:
        self._connection.execute("SAVEPOINT lbconf_steps")
        try:
            yield
            self._check_foreign_keys()
            self._check_definitions()
        except BaseException:
            # A few errors (disk full, I/O) make SQLite roll back by itself: the savepoint is gone then.
            with suppress(sqlite3.OperationalError):
                self._connection.execute("ROLLBACK TO lbconf_steps")
                self._connection.execute("RELEASE lbconf_steps")
            raise
        self._connection.execute("RELEASE lbconf_steps")

    def transaction(self) -> AbstractContextManager[None]:
        """Steps that count all or not at all; foreign keys are checked at its end.

        Raises:
            ConstraintError: A row violates a foreign key that it did not violate before.
        """
        return self._savepoint()

    def execute(self, statement: Statement) -> int:
        """Execute a statement; how many rows it changed."""
        with self._translated():
            return max(self._connection.execute(statement.sql).rowcount, 0)

    def is_true(self, query: str) -> bool:
        """The one truth value that a query gives."""
        with self._translated():
            row = self._connection.execute(query).fetchone()
        return bool(row and row[0])

    def _check_foreign_keys(self) -> None:
        added = self._foreign_key_violations() - self._violations
        if not added:
            return
        table, _, target, _ = min(added, key=lambda row: (row[0], row[2]))
        rows = sum(1 for row in added if row[0] == table and row[2] == target)
        count = f"{rows} row{'' if rows == 1 else 's'}"
        raise ConstraintError(
            Diagnostic(
                code=Code.ROWS_VIOLATE_FOREIGN_KEY,
                message=f"{count} of {table} would point at rows that {target} does not have",
                hint="nothing was changed; mend or delete these rows first (PRAGMA foreign_key_check lists them)",
            ),
            kind=ConstraintKind.FOREIGN_KEY,
        )

    def _check_definitions(self) -> None:
        """SQLite lets columns and tables go that views and triggers need, and complains when these are used."""
        for (kind, name), reason in unusable_definitions(self._connection).items():
            if (kind, name) in self._unusable:
                continue
            raise ConnectorError(
                Diagnostic(
                    code=Code.STATEMENT_FAILED,
                    message=f"{kind} {name} would not work any more: {reason}",
                    hint=f"change or drop the {kind} first, or keep what it needs",
                ),
                connector="sqlite",
            )

    def _foreign_key_violations(self) -> set[tuple[str, int, str, int]]:
        try:
            return set(self._connection.execute("PRAGMA foreign_key_check").fetchall())
        except sqlite3.OperationalError:
            # "foreign key mismatch": a foreign key in this file points at no key at all, so nothing can be checked.
            return set()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._translate(error) from error


@contextmanager
def session(
    connect: Callable[[], sqlite3.Connection],
    *,
    lock_timeout: float,
    translate: Translate,
) -> Iterator[SqliteSession]:
    """A session on a connection of its own, holding the file's write lock until it is left.

    Args:
        connect: Opens a connection that may write.
        lock_timeout: Seconds to wait for another writer.
        translate: Turns a driver's error into a `ConnectorError`.

    Raises:
        TimedOutError: Somebody else held the lock for longer.
    """
    connection = connect()
    try:
        try:
            connection.isolation_level = None
            connection.execute(f"PRAGMA busy_timeout = {max(0, round(lock_timeout * 1000))}")
            connection.execute("PRAGMA foreign_keys = OFF")
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if _is_busy(error):
                raise _locked(lock_timeout) from error
            raise translate(error) from error
        except sqlite3.Error as error:
            raise translate(error) from error
        held = SqliteSession(connection, translate)
        try:
            yield held
        finally:
            # What failed was rolled back to its savepoint; what the ledger says of it stays.
            _commit(connection, translate)
    finally:
        connection.close()


def history(connection: sqlite3.Connection) -> tuple[LedgerEntry, ...]:
    """The ledger, oldest first; empty where nothing was ever applied. Raises `sqlite3.Error`.

    The long columns come only of the newest applied entry and what came after it.
    """
    recent = f"id >= coalesce((SELECT max(id) FROM {LEDGER} WHERE result = 'applied'), 0)"
    return _read(connection, long=recent, where="true")


def entry(connection: sqlite3.Connection, number: int) -> LedgerEntry | None:
    """One entry with everything."""
    found = _read(connection, long="true", where=f"id = {number:d}")
    return found[0] if found else None


def _columns(connection: sqlite3.Connection) -> frozenset[str]:
    return frozenset(row[1] for row in connection.execute(f"PRAGMA table_info({LEDGER})"))


def _read(connection: sqlite3.Connection, *, long: str, where: str) -> tuple[LedgerEntry, ...]:
    columns = _columns(connection)
    if not columns:
        return ()
    refuse_strange(columns if OLD_USER not in columns else columns | {"applied_by"})
    names = (*SHORT, "state", "documents")
    there = {name: name if name in columns else ADDED.get(name, OLD_USER) for name in names}
    values = [there[name] for name in SHORT]
    values += [f"CASE WHEN {long} THEN {there[name]} ELSE '' END" for name in ("state", "documents")]
    rows = connection.execute(f"SELECT {', '.join(values)} FROM {LEDGER} WHERE {where} ORDER BY id").fetchall()
    return tuple(ledger_entry(dict(zip(names, row, strict=True))) for row in rows)


def _commit(connection: sqlite3.Connection, translate: Translate) -> None:
    if not connection.in_transaction:
        return
    try:
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise translate(error) from error


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return (error.sqlite_errorcode & 0xFF) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def _locked(lock_timeout: float) -> TimedOutError:
    return TimedOutError(
        Diagnostic(
            code=Code.APPLY_LOCKED,
            message=f"another process is writing to the database and did not finish within {lock_timeout:g} seconds",
            hint="another `lbconf apply` may be running; wait for it, or give --lock-timeout more seconds",
        ),
        connector="sqlite",
    )


def _now() -> str:
    return datetime.now(tz=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
