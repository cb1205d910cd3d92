"""Access tokens that are given out: what their rows hold, for how long they are good, what is stored of them."""

import math
import secrets
import string
from typing import Any, Final

from lbconf.api.access.tokens import ETERNAL, stored_id
from lbconf.diagnostics import Code
from lbconf.project.access_settings import stores_digests
from lbconf.project.resolved import Model, Project, Relation
from lbconf.query.errors import RequestError
from lbconf.query.nodes import Row
from lbconf.repository import Repository
from lbconf.repository.generate import now
from lbconf.repository.user_writes import token_relation

__all__ = ["RESET_SCOPE", "new_token", "reset_ttl", "token_model", "wanted_ttl"]

ALPHABET: Final = string.ascii_letters + string.digits
TOKEN_LENGTH: Final = 64
LONGEST_TOKEN: Final = 512
TTL: Final = 1209600
MOST_TTL: Final = 31556926
RESET_TTL: Final = 900
RESET_SCOPE: Final = "reset-password"


def token_model(project: Project, user: Model) -> tuple[Model, Relation | None]:
    """The model of the access tokens of a user model, and the relation to it. Raises `RequestError` 404."""
    found = token_relation(project.models, user)
    if found is None:
        raise RequestError(Code.REQUEST_REFUSED, f"{user.name} has no access tokens", status=404)
    return found


def new_token(repository: Repository, model: Model, user: Row, ttl: float, scopes: list[str] | None = None) -> Row:
    """The row of a new access token of a user, with the token itself as its id, which is told this once."""
    tokens, relation = token_model(repository.project, model)
    key = tokens.ids[0].name
    wanted = tokens.settings.get("accessTokenIdLength")
    length = wanted if isinstance(wanted, int) and TOKEN_LENGTH // 2 <= wanted <= LONGEST_TOKEN else TOKEN_LENGTH
    text = "".join(secrets.choice(ALPHABET) for _ in range(length))
    row: dict[str, Any] = {key: stored_id(text, digests=stores_digests(repository.project)), "ttl": ttl}
    if scopes is not None:
        row["scopes"] = scopes
    row["created"] = now()
    row[relation.key_to[0] if relation is not None else "userId"] = user[model.ids[0].name]
    if relation is not None and relation.polymorphic is not None:
        row[relation.polymorphic.discriminator] = model.name
    return {**repository.create_one(tokens, row), key: text}


def wanted_ttl(model: Model, asked: Any) -> float:
    """Seconds a new token holds: what was asked for, but no longer than the model allows.

    Raises:
        RequestError: 400 for what no token may have, in the native layout.

    """
    seconds = _number(asked, lenient=model.layout.is_loopback)
    if not seconds:
        seconds = _setting(model, "ttl", TTL)
    eternal = seconds == ETERNAL and (model.layout.is_loopback or model.settings.get("allowEternalTokens") is True)
    if seconds <= 0 and not eternal and not model.layout.is_loopback:
        raise RequestError(Code.REQUEST_REFUSED, "ttl is not valid", status=400, error_code="INVALID_TTL")
    return min(seconds, _setting(model, "maxTTL", MOST_TTL))


def reset_ttl(model: Model) -> float:
    """Seconds that a token for setting a new password holds."""
    return min(_setting(model, "resetPasswordTokenTTL", RESET_TTL), _setting(model, "maxTTL", MOST_TTL))


def _setting(model: Model, name: str, default: int) -> float:
    return _number(model.settings.get(name), lenient=True) or default


def _number(value: Any, *, lenient: bool) -> float:
    """The number that is meant; 0 where none is. `lenient`: a text or a boolean may mean one, as in JavaScript."""
    if isinstance(value, str) and lenient:
        try:
            value = float(value) if not value.strip().isdecimal() else int(value)
        except ValueError:
            return 0
    if isinstance(value, bool):
        return int(value) if lenient else 0
    return value if isinstance(value, int | float) and math.isfinite(value) else 0
