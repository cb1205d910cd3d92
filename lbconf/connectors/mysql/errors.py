"""MySQL's and MariaDB's errors in our words, by number.

Source: MySQL 8 Error Message Reference (server and client errors); MariaDB's list of error codes. Messages of the
server may hold the values of a row, so what is said about a refused value is said in our own words.
"""

import re
from typing import Any, Final

import pymysql

from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import (
    ConnectionFailedError,
    ConnectorError,
    ConstraintError,
    ConstraintKind,
    TimedOutError,
    UnsupportedError,
)
from lbconf.project.resolved import DataSource

__all__ = ["connection_failed", "connection_lost", "error_number", "translate"]

CONSTRAINTS: Final = {
    1022: (ConstraintKind.UNIQUE, Code.UNIQUE_VIOLATED),
    1062: (ConstraintKind.UNIQUE, Code.UNIQUE_VIOLATED),
    1169: (ConstraintKind.UNIQUE, Code.UNIQUE_VIOLATED),
    1586: (ConstraintKind.UNIQUE, Code.UNIQUE_VIOLATED),
    1859: (ConstraintKind.UNIQUE, Code.UNIQUE_VIOLATED),
    1216: (ConstraintKind.FOREIGN_KEY, Code.FOREIGN_KEY_VIOLATED),
    1217: (ConstraintKind.FOREIGN_KEY, Code.FOREIGN_KEY_VIOLATED),
    1451: (ConstraintKind.FOREIGN_KEY, Code.FOREIGN_KEY_VIOLATED),
    1452: (ConstraintKind.FOREIGN_KEY, Code.FOREIGN_KEY_VIOLATED),
    1557: (ConstraintKind.FOREIGN_KEY, Code.FOREIGN_KEY_VIOLATED),
    1761: (ConstraintKind.FOREIGN_KEY, Code.FOREIGN_KEY_VIOLATED),
    1762: (ConstraintKind.FOREIGN_KEY, Code.FOREIGN_KEY_VIOLATED),
    1048: (ConstraintKind.NOT_NULL, Code.NOT_NULL_VIOLATED),
    1121: (ConstraintKind.NOT_NULL, Code.NOT_NULL_VIOLATED),
    1138: (ConstraintKind.NOT_NULL, Code.NOT_NULL_VIOLATED),
    1171: (ConstraintKind.NOT_NULL, Code.NOT_NULL_VIOLATED),
    1263: (ConstraintKind.NOT_NULL, Code.NOT_NULL_VIOLATED),
    1364: (ConstraintKind.NOT_NULL, Code.NOT_NULL_VIOLATED),
    3819: (ConstraintKind.CHECK, Code.CHECK_VIOLATED),
    4025: (ConstraintKind.CHECK, Code.CHECK_VIOLATED),
    1369: (ConstraintKind.CHECK, Code.CHECK_VIOLATED),
    1644: (ConstraintKind.CHECK, Code.CHECK_VIOLATED),  # SIGNAL in a trigger
}
VALUES: Final = {
    1153: "it is larger than the server takes (max_allowed_packet)",
    1264: "it is out of range",
    1265: "it is none that the column takes",
    1292: "it is not of the column's type",
    1300: "it is no valid text",
    1301: "it is larger than the server takes (max_allowed_packet)",
    1365: "it is divided by zero",
    1366: "it is not of the column's type",
    1367: "it is not of the column's type",
    1406: "it is too long",
    1411: "it is not of the column's type",
    1416: "it is no geometric value",
    1441: "it is out of range",
    1525: "it is not of the column's type",
    1690: "it is out of range",
    1906: "the column works its value out by itself",
    3105: "the column works its value out by itself",
    3037: "it is no geometric value",
    3140: "it is no JSON",
    3141: "it is no JSON",
    3143: "the path is no JSON path",
    3156: "it is not of the column's type",
    3617: "it is no geometric value",
    3903: "it is not of the column's type",
    4038: "it is no JSON",
    4078: "types that do not go together are compared",
    1139: "it is no regular expression to this server",
    3685: "it is no regular expression to this server",
    3686: "it is no regular expression to this server",
    3691: "it is no regular expression to this server",
    3692: "it is no regular expression to this server",
    3696: "it is no regular expression to this server",
    3697: "it is no regular expression to this server",
}
LOST: Final = frozenset({0, 1053, 1077, 1079, 1152, 1158, 1159, 1160, 1161, 1184, 1927, 2000, 2006, 2013, 2055, 4031})
"""The server ended the connection, or the way to it is broken."""
TIMED_OUT: Final = {
    1205: "somebody else held a lock for too long",
    3572: "somebody else held a lock",
    1317: "the statement took longer than allowed, or was cancelled",
    1969: "the statement took longer than allowed",
    1968: "the statement took longer than allowed",
    3024: "the statement took longer than allowed",
    1028: "the statement was cancelled",
    3169: "the statement was cancelled",
    3699: "the regular expression took too long",
    1931: "the statement looked at more rows than allowed",
}
LOCK_HINT: Final = (
    "look at SHOW PROCESSLIST and information_schema.innodb_trx for who holds it, and try again when they are done"
)
CONFLICTS: Final = {
    1213: "two transactions waited for each other; try again",
    1020: "another transaction changed the same rows; try again",
    1412: "a table was changed meanwhile; try again",
    1180: "the transaction could not be committed; try again",
    1637: "too many transactions at once; try again",
    3101: "another transaction changed the same rows; try again",
}
MISSING: Final = {
    1146: "a table does not exist",
    1054: "a column does not exist",
    1049: "the database does not exist",
    1932: "a table does not exist in the storage engine",
}
FORBIDDEN: Final = {
    1044: "the user may not use this database",
    1142: "the user may not do this to a table",
    1143: "the user may not do this to a column",
    1227: "the user lacks a privilege of the server",
    1290: "the server may only be read (read_only)",
    1370: "the user may not call a routine",
    1792: "the transaction may only read",
    1836: "the server may only be read",
    1874: "the storage engine may only be read",
    1045: "the user may not do this",
    1356: "a view reads what its owner may not",
}
FULL_DISK: Final = frozenset({3, 14, 1021, 1026, 1114, 3675, 1030})
UNSUPPORTED: Final = frozenset({1214, 1235, 1286, 1845, 1846, 3170, 1178, 1907, 1901, 1305, 1128})
CONNECTION: Final = {
    1040: ("too many connections", "lower `connectionLimit`, or raise the server's max_connections"),
    1203: ("the user has too many connections", "lower `connectionLimit`"),
    1226: ("the user has used up what the server allows", "look at the user's limits"),
    1044: ("the user may not use this database", "grant it to the user, or correct `database`"),
    1045: ("wrong user or password", "check user and password"),
    1698: ("wrong user or password", "check user and password"),
    1049: ("there is no such database", "create it (CREATE DATABASE), or correct `database`"),
    1129: ("the server has blocked this host after many errors", "FLUSH HOSTS on the server"),
    1130: ("the server does not let this host in", "create the user for this host"),
    1251: ("the server wants an authentication that the driver does not know", "change the user's plugin"),
    1820: ("the password has expired", "set a new one"),
    1862: ("the password has expired", "set a new one"),
    3118: ("the account is locked", "unlock it"),
    4151: ("the account is locked", "unlock it"),
    3159: ("the server wants an encrypted connection", "set `ssl`"),
    2059: ("the server wants an authentication that the driver does not know", "change the user's plugin"),
    2026: ("the encrypted connection could not be made", "check `ssl` and the certificates"),
    1053: ("the server is stopping", "wait and try again"),
}
REASONS: Final[tuple[tuple[str, str, str], ...]] = (
    (r"timed out", "no answer in time", "check host and port, and firewalls in between"),
    (
        r"[Nn]ame or service not known|getaddrinfo|[Nn]o address|nodename nor|[Nn]ame resolution",
        "there is no such host",
        "correct `host`",
    ),
    (r"[Cc]onnection refused", "nothing listens there", "start the server, or correct `host` and `port`"),
    (r"No such file or directory", "there is no such socket", "start the server, or correct `socketPath`"),
    (r"cryptography", "the server's authentication needs encryption", "set `ssl`, or install `cryptography`"),
    (r"[Cc]ertificate|SSL", "the encrypted connection could not be made", "check `ssl` and the certificates"),
    (
        r"[Pp]acket sequence|unpack|index out of range|[Pp]rotocol",
        "what listens there is no MySQL",
        "correct the port",
    ),
    (r"Lost connection|reset by peer|gone away", "the connection was closed at once", "look at the server's log"),
)
"""The driver gives the reason of an attempt that never reached a server as text only."""
IN_URL: Final = re.compile(r"`host` and `port`|`host`|`user`|`database`|`socketPath`|the port")
"""Settings that a `url` says."""

