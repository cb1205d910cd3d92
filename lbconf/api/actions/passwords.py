"""Passwords that are changed and asked for anew. Source: LoopBack 3, documentation of the User model."""

from collections.abc import Mapping
from typing import Any, Final

from lbconf.api.access.issuing import RESET_SCOPE, new_token, reset_ttl, token_model
from lbconf.api.access.tokens import authorization_required
from lbconf.api.actions.call import NOTHING, Action, Answer, Call
from lbconf.api.actions.refused import refused
from lbconf.api.mail.letters import Desk, send_reset
from lbconf.query.nodes import Row
from lbconf.repository.credentials import password_fits
from lbconf.repository.user_rows import check_password, hashed_password, narrow_reset

__all__ = ["PASSWORD_ACTIONS"]


def _reset(call: Call) -> Answer:
    model, given = call.endpoint.model, call.arguments.instance()
    email, realm = given.get("email"), given.get("realm")
    if not isinstance(email, str):
        raise refused("Email is required", 400, "EMAIL_REQUIRED")
    if given.get("password"):
        check_password(given["password"])
    if realm and not isinstance(realm, str):
        raise refused("Invalid realm", 400, "INVALID_REALM")
    if not model.settings.get("caseSensitiveEmail", True):
        email = email.lower()
    user = call.repository.user_with(model, {"email": email, "realm": realm} if realm else {"email": email})
    loopback = model.layout.is_loopback
    if user is None:
        if not loopback:
            return NOTHING  # whoever asks is not told which addresses there are
        raise refused("Email not found", 404, "EMAIL_NOT_FOUND")
    if model.settings.get("emailVerificationRequired") and not user.get("emailVerified"):
        if not loopback:
            return NOTHING
        raise refused("Email has not been verified", 401, "RESET_FAILED_EMAIL_NOT_VERIFIED")
    scopes = [RESET_SCOPE] if narrow_reset(model) else None
    token = new_token(call.repository, model, user, reset_ttl(model), scopes)
    project = call.repository.project
    text = str(token[token_model(project, model)[0].ids[0].name])
    send_reset(Desk(post=call.post, project=project, model=model), user, text)
    return NOTHING


def _change_password(call: Call) -> Answer:
    old, new = _texts(call, "oldPassword", "newPassword")
    user = _own_user(call)
    fits, _ = password_fits(old, user.get("password"))
    if not fits:
        raise refused("Invalid current password", 400, "INVALID_PASSWORD")
    return _set(call, user, new)


def _set_password(call: Call) -> Answer:
    (new,) = _texts(call, "newPassword")
    if narrow_reset(call.endpoint.model) and (call.caller.token is None or RESET_SCOPE not in call.caller.scopes):
        raise authorization_required()
    return _set(call, _own_user(call), new)


def _texts(call: Call, *names: str) -> list[str]:
    """These arguments of the body, each of them a text. Raises `RequestError` 400."""
    given = call.arguments.instance()
    found: list[str] = []
    for name in names:
        value: Any = given.get(name)
        if value is not None and not isinstance(value, str):
            raise refused("Value is not a string.", 400)
        if not value:
            raise refused(f"{name} is a required argument", 400)
        found.append(value)
    return found


def _set(call: Call, user: Row, plain: str) -> Answer:
    """Store a password; the user's other tokens end."""
    call.repository.set_password_hash(call.endpoint.model, user, hashed_password(plain, call.endpoint.model))
    return NOTHING


def _own_user(call: Call) -> Row:
    """The user who asks, of this model."""
    caller, model = call.caller, call.endpoint.model
    if not caller.known:
        raise authorization_required()
    if caller.user_model is not None and caller.user_model != model.name:
        if caller.token is not None and "principalType" in caller.token:
            raise refused("Access Denied", 403)
        if not model.layout.is_loopback and not model.is_a(caller.user_model):
            raise authorization_required()
    user = call.repository.row_by_id(model, caller.user_id)
    if user is None:
        raise refused(f"User {caller.user_id} not found", 401, "USER_NOT_FOUND")
    return user


PASSWORD_ACTIONS: Final[Mapping[str, Action]] = {
    "user_reset": _reset,
    "user_change_password": _change_password,
    "user_set_password": _set_password,
}
