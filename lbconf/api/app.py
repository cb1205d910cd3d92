"""The whole ASGI application: model endpoints, description, explorer, health, logging, CORS."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from litestar import Litestar, Request, Response, asgi
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, Receive, Scope, Send

from lbconf.api.access.callers import callers_of
from lbconf.api.access.control import AccessControl
from lbconf.api.access_log import AccessLog
from lbconf.api.bodies import Limits
from lbconf.api.booting import run_boot_functions
from lbconf.api.changes.feed import Feed
from lbconf.api.composing import with_operations_together
from lbconf.api.departures import Departures
from lbconf.api.endpoints import endpoints_of
from lbconf.api.layers import layered, limit_routes, security_headers
from lbconf.api.log import JsonLog, LogHandler, request_fields
from lbconf.api.mail.post import post_of
from lbconf.api.mail.told import tell_of_mail
from lbconf.api.model_api import ModelApi
from lbconf.api.negotiation import error_form
from lbconf.api.once import Once
from lbconf.api.present import Presenter
from lbconf.api.problem import Fault, fault_of, loopback_body, loopback_text
from lbconf.api.quick import quick_endpoints
from lbconf.api.remote_hooks import RemoteHooks
from lbconf.api.route_table import RouteTable
from lbconf.api.sending import Room
from lbconf.api.sources import Sources
from lbconf.api.system import system_handlers
from lbconf.api.threads import WorkerThreads
from lbconf.api.user_calls import UserCalls
from lbconf.api.watch.setup import Watching
from lbconf.code.loading import NO_CODE
from lbconf.connectors.contract import Connector
from lbconf.diagnostics import Code
from lbconf.errors import LbconfError
from lbconf.project.access_settings import access_settings
from lbconf.project.reading_settings import request_budget
from lbconf.project.resolved import Project
from lbconf.project.serving import serving_of
from lbconf.query.nodes import Row
from lbconf.records import dataclass
from lbconf.repository import HookedRepository, Repository

__all__ = ["ApiOptions", "create_app"]

LOGGERS: Final = ("lbconf", "uvicorn.error")
THREADS: Final = 10
"""Worker threads where neither option nor data source says how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiOptions:
    """How to serve."""

    threads: int = THREADS
    """Requests that work on data at the same time; each keeps its connection."""
    access_log: bool = True
    write_log: Callable[[bytes], object]
    """Where log lines go."""
    on_failure: Callable[[LbconfError], object] = id
    """Told why the application does not start."""
    metrics_folder: Path | None = None
    """Where worker processes leave their metrics for each other; None: there is one process."""
    again: bool = False
    """Whether the process has served before: what was told then is not told again."""
    examples: Callable[[], Mapping[str, Row]] = dict
    """Gives a row by model, for the description of the API; asked when that is first wanted."""


