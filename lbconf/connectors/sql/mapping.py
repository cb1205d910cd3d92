"""How models stand in a SQL database: names, and what is common to column types of all dialects.

LoopBack layouts follow LoopBack's connectors (names folded, wide types); the
native layout keeps names as written. A connector section in the model or the
property wins over both.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, ClassVar

from lbconf.connectors.sql.validation_checks import check_of
from lbconf.datatypes import (
    AnyType,
    ArrayType,
    BinaryType,
    BooleanType,
    DataType,
    DateOnlyType,
    DateTimeType,
    DecimalType,
    GeoPointType,
    IntegerType,
    JsonType,
    ModelType,
    NumberType,
    ObjectType,
    UuidType,
)
from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import PlanError
from lbconf.layers.secret import Secret
from lbconf.project.resolved import UNSET, DataSource, Model, Property
from lbconf.project.validations import Validation
from lbconf.state.structure import ColumnType, Default, Identity, QualifiedName

__all__ = ["SqlMapping", "quote_literal", "shortened"]

INDEX_SUFFIX = "idx"
CURRENT_INSTANT = frozenset({"$now", "now"})


class SqlMapping(ABC):
    """Names and types of models in one data source. A dialect says the types and the few rules that differ."""

    sections: ClassVar[tuple[str, ...]]
    """Names under which a model or property may hold this dialect's section."""
    name_limit: ClassVar[int | None] = None
    """Most bytes of a name, where the server cuts longer ones."""
    has_namespaces: ClassVar[bool] = True
    default_namespace: ClassVar[str] = ""
    shares_index_names: ClassVar[bool] = False
    """Whether two tables may have indexes of the same name."""
    allows_untyped: ClassVar[bool] = False
    """Whether a column may do without a type, said as an empty `dataType`."""

    columns_by_property: ClassVar[bool] = False
    """Whether the column of a property that is no key depends on the property, the layout and the namespace alone."""

    def __init__(self, data_source: DataSource) -> None:
        """Take the data source, whose `schema` setting names the namespace of models that name none."""
        self.data_source = data_source
        self._tables: dict[int, tuple[Model, QualifiedName]] = {}
        self._columns: dict[int, tuple[Property, str]] = {}
        """By identity, each with its model or property, so that it stays."""

    def table_name(self, model: Model) -> QualifiedName:
        """The model's table: its section's `table`, else the model's name."""
        known = self._tables.get(id(model))
        if known is None:
            section = model.section(*self.sections)
            explicit = section.get("table") or section.get("tableName")
            name = str(explicit) if explicit else self.fold(model, model.name)
            known = self._tables[id(model)] = (model, QualifiedName(self.namespace(section), name))
        return known[1]

    def column_name(self, model: Model, prop: Property) -> str:
        """The property's column: its section's `columnName`, else the property's `name`, else its own name."""
        known = self._columns.get(id(prop))
        if known is None:
            known = self._columns[id(prop)] = (prop, self._column_name(model, prop))
        return known[1]

    def _column_name(self, model: Model, prop: Property) -> str:
        settings = prop.settings
        if "name" not in settings and settings.keys().isdisjoint(self.sections):
            return self.fold(model, prop.name)
        section = prop.section(*self.sections)
        said = ("columnName", "column", "field", "fieldName") if section else ()
        explicit = next((section[key] for key in said if section.get(key)), None)
        if explicit is None:
            explicit = prop.settings.get("name")
        if isinstance(explicit, str) and explicit:
            return explicit
        return self.fold(model, prop.name)

    def column_type(self, model: Model, prop: Property) -> ColumnType:
        """The section's `dataType` with its length or precision, else the dialect's type for the property's."""
        section = prop.section(*self.sections)
        written = section.get("dataType")
        untyped = self.allows_untyped and written == "" and not model.layout.is_loopback
        if isinstance(written, str) and (written.strip() or untyped):
            return self.written_type(written, type_arguments(section))
        if self.counts_up(model, prop):
            return self.counted_type(model, prop)
        if model.layout.is_loopback:
            found = self.loopback_type(prop)
            if found is not None:
                return found
        found = self.native_type(model, prop.type)
        if found is None:
            raise PlanError(
                Diagnostic(
                    code=Code.TYPE_NOT_STORABLE,
                    message=f"property {prop.name} of {model.name} has a type that {self.sections[0]} cannot store",
                    location=prop.location,
                    hint=f'name a column type: "{self.sections[0]}": {{"dataType": "..."}}',
                )
            )
        return found

    def column_default(self, model: Model, prop: Property) -> Default | None:
        """The section's `dbDefault` as written, else the property's own default where the database can hold it."""
        section = prop.section(*self.sections)
        written = section.get("dbDefault")
        if written is not None:
            return Default(_expression(written))
        if self.counts_up(model, prop):
            return None
        if self.makes_uuid(prop):
            chosen = section.get("defaultFn")
            return Default(f"{chosen}()" if isinstance(chosen, str) and "uuid_" in chosen else self.uuid_expression())
        if model.layout.is_loopback and not self.loopback_defaults:
            return None
        return self._property_default(model, prop)

    def identity(self, model: Model, prop: Property) -> Identity | None:
        """How a generated number of the key is counted up."""
        return self.counted_identity(model, prop) if self.counts_up(model, prop) else None

    def index_name(self, table: QualifiedName, columns: Sequence[str], *, unique: bool) -> str:
        """`<table>_<columns>_idx`, cut to what the server keeps."""
        del unique
        return shortened("_".join((table.name, *columns)), INDEX_SUFFIX, self.name_limit)

    def constraint_name(self, table: QualifiedName, columns: Sequence[str], kind: str) -> str:
        """`<table>_<columns>_<kind>`; a primary key's is `<table>_pkey`. Cut to what the server keeps."""
        parts = (table.name,) if kind == "pkey" else (table.name, *columns)
        return shortened("_".join(parts), kind, self.name_limit)

    def check_expression(self, model: Model, expression: str) -> str:
        """The expression as written."""
        del model
        return expression

    def validation_check(self, model: Model, validation: Validation) -> str | None:
        """The condition of a check that holds a validation; None where the database cannot."""
        found = check_of(self, model, validation)
        return None if found is None else self.check_expression(model, found)

    def quoted(self, name: str) -> str:
        """A name in standard quotes."""
        return '"' + name.replace('"', '""') + '"'

    def text_literal(self, text: str) -> str | None:
        """The text in standard quotes; None with a character that not every text may have."""
        return None if "\0" in text or "\\" in text else quote_literal(text)

    def at_least(self, column: str, size: int) -> str:
        """By the count of characters."""
        return f"char_length({column}) >= {size}"

    def at_most(self, column: str, size: int) -> str:
        """By the count of characters."""
        return f"char_length({column}) <= {size}"

    def none_of(self, column: str, literals: Sequence[str]) -> str | None:
        """By the column's own comparison, which is byte by byte."""
        return f"{column} NOT IN ({', '.join(literals)})"

    def matches(self, column: str, pattern: str, flags: str) -> str | None:
        """Nothing: patterns of servers differ."""
        del column, pattern, flags
        return None

    loopback_defaults: ClassVar[bool] = True
    """Whether LoopBack's connector gives a property's `default` to the column."""

    def namespace(self, section: Mapping[str, Any]) -> str:
        """The namespace a model section, the data source or the dialect says."""
        if not self.has_namespaces:
            return ""
        for place in (section, self.data_source.settings):
            for key in ("schema", "schemaName"):
                found = place.get(key)
                found = found.reveal() if isinstance(found, Secret) else found
                if isinstance(found, str) and found:
                    return found
        return self.default_namespace

    def fold(self, model: Model, name: str) -> str:
        """A name nobody chose for the database: lower case in LoopBack layouts, as written otherwise."""
        return name.lower() if model.layout.is_loopback else name

    def counts_up(self, model: Model, prop: Property) -> bool:
        """Whether the server counts this column up."""
        if not (prop.id and prop.generated):
            return False
        if prop.section(*self.sections).get("dataType") and not isinstance(prop.type, NumberType | IntegerType):
            return False
        if isinstance(prop.type, NumberType | IntegerType):
            return True
        # LoopBack's SQL connectors make every generated id a number, unless told to keep the declared type.
        return (
            model.layout.is_loopback
            and prop.settings.get("useDefaultIdType") is not False
            and not isinstance(prop.type, UuidType)
            and not self.makes_uuid(prop)
        )

    def makes_uuid(self, prop: Property) -> bool:
        """Whether the server makes a uuid for this column."""
        if not (prop.id and prop.generated):
            return False
        section = prop.section(*self.sections)
        written = str(section.get("dataType", "")).strip().lower()
        named = str(section.get("defaultFn", "")).lower()
        return isinstance(prop.type, UuidType) or written == "uuid" or "uuid" in named

    @abstractmethod
    def written_type(self, written: str, arguments: tuple[int, ...]) -> ColumnType:
        """A `dataType` in the server's canonical words."""

    @abstractmethod
    def native_type(self, model: Model, datatype: DataType) -> ColumnType | None:
        """The column type of the native layout, or None where there is none."""

    @abstractmethod
    def loopback_type(self, prop: Property) -> ColumnType | None:
        """The column type LoopBack's connector makes; None where LoopBack has no such type."""

    @abstractmethod
    def counted_type(self, model: Model, prop: Property) -> ColumnType:
        """The column type of a counted key."""

    @abstractmethod
    def counted_identity(self, model: Model, prop: Property) -> Identity:
        """How a counted key is counted."""

    @abstractmethod
    def uuid_expression(self) -> str:
        """An expression that makes a random uuid."""

    @abstractmethod
    def instant_expression(self, model: Model, prop: Property) -> str | None:
        """An expression for this moment, or this day of a `dateonly`; None where the column cannot have one."""

    @abstractmethod
    def boolean_literal(self, *, value: bool) -> str:
        """True and false in a default."""

    @abstractmethod
    def json_literal(self, text: str) -> str:
        """JSON text in a default."""

    def _property_default(self, model: Model, prop: Property) -> Default | None:
        constant = prop.default
        dated = isinstance(prop.type, DateTimeType | DateOnlyType)
        if dated and (constant in CURRENT_INSTANT or prop.default_fn == "now"):
            expression = None if model.layout.is_loopback else self.instant_expression(model, prop)
            return Default(expression) if expression else None
        if constant is UNSET or constant is None:
            return None
        return _constant(self, prop.type, constant)


