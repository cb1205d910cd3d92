"""What differs between SQL databases when rows are read and written, and a model's table as statements see it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, TypeAlias

from lbconf.connectors.contract import ModelMapping
from lbconf.datatypes import AnyType, ArrayType, DataType, DecimalType, JsonType, ModelType, ObjectType
from lbconf.errors import PlanError
from lbconf.project.resolved import Model, Property
from lbconf.query.nodes import Operator
from lbconf.records import dataclass, replace
from lbconf.state.structure import ColumnType

__all__ = [
    "Add",
    "BoundColumn",
    "BoundTable",
    "Dialect",
    "Kind",
    "ValueRefused",
    "holds_json",
    "no_dates",
    "plain_number",
]

Add: TypeAlias = Callable[[Any], str]
"""Takes a parameter's value and returns its placeholder. The only way a value gets near a statement."""


class ValueRefused(ValueError):  # noqa: N818 - never leaves the connectors
    """A value does not fit its column, seen before the database is asked."""


class Kind(StrEnum):
    """What a column holds, as far as statements care."""

    TEXT = "text"
    INTEGER = "integer"
    FLOAT = "float"
    EXACT = "exact"
    BOOLEAN = "boolean"
    INSTANT = "instant"
    DAY = "day"
    CLOCK = "clock"
    UUID = "uuid"
    JSON = "json"
    JSON_TEXT = "json text"
    """JSON kept in a text column."""
    BINARY = "binary"
    POINT = "point"
    LIST = "list"
    """An array of the database's own."""
    OTHER = "other"
    """Read and written as the text the database makes of it."""


NUMBERS: Final = frozenset({Kind.INTEGER, Kind.FLOAT})


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundColumn:
    """A property's column."""

    prop: Property
    name: str
    """As in the database."""
    sql: str
    """Quoted."""
    type: ColumnType
    kind: Kind
    read: str
    """Expression that a SELECT asks for."""
    json: str
    """Expression of text, JSON of the API's form of the value or null; empty where the dialect has none."""
    encode: Callable[[Any], Any] | None = None
    """Value, not None, to the parameter that is written. Raises `ValueRefused`. None: as it is."""
    compare: Callable[[Any], Any] | None = None
    """Value, not None, to the parameter that is compared with."""
    decode: Callable[[Any], Any] | None = None
    """What the driver gave, not None, to the row's value."""
    write: str = "{}"
    """Format of a written parameter's placeholder."""
    cast: str = "{}"
    """Format of a compared parameter's placeholder."""
    collation: str = ""
    """What makes comparisons and orderings right, appended to `sql`."""
    compared: str = ""
    """Expression to compare and order by, where it is more than that."""

    @property
    def key(self) -> str:
        """Expression to compare and order by."""
        return self.compared or self.sql + self.collation

    def within(self, place: str) -> "BoundColumn":
        """The same column of the table that a statement calls so: a quoted alias, or the table's own quoted name."""
        sql = f"{place}.{self.sql}"
        return replace(self, sql=sql, compared=self.compared.replace(self.sql, sql))


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundTable:
    """A model's table."""

    model: Model
    sql: str
    """Quoted, with its namespace."""
    columns: Mapping[str, BoundColumn]
    """By property name, in declared order; properties of types that no column can hold are left out."""

    @property
    def ids(self) -> tuple[BoundColumn, ...]:
        """The key's columns in their order."""
        return tuple(self.columns[prop.name] for prop in self.model.ids if prop.name in self.columns)


