"""Definitions of a Swagger 2.0 document: models as LoopBack shows them."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from lbconf.datatypes import (
    AnyType,
    ArrayType,
    BinaryType,
    BooleanType,
    DataType,
    DateOnlyType,
    DateStringType,
    DateTimeType,
    DecimalType,
    GeoPointType,
    IntegerType,
    JsonType,
    ModelType,
    NumberType,
    ObjectType,
)
from lbconf.project.resolved import Model, Project, Property, Relation, RelationKind

__all__ = ["definitions", "reference"]

_PREFIX: Final = "#/definitions/"
_ANY: Final = "x-any"
_BUILT_IN: Final[Mapping[str, Mapping[str, Any]]] = {
    _ANY: {"properties": {}},
    "GeoPoint": {"properties": {"lat": {"type": "number"}, "lng": {"type": "number"}}},
    "DateString": {"type": "string", "format": "date-time"},
    "PersistedModel": {"properties": {"id": {"type": "number", "format": "double"}}, "additionalProperties": False},
}
_RULES: Final[Mapping[str, str]] = {
    "min": "minimum",
    "max": "maximum",
    "length": "maxLength",
    **{
        name: name
        for name in (
            *("format", "default", "enum", "minimum", "minItems", "minLength"),
            *("maximum", "maxItems", "maxLength", "uniqueItems", "pattern"),
        )
    },
}
"""Attribute of a property to the keyword of its schema."""


def reference(name: str) -> dict[str, str]:
    """A reference to a definition by its name."""
    return {"$ref": _PREFIX + name}


def definitions(project: Project, paths: Mapping[str, Any]) -> dict[str, Any]:
    """The definitions that paths lead to, and those which these lead to."""
    found: dict[str, Any] = {}
    waiting = list(dict.fromkeys(_referred(paths)))
    while waiting:
        name = waiting.pop(0)
        if name in found:
            continue
        model = project.models.get(name)
        if model is not None and name not in _BUILT_IN:
            found[name] = _definition(project, model)
        elif name in _BUILT_IN:
            found[name] = dict(_BUILT_IN[name])
        else:
            found[name] = {"properties": {}}
        waiting.extend(_referred(found[name]))
    return found


def _referred(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key == "$ref" and isinstance(item, str):
                yield item.removeprefix(_PREFIX)
            else:
                yield from _referred(item)
    elif isinstance(value, list):
        for item in value:
            yield from _referred(item)


def _definition(project: Project, model: Model) -> dict[str, Any]:
    embedded = _embedded(project, model)
    schema: dict[str, Any] = {"description": model.description} if model.description else {}
    schema["properties"] = {
        name: embedded.get(name) or _property(prop) for name, prop in model.properties.items() if not prop.hidden
    }
    required = [
        name
        for name, prop in model.properties.items()
        if (prop.required or (prop.id and not prop.generated)) and not prop.hidden
    ]
    if required:
        schema["required"] = required
    if model.settings.get("strict") or model.settings.get("additionalProperties") is not True:
        schema["additionalProperties"] = False
    return schema


def _embedded(project: Project, model: Model) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for relation in model.relations.values():
        if relation.target in project.models and relation.embedded_property:
            schema = _held(project, relation)
            if schema is not None:
                found[relation.embedded_property] = schema
    return found


def _held(project: Project, relation: Relation) -> dict[str, Any] | None:
    """What a relation keeps in a property of its own model."""
    target = str(relation.target)
    match relation.kind:
        case RelationKind.EMBEDS_ONE:
            return reference(target)
        case RelationKind.EMBEDS_MANY:
            return {"type": "array", "items": reference(target)}
        case RelationKind.REFERENCES_MANY:
            ids = project.models[target].ids
            return {"type": "array", "items": _type(ids[0].type) if ids else reference(_ANY)}
        case _:
            return None


def _property(prop: Property) -> dict[str, Any]:
    schema = {
        keyword: prop.settings[name]
        for name, keyword in _RULES.items()
        if prop.settings.get(name) is not None and not (keyword == "default" and prop.settings[name] is None)
    }
    kind = _type(prop.type)
    schema = {**schema, **kind, **({"format": schema["format"]} if "format" in schema and "format" in kind else {})}
    if prop.description:
        schema["description"] = prop.description
    return schema


def _type(kind: DataType) -> dict[str, Any]:
    match kind:
        case NumberType() | IntegerType() | DecimalType():
            return {"type": "number", "format": "double"}
        case BooleanType():
            return {"type": "boolean"}
        case DateTimeType() | DateOnlyType():
            return {"type": "string", "format": "date-time"}
        case DateStringType():
            return reference("DateString")
        case BinaryType():
            return {"type": "string", "format": "byte"}
        case ObjectType():
            return {"type": "object"}
        case AnyType() | JsonType():
            return reference(_ANY)
        case GeoPointType():
            return reference("GeoPoint")
        case ModelType(model=model):
            return reference(model)
        case ArrayType(item=item):
            return {"type": "array", "items": reference(_ANY) if item is None else _type(item)}
        case _:
            return {"type": "string"}
