"""The portable types of properties, independent of any database or layout.

A connector's mapping turns one of these into a column type; `query.bind`
turns JSON values into the Python values named here.
"""

from typing import TypeAlias

from lbconf.records import dataclass

__all__ = [
    "AnyType",
    "ArrayType",
    "BinaryType",
    "BooleanType",
    "DataType",
    "DateOnlyType",
    "DateStringType",
    "DateTimeType",
    "DecimalType",
    "EnumType",
    "GeoPointType",
    "IntegerType",
    "JsonType",
    "ModelType",
    "NumberType",
    "ObjectType",
    "StringType",
    "TextType",
    "TimeType",
    "UuidType",
]


@dataclass(frozen=True, slots=True)
class StringType:
    """Text; Python `str`."""

    length: int | None = None
    """Most characters, where limited."""


@dataclass(frozen=True, slots=True)
class TextType:
    """Long text; Python `str`."""


@dataclass(frozen=True, slots=True)
class NumberType:
    """A JSON number; Python `int` or `float`. LoopBack's `number`."""


@dataclass(frozen=True, slots=True)
class IntegerType:
    """A whole number; Python `int`."""

    bits: int = 32
    """16 (`smallint`), 32 (`integer`) or 64 (`bigint`)."""


@dataclass(frozen=True, slots=True)
class DecimalType:
    """An exact number; Python `decimal.Decimal`."""

    precision: int | None = None
    """All digits."""
    scale: int | None = None
    """Digits after the point."""


@dataclass(frozen=True, slots=True)
class BooleanType:
    """Python `bool`."""


@dataclass(frozen=True, slots=True)
class DateTimeType:
    """A point in time; Python `datetime` in UTC, whole milliseconds. LoopBack's `date`, and `datetime`."""


@dataclass(frozen=True, slots=True)
class DateOnlyType:
    """A calendar day; Python `date`. Written `dateonly`."""


@dataclass(frozen=True, slots=True)
class DateStringType:
    """A date kept as the text it came as; Python `str`."""


@dataclass(frozen=True, slots=True)
class TimeType:
    """A time of day without zone; Python `time`."""


@dataclass(frozen=True, slots=True)
class UuidType:
    """Python `str`, lower case with hyphens."""


@dataclass(frozen=True, slots=True)
class JsonType:
    """Any JSON value. Written `json`."""


@dataclass(frozen=True, slots=True)
class ObjectType:
    """LoopBack's `object`: any JSON value, meant to be an object."""


@dataclass(frozen=True, slots=True)
class AnyType:
    """LoopBack's `any`: any JSON value."""


@dataclass(frozen=True, slots=True)
class BinaryType:
    """Python `bytes`."""


@dataclass(frozen=True, slots=True)
class EnumType:
    """One of a fixed list of texts; Python `str`."""

    values: tuple[str, ...]
    name: str | None = None
    """Name of the database's own type, where it has one."""


@dataclass(frozen=True, slots=True)
class GeoPointType:
    """Python `{"lat": float, "lng": float}`."""


@dataclass(frozen=True, slots=True)
class ArrayType:
    """A list; Python `list`."""

    item: "DataType | None" = None
    """Type of each item; None accepts any."""


@dataclass(frozen=True, slots=True)
class ModelType:
    """An instance of another model kept inside the property; Python `dict`."""

    model: str


DataType: TypeAlias = (
    StringType
    | TextType
    | NumberType
    | IntegerType
    | DecimalType
    | BooleanType
    | DateTimeType
    | DateOnlyType
    | DateStringType
    | TimeType
    | UuidType
    | JsonType
    | ObjectType
    | AnyType
    | BinaryType
    | EnumType
    | GeoPointType
    | ArrayType
    | ModelType
)
