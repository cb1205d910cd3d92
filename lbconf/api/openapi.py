"""The OpenAPI 3.1 description of every endpoint. Source: https://spec.openapis.org/oas/v3.1.1."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from lbconf import __version__
from lbconf.api.endpoints import Body, Endpoint, Result
from lbconf.api.openapi_schemas import model_schemas, property_schema
from lbconf.project.resolved import Model, Project

__all__ = ["api_title", "openapi_document"]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def openapi_document(project: Project, endpoints: Sequence[Endpoint], server_url: str | None = None) -> dict[str, Any]:
    """The whole document as JSON data; paths start at the REST root, which is the server's URL unless one is given."""
    models = _described(project, endpoints)
    paths: dict[str, dict[str, Any]] = {}
    used: set[str] = set()
    for endpoint in endpoints:
        path = endpoint.model.path + ("" if endpoint.path == "/" else endpoint.path)
        paths.setdefault(path, {})[endpoint.verb.lower()] = _operation(endpoint, used)
    info = _information(project)
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": DIALECT,
        "info": info,
        "servers": [{"url": server_url or project.server.rest_api_root.rstrip("/") or "/"}],
        "tags": [
            {"name": model.name, **({"description": model.description} if model.description else {})}
            for model in {endpoint.model.name: endpoint.model for endpoint in endpoints}.values()
        ],
        "paths": paths,
        "components": {
            "schemas": {**_SHARED_SCHEMAS, **model_schemas(project, models)},
            "responses": _RESPONSES,
        },
    }


def api_title(project: Project) -> str:
    """What the API is called: as the project says, else as its folder."""
    return str(_api_info(project).get("title") or project.server.settings.get("name") or project.root.name or "API")


def _api_info(project: Project) -> Mapping[str, Any]:
    """`apiInfo` of LoopBack's explorer component, or of the native server settings."""
    component = project.components.get("loopback-component-explorer")
    info = component.get("apiInfo") if isinstance(component, Mapping) else project.server.settings.get("apiInfo")
    return info if isinstance(info, Mapping) else {}


def _information(project: Project) -> dict[str, Any]:
    written = _api_info(project)
    return {
        "title": api_title(project),
        "version": str(written.get("version") or project.server.settings.get("version") or "1.0.0"),
        "description": str(written.get("description") or f"Served by lbconf {__version__}."),
    }


def _described(project: Project, endpoints: Iterable[Endpoint]) -> tuple[Model, ...]:
    """Every model whose instances turn up in an answer, embedded and included ones too."""
    waiting = [endpoint.subject for endpoint in endpoints] + [endpoint.model for endpoint in endpoints]
    found: dict[str, Model] = {}
    while waiting:
        model = waiting.pop(0)
        if model.name in found:
            continue
        found[model.name] = model
        waiting += [
            target
            for relation in model.relations.values()
            if relation.target and (target := project.models.get(relation.target)) is not None
        ]
    return tuple(found.values())


def _operation(endpoint: Endpoint, used: set[str]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "tags": [endpoint.model.name],
        "summary": endpoint.summary,
        "operationId": _unused(endpoint, used),
        "parameters": [*_path_parameters(endpoint), *_query_parameters(endpoint)],
        "responses": {**_good(endpoint), **_bad(endpoint)},
    }
    if endpoint.body is not Body.NONE:
        schema: dict[str, Any] = {"$ref": f"#/components/schemas/{_body_name(endpoint)}"}
        if endpoint.body is Body.INSTANCES:
            schema = {"oneOf": [schema, {"type": "array", "items": schema}]}
        operation["requestBody"] = {
            "required": endpoint.result is not Result.LINK,
            "content": {
                "application/json": {"schema": schema},
                "application/x-www-form-urlencoded": {"schema": schema},
            },
        }
    return operation


def _unused(endpoint: Endpoint, used: set[str]) -> str:
    """LoopBack's operation id; where a method has several paths, later ones name verb and path too."""
    name = endpoint.operation_id
    if name in used:
        name += "__" + endpoint.verb.lower() + endpoint.path.replace("/", "_").replace("{", "").replace("}", "")
    used.add(name)
    return name


def _body_name(endpoint: Endpoint) -> str:
    partial = endpoint.action in {
        "patchOrCreate",
        "patchAttributes",
        "updateAll",
        "upsertWithWhere",
        "relation_updateById",
        "relation_update",
        "relation_link",
    }
    return f"{endpoint.subject.name}.{'partial' if partial else 'new'}"


def _path_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if "{id}" in endpoint.path:
        found.append(_path_parameter("id", endpoint.model, f"Id of the {endpoint.model.name}."))
    if "{fk}" in endpoint.path:
        target = endpoint.subject
        found.append(_path_parameter("fk", target, f"Id of the {endpoint.relation.name if endpoint.relation else ''}."))
    return found


