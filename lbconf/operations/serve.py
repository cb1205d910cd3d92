"""Serve the REST API of a project: one process, several workers, or one that follows the files."""

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from lbconf.connectors.contract import Connector
from lbconf.diagnostics import Code, Collector, Diagnostic, Severity
from lbconf.errors import ConnectorError, LbconfError
from lbconf.operations.compose import project_root
from lbconf.operations.data_sources import create_connectors
from lbconf.operations.listening import chosen_address, listening_socket
from lbconf.operations.load import load_project
from lbconf.operations.protection import unprotected
from lbconf.operations.seed_rows import example_rows
from lbconf.project.reading_settings import REQUEST_SECONDS
from lbconf.project.resolved import Project
from lbconf.project.serving import serving_of
from lbconf.records import dataclass, replace

__all__ = ["Address", "ServeOptions", "application", "serve"]

GRACE_SECONDS: Final = 30
SERVERS: Final = frozenset({"postgresql", "mysql"})
"""Connectors whose statements go on when the process that sent them is gone."""
STATEMENT_MS: Final = int(REQUEST_SECONDS * 1000)
"""Where a data source of the native layout does not say."""
_NONE: Final[Mapping[str, Connector]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """What to serve and how. Plain data, so that worker processes can be given it."""

    root: Path
    environment: str | None = None
    layout: str | None = None
    sets: tuple[str, ...] = ()
    host: str | None = None
    """None: as the environment variables, else the project says."""
    port: int | None = None
    """None: as the environment variables, else the project says. 0: any free one."""
    workers: int = 1
    reload: bool = False
    """Start anew when a configuration file changes."""
    access_log: bool = True
    threads: int | None = None
    """Requests one worker works on at the same time; None: what the data sources allow."""
    grace_seconds: int = GRACE_SECONDS
    """How long requests in flight may take after SIGTERM."""
    metrics_folder: Path | None = None
    """Where several workers leave their metrics for each other."""
    without_access_control: bool = False
    """Whoever reaches the server may call everything, whatever the access rules say. For trials."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the API is to be found, told once the socket is open."""

    host: str
    port: int
    root: str
    explorer: str | None
    secure: bool = False
    """Whether it speaks TLS."""

    @property
    def url(self) -> str:
        """The base URL, for a browser on the same machine where the host is a wildcard."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(self.host, self.host)  # noqa: S104 - compared
        named = f"[{host}]" if ":" in host and not host.startswith("[") else host
        return f"{'https' if self.secure else 'http'}://{named}:{self.port}"


def serve(
    options: ServeOptions,
    *,
    announce: Callable[[Project, Address], None] = lambda _project, _address: None,
    warn: Callable[[tuple[Diagnostic, ...]], None] = lambda _diagnostics: None,
) -> None:
    """Serve until SIGTERM or SIGINT; requests in flight are finished.

    `announce` is called once, when the socket is open; `warn` with the findings
    of the project that do not keep it from being served.

    Raises:
        LbconfError: the project is wrong, cannot be served so, or the address is taken.

    """
    project = load_project(options.root, options.environment, layout=options.layout, overrides=options.sets)
    warn((*project.diagnostics, *_checked(project, options)))
    host, port = chosen_address(project, options.host, options.port)
    listening = listening_socket(host, port)
    with listening:
        announce(
            project,
            Address(
                host=host,
                port=listening.getsockname()[1],
                root=project.server.rest_api_root,
                explorer=project.server.explorer,
                secure=serving_of(project).tls is not None,
            ),
        )
        _run(project, options, listening, warn)


def application(
    options: ServeOptions,
    project: Project | None = None,
    *,
    on_failure: Callable[[LbconfError], object] = id,
    known: Mapping[str, Connector] = _NONE,
    again: bool = False,
) -> Any:
    """The ASGI application, for a server of one's own. `on_failure` is told why it does not start.

    Of the `known` connectors, those that keep rows in the memory of this process are used on; `again`: the process
    served before.
    """
    from lbconf.api.app import ApiOptions, create_app
    from lbconf.code.loading import load_code
    from lbconf.repository import HookedRepository

    found = project or load_project(options.root, options.environment, layout=options.layout, overrides=options.sets)
    if options.without_access_control:
        found = replace(found, auth=False)
    connectors = {**_connectors(found), **_kept_on(found, known)}
    return create_app(
        found,
        HookedRepository(
            found,
            connectors,
            code=load_code(found),
            page_size=found.server.page_size,
            page_limit=found.server.max_page_size,
        ),
        connectors,
        ApiOptions(
            threads=options.threads or _asked_threads(found) or _threads(connectors),
            access_log=options.access_log,
            write_log=_write_log,
            on_failure=on_failure,
            metrics_folder=options.metrics_folder,
            again=again,
            examples=partial(example_rows, found),
        ),
    )


def _kept_on(project: Project, known: Mapping[str, Connector]) -> Mapping[str, Connector]:
    return {
        name: connector
        for name, connector in known.items()
        if connector.data_source.connector == "memory"
        and (source := project.data_sources.get(name)) is not None
        and (source.connector, source.settings) == ("memory", connector.data_source.settings)
    }


def _connectors(project: Project) -> Mapping[str, Connector]:
    """Connectors by data source; those of kinds that lbconf does not have are left out, and their models answer 501.

    Raises:
        ConnectorError: a data source of a kind that lbconf has cannot be used.
    """
    problems = Collector()
    made = create_connectors(_bounded(project), problems=problems)
    wrong = tuple(found for found in problems.diagnostics if found.code is not Code.CONNECTOR_MISSING)
    if wrong:
        raise ConnectorError(wrong)
    return made


def _bounded(project: Project) -> Project:
    """The project, whose statements on a server end in the native layout even where nobody says when.

    SQLite's end with the request that waits for them.
    """
    if project.layout.is_loopback:
        return project
    sources = {
        name: replace(source, settings=MappingProxyType({**source.settings, "statementTimeout": STATEMENT_MS}))
        if source.connector in SERVERS and source.settings.get("statementTimeout") is None
        else source
        for name, source in project.data_sources.items()
    }
    return replace(project, data_sources=MappingProxyType(sources))


@dataclass(frozen=True, slots=True)
class _Factory:
    """Makes the application inside a worker process."""

    options: ServeOptions

    def __call__(self) -> Any:
        return application(self.options)


def _run(
    project: Project,
    options: ServeOptions,
    listening: socket.socket,
    warn: Callable[[tuple[Diagnostic, ...]], None],
) -> None:
    import uvicorn

    from lbconf.operations.http import BoundedHttp
    from lbconf.operations.tls import tls_options

    alone = options.workers == 1 and not options.reload
    failed: list[LbconfError] = []

    def tell(message: str, error: LbconfError | None = None) -> None:
        noted = Diagnostic(code=Code.RELOAD_REFUSED, severity=Severity.INFO, message=message)
        warn((*(() if error is None else error.diagnostics), noted))

    with _metrics_folder(options) as complete:
        factory = _Factory(complete)
        config = uvicorn.Config(
            _switch(project, options, failed.append, tell) if alone else factory,
            factory=not alone,
            workers=options.workers,
            access_log=False,
            log_config=None,
            server_header=False,
            http=BoundedHttp,
            ws="none",
            proxy_headers=False,
            lifespan="on",
            timeout_graceful_shutdown=options.grace_seconds,
            timeout_worker_healthcheck=GRACE_SECONDS,
            **tls_options(project),
        )
        _catch_signals()
        if options.reload:
            from lbconf.operations.reload import ConfigurationReload

            server = uvicorn.Server(config)
            ConfigurationReload(
                config,
                server.run,
                [listening],
                root=options.root,
                check=lambda: _again(options),
                tell=lambda message, diagnostics: tell(message, LbconfError(diagnostics) if diagnostics else None),
            ).run()
        elif options.workers > 1:
            from lbconf.operations.workers import Workers

            workers = Workers(config, [listening], check=lambda: _again(options), tell=tell, write_log=_write_log)
            workers.run()
            if workers.failed:
                message = "a worker process did not start; its lines above say why"
                raise LbconfError(Diagnostic(code=Code.CODE_FAILED, message=message))
        else:
            try:
                uvicorn.Server(config).run([listening])
            except SystemExit:
                if failed:
                    raise failed[0] from failed[0].__cause__
                raise


def _switch(
    project: Project,
    options: ServeOptions,
    on_failure: Callable[[LbconfError], object],
    tell: Callable[[str, LbconfError | None], None],
) -> Any:
    """The application of one process, which SIGHUP makes serve the files as they are then."""
    from lbconf.operations.switching import Switch

    first = application(options, project, on_failure=on_failure)
    kept = {"app": first}

    def make() -> Any:
        again = _again(options)
        kept["app"] = application(options, again, known=kept["app"].connectors, again=True)
        return kept["app"]

    return Switch(first, make, tell, grace_seconds=options.grace_seconds)


def _again(options: ServeOptions) -> Project:
    """The project as its files are now, checked; its code is imported anew. Raises `LbconfError`."""
    from lbconf.code.forgetting import modules_forgotten

    with modules_forgotten(project_root(options.root, options.layout)):
        again = load_project(options.root, options.environment, layout=options.layout, overrides=options.sets)
        _checked(again, options)
    return again


@contextmanager
def _metrics_folder(options: ServeOptions) -> Iterator[ServeOptions]:
    """Options with a folder in which several workers leave their metrics; it is gone afterwards."""
    if options.workers == 1:
        yield options
        return
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="lbconf-") as folder:
        yield replace(options, metrics_folder=Path(folder))


def _catch_signals() -> None:
    from lbconf.operations.switching import watches_terminal

    watches_terminal()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _ignore)
    signal.signal(signal.SIGHUP, _end)


def _ignore(number: int, frame: object) -> None:
    """Take the place of Python's own handler: the server raises the signal again after a clean end."""


def _end(number: int, frame: object) -> None:
    """A terminal that goes away ends the server as SIGTERM does: requests in flight are finished."""
    del number, frame
    os.kill(os.getpid(), signal.SIGTERM)


def _checked(project: Project, options: ServeOptions) -> tuple[Diagnostic, ...]:
    """Warnings; raises `LbconfError` for what must not be served as asked."""
    from lbconf.code.loading import load_code

    warnings = unprotected(project, switched_off=options.without_access_control)
    load_code(project)
    if options.workers > 1:
        for source in project.data_sources.values():
            if source.connector == "memory" and any(model.public for model in project.models_of(source.name)):
                raise LbconfError(
                    Diagnostic(
                        code=Code.WORKERS_SHARE_NOTHING,
                        message=f"Data source {source.name} keeps its rows in the memory of one process, "
                        f"so {options.workers} workers would each have rows of their own.",
                        location=source.location,
                        hint="Serve it with --workers 1, or give it a connector such as sqlite or postgresql.",
                    )
                )
        warnings = (*warnings, *_deaf_streams(project))
    return warnings


def _deaf_streams(project: Project) -> tuple[Diagnostic, ...]:
    """A warning for each model whose followers learn of a part of its changes only."""
    from lbconf.connectors.registry import connector_type

    found: list[Diagnostic] = []
    for model in project.models.values():
        source = project.data_sources.get(model.data_source or "")
        kind = connector_type(source.connector) if source is not None and model.settings.get("changeStream") else None
        if kind is not None and not kind.capabilities().write.announced_changes:
            message = f"Clients that follow changes of {model.name} are told of what their own process writes only."
            hint = "Serve it with --workers 1, or keep the model in PostgreSQL."
            code, severity = Code.CHANGES_IN_ONE_PROCESS, Severity.WARNING
            found.append(Diagnostic(code=code, severity=severity, message=message, location=model.location, hint=hint))
    return tuple(found)


def _asked_threads(project: Project) -> int | None:
    """What the native server settings say."""
    written = project.server.settings.get("threads")
    return written if isinstance(written, int) and not isinstance(written, bool) and written > 0 else None


def _threads(connectors: Mapping[str, Connector]) -> int:
    """As many threads as the largest pool of connections, so that none waits for another's."""
    from lbconf.api.app import THREADS

    written = [connector.data_source.settings.get("max") for connector in connectors.values()]
    return max((size for size in written if isinstance(size, int) and size > 0), default=THREADS)


def _write_log(line: bytes) -> None:
    sys.stderr.buffer.write(line)
    sys.stderr.buffer.flush()
