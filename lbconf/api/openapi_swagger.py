"""The Swagger 2.0 description that LoopBack's explorer gives.

Source: https://swagger.io/specification/v2; what LoopBack 3.28 with its explorer 6 answers.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from lbconf.api.endpoints import Argument, Body, Endpoint, Result
from lbconf.api.openapi import api_info
from lbconf.api.openapi_definitions import definitions, reference
from lbconf.api.openapi_operations import acting, method_of
from lbconf.project.resolved import Project

__all__ = ["swagger_document"]

_JSON_TEXT: Final[Mapping[str, Any]] = {"type": "string", "format": "JSON"}
_COUNT: Final = {"type": "object", "properties": {"count": {"type": "number", "format": "double"}}}
_EXISTS: Final = {"type": "object", "properties": {"exists": {"type": "boolean"}}}
_CONSUMES: Final = ("application/json", "application/x-www-form-urlencoded")
_PRODUCES: Final = ("application/json", "application/problem+json")
_WORDS: Final[Mapping[str, str]] = {
    "id": "Id of the instance.",
    "fk": "Id of the related instance.",
    "nk": "Id of the instance at the end of the path.",
    "filter": "Which instances, and what of them, as JSON: where, fields, order, limit, skip, include.",
    "where": "Conditions by property, as JSON.",
    "data": "The instance, or the properties to change.",
    "refresh": "Has no effect: the answer is always what is stored.",
}


def _given(name: str, place: str, *, required: bool = False, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": place, "description": _WORDS.get(name, ""), "required": required, **schema}


_OWN: Final[Mapping[str, tuple[tuple[Mapping[str, Any], ...], Mapping[str, Any] | None]]] = {
    "login": (
        (
            _given("credentials", "body", required=True, schema={"type": "object"}),
            _given("include", "query", **_JSON_TEXT),
        ),
        {"type": "object"},
    ),
    "logout": ((), None),
    "prototype.verify": ((), None),
    "confirm": (
        (
            _given("uid", "query", required=True, type="string"),
            _given("token", "query", required=True, type="string"),
            _given("redirect", "query", type="string"),
        ),
        None,
    ),
    "resetPassword": ((_given("options", "body", required=True, schema={"type": "object"}),), None),
    "changePassword": (
        (
            _given("oldPassword", "formData", required=True, type="string"),
            _given("newPassword", "formData", required=True, type="string"),
        ),
        None,
    ),
    "setPassword": ((_given("newPassword", "formData", required=True, type="string"),), None),
    "deleteById": ((), {"type": "object"}),
    "createChangeStream": ((), {"type": "file"}),
}
"""Methods whose arguments or answer are written by hand in LoopBack: arguments after those of the path, and answer."""


def swagger_document(project: Project, endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    """The whole document as JSON data, with LoopBack's operation ids, parameters and definitions."""
    documented = [endpoint for endpoint in endpoints if endpoint.documented]
    paths: dict[str, dict[str, Any]] = {}
    for endpoint, name in zip(documented, _operation_ids(documented), strict=True):
        paths.setdefault(_path(endpoint), {})[method_of(endpoint.verb)] = {
            "tags": [endpoint.model.name],
            "summary": endpoint.summary,
            "operationId": name,
            "parameters": _parameters(endpoint),
            "responses": _responses(endpoint),
            "deprecated": False,
        }
    models = {endpoint.model.name: endpoint.model for endpoint in documented}
    return {
        "swagger": "2.0",
        "info": api_info(project),
        "basePath": project.server.rest_api_root.rstrip("/"),
        "paths": paths,
        "tags": [
            {"name": model.name, **({"description": model.description} if model.description else {})}
            for model in models.values()
        ],
        "consumes": list(_CONSUMES),
        "produces": list(_PRODUCES),
        "definitions": definitions(project, paths),
    }


def _path(endpoint: Endpoint) -> str:
    return endpoint.model.path + ("" if endpoint.path == "/" else endpoint.path)


def _operation_ids(endpoints: Iterable[Endpoint]) -> list[str]:
    """`Order.find`; where a method has several paths each names its own: `Order.replaceById__put_Orders_{id}`."""
    listed = list(endpoints)
    counts: dict[str, int] = {}
    for endpoint in listed:
        counts[endpoint.operation_id] = counts.get(endpoint.operation_id, 0) + 1
    return [
        found.operation_id
        if counts[found.operation_id] == 1
        else f"{found.operation_id}__{method_of(found.verb)}{_path(found).replace('/', '_')}"
        for found in listed
    ]