def _path_parameter(name: str, model: Model, description: str) -> dict[str, Any]:
    ids = model.ids
    if len(ids) > 1:
        names = ", ".join(prop.name for prop in ids)
        description += f" Its parts {names} in this order, joined by commas; a comma inside a part is written %2C."
    schema = property_schema(ids[0]) if len(ids) == 1 else {"type": "string"}
    kept = {key: value for key, value in schema.items() if key in {"type", "format"}}
    return {"name": name, "in": "path", "required": True, "description": description, "schema": kept}


def _query_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if "filter" in endpoint.query:
        found.append(_json_parameter("filter", "Filter", _FILTER_HELP, '{"where":{},"limit":10}'))
    if "where" in endpoint.query:
        found.append(_json_parameter("where", "Where", _WHERE_HELP, "{}"))
    return found


def _json_parameter(name: str, schema: str, description: str, example: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}, "example": example}},
    }


def _good(endpoint: Endpoint) -> dict[str, Any]:
    schema: dict[str, Any] = {"$ref": f"#/components/schemas/{endpoint.subject.name}"}
    match endpoint.result:
        case Result.NOTHING:
            return {"200" if endpoint.verb == "HEAD" else "204": {"description": "Done; there is no body."}}
        case Result.COUNT:
            schema = {"$ref": "#/components/schemas/Count"}
        case Result.EXISTS:
            schema = {"$ref": "#/components/schemas/Exists"}
        case Result.INSTANCES:
            schema = {"type": "array", "items": schema}
        case Result.CREATED:
            schema = {"oneOf": [schema, {"type": "array", "items": schema}]}
        case Result.INSTANCE | Result.LINK:
            pass
    return {"200": {"description": "Done.", "content": {"application/json": {"schema": schema}}}}


def _bad(endpoint: Endpoint) -> dict[str, Any]:
    found = {"400": {"$ref": "#/components/responses/BadRequest"}}
    if "{" in endpoint.path or endpoint.action == "findOne":
        found["404"] = {"$ref": "#/components/responses/NotFound"}
    if endpoint.body is not Body.NONE:
        found["409"] = {"$ref": "#/components/responses/Conflict"}
        found["413"] = {"$ref": "#/components/responses/TooLarge"}
        found["422"] = {"$ref": "#/components/responses/Invalid"}
    found["503"] = {"$ref": "#/components/responses/Away"}
    return found


def _response(description: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/Error"}},
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}},
        },
    }


_RESPONSES: Final = {
    "BadRequest": _response("The request cannot be understood."),
    "NotFound": _response("There is no such instance."),
    "Conflict": _response("There is such an instance already."),
    "TooLarge": _response("The body is larger than the server takes."),
    "Invalid": _response("The instance is not valid; `details` says why."),
    "Away": _response("The data source cannot be reached at the moment."),
}

_FILTER_HELP: Final = (
    "Which instances, and what of them: an object with `where`, `fields`, `order`, `limit`, `skip` and `include`, "
    "as JSON or in brackets (`filter[where][name]=x`)."
)
_WHERE_HELP: Final = "Which instances: conditions by property, as JSON or in brackets (`where[name]=x`)."

_SHARED_SCHEMAS: Final[dict[str, Any]] = {
    "Where": {
        "type": "object",
        "description": "Conditions by property: a value, or an object with one operator "
        "(`eq`, `neq`, `gt`, `gte`, `lt`, `lte`, `between`, `inq`, `nin`, `like`, `nlike`, `ilike`, `nilike`, "
        "`regexp`, `near`); joined by `and` and `or`.",
        "additionalProperties": True,
    },
    "Filter": {
        "type": "object",
        "properties": {
            "where": {"$ref": "#/components/schemas/Where"},
            "fields": {
                "oneOf": [
                    {"type": "string"},
                    {"type": "array", "items": {"type": "string"}},
                    {"type": "object", "additionalProperties": {"type": "boolean"}},
                ]
            },
            "order": {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
            "limit": {"type": "integer", "minimum": 1},
            "skip": {"type": "integer", "minimum": 0},
            "offset": {"type": "integer", "minimum": 0},
            "include": {"description": "A relation, a list of relations, or objects with `relation` and `scope`."},
        },
        "additionalProperties": True,
    },
    "Count": {
        "type": "object",
        "properties": {"count": {"type": "integer", "minimum": 0}},
        "required": ["count"],
    },
    "Exists": {
        "type": "object",
        "properties": {"exists": {"type": "boolean"}},
        "required": ["exists"],
    },
    "Error": {
        "type": "object",
        "properties": {
            "error": {
                "type": "object",
                "properties": {
                    "statusCode": {"type": "integer"},
                    "name": {"type": "string"},
                    "message": {"type": "string"},
                    "code": {"type": "string"},
                    "details": {"description": "For validation: `context`, `codes` and `messages` by property."},
                },
                "required": ["statusCode", "message"],
            }
        },
        "required": ["error"],
    },
    "Problem": {
        "type": "object",
        "description": "Problem details, RFC 9457.",
        "properties": {
            "type": {"type": "string", "format": "uri-reference"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "instance": {"type": "string", "format": "uri-reference"},
        },
        "required": ["title", "status"],
    },
}
