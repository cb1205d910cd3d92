"""Endpoints that are no model's: start page, health, readiness, API description, explorer."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from litestar import Request, Response, route
from litestar.handlers import HTTPRouteHandler

from lbconf.api.descriptions import Description
from lbconf.api.endpoints import Endpoint
from lbconf.api.explorer import READING, explorer_handlers
from lbconf.api.openapi import openapi_document
from lbconf.api.openapi_swagger import swagger_document
from lbconf.api.present import encode, plain
from lbconf.api.sources import Sources
from lbconf.project.resolved import Project
from lbconf.query.nodes import Row

__all__ = ["system_handlers"]

JSON = "application/json; charset=utf-8"


def system_handlers(
    project: Project,
    endpoints: Sequence[Endpoint],
    sources: Sources,
    examples: Callable[[], Mapping[str, Row]] = dict,
) -> list[HTTPRouteHandler]:
    """The handlers, those of the explorer only where the project has one."""
    started = datetime.now(UTC)
    clock = time.monotonic()
    document = Description(
        lambda: openapi_document(
            project,
            endpoints,
            examples=examples(),
            unserved=[name for name in project.data_sources if not sources.serves(name)],
        )
    )

    @route("/", http_method=READING, media_type=JSON, include_in_schema=False)
    async def start_page() -> Response[bytes]:
        return _json({"started": plain(started), "uptime": round(time.monotonic() - clock, 3)})

    @route("/healthz", http_method=READING, media_type=JSON, include_in_schema=False)
    async def health() -> Response[bytes]:
        return _json({"status": "ok", "uptime": round(time.monotonic() - clock, 3)})

    @route("/readyz", http_method=READING, media_type=JSON, include_in_schema=False)
    async def ready() -> Response[bytes]:
        found = await sources.readiness()
        all_ready = all(one.ready for one in found.values())
        return _json(
            {
                "status": "ready" if all_ready else "not ready",
                "dataSources": {
                    name: {"status": "up" if one.ready else "down", "ms": one.milliseconds}
                    for name, one in found.items()
                }
                | {name: {"status": "not served"} for name in project.data_sources if name not in found},
            },
            status=200 if all_ready else 503,
        )

    @route("/openapi.json", http_method=READING, media_type=JSON, include_in_schema=False)
    async def describe(request: Request[Any, Any, Any]) -> Response[bytes]:
        return await document.answer(request)

    handlers: list[HTTPRouteHandler] = [health, ready, describe]
    if project.server.rest_api_root.strip("/"):
        handlers.append(start_page)
    if project.server.explorer:
        handlers += explorer_handlers(project)
        if project.layout.is_loopback:
            handlers.append(_swagger_handler(project, endpoints))
    return handlers


def _swagger_handler(project: Project, endpoints: Sequence[Endpoint]) -> HTTPRouteHandler:
    """LoopBack's own description, below the explorer's mount path."""
    component = project.components.get("loopback-component-explorer")
    written = component.get("resourcePath") if isinstance(component, Mapping) else None
    name = written.strip("/") if isinstance(written, str) and written.strip("/") else "swagger.json"
    document = Description(lambda: swagger_document(project, endpoints))

    @route(f"{project.server.explorer}/{name}", http_method=READING, media_type=JSON, include_in_schema=False)
    async def swagger(request: Request[Any, Any, Any]) -> Response[bytes]:
        return await document.answer(request)

    return swagger


def _json(value: Any, status: int = 200) -> Response[bytes]:
    return Response(encode(value), status_code=status, media_type=JSON, headers={"cache-control": "no-store"})
