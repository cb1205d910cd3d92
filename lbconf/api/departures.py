"""Requests that nobody waits for: those of clients that went away, and those that take too long.

A request costs an entry in a table. Only one that is worked on for longer than a moment is watched.
"""

import asyncio
from contextlib import suppress
from time import monotonic
from typing import Any, Final

from litestar.types import Receive

from lbconf.diagnostics import Code
from lbconf.query.errors import RequestError

__all__ = ["Departures", "Flight"]

MOMENT: Final = 0.5
"""Seconds between looks at what is under way."""


class Flight:
    """One request that is worked on."""

    __slots__ = ("begun", "late", "left", "receive", "task", "watcher")

    def __init__(self, receive: Receive) -> None:
        """It begins now, in the current task."""
        self.receive = receive
        self.task: Any = asyncio.current_task()
        self.begun = monotonic()
        self.watcher: asyncio.Task[None] | None = None
        self.left = False
        """Whether the client went away."""
        self.late = False
        """Whether it took too long."""

    def refusal(self) -> RequestError | None:
        """Why it was cancelled, where that was done here."""
        if not (self.left or self.late):
            return None
        self.task.uncancel()
        if self.late:
            hint = "Narrow the condition, ask for smaller pages, or raise budget.seconds of the server's settings."
            return RequestError(Code.BUDGET_SPENT, "The request took too long", status=503, hint=hint)
        return RequestError(Code.REQUEST_REFUSED, "The client went away", status=499, name="ClientClosedRequest")


class Departures:
    """Cancels requests that nobody waits for. For use in the event loop."""

    def __init__(self, seconds: float | None) -> None:
        """Take how many seconds a request may take; None for any number."""
        self._seconds = seconds
        self._under_way: dict[int, Flight] = {}
        self._looking: asyncio.Task[None] | None = None

    def begin(self, receive: Receive) -> Flight:
        """The current task works on a request from now on; its body has been read."""
        flight = Flight(receive)
        self._under_way[id(flight)] = flight
        if self._looking is None:
            self._looking = asyncio.get_running_loop().create_task(self._look())
        return flight

    def end(self, flight: Flight) -> None:
        """It is answered."""
        del self._under_way[id(flight)]
        if flight.watcher is not None:
            flight.watcher.cancel()

    async def _look(self) -> None:
        """Look at what takes long, as long as there is anything."""
        try:
            while self._under_way:
                await asyncio.sleep(MOMENT)
                now = monotonic()
                for flight in [*self._under_way.values()]:
                    age = now - flight.begun
                    if self._seconds is not None and age > self._seconds and not (flight.late or flight.left):
                        flight.late = True
                        flight.task.cancel()
                    elif flight.watcher is None and age >= MOMENT:
                        flight.watcher = asyncio.get_running_loop().create_task(_watch(flight))
        finally:
            self._looking = None


async def _watch(flight: Flight) -> None:
    """Cancel the request when its client goes away."""
    with suppress(asyncio.CancelledError, OSError):
        while (await flight.receive())["type"] != "http.disconnect":
            pass
        if not flight.late:
            flight.left = True
            flight.task.cancel()
