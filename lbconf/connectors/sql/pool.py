"""A bounded stack of connections. The one used last is used next, so that its prepared statements are warm."""

from collections.abc import Callable
from threading import Condition
from time import monotonic
from typing import Generic, TypeVar

__all__ = ["Pool", "PoolEmptyError"]

C = TypeVar("C")


class PoolEmptyError(Exception):
    """Every connection stayed in use for as long as the caller may wait."""


class Pool(Generic[C]):
    """Hands out connections, at most `maximum` at once."""

    def __init__(
        self,
        connect: Callable[[], C],
        close: Callable[[C], None],
        usable: Callable[[C], bool],
        *,
        maximum: int,
        timeout: float,
        idle: float | None = None,
    ) -> None:
        """Take how to make, close and judge a connection; `timeout` and `idle` are seconds."""
        self._connect = connect
        self._close = close
        self._usable = usable
        self._maximum = maximum
        self._timeout = timeout
        self._idle = idle
        self._free: list[tuple[C, float]] = []
        self._count = 0
        self._generation = 0
        self._lent: dict[int, int] = {}
        self._changed = Condition()

    def take(self) -> C:
        """A connection for the caller alone: a free one, else a new one.

        Raises:
            PoolEmptyError: after `timeout` seconds without a free one.
        """
        connection = self._reserve()
        if connection is None:
            try:
                connection = self._connect()
            except BaseException:
                self._forget()
                raise
        self._lent[id(connection)] = self._generation
        return connection

    def give(self, connection: C, *, broken: bool = False) -> None:
        """Give a connection back. A broken one makes every other free one be looked at with suspicion."""
        born = self._lent.pop(id(connection), -1)
        with self._changed:
            keep = not broken and born == self._generation
            if keep:
                self._free.append((connection, monotonic()))
                self._changed.notify()
        if not keep:
            self._forget()
            self._close(connection)
        if self._idle is not None:
            self._close_idle(self._idle)

    def clear(self) -> None:
        """Close every connection: free ones now, lent ones when they come back."""
        with self._changed:
            self._generation += 1
            free, self._free = self._free, []
            self._count -= len(free)
            self._changed.notify_all()
        for connection, _ in free:
            self._close(connection)

    def _reserve(self) -> C | None:
        """A free connection, or None when the caller may make one."""
        deadline = None
        while True:
            with self._changed:
                while not self._free and self._count >= self._maximum:
                    now = monotonic()
                    deadline = deadline if deadline is not None else now + self._timeout
                    if now >= deadline or not self._changed.wait(deadline - now):
                        raise PoolEmptyError
                if not self._free:
                    self._count += 1
                    return None
                connection = self._free.pop()[0]
            if self._usable(connection):
                return connection
            self._forget()
            self._close(connection)

    def _forget(self) -> None:
        with self._changed:
            self._count -= 1
            self._changed.notify()

    def _close_idle(self, longest: float) -> None:
        """Close what nobody used for long; the oldest lie at the bottom of the stack."""
        limit = monotonic() - longest
        with self._changed:
            stale = 0
            while stale < len(self._free) and self._free[stale][1] < limit:
                stale += 1
            old, self._free = self._free[:stale], self._free[stale:]
            self._count -= len(old)
        for connection, _ in old:
            self._close(connection)
