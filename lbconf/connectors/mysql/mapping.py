"""Names and column types of models in MySQL and MariaDB.

Source: MySQL 8 Reference Manual, chapter 11 (data types), section 11.9 (types of other engines); MariaDB's pages on
data types. Types are in lower case, as `information_schema.columns` has them, integers without a display width.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import ClassVar, Final

from lbconf.connectors.mysql.parameters import named_database
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
from lbconf.project.resolved import DataSource, Model, Property
from lbconf.state.structure import ColumnType, Default, Identity, QualifiedName

__all__ = ["LONG_TYPES", "MysqlMapping", "canonical_type"]

BOOLEAN: Final = ColumnType("tinyint", (1,))
INTEGERS: Final = {16: "smallint", 32: "int", 64: "bigint"}
INTEGER_TYPES: Final = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint"})
UNSIZED: Final = frozenset(
    {"tinytext", "text", "mediumtext", "longtext", "tinyblob", "mediumblob", "longblob", "json", "date", "year"}
    | {"point", "geometry", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon", "uuid", "inet6"}
)
"""Types that take no number; LoopBack files give them a length all the same."""
LONG_TYPES: Final = frozenset(
    {"tinytext", "text", "mediumtext", "longtext", "tinyblob", "blob", "mediumblob", "longblob", "json", "point"}
    | {"geometry", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon", "geometrycollection"}
)
"""Types whose default MySQL takes in parentheses only, and whose index needs a length."""
USUAL_LENGTH: Final = 255
LOOPBACK_LENGTH: Final = 512
LARGEST_DECIMAL: Final = (65, 30)

ALIASES: Final = {
    "bool": "tinyint(1)",
    "boolean": "tinyint(1)",
    "integer": "int",
    "int1": "tinyint",
    "int2": "smallint",
    "int3": "mediumint",
    "int4": "int",
    "int8": "bigint",
    "middleint": "mediumint",
    "dec": "decimal",
    "numeric": "decimal",
    "number": "decimal",
    "fixed": "decimal",
    "real": "double",
    "double precision": "double",
    "float4": "float",
    "float8": "double",
    "character": "char",
    "nchar": "char",
    "national char": "char",
    "national character": "char",
    "character varying": "varchar",
    "char varying": "varchar",
    "varcharacter": "varchar",
    "nvarchar": "varchar",
    "varchar2": "varchar",
    "national varchar": "varchar",
    "national character varying": "varchar",
    "string": "varchar",
    "long": "mediumtext",
    "long varchar": "mediumtext",
    "long char varying": "mediumtext",
    "long varbinary": "mediumblob",
    "clob": "longtext",
    "geomcollection": "geometrycollection",
}
WRITTEN: Final = re.compile(r"^(?P<name>[a-z][a-z0-9_]*(?: [a-z]+)*)\s*(?:\((?P<inside>.*)\)(?P<rest>.*))?$", re.DOTALL)
LISTED: Final = re.compile(r"'((?:[^']|'')*)'")


class MysqlMapping(SqlMapping):
    """LoopBack keeps names as they are and makes short texts of strings; the native rules lose less."""

    sections: ClassVar[tuple[str, ...]] = ("mysql", "mariadb")
    name_limit: ClassVar[int | None] = 64
    loopback_defaults: ClassVar[bool] = False
    shares_index_names: ClassVar[bool] = True

    def __init__(self, data_source: DataSource) -> None:
        """Take the data source; its own database is the namespace without a name."""
        super().__init__(data_source)
        self.database = named_database(data_source.settings)

    def table_name(self, model: Model) -> QualifiedName:
        """As usual; the data source's own database, named or not, is the namespace ""."""
        found = super().table_name(model)
        return QualifiedName("", found.name) if found.namespace == self.database else found

    def fold(self, model: Model, name: str) -> str:
        """Names stay as they are."""
        del model
        return name

    def index_name(self, table: QualifiedName, columns: Sequence[str], *, unique: bool) -> str:
        """LoopBack names the index of a property like its column."""
        if self.data_source.layout.is_loopback and len(columns) == 1:
            return columns[0]
        return super().index_name(table, columns, unique=unique)

    def column_type(self, model: Model, prop: Property) -> ColumnType:
        """As usual; `unsigned` of a LoopBack number counts, and a string that is a key or has an index is shorter."""
        found = super().column_type(model, prop)
        section = prop.section(*self.sections)
        unsigned = section.get("unsigned", prop.settings.get("unsigned")) is True
        if unsigned and found.name in INTEGER_TYPES | {"decimal", "float", "double"}:
            return ColumnType(found.name, found.arguments, unsigned=True)
        return found

    def column_default(self, model: Model, prop: Property) -> Default | None:
        """LoopBack's is the section's `default`; texts, JSON and the like take theirs in parentheses only."""
        section = prop.section(*self.sections)
        written = section.get("default")
        if model.layout.is_loopback and written is not None and section.get("dbDefault") is None:
            return _loopback_default(written, self.column_type(model, prop))
        found = super().column_default(model, prop)
        if found is None or section.get("dbDefault") is not None or found.expression.startswith("("):
            return found
        if self.makes_uuid(prop) or self.column_type(model, prop).name in LONG_TYPES:
            return Default(f"({found.expression})")
        return found

    def written_type(self, written: str, arguments: tuple[int, ...]) -> ColumnType:
        """A `dataType` in the server's own words."""
        found = canonical_type(written)
        sized = "(" in written
        if sized or found.name in UNSIZED:
            return found
        if not arguments:
            return _with_usual_size(found, loopback=self.data_source.layout.is_loopback)
        if found.name in INTEGER_TYPES:
            # A display width, which MySQL 8 has given up; only that of a boolean means something.
            shown = arguments[:1] if found.name == "tinyint" and arguments[:1] == (1,) else ()
            return ColumnType(found.name, shown, unsigned=found.unsigned, zerofill=found.zerofill)
        if found.name in {"float", "double"} and len(arguments) == 1:
            return found
        if found.name == "decimal" and len(arguments) == 1:
            arguments = (arguments[0], 0)
        return ColumnType(found.name, arguments, unsigned=found.unsigned, zerofill=found.zerofill)

    def native_type(self, model: Model, datatype: DataType) -> ColumnType | None:
        """The type that keeps every value of the property's, strings of a usual length."""
        del model
        match datatype:
            case StringType(length=int() as length):
                return ColumnType("varchar", (length,))
            case IntegerType(bits=bits):
                return ColumnType(INTEGERS[bits])
            case DecimalType(precision=precision, scale=scale):
                return ColumnType("decimal", LARGEST_DECIMAL if precision is None else (precision, scale or 0))
            case EnumType(values=values):
                return ColumnType("enum", values=tuple(values))
            case JsonType() | ObjectType() | AnyType() | ArrayType() | ModelType():
                return ColumnType("json")
        return NATIVE.get(type(datatype))

    def loopback_type(self, prop: Property) -> ColumnType | None:
        """LoopBack's type; None for the portable types that LoopBack does not have."""
        match prop.type:
            case StringType(length=int() as length):
                return ColumnType("varchar", (length,))
            case StringType() | DateStringType():
                keyed = bool(prop.id) or prop.index is not None or prop.unique
                return ColumnType("varchar", (USUAL_LENGTH if keyed else LOOPBACK_LENGTH,))
            case TextType() | JsonType() | ObjectType() | AnyType() | ArrayType() | ModelType() | BinaryType():
                return ColumnType("text")
            case NumberType():
                return ColumnType("int")
            case DateTimeType():
                return ColumnType("datetime")
        return None

    def counted_type(self, model: Model, prop: Property) -> ColumnType:
        """`int` (LoopBack), the integer's own width, or `bigint`."""
        if isinstance(prop.type, IntegerType):
            return ColumnType(INTEGERS[prop.type.bits])
        return ColumnType("int" if model.layout.is_loopback else "bigint")

    def counted_identity(self, model: Model, prop: Property) -> Identity:
        """AUTO_INCREMENT."""
        del model, prop
        return Identity(kind="autoincrement")

    def uuid_expression(self) -> str:
        """The server's own, for rows that others insert; lbconf makes a random one itself."""
        return "(uuid())"

    def instant_expression(self, model: Model, prop: Property) -> str | None:
        """The start of the statement with the column's own precision, or its day."""
        found = self.column_type(model, prop)
        if found.name in {"datetime", "timestamp"}:
            return f"CURRENT_TIMESTAMP({found.arguments[0]})" if found.arguments else "CURRENT_TIMESTAMP"
        return "(curdate())" if isinstance(prop.type, DateOnlyType) else None

    def quoted(self, name: str) -> str:
        """A name in backticks."""
        return "`" + name.replace("`", "``") + "`"

    def none_of(self, column: str, literals: Sequence[str]) -> str | None:
        """Byte by byte, whatever the collation takes for equal; None for texts whose bytes go by the character set."""
        if not all(literal.isascii() for literal in literals):
            return None
        return f"cast({column} as char character set binary) NOT IN ({', '.join(literals)})"

    def boolean_literal(self, *, value: bool) -> str:
        """`1` or `0`."""
        return "1" if value else "0"

    def json_literal(self, text: str) -> str:
        """A text, in parentheses."""
        return f"({quote_literal(text)})"


