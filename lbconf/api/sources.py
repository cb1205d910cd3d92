"""The data sources of a serving process: opened at start, watched while they are away, asked for readiness."""

import asyncio
from collections.abc import Mapping
from time import perf_counter
from typing import Final

from lbconf.api.log import JsonLog
from lbconf.api.threads import WorkerThreads
from lbconf.connectors.contract import Connector
from lbconf.errors import LbconfError
from lbconf.records import dataclass

__all__ = ["Readiness", "Sources"]

RETRY_SECONDS: Final = 0.5
PING_SECONDS: Final = 2.0
"""How long readiness waits for one data source."""
START_SECONDS: Final = 3.0
"""How long starting waits for data sources, before it goes on without them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Whether one data source answers."""

    ready: bool
    milliseconds: float
    message: str | None = None


class Sources:
    """Open connectors by data-source name; one that cannot be reached is tried again until it answers."""

    def __init__(self, connectors: Mapping[str, Connector], log: JsonLog) -> None:
        """Take connectors, none of them opened yet."""
        self._connectors = connectors
        self._log = log
        self._away: set[str] = set()
        self._watching: dict[str, asyncio.Task[None]] = {}
        self._threads = WorkerThreads(max(1, 2 * len(connectors)), "lbconf-ping")

    @property
    def away(self) -> frozenset[str]:
        """Names of the data sources that did not answer when last asked."""
        return frozenset(self._away)

    def serves(self, name: str) -> bool:
        """Whether there is a connector for a data source."""
        return name in self._connectors

    def is_away(self, name: str) -> bool:
        """Whether a data source did not answer when last asked."""
        return name in self._away

    async def open(self) -> None:
        """Open every connector; those that fail or are slow are tried further in the background."""
        first = [asyncio.create_task(self._open_once(name)) for name in self._connectors]
        if first:
            _, slow = await asyncio.wait(first, timeout=START_SECONDS)
            for name, task in zip(self._connectors, first, strict=True):
                if task in slow:
                    self._mark_away(name, "no answer yet")
        for name in self._away:
            self._watch(name)

    def lost(self, name: str, message: str) -> None:
        """Note that a request could not reach a data source, and watch it until it is back."""
        if name in self._connectors:
            self._mark_away(name, message)
            self._watch(name)

    async def readiness(self) -> dict[str, Readiness]:
        """Every data source, asked now."""
        answers = await asyncio.gather(*(self._ready(name) for name in self._connectors))
        return dict(zip(self._connectors, answers, strict=True))

    async def close(self) -> None:
        """Stop watching and let go of every connection."""
        for task in self._watching.values():
            task.cancel()
        for connector in self._connectors.values():
            connector.close()
        self._threads.stop()

    async def _open_once(self, name: str) -> None:
        connector = self._connectors[name]
        try:
            await self._threads.run(_open, connector)
        except LbconfError as error:
            self._mark_away(name, error.diagnostics[0].message)

    def _mark_away(self, name: str, message: str) -> None:
        if name not in self._away:
            self._away.add(name)
            self._log.event("error", "data-source-away", dataSource=name, message=message)

    def _watch(self, name: str) -> None:
        task = self._watching.get(name)
        if task is None or task.done():
            self._watching[name] = asyncio.create_task(self._until_back(name))

    async def _until_back(self, name: str) -> None:
        connector = self._connectors[name]
        while True:
            await asyncio.sleep(RETRY_SECONDS)
            try:
                await self._threads.run(_open_and_ping, connector)
            except LbconfError:
                continue
            self._away.discard(name)
            self._log.event("info", "data-source-back", dataSource=name)
            return

    async def _ready(self, name: str) -> Readiness:
        started = perf_counter()
        message: str | None = None
        try:
            await asyncio.wait_for(self._threads.run(_open_and_ping, self._connectors[name]), PING_SECONDS)
        except TimeoutError:
            message = f"no answer within {PING_SECONDS:g} seconds"
        except LbconfError as error:
            message = error.diagnostics[0].message
        if message is not None:
            self.lost(name, message)
        return Readiness(
            ready=message is None, milliseconds=round((perf_counter() - started) * 1000, 1), message=message
        )


def _open(connector: Connector) -> None:
    connector.open()


def _open_and_ping(connector: Connector) -> None:
    connector.open()
    connector.ping()
