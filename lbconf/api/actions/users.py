"""What the endpoints of user models do: log in, log out, confirm an address.

Source: LoopBack 3, documentation of the User model.
"""

import json
import secrets
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlsplit

from lbconf.api.access.issuing import new_token, token_model, wanted_ttl
from lbconf.api.actions.call import NOTHING, Action, Answer, Call, data
from lbconf.api.actions.passwords import PASSWORD_ACTIONS
from lbconf.api.actions.refused import refused
from lbconf.api.actions.verify import verify
from lbconf.project.access_settings import access_settings
from lbconf.project.resolved import Model
from lbconf.repository.credentials import hash_password, password_fits
from lbconf.repository.user_rows import bcrypt_cost

__all__ = ["USER_ACTIONS"]


def _login(call: Call) -> Answer:
    model, given = call.endpoint.model, call.arguments.instance()
    user = call.repository.user_with(model, _credentials(model, given))
    fits, is_bcrypt = password_fits(given.get("password"), user.get("password") if user is not None else None)
    if user is None or not fits:
        raise refused("login failed", 401, "LOGIN_FAILED")
    if model.settings.get("emailVerificationRequired") and not user.get("emailVerified"):
        raise refused(
            "login failed as the email has not been verified",
            401,
            "LOGIN_FAILED_EMAIL_NOT_VERIFIED",
            {"userId": user[model.ids[0].name]},
        )
    ttl = wanted_ttl(model, given.get("ttl"))
    cost = bcrypt_cost(model)
    if is_bcrypt is (cost is None):
        hashed = hash_password(given["password"], cost)
        call.repository.set_password_hash(model, user, hashed, same_password=True)
    token = new_token(call.repository, model, user, ttl)
    shown = call.presenter.instance(token_model(call.repository.project, model)[0], token)
    if "user" in _included(call.arguments.query("include")):
        shown["user"] = call.presenter.instance(model, user)
    return data(shown)


def _included(asked: Any) -> set[str]:
    if isinstance(asked, str) and asked.startswith("["):
        try:
            asked = json.loads(asked)
        except ValueError:
            return set()
    names = asked if isinstance(asked, list) else [asked]
    return {name.lower() for name in names if isinstance(name, str)}


def _logout(call: Call) -> Answer:
    if call.caller.token_id is None:
        raise refused("accessToken is required to logout", 401)
    tokens, _ = token_model(call.repository.project, call.endpoint.model)
    if not call.repository.delete_by_id(tokens, call.caller.token_id):
        raise refused("Could not find accessToken", 401)
    return NOTHING


def _confirm(call: Call) -> Answer:
    model = call.endpoint.model
    uid, token = _text_argument(call, "uid"), _text_argument(call, "token")
    redirect = call.arguments.query("redirect")
    if isinstance(redirect, str) and not _may_go_to(call, redirect):
        raise refused("redirect leads to another place than this server's", 400, "REDIRECT_REFUSED")
    user = call.repository.row_by_id(model, uid)
    if user is None:
        raise refused(f"User not found: {uid}", 404, "USER_NOT_FOUND")
    stored = user.get("verificationToken")
    if not isinstance(stored, str) or not secrets.compare_digest(_bytes(stored), _bytes(token)):
        raise refused(f"Invalid token: {token}", 400, "INVALID_TOKEN")
    call.repository.patch_row(model, user, {"verificationToken": None, "emailVerified": True}, checked=False)
    if not isinstance(redirect, str):
        return NOTHING
    place = quote(redirect, safe="/:?#[]@!$&'()*+,;=%~-._").encode("ascii")
    return Answer(status=302, headers=((b"location", place),))


def _may_go_to(call: Call, place: str) -> bool:
    """Whether a browser may be sent there: anywhere in LoopBack layouts, else on this server or where it is allowed."""
    if call.endpoint.model.layout.is_loopback:
        return True
    if any(ord(char) <= ord(" ") or char == "\\" for char in place):
        return False
    if place.startswith("/") and not place.startswith("//"):
        return True
    try:
        parts = urlsplit(place)
    except ValueError:
        return False
    origin = f"{parts.scheme}://{parts.netloc}".lower()
    return parts.scheme in {"http", "https"} and origin in access_settings(call.repository.project).redirects


def _credentials(model: Model, given: Mapping[str, Any]) -> dict[str, str]:
    """What the user is looked up by. Raises `RequestError` 400."""
    name = "email" if given.get("email") else "username"
    value, realm = given.get(name), given.get("realm")
    delimiter = model.settings.get("realmDelimiter")
    needed = bool(model.settings.get("realmRequired") or delimiter)
    if isinstance(delimiter, str) and delimiter and isinstance(value, str):
        before, mark, after = value.partition(delimiter)
        if mark:
            realm, value = before or realm, after
    if needed and not realm:
        raise refused("realm is required", 400, "REALM_REQUIRED")
    if needed and not isinstance(realm, str):
        raise refused("Invalid realm", 400, "INVALID_REALM")
    if not value:
        raise refused("username or email is required", 400, "USERNAME_EMAIL_REQUIRED")
    if not isinstance(value, str):
        raise refused(f"Invalid {name}", 400, f"INVALID_{name.upper()}")
    if name == "email" and not model.settings.get("caseSensitiveEmail", True):
        value = value.lower()
    return {name: value, "realm": str(realm)} if needed else {name: value}


def _text_argument(call: Call, name: str) -> str:
    value = call.arguments.query(name)
    if isinstance(value, Mapping):
        return "[object Object]"
    if not isinstance(value, str) or not value:
        raise refused(f"{name} is a required argument", 400)
    return value


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


USER_ACTIONS: Final[Mapping[str, Action]] = {
    **PASSWORD_ACTIONS,
    "user_login": _login,
    "user_logout": _logout,
    "user_confirm": _confirm,
    "user_verify": verify,
}
"""Endpoints of user models: log in and out, confirm an address, change and reset passwords."""
