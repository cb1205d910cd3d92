"""From a request to its caller: where tokens are looked for, and when one holds.

Source: LoopBack 3, documentation of the token middleware and of the AccessToken model.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final
from urllib.parse import unquote_plus

from lbconf.api.access.caller import DEFAULT_SCOPES, NOBODY, Caller
from lbconf.api.access.cookies import cookie_secrets, signed_cookie
from lbconf.api.request import Request
from lbconf.cooperation import together
from lbconf.diagnostics import Code
from lbconf.project.access_settings import access_settings, stores_digests
from lbconf.project.resolved import Model, Project
from lbconf.query.errors import RequestError
from lbconf.query.nodes import Row
from lbconf.records import dataclass, replace
from lbconf.repository import Repository

__all__ = [
    "ETERNAL",
    "TokenPlaces",
    "Tokens",
    "authorization_required",
    "own_id",
    "stored_id",
    "token_places",
    "token_text",
    "tokens_of",
    "user_literal",
    "user_model_of",
]

PARAMETER: Final = b"access_token"
HEADERS: Final = (b"x-access-token", b"authorization")
COOKIES: Final = ("access_token", "authorization")
ETERNAL: Final = -1
"""The time to live of a token that never ends."""
LONGEST: Final = 4096
"""Characters of a token that is looked for at all."""
DIGEST: Final = "sha256:"
"""What a stored digest begins with."""
BASIC: Final = "basic "
BEARER: Final = "Bearer "


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPlaces:
    """Where a token may stand in a request, in the order they are looked at."""

    parameters: tuple[bytes, ...] = (PARAMETER,)
    """Of the query."""
    headers: tuple[bytes, ...] = HEADERS
    """In lower case."""
    bearer_is_base64: bool = True
    """Whether what follows `Bearer` is the token in base64."""
    web_tokens: bool = False
    """Whether a JSON Web Token may follow `Bearer`, which is never in base64 as a whole."""
    cookies: tuple[str, ...] = ()
    """Names of signed cookies."""
    cookie_secrets: tuple[str, ...] = ()


def token_text(request: Request, places: TokenPlaces) -> str | None:
    """The first token of a request; None without one."""
    if request.query_string:
        for name in places.parameters:
            found = _parameter(request.query_string, name)
            if found is not None:
                return found
    for name in places.headers:
        value = request.headers.get(name)
        if value:
            return _from_header(value.decode("latin-1"), places)
    cookie = request.headers.get(b"cookie") if places.cookie_secrets else None
    return signed_cookie(cookie, places.cookies, places.cookie_secrets) if cookie is not None else None


class Tokens:
    """Finds who sent a request by the access token in it. May be used from several threads."""

    def __init__(self, project: Project, repository: Repository, model: Model) -> None:
        """Take the model of access tokens."""
        self._project = project
        self._repository = repository
        self._places = token_places(project)
        self._digests = stores_digests(project)
        self.model = model
        self.literal = user_literal(project)
        """A placeholder's value that stands for the caller's own id, such as `me`."""

    def caller(self, request: Request) -> Caller:
        """Who sent a request: `NOBODY` without a token or with one that is not known.

        Raises:
            RequestError: 401 INVALID_TOKEN for a token that no longer holds; it is deleted.

        """
        text = token_text(request, self._places)
        return together((self, text), partial(self.caller_of, text)) if text else NOBODY

    def caller_of(self, text: str) -> Caller:
        """Who a token is for: `NOBODY` where it is not known. Raises as `caller`."""
        if len(text) > LONGEST or "\0" in text:
            return NOBODY
        key = stored_id(text, digests=self._digests)
        row = self._repository.row_by_id(self.model, key)
        if row is None:
            return NOBODY
        user = user_model_of(self._project, self.model, row)
        if not _holds(row, user):
            self._repository.delete_by_id(self.model, key)
            raise RequestError(Code.REQUEST_REFUSED, "Invalid Access Token", status=401, error_code="INVALID_TOKEN")
        scopes = row.get("scopes")
        return Caller(
            user_model=user.name if user is not None else None,
            user_id=_whole(row.get("userId")),
            application_id=row.get("appId"),
            token=row,
            token_id=row[self.model.ids[0].name],
            scopes=tuple(map(str, scopes)) if isinstance(scopes, list | tuple) else DEFAULT_SCOPES,
        )

    def own_id(self, parameters: Mapping[str, Any], caller: Caller) -> Mapping[str, Any]:
        """The placeholders' values, the caller's id where the literal for it stands.

        Raises:
            RequestError: 401 where the literal stands and nobody is known.

        """
        return own_id(self.literal, parameters, caller)


def own_id(literal: str | None, parameters: Mapping[str, Any], caller: Caller) -> Mapping[str, Any]:
    """The placeholders' values, the caller's id where the literal for it stands. Raises `RequestError` 401."""
    if literal is None or literal not in parameters.values():
        return parameters
    if not caller.known:
        raise authorization_required()
    return {name: str(caller.user_id) if value == literal else value for name, value in parameters.items()}


def _whole(id: Any) -> Any:  # noqa: A002 - the word of the vocabulary
    """The id; a whole number where a database keeps LoopBack's numbers with a fraction, as SQLite does."""
    return int(id) if isinstance(id, float) and id.is_integer() else id


