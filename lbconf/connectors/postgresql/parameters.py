"""The libpq parameters that the settings of a PostgreSQL data source stand for."""

import math
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from lbconf.connectors.postgresql.settings import PostgresqlSettings

__all__ = ["connection_parameters", "session_settings"]

SESSION: Final = (
    ("TimeZone", "UTC"),
    ("DateStyle", "ISO, YMD"),
    ("IntervalStyle", "iso_8601"),
    ("standard_conforming_strings", "on"),
    ("extra_float_digits", "1"),
)

SSL_FILES: Final = {"ca": "sslrootcert", "cert": "sslcert", "key": "sslkey"}
URL_PARAMETERS: Final = frozenset(
    {"application_name", "channel_binding", "connect_timeout", "gssencmode", "host", "keepalives", "keepalives_count"}
    | {"keepalives_idle", "keepalives_interval", "load_balance_hosts", "options", "passfile", "port", "require_auth"}
    | {"service", "sslcert", "sslcrl", "sslkey", "sslmode", "sslrootcert", "target_session_attrs", "user", "dbname"}
    | {"password", "tcp_user_timeout"}
)
"""Query parameters of a URL that libpq knows; node-postgres has others, which mean nothing here."""


def connection_parameters(settings: "PostgresqlSettings") -> dict[str, Any]:
    """Keyword parameters for libpq. The URL alone says where to connect, where there is one.

    Raises:
        ValueError: when the URL or `ssl` cannot be understood; the message holds no secret.
    """
    wait = settings.connect_timeout or settings.connection_timeout or 5000
    parameters: dict[str, Any] = {
        "application_name": settings.application_name,
        "connect_timeout": max(1, math.ceil(wait / 1000)),
        **_ssl(settings.ssl),
    }
    if settings.url is not None:
        return parameters | _from_url(settings.url.reveal()) | {"client_encoding": "UTF8"}
    parameters |= {"host": settings.host, "port": settings.port, "client_encoding": "UTF8"}
    if settings.user is not None:
        parameters["user"] = settings.user
    if settings.password is not None:
        parameters["password"] = settings.password.reveal()
    if settings.database is not None:
        parameters["dbname"] = settings.database
    return parameters


def session_settings(
    settings: "PostgresqlSettings", *, limited: bool = True, read_only: bool = False
) -> tuple[tuple[str, str], ...]:
    """What every session sets at its beginning, by the names of the server's settings.

    Args:
        settings: Of the data source.
        limited: Whether statements have the time limit of requests.
        read_only: Whether the server is to refuse every statement that writes.
    """
    chosen = list(SESSION)
    if limited and settings.statement_timeout is not None:
        chosen.append(("statement_timeout", str(int(settings.statement_timeout))))
    if read_only:
        chosen.append(("default_transaction_read_only", "on"))
    return tuple(chosen)


def _from_url(url: str) -> dict[str, Any]:
    try:
        parts = urlsplit(url)
        if parts.scheme not in {"postgres", "postgresql", "pg"} or "://" not in url:
            msg = "must start with postgresql://"
            raise ValueError(msg)  # noqa: TRY301 - one way out for every bad URL
        hosts, ports = _hosts(parts.netloc.rpartition("@")[2])
    except ValueError as problem:
        msg = f"the url cannot be read: {problem}" if "must" in str(problem) else "the url cannot be read"
        raise ValueError(msg) from None
    found: dict[str, Any] = {"host": hosts or "localhost"}
    if ports:
        found["port"] = ports
    if parts.username:
        found["user"] = unquote(parts.username)
    if parts.password:
        found["password"] = unquote(parts.password)
    if parts.path.strip("/"):
        found["dbname"] = unquote(parts.path.strip("/"))
    for key, value in parse_qsl(parts.query):
        if key == "ssl":
            found |= _ssl(value)
        elif key in URL_PARAMETERS:
            found[key] = value
    return found


def _hosts(place: str) -> tuple[str, str]:
    """Hosts and ports as libpq lists them; `%2Ftmp` is a socket directory."""
    hosts: list[str] = []
    ports: list[str] = []
    for one in filter(None, place.split(",")):
        host, colon, port = one.rpartition(":")
        if not colon or one.endswith("]"):
            host, port = one, ""
        if port and not port.isdigit():
            msg = "the port must be a number"
            raise ValueError(msg)
        hosts.append(unquote(host.strip("[]")))
        ports.append(port)
    return ",".join(hosts), ",".join(ports) if any(ports) else ""


def _ssl(ssl: bool | dict[str, Any] | str | None) -> dict[str, Any]:  # noqa: FBT001 - a setting's own value
    """`true` asks for encryption; an object checks the certificate too, unless it says `rejectUnauthorized: false`."""
    if ssl is None or ssl is False:
        return {}
    if ssl is True:
        return {"sslmode": "require"}
    if isinstance(ssl, str):
        named = ssl.lower()
        if named in {"true", "1"}:
            return {"sslmode": "require"}
        return {} if named in {"false", "0"} else {"sslmode": named}
    found = {target: ssl[key] for key, target in SSL_FILES.items() if isinstance(ssl.get(key), str)}
    if any("-----BEGIN" in value for value in found.values()):
        msg = "ssl: ca, cert and key must be names of files, not their contents"
        raise ValueError(msg)
    checked = ssl.get("rejectUnauthorized", True) is not False
    return {"sslmode": "verify-full" if checked and "sslrootcert" in found else "require", **found}
