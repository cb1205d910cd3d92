"""One MySQL connection as lbconf keeps it: autocommit, utf8mb4, UTC, strict, and standard SQL in its statements.

The SQL mode makes words mean what they mean elsewhere: "a" is a name, 'a' a text in which a backslash is nothing
special, `||` joins texts, and what does not fit is refused, not cut.
"""

import select
from collections.abc import Sequence
from datetime import UTC, datetime
from errno import ENOENT
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pymysql
from pymysql.constants import CLIENT, FIELD_TYPE, SERVER_STATUS
from pymysql.converters import conversions
from pymysql.cursors import SSCursor

from lbconf.connectors.mysql.parameters import connection_parameters
from lbconf.connectors.mysql.server import Server, read_version

if TYPE_CHECKING:
    from lbconf.connectors.mysql.settings import MysqlSettings

__all__ = ["Session", "connect", "sql_mode"]

SQL_MODE: Final = (
    "ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES,STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,"
    "NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO"
)
CUTTING: Final = "TIME_TRUNCATE_FRACTIONAL"
"""MySQL's word for what MariaDB does: a moment loses the digits that its column has no place for."""
PATTERN_SECONDS: Final = 3
"""That a statement with regular expressions may take."""
GRACE: Final = 5.0
"""Seconds that a server may take to say that a statement has timed out, before it counts as gone."""
SLOWEST_READER: Final = 600
"""Seconds that the server waits for who reads rows one by one to go on."""
LARGEST_JOINED: Final = 1 << 30
"""Bytes of the longest text that GROUP_CONCAT may make."""


class Session:
    """A connection with what is asked of it at every use kept at hand."""

    __slots__ = ("_poll", "_unread", "connection", "cursor", "server")

    def __init__(self, connection: "pymysql.Connection[Any]") -> None:
        """Take an open connection."""
        self.connection = connection
        self.cursor = connection.cursor()
        self._unread: SSCursor | None = None
        """The cursor whose rows were not all read."""
        self.server: Server = read_version(str(getattr(connection, "server_version", "")))
        self._poll = select.poll() if hasattr(select, "poll") else None
        held = getattr(connection, "_sock", None)
        if self._poll is not None and held is not None:
            self._poll.register(held, select.POLLIN)

    @property
    def broken(self) -> bool:
        """Whether the connection is known to be gone."""
        return not self.connection.open

    @property
    def idle(self) -> bool:
        """Whether no transaction is under way."""
        return not int(getattr(self.connection, "server_status", 0) or 0) & SERVER_STATUS.SERVER_STATUS_IN_TRANS

    def usable(self) -> bool:
        """Whether nothing speaks against the connection: not even a farewell that came while nobody asked."""
        if self.broken:
            return False
        return self._poll is None or not self._poll.poll(0)

    def execute(self, sql: str, parameters: Sequence[Any] | None = None) -> int:
        """Run a statement whose placeholders are `%(p1)s`, `%(p2)s`, ...; the number of rows found or touched.

        Without `parameters` the text is sent as it is. Raises the driver's errors, UnicodeEncodeError for text that
        is none, and ValueError for numbers that SQL does not have.
        """
        sql = self._bounded(sql)
        if parameters is not None:
            sql = sql % {f"p{number}": self._literal(value) for number, value in enumerate(parameters, 1)}
        sql.encode()  # some versions of the driver would send what is no text
        return int(self.cursor.execute(sql))

    def _bounded(self, sql: str) -> str:
        """The statement with a limit of its own where it matches patterns: MariaDB's matcher goes back and forth.

        MySQL's own bounds the steps of a match (`regexp_time_limit`).
        """
        if " REGEXP " not in sql or not self.server.mariadb:
            return sql
        return f"SET STATEMENT max_statement_time = {PATTERN_SECONDS} FOR {sql}"

    def rows(self, sql: str, parameters: Sequence[Any] | None = None) -> Sequence[Sequence[Any]]:
        """Run a statement and fetch its rows as tuples."""
        self.execute(sql, parameters)
        found: Sequence[Sequence[Any]] = self.cursor.fetchall()
        return found

    def unbuffered(self, sql: str, parameters: Sequence[Any] | None = None) -> SSCursor:
        """A cursor whose rows are fetched as they come, at the pace of whoever reads them.

        Until `buffered` or `abandon` is called the connection takes no other statement.
        """
        self.execute(f"SET @lbconf_limit = @@SESSION.{self._limit}")
        self.execute(f"SET SESSION {self._limit} = 0, SESSION net_write_timeout = {SLOWEST_READER}")
        sql = self._bounded(sql)
        if parameters is not None:
            sql = sql % {f"p{number}": self._literal(value) for number, value in enumerate(parameters, 1)}
        sql.encode()
        cursor = self.connection.cursor(SSCursor)
        self._unread = cursor
        cursor.execute(sql)
        return cursor

    def buffered(self, cursor: SSCursor) -> None:
        """Go on as before, after every row of a cursor was read."""
        cursor.close()
        self._unread = None
        self.execute(f"SET SESSION {self._limit} = @lbconf_limit, SESSION net_write_timeout = DEFAULT")

    def abandon(self) -> None:
        """Close the connection in the middle of a cursor, without reading its rows to the end."""
        cursor, self._unread = self._unread, None
        result = getattr(cursor, "_result", None)
        if result is not None:
            result.unbuffered_active = False  # else the driver would read on when it throws the cursor away
        self.close()
        if cursor is not None:
            vars(cursor)["connection"] = None

    def close(self) -> None:
        """Close the connection; never fails."""
        try:
            self.connection.close()
        except (pymysql.Error, OSError):
            return

    @property
    def _limit(self) -> str:
        """The variable that limits how long a statement takes, sending its rows included."""
        return "max_statement_time" if self.server.mariadb else "max_execution_time"

    def _literal(self, value: Any) -> str:
        if isinstance(value, bytes | bytearray):
            return f"X'{value.hex()}'"
        return self.connection.escape(value)


