"""Endpoints of user models: log in and out, confirm an address, change and reset passwords."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from lbconf.api.endpoints.endpoint import Argument, Body, Endpoint, Result
from lbconf.project.resolved import Model

__all__ = ["user_endpoints"]

_TEXT: Final = {"type": "string"}
_PASSWORD: Final = {"type": "string", "format": "password"}


def _object(properties: Mapping[str, Any], *required: str) -> Mapping[str, Any]:
    return {"type": "object", "properties": properties} | ({"required": list(required)} if required else {})


_CREDENTIALS: Final = _object(
    {
        "email": _TEXT,
        "username": _TEXT,
        "realm": _TEXT,
        "password": _PASSWORD,
        "ttl": {"type": "number", "description": "Seconds that the token holds."},
    }
)
_TOKEN: Final = _object(
    {
        "id": {"type": "string", "description": "The access token, told this once."},
        "ttl": {"type": ["number", "null"]},
        "scopes": {"type": ["array", "null"], "items": _TEXT},
        "created": {"type": ["string", "null"], "format": "date-time"},
        "userId": {},
        "user": {"type": "object", "description": "With `include=user`."},
    },
    "id",
)
_ADDRESS: Final = _object({"email": _TEXT, "realm": _TEXT}, "email")
_CHANGE: Final = _object({"oldPassword": _PASSWORD, "newPassword": _PASSWORD}, "oldPassword", "newPassword")
_NEW: Final = _object({"newPassword": _PASSWORD}, "newPassword")
_INCLUDE: Final = Argument(name="include", schema=_TEXT, description="`user`: the user with the token.")
_CONFIRM: Final = (
    Argument(name="uid", schema=_TEXT, required=True, description="The user's id."),
    Argument(name="token", schema=_TEXT, required=True, description="From the letter."),
    Argument(name="redirect", schema=_TEXT, description="Where the browser is sent then."),
)


def user_endpoints(model: Model) -> Iterator[Endpoint]:
    """Those of a model whose rows are users; none for others."""
    if not model.is_a("User") or "password" not in model.properties or not model.persisted or model.read_only:
        return
    yield Endpoint(
        model=model,
        method="login",
        action="user_login",
        verb="POST",
        path="/login",
        body=Body.INSTANCE,
        body_schema=_CREDENTIALS,
        result_schema=_TOKEN,
        arguments=(_INCLUDE,),
        faults=(400, 401, 429, 503),
        summary="Log in: get an access token.",
    )
    yield _without_answer(model, "logout", "user_logout", "/logout", "Log out: end the access token.")
    yield Endpoint(
        model=model,
        method="prototype.verify",
        action="user_verify",
        verb="POST",
        path="/{id}/verify",
        result=Result.NOTHING,
        faults=(404, 422, 503),
        summary="Send the letter that confirms the user's address.",
    )
    yield Endpoint(
        model=model,
        method="confirm",
        action="user_confirm",
        verb="GET",
        path="/confirm",
        result=Result.NOTHING,
        arguments=_CONFIRM,
        faults=(302, 400, 404),
        summary="Confirm an e-mail address.",
    )
    yield _without_answer(model, "resetPassword", "user_reset", "/reset", "Ask for a new password.", _ADDRESS)
    summary = "Change one's password by the old one."
    yield _without_answer(model, "changePassword", "user_change_password", "/change-password", summary, _CHANGE)
    summary = "Set one's password with a token that was given for it."
    yield _without_answer(model, "setPassword", "user_set_password", "/reset-password", summary, _NEW)


def _without_answer(
    model: Model, method: str, action: str, path: str, summary: str, body: Mapping[str, Any] | None = None
) -> Endpoint:
    return Endpoint(
        model=model,
        method=method,
        action=action,
        verb="POST",
        path=path,
        body=Body.NONE if body is None else Body.INSTANCE,
        body_schema=body,
        result=Result.NOTHING,
        faults=(400, 401, 404, 422, 429, 503) if body is not None else (401,),
        summary=summary,
    )
