"""States: what is in a database, as plain data. Desired and actual states have the same shape.

Names are as the database has them. Types are the server's own words in one
canonical spelling per server, so that two states of one server compare by
equality after `Inspector.normalize`. Tuples are sorted by name, columns keep
their order (which `diff` does not look at).
"""

from collections.abc import Mapping
from functools import cached_property

from lbconf.diagnostics import Location
from lbconf.records import dataclass, field

__all__ = [
    "Check",
    "Column",
    "ColumnType",
    "Default",
    "Enumeration",
    "ForeignKey",
    "Identity",
    "Index",
    "IndexPart",
    "Opaque",
    "PrimaryKey",
    "QualifiedName",
    "State",
    "Table",
    "Unique",
    "View",
]


@dataclass(frozen=True, slots=True, order=True)
class QualifiedName:
    """A name inside a namespace."""

    namespace: str
    """SQL schema; empty where the server has none (SQLite)."""
    name: str

    def __str__(self) -> str:
        """`namespace.name`, or the name alone."""
        return f"{self.namespace}.{self.name}" if self.namespace else self.name


@dataclass(frozen=True, slots=True)
class ColumnType:
    """A column's type in the server's canonical words."""

    name: str
    """`integer`, `character varying`, `numeric`, `timestamp with time zone`, ... or an enumeration's name."""
    arguments: tuple[int, ...] = ()
    """Length, or precision and scale."""
    dimensions: int = 0
    """Array dimensions."""
    enumeration: QualifiedName | None = None
    """The enumeration or domain this is, where it is one."""


@dataclass(frozen=True, slots=True)
class Default:
    """A column's default."""

    expression: str
    """SQL, in the server's canonical spelling after `normalize`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A value that the server counts up."""

    kind: str
    """`identity-always`, `identity-by-default`, `serial`, `autoincrement` or `rowid`."""
    start: int | None = None
    increment: int | None = None
    minimum: int | None = None
    """None, here and below: the server's default for the type and the direction."""
    maximum: int | None = None
    cache: int | None = None
    cycle: bool = False
    sequence: QualifiedName | None = field(default=None, compare=False)
    """The sequence behind it, in an actual state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table."""

    name: str
    type: ColumnType
    nullable: bool = True
    default: Default | None = None
    identity: Identity | None = None
    generated: str | None = None
    """Expression of a stored generated column."""
    collation: str | None = None
    comment: str | None = None
    renamed_from: str | None = field(default=None, compare=False)
    backfill: str | None = field(default=None, compare=False)
    """SQL for rows that have no value when the column becomes NOT NULL."""
    source: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrimaryKey:
    """A table's primary key."""

    name: str | None
    """None where the server names none (SQLite)."""
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unique:
    """A unique constraint (not a unique index)."""

    name: str
    columns: tuple[str, ...]
    nulls_not_distinct: bool = False
    source: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexPart:
    """A column or an expression of an index."""

    column: str | None = None
    expression: str | None = None
    """Exactly one of `column` and `expression` is set."""
    descending: bool = False
    nulls_first: bool | None = None
    """None: the server's default for the direction."""
    collation: str | None = None
    operator_class: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """An index that belongs to no constraint."""

    name: str
    parts: tuple[IndexPart, ...]
    unique: bool = False
    method: str = "btree"
    where: str | None = None
    include: tuple[str, ...] = ()
    nulls_not_distinct: bool = False
    valid: bool = True
    """False for what a broken concurrent build left behind."""
    comment: str | None = None
    renamed_from: str | None = field(default=None, compare=False)
    source: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKey:
    """A foreign key."""

    name: str
    columns: tuple[str, ...]
    target: QualifiedName
    target_columns: tuple[str, ...]
    on_delete: str = "NO ACTION"
    on_update: str = "NO ACTION"
    deferrable: str | None = None
    """`immediate`, `deferred` or None."""
    match: str = "SIMPLE"
    valid: bool = True
    source: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A check constraint."""

    name: str
    expression: str
    """As the server reprints it, after `normalize`."""
    valid: bool = True
    source: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opaque:
    """Something that models cannot say: kept, listed, never dropped."""

    kind: str
    """`trigger`, `function`, `policy`, `exclusion`, `partition`, ..."""
    name: str
    definition: str = ""
    """SQL that makes it again, where the server gives it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table with everything that belongs to it."""

    name: QualifiedName
    columns: tuple[Column, ...]
    primary_key: PrimaryKey | None = None
    uniques: tuple[Unique, ...] = ()
    indexes: tuple[Index, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    checks: tuple[Check, ...] = ()
    comment: str | None = None
    options: tuple[tuple[str, str], ...] = ()
    """Storage facts such as (`without_rowid`, `true`), (`strict`, `true`)."""
    opaque: tuple[Opaque, ...] = ()
    model: str | None = field(default=None, compare=False)
    """The model that asked for it, in a desired state."""
    renamed_from: QualifiedName | None = field(default=None, compare=False)
    source: Location | None = field(default=None, compare=False)

    def column(self, name: str) -> Column | None:
        """The named column, or None."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enumeration:
    """An enum type of the server."""

    name: QualifiedName
    values: tuple[str, ...]
    source: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A view, for discovery of read-only models; lbconf never makes or drops one."""

    name: QualifiedName
    columns: tuple[Column, ...]
    materialized: bool = False
    definition: str = ""
    depends_on: tuple[QualifiedName, ...] = ()


@dataclass(frozen=True, kw_only=True)
class State:
    """The structure of one data source. Without slots, so that it can keep its tables by name."""

    namespaces: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    enumerations: tuple[Enumeration, ...] = ()
    views: tuple[View, ...] = ()
    opaque: tuple[Opaque, ...] = ()

    def table(self, name: QualifiedName) -> Table | None:
        """The named table, or None."""
        return self._by_name.get(name)

    @cached_property
    def _by_name(self) -> Mapping[QualifiedName, Table]:
        return {table.name: table for table in reversed(self.tables)}
