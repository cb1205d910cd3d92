"""JSON Schemas of models as the API shows and takes them. Source: JSON Schema 2020-12."""

from collections.abc import Iterable, Mapping
from typing import Any, assert_never

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
    EnumType,
    GeoPointType,
    IntegerType,
    JsonType,
    ModelType,
    NumberType,
    ObjectType,
    StringType,
    TextType,
    TimeType,
    UuidType,
)
from lbconf.project.resolved import UNSET, Model, Project, Property, RelationKind, Strict
from lbconf.project.validations import json_schema_of
from lbconf.query.nodes import Row

__all__ = ["model_schemas", "property_schema", "whole_name"]


def model_schemas(
    project: Project, models: Iterable[Model], examples: Mapping[str, Row] | None = None
) -> dict[str, Any]:
    """Schemas of models: `Order` as answered, `Order.new` to create and `Order.partial` to change.

    Where clients may not choose the id of what they create there is `Order.whole` too: all
    of an instance, to replace one. `examples` are rows by model.
    """
    found: dict[str, Any] = {}
    for model in models:
        row = examples.get(model.name) if examples else None
        found[model.name] = _answered(project, model) | ({"examples": [dict(row)]} if row else {})
        given = {name for name, prop in model.properties.items() if prop.id and (prop.generated or model.force_id)}
        chosen = [prop for prop in model.properties.values() if prop.name not in given]
        found[f"{model.name}.new"] = _taken(project, model, chosen, row, complete=True)
        found[f"{model.name}.partial"] = _taken(project, model, model.properties.values(), row, complete=False)
        if given:
            found[f"{model.name}.whole"] = _taken(project, model, model.properties.values(), row, complete=True)
    return found


def whole_name(model: Model) -> str:
    """The name of the schema of all of an instance."""
    given = any(prop.id and (prop.generated or model.force_id) for prop in model.properties.values())
    return f"{model.name}.{'whole' if given else 'new'}"


def property_schema(prop: Property) -> dict[str, Any]:
    """The schema of one property; `null` is allowed where the property may be null."""
    schema = _type_schema(prop.type)
    if prop.description:
        schema["description"] = prop.description
    if prop.default is not UNSET and prop.default != "$now":
        schema["default"] = prop.default
    if not prop.required and not prop.id and "type" in schema:
        written = schema["type"]
        schema["type"] = [*written, "null"] if isinstance(written, list) else [written, "null"]
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
    return schema


def _answered(project: Project, model: Model) -> dict[str, Any]:
    embedded = _embedded(project, model)
    properties: dict[str, Any] = {}
    for name, prop in model.properties.items():
        if not prop.hidden:
            properties[name] = embedded.get(name) or _answered_property(prop)
            properties[name].pop("default", None)
            if prop.generated and prop.id:
                properties[name]["readOnly"] = True
    for relation in model.relations.values():
        if relation.name in properties or relation.target not in project.models or relation.target is None:
            continue
        properties[relation.name] = _leading(relation.target, many=relation.many)
        properties[relation.name]["description"] = "Only where it is included."
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    if model.description:
        schema["description"] = model.description
    return schema


def _answered_property(prop: Property) -> dict[str, Any]:
    """As `property_schema`; what is meant to be an object may hold any JSON value all the same."""
    schema = property_schema(prop)
    if isinstance(prop.type, ObjectType):
        return {"description": prop.description or "An object, unless something else was stored."}
    return schema


def _taken(
    project: Project, model: Model, chosen: Iterable[Property], row: Row | None, *, complete: bool
) -> dict[str, Any]:
    embedded = _embedded(project, model)
    said = json_schema_of(model)
    properties: dict[str, Any] = {}
    required: list[str] = []
    for prop in chosen:
        properties[prop.name] = embedded.get(prop.name) or {**property_schema(prop), **said.get(prop.name, {})}
        if not complete:
            properties[prop.name].pop("default", None)
        wanted = prop.required or (prop.id and not prop.generated and not model.layout.is_loopback)
        if wanted and prop.default is UNSET and prop.default_fn is None:
            required.append(prop.name)
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    if complete and required:
        schema["required"] = required
    if model.strict is Strict.REJECT:
        schema["additionalProperties"] = False
    shown = {name: value for name, value in (row or {}).items() if name in properties}
    if shown and (not complete or set(required) <= shown.keys()):
        schema["examples"] = [shown if complete else dict([next(reversed(shown.items()))])]
    return schema


def _embedded(project: Project, model: Model) -> dict[str, dict[str, Any]]:
    """Schemas of the properties that hold instances of other models, by their name."""
    found: dict[str, dict[str, Any]] = {}
    for name, prop in model.properties.items():
        inner = prop.type.item if isinstance(prop.type, ArrayType) else prop.type
        if isinstance(inner, ModelType) and inner.model in project.models:
            found[name] = _leading(inner.model, many=inner is not prop.type)
    for relation in model.relations.values():
        one = relation.kind is RelationKind.EMBEDS_ONE
        if (one or relation.kind is RelationKind.EMBEDS_MANY) and relation.target in project.models:
            found[relation.embedded_property or relation.name] = _leading(str(relation.target), many=not one)
    return found


def _leading(name: str, *, many: bool) -> dict[str, Any]:
    """The schema of another model's instance, or of a list of them."""
    target = {"$ref": f"#/components/schemas/{name}"}
    return {"type": "array", "items": target} if many else {"anyOf": [target, {"type": "null"}]}


def _type_schema(kind: DataType) -> dict[str, Any]:  # noqa: C901, PLR0912 - one case for each type
    match kind:
        case StringType(length=length):
            return {"type": "string"} if length is None else {"type": "string", "maxLength": length}
        case TextType() | DateStringType():
            return {"type": "string"}
        case NumberType():
            return {"type": "number"}
        case DecimalType():
            return {"type": "number", "format": "decimal"}
        case IntegerType(bits=bits):
            return {"type": "integer", "format": "int64" if bits > 32 else "int32"}  # noqa: PLR2004 - widths in bits
        case BooleanType():
            return {"type": "boolean"}
        case DateTimeType():
            return {"type": "string", "format": "date-time"}
        case DateOnlyType():
            return {"type": "string", "format": "date"}
        case TimeType():
            return {"type": "string", "format": "time"}
        case UuidType():
            return {"type": "string", "format": "uuid"}
        case ObjectType():
            return {"type": "object", "additionalProperties": True}
        case JsonType() | AnyType():
            return {}
        case BinaryType():
            return {
                "type": "object",
                "properties": {
                    "type": {"const": "Buffer"},
                    "data": {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 255}},
                },
            }
        case EnumType(values=values):
            return {"type": "string", "enum": list(values)}
        case GeoPointType():
            return {
                "type": "object",
                "properties": {
                    "lat": {"type": "number", "minimum": -90, "maximum": 90},
                    "lng": {"type": "number", "minimum": -180, "maximum": 180},
                },
            }
        case ArrayType(item=item):
            return {"type": "array", "items": _type_schema(item)} if item is not None else {"type": "array"}
        case ModelType():
            return {"type": "object"}
        case _:
            assert_never(kind)
