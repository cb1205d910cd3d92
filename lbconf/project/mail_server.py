"""What a data source of the kind `mail` says of the server that takes letters."""

from collections.abc import Mapping
from typing import Any, Final

from lbconf.layers.secret import Secret
from lbconf.project.resolved import DataSource
from lbconf.records import dataclass, replace

__all__ = ["MAIL", "MailServer", "mail_server"]

MAIL: Final = "mail"
"""Name of the kind of data source."""
SMTP_PORT, SMTPS_PORT = 25, 465


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where letters are handed in."""

    host: str
    port: int
    secure: bool
    """TLS from the first byte on; otherwise STARTTLS where the server has it."""
    must_encrypt: bool = False
    """Refuse a server that has no STARTTLS."""
    verified: bool = True
    """Whether the server's certificate must be good."""
    user: str | None = None
    password: str | None = None
    sender: str | None = None
    """The usual `From`."""


def mail_server(source: DataSource) -> MailServer | None:
    """What a data source says of its first transport that is a mail server; None where none is."""
    settings = source.settings
    listed = settings.get("transports")
    for one in listed if isinstance(listed, list | tuple) else (settings.get("transport") or settings,):
        if isinstance(one, Mapping) and str(one.get("type") or "smtp").lower() == "smtp":
            found = _server(one)
            if found is not None:
                sender = _plain(settings.get("from"))
                return found if sender is None else replace(found, sender=sender)
    return None


def _server(said: Mapping[str, Any]) -> MailServer | None:
    host = _plain(said.get("host"))
    if host is None:
        return None
    login, tls = _mapping(said.get("auth")), _mapping(said.get("tls"))
    written = _plain(said.get("port"))
    secure = said.get("secure") is True or written == str(SMTPS_PORT)
    return MailServer(
        host=host,
        port=int(written) if written is not None and written.isdecimal() else SMTPS_PORT if secure else SMTP_PORT,
        secure=secure,
        must_encrypt=said.get("requireTLS") is True,
        verified=tls.get("rejectUnauthorized") is not False,
        user=_plain(login.get("user")),
        password=_plain(login.get("pass")),
        sender=_plain(said.get("from")),
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _plain(value: Any) -> str | None:
    found = value.reveal() if isinstance(value, Secret) else value
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    return found if isinstance(found, str) and found else None