def stored_id(text: str, *, digests: bool) -> str:
    """What the row of a token has as its id: the token, or its digest."""
    return DIGEST + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() if digests else text


def user_literal(project: Project) -> str | None:
    """The placeholder's value that stands for the caller's own id, such as `me`; None without one."""
    if not project.layout.is_loopback:
        return access_settings(project).current_user
    literal = _middleware_options(project).get("currentUserLiteral")
    return literal if isinstance(literal, str) and literal else "me" if literal else None


def token_places(project: Project) -> TokenPlaces:
    """Where tokens stand in requests to a project."""
    options = _middleware_options(project)
    usual = options.get("searchDefaultTokenKeys") is not False
    return replace(
        _places(options, loopback=project.layout.is_loopback),
        cookies=_texts(options.get("cookies")) + (COOKIES if usual else ()),
        cookie_secrets=cookie_secrets(project),
    )


def tokens_of(project: Project, repository: Repository) -> Tokens | None:
    """What finds callers in a project; None where it keeps no access tokens."""
    models = [model for model in project.models.values() if model.is_a("AccessToken") and model.data_source]
    if not models:
        return None
    asked = _middleware_options(project).get("model")
    chosen = next((model for model in models if model.name == asked), None)
    own = chosen or next((model for model in models if model.name != "AccessToken"), models[0])
    return Tokens(project, repository, own)


def user_model_of(project: Project, tokens: Model, row: Mapping[str, Any]) -> Model | None:
    """The model of the user a token is for: as its `principalType` says, else the token model's relation `user`."""
    named = row.get("principalType")
    if not isinstance(named, str) or not named:
        relation = tokens.relations.get("user")
        named = relation.target if relation is not None else None
    return project.models.get(named) if isinstance(named, str) else None


def authorization_required(because: str = "") -> RequestError:
    """The error for what nobody may do without saying who they are; `because` says what of the request it is."""
    message = f"Authorization Required{because}"
    return RequestError(Code.REQUEST_REFUSED, message, status=401, error_code="AUTHORIZATION_REQUIRED")


def _holds(row: Row, user: Model | None) -> bool:
    """Whether a token is still good: its time has not run out, and one without an end is allowed to be so."""
    created, ttl = row.get("created"), row.get("ttl")
    if row.get("principalType") and user is None:
        return False
    if isinstance(ttl, bool) or not isinstance(ttl, int | float) or not ttl or ttl < ETERNAL:
        return False
    if ttl == ETERNAL:
        return user is not None and user.settings.get("allowEternalTokens") is True
    if isinstance(created, str):
        try:
            created = datetime.fromisoformat(created)
        except ValueError:
            return False
    if not isinstance(created, datetime):
        return False
    begun = created if created.tzinfo is not None else created.replace(tzinfo=UTC)
    return (datetime.now(UTC) - begun).total_seconds() < ttl


def _parameter(query: bytes, name: bytes) -> str | None:
    if name not in query:
        return None
    for part in query.split(b"&"):
        key, _, value = part.partition(b"=")
        if key == name:
            return unquote_plus(value.decode("latin-1"))
    return None


def _from_header(value: str, places: TokenPlaces) -> str:
    if value.startswith(BEARER) or (not places.bearer_is_base64 and value[: len(BEARER)].lower() == BEARER.lower()):
        rest = value[len(BEARER) :]
        plain = not places.bearer_is_base64 or (places.web_tokens and rest.startswith("eyJ") and "." in rest)
        return rest if plain else _decoded(rest)
    if value[: len(BASIC)].lower() == BASIC:
        first, colon, second = _decoded(value[len(BASIC) :]).partition(":")
        return second if colon and len(second) > len(first) else first
    return value


def _decoded(text: str) -> str:
    """What base64 stands for, padded or not, as forgiving as Node is; empty where it stands for nothing."""
    plain = text.strip().replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4)).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def _middleware_options(project: Project) -> Mapping[str, Any]:
    """What the token middleware was told: `params` of `loopback#token`, in any phase."""
    for phase in project.middleware.values():
        written = phase.get("loopback#token") if isinstance(phase, Mapping) else None
        entries = written if isinstance(written, Sequence) and not isinstance(written, str) else (written,)
        for entry in entries:
            params = entry.get("params") if isinstance(entry, Mapping) else None
            if isinstance(params, Mapping):
                return params
    return {}


def _places(options: Mapping[str, Any], *, loopback: bool) -> TokenPlaces:
    usual = options.get("searchDefaultTokenKeys") is not False
    parameters = tuple(name.encode() for name in _texts(options.get("params")))
    headers = tuple(name.lower().encode() for name in _texts(options.get("headers")))
    encoded = options.get("bearerTokenBase64Encoded")
    return TokenPlaces(
        parameters=parameters + ((PARAMETER,) if usual else ()),
        headers=headers + (HEADERS if usual else ()),
        bearer_is_base64=encoded is not False if loopback else encoded is True,
    )


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list | tuple) else ()