@lru_cache(maxsize=4096)
def canonical_type(written: str) -> ColumnType:
    """A type as people write it, in the server's words: `INTEGER(11) UNSIGNED` is `int unsigned`.

    A display width is left out, but for `tinyint(1)`; `enum` and `set` keep their values.
    """
    parts = WRITTEN.match(_folded(written))
    if parts is None:
        return ColumnType(written.strip().lower())
    inside, rest = parts["inside"], (parts["rest"] or "").split()
    words = parts["name"].split()
    while len(words) > 1 and words[-1] in {"unsigned", "signed", "zerofill"}:
        rest.append(words.pop())
    name = " ".join(words)
    if name in {"enum", "set"}:
        return ColumnType(name, values=tuple(value.replace("''", "'") for value in LISTED.findall(inside or "")))
    if name == "serial":
        return ColumnType("bigint", unsigned=True)
    name = ALIASES.get(name, name)
    if name == "tinyint(1)":
        return BOOLEAN
    numbers = tuple(int(part) for part in re.findall(r"\d+", inside or ""))
    zerofill = "zerofill" in rest
    if name in INTEGER_TYPES and not zerofill:
        numbers = numbers if name == "tinyint" and numbers == (1,) else ()
    if name == "float" and len(numbers) == 1:
        name, numbers = ("float" if numbers[0] <= 24 else "double"), ()  # noqa: PLR2004 - the manual's limit
    if name == "decimal":
        numbers = (10, 0) if not numbers else (numbers[0], 0) if len(numbers) == 1 else numbers
    if name in {"char", "binary", "bit"} and not numbers:
        numbers = (1,)
    if name in {"datetime", "timestamp", "time"} and numbers == (0,):
        numbers = ()
    if name in UNSIZED:
        numbers = ()
    return ColumnType(name, numbers, unsigned="unsigned" in rest or zerofill, zerofill=zerofill)


