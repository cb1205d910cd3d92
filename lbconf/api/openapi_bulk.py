"""Requests of the native layout that hold several operations, as OpenAPI operations: bulk writes and batches."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from lbconf.api.endpoints import Endpoint
from lbconf.api.openapi_operations import Operations
from lbconf.api.openapi_shared import reference
from lbconf.api.together import BATCH, BULK, BULK_METHODS, MOST, VERBS, takes_bulk
from lbconf.project.resolved import Model, Project

__all__ = ["bulk_schemas", "several_paths"]

_FAULTS: Final = (400, 401, 403, 404, 406, 409, 412, 413, 414, 415, 422, 503)
_ENTRY: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {
        "method": {"enum": sorted(VERBS)},
        "path": {"type": "string", "pattern": "^/", "description": "Below the REST root; `$0.id`: of answer 0."},
        "body": {"description": "As it would be sent alone."},
        "headers": {"type": "object", "additionalProperties": {"type": "string"}},
    },
    "required": ["method", "path"],
}
_DONE: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {
        "status": {"type": "integer"},
        "headers": {"type": "object", "additionalProperties": {"type": "string"}},
        "body": {"description": "As it would be answered alone."},
    },
    "required": ["status"],
}


def several_paths(project: Project, endpoints: Iterable[Endpoint], operations: Operations) -> dict[str, dict[str, Any]]:
    """Path items by path; none in LoopBack's layouts."""
    if project.layout.is_loopback:
        return {}
    listed = tuple(endpoints)
    found = {f"{model.path}{BULK}": {"post": _bulk(model, operations)} for model in _written(listed)}
    if listed and BATCH not in {one.model.path for one in listed}:
        found[BATCH] = {"post": _batch(operations)}
    return found


def bulk_schemas(project: Project, endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    """`Order.bulk` and `Order.bulkAnswer` of every model that bulk writes are for."""
    found: dict[str, Any] = {}
    for model in () if project.layout.is_loopback else _written(endpoints):
        instances = {"type": "array", "items": reference(model.name)}
        found[f"{model.name}.bulk"] = {
            "type": "object",
            "properties": {
                "create": {"type": "array", "items": reference(f"{model.name}.new")},
                "update": {"type": "array", "items": reference(f"{model.name}.partial")},
                "delete": {"type": "array", "items": {}, "description": "Ids, or objects with the parts of one."},
            },
            "additionalProperties": False,
        }
        found[f"{model.name}.bulkAnswer"] = {
            "type": "object",
            "properties": {
                "create": instances,
                "update": instances,
                "delete": {"type": "integer", "minimum": 0},
                "errors": {"type": "array", "items": {"type": "object"}, "description": "With `handling=lenient`."},
            },
            "required": ["create", "update", "delete"],
        }
    return found


def _bulk(model: Model, operations: Operations) -> dict[str, Any]:
    return {
        "tags": [model.name],
        "summary": "Create, change and delete several instances in one transaction.",
        "operationId": f"{model.name}.bulk",
        "parameters": [{"$ref": "#/components/parameters/Prefer"}],
        **operations.several(reference(f"{model.name}.bulk"), reference(f"{model.name}.bulkAnswer"), _FAULTS),
    }


def _batch(operations: Operations) -> dict[str, Any]:
    entries = {"type": "array", "items": _ENTRY, "minItems": 1, "maxItems": MOST}
    return {
        "tags": ["Batch"],
        "summary": "Do several operations on models of one data source in one transaction.",
        "operationId": "batch",
        **operations.several(entries, {"type": "array", "items": _DONE}, _FAULTS),
    }


def _written(endpoints: Iterable[Endpoint]) -> list[Model]:
    """The models that have a method which bulk writes use, in their order."""
    methods = set(BULK_METHODS.values())
    found = {one.model.name: one.model for one in endpoints if one.method in methods}
    return [model for model in found.values() if takes_bulk(model)]
