"""JSON Schemas of models as the API shows and takes them. Source: JSON Schema 2020-12."""

from collections.abc import Iterable
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
from lbconf.project.resolved import UNSET, Model, Project, Property, Strict

__all__ = ["model_schemas", "property_schema"]


def model_schemas(project: Project, models: Iterable[Model]) -> dict[str, Any]:
    """Three schemas a model: `Order` as answered, `Order.new` to create and `Order.partial` to change."""
    found: dict[str, Any] = {}
    for model in models:
        found[model.name] = _answered(project, model)
        found[f"{model.name}.new"] = _taken(model, complete=True)
        found[f"{model.name}.partial"] = _taken(model, complete=False)
    return found


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
    properties = {
        name: property_schema(prop) | ({"readOnly": True} if prop.generated and prop.id else {})
        for name, prop in model.properties.items()
        if not prop.hidden
    }
    for relation in model.relations.values():
        if relation.name in properties or relation.target not in project.models or relation.target is None:
            continue
        target: dict[str, Any] = {"$ref": f"#/components/schemas/{relation.target}"}
        properties[relation.name] = (
            {"type": "array", "items": target, "description": "Only where it is included."}
            if relation.many
            else {"anyOf": [target, {"type": "null"}], "description": "Only where it is included."}
        )
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    if model.description:
        schema["description"] = model.description
    return schema


def _taken(model: Model, *, complete: bool) -> dict[str, Any]:
    chosen = {
        name: prop for name, prop in model.properties.items() if not (prop.id and (prop.generated or model.force_id))
    }
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: property_schema(prop) for name, prop in chosen.items()},
    }
    required = [
        name for name, prop in chosen.items() if prop.required and prop.default is UNSET and prop.default_fn is None
    ]
    if complete and required:
        schema["required"] = required
    if model.strict is Strict.REJECT:
        schema["additionalProperties"] = False
    return schema


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
