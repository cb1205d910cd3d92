"""What is measured of a serving process, put together from what the project asks for."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from hmac import compare_digest
from pathlib import Path
from typing import Any, Final

from litestar import Request, Response, route
from litestar.handlers import HTTPRouteHandler

from lbconf.api.explorer import READING
from lbconf.api.log import JsonLog
from lbconf.api.sources import Sources
from lbconf.api.watch.metrics import CONTENT_TYPE, Family, Metrics, exposition
from lbconf.api.watch.sharing import SharedFolder, joined
from lbconf.api.watch.slow import SlowQueries
from lbconf.api.watch.tracing import tracing
from lbconf.api.watch.watcher import Watcher
from lbconf.connectors.contract import Connector, Pooled
from lbconf.project.serving import Serving

__all__ = ["Watching"]

LEAVE_SECONDS: Final = 1.0
"""How often a worker leaves its metrics for the others."""


class Watching:
    """The watcher of one process, its metrics and who hears of them."""

    def __init__(
        self,
        serving: Serving,
        connectors: Mapping[str, Connector],
        sources: Sources,
        log: JsonLog,
        folder: Path | None,
        root: str = "",
    ) -> None:
        """Take what is asked for, and the path of the REST root.

        `folder` is where worker processes leave their metrics; None: there is one process.
        """
        self._serving = serving
        self._connectors = connectors
        self._sources = sources
        self._metrics = Metrics(self._gauges, root) if serving.metrics else None
        self._folder = SharedFolder(folder) if folder is not None and serving.metrics else None
        self._slow = SlowQueries(serving.slow_query, log) if serving.slow_query is not None else None
        traces = tracing() if serving.tracing else None
        if serving.tracing and traces is None:
            log.event("warning", "tracing-off", message="OpenTelemetry is not installed: pip install opentelemetry-api")
        on = self._metrics or self._slow or traces or serving.timing
        self.watcher = Watcher(self._metrics, timing=serving.timing, slow=self._slow, tracing=traces) if on else None
        if self.watcher is not None:
            self.watcher.observe(connectors.values())
        self._leaving: asyncio.Task[None] | None = None

    def handlers(self) -> list[HTTPRouteHandler]:
        """`/metrics`, where the project has it."""
        metrics, token = self._metrics, self._serving.metrics_token
        if metrics is None:
            return []

        @route("/metrics", http_method=READING, include_in_schema=False)
        async def scrape(request: Request[Any, Any, Any]) -> Response[bytes]:
            if token is not None and not _is_allowed(request.headers.get("authorization", ""), token):
                return Response(
                    b"",
                    status_code=401,
                    media_type=CONTENT_TYPE,
                    headers={"www-authenticate": 'Bearer realm="metrics"'},
                )
            found = await asyncio.to_thread(self._joined, metrics.families)
            return Response(exposition(found), media_type=CONTENT_TYPE, headers={"cache-control": "no-store"})

        return [scrape]

    def start(self) -> None:
        """Begin to leave metrics for other processes."""
        if self._folder is not None:
            self._leaving = asyncio.create_task(self._leave())

    def stop(self) -> None:
        """Leave what was counted to the end."""
        if self._leaving is not None:
            self._leaving.cancel()
        if self._folder is not None and self._metrics is not None:
            self._folder.leave(self._metrics.families())
        if self._slow is not None:
            self._slow.stop()

    async def _leave(self) -> None:
        while self._folder is not None and self._metrics is not None:
            await asyncio.to_thread(self._folder.leave, self._metrics.families())
            await asyncio.sleep(LEAVE_SECONDS)

    def _joined(self, families: Callable[[], tuple[Family, ...]]) -> tuple[Family, ...]:
        own = families()
        return own if self._folder is None else joined(own, self._folder.others())

    def _gauges(self) -> Iterable[Family]:
        up = {f'{{data_source="{name}"}}': float(not self._sources.is_away(name)) for name in self._connectors}
        yield Family(name="lbconf_data_source_up", kind="gauge", help="Whether a data source answers.", samples=up)
        figures = {
            name: connector.pool_figures()
            for name, connector in self._connectors.items()
            if isinstance(connector, Pooled)
        }
        if figures:
            used = {f'{{data_source="{name}",state="used"}}': float(one.used) for name, one in figures.items()}
            idle = {f'{{data_source="{name}",state="idle"}}': float(one.idle) for name, one in figures.items()}
            most = {f'{{data_source="{name}"}}': float(one.maximum) for name, one in figures.items()}
            yield Family(name="lbconf_pool_connections", kind="gauge", help="Connections.", samples=used | idle)
            yield Family(name="lbconf_pool_connections_max", kind="gauge", help="Most connections.", samples=most)


def _is_allowed(header: str, token: str) -> bool:
    scheme, _, sent = header.partition(" ")
    return scheme.lower() == "bearer" and compare_digest(sent.strip().encode(), token.encode())
