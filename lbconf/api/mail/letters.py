"""The letters of user models: confirm an address, set a new password.

Source: LoopBack 3, documentation of `verifyOptions`.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from lbconf.api.mail.post import Post
from lbconf.diagnostics import Code
from lbconf.patterns import pattern
from lbconf.project.resolved import Model, Project
from lbconf.query.errors import RequestError
from lbconf.query.nodes import Row
from lbconf.records import dataclass

__all__ = ["Desk", "confirm_address", "no_mail", "send_reset", "send_verification"]

SENDER: Final = "noreply@example.com"
VERIFY_SUBJECT: Final = "Thanks for Registering"
VERIFY_TEXT: Final = "Please verify your email by opening this link in a web browser:\n\t{href}"
RESET_SUBJECT: Final = "Set a new password"
RESET_TEXT: Final = (
    "Somebody asked for a new password of this account. If it was not you, nothing needs to be done.\n\n"
    "Otherwise open this link in a web browser:\n\t{href}\n"
)
RESET_BARE_TEXT: Final = (
    "Somebody asked for a new password of this account. If it was not you, nothing needs to be done.\n\n"
    "Otherwise set one with this token:\n\t{token}\n"
)
USUAL_PORTS: Final = {"http": "80", "https": "443"}
LARGEST: Final = 256 * 1024
"""Bytes of a template."""
_PLACE: Final = pattern(r"<%[-=]\s*(\w+)\s*%>|\{(\w+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where letters of a model are written."""

    post: Post | None
    project: Project
    model: Model


def send_verification(desk: Desk, user: Row, token: str) -> None:
    """Send the letter whose link confirms an address. Raises `RequestError` where none can be sent."""
    options = _options(desk.model, "verifyOptions")
    to = options.get("to") or user.get("email")
    href = confirm_address(desk.project, desk.model, user, token)
    words = {**_words(user), "href": href, "verifyHref": href, "token": token, "verificationToken": token}
    _send(desk, options, str(to), (VERIFY_SUBJECT, VERIFY_TEXT), words)


def send_reset(desk: Desk, user: Row, token: str) -> None:
    """Send the letter with which a new password is set; nothing where the project sends no mail.

    LoopBack leaves it to the application's code: with `resetOptions` a model asks for it.
    """
    if desk.post is None or (desk.model.layout.is_loopback and "resetOptions" not in desk.model.settings):
        return
    options = _options(desk.model, "resetOptions")
    url = options.get("url")
    href = _linked(url, token) if isinstance(url, str) and url else ""
    words = {**_words(user), "href": href, "token": token}
    _send(desk, options, str(user.get("email")), (RESET_SUBJECT, RESET_TEXT if href else RESET_BARE_TEXT), words)


def confirm_address(project: Project, model: Model, user: Row, token: str) -> str:
    """The link that confirms an address: made from `verifyOptions` and the server's settings, never from a request."""
    options = _options(model, "verifyOptions")
    href = options.get("verifyHref")
    if not isinstance(href, str) or not href:
        protocol = str(options.get("protocol") or "http")
        host = str(options.get("host") or project.server.host or "localhost")
        port = str(options.get("port") or project.server.port)
        root = str(options.get("restApiRoot") or project.server.rest_api_root).rstrip("/")
        shown = "" if USUAL_PORTS.get(protocol) == port else f":{port}"
        redirect = quote(str(options.get("redirect") or "/"), safe="")
        uid = quote(str(user[model.ids[0].name]), safe="")
        href = f"{protocol}://{host}{shown}{root}{model.path}/confirm?uid={uid}&redirect={redirect}"
    return f"{href}{'&' if '?' in href else '?'}token={token}"


def no_mail(model: Model) -> RequestError:
    """The error where a letter is asked for and the project sends none."""
    message = f"No mail can be sent to a {model.name}: the project has no data source of the kind mail"
    return RequestError(Code.REQUEST_REFUSED, message, status=422, error_code="NO_MAIL_SERVER")


def _send(desk: Desk, options: Mapping[str, Any], to: str, usual: tuple[str, str], words: Mapping[str, str]) -> None:
    if desk.post is None:
        raise no_mail(desk.model)
    import html
    from email.errors import MessageError
    from email.message import EmailMessage
    from email.policy import SMTP

    subject, text = usual
    letter = EmailMessage(policy=SMTP)
    try:
        letter["From"] = str(options.get("from") or desk.post.server.sender or SENDER)
        letter["To"] = to
        letter["Subject"] = filled(str(options.get("subject") or subject), words)
        letter.set_content(filled(str(options.get("text") or text), words))
        page = _page(desk.project, options)
        if page is not None:
            letter.add_alternative(filled(page, {name: html.escape(word) for name, word in words.items()}), "html")
    except (ValueError, MessageError) as problem:
        message = "The address cannot be written to"
        raise RequestError(Code.REQUEST_REFUSED, message, status=422, error_code="ADDRESS_UNUSABLE") from problem
    if not desk.post.send(letter):
        message = "Too many letters wait to be sent; try again"
        raise RequestError(Code.REQUEST_REFUSED, message, status=503, error_code="BUSY")


def filled(text: str, words: Mapping[str, str]) -> str:
    """The text with words in their places: `{href}`, or `<%= href %>` as in templates of LoopBack projects."""
    return _PLACE.sub(lambda found: words.get(found[1] or found[2], found[0]), text)


def _page(project: Project, options: Mapping[str, Any]) -> str | None:
    """The template of the letter's HTML part; None without one."""
    written = options.get("html")
    if isinstance(written, str) and written:
        return written
    named = options.get("template")
    if not isinstance(named, str) or not named:
        return None
    for folder in (project.root, project.root / "server"):
        file = folder / named
        if file.is_file() and file.stat().st_size <= LARGEST:
            return file.read_text("utf-8")
    return None


def _options(model: Model, name: str) -> Mapping[str, Any]:
    found = model.settings.get(name)
    return found if isinstance(found, Mapping) else {}


def _words(user: Row) -> dict[str, str]:
    return {name: str(user.get(name) or "") for name in ("email", "username")}


def _linked(url: str, token: str) -> str:
    """The page's address with the token in it: in the place of `{token}`, else in the fragment, which no log sees."""
    return url.replace("{token}", token) if "{token}" in url else f"{url}#access_token={token}"