NAMED_KEY: Final = re.compile(r"for key '(?:[^']*\.)?([^'.]+)'$")
NAMED_FOREIGN_KEY: Final = re.compile(r'CONSTRAINT [`"](.+?)[`"] FOREIGN KEY \((.+?)\) REFERENCES')
NAMED_CHECK: Final = re.compile(r"(?:constraint '([^']+)'|CONSTRAINT [`\"](.+?)[`\"] failed)", re.IGNORECASE)
NAMED_COLUMN: Final = re.compile(r"(?:[Cc]olumn|Field) (?:'([^']+)'|(?:[`\"][^`\"]+[`\"]\.)*[`\"]([^`\"]+)[`\"])")


def error_number(problem: BaseException) -> int:
    """The number of a driver's error; 0 where it has none."""
    first = problem.args[0] if problem.args else 0
    return first if isinstance(first, int) else 0


def connection_failed(data_source: DataSource, problem: BaseException, place: str) -> ConnectionFailedError:
    """Why no connection could be made; `place` says to where and as whom, without the password."""
    number, text = error_number(problem), " ".join(map(str, problem.args))
    # One number stands for several limits of a user.
    found = CONNECTION.get(1203 if number == 1226 and "connections" in text else number)  # noqa: PLR2004
    if found is None:
        found = next(
            ((reason, hint) for pattern, reason, hint in REASONS if re.search(pattern, text)),
            (f"error {number}", "look at the server's log"),
        )
    reason, hint = found
    if data_source.settings.get("url"):
        hint = IN_URL.sub("the `url`", hint)
    hint = data_source.unset_hint() or hint
    return ConnectionFailedError(
        Diagnostic(
            code=Code.CONNECTION_FAILED,
            message=f"data source {data_source.name}: cannot connect to MySQL {place}: {reason}",
            location=data_source.location,
            hint=hint,
        ),
        data_source=data_source.name,
        connector=data_source.connector,
    )


