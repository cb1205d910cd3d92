"""PostgreSQL's errors in our words, by SQLSTATE.

Source: PostgreSQL manual, appendix A (error codes).
"""

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote, urlsplit

import psycopg

from lbconf.connectors.sql.ddl import quote
from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import (
    ConnectionFailedError,
    ConnectorError,
    ConstraintError,
    ConstraintKind,
    TimedOutError,
    UnsupportedError,
)
from lbconf.layers.secret import Secret
from lbconf.patterns import pattern
from lbconf.project.resolved import DataSource

__all__ = ["connection_failed", "connection_lost", "translate"]

CONSTRAINTS: Final = {
    "23505": (ConstraintKind.UNIQUE, Code.UNIQUE_VIOLATED),
    "23P01": (ConstraintKind.UNIQUE, Code.UNIQUE_VIOLATED),
    "23503": (ConstraintKind.FOREIGN_KEY, Code.FOREIGN_KEY_VIOLATED),
    "23001": (ConstraintKind.FOREIGN_KEY, Code.FOREIGN_KEY_VIOLATED),
    "23502": (ConstraintKind.NOT_NULL, Code.NOT_NULL_VIOLATED),
    "23514": (ConstraintKind.CHECK, Code.CHECK_VIOLATED),
    "23000": (ConstraintKind.CHECK, Code.CHECK_VIOLATED),
    "44000": (ConstraintKind.CHECK, Code.CHECK_VIOLATED),
    # No such operator, no such cast, not of this type: the value does not fit the column.
    "42804": (ConstraintKind.TYPE, Code.VALUE_REFUSED),
    "42883": (ConstraintKind.TYPE, Code.VALUE_REFUSED),
    "42846": (ConstraintKind.TYPE, Code.VALUE_REFUSED),
    "428C9": (ConstraintKind.TYPE, Code.VALUE_REFUSED),
    "54000": (ConstraintKind.TYPE, Code.VALUE_REFUSED),
    "54001": (ConstraintKind.TYPE, Code.VALUE_REFUSED),
}
LOST: Final = frozenset({"57P01", "57P02", "57P03", "57P04", "57P05", "25P03", "25P04"})
"""The server ended the connection, or is starting or stopping."""
TIMED_OUT: Final = {
    "57014": "the statement took longer than allowed, or was cancelled",
    "55P03": "somebody else held a lock for too long",
}
LOCK_HINT: Final = (
    "look in pg_locks and pg_stat_activity for who holds it, and try again when they are done; `apply` waits for a"
    " table --lock-timeout seconds at a time, so that it does not hold up everyone behind it for longer"
)
LOCK_TABLE: Final = "max_locks_per_transaction"
"""The setting that the server names when no room is left for locks; without it, memory itself ran out."""
LOCK_TABLE_HINT: Final = (
    f"one transaction locks every table and index that it makes or changes: raise {LOCK_TABLE} in the server's"
    " settings and restart it, or apply some of the models at a time with --model"
)
NOT_NULL_CHECK: Final = "_lbconf_not_null"
"""How the name of a check ends that stands in for NOT NULL while a column becomes so (see `online_columns`)."""
DEPENDENT: Final = frozenset({"0A000", "2BP01"})
"""Refused because something else depends on it: the server's detail says what, and holds no row."""
CONFLICTS: Final = {
    "40001": "another transaction changed the same rows; try again",
    "40P01": "two transactions waited for each other; try again",
}
MISSING: Final = {
    "42P01": "a table does not exist",
    "42703": "a column does not exist",
    "3F000": "the namespace does not exist",
    "42704": "a type does not exist",
}
_DENIED: Final = pattern(r"permission denied for (schema|database) \"?(.+?)\"?")
UNFILLED: Final = "REFRESH MATERIALIZED VIEW"
"""What the server's hint names, in every language, where one was never filled; the SQLSTATE 55000 has other uses."""
UNFILLED_HINT: Final = "run REFRESH MATERIALIZED VIEW on it, as its owner, once the tables below it are filled"

