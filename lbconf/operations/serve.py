"""Serve the REST API of a project: one process, several workers, or one that follows the files."""

import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from lbconf.connectors.contract import Connector
from lbconf.diagnostics import Code, Collector, Diagnostic, Severity
from lbconf.errors import ConnectorError, LbconfError
from lbconf.operations.data_sources import create_connectors
from lbconf.operations.load import load_project
from lbconf.operations.protection import unprotected
from lbconf.operations.seed_rows import example_rows
from lbconf.project.resolved import Project
from lbconf.records import dataclass, replace

__all__ = ["Address", "ServeOptions", "application", "serve"]

HOST_VARIABLES: Final = ("npm_config_host", "OPENSHIFT_SLS_IP", "OPENSHIFT_NODEJS_IP", "HOST", "VCAP_APP_HOST")
PORT_VARIABLES: Final = ("npm_config_port", "OPENSHIFT_SLS_PORT", "OPENSHIFT_NODEJS_PORT", "PORT", "VCAP_APP_PORT")
"""In LoopBack's order. Source: loopback-boot 3, `lib/executor.js`."""

GRACE_SECONDS: Final = 30
LARGEST_PORT: Final = 65535


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
    without_access_control: bool = False
    """Whoever reaches the server may call everything, whatever the access rules say. For trials."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the API is to be found, told once the socket is open."""

    host: str
    port: int
    root: str
    explorer: str | None

    @property
    def url(self) -> str:
        """The base URL, for a browser on the same machine where the host is a wildcard."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(self.host, self.host)  # noqa: S104 - compared
        return f"http://{f'[{host}]' if ':' in host and not host.startswith('[') else host}:{self.port}"


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
    host, port = _address(project, options)
    listening = _listen(host, port)
    with listening:
        announce(
            project,
            Address(
                host=host,
                port=listening.getsockname()[1],
                root=project.server.rest_api_root,
                explorer=project.server.explorer,
            ),
        )
        _run(project, options, listening, warn)


def application(
    options: ServeOptions, project: Project | None = None, *, on_failure: Callable[[LbconfError], object] = id
) -> Any:
    """The ASGI application, for a server of one's own. `on_failure` is told why it does not start."""
    from lbconf.api.app import ApiOptions, create_app
    from lbconf.code.loading import load_code
    from lbconf.repository import HookedRepository

    found = project or load_project(options.root, options.environment, layout=options.layout, overrides=options.sets)
    if options.without_access_control:
        found = replace(found, auth=False)
    connectors = _connectors(found)
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
            examples=partial(example_rows, found),
        ),
    )


def _connectors(project: Project) -> Mapping[str, Connector]:
    """Connectors by data source; those of kinds that lbconf does not have are left out, and their models answer 501.

    Raises:
        ConnectorError: a data source of a kind that lbconf has cannot be used.
    """
    problems = Collector()
    made = create_connectors(project, problems=problems)
    wrong = tuple(found for found in problems.diagnostics if found.code is not Code.CONNECTOR_MISSING)
    if wrong:
        raise ConnectorError(wrong)
    return made


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
    from uvicorn.config import STARTUP_FAILURE
    from uvicorn.supervisors import Multiprocess

    alone = options.workers == 1 and not options.reload
    failed: list[LbconfError] = []
    config = uvicorn.Config(
        application(options, project, on_failure=failed.append) if alone else _Factory(options),
        factory=not alone,
        workers=options.workers,
        access_log=False,
        log_config=None,
        server_header=False,
        lifespan="on",
        timeout_graceful_shutdown=options.grace_seconds,
        timeout_worker_healthcheck=GRACE_SECONDS,
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _ignore)
    signal.signal(signal.SIGHUP, _end)
    if options.reload:
        from lbconf.operations.reload import ConfigurationReload

        def check() -> None:
            again = load_project(options.root, options.environment, layout=options.layout, overrides=options.sets)
            _checked(again, options)

        def tell(message: str, diagnostics: tuple[Diagnostic, ...]) -> None:
            noted = Diagnostic(code=Code.RELOAD_REFUSED, severity=Severity.INFO, message=message)
            warn((*diagnostics, noted))

        server = uvicorn.Server(config)
        ConfigurationReload(config, server.run, [listening], root=options.root, check=check, tell=tell).run()
    elif options.workers > 1:
        workers = Multiprocess(config, [listening])
        workers.run()
        if any(process.exitcode == STARTUP_FAILURE for process in workers.processes):
            message = "a worker process did not start; its lines above say why"
            raise LbconfError(Diagnostic(code=Code.CODE_FAILED, message=message))
    else:
        try:
            uvicorn.Server(config).run([listening])
        except SystemExit:
            if failed:
                raise failed[0] from failed[0].__cause__
            raise


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
    return warnings


def _address(project: Project, options: ServeOptions) -> tuple[str, int]:
    host = options.host or _first(HOST_VARIABLES) or project.server.host
    if options.port is not None:
        return host, options.port
    written = _first(PORT_VARIABLES)
    if written is None:
        return host, project.server.port
    if not written.isascii() or not written.isdigit() or int(written) > LARGEST_PORT:
        raise LbconfError(
            Diagnostic(
                code=Code.ADDRESS_UNUSABLE,
                message=f"The environment variable for the port says {written!r}, which is no port.",
                hint="A port is a number from 0 to 65535.",
            )
        )
    return host, int(written)


def _first(names: tuple[str, ...]) -> str | None:
    return next((value for name in names if (value := os.environ.get(name))), None)


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket; connections wait in it until the server takes them."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(2048)
    except OSError as error:
        listening.close()
        raise _unusable(host, port, error) from error
    listening.set_inheritable(True)
    return listening


def _unusable(host: str, port: int, error: OSError) -> LbconfError:
    import errno

    if error.errno == errno.EADDRINUSE:
        return LbconfError(
            Diagnostic(
                code=Code.ADDRESS_IN_USE,
                message=f"Port {port} on {host} is already in use.",
                hint=f"Stop what listens there, or choose another port: --port {port + 1}, or PORT={port + 1}.",
            )
        )
    hint = "Ports below 1024 need special rights; choose a larger one." if error.errno == errno.EACCES else None
    reason = error.strerror or str(error)
    return LbconfError(
        Diagnostic(code=Code.ADDRESS_UNUSABLE, message=f"Cannot listen on {host} port {port}: {reason}.", hint=hint)
    )


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