def connection_lost(data_source: DataSource) -> ConnectionFailedError:
    """The connection broke while a statement was under way; nobody knows whether a write was done."""
    return ConnectionFailedError(
        Diagnostic(
            code=Code.CONNECTION_LOST,
            message=f"data source {data_source.name}: the connection to MySQL broke during a statement",
            location=data_source.location,
            hint="try again; a write may or may not have been done",
        ),
        data_source=data_source.name,
        connector=data_source.connector,
    )


def translate(data_source: DataSource, problem: "pymysql.Error") -> ConnectorError:
    """The error for a failed statement."""
    named: dict[str, Any] = {"data_source": data_source.name, "connector": data_source.connector}
    number, text = error_number(problem), _said(problem)
    if number in CONSTRAINTS:
        kind, code = CONSTRAINTS[number]
        return _broken(data_source, kind, code, number, text)
    if number in VALUES:
        return _refused(data_source, VALUES[number], text)
    if number == 0 and isinstance(problem, pymysql.ProgrammingError | pymysql.DataError):
        # The driver itself refused a value before the server saw it: NaN, an infinity.
        return _refused(data_source, "it cannot be sent", "")
    if number in LOST:
        return connection_lost(data_source)
    if number in TIMED_OUT:
        lock = number in {1205, 3572}
        found = _finding(data_source, Code.STATEMENT_TIMED_OUT, TIMED_OUT[number], LOCK_HINT if lock else None)
        return TimedOutError(found, lock=lock, **named)
    if number in CONFLICTS:
        return ConnectorError(_finding(data_source, Code.WRITE_CONFLICT, CONFLICTS[number]), **named)
    if number in MISSING:
        return ConnectorError(
            _finding(data_source, Code.TABLE_MISSING, f"{MISSING[number]}: {text}", "run `lbconf plan`, then apply"),
            **named,
        )
    if number in FORBIDDEN:
        return ConnectorError(_finding(data_source, Code.PERMISSION_MISSING, FORBIDDEN[number]), **named)
    if number in UNSUPPORTED:
        return UnsupportedError(_finding(data_source, Code.UNSUPPORTED, text), **named)
    if number in {1040, 1203, 1226}:
        return connection_failed(data_source, problem, "")
    if number in FULL_DISK:
        return ConnectorError(
            _finding(data_source, Code.STATEMENT_FAILED, f"{text} (error {number})", "make room on the server's disk"),
            **named,
        )
    return ConnectorError(_finding(data_source, Code.STATEMENT_FAILED, f"{text} (error {number})"), **named)