def _folded(written: str) -> str:
    """Lower case and single spaces outside quotes."""
    parts = re.split(r"('(?:[^']|'')*')", written.strip())
    return "".join(part if part.startswith("'") else re.sub(r"\s+", " ", part.lower()) for part in parts)


def _with_usual_size(found: ColumnType, *, loopback: bool) -> ColumnType:
    if found.name in {"varchar", "varbinary"} and not found.arguments:
        return ColumnType(found.name, (LOOPBACK_LENGTH if loopback else USUAL_LENGTH,))
    if loopback and found.name == "decimal" and found.arguments == (10, 0):
        return ColumnType("decimal", (9, 2), unsigned=found.unsigned, zerofill=found.zerofill)
    return found


def _loopback_default(written: object, column_type: ColumnType) -> Default:
    if isinstance(written, bool):
        return Default("1" if written else "0")
    if isinstance(written, int | float):
        return Default(repr(written))
    text = str(written)
    if text.strip().lower() in {"now", "now()", "current_timestamp", "current_timestamp()"}:
        precision = f"({column_type.arguments[0]})" if column_type.arguments else ""
        return Default(f"CURRENT_TIMESTAMP{precision}")
    quoted = quote_literal(text)
    return Default(f"({quoted})" if column_type.name in LONG_TYPES else quoted)


NATIVE: Final[dict[type, ColumnType]] = {
    StringType: ColumnType("varchar", (USUAL_LENGTH,)),
    TextType: ColumnType("longtext"),
    DateStringType: ColumnType("varchar", (USUAL_LENGTH,)),
    NumberType: ColumnType("double"),
    BooleanType: BOOLEAN,
    DateTimeType: ColumnType("datetime", (3,)),
    DateOnlyType: ColumnType("date"),
    TimeType: ColumnType("time", (6,)),
    UuidType: ColumnType("char", (36,)),
    BinaryType: ColumnType("longblob"),
    GeoPointType: ColumnType("point"),
}
"""A uuid is text: MariaDB alone has a type for it (since 10.7), which it also orders otherwise than its text."""
