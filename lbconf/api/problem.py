"""Errors as HTTP answers: LoopBack's body, or problem details (RFC 9457) when a client asks for them."""

import json
from collections.abc import Mapping
from html import escape
from http import HTTPStatus
from typing import Any, Final

from lbconf.api.present import encode
from lbconf.diagnostics import Code
from lbconf.errors import (
    ConnectionFailedError,
    ConnectorError,
    ConstraintError,
    ConstraintKind,
    LbconfError,
    QueryError,
    TimedOutError,
    UnsupportedError,
)
from lbconf.records import dataclass, field

__all__ = ["JSON_TYPE", "PROBLEM_TYPE", "Fault", "fault_of", "loopback_body", "loopback_text", "problem_body"]

JSON_TYPE: Final = b"application/json; charset=utf-8"
PROBLEM_TYPE: Final = b"application/problem+json"

RETRY_SECONDS: Final = 2
"""What a client is told to wait while a data source is away."""

UNREADY: Final = {
    Code.TABLE_MISSING: "The database does not have, or has not filled, what this model needs.",
    Code.PERMISSION_MISSING: "The database user may not do this.",
}
"""What an operator mends in the database: the log says which table and how, a client only what kind of thing it is."""

CLIENT_ERRORS: Final = range(400, 500)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What an answer to a failed request says."""

    status: int
    name: str | None = None
    message: str
    code: str | None = None
    details: Any = None
    hint: str | None = None
    """How to mend the request, where lbconf can tell; LoopBack's own messages stay as they are."""
    headers: tuple[tuple[bytes, bytes], ...] = field(default=())
    ours: bool = False
    """Whether it is for those who run the server to mend: the log says where it happened and how to mend it."""


def fault_of(error: BaseException) -> Fault:
    """What to tell a client about an error. Nothing of an unexpected one: its text may hold secrets."""
    if isinstance(error, LbconfError):
        known = _known(error)
        if known is not None:
            return known
    return Fault(status=500, message="Internal Server Error", ours=True)


def loopback_body(fault: Fault) -> bytes:
    """LoopBack's body: 4xx with name, code and details, 5xx without what only a developer should see."""
    error: dict[str, Any] = {"statusCode": fault.status}
    if fault.status in CLIENT_ERRORS:
        error["name"] = fault.name or "Error"
    error["message"] = fault.message
    if fault.code is not None and fault.status in CLIENT_ERRORS:
        error["code"] = fault.code
    if fault.details is not None:
        error["details"] = fault.details
    return encode({"error": error})


def loopback_text(fault: Fault, form: str) -> tuple[bytes, bytes]:
    """The same for a client that asked for another form, `html` or `xml`: media type and body."""
    error = json.loads(loopback_body(fault))["error"]
    if form == "xml":
        parts = "".join(f"<{name}>{escape(_plain(value))}</{name}>" for name, value in error.items())
        text = f'<?xml version="1.0" encoding="UTF-8"?><error>{parts}</error>'
        return b"text/xml; charset=utf-8", text.encode("utf-8")
    title = escape(f"{error.get('name', 'Error')}: {error['message']}")
    parts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(_plain(value))}</dd>" for name, value in error.items())
    head = f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{title}</title></head>'
    return b"text/html; charset=utf-8", f"{head}<body><h1>{title}</h1><dl>{parts}</dl></body></html>".encode()


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def problem_body(fault: Fault, path: str) -> bytes:
    """Problem details. Source: RFC 9457."""
    problem: dict[str, Any] = {
        "type": "about:blank",
        "title": _phrase(fault.status),
        "status": fault.status,
        "detail": fault.message,
        "instance": path,
    }
    if fault.status in CLIENT_ERRORS:
        problem["name"] = fault.name or "Error"
    if fault.code is not None and fault.status in CLIENT_ERRORS:
        problem["code"] = fault.code
    if fault.details is not None:
        problem["details"] = fault.details
    if fault.hint is not None:
        problem["hint"] = fault.hint
    return encode(problem)


def _known(error: LbconfError) -> Fault | None:
    first = error.diagnostics[0]
    message = first.message
    if first.code is Code.PROPERTY_UNKNOWN and first.hint:
        message += f" ({first.hint})"
    status = getattr(error, "status", None)
    if isinstance(status, int):
        return Fault(
            status=status,
            name=getattr(error, "name", None),
            message=message,
            code=getattr(error, "error_code", None),
            details=_details(getattr(error, "details", None)),
            hint=first.hint,
            headers=getattr(error, "headers", ()),
        )
    match error:
        case QueryError() | UnsupportedError():
            return Fault(status=400, message=message)
        case ConnectionFailedError() | TimedOutError():
            return Fault(
                status=503,
                message="Service Unavailable",
                headers=((b"retry-after", str(RETRY_SECONDS).encode()),),
            )
        case ConstraintError(kind=ConstraintKind.UNIQUE):
            return Fault(status=409, name="ConflictError", message="There is such an instance already.")
        case ConstraintError():
            return Fault(status=422, name="ValidationError", message="The data source refuses the instance.")
        case ConnectorError() if first.code is Code.WRITE_CONFLICT:
            message = "Another request changed the same instances; try again."
            return Fault(status=409, name="ConflictError", message=message, code="WRITE_CONFLICT")
        case ConnectorError() if first.code in UNREADY:
            return Fault(status=503, message=UNREADY[first.code], ours=True)
        case _:
            return None


def _details(details: Any) -> Any:
    if isinstance(details, list | tuple):
        return [_details(item) for item in details]
    if isinstance(details, BaseException):
        fault = fault_of(details)
        entry: dict[str, Any] = {"statusCode": fault.status, "name": fault.name or "Error", "message": fault.message}
        if fault.code is not None:
            entry["code"] = fault.code
        if fault.details is not None:
            entry["details"] = fault.details
        return entry
    return dict(details) if isinstance(details, Mapping) else details


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
