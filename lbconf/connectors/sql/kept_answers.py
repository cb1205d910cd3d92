"""Answers to requests that may come again, in a table of lbconf's own: every worker of every machine sees them."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import count
from time import time
from typing import Any, Final, Protocol

from lbconf.connectors.contract import KeptAnswer
from lbconf.connectors.sql.compile import Compiled, Compiler
from lbconf.diagnostics import Code
from lbconf.errors import ConnectorError, ConstraintError

__all__ = ["SqlAnswers"]

TABLE: Final = "_lbconf_answers"
PURGED_EVERY: Final = 100
"""Claims between two looks for what is out of date."""


class Runs(Protocol):
    """What runs statements."""

    def compiler(self) -> Compiler:
        """For the server."""
        ...

    def fetch(self, statement: Compiled, *, write: bool = False) -> Any:
        """The rows of a statement."""
        ...

    def change(self, statement: Compiled) -> int:
        """How many rows a statement touched."""
        ...


class SqlAnswers:
    """The table, made when it is first needed."""

    def __init__(self, runs: Runs, text: str) -> None:
        """Take what runs statements, and the type of long texts."""
        self._runs = runs
        self._text = text
        self._claims = count(1)

    def claim(self, key: str, fingerprint: str, lease: float) -> KeptAnswer | None:
        """None: the key is the caller's for `lease` seconds; else what is known of it."""
        if next(self._claims) % PURGED_EVERY == 0:
            self._with_table(lambda: self._change("DELETE FROM {table} WHERE expires < {}", time()))
        for _ in range(3):
            now = time()
            self._with_table(partial(self._change, "DELETE FROM {table} WHERE id = {} AND expires < {}", key, now))
            try:
                columns = "INSERT INTO {table} (id, fingerprint, expires, answer) VALUES ({}, {}, {}, '')"
                self._change(columns, key, fingerprint, now + lease)
            except ConstraintError:
                found = self._runs.fetch(
                    self._compiled("SELECT fingerprint, answer FROM {table} WHERE id = {}", (key,))
                )
                if found:
                    return KeptAnswer(fingerprint=str(found[0][0]), answer=str(found[0][1]) or None)
            else:
                return None
        return KeptAnswer(fingerprint=fingerprint, answer=None)

    def keep(self, key: str, answer: str, seconds: float) -> None:
        """Keep the answer for so long; part of the caller's transaction."""
        self._change("UPDATE {table} SET answer = {}, expires = {} WHERE id = {}", answer, time() + seconds, key)

    def release(self, key: str) -> None:
        """Let the key be claimed again."""
        self._change("DELETE FROM {table} WHERE id = {}", key)

    def _with_table(self, act: Callable[[], object]) -> None:
        try:
            act()
        except ConnectorError as problem:
            if problem.diagnostics[0].code is not Code.TABLE_MISSING:
                raise
            with suppress(ConstraintError):  # another worker makes it at the same moment
                self._change(
                    "CREATE TABLE IF NOT EXISTS {table} (id varchar(64) NOT NULL PRIMARY KEY, "
                    "fingerprint varchar(64) NOT NULL, expires double precision NOT NULL, "
                    f"answer {self._text} NOT NULL)"
                )
            act()

    def _change(self, sql: str, *values: Any) -> int:
        return self._runs.change(self._compiled(sql, values))

    def _compiled(self, sql: str, values: tuple[Any, ...]) -> Compiled:
        dialect = self._runs.compiler().dialect
        places = [dialect.placeholder(number) for number in range(1, len(values) + 1)]
        return Compiled(sql.format(*places, table=dialect.quote(TABLE)), list(values))
