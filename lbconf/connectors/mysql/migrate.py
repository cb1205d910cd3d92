"""Applying in MySQL and MariaDB: one connection that holds the database's apply lock, and the ledger in the database.

The lock is a named one of the session (GET_LOCK), so the server lets go of it
when the connection ends, however it ends. There are no transactions around
definitions: the ledger follows each statement.

Source: MySQL 8.0 Reference Manual, section 14.14 (locking functions), 15.3.3 (statements that cause an implicit
commit), 7.1.8 (lock_wait_timeout); MariaDB documentation, Aborting Statements that Exceed a Certain Time to Execute.
"""

import contextlib
import math
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from hashlib import sha256
from typing import Final

import pymysql

from lbconf.connectors.contract import LedgerEntry, LedgerStart
from lbconf.connectors.mysql.errors import error_number
from lbconf.connectors.mysql.inspect import STRUCTURE_MODE, inspect
from lbconf.connectors.mysql.ranges import Ranges
from lbconf.connectors.mysql.session import Session
from lbconf.connectors.sql.ledger import ADDED, LEDGER, SHORT, ledger_entry, refuse_strange
from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import ConstraintError, ConstraintKind, TimedOutError
from lbconf.state.steps import Statement
from lbconf.state.structure import State

__all__ = ["CREATE_LEDGER", "MysqlMigration", "apply_lock", "entry", "history", "session"]

Translation = Callable[[], AbstractContextManager[None]]

STATEMENT_LOCK_SECONDS: Final = 5.0
"""How long one statement of a step waits for a lock on a user's table, at most."""
LONGEST_LOCK_NAME: Final = 64
CREATE_LEDGER: Final = f"""CREATE TABLE IF NOT EXISTS `{LEDGER}` (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  started_at DATETIME(6) NOT NULL,
  finished_at DATETIME(6) NULL,
  applied_by VARCHAR(255) NOT NULL,
  plan_digest VARCHAR(64) NOT NULL,
  result VARCHAR(16) NOT NULL,
  next_step INT NOT NULL DEFAULT 0,
  next_statement INT NOT NULL DEFAULT 0,
  environment VARCHAR(255) NOT NULL DEFAULT '',
  configuration VARCHAR(255) NOT NULL DEFAULT '',
  steps LONGTEXT NOT NULL,
  state LONGTEXT NOT NULL,
  documents LONGTEXT NOT NULL
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ENGINE=InnoDB"""
MOMENTS: Final = ("started_at", "finished_at")
DENIED_INSTANT: Final = frozenset({1845, 1846, 4092})
"""The server cannot do it at once: not with this table, or not any more."""
MORE_THAN_ONE_ROW: Final = 1242
INSTANT: Final = ", ALGORITHM=INSTANT"
ONLINE: Final = ", ALGORITHM=INPLACE, LOCK=NONE"
GUARD: Final = re.compile(r"^DO /\* (?P<told>.*?) \*/ ", re.DOTALL)


class MysqlMigration:
    """A `MigrationSession`: inspects, executes and records over one connection. Not for several threads."""

    def __init__(self, held: Session, translating: Translation) -> None:
        """Take a session whose lock is held."""
        self._session = held
        self._translating = translating
        self._ranges = Ranges(held, self._once)

    def inspect(self, namespaces: Sequence[str] | None = None) -> State:
        """The actual state."""
        with self._translating():
            try:
                return inspect(self._session, namespaces)
            finally:
                self._session.execute(f"SET SESSION sql_mode = '{STRUCTURE_MODE}'")

    def entries(self) -> tuple[LedgerEntry, ...]:
        """All entries of the ledger, oldest first."""
        with self._translating():
            return history(self._session)

    def begin_entry(self, start: LedgerStart) -> int:
        """Record that a plan starts. Makes the ledger at the first call. Returns the entry's id."""
        with self._translating():
            self._session.execute(CREATE_LEDGER)
            columns = _columns(self._session)
            for name, value in ADDED.items():
                if name not in columns:
                    kind = "INT" if value == "0" else "LONGTEXT"
                    default = " DEFAULT 0" if value == "0" else ""
                    self._session.execute(f"ALTER TABLE `{LEDGER}` ADD COLUMN {name} {kind} NOT NULL{default}")
            self._session.execute(
                f"INSERT INTO `{LEDGER}` (started_at, applied_by, plan_digest, result, environment, configuration,"
                " steps, state, documents) VALUES (UTC_TIMESTAMP(6), %(p1)s, %(p2)s, 'running', %(p3)s, %(p4)s,"
                " %(p5)s, %(p6)s, %(p7)s)",
                (
                    start.user,
                    start.plan_digest,
                    start.environment,
                    start.configuration,
                    start.steps,
                    start.state,
                    start.documents,
                ),
            )
            return int(self._session.cursor.lastrowid or 0)

    def record(self, entry: int, *, next_step: int, next_statement: int = 0, result: str) -> None:
        """Record progress; durable at return. `running` leaves the entry open."""
        finished = "NULL" if result == "running" else "UTC_TIMESTAMP(6)"
        with self._translating():
            self._session.execute(
                f"UPDATE `{LEDGER}` SET next_step = %(p1)s, next_statement = %(p2)s, result = %(p3)s,"
                f" finished_at = {finished} WHERE id = %(p4)s",
                (next_step, next_statement, result, entry),
            )

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """A transaction around statements about rows; one about structure ends it."""
        with self._translating():
            self._session.execute("START TRANSACTION")
        try:
            yield
        except BaseException:
            if not self._session.broken:
                with self._translating():
                    self._session.execute("ROLLBACK")
            raise
        with self._translating():
            self._session.execute("COMMIT")

    def execute(self, statement: Statement) -> int:
        """Execute a statement; how many rows it changed.

        What the server cannot do at once after all, it does in place while others read and write.
        """
        guard = GUARD.match(statement.sql)
        with self._translating():
            try:
                batch = self._ranges.execute(statement.sql) if statement.repeat else None
                return self._once(statement.sql) if batch is None else batch
            except pymysql.Error as problem:
                number = error_number(problem)
                if guard is not None and number == MORE_THAN_ONE_ROW:
                    raise _broken(guard["told"]) from problem
                if number not in DENIED_INSTANT or not statement.sql.endswith(INSTANT):
                    raise
            return self._once(statement.sql.removesuffix(INSTANT) + ONLINE)

    def is_true(self, query: str) -> bool:
        """The one truth value that a query gives."""
        with self._translating():
            rows = self._session.rows(query)
        return bool(rows and rows[0][0])

    def _once(self, sql: str) -> int:
        return max(self._session.execute(sql), 0)


