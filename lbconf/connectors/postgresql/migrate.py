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
from psycopg.pq import TransactionStatus

from lbconf.connectors.contract import LedgerEntry, LedgerStart
from lbconf.connectors.postgresql.inspect import inspect
from lbconf.connectors.postgresql.ledger import ADD_COLUMNS, COLUMNS, FIND, LOCK_KEY
from lbconf.connectors.postgresql.pooling import refuse_lent
from lbconf.connectors.postgresql.waiting import LockWatch
from lbconf.connectors.sql.ledger import ADDED, LEDGER, SHORT, ledger_entry, refuse_strange
from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import TimedOutError
from lbconf.records import dataclass
from lbconf.state.steps import Statement
from lbconf.state.structure import State

__all__ = ["Session", "entry", "history", "session"]

Translation = Callable[[], AbstractContextManager[None]]

POLL_SECONDS: Final = 0.05
WATCHED_AFTER: Final = 1.0
"""Seconds after which it is asked who is in the way of a statement."""
IN_NOBODYS_WAY: Final = frozenset({"SHARE UPDATE EXCLUSIVE"})
"""Locks that hold up no reader and no writer, not even by being waited for."""
PATIENCE: Final = 20
"""How many times longer a statement waits that holds up nobody by it: giving up means to begin anew."""
CHECKS_CONNECTION: Final = 140000
"""`server_version_num` from which on a server looks, during a statement, whether its client is still there."""


@dataclass(frozen=True, slots=True)
class _Ledger:
    """The ledger's table: where it was made first, whatever the search path is now."""

    name: sql.Identifier
    columns: frozenset[str]


class Session:
    """A `MigrationSession`: inspects, executes and records over one connection. Not for several threads."""

    def __init__(
        self, connection: Connection[Any], translating: Translation, watch: LockWatch, lock_timeout: float
    ) -> None:
        """Take a connection in autocommit mode whose lock is held."""
        self._connection = connection
        self._translating = translating
        self._watch = watch
        self._lock_timeout = max(lock_timeout, POLL_SECONDS)
        self._bound = 0.0

    def inspect(self, namespaces: Sequence[str] | None = None) -> State:
        """The actual state, seen by this connection (changes of an open transaction included)."""
        with self._translating():
            return inspect(self._connection, namespaces)

    def entries(self) -> tuple[LedgerEntry, ...]:
        """All entries of the ledger, oldest first."""
        with self._translating():
            return _entries(self._connection)

    def begin_entry(self, start: LedgerStart) -> int:
        """Record, and commit, that a plan starts. Makes the ledger at the first call. Returns the entry's id."""
        with self._translating(), self._connection.transaction():
            found = _ledger(self._connection)
            if found is None:
                home = sql.Identifier(_home(self._connection), LEDGER)
                self._connection.execute(sql.SQL("CREATE TABLE IF NOT EXISTS {} ({})").format(home, sql.SQL(COLUMNS)))
            elif not found.columns >= ADDED.keys():
                self._connection.execute(sql.SQL("ALTER TABLE {} {}").format(found.name, sql.SQL(ADD_COLUMNS)))
            row = self._connection.execute(
                sql.SQL(
                    "INSERT INTO {} (applied_by, plan_digest, result, environment, configuration, steps, state,"
                    " documents) VALUES (%s, %s, 'running', %s, %s, %s, %s, %s) RETURNING id"
                ).format(self._name()),
                (
                    start.user,
                    start.plan_digest,
                    start.environment,
                    start.configuration,
                    start.steps,
                    start.state,
                    start.documents,
                ),
            ).fetchone()
        return int(row[0]) if row else 0

    def record(self, entry: int, *, next_step: int, next_statement: int = 0, result: str) -> None:
        """Record progress, in the transaction of the moment if there is one. `running` leaves the entry open."""
        finished = sql.SQL("NULL" if result == "running" else "clock_timestamp()")
        with self._translating():
            self._connection.execute(
                sql.SQL(
                    "UPDATE {} SET next_step = %s, next_statement = %s, result = %s, finished_at = {} WHERE id = %s"
                ).format(self._name(), finished),
                (next_step, next_statement, result, entry),
            )

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """A transaction around steps; rolled back when an exception leaves it."""
        with self._translating():
            self._bind(self._lock_timeout)
            with self._connection.transaction():
                yield

    def execute(self, statement: Statement) -> int:
        """Execute a statement, with a bound on how long it waits for a lock; how many rows it changed."""
        with self._translating(), self._watch.over():
            self._limit_waiting(statement)
            return max(self._connection.execute(statement.sql.encode(), prepare=False).rowcount, 0)

    def tell_waiting(self, told: Callable[[tuple[str, ...]], None]) -> None:
        """From now on call this, from another thread, with who holds the lock that a statement waits for."""
        self._watch.tell(told)

    def _limit_waiting(self, statement: Statement) -> None:
        """The server waits for locks in turn: a statement that waits for long holds up everyone behind it.

        Inside a transaction the bound stays as it is at its beginning, which no lock is held longer than.
        """
        if self._connection.info.transaction_status != TransactionStatus.IDLE:
            return
        bound = self._lock_timeout * (PATIENCE if statement.lock in IN_NOBODYS_WAY else 1)
        self._bind(bound)

    def _bind(self, bound: float) -> None:
        if bound != self._bound:
            self._connection.execute("SELECT set_config('lock_timeout', %s, false)", (f"{int(bound * 1000)}ms",))
            self._bound = bound

    def is_true(self, query: str) -> bool:
        """The one truth value that a query gives."""
        with self._translating():
            row = self._connection.execute(query.encode(), prepare=False).fetchone()
        return bool(row and row[0])

    def _name(self) -> sql.Identifier:
        """The ledger's table, which is there."""
        found = _ledger(self._connection)
        assert found is not None  # noqa: S101 - made at the first entry
        return found.name


