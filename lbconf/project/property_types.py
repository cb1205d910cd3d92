"""What a property's `type` says, as a portable data type."""

from collections.abc import Container, Mapping
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
from lbconf.patterns import pattern

__all__ = ["TYPE_NAMES", "TypeUnknownError", "data_type"]

_COMMON: Final[Mapping[str, DataType]] = {
    "any": AnyType(),
    "array": ArrayType(),
    "binary": BinaryType(),
    "boolean": BooleanType(),
    "buffer": BinaryType(),
    "date": DateTimeType(),
    "datestring": DateStringType(),
    "geopoint": GeoPointType(),
    "integer": IntegerType(),
    "json": JsonType(),
    "number": NumberType(),
    "object": ObjectType(),
    "string": StringType(),
    "text": TextType(),
    "bigint": IntegerType(64),
    "dateonly": DateOnlyType(),
    "datetime": DateTimeType(),
    "decimal": DecimalType(),
    "smallint": IntegerType(16),
    "time": TimeType(),
    "uuid": UuidType(),
}
_LOOPBACK_ONLY: Final[Mapping[str, DataType]] = {
    # Types of single connectors and of old versions, as their own registries define them.
    "null": AnyType(),
    "point": GeoPointType(),
    "timestamp": DateTimeType(),
    "timeuuid": UuidType(),
    "tuple": ArrayType(),
}
TYPE_NAMES: Final = (*_COMMON, "enum")
"""Every type name of the native layout."""

_SIZED = pattern(r"^\s*([A-Za-z]+)\s*\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)\s*$")


class TypeUnknownError(Exception):
    """A type that means nothing; the message says which part."""

    def __init__(self, name: str, message: str) -> None:
        """Take the offending name and what is wrong with it."""
        super().__init__(message)
        self.name = name


def data_type(written: Any, attributes: Mapping[str, Any], models: Container[str], *, loopback: bool) -> DataType:
    """The data type of a property.

    Args:
        written: The value of `type`: a name, a one-element list, or an object.
        attributes: The property's other attributes, for `length`, `values` and the like.
        models: Names of all models, each of which is a type too.
        loopback: Whether LoopBack's type names apply (any case, and a few more).

    Raises:
        TypeUnknownError: The type means nothing.
    """
    if not isinstance(written, str):
        if isinstance(written, list | tuple):
            return ArrayType(_item_type(written[0], models, loopback=loopback)) if written else ArrayType()
        if isinstance(written, Mapping):
            return _nested_type(written, attributes, models, loopback=loopback)
        raise TypeUnknownError(str(written), f"{written!r} is no type")
    if written in models and written not in _COMMON:
        return ModelType(written)
    sized = _SIZED.match(written) if "(" in written else None
    if sized and (sized_type := _sized_type(*sized.groups())) is not None:
        return sized_type
    folded = written.strip().lower()
    if folded == "enum":
        return _enumeration(attributes, loopback=loopback)
    found = _COMMON.get(folded)
    if found is None and loopback:
        found = _LOOPBACK_ONLY.get(folded)
    if found is None:
        raise TypeUnknownError(written, f"type {written} is neither a type nor a model")
    return _limited(found, attributes)


def _item_type(written: Any, models: Container[str], *, loopback: bool) -> DataType:
    if isinstance(written, Mapping) and "type" in written:
        return data_type(written["type"], written, models, loopback=loopback)
    found = data_type(written, {}, models, loopback=loopback)
    return AnyType() if found == ArrayType() else found


def _nested_type(
    written: Mapping[str, Any], attributes: Mapping[str, Any], models: Container[str], *, loopback: bool
) -> DataType:
    if "type" in written and isinstance(written["type"], str | list):
        return data_type(written["type"], {**attributes, **written}, models, loopback=loopback)
    return ObjectType()


def _sized_type(name: str, first: str, second: str | None) -> DataType | None:
    match name.lower():
        case "decimal" | "numeric":
            return DecimalType(int(first), int(second) if second else 0)
        case "string" if second is None:
            return StringType(int(first))
        case _:
            return None


def _enumeration(attributes: Mapping[str, Any], *, loopback: bool) -> DataType:
    values = attributes.get("values")
    if not isinstance(values, list | tuple):
        values = attributes.get("value")
    if isinstance(values, list | tuple) and values and all(isinstance(value, str) for value in values):
        name = attributes.get("enumName")
        return EnumType(tuple(values), name if isinstance(name, str) and name else None)
    if loopback:
        return StringType()
    raise TypeUnknownError("enum", "an enum needs its values: a list of texts")


def _limited(found: DataType, attributes: Mapping[str, Any]) -> DataType:
    match found:
        case StringType():
            length = _size(attributes, "length", "limit")
            return StringType(length) if length else found
        case DecimalType():
            precision = _size(attributes, "precision")
            return DecimalType(precision, _size(attributes, "scale") or 0) if precision else found
        case _:
            return found


def _size(attributes: Mapping[str, Any], *names: str) -> int | None:
    for name in names:
        value = attributes.get(name)
        if isinstance(value, str) and value.isdecimal():
            return int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    return None