class Dialect(ABC):
    """One database's forms of what is said differently everywhere. Pure; holds no connection."""

    most_parameters: int = 32_000
    """Of one statement."""
    offset_needs_limit: bool = False
    no_limit: str = "-1"
    """What LIMIT says for all rows, where an offset needs one."""
    empty_row: str = "DEFAULT VALUES"
    """What follows INSERT INTO and the table where no column is named."""
    largest_written_limit: int = 0
    """Pages up to so many rows stand in the text of a statement, larger ones are parameters."""
    row_lock: str = ""
    """What follows a query whose rows are to be locked; empty where a transaction keeps other writers out."""
    returning: bool = True
    """Whether INSERT can give back columns of the rows it made."""

    def bind(self, mapping: ModelMapping, model: Model) -> BoundTable:
        """The model's table with its columns."""
        name = mapping.table_name(model)
        parts = (name.namespace, name.name) if name.namespace else (name.name,)
        columns: dict[str, BoundColumn] = {}
        for prop in model.properties.values():
            try:
                found = mapping.column_type(model, prop)
            except PlanError:
                continue
            columns[prop.name] = self.column(model, prop, mapping.column_name(model, prop), found)
        return BoundTable(model=model, sql=".".join(map(self.quote, parts)), columns=columns)

    def quote(self, name: str) -> str:
        """A name as a quoted identifier (standard SQL)."""
        return '"' + name.replace('"', '""') + '"'

    def literal(self, text: str) -> str:
        """Text of the configuration as a string literal. Never for what a client sends."""
        return "'" + text.replace("'", "''") + "'"

    @abstractmethod
    def placeholder(self, number: int) -> str:
        """The placeholder of the 1-based `number`th parameter."""

    @abstractmethod
    def column(self, model: Model, prop: Property, name: str, column_type: ColumnType) -> BoundColumn:
        """How a property stands in a column of this type."""

    def equals(self, column: BoundColumn, placeholder: str) -> str:
        """Whether a column of no structured kind equals a parameter; null for null."""
        return f"{column.key} = {placeholder}"

    def comparable(self, one: BoundColumn, other: BoundColumn) -> tuple[str, str]:
        """Expressions of both that can be compared with each other: as texts where their kinds differ."""
        if one.kind is other.kind or {one.kind, other.kind} <= NUMBERS:
            return one.key, other.key
        return self.as_text(one), self.as_text(other)

    def as_text(self, column: BoundColumn) -> str:
        """The column's value as text, to be compared with other such texts."""
        return f"CAST({column.sql} AS TEXT)"

    @abstractmethod
    def one_of(self, column: BoundColumn, values: Sequence[Any], add: Add) -> str:
        """Whether the column equals one of these encoded values, of which there is at least one."""

    @abstractmethod
    def equals_json(self, expression: str, column: BoundColumn, value: Any, add: Add) -> str:
        """Whether a JSON column equals a JSON value, whatever the order of keys and the white space."""

    @abstractmethod
    def like(self, expression: str, pattern: str, add: Add, *, fold: bool) -> str:
        """Whether text matches a LIKE pattern with backslash escapes; `fold` ignores case."""

    @abstractmethod
    def regexp(self, expression: str, pattern: str, flags: str, add: Add) -> str:
        """Whether text matches a regular expression somewhere."""

    @abstractmethod
    def path(self, column: BoundColumn, path: Sequence[str], operator: Operator, value: Any, add: Add) -> str:
        """A comparison with a place inside a JSON column; `value` as in `Comparison`."""

    @abstractmethod
    def path_key(self, column: BoundColumn, path: Sequence[str], add: Add) -> str:
        """Something to order by for a place inside a JSON column."""

    @abstractmethod
    def text(self, column: BoundColumn) -> str:
        """The column as text, for LIKE and regular expressions."""

    @abstractmethod
    def distance(self, column: BoundColumn, latitude: float, longitude: float, add: Add) -> str:
        """Metres between a point column and a place; NULL where there is no point."""

    def total(self, column: BoundColumn) -> BoundColumn:
        """The sum of a column of numbers, exact where they are."""
        sql = f"sum({column.sql})"
        if column.kind is Kind.FLOAT:
            return replace(column, sql=sql, read=sql, compared="", compare=float, decode=float)
        exact = isinstance(column.prop.type, DecimalType)
        return replace(
            column, sql=sql, read=sql, compared="", compare=Decimal, decode=Decimal if exact else plain_number
        )

    def average(self, column: BoundColumn) -> str:
        """The mean of a column of numbers as a float, to compare with and order by."""
        return f"(sum({column.sql}) + 0e0) / NULLIF(count({column.sql}), 0)"

    @abstractmethod
    def date_part(self, column: BoundColumn, part: str) -> str:
        """The beginning of a date's ISO form in UTC, down to `year`, `month`, `day` or `hour`; null for null.

        Raises `ValueRefused` where the column holds no dates.
        """

    def fine_time(self, column: BoundColumn) -> str:
        """ISO text in UTC, to the microsecond, of a point in time that may be finer than the milliseconds rows tell.

        Empty for columns that keep nothing finer.
        """
        del column
        return ""

    @abstractmethod
    def order(self, expression: str, *, descending: bool) -> str:
        """One key of ORDER BY; nulls count as greater than every value."""


def plain_number(value: Any) -> Any:
    """A sum as a whole number, or else a float."""
    exact = Decimal(value)
    return int(exact) if exact == exact.to_integral_value() else float(exact)


def no_dates(column: BoundColumn) -> ValueRefused:
    """The error for a column that holds no dates."""
    return ValueRefused(f"{column.prop.name} is not kept as a date")


def holds_json(datatype: DataType) -> bool:
    """Whether values of this type are JSON of any shape."""
    return isinstance(datatype, ObjectType | AnyType | JsonType | ArrayType | ModelType)
