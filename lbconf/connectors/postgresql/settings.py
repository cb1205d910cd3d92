"""Settings of a PostgreSQL data source, and the libpq parameters they stand for."""

import math
from typing import Any, ClassVar, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import AliasChoices, Field

from lbconf.connectors.sql.settings import Milliseconds, SecretText, SqlSettings

__all__ = ["PostgresqlSettings", "connection_parameters"]

SSL_FILES: Final = {"ca": "sslrootcert", "cert": "sslcert", "key": "sslkey"}
URL_PARAMETERS: Final = frozenset(
    {"application_name", "channel_binding", "connect_timeout", "gssencmode", "host", "keepalives", "keepalives_count"}
    | {"keepalives_idle", "keepalives_interval", "load_balance_hosts", "options", "passfile", "port", "require_auth"}
    | {"service", "sslcert", "sslcrl", "sslkey", "sslmode", "sslrootcert", "target_session_attrs", "user", "dbname"}
    | {"password", "tcp_user_timeout"}
)
"""Query parameters of a URL that libpq knows; node-postgres has others, which mean nothing here."""


class PostgresqlSettings(SqlSettings):
    """What loopback-connector-postgresql accepts, and time limits."""

    secrets: ClassVar[frozenset[str]] = frozenset({"url", "connectionString", "password"})

    url: SecretText = Field(
        default=None,
        validation_alias=AliasChoices("url", "connectionString"),
        description="Connection URL; wins over host, port, user, password and database.",
    )
    host: str = Field(
        default="localhost",
        validation_alias=AliasChoices("host", "hostname"),
        description="Server name, or the directory of a UNIX socket.",
    )
    port: int = Field(default=5432, ge=1, le=65535)
    user: str | None = Field(default=None, validation_alias=AliasChoices("user", "username"))
    password: SecretText = Field(default=None)
    database: str | None = Field(default=None, description="Default: a database named like the user.")
    db_schema: str = Field(
        default="public",
        validation_alias=AliasChoices("schema", "schemaName"),
        description="Namespace of models that name none.",
    )
    ssl: bool | dict[str, Any] | str | None = Field(
        default=None,
        description="true, a libpq sslmode, or {rejectUnauthorized, ca, cert, key} with file names.",
    )
    min: int = Field(default=0, ge=0, description="Connections made at start and kept.")
    max: int = Field(
        default=10,
        ge=1,
        validation_alias=AliasChoices("max", "connectionLimit", "poolSize"),
        description="Most connections at once.",
    )
    idle_timeout: Milliseconds | None = Field(
        default=None,
        validation_alias="idleTimeoutMillis",
        description="Milliseconds after which an unused connection is closed.",
    )
    connect_timeout: Milliseconds | None = Field(
        default=None,
        validation_alias=AliasChoices("connectTimeout", "connectionTimeoutMillis"),
        description="Milliseconds a connection attempt may take.",
    )
    application_name: str = Field(
        default="lbconf", validation_alias=AliasChoices("applicationName", "application_name")
    )
    on_error: str | None = Field(default=None, validation_alias="onError", description="Accepted for LoopBack.")


def connection_parameters(settings: PostgresqlSettings) -> dict[str, Any]:
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


def _from_url(url: str) -> dict[str, Any]:
    try:
        parts = urlsplit(url)
        if parts.scheme not in {"postgres", "postgresql", "pg"}:
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
