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
        self._listener: Callable[[], object] | None = None

    def take(self) -> C:
        """A connection for the caller alone: a free one, else a new one.

        Raises:
            PoolEmptyError: after `timeout` seconds without a free one.
        """
        return self._lend(self._reserve(self._timeout) or self._made())

    def take_free(self) -> C | None:
        """A free connection for the caller alone, without waiting; None where the caller may `add` one, and must.

        Raises:
            PoolEmptyError: every connection is in use, and there may be no more.
        """
        connection = self._reserve(0)
        return None if connection is None else self._lend(connection)

    def add(self) -> C:
        """A new connection for the caller alone, after `take_free` allowed it."""
        return self._lend(self._made())

    def is_outdated(self, connection: C) -> bool:
        """Whether a lent connection is to be closed when it comes back."""
        return self._lent.get(id(connection), -1) != self._generation

    def listen(self, listener: Callable[[], object]) -> None:
        """Call this, from whichever thread, whenever there may be a connection for somebody who waits."""
        self._listener = listener

    def give(self, connection: C, *, broken: bool = False) -> None:
        """Give a connection back. A broken one makes every other free one be looked at with suspicion."""
        born = self._lent.pop(id(connection), -1)
        with self._changed:
            keep = not broken and born == self._generation
            if keep:
                self._free.append((connection, monotonic()))
                self._tell()
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

    def figures(self) -> tuple[int, int, int]:
        """Connections in use, free ones, and how many there may be."""
        with self._changed:
            idle = len(self._free)
            return self._count - idle, idle, self._maximum

    def _lend(self, connection: C) -> C:
        self._lent[id(connection)] = self._generation
        return connection

    def _made(self) -> C:
        try:
            return self._connect()
        except BaseException:
            self._forget()
            raise

    def _tell(self) -> None:
        """Wake one who waits; the lock is held."""
        self._changed.notify()
        if self._listener is not None:
            self._listener()

    def _reserve(self, timeout: float) -> C | None:
        """A free connection, or None when the caller may make one; waits up to `timeout` seconds."""
        deadline = None
        while True:
            with self._changed:
                while not self._free and self._count >= self._maximum:
                    now = monotonic()
                    deadline = deadline if deadline is not None else now + timeout
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
            self._tell()

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
