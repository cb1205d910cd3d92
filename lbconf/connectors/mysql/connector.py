"""A MySQL or MariaDB data source: connections, reading, writing, and the state side put together."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from functools import partial
from threading import Lock, local
from typing import TYPE_CHECKING, Any, Final, TypeVar
from uuid import uuid4

import pymysql

from lbconf.connectors.capabilities import Capabilities
from lbconf.connectors.contract import (
    Failing,
    LedgerEntry,
    MigrationSession,
    PoolFigures,
    Predicted,
    ServerFacts,
    TableSize,
)
from lbconf.connectors.mysql.capabilities import capabilities
from lbconf.connectors.mysql.dialect import MysqlDialect
from lbconf.connectors.mysql.errors import connection_failed, connection_lost, error_number, translate
from lbconf.connectors.mysql.inserted import keyed, reread, with_what_was_made
from lbconf.connectors.mysql.json_rows import json_statement
from lbconf.connectors.mysql.mapping import MysqlMapping
from lbconf.connectors.mysql.parameters import shown_place
from lbconf.connectors.mysql.server import NEWEST_MARIADB, Server
from lbconf.connectors.mysql.session import Session, connect
from lbconf.connectors.mysql.sizes import table_sizes
from lbconf.connectors.mysql.table_options import with_table_options
from lbconf.connectors.sql.broken_checks import columns_of_check
from lbconf.connectors.sql.compile import Compiled, Compiler
from lbconf.connectors.sql.dialect import BoundTable
from lbconf.connectors.sql.plain_settings import read_plainly
from lbconf.connectors.sql.pool import Pool, PoolEmptyError
from lbconf.connectors.sql.reader_writer import SqlReaderWriter
from lbconf.connectors.sql.rows import to_json
from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import ConnectionFailedError, ConnectorError, ConstraintError, ConstraintKind
from lbconf.interruption import present_work
from lbconf.project.resolved import DataSource, Model
from lbconf.query.nodes import Condition, Query, Row
from lbconf.state.changes import Change
from lbconf.state.steps import DataCheck, Step
from lbconf.state.structure import QualifiedName, State

if TYPE_CHECKING:
    from lbconf.connectors.mysql.settings import MysqlSettings

__all__ = ["MysqlConnector"]

KEY_COLUMNS: Final = """
SELECT column_name FROM information_schema.statistics
WHERE table_schema = coalesce(nullif(%(p1)s, ''), database()) AND table_name = %(p2)s AND index_name = %(p3)s
ORDER BY seq_in_index
"""
COLLATIONS: Final = """
SELECT column_name, coalesce(character_set_name, ''), coalesce(collation_name, '') FROM information_schema.columns
WHERE table_schema = coalesce(nullif(%(p1)s, ''), database()) AND table_name = %(p2)s
"""
UNDOES_TRANSACTION: Final = frozenset({1020, 1180, 1213})
"""Errors after which the server has rolled the whole transaction back, and goes on as if there had been none."""
UNREACHED: Final = (pymysql.Error, OSError, RuntimeError, ValueError, IndexError)
"""What an attempt to connect may end in: the driver reads whatever answers as if it were a server."""

T = TypeVar("T")


class _Held(local):
    """What the calling thread holds: the session of its open transaction."""

    session: Session | None = None
    undone: bool = False
    """Whether the server has rolled it back on its own."""


class MysqlConnector(SqlReaderWriter):
    """Everything lbconf asks of MySQL and MariaDB. Making one connects to nothing."""

    long_text = "longtext"

    def __init__(self, data_source: DataSource) -> None:
        """Check the settings. Raises `ConnectorError`."""
        self._mysql_mapping = MysqlMapping(data_source)
        super().__init__(data_source, self._mysql_mapping)
        self.settings = read_plainly(_definition, data_source)
        try:
            self.place = shown_place(self.settings, data_source)
        except ValueError as problem:
            raise self._error(ConnectorError, Code.SETTINGS_UNUSABLE, str(problem)) from None
        self._read_only = False
        self._pool: Pool[Session] = Pool(
            lambda: connect(self.settings, read_only=self._read_only),
            Session.close,
            Session.usable,
            maximum=self.settings.max,
            timeout=self.settings.pool_timeout / 1000,
            idle=None if not self.settings.idle_timeout else self.settings.idle_timeout / 1000,
        )
        self._held = _Held()
        self._opening = Lock()
        self._compiler: Compiler | None = None
        self._server = NEWEST_MARIADB
        self._facts: ServerFacts | None = None
        self._inspected: State | None = None
        self._usual: Mapping[str, str] = {}
        """The collation of new tables, by namespace."""

    @property
    def capabilities(self) -> Capabilities:
        """For the server once it is known, else for the newest MariaDB."""
        return capabilities(self._server, loopback=self.data_source.layout.is_loopback)

    @property
    def server(self) -> Server:
        """Kind and version of the server; connects where they are not known yet."""
        self.open()
        return self._server

    def open(self) -> None:
        """Connect once, to learn the server's version and that it is there."""
        if self._compiler is None:
            self._first()

    def refuse_writes(self) -> None:
        """Open only sessions whose transactions are read-only from now on."""
        self._read_only = True
        self._pool.clear()

    def close(self) -> None:
        """Close every connection; those in use when they come back."""
        self._pool.clear()

    def pool_figures(self) -> PoolFigures:
        """Connections for reading and writing."""
        used, idle, maximum = self._pool.figures()
        return PoolFigures(used=used, idle=idle, maximum=maximum)

    def ping(self) -> None:
        """One round trip on a connection that works, a new one if need be."""
        self._run(lambda session: session.execute("SELECT 1"))

    def compiler(self) -> Compiler:
        """For this server."""
        return self._compiler or self._first()

    def find_json(self, query: Query) -> bytes:
        """A JSON array of the rows, put together by the server where it can say every column."""
        compiler = self.compiler()
        with self._values():
            statement = json_statement(compiler, self.table(query.model, compiler), query)
        if statement is not None:
            texts = [text for (text,) in self.fetch(statement)]
            if None not in texts:  # a row larger than the server's largest packet
                return b"[%b]" % b",".join(texts)
        hidden = {prop.name for prop in query.model.properties.values() if prop.hidden}
        return to_json([{name: row[name] for name in row if name not in hidden} for row in self.find(query)]).encode()

    def fetch(self, statement: Compiled, *, write: bool = False) -> Sequence[Sequence[Any]]:
        """Rows as tuples."""
        del write
        return self._run(lambda session: session.rows(statement.sql, statement.parameters))

    def portions(self, statement: Compiled, size: int) -> Generator[Sequence[Sequence[Any]], None, None]:
        """Rows as they come from the server; left before their end, the connection is closed, which ends the query."""
        session = self._take()
        ended = False
        try:
            found = self._guarded(session, lambda held: held.unbuffered(statement.sql, statement.parameters))
            while rows := self._guarded(session, lambda _: found.fetchmany(size)):
                yield rows
            self._guarded(session, lambda held: held.buffered(found))
            ended = True
        finally:
            if not ended:
                session.abandon()
            self._give(session)

    def change(self, statement: Compiled) -> int:
        """How many rows the statement touched."""
        return self._run(lambda session: session.execute(statement.sql, statement.parameters))

    def insert(self, model: Model, rows: Sequence[Row]) -> list[Row]:
        """The rows with what the database made up. Uuids are made here: the server's own are not random."""
        made = [
            prop.name for prop in model.properties.values() if self._mysql_mapping.makes_uuid(prop) and prop.generated
        ]
        if made:
            missing = [{name: str(uuid4()) for name in made if row.get(name) is None} for row in rows]
            rows = [{**row, **more} for row, more in zip(rows, missing, strict=True)]
        with self._naming_columns(model):
            return super().insert(model, rows)

    def update(self, model: Model, where: Condition | None, values: Row) -> int:
        """How many rows matched, whether or not that changed them."""
        with self._naming_columns(model):
            return super().update(model, where, values)

    def _inserted(self, table: BoundTable, statement: Compiled, given: Sequence[Row]) -> list[Row]:
        if self._server.returning or not statement.columns:
            return super()._inserted(table, statement, given)

        def run(session: Session) -> tuple[int, int]:
            session.execute(statement.sql, statement.parameters)
            first = int(session.cursor.lastrowid or 0)
            ((step,),) = session.rows("SELECT @@SESSION.auto_increment_increment") if len(given) > 1 else ((1,),)
            return first, int(step)

        with self.transaction():
            rows = keyed(table, given, *self._run(run))
            again = reread(self.compiler().dialect, table, statement, rows)
            return rows if again is None else with_what_was_made(table, rows, again, self.fetch(again))

    def transaction(self) -> AbstractContextManager[None]:
        """A transaction of the calling thread, READ COMMITTED; nested ones join the outer."""
        return self._begun("START TRANSACTION")

    def snapshot(self) -> AbstractContextManager[None]:
        """A transaction whose statements see the rows of one moment; one that is there already goes on as it is."""
        return self._begun(
            "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "START TRANSACTION WITH CONSISTENT SNAPSHOT"
        )

    @contextmanager
    def _begun(self, *begin: str) -> Iterator[None]:
        if self._held.session is not None:
            yield
            return
        session = self._take()
        try:
            for said in begin:
                self._guarded(session, partial(Session.execute, sql=said))
            self._held.session = session
            try:
                yield
            except BaseException:
                if not session.broken:
                    self._guarded(session, lambda held: held.execute("ROLLBACK"))
                raise
            self._run(lambda held: held.execute("COMMIT"))
        finally:
            self._held.session = None
            self._held.undone = False
            self._give(session)

    def inspect(self, namespaces: Sequence[str] | None = None) -> State:
        """The actual state of these namespaces; of none named: the data source's own database, which is ""."""
        from lbconf.connectors.mysql import inspect

        def look(session: Session) -> tuple[State, inspect.Defaults]:
            if self._compiler is None:  # what is planned from here on is for this server
                self._server = session.server
            return inspect.inspected(session, namespaces)

        self._inspected, defaults = self._run(look)
        self._usual = dict(defaults.collations)
        return self._inspected

    def normalize(self, desired: State) -> State:
        """The desired state as this server will report it, seen against the state that was inspected last."""
        from lbconf.connectors.mysql import normalize

        actual = self._inspected if self._inspected is not None else self.inspect()
        wanted = with_table_options(desired, actual, self.settings)
        return self._run(lambda session: normalize.normalize(wanted, actual=actual, session=session))

    def sizes(self, tables: Sequence[QualifiedName]) -> Mapping[QualifiedName, TableSize]:
        """The server's estimates of rows; bytes with indexes."""
        return self._run(lambda session: table_sizes(session, tables))

    def compile(
        self, changes: Sequence[Change], *, actual: State, desired: State, online: bool = True
    ) -> tuple[Step, ...]:
        """The steps that make these changes."""
        if not changes:
            return ()
        from lbconf.connectors.mysql import data_checks, ddl
        from lbconf.connectors.sql.data_checks import with_checks

        steps = ddl.compile_changes(
            changes,
            actual=actual,
            desired=desired,
            online=online,
            server=self._server,
            collations=self._usual,
        )
        return with_checks(steps, changes, actual, data_checks.DIALECT)

    def session(
        self, *, lock_timeout: float, statement_timeout: float | None = None
    ) -> AbstractContextManager[MigrationSession]:
        """A migration session on a connection of its own, without the time limit of requests."""
        from lbconf.connectors.mysql import migrate

        self._inspected = None
        return migrate.session(
            lambda: connect(self.settings, limited=False),
            lock_timeout=lock_timeout,
            statement_timeout=statement_timeout,
            translating=self._translating,
        )

    def history(self) -> tuple[LedgerEntry, ...]:
        """The ledger."""
        from lbconf.connectors.mysql import migrate

        return self._run(migrate.history)

    def entry(self, number: int) -> LedgerEntry | None:
        """One entry of the ledger, with everything."""
        from lbconf.connectors.mysql import migrate

        return self._run(lambda session: migrate.entry(session, number))

    def failing(self, check: DataCheck) -> Failing:
        """The rows that would make a step fail."""
        from lbconf.connectors.mysql import offline

        return self._run(lambda session: offline.ask(session, check))

    def server_facts(self) -> ServerFacts:
        """The server's kind and version, and what its tables are like that say nothing else."""
        from lbconf.connectors.mysql import offline

        self.open()
        namespaces = () if self._inspected is None else self._inspected.namespaces
        return self._run(lambda session: offline.facts(session, namespaces))

    def assume(self, facts: ServerFacts) -> None:
        """Compile and predict as for this server."""
        from lbconf.connectors.mysql import offline

        self._server = offline.server_of(facts)
        self._usual = dict(offline.defaults_from(facts).collations)
        self._facts = facts

    def predict(self, desired: State, actual: State) -> Predicted:
        """The desired state as the server will presumably report it."""
        from lbconf.connectors.mysql import offline

        wanted = with_table_options(desired, actual, self.settings)
        return offline.predict(wanted, actual, self._facts or self.server_facts())

    def _first(self) -> Compiler:
        with self._opening:
            if self._compiler is None:
                self._server = self._run(lambda session: session.server)
                self.forget_tables()
                self._compiler = Compiler(
                    MysqlDialect(self._server, self._collations),
                    default_id_sort=self.settings.default_id_sort,
                    table_of=self.table_of,
                )
            return self._compiler

    def _run(self, work: Callable[[Session], T]) -> T:
        """Do something with a connection: the thread's own in a transaction, else one for the moment."""
        if self._held.session is not None:
            if self._held.undone:
                raise self._error(
                    ConnectorError, Code.WRITE_CONFLICT, "the server has rolled the transaction back; try again"
                )
            return self._guarded(self._held.session, work)
        session = self._take()
        try:
            return self._guarded(session, work)
        finally:
            self._give(session)

    def _guarded(self, session: Session, work: Callable[[Session], T]) -> T:
        present = present_work()
        if present is not None:
            present.begin(partial(self._kill, session))
        try:
            return work(session)
        except pymysql.Error as problem:
            if session.broken:
                raise connection_lost(self.data_source) from problem
            if error_number(problem) in UNDOES_TRANSACTION:
                self._held.undone = session is self._held.session
            raise translate(self.data_source, problem) from problem
        except (UnicodeError, OverflowError) as problem:
            raise ConstraintError(
                self._finding(Code.VALUE_REFUSED, f"a value cannot be sent: {problem}"),
                kind=ConstraintKind.TYPE,
                data_source=self.data_source.name,
                connector=self.data_source.connector,
            ) from problem
        finally:
            if present is not None:
                present.end()
                if present.stopped:
                    session.close()

    def _kill(self, session: Session) -> None:
        """Have the server stop what a connection waits for, by way of another one."""
        number: int = session.connection.thread_id()  # type: ignore[no-untyped-call]
        with suppress(pymysql.Error, OSError), closing(connect(self.settings)) as other:
            other.execute(f"KILL QUERY {number:d}")

    def _collations(self, table: QualifiedName) -> Mapping[str, tuple[str, str]]:
        """Character set and collation of each column of a table. Raises `ConnectorError` where there is no table."""
        found = self._run(lambda session: session.rows(COLLATIONS, (table.namespace, table.name)))
        if not found:
            raise self._error(
                ConnectorError,
                Code.TABLE_MISSING,
                f"table {table} does not exist",
                hint="run `lbconf plan`, then apply",
            )
        return {name: (charset, collation) for name, charset, collation in found}

    @contextmanager
    def _naming_columns(self, model: Model) -> Iterator[None]:
        """Adds to the error of a broken key which columns and properties it is about; the server says its name only."""
        try:
            yield
        except ConstraintError as problem:
            if problem.constraint is None or problem.columns:
                raise
            table = self._mysql_mapping.table_name(model)
            asked = (table.namespace, table.name, problem.constraint)
            with suppress(ConnectorError):
                problem.columns = tuple(name for (name,) in self._run(lambda held: held.rows(KEY_COLUMNS, asked)))
            held = {self._mysql_mapping.column_name(model, prop): prop.name for prop in model.properties.values()}
            problem.columns = problem.columns or columns_of_check(problem, model, table.name, held)
            problem.properties = tuple(held[name] for name in problem.columns if name in held)
            raise

    @contextmanager
    def _translating(self) -> Iterator[None]:
        """Turns the driver's errors into ours, during a migration."""
        try:
            yield
        except pymysql.Error as problem:
            raise translate(self.data_source, problem) from problem

    def _take(self) -> Session:
        try:
            return self._pool.take()
        except PoolEmptyError as problem:
            raise self._error(
                ConnectionFailedError,
                Code.CONNECTIONS_EXHAUSTED,
                f"all {self.settings.max} connections to MySQL {self.place} are in use",
                hint="raise `connectionLimit`, or look for slow statements",
            ) from problem
        except UNREACHED as problem:
            raise connection_failed(self.data_source, problem, self.place) from problem

    def _give(self, session: Session) -> None:
        broken = session.broken
        self._pool.give(session, broken=broken or not session.idle)
        if broken:
            # What cut one connection has as a rule cut the others too.
            self._pool.clear()

    def _error(
        self, kind: type[ConnectorError], code: Code, message: str, *, hint: str | None = None
    ) -> ConnectorError:
        return kind(
            self._finding(code, message, hint=hint),
            data_source=self.data_source.name,
            connector=self.data_source.connector,
        )

    def _finding(self, code: Code, message: str, *, hint: str | None = None) -> Diagnostic:
        return Diagnostic(
            code=code,
            message=f"data source {self.data_source.name}: {message}",
            location=self.data_source.location,
            hint=hint,
        )


def _definition() -> "type[MysqlSettings]":
    from lbconf.connectors.mysql.settings import MysqlSettings

    return MysqlSettings