REASONS: Final[tuple[tuple[str, str, str], ...]] = (
    (r"password authentication failed|no password supplied|28P01", "wrong user or password", "check user and password"),
    (r"no pg_hba.conf entry|28000", "the server does not let this user in from here", "look at pg_hba.conf"),
    (r'role ".*" does not exist', "there is no such user", "create the user, or correct `user`"),
    (r'database ".*" does not exist', "there is no such database", "create it (createdb), or correct `database`"),
    (r"too many clients|remaining connection slots|too many connections", "too many connections", "lower `max`"),
    (r"starting up|shutting down|recovery mode", "the server is starting or stopping", "wait and try again"),
    (r"timeout expired|timed out", "no answer in time", "check host and port, and firewalls in between"),
    (
        r"could not translate host name|[Nn]ame or service not known|failed to resolve host|[Nn]o address|nodename nor",
        "there is no such host",
        "correct `host`",
    ),
    (r"[Cc]onnection refused", "nothing listens there", "start the server, or correct `host` and `port`"),
    (r"No such file or directory", "there is no such socket", "start the server, or correct `host` and `port`"),
    (
        r"does not support SSL|SSL is not enabled|no encryption",
        "the server and `ssl` do not agree",
        "correct `ssl` (sslmode)",
    ),
    (r"certificate|SSL error", "the encrypted connection could not be made", "check `ssl` and the certificates"),
    (r"expected authentication request|invalid response", "what listens there is no PostgreSQL", "correct the port"),
    (r"closed the connection unexpectedly|reset by peer", "the connection was closed at once", "look at its log"),
)
"""libpq gives the reason of a failed attempt as text only: no SQLSTATE can be had from a connection never made."""
IN_URL: Final = re.compile(r"`host` and `port`|`host`|`user`|`database`|the port")
"""Settings that a `url` says."""


def connection_failed(data_source: DataSource, problem: BaseException, place: str) -> ConnectionFailedError:
    """Why no connection could be made; `place` says to where and as whom, without the password."""
    text = str(problem)
    said = text.strip().splitlines()[-1] if text.strip() else "no reason given"
    reason, hint = next(
        ((reason, hint) for pattern, reason, hint in REASONS if re.search(pattern, text)),
        (said, "look at the server's log"),
    )
    if data_source.settings.get("url"):
        hint = IN_URL.sub("the `url`", hint)
    hint = data_source.unset_hint() or hint
    return ConnectionFailedError(
        Diagnostic(
            code=Code.CONNECTION_FAILED,
            message=f"data source {data_source.name}: cannot connect to PostgreSQL {place}: {reason}",
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
            message=f"data source {data_source.name}: the connection to PostgreSQL broke during a statement",
            location=data_source.location,
            hint="try again; a write may or may not have been done",
        ),
        data_source=data_source.name,
        connector=data_source.connector,
    )


def translate(
    data_source: DataSource, problem: psycopg.Error, columns_of: Callable[[str, str, str], tuple[str, ...]]
) -> ConnectorError:
    """The error for a failed statement.

    Args:
        data_source: where it happened.
        problem: the driver's error.
        columns_of: asked for the columns of a constraint (namespace, table, constraint) when one was broken.
    """
    named = {"data_source": data_source.name, "connector": data_source.connector}
    state = problem.sqlstate
    if state is None:
        if isinstance(problem, psycopg.OperationalError | psycopg.InterfaceError):
            return connection_lost(data_source)
        # The driver itself refused a value before the server saw it: a NUL in text, a number beyond all types.
        return _constraint(data_source, ConstraintKind.TYPE, Code.VALUE_REFUSED, str(problem))
    message = _said(problem, state)
    if state in CONSTRAINTS:
        kind, code = CONSTRAINTS[state]
        return _broken(data_source, kind, code, problem, columns_of)
    if state[:2] in {"22", "23"}:
        return _broken(data_source, ConstraintKind.TYPE, Code.VALUE_REFUSED, problem, columns_of)
    if state in LOST or state.startswith("08"):
        return connection_lost(data_source)
    if state in TIMED_OUT:
        lock = state == "55P03"
        found = _finding(data_source, Code.STATEMENT_TIMED_OUT, TIMED_OUT[state], LOCK_HINT if lock else None)
        return TimedOutError(found, lock=lock, **named)
    if state in CONFLICTS:
        return ConnectorError(_finding(data_source, Code.WRITE_CONFLICT, CONFLICTS[state]), **named)
    unready = _unready(data_source, problem, state, message)
    if unready is not None:
        return ConnectorError(unready, **named)
    if state == "0A000":
        return UnsupportedError(_finding(data_source, Code.UNSUPPORTED, message), **named)
    if state == "53300":
        return connection_failed(data_source, problem, "")
    no_room = state == "53200" and LOCK_TABLE in (problem.diag.message_hint or "")
    hint = LOCK_TABLE_HINT if no_room else None
    return ConnectorError(_finding(data_source, Code.STATEMENT_FAILED, f"{message} (SQLSTATE {state})", hint), **named)


