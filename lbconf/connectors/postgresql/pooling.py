"""Telling a connection of the server from one that a pooler lends out anew for each transaction.

The lock of an apply, its time limits and what it prepares belong to a session. A pooler such as pgbouncer makes up the
process id that it gives a client, and in transaction mode the process behind it is another client's in the next moment.
"""

from collections.abc import Callable
from contextlib import closing
from typing import Any, Final

from psycopg import Connection
from psycopg.errors import ProtocolViolation

from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import UnsupportedError

__all__ = ["refuse_lent"]

ROUNDS: Final = 3
"""How often it is tried: a client in between may have taken the process that was looked for."""


def refuse_lent(connection: Connection[Any], connect: Callable[[], Connection[Any]]) -> None:
    """Raise `UnsupportedError` where the process behind an idle connection serves others as well.

    One question where there is no pooler; a second connection for a moment where there is one.
    """
    process = _process(connection)
    if process == connection.info.backend_pid:
        return
    if any(_is_lent(connection, process, connect) for _ in range(ROUNDS)):
        raise UnsupportedError(
            Diagnostic(
                code=Code.UNSUPPORTED,
                message=f"a connection pooler lends out the connections to database {connection.info.dbname} by"
                " transaction; an apply needs one for itself, for its lock and time limits",
                hint="give the server's own address with --url, or a pool in session mode",
            ),
            connector="postgresql",
        )


def _is_lent(connection: Connection[Any], process: int | None, connect: Callable[[], Connection[Any]]) -> bool:
    try:
        with closing(connect()) as other, other.transaction():
            return _process(other) == process or _process(connection) != process
    except ProtocolViolation:  # a pool that allows single statements only
        return True


def _process(connection: Connection[Any]) -> int | None:
    row = connection.execute("SELECT pg_backend_pid()", prepare=False).fetchone()
    return None if row is None else int(row[0])
