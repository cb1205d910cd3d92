"""An answer's body in parts that are made one by one, in worker threads."""

from collections.abc import Generator
from contextvars import copy_context
from threading import Lock

__all__ = ["Portions"]


class Portions:
    """Parts of a body. Whoever makes an object of it must close it."""

    def __init__(self, parts: Generator[bytes, None, None]) -> None:
        """Take what makes the parts; each runs with the context variables of this moment."""
        self._parts = parts
        self._context = copy_context()
        self._lock = Lock()

    def next(self) -> bytes | None:
        """The next part; None after the last. May block."""
        with self._lock:
            return self._context.run(next, self._parts, None)

    def close(self) -> None:
        """End the query behind it, when the part being made is done. May block."""
        with self._lock:
            self._context.run(self._parts.close)
