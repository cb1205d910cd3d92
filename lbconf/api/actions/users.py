"""What the endpoints of user models do. Source: LoopBack 3, documentation of the User model."""

import secrets
import string
from collections.abc import Mapping
from typing import Any, Final, TypeGuard
from urllib.parse import quote

from lbconf.api.access.tokens import ETERNAL, authorization_required
from lbconf.api.actions.call import NOTHING, Action, Answer, Call, created, data
from lbconf.api.actions.collection import COLLECTION_ACTIONS
from lbconf.diagnostics import Code
from lbconf.project.resolved import Model, Relation
from lbconf.query.errors import RequestError
from lbconf.query.nodes import Row
from lbconf.repository.credentials import hash_password, password_fits
from lbconf.repository.user_rows import hashed_password, is_user_model

__all__ = ["USER_ACTIONS"]

ALPHABET: Final = string.ascii_letters + string.digits
TOKEN_LENGTH: Final = 64
TTL: Final = 1209600
MOST_TTL: Final = 31556926
RESET_TTL: Final = 900
RESET_SCOPE: Final = "reset-password"
SECRETS: Final = ("password", "email")
"""What a user is known by: when one of them changes, tokens that were given before end."""


def _login(call: Call) -> Answer:
    model, given = call.endpoint.model, call.arguments.instance()
    wanted = _credentials(model, given)
    user = call.repository.user_with(model, wanted)
    fits, outdated = password_fits(given.get("password"), user.get("password") if user is not None else None)
    if user is None or not fits:
        raise _refused("login failed", 401, "LOGIN_FAILED")
    if model.settings.get("emailVerificationRequired") and not user.get("emailVerified"):
        raise _refused("login failed as the email has not been verified", 401, "LOGIN_FAILED_EMAIL_NOT_VERIFIED")
    if outdated:
        call.repository.set_password_hash(model, user, hash_password(given["password"]))
    token = _new_token(call, user, _ttl(model, given.get("ttl")))
    asked = call.arguments.query("include")
    shown = call.presenter.instance(_token_model(call)[0], token)
    names = asked if isinstance(asked, list) else [asked]
    if any(isinstance(name, str) and name.lower() == "user" for name in names):
        shown["user"] = call.presenter.instance(model, user)
    return data(shown)


def _logout(call: Call) -> Answer:
    token = call.caller.token
    if token is None:
        raise _refused("accessToken is required to logout", 401)
    tokens, _ = _token_model(call)
    if not call.repository.delete_by_id(tokens, token[tokens.ids[0].name]):
        raise _refused("Could not find accessToken", 401)
    return NOTHING


def _confirm(call: Call) -> Answer:
    model = call.endpoint.model
    uid, token = _text_argument(call, "uid"), _text_argument(call, "token")
    user = call.repository.row_by_id(model, uid)
    if user is None:
        raise _refused(f"User not found: {uid}", 404, "USER_NOT_FOUND")
    stored = user.get("verificationToken")
    if not isinstance(stored, str) or not secrets.compare_digest(stored.encode(), token.encode()):
        raise _refused(f"Invalid token: {token}", 400, "INVALID_TOKEN")
    call.repository.patch_row(model, user, {"verificationToken": None, "emailVerified": True}, checked=False)
    redirect = call.arguments.query("redirect")
    if not isinstance(redirect, str):
        return NOTHING
    place = quote(redirect, safe="/:?#[]@!$&'()*+,;=%~-._").encode("ascii")
    return Answer(status=302, headers=((b"location", place),))


