"""A request's body on its way from the event loop to the thread that reads it: never more than a few chunks."""

import asyncio
from collections.abc import Iterator
from queue import SimpleQueue
from typing import Final

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
        self._chunks: SimpleQueue[bytes | Exception | None] = SimpleQueue()
        self._ended = False

    async def put(self, chunk: bytes) -> None:
        """Hand over a chunk; waits while too many are there."""
        await self._free.acquire()
        self._chunks.put(chunk)

    def end(self, problem: Exception | None = None) -> None:
        """Nothing comes any more; the reader gets the problem, where there is one."""
        self._chunks.put(problem)

    def __iter__(self) -> Iterator[bytes]:
        """The chunks to the end, those that no other iteration took. Raises what the body failed with."""
        while not self._ended:
            chunk = self._chunks.get()
            if not isinstance(chunk, bytes):
                self._ended = True
                if chunk is not None:
                    raise chunk
                return
            self._loop.call_soon_threadsafe(self._free.release)
            yield chunk


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A body of many instances."""

    form: Form
    feed: Feed
    longest: int
    """Bytes of a line."""
