"""Names and column types of models in PostgreSQL.

Source: PostgreSQL manual, chapter 8 (type names and their aliases), section 5.3 (identity columns).
"""

import re
from functools import lru_cache
from typing import ClassVar, Final

from lbconf.connectors.postgresql.check_patterns import postgresql_pattern
from lbconf.connectors.sql.mapping import SqlMapping, quote_literal
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
from lbconf.state.structure import ColumnType, Identity, QualifiedName

__all__ = ["PostgresqlMapping", "canonical_type"]

TEXT: Final = ColumnType("text")
INTEGERS: Final = {16: "smallint", 32: "integer", 64: "bigint"}
NUMBERED_TYPES: Final = frozenset({"smallint", "integer", "bigint", "real", "double precision"})
"""Types that take no length; LoopBack files give them a precision all the same."""

ALIASES: Final = {
    "bool": "boolean",
    "char": "character",
    "varchar": "character varying",
    "nvarchar": "character varying",
    "char varying": "character varying",
    "string": "text",
    "int": "integer",
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "serial": "integer",
    "serial4": "integer",
    "smallserial": "smallint",
    "serial2": "smallint",
    "bigserial": "bigint",
    "serial8": "bigint",
    "decimal": "numeric",
    "dec": "numeric",
    "float": "double precision",
    "float8": "double precision",
    "double": "double precision",
    "float4": "real",
    "timestamp": "timestamp without time zone",
    "timestamptz": "timestamp with time zone",
    "time": "time without time zone",
    "timetz": "time with time zone",
    "varbit": "bit varying",
}
WRITTEN: Final = re.compile(
    r"^(?P<name>[^(\[\]]+?)\s*(?:\(\s*(?P<arguments>\d+(?:\s*,\s*-?\d+)*)\s*\)\s*(?P<rest>[a-z ]*?))?"
    r"(?P<array>(?:\s*\[\d*\])*)$"
)


class PostgresqlMapping(SqlMapping):
    """LoopBack's rules fold names to lower case and make every number an integer; the native ones lose nothing."""

    sections: ClassVar[tuple[str, ...]] = ("postgresql",)
    name_limit: ClassVar[int | None] = 63
    default_namespace: ClassVar[str] = "public"
    columns_by_property: ClassVar[bool] = True

    def written_type(self, written: str, arguments: tuple[int, ...]) -> ColumnType:
        """A `dataType` in PostgreSQL's own words."""
        found = canonical_type(written)
        if arguments and not found.arguments and found.name not in NUMBERED_TYPES:
            return ColumnType(found.name, arguments, found.dimensions)
        return found

    def native_type(self, model: Model, datatype: DataType) -> ColumnType | None:
        """The type that keeps every value of the property's."""
        match datatype:
            case StringType(length=int() as length):
                return ColumnType("character varying", (length,))
            case IntegerType(bits=bits):
                return ColumnType(INTEGERS[bits])
            case DecimalType(precision=precision, scale=scale):
                return ColumnType("numeric", () if precision is None else (precision, scale or 0))
            case EnumType(name=str() as name):
                namespace, _, bare = name.rpartition(".")
                qualified = QualifiedName(namespace or self.table_name(model).namespace, bare)
                return ColumnType(bare, enumeration=qualified)
            case JsonType() | ObjectType() | AnyType() | ArrayType() | ModelType():
                return ColumnType("jsonb")
        return NATIVE.get(type(datatype))

    def loopback_type(self, prop: Property) -> ColumnType | None:
        """LoopBack's type; None for the portable types that LoopBack does not have."""
        match prop.type:
            case ArrayType() | ModelType() | ObjectType() | AnyType() | JsonType() | BinaryType():
                return TEXT
            case StringType() | TextType() | DateStringType():
                return TEXT
            case NumberType():
                return ColumnType("integer")
        return None

    def counted_type(self, model: Model, prop: Property) -> ColumnType:
        """`integer` (LoopBack), the integer's own width, or `bigint`."""
        if isinstance(prop.type, IntegerType):
            return ColumnType(INTEGERS[prop.type.bits])
        return ColumnType("integer" if model.layout.is_loopback else "bigint")

    def counted_identity(self, model: Model, prop: Property) -> Identity:
        """A serial in LoopBack layouts, else an identity column."""
        del prop
        return Identity(kind="serial" if model.layout.is_loopback else "identity-by-default")

    def uuid_expression(self) -> str:
        """PostgreSQL's own function; needs no extension since version 13."""
        return "gen_random_uuid()"

    def instant_expression(self, model: Model, prop: Property) -> str | None:
        """The start of the transaction, or its day."""
        del model
        return "CURRENT_DATE" if isinstance(prop.type, DateOnlyType) else "CURRENT_TIMESTAMP"

    def matches(self, column: str, pattern: str, flags: str) -> str | None:
        """An advanced regular expression, where it has words for the pattern."""
        found = None if flags else postgresql_pattern(pattern)
        return None if found is None else f"{column} ~ {quote_literal(found)}"

    def boolean_literal(self, *, value: bool) -> str:
        """`true` or `false`."""
        return "true" if value else "false"

    def json_literal(self, text: str) -> str:
        """A literal that fits text and jsonb columns."""
        return quote_literal(text)


@lru_cache(maxsize=4096)
def canonical_type(written: str) -> ColumnType:
    """A type as people write it, in the words of `format_type`: `VARCHAR(20)` is `character varying(20)`."""
    folded = re.sub(r"\s+", " ", written.strip())
    bare = folded.rstrip("[]")
    if '"' in folded:
        return ColumnType(bare, (), (len(folded) - len(bare)) // 2)
    parts = WRITTEN.match(folded.lower())
    if parts is None:
        return ColumnType(folded)
    name = f"{parts['name']} {parts['rest']}".strip() if parts["rest"] else parts["name"].strip()
    name = ALIASES.get(name, name)
    arguments = tuple(int(part) for part in parts["arguments"].split(",")) if parts["arguments"] else ()
    if name == "numeric" and len(arguments) == 1:
        arguments = (arguments[0], 0)
    if name in {"character", "bit"} and not arguments:
        arguments = (1,)
    if name in NUMBERED_TYPES:
        arguments = ()
    return ColumnType(name, arguments, parts["array"].count("["))


NATIVE: Final[dict[type, ColumnType]] = {
    StringType: TEXT,
    TextType: TEXT,
    EnumType: TEXT,
    DateStringType: TEXT,
    NumberType: ColumnType("double precision"),
    BooleanType: ColumnType("boolean"),
    DateTimeType: ColumnType("timestamp with time zone"),
    DateOnlyType: ColumnType("date"),
    TimeType: ColumnType("time without time zone"),
    UuidType: ColumnType("uuid"),
    BinaryType: ColumnType("bytea"),
    GeoPointType: ColumnType("point"),
}
