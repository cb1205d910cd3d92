"""A SQLite data source: one connection that writes, several that read, and the state side put together."""

import sqlite3
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext, suppress
from threading import RLock, local
from typing import TYPE_CHECKING, Any, Final, TypeVar
from uuid import uuid4

from lbconf.connectors.capabilities import Capabilities
from lbconf.connectors.contract import Failing, LedgerEntry, MigrationSession, Predicted, ServerFacts, TableSize
from lbconf.connectors.sql.compile import Compiled, Compiler
from lbconf.connectors.sql.data_checks import with_checks
from lbconf.connectors.sql.failing import failing
from lbconf.connectors.sql.plain_settings import read_plainly
from lbconf.connectors.sql.pool import Pool, PoolEmptyError
from lbconf.connectors.sql.reader_writer import SqlReaderWriter
from lbconf.connectors.sqlite import data_checks, ddl, inspect, migrate
from lbconf.connectors.sqlite.capabilities import capabilities
from lbconf.connectors.sqlite.connection import Deadline, bound, connect, connect_to_read
from lbconf.connectors.sqlite.dialect import SqliteDialect
from lbconf.connectors.sqlite.errors import file_unusable, translate
from lbconf.connectors.sqlite.mapping import SqliteMapping
from lbconf.connectors.sqlite.normalize import normalize
from lbconf.connectors.sqlite.place import database_path
from lbconf.connectors.sqlite.rehearsal import refuse_breaking
from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import ConnectionFailedError, ConnectorError, ConstraintError, ConstraintKind, TimedOutError
from lbconf.interruption import present_work
from lbconf.project.resolved import DataSource
from lbconf.query.allowance import was_spent
from lbconf.query.automaton import PatternCostError
from lbconf.state.changes import Change
from lbconf.state.steps import DataCheck, Step
from lbconf.state.structure import QualifiedName, State

if TYPE_CHECKING:
    from lbconf.connectors.sqlite.settings import SqliteSettings

__all__ = ["SqliteConnector"]

DRIVER_REFUSALS: Final = (UnicodeError, OverflowError)
"""What the driver raises for values it cannot bind, beside its own errors."""

T = TypeVar("T")


class _Held(local):
    """What the calling thread is inside of."""

    depth: int = 0
    """Transactions that write."""
    reader: sqlite3.Connection | None = None
    """The connection of a snapshot."""


