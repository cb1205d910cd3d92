"""TLS as the project says it, in the words of the server that speaks it."""

import ssl
from pathlib import Path
from typing import Any

from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import LbconfError
from lbconf.project.resolved import Project
from lbconf.project.serving import Tls, serving_of

__all__ = ["tls_options"]


def tls_options(project: Project) -> dict[str, Any]:
    """Options of uvicorn; none where the project speaks no TLS.

    Raises:
        LbconfError: a file is missing or cannot be used.

    """
    tls = serving_of(project).tls
    if tls is None:
        return {}
    certificate, key, clients = (
        str(project.root / path) if path else None for path in (tls.certificate, tls.key, tls.clients)
    )
    _try(tls, certificate, key, clients)
    found: dict[str, Any] = {
        "ssl_certfile": certificate,
        "ssl_keyfile": key,
        "ssl_keyfile_password": tls.password,
        "ssl_ca_certs": clients,
        "ssl_cert_reqs": ssl.CERT_REQUIRED if clients else ssl.CERT_NONE,
    }
    return found | ({"ssl_ciphers": tls.ciphers} if tls.ciphers else {})


def _try(tls: Tls, certificate: str | None, key: str | None, clients: str | None) -> None:
    for path in (certificate, key, clients):
        if path is not None and not Path(path).is_file():
            raise _unusable(f"there is no file {path}")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate or "", key, tls.password)
        if clients:
            context.load_verify_locations(clients)
        if tls.ciphers:
            context.set_ciphers(tls.ciphers)
    except (ssl.SSLError, OSError) as error:
        raise _unusable(error.reason if isinstance(error, ssl.SSLError) and error.reason else str(error)) from error


def _unusable(reason: str) -> LbconfError:
    return LbconfError(
        Diagnostic(
            code=Code.TLS_UNUSABLE,
            message=f"TLS cannot be used as `tls` says: {reason}.",
            hint="certificate and key are PEM files; paths start at the project's folder",
        )
    )