def _unready(data_source: DataSource, problem: psycopg.Error, state: str, message: str) -> Diagnostic | None:
    """What somebody has to mend in the database before the statement can work; None if it failed for other reasons."""
    if state in MISSING:
        hint = "run `lbconf plan`, then apply"
        return _finding(data_source, Code.TABLE_MISSING, f"{MISSING[state]}: {message}", hint)
    if state == "55000" and UNFILLED in (problem.diag.message_hint or ""):
        return _finding(data_source, Code.TABLE_MISSING, message, UNFILLED_HINT)
    if state == "42501":
        return _finding(data_source, Code.PERMISSION_MISSING, message, _grant(data_source, message))
    return _finding(data_source, Code.PERMISSION_MISSING, message) if state == "25006" else None


def _grant(data_source: DataSource, message: str) -> str | None:
    """What gives the role the right to what the server's message names; None where it names no schema or database."""
    denied = _DENIED.fullmatch(message)
    if denied is None:
        return None
    kind, name = denied.group(1).upper(), quote(denied.group(2))
    role = _role(data_source)
    to = "the role that the data source connects as (SELECT current_user)" if role is None else quote(role)
    if kind == "DATABASE":
        return f"as the database's owner, run GRANT CREATE ON DATABASE {name} TO {to}"
    return (
        f"as the schema's owner, run GRANT USAGE, CREATE ON SCHEMA {name} TO {to}; since PostgreSQL 15 only the"
        " owner of a database may make tables in its schema public. To read and write what is there USAGE is enough"
    )


def _role(data_source: DataSource) -> str | None:
    """Whom the settings connect as; None where they do not say, or keep it secret."""
    settings = data_source.settings
    url = settings.get("url")
    url = url.reveal() if isinstance(url, Secret) else url
    if isinstance(url, str) and url:
        try:
            return unquote(urlsplit(url).username or "") or None
        except ValueError:
            return None
    user = settings.get("user") or settings.get("username")
    return user if isinstance(user, str) else None


def _said(problem: psycopg.Error, state: str) -> str:
    """The server's message, with what it adds to it where that cannot be a user's value."""
    message = problem.diag.message_primary or str(problem)
    detail = problem.diag.message_detail if state in DEPENDENT else None
    return f"{message}: {detail}" if detail else message


def _broken(
    data_source: DataSource,
    kind: ConstraintKind,
    code: Code,
    problem: psycopg.Error,
    columns_of: Callable[[str, str, str], tuple[str, ...]],
) -> ConstraintError:
    diag = problem.diag
    columns: tuple[str, ...] = ()
    if (diag.constraint_name or "").endswith(NOT_NULL_CHECK):
        columns = columns_of(diag.schema_name or "", diag.table_name or "", diag.constraint_name or "")
        message = f'column "{"".join(columns)}" of relation "{diag.table_name}" contains null values'
        return _constraint(data_source, ConstraintKind.NOT_NULL, Code.NOT_NULL_VIOLATED, message, None, columns)
    if diag.column_name:
        columns = (diag.column_name,)
    elif diag.constraint_name and diag.table_name:
        columns = columns_of(diag.schema_name or "", diag.table_name, diag.constraint_name)
    return _constraint(data_source, kind, code, diag.message_primary or str(problem), diag.constraint_name, columns)


def _constraint(
    data_source: DataSource,
    kind: ConstraintKind,
    code: Code,
    message: str,
    constraint: str | None = None,
    columns: tuple[str, ...] = (),
) -> ConstraintError:
    return ConstraintError(
        _finding(data_source, code, message),
        kind=kind,
        constraint=constraint,
        columns=columns,
        data_source=data_source.name,
        connector=data_source.connector,
    )


def _finding(data_source: DataSource, code: Code, message: str, hint: str | None = None) -> Diagnostic:
    return Diagnostic(
        code=code, message=f"data source {data_source.name}: {message}", location=data_source.location, hint=hint
    )