class SqliteConnector(SqlReaderWriter):
    """Everything lbconf asks of SQLite. Making one opens nothing.

    A file has one connection that writes, which threads take in turn, and some
    that read beside it (WAL). A database in memory has one connection for both.
    """

    explain_word = "EXPLAIN QUERY PLAN"
    explain_columns = slice(3, None)

    rows_per_insert = 1  # RETURNING promises no order, and a statement costs no round trip

    def __init__(self, data_source: DataSource) -> None:
        """Check the settings. Raises `ConnectorError`."""
        super().__init__(data_source, SqliteMapping(data_source))
        self.settings = read_plainly(_definition, data_source)
        self.path = database_path(self.settings, data_source.root)
        self._memory = f"lbconf-{uuid4().hex}"
        self._compiler = Compiler(
            SqliteDialect(), default_id_sort=self.settings.default_id_sort, table_of=self.table_of
        )
        self._writing = RLock()
        self._writer: sqlite3.Connection | None = None
        self._read_only = False
        self._deadlines: dict[int, Deadline] = {}
        self._held = _Held()
        self._readers: Pool[sqlite3.Connection] = Pool(
            self._reader,
            self._closed,
            lambda _: True,
            maximum=self.settings.max,
            timeout=self.settings.pool_timeout / 1000,
        )

    @property
    def capabilities(self) -> Capabilities:
        """For the SQLite this Python brings."""
        return capabilities(sqlite3.sqlite_version_info)

    def open(self) -> None:
        """Open the file, made when missing."""
        with self._writing:
            self._write_connection()

    def close(self) -> None:
        """Close every connection. A database in memory is gone then."""
        self._readers.clear()
        with self._writing:
            writer, self._writer = self._writer, None
            if writer is not None:
                self._closed(writer)
        self._tidy()

    def refuse_writes(self) -> None:
        """Open the file for reading only from now on."""
        self._read_only = True

    def _tidy(self) -> None:
        """Let SQLite take away the empty log that reading leaves beside a file: only who may write can do that."""
        if self._read_only:
            return
        log = None if self.path is None else self.path.with_name(f"{self.path.name}-wal")
        with suppress(OSError, sqlite3.Error):
            if self.path is not None and log is not None and log.stat().st_size == 0:
                with closing(sqlite3.connect(f"{self.path.as_uri()}?mode=rw", uri=True, timeout=0)) as connection:
                    connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()

    def ping(self) -> None:
        """Read the file's header."""
        self._read(lambda connection: connection.execute("SELECT count(*) FROM sqlite_schema").fetchone())

    def compiler(self) -> Compiler:
        """The one there is."""
        return self._compiler

    def fetch(self, statement: Compiled, *, write: bool = False) -> Sequence[Sequence[Any]]:
        """Rows as tuples."""

        def rows(connection: sqlite3.Connection) -> Sequence[Sequence[Any]]:
            _check_text(statement.parameters)
            return connection.execute(statement.sql, bound(statement.parameters)).fetchall()

        return self._write(rows) if write else self._read(rows)

    def portions(self, statement: Compiled, size: int) -> Generator[Sequence[Sequence[Any]], None, None]:
        """Rows as SQLite finds them. Of a database in memory, which has one connection, they are read all at once."""
        if self.path is None or self._held.depth:
            yield from super().portions(statement, size)
            return
        connection = self._take()
        cursor: sqlite3.Cursor | None = None
        try:
            _check_text(statement.parameters)
            cursor = self._guarded(connection, lambda held: held.execute(statement.sql, bound(statement.parameters)))
            opened = cursor
            while rows := self._guarded(connection, lambda _: opened.fetchmany(size)):
                yield rows
        finally:
            if cursor is not None:
                cursor.close()
            self._readers.give(connection)

    def change(self, statement: Compiled) -> int:
        """How many rows the statement touched."""

        def touched(connection: sqlite3.Connection) -> int:
            _check_text(statement.parameters)
            return connection.execute(statement.sql, bound(statement.parameters)).rowcount

        return self._write(touched)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """A transaction of the calling thread that keeps other writers out; nested ones join the outer."""
        with self._writing:
            if self._held.depth:
                yield
                return
            connection = self._write_connection()
            self._guarded(connection, lambda held: held.execute("BEGIN IMMEDIATE"))
            self._held.depth = 1
            try:
                yield
                self._guarded(connection, lambda held: held.execute("COMMIT"))
            except BaseException:
                if connection.in_transaction:
                    with suppress(sqlite3.Error):
                        connection.execute("ROLLBACK")
                raise
            finally:
                self._held.depth = 0

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """One moment of a file for the calling thread's reads; of a database in memory, writers wait meanwhile."""
        if self._held.reader is not None:
            yield
            return
        if self.path is None or self._held.depth:
            with self._writing:
                yield
            return
        connection = self._take()
        try:
            self._guarded(connection, lambda held: held.execute("BEGIN"))
            self._held.reader = connection
            yield
        finally:
            self._held.reader = None
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            self._readers.give(connection)

    def inspect(self, namespaces: Sequence[str] | None = None) -> State:
        """The actual state; SQLite has no namespaces. A file that is not there yet holds nothing, and is not made."""
        del namespaces
        return self._look(inspect.inspect, State())

    def normalize(self, desired: State) -> State:
        """The desired state as SQLite will report it."""
        return normalize(desired)

    def sizes(self, tables: Sequence[QualifiedName]) -> Mapping[QualifiedName, TableSize]:
        """Rows, counted; bytes where this build tells."""
        absent: Mapping[QualifiedName, TableSize] = {}
        return self._look(lambda connection: inspect.sizes(connection, tables), absent)

    def compile(
        self, changes: Sequence[Change], *, actual: State, desired: State, online: bool = True
    ) -> tuple[Step, ...]:
        """The steps that make these changes: one way, for a write holds the whole file."""
        del online
        steps = ddl.compile_changes(changes, actual=actual, desired=desired)
        refuse_breaking(steps, changes, actual)
        return with_checks(steps, changes, actual, data_checks.DIALECT) if steps else ()

    @contextmanager
    def session(self, *, lock_timeout: float, statement_timeout: float | None = None) -> Iterator[MigrationSession]:
        """A migration session on a connection of its own. SQLite bounds no statement's time."""
        del statement_timeout
        # A shared database in memory does not wait for locks: keep this process's own writers out.
        with self._writing if self.path is None else nullcontext():
            self._write_connection()
            with migrate.session(
                self._new,
                lock_timeout=lock_timeout,
                translate=lambda error: translate(self.data_source, error, self.path),
            ) as held:
                yield held

    def history(self) -> tuple[LedgerEntry, ...]:
        """The ledger."""
        return self._look(migrate.history, ())

    def entry(self, number: int) -> LedgerEntry | None:
        """One entry of the ledger, with everything."""
        return self._look(lambda connection: migrate.entry(connection, number), None)

    def failing(self, check: DataCheck) -> Failing:
        """The rows that would make a step fail."""

        def rows(connection: sqlite3.Connection) -> Failing:
            (counted,) = connection.execute(check.count).fetchone()
            if not counted:
                return Failing(rows=0)
            cursor = connection.execute(check.sample)
            return failing(int(counted), [column[0] for column in cursor.description], cursor.fetchall())

        return self._look(rows, Failing(rows=0))

    def server_facts(self) -> ServerFacts:
        """The library's version."""
        return ServerFacts(product="SQLite", version=sqlite3.sqlite_version)

    def assume(self, facts: ServerFacts) -> None:
        """Nothing here depends on the version."""

    def predict(self, desired: State, actual: State) -> Predicted:
        """The desired state as SQLite will report it, which needs no database."""
        del actual
        return Predicted(state=normalize(desired))

    def _look(self, work: Callable[[sqlite3.Connection], T], absent: T) -> T:
        """Read without making or changing the file; `absent` where there is none."""
        if self.path is None or self._writer is not None or self._held.depth:
            return self._read(work)
        problem = file_unusable(self.data_source, self.path)
        if problem is not None:
            raise problem
        if not self.path.exists():
            return absent
        connection = self._new(read_only=True)
        try:
            return self._guarded(connection, work)
        finally:
            connection.close()

    def _read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self.path is None or self._held.depth:
            return self._write(work)
        if self._held.reader is not None:
            return self._guarded(self._held.reader, work)
        connection = self._take()
        try:
            return self._guarded(connection, work)
        finally:
            self._readers.give(connection)

    def _take(self) -> sqlite3.Connection:
        """A connection that reads, for the caller alone."""
        if self._writer is None:
            self.open()
        try:
            return self._readers.take()
        except PoolEmptyError as problem:
            raise TimedOutError(
                self._finding(Code.CONNECTIONS_EXHAUSTED, f"all {self.settings.max} connections are in use"),
                data_source=self.data_source.name,
                connector=self.data_source.connector,
            ) from problem

    def _write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with self._writing:
            return self._guarded(self._write_connection(), work)

    def _guarded(self, connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], T]) -> T:
        deadline = self._deadlines.get(id(connection))
        if deadline is not None:
            deadline.start()
        present = present_work()
        if present is not None:
            present.begin(connection.interrupt)
        try:
            return work(connection)
        except sqlite3.Error as problem:
            if was_spent():
                raise PatternCostError from problem
            raise translate(self.data_source, problem, self.path) from problem
        except DRIVER_REFUSALS as problem:
            raise ConstraintError(
                self._finding(Code.VALUE_REFUSED, f"a value cannot be kept: {problem}"),
                kind=ConstraintKind.TYPE,
                data_source=self.data_source.name,
                connector=self.data_source.connector,
            ) from problem
        finally:
            if present is not None:
                present.end()

    def _write_connection(self) -> sqlite3.Connection:
        """The connection that writes, opened when first needed. Only while `_writing` is held."""
        if self._writer is None:
            self._writer = self._new(read_only=self._read_only and self.path is not None)
            self._watch(self._writer)
        return self._writer

    def _reader(self) -> sqlite3.Connection:
        connection = self._new(read_only=True)
        self._watch(connection)
        return connection

    def _new(self, *, read_only: bool = False) -> sqlite3.Connection:
        if self.path is not None:
            problem = file_unusable(self.data_source, self.path)
            if problem is not None:
                raise problem
        busy_timeout = self.settings.busy_timeout / 1000
        try:
            if read_only and self.path is not None:
                return connect_to_read(self.path, busy_timeout=busy_timeout)
            return connect(self.path, self._memory, busy_timeout=busy_timeout, read_only=read_only)
        except sqlite3.Error as failure:
            raise self._unopened(failure) from failure

    def _unopened(self, failure: sqlite3.Error) -> ConnectorError:
        found = translate(self.data_source, failure, self.path)
        if isinstance(found, ConnectionFailedError | TimedOutError):
            return found
        return ConnectionFailedError(
            found.diagnostics, data_source=self.data_source.name, connector=self.data_source.connector
        )

    def _watch(self, connection: sqlite3.Connection) -> None:
        if self.settings.statement_timeout:
            self._deadlines[id(connection)] = Deadline(connection, self.settings.statement_timeout / 1000)

    def _closed(self, connection: sqlite3.Connection) -> None:
        self._deadlines.pop(id(connection), None)
        with suppress(sqlite3.Error):
            connection.close()

    def _finding(self, code: Code, message: str) -> Diagnostic:
        return Diagnostic(
            code=code,
            message=f"data source {self.data_source.name}: {message}",
            location=self.data_source.location,
        )


def _definition() -> "type[SqliteSettings]":
    from lbconf.connectors.sqlite.settings import SqliteSettings

    return SqliteSettings


def _check_text(parameters: Sequence[Any]) -> None:
    """Raise UnicodeEncodeError for lone surrogates: the driver may report an older error in its place."""
    for value in parameters:
        if type(value) is str and not value.isascii():
            value.encode()
