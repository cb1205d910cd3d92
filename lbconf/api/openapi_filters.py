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
from lbconf.project.reading_settings import reading_settings
from lbconf.project.resolved import Model, Project, RelationKind
from lbconf.query.nodes import Row

__all__ = ["aggregate_schema", "filter_schemas"]

NOT_TIED: Final = frozenset({RelationKind.EMBEDS_ONE, RelationKind.EMBEDS_MANY, RelationKind.REFERENCES_MANY})
"""Kinds of relations that conditions cannot lead along."""
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
            "order": _order(project, model, shown),
            "limit": {"type": "integer", "minimum": 1, "description": "Most instances."},
            "skip": {"type": "integer", "minimum": 0, "description": "How many instances are passed over first."},
            "offset": {"type": "integer", "minimum": 0, "description": "The same as `skip`."},
            **({"include": _include(nested)} if nested else {}),
        },
        "additionalProperties": False,
    }
    filters["examples"] = [_example(model, shown, example or {})]
    return {f"{model.name}.filter": filters, f"{model.name}.where": _where(project, model, shown)}


def aggregate_schema(model: Model) -> dict[str, Any]:
    """What the filter of `aggregate` may say of a model."""
    shown = [name for name, prop in model.properties.items() if not prop.hidden]
    several = {"type": "array", "items": {"enum": shown}}
    return {
        "type": "object",
        "properties": {
            "where": reference(f"{model.name}.where"),
            "groupBy": {
                "type": "array",
                "items": {"type": "string"},
                "description": "Properties, and parts of dates: `createdAt.month`.",
            },
            "count": {"type": "boolean"},
            **dict.fromkeys(("sum", "avg", "min", "max", "distinct"), several),
            "having": {"type": "object", "description": "Conditions on what comes out, such as `sum.price`."},
            "order": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
            "limit": {"type": "integer", "minimum": 1},
            "skip": {"type": "integer", "minimum": 0},
            "offset": {"type": "integer", "minimum": 0},
        },
        "additionalProperties": False,
        "examples": [{"count": True}],
    }


def _where(project: Project, model: Model, shown: Sequence[str]) -> dict[str, Any]:
    several = {"type": "array", "items": reference(f"{model.name}.where")}
    led = _led_to(project, model)
    schema: dict[str, Any] = {
        "type": "object",
        "description": WHERE_HELP,
        "properties": {
            **{name: reference(f"Condition.{_kind(model.properties[name].type)}") for name in shown},
            **{name: _related(target) for name, target in led.items() if name not in model.properties},
            **dict.fromkeys(("and", "or") if model.layout.is_loopback else ("and", "or", "nor"), several),
        },
    }
    if not model.layout.is_loopback:
        inside = [re.escape(name) for name in (*_objects(model, shown), *led)]
        if inside:
            schema["patternProperties"] = {rf"^({'|'.join(inside)})\.[^.]+": reference("Condition.any")}
        schema["additionalProperties"] = False
    return schema


def _objects(model: Model, shown: Sequence[str]) -> list[str]:
    """The properties whose insides may be named too."""
    return [name for name in shown if _kind(model.properties[name].type) == "any"]


def _led_to(project: Project, model: Model) -> dict[str, str]:
    """The relations that conditions may lead along, with the models they lead to."""
    if not reading_settings(project).related:
        return {}
    return {
        relation.name: target.name
        for relation in model.relations.values()
        if relation.kind not in NOT_TIED
        and not relation.options.get("disableInclude")
        and (target := project.models.get(relation.target or "")) is not None
    }


def _related(target: str) -> dict[str, Any]:
    exists = {"type": "object", "properties": {"exists": {"type": "boolean"}}, "required": ["exists"]}
    return {
        "description": f"Whether there is a related {target}, or one like this.",
        "anyOf": [{**exists, "additionalProperties": False}, reference(f"{target}.where")],
    }


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


def _order(project: Project, model: Model, shown: Sequence[str]) -> dict[str, Any]:
    key: dict[str, Any] = {"type": "string"}
    if not model.layout.is_loopback:
        led = [rf"{re.escape(name)}\.[^ ]+" for name in (*_objects(model, shown), *_led_to(project, model))]
        key["pattern"] = f"^({'|'.join((*map(re.escape, shown), *led))})( (ASC|DESC))?$"
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