def _reset(call: Call) -> Answer:
    model, email = call.endpoint.model, call.arguments.instance().get("email")
    if not isinstance(email, str) or not email:
        raise _refused("Email is required", 400, "EMAIL_REQUIRED")
    user = call.repository.user_with(model, _with_realm(model, call.arguments.instance(), {"email": email}))
    if user is None:
        raise _refused("Email not found", 404, "EMAIL_NOT_FOUND")
    if model.settings.get("emailVerificationRequired") and not user.get("emailVerified"):
        raise _refused("Email has not been verified", 401, "RESET_FAILED_EMAIL_NOT_VERIFIED")
    scoped = model.settings.get("restrictResetPasswordTokenScope") is True
    seconds = model.settings.get("resetPasswordTokenTTL")
    ttl = seconds if _is_whole(seconds) else RESET_TTL
    _new_token(call, user, ttl, scopes=[RESET_SCOPE] if scoped else None)
    return NOTHING


def _change_password(call: Call) -> Answer:
    given = call.arguments.instance()
    for name in ("oldPassword", "newPassword"):
        if not isinstance(given.get(name), str) or not given[name]:
            raise _refused(f"{name} is a required argument", 400)
    user = _own_user(call)
    fits, _ = password_fits(given["oldPassword"], user.get("password"))
    if not fits:
        raise _refused("Invalid current password", 400, "INVALID_PASSWORD")
    return _set(call, user, given["newPassword"])


def _set_password(call: Call) -> Answer:
    new = call.arguments.instance().get("newPassword")
    if not isinstance(new, str) or not new:
        raise _refused("newPassword is a required argument", 400)
    token = call.caller.token
    if call.endpoint.model.settings.get("restrictResetPasswordTokenScope") and (
        token is None or RESET_SCOPE not in call.caller.scopes
    ):
        raise authorization_required()
    return _set(call, _own_user(call), new)


def _set(call: Call, user: Row, plain: str) -> Answer:
    """Store a password and end the user's other tokens."""
    call.repository.set_password_hash(call.endpoint.model, user, hashed_password(plain))
    _end_other_tokens(call, user)
    return NOTHING


def _end_other_tokens(call: Call, user: Row) -> None:
    """Delete the user's access tokens but the one that came with the request."""
    model = call.endpoint.model
    tokens, relation = _token_model(call)
    where: dict[str, Any] = {relation.key_to[0]: user[model.ids[0].name]} if relation is not None else {}
    if not where:
        return
    if relation is not None and relation.polymorphic is not None:
        where[relation.polymorphic.discriminator] = model.name
    if call.caller.token is not None:
        own = tokens.ids[0].name
        where[own] = {"neq": call.caller.token[own]}
    call.repository.delete_all(tokens, where)


def _own_user(call: Call) -> Row:
    """The user who asks, of this model."""
    caller, model = call.caller, call.endpoint.model
    if not caller.known or (caller.user_model is not None and caller.user_model != model.name):
        raise authorization_required()
    user = call.repository.row_by_id(model, caller.user_id)
    if user is None:
        raise _refused(f"User {caller.user_id} not found", 401, "USER_NOT_FOUND")
    return user


def _credentials(model: Model, given: Mapping[str, Any]) -> dict[str, str]:
    """What the user is looked up by. Raises `RequestError` 400."""
    email, username = given.get("email"), given.get("username")
    if not email and not username:
        _with_realm(model, given, {})
        raise _refused("username or email is required", 400, "USERNAME_EMAIL_REQUIRED")
    if username and not email and not isinstance(username, str):
        raise _refused("Invalid username", 400, "INVALID_USERNAME")
    if email and not isinstance(email, str):
        raise _refused("Invalid email", 400, "INVALID_EMAIL")
    name, value = ("email", email) if email else ("username", username)
    return _with_realm(model, given, {name: str(value)})


def _with_realm(model: Model, given: Mapping[str, Any], found: dict[str, str]) -> dict[str, str]:
    """The same with the realm where the model asks for one, split off the name where that holds it."""
    delimiter = model.settings.get("realmDelimiter")
    required = bool(model.settings.get("realmRequired") or delimiter)
    realm = given.get("realm")
    if isinstance(delimiter, str) and delimiter:
        for name, value in found.items():
            before, mark, after = value.partition(delimiter)
            if mark:
                realm, found = before, {**found, name: after}
    elif not required and not isinstance(realm, str):
        realm = None
    if required and not realm:
        raise _refused("realm is required", 400, "REALM_REQUIRED")
    if required and not isinstance(realm, str):
        raise _refused("Invalid realm", 400, "INVALID_REALM")
    if realm and isinstance(realm, str):
        found = {**found, "realm": realm}
    if model.settings.get("caseSensitiveEmail") is False and "email" in found:
        found["email"] = found["email"].lower()
    return found


