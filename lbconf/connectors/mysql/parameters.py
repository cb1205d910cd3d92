"""The driver's parameters that the settings of a MySQL data source stand for."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from lbconf.layers.secret import MASK, Secret
from lbconf.project.resolved import DataSource

if TYPE_CHECKING:
    from lbconf.connectors.mysql.settings import MysqlSettings

__all__ = ["connection_parameters", "named_database", "shown_place"]

SCHEMES: Final = frozenset({"mysql", "mariadb", "mysql2", "mysql+pymysql", "mariadb+pymysql"})
SSL_FILES: Final = {"ca": "ssl_ca", "cert": "ssl_cert", "key": "ssl_key"}
LOCAL_TIMES: Final = frozenset({"", "local", "z", "utc", "+00:00", "-00:00"})


def connection_parameters(settings: "MysqlSettings") -> dict[str, Any]:
    """Keyword parameters for `pymysql.connect`. The URL alone says where to connect, where there is one.

    Raises:
        ValueError: when the URL, `ssl` or `timezone` cannot be used; the message holds no secret.
    """
    if settings.legacy_utc_date_processing is False and (settings.timezone or "local").lower() not in LOCAL_TIMES:
        msg = "timezone: dates are kept in UTC only; leave out timezone and legacyUtcDateProcessing"
        raise ValueError(msg)
    wait = settings.connect_timeout or settings.connection_timeout or 5000
    found: dict[str, Any] = {
        "program_name": settings.application_name,
        "connect_timeout": max(1, math.ceil(wait / 1000)),
        **_ssl(settings.ssl),
    }
    if settings.url is not None:
        found |= _from_url(settings.url.reveal())
    else:
        found |= {"host": settings.host, "port": settings.port}
        if settings.socket_path:
            found["unix_socket"] = settings.socket_path
        if settings.user is not None:
            found["user"] = settings.user
        if settings.password is not None:
            found["password"] = settings.password.reveal().encode()
        if settings.database is not None:
            found["database"] = settings.database
    if not found.get("database"):
        msg = "database: name one, here or in the url"
        raise ValueError(msg)
    if not found.get("user"):
        msg = "user: name one, here or in the url"
        raise ValueError(msg)
    return found


def named_database(settings: Mapping[str, Any]) -> str:
    """The database that the settings of a data source name; empty where they do not say."""
    url = _plain(settings.get("url"))
    if url:
        try:
            return unquote(urlsplit(url).path.strip("/"))
        except ValueError:
            return ""
    return _plain(settings.get("database")) or _plain(settings.get("db"))


def shown_place(settings: "MysqlSettings", data_source: DataSource) -> str:
    """Where a connection goes and as whom; never the password, and nothing that came from a secret source."""
    parameters = connection_parameters(settings)

    def shown(key: str, *names: str) -> str:
        if settings.url is None and any(isinstance(data_source.settings.get(name), Secret) for name in names):
            return MASK
        return str(parameters.get(key, ""))

    database, user = shown("database", "database", "db"), shown("user", "user", "username")
    if parameters.get("unix_socket"):
        where = f"at {shown('unix_socket', 'socketPath', 'socket')}"
    else:
        where = f"at {shown('host', 'host', 'hostname')}:{shown('port', 'port')}"
    return f"{where}, database {database}, user {user}"


def _plain(value: Any) -> str:
    held = value.reveal() if isinstance(value, Secret) else value
    return held if isinstance(held, str) else ""


def _from_url(url: str) -> dict[str, Any]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        msg = "the url cannot be read"
        raise ValueError(msg) from None
    if parts.scheme not in SCHEMES or "://" not in url:
        msg = "the url must start with mysql://"
        raise ValueError(msg)
    found: dict[str, Any] = {"host": unquote(parts.hostname or "localhost"), "port": port or 3306}
    if parts.username:
        found["user"] = unquote(parts.username)
    if parts.password:
        found["password"] = unquote(parts.password).encode()
    if parts.path.strip("/"):
        found["database"] = unquote(parts.path.strip("/"))
    for key, value in parse_qsl(parts.query):
        if key in {"socketPath", "socket", "unix_socket"}:
            found["unix_socket"] = value
        elif key == "ssl":
            found |= _ssl(value)
        elif key in {"sslmode", "ssl-mode"} and value.lower() in {"require", "required"}:
            found |= _ssl(ssl=True)
        elif key in {"user", "database"}:
            found.setdefault(key, value)
    return found


def _ssl(ssl: bool | dict[str, Any] | str | None) -> dict[str, Any]:  # noqa: FBT001 - a setting's own value
    """`true` asks for encryption; an object checks the certificate too, unless it says `rejectUnauthorized: false`."""
    if ssl is None:
        return {}
    if isinstance(ssl, str):
        named = ssl.lower()
        if named in {"true", "1", "required", "require", "amazon rds"}:
            ssl = True
        elif named in {"false", "0", "disabled", "disable"}:
            ssl = False
        elif named in {"prefer", "preferred"}:
            return {}
        else:
            msg = "ssl: must be true, false, or an object with ca, cert, key and rejectUnauthorized"
            raise ValueError(msg)
    if ssl is False:
        return {"ssl_disabled": True}
    if ssl is True:
        return {"ssl": {"check_hostname": False, "verify_mode": "none"}}
    found = {target: ssl[key] for key, target in SSL_FILES.items() if isinstance(ssl.get(key), str)}
    if any("-----BEGIN" in value for value in found.values()):
        msg = "ssl: ca, cert and key must be names of files, not their contents"
        raise ValueError(msg)
    checked = ssl.get("rejectUnauthorized", True) is not False and "ssl_ca" in found
    return {**found, "ssl_verify_cert": checked, "ssl_verify_identity": checked} if found else _ssl(ssl=True)
