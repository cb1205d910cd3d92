"""Applying in PostgreSQL: one connection that holds the target's apply lock, and the ledger in the target itself.

The lock is a session-level advisory lock, so the server lets go of it when the
connection ends, however it ends. Progress is recorded in the transaction of the
steps it speaks of: after a kill, the ledger and the structure agree.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, Final

from psycopg import Connection, sql

from lbconf.connectors.contract import LedgerEntry
from lbconf.connectors.postgresql.inspect import inspect
from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import TimedOutError
from lbconf.state.steps import Step
from lbconf.state.structure import State

__all__ = ["Session", "history", "session"]

Translation = Callable[[], AbstractContextManager[None]]

LOCK_KEY: Final = 0x6C62636F6E66
"""`lbconf` as a number: the advisory lock of every apply in a database."""
LEDGER: Final = "_lbconf_history"
POLL_SECONDS: Final = 0.05
STATEMENT_LOCK_SECONDS: Final = 5.0
"""How long one statement of a step waits for a lock on a user's table, at most."""

CREATE_LEDGER: Final = sql.SQL(
    """
CREATE TABLE IF NOT EXISTS {} (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  finished_at timestamptz,
  applied_by text NOT NULL,
  plan_digest text NOT NULL,
  result text NOT NULL,
  next_step integer NOT NULL DEFAULT 0,
  steps text NOT NULL,
  state text NOT NULL
)"""
)
READ_LEDGER: Final = sql.SQL(
    """
SELECT id, started_at, finished_at, applied_by, plan_digest, result, next_step, steps,
       CASE WHEN id >= coalesce((SELECT max(id) FROM {ledger} WHERE result = 'applied'), 0) THEN state ELSE '' END
  FROM {ledger} ORDER BY id"""
)


class Session:
    """A `MigrationSession`: inspects, executes and records over one connection. Not for several threads."""

    def __init__(self, connection: Connection[Any], translating: Translation) -> None:
        """Take a connection in autocommit mode whose lock is held."""
        self._connection = connection
        self._translating = translating

    def inspect(self, namespaces: Sequence[str] | None = None) -> State:
        """The actual state, seen by this connection (changes of an open transaction included)."""
        with self._translating():
            return inspect(self._connection, namespaces)

    def entries(self) -> tuple[LedgerEntry, ...]:
        """All entries of the ledger, oldest first."""
        with self._translating():
            return _entries(self._connection)

    def begin_entry(self, *, user: str, plan_digest: str, steps: str, state: str) -> int:
        """Record, and commit, that a plan starts. Makes the ledger at the first call. Returns the entry's id."""
        with self._translating(), self._connection.transaction():
            if _ledger(self._connection) is None:
                home = sql.Identifier(_home(self._connection), LEDGER)
                self._connection.execute(CREATE_LEDGER.format(home))
            row = self._connection.execute(
                sql.SQL(
                    "INSERT INTO {} (applied_by, plan_digest, result, steps, state)"
                    " VALUES (%s, %s, 'running', %s, %s) RETURNING id"
                ).format(_ledger(self._connection)),
                (user, plan_digest, steps, state),
            ).fetchone()
        return int(row[0]) if row else 0

    def record(self, entry: int, *, next_step: int, result: str) -> None:
        """Record progress, in the transaction of the moment if there is one. `running` leaves the entry open."""
        finished = sql.SQL("NULL" if result == "running" else "clock_timestamp()")
        with self._translating():
            self._connection.execute(
                sql.SQL("UPDATE {} SET next_step = %s, result = %s, finished_at = {} WHERE id = %s").format(
                    _ledger(self._connection), finished
                ),
                (next_step, result, entry),
            )

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """A transaction around steps; rolled back when an exception leaves it."""
        with self._translating(), self._connection.transaction():
            yield

    def execute(self, step: Step) -> None:
        """Execute a step's statements in order, each with a bound on how long it waits for a lock."""
        with self._translating():
            for statement in step.statements:
                self._connection.execute(statement.sql.encode(), prepare=False)


@contextlib.contextmanager
def session(
    connect: Callable[[], Connection[Any]],
    *,
    lock_timeout: float,
    translating: Translation = contextlib.nullcontext,
) -> Iterator[Session]:
    """A session on a connection of its own, with the target's apply lock held.

    Args:
        connect: Makes a connection; it is closed at the end.
        lock_timeout: Seconds to wait for another apply to end.
        translating: A context that turns the driver's errors into ours.

    Raises:
        TimedOutError: Another apply still runs after `lock_timeout` seconds.
    """
    with translating():
        connection = connect()
    try:
        with translating():
            connection.autocommit = True
            _lock(connection, lock_timeout)
            # The server waits for locks in turn: a step that waits for long holds up everyone behind it.
            seconds = max(min(lock_timeout, STATEMENT_LOCK_SECONDS), POLL_SECONDS)
            connection.execute("SELECT set_config('lock_timeout', %s, false)", (f"{int(seconds * 1000)}ms",))
        yield Session(connection, translating)
    finally:
        connection.close()


def history(connection: Connection[Any]) -> tuple[LedgerEntry, ...]:
    """The ledger, without the lock; empty where nothing was ever applied."""
    return _entries(connection)


def _lock(connection: Connection[Any], timeout: float) -> None:
    end = time.monotonic() + timeout
    while True:
        row = connection.execute("SELECT pg_try_advisory_lock(%s)", (LOCK_KEY,)).fetchone()
        if row is not None and row[0]:
            return
        if time.monotonic() >= end:
            raise TimedOutError(
                Diagnostic(
                    code=Code.APPLY_LOCKED,
                    message=f"another apply is at work in database {connection.info.dbname}",
                    hint="wait until it ends, or allow more time with --lock-timeout",
                )
            )
        time.sleep(POLL_SECONDS)


def _home(connection: Connection[Any]) -> str:
    row = connection.execute("SELECT coalesce(current_schema(), 'public')").fetchone()
    return str(row[0]) if row else "public"


def _ledger(connection: Connection[Any]) -> sql.Identifier | None:
    """The ledger's table: where it was made first, whatever the search path is now."""
    row = connection.execute(
        "SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relname = %s AND c.relkind = 'r'"
        " ORDER BY n.nspname <> coalesce(current_schema(), ''), n.nspname <> 'public', n.nspname",
        (LEDGER,),
    ).fetchone()
    return None if row is None else sql.Identifier(row[0], LEDGER)


def _entries(connection: Connection[Any]) -> tuple[LedgerEntry, ...]:
    table = _ledger(connection)
    if table is None:
        return ()
    return tuple(
        LedgerEntry(
            id=row[0],
            started_at=_instant(row[1]),
            finished_at=None if row[2] is None else _instant(row[2]),
            user=row[3],
            plan_digest=row[4],
            result=row[5],
            next_step=row[6],
            steps=row[7],
            state=row[8],
        )
        for row in connection.execute(READ_LEDGER.format(ledger=table)).fetchall()
    )


def _instant(found: datetime) -> str:
    return found.astimezone(UTC).isoformat().replace("+00:00", "Z")
