"""Connections used from the event loop: a statement is sent, and what waits for its answer is the loop.

For code that runs in `lbconf.cooperation.cooperate`. The connections are those of the pool that threads use, too.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus

from lbconf.connectors.sql.pool import Pool, PoolEmptyError
from lbconf.cooperation import pause

if TYPE_CHECKING:
    from psycopg.pq.abc import PGresult

    from lbconf.connectors.postgresql.session import Session

__all__ = ["LoopPool", "LoopSession"]

GOOD: Final = frozenset({ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK, ExecStatus.EMPTY_QUERY})
PREPARED_AFTER: Final = 2
"""Runs of a statement before it is prepared."""
MOST_PREPARED: Final = 256
"""Statements that one connection keeps prepared; the server holds each in memory."""
MOST_COUNTED: Final = 1024
GONE: Final = frozenset({"26000", "0A000"})
"""A statement that is no longer prepared, or whose result changed with its table."""


class LoopSession:
    """One connection, asked from the loop. To the connector it is what `Session` is: `cursor` and `connection`."""

    def __init__(self, session: "Session") -> None:
        """Take an open connection that nobody else uses meanwhile."""
        self.session = session
        self.pgresult: PGresult | None = None
        self._pgconn = session.connection.pgconn
        self._transformer = Transformer(session.connection)
        self._names: dict[tuple[str, tuple[int, ...]], bytes] = {}
        self._runs: dict[tuple[str, tuple[int, ...]], int] = {}
        self._made = 0
        self._results: list[PGresult] = []
        self._abandoned = False

    # --- as a session ---

    @property
    def cursor(self) -> "LoopSession":
        """What runs statements."""
        return self

    @property
    def connection(self) -> "LoopSession":
        """What begins and ends transactions."""
        return self

    @property
    def broken(self) -> bool:
        """Whether the connection is gone, or in the middle of something that nobody waits for any more."""
        return self._abandoned or self._pgconn.status != ConnStatus.OK

    @property
    def closed(self) -> bool:
        """The same, by the name that connections have for it."""
        return self.broken

    @property
    def idle(self) -> bool:
        """Whether no transaction and no statement is under way."""
        return self._pgconn.transaction_status == TransactionStatus.IDLE

    @property
    def info(self) -> psycopg.ConnectionInfo:
        """What the server told of itself."""
        return self.session.connection.info

    @property
    def rowcount(self) -> int:
        """How many rows the last statement touched."""
        return 0 if self.pgresult is None else self.pgresult.command_tuples or 0

    def execute(self, sql: str, parameters: Sequence[Any] = (), *, prepare: bool = True) -> "LoopSession":
        """Run a statement with parameters `$1`... Raises psycopg's errors."""
        if parameters:
            transformer = self._transformer
            values = transformer.dump_sequence(parameters, [PyFormat.AUTO] * len(parameters))
            types, formats = transformer.types or (), transformer.formats
        else:
            values, types, formats = [], (), None
        key = (sql, types)
        name = self._names.get(key) if prepare else None
        if name is None and prepare:
            name = self._prepared(key)
        if name is None:
            self._pgconn.send_query_params(sql.encode(), values, types, formats)
        else:
            self._pgconn.send_query_prepared(name, values, formats)
        try:
            self.pgresult = self._answer()
        except psycopg.Error as problem:
            if name is None or problem.sqlstate not in GONE or not self.idle:
                raise
            self._names.clear()
            return self.execute(sql, parameters, prepare=False)
        return self

    def fetchall(self) -> list[tuple[Any, ...]]:
        """The rows of the last statement, as the connection's loaders read them."""
        result = self.pgresult
        assert result is not None  # noqa: S101 - a statement ran
        self._transformer.set_pgresult(result)
        return self._transformer.load_rows(0, result.ntuples, tuple)

    # --- statements ---

    def _prepared(self, key: tuple[str, tuple[int, ...]]) -> bytes | None:
        """The name of the statement, which is prepared now if it ran often enough; None while it has none."""
        runs = self._runs.get(key, 0)
        if runs < PREPARED_AFTER:
            if len(self._runs) >= MOST_COUNTED:
                self._runs.clear()
            self._runs[key] = runs + 1
            return None
        if len(self._names) >= MOST_PREPARED:
            if not self.idle:
                return None
            oldest = next(iter(self._names))
            self.execute(f"DEALLOCATE {self._names.pop(oldest).decode()}", prepare=False)
        self._made += 1
        name = b"lb%d" % self._made
        self._pgconn.send_prepare(name, key[0].encode(), key[1])
        self._answer()
        self._names[key] = name
        return name

    def _answer(self) -> "PGresult":
        """Wait for the end of what was sent; its result. Raises psycopg's errors."""
        pgconn, loop = self._pgconn, asyncio.get_running_loop()
        descriptor = pgconn.socket
        results: list[PGresult] = []
        self._results = results
        future: asyncio.Future[None] = loop.create_future()
        unsent = pgconn.flush()
        loop.add_reader(descriptor, self._readable, future)
        if unsent:
            loop.add_writer(descriptor, self._writable, loop, future)
        try:
            pause(future)
        except BaseException:
            if self._pgconn.transaction_status == TransactionStatus.ACTIVE:
                self._abandon(loop)
            raise
        finally:
            loop.remove_reader(descriptor)
            if unsent:
                loop.remove_writer(descriptor)
        result = results[-1]
        if result.status not in GOOD:
            raise error_from_result(result, encoding="utf-8")
        return result

    def _readable(self, future: "asyncio.Future[None]") -> None:
        if future.done():
            return
        pgconn = self._pgconn
        try:
            pgconn.consume_input()
            while not pgconn.is_busy():
                result = pgconn.get_result()
                if result is None:
                    future.set_result(None)
                    return
                self._results.append(result)
        except psycopg.Error as problem:
            future.set_exception(problem)

    def _writable(self, loop: asyncio.AbstractEventLoop, future: "asyncio.Future[None]") -> None:
        try:
            if not self._pgconn.flush():
                loop.remove_writer(self._pgconn.socket)
        except psycopg.Error as problem:
            if not future.done():
                future.set_exception(problem)

    def _abandon(self, loop: asyncio.AbstractEventLoop) -> None:
        """Nobody waits for the statement any more: have the server stop it; the connection is of no further use."""
        self._abandoned = True
        cancel = self._pgconn.get_cancel()

        def stop() -> None:
            with suppress(psycopg.Error):
                cancel.cancel()

        loop.run_in_executor(None, stop)


