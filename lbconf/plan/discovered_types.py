"""Column types as property types: the portable type that comes nearest, and LoopBack's own five."""

from collections.abc import Mapping
from typing import Any, Final

from lbconf.datatypes import (
    ArrayType,
    BinaryType,
    BooleanType,
    DataType,
    DateOnlyType,
    DateTimeType,
    DecimalType,
    EnumType,
    GeoPointType,
    IntegerType,
    JsonType,
    NumberType,
    StringType,
    TextType,
    TimeType,
    UuidType,
)
from lbconf.state.structure import ColumnType

__all__ = ["loopback_type", "portable", "type_text", "written"]

NAMED: Final[Mapping[str, DataType]] = {
    "boolean": BooleanType(),
    "bool": BooleanType(),
    "bit": BooleanType(),
    "smallint": IntegerType(16),
    "tinyint": IntegerType(16),
    "integer": IntegerType(32),
    "int": IntegerType(32),
    "mediumint": IntegerType(32),
    "bigint": IntegerType(64),
    "real": NumberType(),
    "float": NumberType(),
    "double": NumberType(),
    "double precision": NumberType(),
    "numeric": DecimalType(),
    "decimal": DecimalType(),
    "decimal_text": DecimalType(),
    "text": TextType(),
    "clob": TextType(),
    "character varying": StringType(),
    "varchar": StringType(),
    "nvarchar": StringType(),
    "character": StringType(),
    "char": StringType(),
    "nchar": StringType(),
    "uuid": UuidType(),
    "uuid_text": UuidType(),
    "date": DateOnlyType(),
    "time without time zone": TimeType(),
    "time": TimeType(),
    "datetime": DateTimeType(),
    "timestamp": DateTimeType(),
    "timestamp with time zone": DateTimeType(),
    "timestamp without time zone": DateTimeType(),
    "json": JsonType(),
    "jsonb": JsonType(),
    "json_text": JsonType(),
    "bytea": BinaryType(),
    "blob": BinaryType(),
    "tinyblob": BinaryType(),
    "mediumblob": BinaryType(),
    "longblob": BinaryType(),
    "binary": BinaryType(),
    "varbinary": BinaryType(),
    "tinytext": TextType(),
    "mediumtext": TextType(),
    "longtext": TextType(),
    "year": IntegerType(16),
    "point": GeoPointType(),
}
LOOPBACK: Final[Mapping[type, str]] = {
    BooleanType: "Boolean",
    IntegerType: "Number",
    NumberType: "Number",
    DecimalType: "Number",
    DateTimeType: "Date",
    DateOnlyType: "Date",
    TimeType: "Date",
    BinaryType: "Binary",
    GeoPointType: "GeoPoint",
}
SIMPLE: Final[Mapping[type, str]] = {
    BooleanType: "boolean",
    NumberType: "number",
    TextType: "text",
    DateOnlyType: "dateonly",
    DateTimeType: "datetime",
    TimeType: "time",
    UuidType: "uuid",
    JsonType: "json",
    BinaryType: "binary",
    GeoPointType: "GeoPoint",
}
WIDER: Final = {16: 32, 32: 64, 64: 64}
"""Bits of the integer that holds the unsigned numbers of another."""
INTEGERS: Final = {16: "smallint", 32: "integer", 64: "bigint"}
TIMES: Final = ("timestamp", "time")


def portable(found: ColumnType, values: tuple[str, ...] | None, *, default_namespace: str) -> DataType:
    """The property type that holds every value of the column. `values`: those of its enum, where it is one."""
    if values and found.enumeration is not None and not found.dimensions:
        name = found.enumeration
        shown = name.name if name.namespace == default_namespace else str(name)
        return EnumType(values, shown)
    if found.values and found.name == "enum":
        return EnumType(found.values)
    base = NAMED.get(found.name.lower(), StringType())
    if found.unsigned and isinstance(base, IntegerType):
        return IntegerType(WIDER[base.bits])
    if found.name == "tinyint" and found.arguments == (1,):
        return BooleanType()
    if found.dimensions:
        return ArrayType(StringType() if isinstance(base, TextType) else base)
    if isinstance(base, StringType) and len(found.arguments) == 1 and found.arguments[0] > 0:
        return StringType(found.arguments[0])
    if isinstance(base, DecimalType) and found.arguments:
        precision, scale = (*found.arguments, 0)[:2]
        # Some servers take scales that no property may have; the column's own type says them then.
        return DecimalType(precision, scale) if 0 <= scale <= precision and precision > 0 else base
    return base


def written(found: DataType) -> dict[str, Any]:
    """Attributes of a property of this type."""
    match found:
        case IntegerType(bits=bits):
            return {"type": INTEGERS[bits]}
        case StringType(length=length):
            return {"type": "string"} | ({} if length is None else {"length": length})
        case DecimalType(precision=precision, scale=scale):
            sized = {} if precision is None else {"precision": precision, "scale": scale or 0}
            return {"type": "decimal"} | sized
        case EnumType(values=values, name=name):
            return {"type": "enum", "values": list(values)} | ({"enumName": name} if name else {})
        case ArrayType(item=item):
            return {"type": [written(item)["type"]] if item is not None else ["any"]}
    return {"type": SIMPLE.get(type(found), "any")}


def type_text(found: ColumnType) -> str:
    """A column type as one text that the mapping reads back."""
    array = "[]" * found.dimensions
    if found.enumeration is not None:
        return ".".join(_quoted(part) for part in (found.enumeration.namespace, found.enumeration.name) if part) + array
    arguments = f"({','.join(map(str, found.arguments))})" if found.arguments else ""
    head, _, rest = found.name.partition(" ")
    if head in TIMES and rest and arguments:
        return f"{head}{arguments} {rest}{array}"
    if found.values:
        arguments = "(" + ",".join("'" + value.replace("'", "''") + "'" for value in found.values) + ")"
    sign = " unsigned" if found.unsigned else ""
    return f"{found.name}{arguments}{array}{sign}{' zerofill' if found.zerofill else ''}"


def loopback_type(found: ColumnType) -> str:
    """LoopBack's type of a discovered column: String for all that it has no better word for."""
    if found.dimensions or found.enumeration is not None:
        return "String"
    return LOOPBACK.get(type(NAMED.get(found.name.lower())), "String")


def _quoted(name: str) -> str:
    plain = name.replace("_", "a").isalnum() and name.isascii() and name == name.lower() and not name[0].isdigit()
    return name if plain else '"' + name.replace('"', '""') + '"'