@contextlib.contextmanager
def session(
    connect: Callable[[], Connection[Any]],
    *,
    lock_timeout: float,
    statement_timeout: float | None = None,
    translating: Translation = contextlib.nullcontext,
    working: Translation = contextlib.nullcontext,
) -> Iterator[Session]:
    """A session on a connection of its own, with the target's apply lock held.

    Args:
        connect: Makes a connection; it is closed at the end.
        lock_timeout: Seconds to wait for another apply to end, and the most one statement waits for a lock.
        statement_timeout: Seconds one statement may take; None for any number.
        translating: A context that turns the driver's errors into ours while the connection is made.
        working: The same once it is there.

    Raises:
        TimedOutError: Another apply still runs after `lock_timeout` seconds.
        UnsupportedError: A pooler lends the connection to others between transactions; nothing was locked.
    """
    with translating():
        connection = connect()
    try:
        with translating():
            connection.autocommit = True
            refuse_lent(connection, connect)
            _lock(connection, lock_timeout)
            # The journal has to be on the disk before the statement that it speaks of begins.
            connection.execute(
                "SELECT set_config('synchronous_commit', 'on', false)"
                " WHERE current_setting('synchronous_commit') = 'off'"
            )
            if connection.info.server_version >= CHECKS_CONNECTION:
                # After a kill the server would otherwise go on with a long statement, and keep the lock.
                connection.execute("SELECT set_config('client_connection_check_interval', '1s', false)")
            if statement_timeout is not None:
                bound = f"{max(1, int(statement_timeout * 1000))}ms"
                connection.execute("SELECT set_config('statement_timeout', %s, false)", (bound,))
        watch = LockWatch(connect, connection.info.backend_pid, after=min(WATCHED_AFTER, max(lock_timeout / 2, 0.05)))
        try:
            yield Session(connection, working, watch, lock_timeout)
        finally:
            watch.close()
    finally:
        connection.close()


def history(connection: Connection[Any]) -> tuple[LedgerEntry, ...]:
    """The ledger, without the lock; empty where nothing was ever applied."""
    return _entries(connection)


def entry(connection: Connection[Any], number: int) -> LedgerEntry | None:
    """One entry with everything."""
    table = _ledger(connection)
    if table is None:
        return None
    found = _read(connection, table, long=sql.SQL("true"), where=sql.SQL("id = {}").format(sql.Literal(number)))
    return found[0] if found else None


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


def _ledger(connection: Connection[Any]) -> _Ledger | None:
    row = connection.execute(FIND.format(name="%s").encode(), (LEDGER,)).fetchone()
    return None if row is None else _Ledger(sql.Identifier(row[0], LEDGER), frozenset(row[1]))


def _entries(connection: Connection[Any]) -> tuple[LedgerEntry, ...]:
    """Every entry, the long columns only of the newest applied one and what came after it."""
    table = _ledger(connection)
    if table is None:
        return ()
    recent = sql.SQL("id >= coalesce((SELECT max(id) FROM {} WHERE result = 'applied'), 0)").format(table.name)
    return _read(connection, table, long=recent, where=sql.SQL("true"))


def _read(
    connection: Connection[Any], table: _Ledger, *, long: sql.Composable, where: sql.Composable
) -> tuple[LedgerEntry, ...]:
    refuse_strange(table.columns)
    names = (*SHORT, "state", "documents")
    values: list[sql.Composable] = [sql.Identifier(n) if n in table.columns else sql.SQL(ADDED[n]) for n in SHORT]
    for name in ("state", "documents"):
        value = sql.Identifier(name) if name in table.columns else sql.SQL(ADDED[name])
        values.append(sql.SQL("CASE WHEN {} THEN {} ELSE '' END").format(long, value))
    query = sql.SQL("SELECT {} FROM {} WHERE {} ORDER BY id").format(sql.SQL(", ").join(values), table.name, where)
    rows = [dict(zip(names, row, strict=True)) for row in connection.execute(query).fetchall()]
    return tuple(
        ledger_entry(
            {
                **row,
                "started_at": _instant(row["started_at"]),
                "finished_at": None if row["finished_at"] is None else _instant(row["finished_at"]),
            }
        )
        for row in rows
    )


def _instant(found: datetime) -> str:
    return found.astimezone(UTC).isoformat().replace("+00:00", "Z")