def quote_literal(text: str) -> str:
    """Text as a SQL string literal (standard quoting)."""
    return "'" + text.replace("'", "''") + "'"


def shortened(stem: str, suffix: str, limit: int | None) -> str:
    """`stem_suffix` within `limit` bytes; longer ones lose their middle to a digest, the same way each time."""
    name = f"{stem}_{suffix}"
    if limit is None or len(name.encode()) <= limit:
        return name
    tail = f"_{sha256(stem.encode()).hexdigest()[:8]}_{suffix}"
    return stem.encode()[: limit - len(tail.encode())].decode(errors="ignore") + tail


def type_arguments(section: Mapping[str, Any]) -> tuple[int, ...]:
    """Length, or precision and scale, as LoopBack's connectors read them: a scale of 0 counts as missing."""
    length, precision, scale = (_whole(section.get(f"data{part}")) for part in ("Length", "Precision", "Scale"))
    if length:
        return (length,)
    if precision and scale:
        return (precision, scale)
    return (precision,) if precision else ()


def _whole(value: Any) -> int | None:
    try:
        return None if value is None else int(value)
    except (TypeError, ValueError):
        return None


def _expression(written: Any) -> str:
    if isinstance(written, bool):
        return "true" if written else "false"
    return str(written)


def _constant(mapping: SqlMapping, datatype: DataType, constant: Any) -> Default | None:
    """A constant as an expression; None where it does not fit the type, so that the column has no wrong default."""
    match datatype:
        case BooleanType():
            return Default(mapping.boolean_literal(value=constant)) if isinstance(constant, bool) else None
        case DecimalType() if isinstance(constant, str):
            return Default(quote_literal(constant))
        case NumberType() | IntegerType() | DecimalType():
            is_number = isinstance(constant, int | float) and not isinstance(constant, bool)
            return Default(repr(constant)) if is_number else None
        case JsonType() | ObjectType() | AnyType() | ArrayType() | ModelType():
            return Default(mapping.json_literal(json.dumps(constant, separators=(",", ":"), ensure_ascii=False)))
        case BinaryType() | GeoPointType():
            return None
        case _:
            return Default(quote_literal(constant)) if isinstance(constant, str) else None