def _said(problem: BaseException) -> str:
    """The server's message."""
    return str(problem.args[1]) if len(problem.args) > 1 else str(problem)


def _broken(data_source: DataSource, kind: ConstraintKind, code: Code, number: int, text: str) -> ConstraintError:
    constraint: str | None = None
    columns: tuple[str, ...] = ()
    match kind:
        case ConstraintKind.UNIQUE:
            found = NAMED_KEY.search(text)
            constraint = found[1] if found else None
            message = f"a row with the same key is there already ({constraint or 'unnamed'})"
        case ConstraintKind.FOREIGN_KEY:
            found = NAMED_FOREIGN_KEY.search(text)
            if found:
                constraint = found[1]
                columns = tuple(part.strip().strip('`"') for part in found[2].split(","))
            others = number in {1217, 1451}
            message = f"{'rows that refer to it' if others else 'no row that it refers to'} ({constraint or 'unnamed'})"
            message = f"there {'are' if others else 'is'} {message}"
        case ConstraintKind.NOT_NULL:
            columns = _column(text)
            message = f"{', '.join(columns) or 'a column'} must have a value"
        case _ if number == 1644:  # noqa: PLR2004 - as in the table above
            message = text
        case _:
            found = NAMED_CHECK.search(text)
            constraint = (found[1] or found[2]).rpartition(".")[2].strip('`"') if found else None
            message = f"a row breaks the check {constraint}" if constraint else "a row breaks a check"
    return ConstraintError(
        _finding(data_source, code, message),
        kind=kind,
        constraint=constraint,
        columns=columns,
        data_source=data_source.name,
        connector=data_source.connector,
    )


def _refused(data_source: DataSource, reason: str, text: str) -> ConstraintError:
    columns = _column(text)
    about = f"the value of {columns[0]}" if columns else "a value"
    return ConstraintError(
        _finding(data_source, Code.VALUE_REFUSED, f"{about} is refused: {reason}"),
        kind=ConstraintKind.TYPE,
        columns=columns,
        data_source=data_source.name,
        connector=data_source.connector,
    )


def _column(text: str) -> tuple[str, ...]:
    """The last column that a message names; a value before it may look like one."""
    found = list(NAMED_COLUMN.finditer(text))
    return (found[-1][1] or found[-1][2],) if found else ()


def _finding(data_source: DataSource, code: Code, message: str, hint: str | None = None) -> Diagnostic:
    return Diagnostic(
        code=code, message=f"data source {data_source.name}: {message}", location=data_source.location, hint=hint
    )
