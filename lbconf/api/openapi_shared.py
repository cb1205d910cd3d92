"""What every description of an API holds: bodies of errors, counts, conditions by kind of value."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

__all__ = ["reference", "response_headers", "response_of", "response_reference", "shared_schemas"]

_SCHEMAS: Final = "#/components/schemas/"


def shared_schemas(*, loopback: bool) -> dict[str, Any]:
    """Schemas that those of models refer to. Names hold a dot, which the name of a model never does."""
    kinds = {
        "text": _condition({"type": "string"}, loopback=loopback, text=True),
        "number": _condition({"type": "number"}, loopback=loopback),
        "integer": _condition({"type": "integer"}, loopback=loopback),
        "boolean": _condition({"type": "boolean"}, loopback=loopback, ordered=False),
        "moment": _condition({"type": "string", "format": "date-time"}, loopback=loopback),
        "day": _condition({"type": "string", "format": "date"}, loopback=loopback),
        "time": _condition({"type": "string", "format": "time"}, loopback=loopback),
        "uuid": _condition({"type": "string", "format": "uuid"}, loopback=loopback),
        "point": _POINT,
        "near": _NEAR,
        "place": {"anyOf": [reference("Condition.point"), {"type": "null"}, reference("Condition.near")]},
        "any": {"description": "A value, or an object of one operator and its value."},
    }
    return {**_ANSWERS, **{f"Condition.{kind}": schema for kind, schema in kinds.items()}}


def reference(name: str) -> dict[str, str]:
    """A reference to a schema by its name."""
    return {"$ref": _SCHEMAS + name}


def response_headers() -> dict[str, Any]:
    """Headers of answers that operations refer to, by name."""
    return {
        "ETag": {"description": "What tells this state from others.", "schema": {"type": "string"}},
        "X-Total-Count": {
            "description": "How many there are in all, where `count` asks for it.",
            "schema": {"type": "integer", "minimum": 0},
        },
        "Link": {"description": "Where the list goes on: `next`.", "schema": {"type": "string"}},
    }


def response_reference(name: str) -> dict[str, str]:
    """A reference to a shared response by its name."""
    return {"$ref": f"#/components/responses/{name}"}


def response_of(status: int) -> tuple[str, Mapping[str, Any]]:
    """The name of a shared response and what it is, by its status."""
    known = _RESPONSES.get(status)
    if known is not None:
        return known
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Peculiar to this endpoint"
    bodiless = status < HTTPStatus.BAD_REQUEST
    return f"Status{status}", {"description": f"{phrase}."} if bodiless else _response(f"{phrase}.")


def _response(description: str, body: str = "Answer.error") -> dict[str, Any]:
    return {
        "description": description,
        "content": {
            "application/json": {"schema": reference(body)},
            "application/problem+json": {"schema": reference("Answer.problem")},
        },
    }


def _plain(description: str) -> dict[str, Any]:
    return {"description": description, "content": {"text/plain": {"schema": {"type": "string"}}}}


_RESPONSES: Final[Mapping[int, tuple[str, Mapping[str, Any]]]] = {
    204: ("Minimal", {"description": "Done; there is no body."}),
    304: ("NotModified", {"description": "The client has it already; there is no body."}),
    400: ("BadRequest", _response("The request cannot be understood.")),
    401: ("Unauthorized", _response("Nobody is known to ask, or by a token that does not hold.")),
    403: ("Forbidden", _response("Who asks is known, and may not.")),
    404: ("NotFound", _response("There is no such instance.")),
    406: ("NotAcceptable", _plain("None of the media types that the client takes can be given.")),
    409: ("Conflict", _response("It is at odds with what is stored: a value taken, rows that refer to it.")),
    412: ("PreconditionFailed", _response("The instance is not the one that the request was meant for.")),
    413: ("TooLarge", _response("The body is larger than the server takes.")),
    414: ("UrlTooLong", _response("The URL is longer than the server takes.")),
    415: ("UnsupportedMedia", _response("The body's charset or compression is not known.")),
    422: ("Invalid", _response("The instance is not valid; `details` says why.", "Answer.invalid")),
    428: ("PreconditionRequired", _response("The request must say which state of the instance it is meant for.")),
    429: ("TooMany", _response("Too many requests in a short time; `Retry-After` says when to go on.")),
    500: (
        "SeveralErrors",
        _response("Of a list: at least one instance is not valid; `details` has them in their order."),
    ),
    501: ("NotServed", _response("The model's data source is of a kind that is not served.")),
    503: ("Away", _response("The data source cannot be reached at the moment.")),
}
"""Status to the response's name and what it is."""


