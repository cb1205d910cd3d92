"""Names and column types of models in SQLite.

A declared type is chosen for its affinity first (what SQLite stores) and for
its word second (what discovery reads back).
Source: sqlite.org/datatype3.html sections 3.1 and 3.1.1.
"""

import re
from typing import ClassVar, Final

from lbconf.connectors.sql.mapping import SqlMapping, quote_literal
from lbconf.connectors.sqlite.table_sql import cast_to_numbers
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
from lbconf.project.resolved import Model, Property
from lbconf.state.structure import ColumnType, Identity

__all__ = ["SqliteMapping", "canonical_type"]

EXACT: Final = "DECIMAL_TEXT"
TEXT: Final = ColumnType("TEXT")
INTEGER: Final = ColumnType("INTEGER")
INTEGERS: Final = {16: "SMALLINT", 32: "INTEGER", 64: "BIGINT"}

RANDOM_UUID: Final = (
    "(lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || "
    "substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))))"
)
"""A version 4 uuid of RFC 9562."""


class SqliteMapping(SqlMapping):
    """LoopBack keeps dates as milliseconds and numbers as reals; the native layout keeps dates as sortable text."""

    sections: ClassVar[tuple[str, ...]] = ("sqlite", "sqlite3")
    has_namespaces: ClassVar[bool] = False
    allows_untyped: ClassVar[bool] = True
    loopback_defaults: ClassVar[bool] = False

    def written_type(self, written: str, arguments: tuple[int, ...]) -> ColumnType:
        """A `dataType` as SQLite will give it back."""
        found = canonical_type(written)
        return found if found.arguments or not arguments else ColumnType(found.name, arguments)

    def native_type(self, model: Model, datatype: DataType) -> ColumnType | None:
        """The type that keeps every value of the property's."""
        del model
        match datatype:
            case StringType(length=int() as length):
                return ColumnType("VARCHAR", (length,))
            case IntegerType(bits=bits):
                return ColumnType(INTEGERS[bits])
            case DecimalType(precision=precision, scale=scale):
                # The word holds TEXT, which gives it text affinity: a numeric one would turn 1.10 into 1.1.
                return ColumnType(EXACT, () if precision is None else (precision, scale or 0))
            case JsonType() | ObjectType() | AnyType() | ArrayType() | ModelType():
                return ColumnType("JSON_TEXT")
        return NATIVE.get(type(datatype))

    def loopback_type(self, prop: Property) -> ColumnType | None:
        """LoopBack's type; None for the portable types that LoopBack does not have."""
        match prop.type:
            case ArrayType() | ModelType() | ObjectType() | AnyType() | JsonType() | GeoPointType():
                return TEXT
            case StringType() | TextType() | DateStringType():
                return TEXT
            case NumberType():
                return INTEGER if prop.id else ColumnType("REAL")
            case DateTimeType() | BooleanType():
                return INTEGER
        return None

    def counted_type(self, model: Model, prop: Property) -> ColumnType:
        """Only a column declared `INTEGER PRIMARY KEY` is counted up."""
        del model, prop
        return INTEGER

    def counted_identity(self, model: Model, prop: Property) -> Identity:
        """The row id in LoopBack layouts; the native one never gives the id of a deleted row again."""
        del prop
        return Identity(kind="rowid" if model.layout.is_loopback else "autoincrement")

    def uuid_expression(self) -> str:
        """Sixteen random bytes in the form of a uuid."""
        return RANDOM_UUID

    def instant_expression(self, model: Model, prop: Property) -> str | None:
        """This moment in the text form of native date columns; none where the column holds milliseconds."""
        if isinstance(prop.type, DateOnlyType):
            return "(date('now'))"
        if self.column_type(model, prop) != NATIVE[DateTimeType]:
            return None
        return "(strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))"

    def check_expression(self, model: Model, expression: str) -> str:
        """The expression with exact decimals, which are kept as text, compared as numbers.

        A comparison goes by the nearest number of 15 digits then; what is stored stays exact.
        """
        exact = {
            self.column_name(model, prop).lower()
            for prop in model.properties.values()
            if isinstance(prop.type, DecimalType) and self.column_type(model, prop).name == EXACT
        }
        return cast_to_numbers(expression, exact) if exact else expression

    def at_least(self, column: str, size: int) -> str:
        """By the count of characters, which SQLite ends at a NUL: a text with one passes."""
        return f"(length({column}) >= {size} OR instr({column}, char(0)) > 0)"

    def at_most(self, column: str, size: int) -> str:
        """By the count of characters."""
        return f"length({column}) <= {size}" if size else f"{column} = ''"

    def boolean_literal(self, *, value: bool) -> str:
        """`1` or `0`."""
        return "1" if value else "0"

    def json_literal(self, text: str) -> str:
        """JSON is kept as text."""
        return quote_literal(text)


def canonical_type(written: str) -> ColumnType:
    """A declared type with its numbers apart: upper case, single spaces."""
    folded = re.sub(r"\s+", " ", written.strip()).upper()
    parts = re.fullmatch(r"(.*?)\s*\(\s*(-?\d+)\s*(?:,\s*(-?\d+)\s*)?\)", folded)
    if parts is None:
        return ColumnType(folded)
    return ColumnType(parts[1], tuple(int(part) for part in (parts[2], parts[3]) if part is not None))


NATIVE: Final[dict[type, ColumnType]] = {
    StringType: TEXT,
    TextType: TEXT,
    EnumType: TEXT,
    DateStringType: TEXT,
    NumberType: ColumnType("REAL"),
    BooleanType: ColumnType("BOOLEAN"),
    DateTimeType: ColumnType("DATETIME"),
    DateOnlyType: ColumnType("DATE"),
    TimeType: ColumnType("TIME"),
    UuidType: ColumnType("UUID_TEXT"),
    BinaryType: ColumnType("BLOB"),
    GeoPointType: ColumnType("JSON_TEXT"),
}