def _parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    names = [segment[1:-1] for segment in endpoint.path.split("/") if segment.startswith("{")]
    typed = {found.name: found for found in endpoint.arguments}
    found = [
        _argument(typed[name]) if name in typed else _given(name, "path", required=True, **_JSON_TEXT) for name in names
    ]
    if endpoint.method == "createChangeStream":
        return [*found, _given("options", "query" if endpoint.verb == "GET" else "formData", **_JSON_TEXT)]
    if endpoint.method in _OWN:
        return [*found, *(dict(parameter) for parameter in _OWN[endpoint.method][0])]
    relation = acting(endpoint).relation
    if relation is not None and not relation.many and endpoint.result is Result.INSTANCE and endpoint.verb == "GET":
        found.append(_given("refresh", "query", type="boolean"))
    deletes = endpoint.verb == "DELETE"
    found += [_given(name, "query", **_JSON_TEXT) for name in endpoint.query if name in _WORDS and not deletes]
    found += [_argument(argument) for argument in endpoint.arguments if argument.name not in names]
    if endpoint.remote is not None:
        return [*found, *_remote_body(endpoint)]
    if endpoint.body is not Body.NONE and acting(endpoint).action != "reference_link":
        schema = _moved(endpoint.body_schema) if endpoint.body_schema is not None else reference(endpoint.subject.name)
        found.append(_given("data", "body", schema=schema))
    return found


def _remote_body(endpoint: Endpoint) -> list[dict[str, Any]]:
    """What a remote method takes in its body: the whole as one parameter, or each part as a field of a form."""
    schema = endpoint.body_schema or {}
    whole = (
        next((found for found in endpoint.remote.arguments if found.source == "body"), None)
        if endpoint.remote
        else None
    )
    if whole is not None:
        return [_given(whole.name, "body", required=whole.required, schema=_moved(schema))]
    required = schema.get("required", ())
    return [
        _argument(Argument(name=name, place="formData", schema=kind, required=name in required))
        for name, kind in schema.get("properties", {}).items()
    ]


def _argument(argument: Argument) -> dict[str, Any]:
    """A parameter of a plain type; anything else is a text that holds JSON."""
    kind = argument.schema.get("type")
    plain = kind in {"string", "number", "integer", "boolean"}
    schema = {key: value for key, value in argument.schema.items() if key in {"type", "format", "enum", "default"}}
    return {
        **_given(argument.name, argument.place, required=argument.required or argument.place == "path"),
        "description": argument.description,
        **(schema if plain else _JSON_TEXT),
    }


def _responses(endpoint: Endpoint) -> dict[str, Any]:
    schema = _answer(endpoint)
    status = endpoint.status or (204 if schema is None else 200)
    return {str(status): {"description": "Done."} | ({} if schema is None else {"schema": schema})}


def _answer(endpoint: Endpoint) -> Mapping[str, Any] | None:
    if endpoint.method in _OWN:
        return _OWN[endpoint.method][1]
    if endpoint.result_schema is not None:
        return dict(_moved(endpoint.result_schema))
    if endpoint.verb == "HEAD":
        return {"type": "boolean"} if endpoint.relation is not None else _EXISTS
    relation = acting(endpoint).relation
    leads_anywhere = relation is not None and relation.target is None
    instance = reference("PersistedModel" if leads_anywhere else endpoint.subject.name)
    match endpoint.result:
        case Result.NOTHING:
            return None
        case Result.COUNT:
            return _COUNT
        case Result.EXISTS:
            return _EXISTS
        case Result.INSTANCES:
            return {"type": "array", "items": instance}
        case _:
            return instance


def _moved(value: Any) -> Any:
    """A schema whose references lead to Swagger's definitions."""
    if isinstance(value, Mapping):
        return {
            key: str(item).replace("#/components/schemas/", "#/definitions/") if key == "$ref" else _moved(item)
            for key, item in value.items()
        }
    return [_moved(item) for item in value] if isinstance(value, list | tuple) else value