def connect(settings: "MysqlSettings", *, limited: bool = True, read_only: bool = False) -> Session:
    """A new connection; one that cannot write where it is `read_only`.

    Statements have no time limit where it is not `limited`.

    Raises pymysql's errors, OSError and RuntimeError of its parts, and ValueError for settings that cannot be
    understood.
    """
    timeout = settings.statement_timeout if limited else None
    parameters = connection_parameters(settings)
    place = parameters.get("unix_socket")
    if place is not None and not Path(place).exists():
        # The driver would leave a socket open.
        raise FileNotFoundError(ENOENT, "No such file or directory")
    connection = pymysql.connect(
        charset="utf8mb4",
        autocommit=True,
        # Rows that matched count, whether or not they changed.
        client_flag=CLIENT.FOUND_ROWS,
        conv=CONVERSIONS,
        read_timeout=parameters["connect_timeout"],
        **parameters,
    )
    # The greeting has to come in time, too; the driver has one limit for it and for the answers to statements.
    vars(connection)["_read_timeout"] = None if not timeout else timeout / 1000 + GRACE
    try:
        session = Session(connection)
        said = ", ".join(f"SESSION {name} = {value}" for name, value in _variables(session.server, timeout))
        session.execute(f"SET {said}")
        access = ", READ ONLY" if read_only else ""
        session.execute(f"SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED{access}")
    except BaseException:
        connection.close()
        raise
    return session


def sql_mode(server: Server) -> str:
    """The modes of a session."""
    return SQL_MODE if server.mariadb else f"{SQL_MODE},{CUTTING}"


def _variables(server: Server, timeout: float | None) -> list[tuple[str, str]]:
    """System variables of a session; `timeout` is milliseconds."""
    found = [
        ("sql_mode", f"'{sql_mode(server)}'"),
        ("time_zone", "'+00:00'"),
        ("group_concat_max_len", str(LARGEST_JOINED)),
    ]
    if timeout:
        seconds = max(1, round(timeout / 1000))
        found += [("lock_wait_timeout", str(seconds)), ("innodb_lock_wait_timeout", str(seconds))]
        if server.mariadb:
            found.append(("max_statement_time", f"{timeout / 1000:.3f}"))
        else:
            found.append(("max_execution_time", str(max(1, int(timeout)))))
    return found


def _moment(text: Any) -> Any:
    """A point in time in UTC with whole milliseconds; text for what is none (`0000-00-00 00:00:00`)."""
    written = text.decode("ascii") if isinstance(text, bytes | bytearray) else text
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        return written
    return found.replace(microsecond=found.microsecond // 1000 * 1000, tzinfo=UTC)


def _same(value: Any) -> Any:
    return value


CONVERSIONS: Final = {
    **conversions,
    FIELD_TYPE.DATETIME: _moment,
    FIELD_TYPE.TIMESTAMP: _moment,
    FIELD_TYPE.TIME: _same,
}
"""The driver's own, but for times: it takes them for spans, and moments for local ones."""
