"""Sending mail through a data source of the kind `mail`: one thread, a bounded queue, SMTP."""

from contextlib import suppress
from queue import Empty, Full, Queue
from threading import Lock, Thread
from typing import TYPE_CHECKING, Final

from lbconf.api.log import JsonLog
from lbconf.project.mail_server import MAIL, MailServer, mail_server
from lbconf.project.resolved import DataSource, Project

if TYPE_CHECKING:  # they take longer to import than most of the server, and most projects send no mail
    from email.message import EmailMessage
    from smtplib import SMTP

__all__ = ["Post", "post_of"]

WAITING: Final = 1000
"""Letters that may wait."""
SECONDS: Final = 20.0
TRIES: Final = 3


class Post:
    """Sends letters one after the other. May be used from several threads."""

    def __init__(self, server: MailServer, log: JsonLog) -> None:
        """Take where to hand letters in; nothing is contacted before the first."""
        self.server = server
        self._log = log
        self._letters: Queue[EmailMessage | None] = Queue(WAITING)
        self._lock = Lock()
        self._thread: Thread | None = None

    def send(self, letter: "EmailMessage") -> bool:
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
            waiting = [letter]
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

    def _hand_in(self, letters: "list[EmailMessage]") -> None:
        from smtplib import SMTPException

        reason = ""
        for _ in range(TRIES):
            try:
                with self._connected() as server:
                    while letters:
                        self._send_one(server, letters[0])
                        letters.pop(0)
            except (OSError, SMTPException) as problem:
                reason = type(problem).__name__
            if not letters:
                return
        self._log.event("error", "mail-failed", host=self.server.host, reason=reason, letters=len(letters))

    def _send_one(self, server: "SMTP", letter: "EmailMessage") -> None:
        from smtplib import SMTPDataError, SMTPRecipientsRefused, SMTPSenderRefused

        try:
            server.send_message(letter)
        except (SMTPRecipientsRefused, SMTPSenderRefused, SMTPDataError) as problem:
            self._log.event("error", "mail-refused", host=self.server.host, reason=type(problem).__name__)
            server.rset()

    def _connected(self) -> "SMTP":
        import ssl
        from smtplib import SMTP, SMTP_SSL, SMTPNotSupportedError

        told = self.server
        context = ssl.create_default_context()
        if not told.verified:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if told.secure:
            server: SMTP = SMTP_SSL(told.host, told.port, timeout=SECONDS, context=context)
        else:
            server = SMTP(told.host, told.port, timeout=SECONDS)
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=context)
                server.ehlo()
            elif told.must_encrypt:
                server.close()
                raise SMTPNotSupportedError("the server has no STARTTLS")
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