def create_app(
    project: Project, repository: Repository, connectors: Mapping[str, Connector], options: ApiOptions
) -> AccessLog:
    """The application, ready for an ASGI server. Connectors are opened when it starts and closed when it ends."""
    log = JsonLog(options.write_log)
    sources = Sources(connectors, log)
    threads = WorkerThreads(options.threads, "lbconf")
    root = project.server.rest_api_root.rstrip("/")
    code = repository.code if isinstance(repository, HookedRepository) else NO_CODE
    endpoints = endpoints_of(project, code)
    post = post_of(project, log)
    presenter = Presenter(project)
    serving = serving_of(project)
    watching = Watching(serving, connectors, sources, log, options.metrics_folder, root)
    said = project.server.settings
    limits = Limits(_settings(project, "remoting"), said.get("bodyLimit"), said.get("uploadLimit"))
    limit_routes(limits, serving, root, endpoints)
    followed = {endpoint.model.name: endpoint.model for endpoint in endpoints if endpoint.action == "changes"}
    changes = (
        Feed(repository, presenter, threads, log, followed.values())
        if followed and isinstance(repository, HookedRepository)
        else None
    )
    model_api = with_operations_together(
        ModelApi(
            root=root,
            table=RouteTable(endpoints),
            repository=repository,
            presenter=presenter,
            changes=changes,
            sources=sources,
            threads=threads,
            users=UserCalls(access_settings(project), endpoints, threads, post),
            limits=limits,
            log=log,
            room=Room(max(1, options.threads // 2)),
            quick=quick_endpoints(project, endpoints, connectors, code),
            hooks=RemoteHooks(code, endpoints) if code is not NO_CODE else None,
            tags=said.get("etag") is not False,
            tokens=callers_of(project, repository),
            access=AccessControl(project, repository, endpoints) if project.auth else None,
            once=None if project.layout.is_loopback else Once(connectors),
            budget=request_budget(project),
            departures=Departures(request_budget(project).seconds),
            loopback=project.layout.is_loopback,
        ),
        project,
        endpoints,
    )

    @asgi(root or "/", is_mount=True, copy_scope=False)
    async def models(scope: Scope, receive: Receive, send: Send) -> None:
        await model_api(scope, receive, send)

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        handler = LogHandler(log)
        loggers = [logging.getLogger(name) for name in (*LOGGERS, *_own_loggers(project))]
        for logger in loggers:
            logger.addHandler(handler)
        await sources.open()
        try:
            await run_boot_functions(code, project, repository, threads, log)
        except LbconfError as error:
            options.on_failure(error)
            raise
        if changes is not None:
            await changes.start()
        watching.start()
        tell_of_mail(post, endpoints, log, again=options.again, folder=options.metrics_folder)
        looking = asyncio.create_task(_look(threads, repository, sources, log))
        try:
            yield
        finally:
            looking.cancel()
            watching.stop()
            if changes is not None:
                changes.end()
            if post is not None:
                await asyncio.to_thread(post.stop)
            threads.stop()
            await sources.close()
            for logger in loggers:
                logger.removeHandler(handler)

    handlers = [*system_handlers(project, endpoints, sources, options.examples), *watching.handlers()]
    litestar = Litestar(
        route_handlers=[models, *handlers],
        lifespan=[lifespan],
        openapi_config=None,
        exception_handlers={HTTPException: partial(_unknown_path, project), Exception: _own_mistake(log)},
        logging_config=None,
    )
    own_paths = {path for handler in handlers for path in handler.paths}
    return AccessLog(
        layered(_directly(root, model_api, litestar), project, serving, own_paths),
        options.write_log if options.access_log else None,
        watcher=watching.watcher,
        headers=security_headers(serving),
        connectors=connectors,
    )


async def _look(threads: WorkerThreads, repository: Repository, sources: Sources, log: JsonLog) -> None:
    """Say of every public model whose table is missing or lacks a column, so that no request has to find out."""
    for model in repository.project.models.values():
        if model.public and model.persisted and model.data_source and not sources.is_away(model.data_source):
            try:
                await threads.run(repository.look, model)
            except LbconfError as error:
                found = error.diagnostics[0]
                if found.code is Code.TABLE_MISSING:
                    log.event("warning", "table-missing", model=model.name, message=found.message, hint=found.hint)


def _own_loggers(project: Project) -> list[str]:
    """The loggers of the project's own packages, which tell what is no warning too unless they say otherwise."""
    modules = (*project.code, *(name for model in project.models.values() for name in model.code))
    names = list(dict.fromkeys(name.partition(".")[0] for name in modules))
    for name in names:
        if logging.getLogger(name).level == logging.NOTSET:
            logging.getLogger(name).setLevel(logging.INFO)
    return names


def _directly(root: str, models: ASGIApp, others: ASGIApp) -> ASGIApp:
    """The same as `others` alone, but model endpoints are reached without the framework's own routing."""
    inside = f"{root}/"

    async def choose(scope: Scope, receive: Receive, send: Send) -> None:
        http: Any = scope
        if root and http["type"] == "http" and http["path"].startswith(inside):
            await models(scope, receive, send)
        else:
            await others(scope, receive, send)

    return choose


def _unknown_path(project: Project, request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    path = request.scope.get("raw_path", b"").decode("latin-1") or request.scope["path"]
    message = f"Cannot {request.method} {path}" if error.status_code in {404, 405} else error.detail
    status = 404 if error.status_code == 405 else error.status_code  # noqa: PLR2004 - HTTP statuses
    fault = Fault(status=status, message=message)
    accept = dict(request.scope["headers"]).get(b"accept")
    if project.layout.is_loopback and (form := error_form(accept)) != "json":
        media_type, body = loopback_text(fault, form)
        return Response(body, status_code=status, media_type=media_type.decode("ascii").partition(";")[0])
    return _fault_response(fault)


def _own_mistake(log: JsonLog) -> Callable[[Request[Any, Any, Any], Exception], Response[bytes]]:
    def answer(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
        fault = fault_of(error)
        if fault.ours:
            log.failure(error, **request_fields(request.scope))
        return _fault_response(fault)

    return answer


def _fault_response(fault: Fault) -> Response[bytes]:
    return Response(loopback_body(fault), status_code=fault.status, media_type="application/json; charset=utf-8")


def _settings(project: Project, name: str) -> Mapping[str, Any]:
    found = project.server.settings.get(name)
    return found if isinstance(found, Mapping) else {}
