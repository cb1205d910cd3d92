"""What a filter of each model may say: properties, operators, relations. Source: JSON Schema 2020-12."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from lbconf.api.openapi_shared import reference
from lbconf.datatypes import (
    BooleanType,
    DataType,
    DateOnlyType,
    DateTimeType,
    DecimalType,
    EnumType,
    GeoPointType,
    IntegerType,
    NumberType,
    StringType,
    TextType,
    TimeType,
    UuidType,
)
from lbconf.project.resolved import Model, Project
from lbconf.query.nodes import Row

__all__ = ["filter_schemas"]

WHERE_HELP: Final = "Conditions by property, all of which hold: a value, or an object of one operator and its value."


def filter_schemas(project: Project, model: Model, example: Row | None) -> dict[str, Any]:
    """`Order.filter` and `Order.where`, with an example, made of a row where there is one."""
    shown = [name for name, prop in model.properties.items() if not prop.hidden]
    included = [relation for relation in model.relations.values() if relation.options.get("disableInclude") is not True]
    nested = {relation.name: _target(project, relation.target) for relation in included}
    filters: dict[str, Any] = {
        "type": "object",
        "properties": {
            "where": reference(f"{model.name}.where"),
            "fields": _fields(model, shown),
            "order": _order(model, shown),
            "limit": {"type": "integer", "minimum": 1, "description": "Most instances."},
            "skip": {"type": "integer", "minimum": 0, "description": "How many instances are passed over first."},
            "offset": {"type": "integer", "minimum": 0, "description": "The same as `skip`."},
            **({"include": _include(nested)} if nested else {}),
        },
        "additionalProperties": False,
    }
    filters["examples"] = [_example(model, shown, example or {})]
    return {f"{model.name}.filter": filters, f"{model.name}.where": _where(model, shown)}


def _where(model: Model, shown: Sequence[str]) -> dict[str, Any]:
    several = {"type": "array", "items": reference(f"{model.name}.where")}
    schema: dict[str, Any] = {
        "type": "object",
        "description": WHERE_HELP,
        "properties": {
            **{name: reference(f"Condition.{_kind(model.properties[name].type)}") for name in shown},
            **dict.fromkeys(("and", "or") if model.layout.is_loopback else ("and", "or", "nor"), several),
        },
    }
    if not model.layout.is_loopback:
        inside = [re.escape(name) for name in shown if _kind(model.properties[name].type) == "any"]
        if inside:
            schema["patternProperties"] = {rf"^({'|'.join(inside)})\.[^.]+": reference("Condition.any")}
        schema["additionalProperties"] = False
    return schema


def _kind(kind: DataType) -> str:
    match kind:
        case StringType() | TextType() | EnumType():
            return "text"
        case NumberType() | DecimalType():
            return "number"
        case IntegerType():
            return "integer"
        case BooleanType():
            return "boolean"
        case DateTimeType():
            return "moment"
        case DateOnlyType():
            return "day"
        case TimeType():
            return "time"
        case UuidType():
            return "uuid"
        case GeoPointType():
            return "place"
        case _:
            return "any"


def _fields(model: Model, shown: Sequence[str]) -> dict[str, Any]:
    names: dict[str, Any] = {"type": "array", "items": {"type": "string"}}
    truths: dict[str, Any] = {"type": "object", "additionalProperties": {"type": "boolean"}}
    if not model.layout.is_loopback:
        names["items"] = {"enum": list(shown)}
        truths = {
            "type": "object",
            "properties": {key: {"type": "boolean"} for key in shown},
            "additionalProperties": False,
        }
    return {"description": "Which properties: their names, or names with true or false.", "anyOf": [names, truths]}


def _order(model: Model, shown: Sequence[str]) -> dict[str, Any]:
    key: dict[str, Any] = {"type": "string"}
    if not model.layout.is_loopback:
        key["pattern"] = f"^({'|'.join(shown)})( (ASC|DESC))?$"
    return {
        "description": "Property and direction: `name ASC`; several as a list.",
        "anyOf": [key, {"type": "array", "items": key}],
    }


def _include(nested: Mapping[str, str | None]) -> dict[str, Any]:
    """A relation's name, or an object that says more of it, or a list of both."""
    name = {"enum": list(nested)}
    scoped = [
        {
            "type": "object",
            "properties": {"relation": {"const": relation}, "scope": reference(f"{target}.filter") if target else {}},
            "required": ["relation"],
            "additionalProperties": False,
        }
        for relation, target in nested.items()
    ]
    return {
        "description": "Related instances to give along.",
        "anyOf": [name, *scoped, {"type": "array", "items": {"anyOf": [name, *scoped]}}],
    }


def _target(project: Project, name: str | None) -> str | None:
    return name if name is not None and name in project.models else None


def _example(model: Model, shown: Sequence[str], row: Row) -> dict[str, Any]:
    """A filter that finds the row by its first plain value; without one, the first instances."""
    plain = [name for name in shown if isinstance(row.get(name), str | int | bool) and not model.properties[name].id]
    chosen = next(iter(plain), None)
    order = chosen or next((prop.name for prop in model.ids), None)
    found: dict[str, Any] = {"where": {chosen: row[chosen]}} if chosen else {}
    return found | ({"order": f"{order} ASC"} if order else {}) | {"limit": 10}
