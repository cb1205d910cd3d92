"""Finding out, while a statement waits for a lock, who holds it.

Source: PostgreSQL manual, section 9.27 (`pg_blocking_pids`).
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any, Final

import psycopg
from psycopg import Connection

__all__ = ["LockWatch"]

HOLDERS: Final = """
SELECT DISTINCT a.pid, coalesce(a.usename::text, a.backend_type), a.application_name, coalesce(a.state, ''),
  extract(epoch FROM clock_timestamp() - a.xact_start)::float8
FROM unnest(pg_catalog.pg_blocking_pids(%s)) AS holder (pid)
JOIN pg_catalog.pg_stat_activity a ON a.pid = holder.pid
ORDER BY a.pid
"""
"""Not what they execute: that may hold values nobody should read."""

Told = Callable[[tuple[str, ...]], None]


class LockWatch:
    """Looks, over a connection of its own, who is in the way of statements that take long."""

    def __init__(self, connect: Callable[[], Connection[Any]], pid: int, *, after: float) -> None:
        """Watch the server process `pid`, whenever a statement takes more than `after` seconds."""
        self._connect = connect
        self._pid = pid
        self._after = after
        self._told: Told | None = None
        self._busy = False
        self._closed = False
        self._number = 0
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._connection: Connection[Any] | None = None

    def tell(self, told: Told) -> None:
        """From now on tell this one, from the watching thread, whenever others are in the way."""
        with self._changed:
            self._told = told
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="lbconf-lock-watch", daemon=True)
                self._thread.start()

    @contextlib.contextmanager
    def over(self) -> Iterator[None]:
        """A statement is under way."""
        self._set(busy=True)
        try:
            yield
        finally:
            self._set(busy=False)

    def close(self) -> None:
        """Stop watching."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
        if self._connection is not None:
            self._connection.close()

    def _set(self, *, busy: bool) -> None:
        with self._changed:
            self._busy = busy
            self._number += 1
            self._changed.notify_all()

    def _watch(self) -> None:
        last: tuple[int, tuple[str, ...]] | None = None
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._busy or self._closed)
                number = self._number
                self._changed.wait_for(lambda begun=number: self._closed or self._number != begun, self._after)  # type: ignore[misc]
                if self._closed:
                    return
                if self._number != number:
                    continue
            who = self._holders()
            with self._changed:
                told = self._told if self._number == number else None
            if who and told is not None and last != (number, who):
                last = (number, who)
                told(who)

    def _holders(self) -> tuple[str, ...]:
        try:
            if self._connection is None or self._connection.closed:
                self._connection = self._connect()
            return tuple(_text(*row) for row in self._connection.execute(HOLDERS, (self._pid,)).fetchall())
        except psycopg.Error:
            return ()


def _text(pid: int, user: str, application: str, state: str, seconds: float | None) -> str:
    program = f" ({application})" if application else ""
    since = f", in a transaction for {seconds:.0f} s" if seconds is not None else ""
    return f"process {pid} of {user}{program}{': ' + state if state else ''}{since}"
