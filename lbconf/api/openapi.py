"""The OpenAPI 3.1 description of every endpoint. Source: https://spec.openapis.org/oas/v3.1.1."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from lbconf import __version__
from lbconf.api.endpoints import Endpoint
from lbconf.api.openapi_bulk import bulk_schemas, several_paths
from lbconf.api.openapi_filters import aggregate_schema, filter_schemas
from lbconf.api.openapi_operations import Operations, method_of
from lbconf.api.openapi_schemas import model_schemas
from lbconf.api.openapi_security import Security, security_of
from lbconf.api.openapi_shared import response_headers, shared_schemas
from lbconf.datatypes import ArrayType, ModelType
from lbconf.project.resolved import Model, Project
from lbconf.project.serving import serving_of
from lbconf.query.nodes import Row

__all__ = ["api_info", "api_title", "openapi_document"]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def openapi_document(
    project: Project,
    endpoints: Sequence[Endpoint],
    server_url: str | None = None,
    *,
    examples: Mapping[str, Row] | None = None,
    unserved: Collection[str] = (),
) -> dict[str, Any]:
    """The whole document as JSON data, the same for the same project.

    Args:
        project: The resolved project.
        endpoints: All endpoints, in the project's order.
        server_url: Where the REST root is; by default its path.
        examples: A row by model, as JSON values; those that a stranger may not read are left out.
        unserved: Data sources whose connector is not there.
    """
    documented = [endpoint for endpoint in endpoints if endpoint.documented]
    models = _described(project, documented)
    security = security_of(project)
    shown = _shown(project, documented, examples or {}, security)
    operations = Operations(security, shown, limited=tuple(limit.method for limit in serving_of(project).rates))
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in documented:
        path = endpoint.model.path + ("" if endpoint.path == "/" else endpoint.path)
        served = endpoint.model.data_source not in unserved
        paths.setdefault(path, {})[method_of(endpoint.verb)] = operations.describe(endpoint, served=served)
    paths |= several_paths(project, documented, operations)
    schemas = {**shared_schemas(loopback=project.layout.is_loopback), **model_schemas(project, models, shown)}
    for model in models:
        schemas |= filter_schemas(project, model, shown.get(model.name))
    for endpoint in documented:
        if endpoint.action == "aggregate":
            schemas[f"{endpoint.model.name}.aggregate"] = aggregate_schema(endpoint.model)
    schemas |= bulk_schemas(project, documented)
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": DIALECT,
        "info": api_info(project),
        "servers": [{"url": server_url or project.server.rest_api_root.rstrip("/") or "/"}],
        "tags": [
            {"name": model.name, **({"description": model.description} if model.description else {})}
            for model in {endpoint.model.name: endpoint.model for endpoint in documented}.values()
        ],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "parameters": operations.parameters,
            "responses": operations.responses,
            "headers": response_headers(),
            **({"securitySchemes": dict(security.schemes)} if security.known else {}),
        },
    }


def _shown(
    project: Project, endpoints: Iterable[Endpoint], examples: Mapping[str, Row], security: Security
) -> Mapping[str, Row]:
    """The examples that whoever reads the description may see, without properties that are hidden."""
    readable = {
        endpoint.model.name for endpoint in endpoints if endpoint.method == "find" and security.is_open(endpoint)
    }
    return {
        name: {
            key: value
            for key, value in row.items()
            if (prop := project.models[name].properties.get(key)) is not None and not prop.hidden and not prop.protected
        }
        for name, row in examples.items()
        if name in readable and name in project.models
    }


def api_title(project: Project) -> str:
    """What the API is called: as the project says, else as its folder."""
    return str(_written(project).get("title") or project.server.settings.get("name") or project.root.name or "API")


def _written(project: Project) -> Mapping[str, Any]:
    """`apiInfo` of LoopBack's explorer component, or of the native server settings."""
    component = project.components.get("loopback-component-explorer")
    info = component.get("apiInfo") if isinstance(component, Mapping) else project.server.settings.get("apiInfo")
    return info if isinstance(info, Mapping) else {}


def api_info(project: Project) -> dict[str, Any]:
    """Title, version and description of the API."""
    written = _written(project)
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
        kinds = [prop.type for prop in model.properties.values()]
        inner = [kind.item if isinstance(kind, ArrayType) else kind for kind in kinds]
        waiting += [
            project.models[kind.model] for kind in inner if isinstance(kind, ModelType) and kind.model in project.models
        ]
    return tuple(found.values())
