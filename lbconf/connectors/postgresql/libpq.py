"""Questions to a server through libpq itself, where importing the driver would take longer than the questions.

psycopg's wheels bring libpq along; `ctypes` calls the dozen functions that statements without parameters need. Where
there is no such library, or anything is unusual, the driver does the same.

Source: PostgreSQL manual, chapter 34 (libpq).
"""

import ctypes
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

__all__ = ["NotConnectedError", "Questions", "UnansweredError", "load"]

_GOOD: Final = 0
"""`CONNECTION_OK`."""
_COMMAND, _ROWS = 1, 2
"""`PGRES_COMMAND_OK` and `PGRES_TUPLES_OK`."""
_POINTERS: Final = ("PQconnectdbParams", "PQgetResult", "PQgetvalue")
_LOADED: Final[list[ctypes.CDLL]] = []


class UnansweredError(Exception):
    """The question has to be asked through the driver, which tells better what is wrong."""


def load() -> ctypes.CDLL:
    """The library that psycopg's wheels hold. Raises `UnansweredError` where there is none."""
    if _LOADED:
        return _LOADED[0]
    found = find_spec("psycopg_binary")
    places = () if found is None or found.origin is None else (Path(found.origin).parents[1],)
    files = [file for place in places for file in (place / "psycopg_binary.libs").glob("libpq-*.so*")]
    if len(files) != 1:
        raise UnansweredError
    try:
        library = ctypes.CDLL(str(files[0]))
        for name in _POINTERS:
            getattr(library, name).restype = ctypes.c_void_p
        library.PQerrorMessage.restype = ctypes.c_char_p
    except (OSError, AttributeError):
        raise UnansweredError from None
    _LOADED.append(library)
    return library


class NotConnectedError(Exception):
    """The server cannot be reached, or refuses us; libpq's own words."""


class Questions:
    """A connection over which statements are sent at once and their answers read one by one."""

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        """Connect. `parameters` are libpq's. Raises `NotConnectedError` and `UnansweredError`."""
        self._library = load()
        given = {name: str(value).encode() for name, value in parameters.items() if value is not None}
        count = len(given) + 1
        names = (ctypes.c_char_p * count)(*(name.encode() for name in given), None)
        values = (ctypes.c_char_p * count)(*given.values(), None)
        self._connection: ctypes.c_void_p | None = ctypes.c_void_p(self._library.PQconnectdbParams(names, values, 0))
        if self._library.PQstatus(self._connection) != _GOOD:
            said = (self._library.PQerrorMessage(self._connection) or b"").decode(errors="replace")
            self.close()
            raise NotConnectedError(said)

    @property
    def version(self) -> int:
        """The server's, as `server_version_num`."""
        return int(self._library.PQserverVersion(self._connection))

    def ask(self, statements: Sequence[str]) -> Iterator[list[str | None]]:
        """Send the statements together, in one transaction; the first column of each that gives rows, as it comes.

        The server works on a statement while the answer before is looked at. Raises `UnansweredError` for an error.
        """
        if not self._library.PQsendQuery(self._connection, ";\n".join(statements).encode()):
            raise UnansweredError
        failed = False
        while result := self._library.PQgetResult(self._connection):
            answer = ctypes.c_void_p(result)
            try:
                status = self._library.PQresultStatus(answer)
                failed = failed or status not in {_COMMAND, _ROWS}
                if failed or status == _COMMAND:
                    continue
                values = [self._value(answer, row) for row in range(self._library.PQntuples(answer))]
            finally:
                self._library.PQclear(answer)
            yield values
        if failed:
            raise UnansweredError

    def close(self) -> None:
        """Close the connection; never fails."""
        if self._connection is not None:
            self._library.PQfinish(self._connection)
            self._connection = None

    def _value(self, answer: ctypes.c_void_p, row: int) -> str | None:
        if self._library.PQgetisnull(answer, row, 0):
            return None
        length = self._library.PQgetlength(answer, row, 0)
        return ctypes.string_at(self._library.PQgetvalue(answer, row, 0), length).decode()
