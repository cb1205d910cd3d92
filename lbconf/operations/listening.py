"""Where a server listens: the address, and the socket there."""

import os
import socket
from typing import Final

from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import LbconfError
from lbconf.project.resolved import Project

__all__ = ["chosen_address", "listening_socket"]

HOST_VARIABLES: Final = ("npm_config_host", "OPENSHIFT_SLS_IP", "OPENSHIFT_NODEJS_IP", "HOST", "VCAP_APP_HOST")
PORT_VARIABLES: Final = ("npm_config_port", "OPENSHIFT_SLS_PORT", "OPENSHIFT_NODEJS_PORT", "PORT", "VCAP_APP_PORT")
"""In LoopBack's order. Source: loopback-boot 3, `lib/executor.js`."""
LARGEST_PORT: Final = 65535


def chosen_address(project: Project, asked_host: str | None, asked_port: int | None) -> tuple[str, int]:
    """Host and port: those asked for, else what the environment variables, else what the project says.

    Raises:
        LbconfError: an environment variable says no port.

    """
    host = asked_host or _first(HOST_VARIABLES) or project.server.host
    if asked_port is not None:
        return host, asked_port
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


def listening_socket(host: str, port: int) -> socket.socket:
    """A listening socket; connections wait in it until the server takes them. Raises `LbconfError`."""
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