class LoopPool:
    """Lends the connections of a pool to the loop: who waits for one waits without blocking."""

    def __init__(self, pool: "Pool[Session]", timeout: float) -> None:
        """Take the pool that threads use, and for how many seconds one may wait."""
        self._pool = pool
        self._timeout = timeout
        self._waiting: deque[asyncio.Future[LoopSession | None]] = deque()
        self._listens = False

    def take(self, loop: asyncio.AbstractEventLoop) -> LoopSession:
        """A connection for the caller alone.

        Raises:
            PoolEmptyError: none became free in time.
            psycopg.Error: none could be made.
        """
        deadline = None
        while True:
            try:
                session = self._pool.take_free()
            except PoolEmptyError:
                deadline = deadline or loop.time() + self._timeout
                given = self._wait(loop, deadline)
                if given is not None:
                    return given
                continue
            if session is None:
                session = pause(loop.run_in_executor(None, self._pool.add))
            if session.looping is None:
                session.looping = LoopSession(session)
            return session.looping

    def give_back(self, held: "Session | LoopSession", *, broken: bool) -> bool:
        """Take a connection back that was lent here; False for one that was not."""
        if not isinstance(held, LoopSession):
            return False
        self.give(held, broken=broken)
        return True

    def give(self, held: LoopSession, *, broken: bool) -> None:
        """Give a connection back; who waits longest gets it at once."""
        session = held.session
        if self._waiting and not broken and session.usable() and not self._pool.is_outdated(session):
            while self._waiting:
                future = self._waiting.popleft()
                if not future.done():
                    future.set_result(held)
                    return
        self._pool.give(session, broken=broken)

    def _wait(self, loop: asyncio.AbstractEventLoop, deadline: float) -> LoopSession | None:
        """A connection that somebody in the loop gave back; None when the pool is worth another look."""
        if not self._listens:
            self._listens = True
            self._pool.listen(partial(self._changed, loop))
        future: asyncio.Future[LoopSession | None] = loop.create_future()
        self._waiting.append(future)
        late = loop.call_at(deadline, _too_late, future)
        try:
            return pause(future)
        except BaseException:
            if future.done() and not future.cancelled() and future.exception() is None:
                given = future.result()
                if given is not None:
                    self.give(given, broken=False)
            raise
        finally:
            late.cancel()

    def _changed(self, loop: asyncio.AbstractEventLoop) -> None:
        """From any thread: there may be a connection in the pool."""
        if self._waiting:
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(self._wake_one)

    def _wake_one(self) -> None:
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(None)
                return


def _too_late(future: "asyncio.Future[Any]") -> None:
    if not future.done():
        future.set_exception(PoolEmptyError())
