"""Sending mail through a data source of the kind `mail`: one thread, a bounded queue, SMTP."""

import smtplib
import ssl
from collections.abc import Mapping
from contextlib import suppress
from email.message import EmailMessage
from queue import Empty, Full, Queue
from threading import Lock, Thread
from typing import Any, Final

from lbconf.api.log import JsonLog
from lbconf.layers.secret import Secret
from lbconf.project.resolved import DataSource, Project
from lbconf.records import dataclass, replace

__all__ = ["MAIL", "MailServer", "Post", "mail_server", "post_of"]

MAIL: Final = "mail"
"""Name of the kind of data source."""
WAITING: Final = 1000
"""Letters that may wait."""
SECONDS: Final = 20.0
TRIES: Final = 3
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


class Post:
    """Sends letters one after the other. May be used from several threads."""

    def __init__(self, server: MailServer, log: JsonLog) -> None:
        """Take where to hand letters in; nothing is contacted before the first."""
        self.server = server
        self._log = log
        self._letters: Queue[EmailMessage | None] = Queue(WAITING)
        self._lock = Lock()
        self._thread: Thread | None = None

    def send(self, letter: EmailMessage) -> bool:
        """Whether there was room for the letter among those that wait; the log tells of one that cannot be sent."""
        try:
            self._letters.put_nowait(letter)
        except Full:
            return False
        with self._lock:
            if self._thread is None:
                self._thread = Thread(target=self._work, name="lbconf-mail", daemon=True)
                self._thread.start()
        return True

    def stop(self, seconds: float = 5.0) -> None:
        """Send what waits, for so long at most."""
        with suppress(Full):
            self._letters.put_nowait(None)
        if self._thread is not None:
            self._thread.join(seconds)

    def _work(self) -> None:
        while (letter := self._letters.get()) is not None:
            waiting: list[EmailMessage] = [letter]
            ends = False
            with suppress(Empty):
                while len(waiting) < 100:  # noqa: PLR2004 - letters of one connection
                    following = self._letters.get_nowait()
                    if following is None:
                        ends = True
                        break
                    waiting.append(following)
            self._hand_in(waiting)
            if ends:
                return

    def _hand_in(self, letters: list[EmailMessage]) -> None:
        reason = ""
        for _ in range(TRIES):
            try:
                with self._connected() as server:
                    while letters:
                        self._send_one(server, letters[0])
                        letters.pop(0)
            except (OSError, smtplib.SMTPException) as problem:
                reason = type(problem).__name__
            if not letters:
                return
        self._log.event("error", "mail-failed", host=self.server.host, reason=reason, letters=len(letters))

    def _send_one(self, server: smtplib.SMTP, letter: EmailMessage) -> None:
        try:
            server.send_message(letter)
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as problem:
            self._log.event("error", "mail-refused", host=self.server.host, reason=type(problem).__name__)
            server.rset()

    def _connected(self) -> smtplib.SMTP:
        told = self.server
        context = ssl.create_default_context()
        if not told.verified:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if told.secure:
            server: smtplib.SMTP = smtplib.SMTP_SSL(told.host, told.port, timeout=SECONDS, context=context)
        else:
            server = smtplib.SMTP(told.host, told.port, timeout=SECONDS)
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=context)
                server.ehlo()
            elif told.must_encrypt:
                server.close()
                raise smtplib.SMTPNotSupportedError("the server has no STARTTLS")
        if told.user is not None:
            server.login(told.user, told.password or "")
        return server


def post_of(project: Project, log: JsonLog) -> Post | None:
    """What sends a project's mail; None where it has no data source that does."""
    source = _source(project)
    server = mail_server(source) if source is not None else None
    return Post(server, log) if server is not None else None


def _source(project: Project) -> DataSource | None:
    """The data source of the model of e-mails, else the first one that sends mail."""
    for model in project.models.values():
        found = project.data_sources.get(model.data_source or "")
        if model.is_a("Email") and found is not None and found.connector == MAIL:
            return found
    return next((source for source in project.data_sources.values() if source.connector == MAIL), None)


def mail_server(source: DataSource) -> MailServer | None:
    """What a data source says of its first transport that is a mail server; None where none is."""
    settings = source.settings
    listed = settings.get("transports")
    for one in listed if isinstance(listed, list | tuple) else (settings.get("transport") or settings,):
        if isinstance(one, Mapping) and str(one.get("type") or "smtp").lower() == "smtp":
            found = _server(one)
            if found is not None:
                sender = _plain(settings.get("from") or settings.get("defaultFrom"))
                return found if sender is None else replace(found, sender=sender)
    return None


def _server(said: Mapping[str, Any]) -> MailServer | None:
    host = _plain(said.get("host"))
    if host is None:
        return None
    login = said.get("auth") if isinstance(said.get("auth"), Mapping) else {}
    tls = said.get("tls") if isinstance(said.get("tls"), Mapping) else {}
    assert isinstance(login, Mapping)  # noqa: S101 - just seen to
    assert isinstance(tls, Mapping)  # noqa: S101 - just seen to
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


def _plain(value: Any) -> str | None:
    found = value.reveal() if isinstance(value, Secret) else value
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    return found if isinstance(found, str) and found else None
