"""What a project offers through its REST API, small enough to be kept: routes, properties, and who may call them.

A surface is JSON data, made from the same parts as the OpenAPI document.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from lbconf.api.access.methods import access_type, ruled_names
from lbconf.api.endpoints import Body, Endpoint, model_endpoints
from lbconf.api.openapi_schemas import model_schemas
from lbconf.project.permissions import Principal, is_allowed
from lbconf.project.resolved import Model, Project

__all__ = ["CALLERS", "Surface", "model_surface"]

Surface = Mapping[str, Any]
"""`path`; `routes`: `GET /{id}` to the method's name, and what body it takes; `answer`, `new`: JSON Schemas;
`callers`: a caller to the routes it may call; `any`: whether access is not controlled."""

EVERYONE: Final[tuple[Principal, ...]] = (("ROLE", "$everyone"),)
CALLERS: Final[Mapping[str, tuple[Principal, ...]]] = {
    "$unauthenticated": (*EVERYONE, ("ROLE", "$unauthenticated")),
    "$authenticated": (*EVERYONE, ("ROLE", "$authenticated")),
    "$owner": (*EVERYONE, ("ROLE", "$authenticated"), ("ROLE", "$owner")),
}
"""Kinds of callers that every project has, with all that they are."""


def model_surface(project: Project, model: Model) -> Surface | None:
    """The surface of one model; None for a model without a REST API."""
    if not model.public or model.data_source is None:
        return None
    endpoints = model_endpoints(project, model)
    if not endpoints:
        return None
    schemas = model_schemas(project, (model,))
    taken = any(endpoint.body is not Body.NONE for endpoint in endpoints)
    found: dict[str, Any] = {
        "path": project.server.rest_api_root.rstrip("/") + model.path,
        "routes": {_route(endpoint): _operation(endpoint) for endpoint in endpoints},
        "answer": schemas[model.name]["properties"],
    }
    if taken:
        wanted = schemas[f"{model.name}.new"]
        found["new"] = wanted["properties"]
        found["required"] = wanted.get("required", [])
        found["closed"] = wanted.get("additionalProperties") is False
    if project.auth:
        found["callers"] = {name: sorted(_callable(model, endpoints, who)) for name, who in _callers(model)}
    return found


def _route(endpoint: Endpoint) -> str:
    return f"{endpoint.verb} {endpoint.path}"


def _operation(endpoint: Endpoint) -> list[str]:
    """Method, what the body is, what the answer is, and of which model both are."""
    return [endpoint.method, endpoint.body.value, endpoint.result.value, endpoint.subject.name]


def _callers(model: Model) -> Iterator[tuple[str, tuple[Principal, ...]]]:
    yield from CALLERS.items()
    seen = {("ROLE", name) for name in (*CALLERS, "$everyone")}
    for rule in model.acls:
        who = ("APP" if rule.principal_type == "APPLICATION" else rule.principal_type, rule.principal_id)
        if who not in seen:
            seen.add(who)
            kind, name = who
            yield (name if kind == "ROLE" else f"{kind.lower()} {name}"), (*CALLERS["$authenticated"], who)


def _callable(model: Model, endpoints: Iterable[Endpoint], who: tuple[Principal, ...]) -> Iterator[str]:
    """The routes that a caller may call."""
    for endpoint in endpoints:
        if is_allowed(model, ruled_names(endpoint), access_type(endpoint), who):
            yield _route(endpoint)
