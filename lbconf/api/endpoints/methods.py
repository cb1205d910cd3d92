"""Endpoints of remote methods, as the `methods` of a model declare them."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from lbconf.api.endpoints.endpoint import Argument, Body, Endpoint, Result
from lbconf.code.loading import ModelCode
from lbconf.code.methods import MethodArgument, MethodRoute, RemoteMethod, methods_of
from lbconf.project.resolved import Model, Project

__all__ = ["method_endpoints"]

_BODYLESS: Final = frozenset({"GET", "HEAD"})
_UNSEEN: Final = frozenset({"req", "res", "context", "options"})
_TYPES: Final[Mapping[str, Mapping[str, Any]]] = {
    "string": {"type": "string"},
    "number": {"type": "number"},
    "integer": {"type": "integer"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date-time"},
    "object": {"type": "object"},
    "file": {"type": "string", "format": "binary"},
    "geopoint": {
        "type": "object",
        "properties": {"lat": {"type": "number"}, "lng": {"type": "number"}},
        "required": ["lat", "lng"],
    },
}


def method_endpoints(project: Project, model: Model, code: ModelCode | None) -> Iterator[Endpoint]:
    """Those of the methods that a model shares; each names the function that answers, where there is one."""
    for method in methods_of(model):
        if not method.shared or (not method.is_static and not model.persisted):
            continue
        for route in method.routes:
            yield _endpoint(project, model, method, route, code)


def _endpoint(
    project: Project, model: Model, method: RemoteMethod, route: MethodRoute, code: ModelCode | None
) -> Endpoint:
    placed = {part[1:-1] for part in route.path.split("/") if part.startswith("{")}
    seen = [argument for argument in method.arguments if argument.source not in _UNSEEN]
    whole = next((argument for argument in seen if argument.source == "body"), None)
    inside = [argument for argument in seen if _in_body(argument, route, placed)]
    has_body = route.verb not in _BODYLESS and bool(whole or inside)
    outside = [argument for argument in seen if argument is not whole and not (has_body and argument in inside)]
    return Endpoint(
        model=model,
        method=method.name,
        action="remote_method",
        verb=route.verb,
        path=route.path,
        body=Body.ANY if route.verb not in _BODYLESS else Body.NONE,
        result=Result.INSTANCE if _kept(method) else Result.NOTHING,
        summary=method.description or f"Call {method.own_name}.",
        notes=method.notes,
        arguments=tuple(_argument(project, argument, placed) for argument in outside if argument.documented),
        body_schema=_body_schema(project, whole, inside) if has_body else {},
        result_schema=_result_schema(project, method),
        status=route.status,
        documented=method.documented,
        remote=method,
        implementation=None if code is None else code.methods.get(method.name),
        error_status=route.error_status,
    )


def _in_body(argument: MethodArgument, route: MethodRoute, placed: set[str]) -> bool:
    if argument.source in {"form", "formData"}:
        return True
    return argument.source is None and argument.name not in placed and route.verb not in _BODYLESS


def _argument(project: Project, argument: MethodArgument, placed: set[str]) -> Argument:
    inside = argument.name in placed
    place = "path" if inside else "header" if argument.source == "header" else "query"
    return Argument(
        name=argument.name,
        place=place,
        schema=_schema(project, argument.type),
        required=argument.required or inside,
        description=argument.description,
    )


def _body_schema(project: Project, whole: MethodArgument | None, inside: list[MethodArgument]) -> Mapping[str, Any]:
    if whole is not None:
        return _schema(project, whole.type)
    listed = [argument for argument in inside if argument.documented]
    required = [argument.name for argument in listed if argument.required]
    return {
        "type": "object",
        "properties": {argument.name: _described(project, argument) for argument in listed},
        **({"required": required} if required else {}),
    }


def _described(project: Project, argument: MethodArgument) -> Mapping[str, Any]:
    schema = _schema(project, argument.type)
    return {**schema, "description": argument.description} if argument.description else schema


def _kept(method: RemoteMethod) -> bool:
    return any(result.target is None for result in method.results)


def _result_schema(project: Project, method: RemoteMethod) -> Mapping[str, Any] | None:
    root = next((result for result in method.results if result.root), None)
    if root is not None:
        return _schema(project, root.type)
    kept = [result for result in method.results if result.target is None]
    if not kept:
        return None
    return {"type": "object", "properties": {result.name: _schema(project, result.type) for result in kept}}


def _schema(project: Project, kind: Any) -> Mapping[str, Any]:
    """The JSON Schema of a type as `accepts` and `returns` write it; anything where it is not known."""
    if isinstance(kind, Mapping):
        parts = {str(name): _schema(project, _inner(one)) for name, one in kind.items()}
        return {"type": "object", "properties": parts}
    if isinstance(kind, list | tuple):
        return {"type": "array", "items": _schema(project, kind[0] if kind else "any")}
    name = str(kind)
    if name.lower() == "array":
        return {"type": "array", "items": {}}
    if name in project.models and project.models[name].public:
        return {"$ref": f"#/components/schemas/{name}"}
    return _TYPES.get(name.lower(), {})


def _inner(said: Any) -> Any:
    return said.get("type", said) if isinstance(said, Mapping) else said
