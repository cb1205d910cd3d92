"""Endpoints of user models: log in and out, confirm an address, change and reset passwords."""

from collections.abc import Iterator
from typing import Final

from lbconf.api.endpoints.endpoint import Body, Endpoint, Result
from lbconf.project.resolved import Model

__all__ = ["user_endpoints"]

_USERS: Final[tuple[tuple[str, str, str, str, tuple[str, ...], Body, Result, str], ...]] = (
    ("login", "user_login", "POST", "/login", (), Body.INSTANCE, Result.INSTANCE, "Log in: get an access token."),
    ("logout", "user_logout", "POST", "/logout", (), Body.NONE, Result.NOTHING, "Log out: end the access token."),
    ("confirm", "user_confirm", "GET", "/confirm", (), Body.NONE, Result.NOTHING, "Confirm an e-mail address."),
    ("resetPassword", "user_reset", "POST", "/reset", (), Body.INSTANCE, Result.NOTHING, "Ask for a new password."),
    (
        "changePassword",
        "user_change_password",
        "POST",
        "/change-password",
        (),
        Body.INSTANCE,
        Result.NOTHING,
        "Change one's password by the old one.",
    ),
    (
        "setPassword",
        "user_set_password",
        "POST",
        "/reset-password",
        (),
        Body.INSTANCE,
        Result.NOTHING,
        "Set one's password with a token that was given for it.",
    ),
)


def user_endpoints(model: Model) -> Iterator[Endpoint]:
    """Those of a model whose rows are users; none for others."""
    if not model.is_a("User") or "password" not in model.properties or not model.persisted or model.read_only:
        return
    for method, action, verb, path, query, body, result, summary in _USERS:
        yield Endpoint(
            model=model,
            method=method,
            action=action,
            verb=verb,
            path=path,
            query=query,
            body=body,
            result=result,
            summary=summary,
        )
