"""A PostgreSQL data source: connections, reading, writing, and the state side put together."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from contextvars import ContextVar
from functools import partial
from threading import Event, Lock
from typing import TYPE_CHECKING, Any, Final, LiteralString, TypeAlias, TypeVar, cast

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
from lbconf.connectors.postgresql import inspect, normalize
from lbconf.connectors.postgresql.capabilities import NEWEST, capabilities
from lbconf.connectors.postgresql.dialect import JSON_PREDICATE, PostgresqlDialect
from lbconf.connectors.postgresql.json_reading import JsonReading
from lbconf.connectors.postgresql.mapping import PostgresqlMapping
from lbconf.connectors.postgresql.parameters import connection_parameters
from lbconf.connectors.postgresql.sizes import table_sizes
from lbconf.connectors.sql.compile import Compiled, Compiler
from lbconf.connectors.sql.plain_settings import read_plainly
from lbconf.connectors.sql.pool import Pool, PoolEmptyError
from lbconf.cooperation import current_loop
from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import ConnectionFailedError, ConnectorError, ConstraintError, ConstraintKind
from lbconf.interruption import present_work
from lbconf.layers.secret import MASK, Secret
from lbconf.project.resolved import DataSource, Model
from lbconf.state.changes import Change
from lbconf.state.steps import DataCheck, Step
from lbconf.state.structure import QualifiedName, State

if TYPE_CHECKING:
    import psycopg

    from lbconf.connectors.postgresql.glance import Glance
    from lbconf.connectors.postgresql.looping import LoopPool, LoopSession
    from lbconf.connectors.postgresql.session import Session
    from lbconf.connectors.postgresql.settings import PostgresqlSettings

__all__ = ["PostgresqlConnector"]

CONSTRAINT_COLUMNS: Final = """
SELECT a.attname::text
FROM (
  SELECT conrelid AS relation, unnest(conkey) AS number, generate_subscripts(conkey, 1) AS place
  FROM pg_catalog.pg_constraint WHERE conname = $3 AND conrelid = to_regclass($4)
  UNION
  SELECT indrelid, unnest(indkey::int2[]), generate_subscripts(indkey::int2[], 1)
  FROM pg_catalog.pg_index
  WHERE indexrelid = to_regclass(format('%I.%I', $1::text, $3::text)) AND indrelid = to_regclass($4)
) AS part
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = part.relation AND a.attnum = part.number
WHERE $2::text IS NOT NULL
GROUP BY a.attname ORDER BY min(part.place)
"""

CANCEL_SECONDS: Final = 5.0
"""That the server may take to hear that nobody waits for a statement."""
COUNT_ON: Final = """
SELECT setval(found.counter, greatest(found.top, coalesce(pg_sequence_last_value(found.counter), 0)))
FROM (
  SELECT pg_get_serial_sequence($1, $2)::regclass AS counter, (SELECT max({column}) FROM {table})::bigint AS top
) AS found
WHERE found.counter IS NOT NULL AND found.top IS NOT NULL
"""

T = TypeVar("T")
AnySession: TypeAlias = "Session | LoopSession"


class PostgresqlConnector(JsonReading):
    """Everything lbconf asks of PostgreSQL. Making one connects to nothing."""

    def __init__(self, data_source: DataSource) -> None:
        """Check the settings. Raises `ConnectorError`."""
        super().__init__(data_source, PostgresqlMapping(data_source))
        self.settings = read_plainly(_definition, data_source)
        try:
            self.place = _place(self.settings, data_source)
        except ValueError as problem:
            raise self._error(ConnectorError, Code.SETTINGS_UNUSABLE, str(problem)) from None
        self._read_only = False
        self._pool: Pool[Session] = Pool(
            lambda: self._connect(read_only=self._read_only),
            lambda session: session.close(),
            lambda session: session.usable(),
            maximum=self.settings.max,
            timeout=self.settings.pool_timeout / 1000,
            idle=None if not self.settings.idle_timeout else self.settings.idle_timeout / 1000,
        )
        self._held: ContextVar[AnySession | None] = ContextVar("held", default=None)
        """The session of the caller's open transaction."""
        self._looping: LoopPool | None = None
        self._opening = Lock()
        self._compiler: Compiler | None = None
        self._version = NEWEST
        self._inspected: State | None = None
        self.agreed: frozenset[QualifiedName] = frozenset()
        """Tables that were as they should be when a desired state was normalised last."""
        self._glance: Glance | None = None
        self._sizes: Callable[[Sequence[QualifiedName]], Mapping[QualifiedName, TableSize] | None] | None = None

    @property
    def capabilities(self) -> Capabilities:
        """For the server's version once it is known, else for the newest."""
        return capabilities(self._version)

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
        if self._glance is not None:
            self._glance.close()
            self._glance = None

    def glance(self) -> None:
        """Ask what a plan asks without the driver from now on, where that can be. Raises `ConnectionFailedError`."""
        from lbconf.connectors.postgresql.glance import Glance
        from lbconf.connectors.postgresql.libpq import NotConnectedError, UnansweredError

        try:
            self._glance = Glance(self.settings, read_only=self._read_only)
        except UnansweredError:
            return
        except NotConnectedError as problem:
            from lbconf.connectors.postgresql.errors import connection_failed

            raise connection_failed(self.data_source, problem, self.place) from problem

    def pool_figures(self) -> PoolFigures:
        """Connections for reading and writing."""
        used, idle, maximum = self._pool.figures()
        return PoolFigures(used=used, idle=idle, maximum=maximum)

    def ping(self) -> None:
        """One round trip on a connection that works, a new one if need be."""
        self._run(lambda session: session.connection.execute("SELECT 1", prepare=False))

    def compiler(self) -> Compiler:
        """For this server."""
        return self._compiler or self._first()

    @property
    def json_checked(self) -> bool:
        """Whether the server can tell beforehand that a text is no JSON."""
        return self._version >= JSON_PREDICATE

    def texts(self, statement: Compiled) -> Sequence[bytes | None]:
        """The one row that a statement gives, each value in the server's own text."""

        def row(session: AnySession) -> Sequence[bytes | None]:
            session.cursor.execute(statement.sql, statement.parameters)
            result = session.cursor.pgresult
            assert result is not None  # noqa: S101 - the statement ran
            return [result.get_value(0, place) for place in range(result.nfields)]

        return self._run(row)

    def fetch(self, statement: Compiled, *, write: bool = False) -> Sequence[Sequence[Any]]:
        """Rows as tuples."""
        del write

        def rows(session: AnySession) -> Sequence[Sequence[Any]]:
            session.cursor.execute(statement.sql, statement.parameters)
            return session.cursor.fetchall()

        return self._run(rows)

    def portions(self, statement: Compiled, size: int) -> Generator[Sequence[Sequence[Any]], None, None]:
        """Rows of a server-side cursor, in a transaction that only reads."""
        session = self._take()

        def asked(sql: str, parameters: Sequence[Any] = ()) -> Sequence[Sequence[Any]]:
            def rows(held: AnySession) -> Sequence[Sequence[Any]]:
                held.cursor.execute(sql, parameters, prepare=False)
                return held.cursor.fetchall() if held.cursor.pgresult.nfields else ()  # type: ignore[union-attr]

            return self._guarded(session, rows)

        try:
            asked("BEGIN READ ONLY")
            asked("SET LOCAL cursor_tuple_fraction = 1")  # all rows are wanted, not the first ones soon
            asked(f"DECLARE lbconf_rows NO SCROLL CURSOR FOR {statement.sql}", statement.parameters)
            more = True
            while more:
                found = asked(f"FETCH FORWARD {size} FROM lbconf_rows")
                more = len(found) == size
                if found:
                    yield found
        finally:
            with suppress(ConnectorError):
                if not session.broken:
                    asked("ROLLBACK")
            self._give(session)

    def change(self, statement: Compiled) -> int:
        """How many rows the statement touched."""

        def touched(session: AnySession) -> int:
            session.cursor.execute(statement.sql, statement.parameters)
            return session.cursor.rowcount

        return self._run(touched)

    def announce(self, channel: str, message: str) -> None:
        """NOTIFY, which PostgreSQL sends when the transaction commits."""
        self.fetch(Compiled("SELECT pg_notify($1, $2)", [channel, message]), write=True)

    def listen(self, channel: str, told: Callable[[str], None], stop: Event) -> None:
        """LISTEN, on a connection of its own."""
        from lbconf.connectors.postgresql.listening import listen

        with self._translating():
            listen(self._connect(limited=False).connection, channel, told, stop)

    def count_on(self, model: Model) -> None:
        """Let the sequences behind generated ids go on after the greatest id."""
        table = self.table(model, self.compiler())
        for column in table.ids:
            if column.prop.generated:
                sql = COUNT_ON.format(column=column.sql, table=table.sql)
                self.fetch(Compiled(sql, [table.sql, column.name]))

    def transaction(self) -> AbstractContextManager[None]:
        """A transaction of the caller, READ COMMITTED; nested ones join the outer."""
        return self._begun("BEGIN")

    def snapshot(self) -> AbstractContextManager[None]:
        """A transaction whose statements see the rows of one moment; one that is there already goes on as it is."""
        return self._begun("BEGIN ISOLATION LEVEL REPEATABLE READ")

    @contextmanager
    def _begun(self, begin: LiteralString) -> Iterator[None]:
        if self._held.get() is not None:
            yield
            return
        session = self._take()
        try:
            self._guarded(session, lambda held: held.connection.execute(begin, prepare=False))
            self._held.set(session)
            try:
                yield
            except BaseException:
                if not session.connection.closed:
                    self._guarded(session, lambda held: held.connection.execute("ROLLBACK", prepare=False))
                raise
            self._guarded(session, lambda held: held.connection.execute("COMMIT", prepare=False))
        finally:
            self._held.set(None)
            self._give(session)

    def inspect(self, namespaces: Sequence[str] | None = None) -> State:
        """The actual state of these namespaces."""
        self._inspected = self._glancing(
            lambda glance: glance.inspect(namespaces),
            lambda: self._asked(lambda connection: inspect.inspect(connection, namespaces)),
        )
        return self._inspected

    def normalize(self, desired: State) -> State:
        """The desired state as this server will report it, seen against the state that was inspected last."""
        actual = self._inspected if self._inspected is not None else self.inspect()
        agreed: set[QualifiedName] = set()
        state = normalize.normalize_asking(
            desired,
            actual=actual,
            asking=self._asked,
            agreed=agreed,
        )
        self.agreed = frozenset(agreed)
        return state

    def take_over(
        self,
        actual: State,
        sizes: Callable[[Sequence[QualifiedName]], Mapping[QualifiedName, TableSize] | None] | None = None,
    ) -> None:
        """Go on as if this state had been inspected here: another process did, and may be asked for sizes."""
        self._inspected, self._sizes = actual, sizes

    def sizes(self, tables: Sequence[QualifiedName]) -> Mapping[QualifiedName, TableSize]:
        """The server's estimates of rows; bytes with indexes."""
        told = None if self._sizes is None else self._sizes(tables)
        if told is not None:
            return told
        return self._glancing(
            lambda glance: glance.sizes(tables),
            lambda: self._asked(lambda connection: table_sizes(connection, tables)),
        )

    def compile(
        self, changes: Sequence[Change], *, actual: State, desired: State, online: bool = True
    ) -> tuple[Step, ...]:
        """The steps that make these changes."""
        if not changes:
            return ()
        from lbconf.connectors.postgresql import data_checks, ddl
        from lbconf.connectors.sql.data_checks import with_checks

        steps = ddl.compile_changes(changes, actual=actual, desired=desired, online=online)
        return with_checks(steps, changes, actual, data_checks.DIALECT)

    def session(
        self, *, lock_timeout: float, statement_timeout: float | None = None
    ) -> AbstractContextManager[MigrationSession]:
        """A migration session on a connection of its own, without the time limit of requests."""
        self._inspected = None
        from lbconf.connectors.postgresql import migrate

        return migrate.session(
            lambda: self._connect(limited=False).connection,
            lock_timeout=lock_timeout,
            statement_timeout=statement_timeout,
            translating=self._translating,
            working=partial(self._translating, connected=True),
        )

    def history(self) -> tuple[LedgerEntry, ...]:
        """The ledger."""

        def asked() -> tuple[LedgerEntry, ...]:
            from lbconf.connectors.postgresql import migrate

            return self._asked(migrate.history)

        return self._glancing(lambda glance: glance.history(), asked)

    def entry(self, number: int) -> LedgerEntry | None:
        """One entry of the ledger, with everything."""
        from lbconf.connectors.postgresql import migrate

        return self._asked(lambda connection: migrate.entry(connection, number))

    def server_facts(self) -> ServerFacts:
        """The server's version."""
        from lbconf.connectors.postgresql import offline

        self.open()
        return offline.facts(self._version)

    def assume(self, facts: ServerFacts) -> None:
        """Compile and predict as for this version."""
        from lbconf.connectors.postgresql import offline

        self._version = offline.version_number(facts)

    def predict(self, desired: State, actual: State) -> Predicted:
        """The desired state as the server will presumably report it."""
        from lbconf.connectors.postgresql import offline

        return offline.predict(desired, actual)

    def _connect(self, *, limited: bool = True, read_only: bool = False) -> "Session":
        from lbconf.connectors.postgresql.session import connect  # the driver takes as long to import as to plan

        return connect(self.settings, limited=limited, read_only=read_only)

    def failing(self, check: DataCheck) -> Failing:
        """The rows that would make a step fail; in a transaction that cannot write."""
        from lbconf.connectors.postgresql import data_checks

        return self._asked(lambda connection: data_checks.ask(connection, check))

    def _glancing(self, ask: "Callable[[Glance], T]", otherwise: Callable[[], T]) -> T:
        if self._glance is None:
            return otherwise()
        from lbconf.connectors.postgresql.glance import glancing

        return glancing(self._glance, ask, otherwise)

    def _first(self) -> Compiler:
        version: int = self._run(lambda session: session.connection.info.server_version)
        with self._opening:  # held for a moment only: nobody may wait for a server with it
            if self._compiler is None:
                self._version = version
                self.forget_tables()
                self._compiler = Compiler(
                    PostgresqlDialect(version), default_id_sort=self.settings.default_id_sort, table_of=self.table_of
                )
            return self._compiler

    def _run(self, work: "Callable[[AnySession], T]") -> T:
        """Do something with a connection: the thread's own in a transaction, else one for the moment."""
        held = self._held.get()
        if held is not None:
            return self._guarded(held, work)
        session = self._take()
        try:
            return self._guarded(session, work)
        finally:
            self._give(session)

    def _interruptible(self, session: AnySession, work: "Callable[[AnySession], T]") -> T:
        """Do it, unless somebody interrupts the thread's work; the connection is of no further use then."""
        present = present_work()
        if present is None or current_loop() is not None:
            return work(session)
        connection = cast("Session", session).connection
        present.begin(lambda: connection.cancel_safe(timeout=CANCEL_SECONDS))
        try:
            return work(session)
        finally:
            present.end()
            if present.stopped:
                connection.close()

    def _asked(self, ask: "Callable[[psycopg.Connection[Any]], T]") -> T:
        """Do something with the driver's own connection; never beside the event loop."""
        return self._run(lambda session: ask(cast("Session", session).connection))

    def _guarded(self, session: AnySession, work: "Callable[[AnySession], T]") -> T:
        import psycopg

        try:
            return self._interruptible(session, work)
        except psycopg.Error as problem:
            from lbconf.connectors.postgresql.errors import connection_lost, translate

            if session.connection.closed:
                raise connection_lost(self.data_source) from problem
            raise translate(self.data_source, problem, partial(self._columns_of, session)) from problem
        except (UnicodeError, OverflowError) as problem:
            raise ConstraintError(
                self._finding(Code.VALUE_REFUSED, f"a value cannot be sent: {problem}"),
                kind=ConstraintKind.TYPE,
                data_source=self.data_source.name,
                connector=self.data_source.connector,
            ) from problem

    @contextmanager
    def _translating(self, *, connected: bool = False) -> Iterator[None]:
        """Turns the driver's errors into ours, during a migration."""
        import psycopg

        try:
            yield
        except psycopg.Error as problem:
            from lbconf.connectors.postgresql.errors import connection_failed, translate

            if problem.sqlstate is None and isinstance(problem, psycopg.OperationalError) and not connected:
                raise connection_failed(self.data_source, problem, self.place) from problem
            raise translate(self.data_source, problem, partial(self._columns_of, None)) from problem

    def cooperates(self) -> bool:
        """Whether its waits may be the event loop's."""
        return True

    def _taken(self) -> AnySession:
        loop = current_loop()
        if loop is None:
            return self._pool.take()
        if self._looping is None:
            from lbconf.connectors.postgresql.looping import LoopPool

            self._looping = LoopPool(self._pool, self.settings.pool_timeout / 1000)
        return self._looping.take(loop)

    def _take(self) -> AnySession:
        import psycopg

        try:
            return self._taken()
        except PoolEmptyError as problem:
            raise self._error(
                ConnectionFailedError,
                Code.CONNECTIONS_EXHAUSTED,
                f"all {self.settings.max} connections to PostgreSQL {self.place} are in use",
                hint="raise `max`, or look for slow statements",
            ) from problem
        except (psycopg.Error, ValueError) as problem:
            from lbconf.connectors.postgresql.errors import connection_failed

            raise connection_failed(self.data_source, problem, self.place) from problem

    def _give(self, session: AnySession) -> None:
        broken = session.broken
        useless = broken or not session.idle
        if self._looping is None or not self._looping.give_back(session, broken=useless):
            self._pool.give(cast("Session", session), broken=useless)
        if broken:
            # What cut one connection has as a rule cut the others too.
            self._pool.clear()

    def _columns_of(self, held: "AnySession | None", namespace: str, table: str, constraint: str) -> tuple[str, ...]:
        """The columns of a constraint or unique index; asked on the held connection unless its transaction failed."""
        import psycopg

        quote = PostgresqlDialect(self._version).quote
        relation = f"{quote(namespace)}.{quote(table)}" if namespace else quote(table)
        session = held if held is not None and held.idle else None
        try:
            used = session or self._taken()
        except (PoolEmptyError, psycopg.Error, ValueError):
            return ()
        try:
            found = used.cursor.execute(CONSTRAINT_COLUMNS, (namespace, table, constraint, relation)).fetchall()
        except psycopg.Error:
            return ()
        finally:
            if session is None:
                self._give(used)
        return tuple(name for (name,) in found)

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


def _definition() -> "type[PostgresqlSettings]":
    from lbconf.connectors.postgresql.settings import PostgresqlSettings

    return PostgresqlSettings


def _place(settings: "PostgresqlSettings", data_source: DataSource) -> str:
    """Where a connection goes and as whom; never the password, and nothing that came from a secret source."""
    parameters = connection_parameters(settings)

    def shown(*names: str) -> str:
        for name in names[1:]:
            if settings.url is None and isinstance(data_source.settings.get(name), Secret):
                return MASK
        return str(parameters.get(names[0], ""))

    host, port = shown("host", "host", "hostname"), shown("port", "port")
    database, user = shown("dbname", "database"), shown("user", "user", "username")
    where = f"at {host}:{port or 5432}" if "," not in host else f"at {host}"
    return f"{where}, database {database or '(the default)'}, user {user or '(the default)'}"