@contextlib.contextmanager
def session(
    connect: Callable[[], Session],
    *,
    lock_timeout: float,
    statement_timeout: float | None = None,
    translating: Translation = contextlib.nullcontext,
) -> Iterator[MysqlMigration]:
    """A session on a connection of its own, with the database's apply lock held.

    Args:
        connect: Makes a connection; it is closed at the end.
        lock_timeout: Seconds to wait for another apply to end, and the most that one statement waits for a lock.
        statement_timeout: Seconds one statement may take; None for any number.
        translating: A context that turns the driver's errors into ours.

    Raises:
        TimedOutError: Another apply still runs after `lock_timeout` seconds.
    """
    with translating():
        held = connect()
    try:
        with translating():
            _lock(held, lock_timeout)
            seconds = max(1, math.ceil(min(lock_timeout, STATEMENT_LOCK_SECONDS)))
            said = [
                f"SESSION sql_mode = '{STRUCTURE_MODE}'",
                f"SESSION lock_wait_timeout = {seconds}",
                f"SESSION innodb_lock_wait_timeout = {seconds}",
                "SESSION foreign_key_checks = 1",
            ]
            if statement_timeout is not None and held.server.mariadb:
                said.append(f"SESSION max_statement_time = {statement_timeout:.3f}")
            held.execute(f"SET {', '.join(said)}")
        yield MysqlMigration(held, translating)
    finally:
        held.close()


def history(held: Session) -> tuple[LedgerEntry, ...]:
    """The ledger, oldest first; empty where nothing was ever applied.

    The long columns come only of the newest applied entry and what came after it.
    """
    newest = f"(SELECT max(id) FROM `{LEDGER}` WHERE result = 'applied')"
    return _read(held, long=f"id >= coalesce({newest}, 0)", where="TRUE")


def entry(held: Session, number: int) -> LedgerEntry | None:
    """One entry with everything."""
    found = _read(held, long="TRUE", where=f"id = {number:d}")
    return found[0] if found else None


def apply_lock(database: str) -> str:
    """The name of the lock that an apply holds; names are the server's, not the database's."""
    name = f"_lbconf_apply.{database}"
    if len(name) <= LONGEST_LOCK_NAME:
        return name
    return f"_lbconf_apply.{sha256(database.encode()).hexdigest()[:40]}"


def _lock(held: Session, timeout: float) -> None:
    ((database,),) = held.rows("SELECT database()")
    ((got,),) = held.rows("SELECT GET_LOCK(%(p1)s, %(p2)s)", (apply_lock(str(database)), max(timeout, 0)))
    if got == 1:
        return
    raise TimedOutError(
        Diagnostic(
            code=Code.APPLY_LOCKED,
            message=f"another apply is at work in database {database}",
            hint="wait until it ends, or allow more time with --lock-timeout",
        ),
        connector="mysql",
    )


def _broken(told: str) -> ConstraintError:
    points = told.endswith("does not have")
    return ConstraintError(
        Diagnostic(
            code=Code.ROWS_VIOLATE_FOREIGN_KEY if points else Code.CHECK_VIOLATED,
            message=told,
            hint="mend or delete these rows, then apply again",
        ),
        kind=ConstraintKind.FOREIGN_KEY if points else ConstraintKind.CHECK,
        connector="mysql",
    )


def _columns(held: Session) -> frozenset[str]:
    rows = held.rows(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = database() AND table_name = %(p1)s",
        (LEDGER,),
    )
    return frozenset(str(name) for (name,) in rows)


def _read(held: Session, *, long: str, where: str) -> tuple[LedgerEntry, ...]:
    columns = _columns(held)
    if not columns:
        return ()
    refuse_strange(columns)
    names = (*SHORT, "state", "documents")
    there = {name: name if name in columns else ADDED[name] for name in names}
    values = [
        f"DATE_FORMAT({there[name]}, '%Y-%m-%dT%H:%i:%s.%fZ')" if name in MOMENTS else there[name] for name in SHORT
    ]
    values += [f"CASE WHEN {long} THEN {there[name]} ELSE '' END" for name in ("state", "documents")]
    rows = held.rows(f"SELECT {', '.join(values)} FROM `{LEDGER}` WHERE {where} ORDER BY id")
    return tuple(ledger_entry(dict(zip(names, row, strict=True))) for row in rows)
