"""What a caller is told who may not. Source: LoopBack 3, documentation of `aclErrorStatus`."""

from typing import Any

from lbconf.api.access.caller import NOBODY, Caller
from lbconf.api.access.tokens import authorization_required
from lbconf.diagnostics import Code
from lbconf.project.resolved import Model, Project
from lbconf.query.errors import RequestError
from lbconf.repository.errors import id_text

__all__ = ["denied", "denied_status"]

UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 401, 403, 404


def denied(
    project: Project,
    model: Model,
    caller: Caller,
    id: Any,  # noqa: A002
    because: str = "",
) -> RequestError:
    """The error for a call that does not go through; `id` is what the request names, None where it names nothing.

    `because` says what of the request it is.
    """
    status = UNAUTHORIZED if caller is NOBODY else denied_status(project, model)
    if status == FORBIDDEN:
        message = f"Access Denied{because}"
        return RequestError(Code.REQUEST_REFUSED, message, status=status, error_code="ACCESS_DENIED")
    if status == NOT_FOUND:
        message = f"could not find {model.name} with id {'undefined' if id is None else id_text(id)}"
        return RequestError(Code.REQUEST_REFUSED, message, status=status, error_code="MODEL_NOT_FOUND")
    return authorization_required(because)


def denied_status(project: Project, model: Model) -> int:
    """Status for a caller who is known and may not: as `aclErrorStatus` says, 403 in the native layout, else 401."""
    for written in (model.settings.get("aclErrorStatus"), project.server.settings.get("aclErrorStatus")):
        if str(written) in {"401", "403", "404"}:
            return int(str(written))
    return UNAUTHORIZED if model.layout.is_loopback else FORBIDDEN
