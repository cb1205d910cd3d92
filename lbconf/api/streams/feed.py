"""A request's body on its way from the event loop to the thread that reads it: never more than a few chunks."""

import asyncio
from collections.abc import Iterator
from queue import SimpleQueue
from typing import Any, Final

from lbconf.api.streams.forms import Form
from lbconf.records import dataclass

__all__ = ["Feed", "Upload"]

CHUNKS: Final = 16
"""Chunks that may wait; a server's are 64 KiB or smaller."""


class Feed:
    """Chunks of a body: put in the loop, iterated over in one other thread."""

    def __init__(self) -> None:
        """Belong to the running loop."""
        self._loop = asyncio.get_running_loop()
        self._free = asyncio.Semaphore(CHUNKS)
        self._chunks: SimpleQueue[bytes | None] = SimpleQueue()
        self._ended = False
        self._given_up: Exception | None = None
        self.digest: Any = None
        """Is updated with each chunk that is read, where somebody puts a digest here."""

    async def put(self, chunk: bytes) -> None:
        """Hand over a chunk; waits while too many are there."""
        await self._free.acquire()
        self._chunks.put(chunk)

    def end(self) -> None:
        """Nothing comes any more."""
        self._chunks.put(None)

    def give_up(self, problem: Exception) -> None:
        """The reader gets the problem at once, whatever is there to be read: nothing will come of it."""
        self._given_up = problem
        self._chunks.put(None)

    def check(self) -> None:
        """Return quietly while something may come of it; raises what was given up for."""
        if self._given_up is not None:
            raise self._given_up

    def __iter__(self) -> Iterator[bytes]:
        """The chunks to the end, those that no other iteration took. Raises what the body failed with."""
        while not self._ended:
            chunk = self._chunks.get()
            self.check()
            if chunk is None:
                self._ended = True
                return
            self._loop.call_soon_threadsafe(self._free.release)
            if self.digest is not None:
                self.digest.update(chunk)
            yield chunk


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A body of many instances."""

    form: Form
    feed: Feed
    longest: int
    """Bytes of a line."""
