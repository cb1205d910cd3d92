"""One PostgreSQL connection as lbconf keeps it: autocommit, UTC, values that Python has no type for read as text."""

import select
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.abc import AdaptContext, Loader
from psycopg.adapt import Buffer
from psycopg.pq import ConnStatus, Format, TransactionStatus

from lbconf.connectors.postgresql.parameters import connection_parameters, session_settings

if TYPE_CHECKING:
    from lbconf.connectors.postgresql.looping import LoopSession
    from lbconf.connectors.postgresql.settings import PostgresqlSettings

__all__ = ["Session", "connect"]


class Session:
    """A connection with what is asked of it at every use kept at hand."""

    __slots__ = ("_poll", "connection", "cursor", "looping")

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        """Take an open connection."""
        self.connection = connection
        self.cursor = psycopg.RawCursor(connection)
        self.looping: LoopSession | None = None
        """The same connection as the event loop uses it, once it did."""
        self._poll = select.poll() if hasattr(select, "poll") else None
        if self._poll is not None:
            self._poll.register(connection.pgconn.socket, select.POLLIN)

    @property
    def broken(self) -> bool:
        """Whether the connection is known to be gone."""
        return self.connection.pgconn.status != ConnStatus.OK

    @property
    def idle(self) -> bool:
        """Whether no transaction and no statement is under way."""
        return self.connection.pgconn.transaction_status == TransactionStatus.IDLE

    def usable(self) -> bool:
        """Whether nothing speaks against the connection. Asks the operating system, not the server."""
        if self._poll is None:
            return not self.broken
        pgconn = self.connection.pgconn
        for _ in range(4):
            if not self._poll.poll(0):
                return not self.broken
            # Something came in while nobody asked: a notice, or the server's farewell.
            try:
                pgconn.consume_input()
            except psycopg.Error:
                return False
            if self.broken:
                return False
        return False

    def close(self) -> None:
        """Close the connection; never fails."""
        try:
            self.connection.close()
        except psycopg.Error:  # pragma: no cover - closing a broken connection may complain
            return


def connect(settings: "PostgresqlSettings", *, limited: bool = True, read_only: bool = False) -> Session:
    """A new connection, without the time limit of statements where it is not `limited`.

    Where it is `read_only`, the server refuses every statement that writes.

    Raises psycopg's errors, and ValueError for settings that cannot be understood.
    """
    parameters = connection_parameters(settings)
    connection = psycopg.Connection.connect("", autocommit=True, prepare_threshold=2, **parameters)
    try:
        for name, kind in (
            ("timestamptz", _InstantLoader),
            ("timestamp", _InstantLoader),
            ("date", _TextOnTroubleLoader),
            ("time", _TextOnTroubleLoader),
        ):
            connection.adapters.register_loader(name, kind)
        chosen = session_settings(settings, limited=limited, read_only=read_only)
        listed = ", ".join(f"set_config('{name}', %s, false)" for name, _ in chosen)
        connection.execute(f"SELECT {listed}", [value for _, value in chosen], prepare=False)
    except BaseException:
        connection.close()
        raise
    return Session(connection)


class _TextOnTroubleLoader(Loader):
    """The driver's own loader; None for infinity, and text for what Python's types cannot hold (BC, the year 10000)."""

    format = Format.TEXT

    def __init__(self, oid: int, context: AdaptContext | None = None) -> None:
        """Find the driver's loader."""
        found = psycopg.adapters.get_loader(oid, Format.TEXT)
        assert found is not None  # noqa: S101 - the driver knows its own types
        self._inner = found(oid, context)

    def load(self, data: Buffer) -> Any:
        """The value."""
        try:
            return self._inner.load(data)
        except psycopg.DataError:
            text = bytes(data).decode()
            return None if text in {"infinity", "-infinity"} else text


class _InstantLoader(_TextOnTroubleLoader):
    """A point in time in UTC with whole milliseconds."""

    def load(self, data: Buffer) -> Any:
        """The point in time."""
        found = super().load(data)
        if isinstance(found, datetime):
            return found.replace(microsecond=found.microsecond // 1000 * 1000, tzinfo=UTC)
        return found if found is None else _extended(found)


def _extended(text: str) -> str:
    """A point in time outside Python's years, as JavaScript writes it: `-000043-03-15T00:00:00.000Z`."""
    before, _, era = text.partition(" BC")
    bc = " BC" in text
    del era
    day, _, clock = before.partition(" ")
    year, month, rest = day.split("-")
    number = 1 - int(year) if bc else int(year)
    written = "0000" if number == 0 else f"{'-' if number < 0 else '+'}{abs(number):06}"
    seconds, _, fraction = clock.split("+")[0].partition(".")
    return f"{written}-{month}-{rest}T{seconds}.{fraction.ljust(3, '0')[:3]}Z"