def _condition(value: Mapping[str, Any], *, loopback: bool, ordered: bool = True, text: bool = False) -> dict[str, Any]:
    """A value, or an object of operators with their values."""
    nullable = {"anyOf": [value, {"type": "null"}]}
    values = {"type": "array", "items": nullable}
    operators: dict[str, Any] = {"eq": nullable, "neq": nullable, "inq": values, "nin": values}
    if ordered:
        operators |= dict.fromkeys(("gt", "gte", "lt", "lte"), value)
        operators["between"] = {"type": "array", "items": value, "minItems": 2, "maxItems": 2}
    if text:
        operators |= {key: {"type": "string"} for key in ("like", "nlike", "ilike", "nilike", "regexp")}
        operators["options"] = {"type": "string", "description": "`i`: upper and lower case are one."}
    if not loopback:
        operators["exists"] = {"type": "boolean", "description": "Whether there is a value."}
    schema = {"type": "object", "properties": operators, "minProperties": 1, "additionalProperties": False}
    return {"anyOf": [value, {"type": "null"}, schema]}


_POINT: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {"lat": {"type": "number"}, "lng": {"type": "number"}},
    "required": ["lat", "lng"],
}
_NEAR: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {
        "near": {"$ref": "#/components/schemas/Condition.point"},
        "maxDistance": {"type": "number", "minimum": 0},
        "minDistance": {"type": "number", "minimum": 0},
        "unit": {"enum": ["miles", "kilometers", "meters", "feet", "radians", "degrees"]},
    },
    "required": ["near"],
    "additionalProperties": False,
}
_ERROR: Final[Mapping[str, Any]] = {
    "statusCode": {"type": "integer"},
    "name": {"type": "string"},
    "message": {"type": "string"},
    "code": {"type": "string"},
}
_BY_PROPERTY: Final = {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}}


def _error(details: Mapping[str, Any]) -> dict[str, Any]:
    error = {
        "type": "object",
        "properties": {**_ERROR, "details": details, "stack": {"type": "string"}},
        "required": ["statusCode", "message"],
    }
    return {"type": "object", "properties": {"error": error}, "required": ["error"]}


_ANSWERS: Final[Mapping[str, Any]] = {
    "Answer.count": {
        "type": "object",
        "properties": {"count": {"type": "integer", "minimum": 0}},
        "required": ["count"],
    },
    "Answer.upload": {
        "type": "object",
        "description": "What became of the lines of an upload.",
        "properties": {
            "count": {"type": "integer", "minimum": 0, "description": "Instances that were created."},
            "failed": {"type": "integer", "minimum": 0, "description": "With `Prefer: handling=lenient`."},
            "errors": {"type": "array", "items": {"type": "object"}, "description": "By `line`; the first of them."},
        },
        "required": ["count"],
    },
    "Answer.exists": {
        "type": "object",
        "properties": {"exists": {"type": "boolean"}},
        "required": ["exists"],
    },
    "Answer.error": {"description": "LoopBack's body of errors.", **_error({"description": "More about it."})},
    "Answer.invalid": {
        "description": "LoopBack's body of errors for instances that are not valid.",
        **_error(
            {
                "anyOf": [
                    {
                        "type": "object",
                        "properties": {
                            "context": {"type": "string", "description": "The model."},
                            "codes": {"description": "Which rules were broken, by property.", **_BY_PROPERTY},
                            "messages": {"description": "The same in words, by property.", **_BY_PROPERTY},
                        },
                    },
                    {
                        "type": "array",
                        "items": {"type": ["object", "null"]},
                        "description": "Of a list: one error or null for each instance.",
                    },
                    {"type": "null"},
                ]
            }
        ),
    },
    "Answer.problem": {
        "type": "object",
        "description": "Problem details, RFC 9457: given where `Accept` names application/problem+json.",
        "properties": {
            "type": {"type": "string", "format": "uri-reference"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "instance": {"type": "string", "format": "uri-reference"},
            "name": {"type": "string"},
            "code": {"type": "string"},
            "details": {"description": "More about it."},
            "hint": {"type": "string", "description": "How to mend the request."},
        },
        "required": ["title", "status"],
    },
}