def _ttl(model: Model, asked: Any) -> int:
    """Seconds a new token holds: what was asked for, but no longer than the model allows."""
    usual, most = model.settings.get("ttl"), model.settings.get("maxTTL")
    seconds = asked if _is_whole(asked) and asked else usual if _is_whole(usual) else TTL
    if seconds < ETERNAL:
        raise _refused("ttl is not valid", 400)
    return min(int(seconds), most if _is_whole(most) else MOST_TTL)


def _is_whole(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _new_token(call: Call, user: Row, ttl: int, scopes: list[str] | None = None) -> Row:
    """The row of a new access token of this user."""
    model = call.endpoint.model
    tokens, relation = _token_model(call)
    row: dict[str, Any] = {
        tokens.ids[0].name: "".join(secrets.choice(ALPHABET) for _ in range(TOKEN_LENGTH)),
        "ttl": ttl,
    }
    if scopes is not None:
        row["scopes"] = scopes
    row[relation.key_to[0] if relation is not None else "userId"] = user[model.ids[0].name]
    if relation is not None and relation.polymorphic is not None:
        row[relation.polymorphic.discriminator] = model.name
    made: Row = call.repository.create_one(tokens, row)
    return made


def _token_model(call: Call) -> tuple[Model, Relation | None]:
    """The model of the access tokens of this user model, and the relation to it."""
    models = call.repository.project.models
    relation = call.endpoint.model.relations.get("accessTokens")
    if relation is not None and relation.target is not None and relation.target in models:
        return models[relation.target], relation
    found = models.get("AccessToken")
    if found is None:
        raise _refused(f"{call.endpoint.model.name} has no access tokens", 404)
    return found, None


def _text_argument(call: Call, name: str) -> str:
    value = call.arguments.query(name)
    if not isinstance(value, str) or not value:
        raise _refused(f"{name} is a required argument", 400)
    return value


def _refused(message: str, status: int, code: str | None = None) -> RequestError:
    return RequestError(Code.REQUEST_REFUSED, message, status=status, error_code=code)


def _created_unverified(call: Call) -> Answer:
    """Create; nobody says of their own address that it is verified."""
    if is_user_model(call.endpoint.model):
        given = call.arguments.instances()
        for row in given if isinstance(given, list) else [given]:
            if row.get("emailVerified"):
                row["emailVerified"] = False
        return created(call, call.repository.create(call.endpoint.model, given))
    return COLLECTION_ACTIONS["create"](call)


def _ending_tokens(name: str) -> Action:
    """The action that changes one instance; a user's other tokens end where the password or the address changes."""
    action = COLLECTION_ACTIONS[name]

    def change(call: Call) -> Answer:
        model = call.endpoint.model
        if not is_user_model(model):
            return action(call)
        known = call.arguments.parameters.get("id")
        if known is None:
            known = call.arguments.instance().get(model.ids[0].name)
        before = call.repository.row_by_id(model, known) if known is not None else None
        answer = action(call)
        after = call.repository.row_by_id(model, known) if before is not None else None
        if before is not None and after is not None and any(before.get(n) != after.get(n) for n in SECRETS):
            _end_other_tokens(call, after)
        return answer

    return change


USER_ACTIONS: Final[Mapping[str, Action]] = {
    "create": _created_unverified,
    **{name: _ending_tokens(name) for name in ("patchAttributes", "patchOrCreate", "replaceById", "replaceOrCreate")},
    "user_login": _login,
    "user_logout": _logout,
    "user_confirm": _confirm,
    "user_reset": _reset,
    "user_change_password": _change_password,
    "user_set_password": _set_password,
}
