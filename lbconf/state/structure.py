"""States: what is in a database, as plain data. Desired and actual states have the same shape.

Names are as the database has them. Types are the server's own words in one
canonical spelling per server, so that two states of one server compare by
equality after `Inspector.normalize`. Tuples are sorted by name, columns keep
their order (which `diff` does not look at).
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Final, TypeAlias

from lbconf.diagnostics import Location
from lbconf.records import dataclass, field

__all__ = [
    "EVERYTHING",
    "Check",
    "Column",
    "ColumnType",
    "Composite",
    "Default",
    "Domain",
    "Enumeration",
    "Exclusion",
    "Extension",
    "ForeignKey",
    "Identity",
    "Index",
    "IndexPart",
    "Opaque",
    "Options",
    "Partition",
    "PrimaryKey",
    "QualifiedName",
    "Sequence",
    "State",
    "Table",
    "Unique",
    "View",
]

EVERYTHING: Final = "*"
"""In `State.owns`: every namespace, also those to come."""

Options: TypeAlias = tuple[tuple[str, str], ...]
"""Facts that only the server knows the names of, as (name, value), in the order in which they are said or found.

The order means nothing: `settle` takes over the one that is there."""


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
    """The enumeration, domain or composite type this is, where it is one."""
    unsigned: bool = False
    """MySQL: no negative numbers."""
    zerofill: bool = False
    """MySQL: shown with leading zeros."""
    values: tuple[str, ...] = ()
    """MySQL: the values of an inline `enum` or `set`."""


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
    name: str | None = None
    """PostgreSQL: the name of the sequence behind it, where it is not the one that the server makes up."""
    type: str | None = None
    """PostgreSQL: the type of a serial's sequence, where it is not the column's."""
    sequence: QualifiedName | None = field(default=None, compare=False)
    """The sequence behind it, in an actual state; in a desired one where a free one of that name is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table."""

    name: str
    type: ColumnType
    nullable: bool = True
    default: Default | None = None
    identity: Identity | None = None
    generated: str | None = None
    """Expression of a generated column."""
    virtual: bool = False
    """Whether a generated column is computed when read instead of stored."""
    on_update: str | None = None
    """MySQL: the expression the column takes when its row changes."""
    charset: str | None = None
    """MySQL: the character set, where it is not the table's."""
    collation: str | None = None
    comment: str | None = None
    options: Options = ()
    """Such as (`storage`, `external`), (`statistics`, `500`), (`invisible`, `true`)."""
    renamed_from: str | None = field(default=None, compare=False)
    backfill: str | None = field(default=None, compare=False)
    """SQL for rows that have no value when the column becomes NOT NULL."""
    source: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrimaryKey:
    """A table's primary key."""

    name: str | None
    """None where the server names none (SQLite, MySQL)."""
    columns: tuple[str, ...]
    include: tuple[str, ...] = ()
    deferrable: str | None = None
    """`immediate`, `deferred` or None."""
    lengths: tuple[int | None, ...] = ()
    """MySQL: how much of each column is part of the key; empty where all of all are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unique:
    """A unique constraint (not a unique index)."""

    name: str
    columns: tuple[str, ...]
    nulls_not_distinct: bool = False
    include: tuple[str, ...] = ()
    deferrable: str | None = None
    """`immediate`, `deferred` or None."""
    renamed_from: str | None = field(default=None, compare=False)
    source: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """An exclusion constraint of PostgreSQL."""

    name: str
    definition: str
    """`EXCLUDE USING ...` as the server reprints it, with what follows it."""
    renamed_from: str | None = field(default=None, compare=False)
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
    """With its parameters, where it has any."""
    length: int | None = None
    """MySQL: how many characters of the column."""


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
    options: Options = ()
    """Storage parameters (`fillfactor`, ...), `invisible`, `parser` of a full-text index, `clustered`."""
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
    set_columns: tuple[str, ...] = ()
    """The columns that `SET NULL` or `SET DEFAULT` sets on delete, where not all are."""
    renamed_from: str | None = field(default=None, compare=False)
    source: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A check constraint."""

    name: str
    expression: str
    """As the server reprints it, after `normalize`."""
    valid: bool = True
    no_inherit: bool = False
    enforced: bool = True
    renamed_from: str | None = field(default=None, compare=False)
    source: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opaque:
    """Something that models cannot say: kept, listed, never dropped."""

    kind: str
    """`trigger`, `function`, `policy`, `rule`, `inheritance`, ..."""
    name: str
    definition: str = ""
    """SQL that makes it again, where the server gives it."""
    uses: "tuple[tuple[QualifiedName, str], ...]" = field(default=(), compare=False)
    """Columns, as (table, column), that stand fast while it is there; an empty column for the table or type itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """One partition of a table. What it has in common with its parent is the parent's."""

    name: QualifiedName
    """MySQL: the partition's name in the namespace of its table."""
    bound: str
    """`FOR VALUES ...`, `DEFAULT`, `VALUES LESS THAN ...`, as the server prints it."""
    by: str | None = None
    """How it is divided itself, as `Table.partition_by`."""
    partitions: "tuple[Partition, ...]" = ()


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
    exclusions: tuple[Exclusion, ...] = ()
    comment: str | None = None
    options: Options = ()
    """Storage facts such as (`without_rowid`, `true`), (`engine`, `InnoDB`), (`unlogged`, `true`),
    (`fillfactor`, `70`), (`replica_identity`, `full`)."""
    partition_by: str | None = None
    """`RANGE (created_at)`, `HASH (id)`, as the server prints it; None for a table that is not divided."""
    partitions: tuple[Partition, ...] = ()
    opaque: tuple[Opaque, ...] = ()
    on_remove: str | None = field(default=None, compare=False)
    """`keep`, `rename` or `drop`: what happens to it once no model asks for it. None: `drop`."""
    accept: tuple[str, ...] = field(default=(), compare=False)
    """Hazards that the model accepts, by name, in a desired state."""
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
    comment: str | None = None
    renamed_from: QualifiedName | None = field(default=None, compare=False)
    value_renames: tuple[tuple[str, str], ...] = field(default=(), compare=False)
    """(old value, new value)."""
    source: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """A domain: a type with a default and checks of its own."""

    name: QualifiedName
    type: ColumnType
    nullable: bool = True
    default: Default | None = None
    collation: str | None = None
    checks: tuple[Check, ...] = ()
    source: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Composite:
    """A composite type; only name, type and collation of its columns count."""

    name: QualifiedName
    columns: tuple[Column, ...]
    source: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """A sequence that no identity column owns. None: the server's default for the type and the direction."""

    name: QualifiedName
    type: str = "bigint"
    start: int | None = None
    increment: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    cache: int | None = None
    cycle: bool = False
    owned_by: tuple[QualifiedName, str] | None = None
    """Table and column whose end is its end, where it is no serial of that column."""
    comment: str | None = None
    renamed_from: QualifiedName | None = field(default=None, compare=False)
    source: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """An extension of the server that the models need."""

    name: str
    namespace: str | None = None
    """None: no opinion."""
    source: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A view or a materialised view: a read-only model.

    lbconf makes one only where a model says its definition, and drops one
    only to change what it stands on, or because lbconf made it.
    """

    name: QualifiedName
    columns: tuple[Column, ...]
    materialized: bool = False
    definition: str = ""
    """The query, as the server prints it; empty in a desired state that says none."""
    options: Options = ()
    """`security_barrier`, `check_option`, ..."""
    indexes: tuple[Index, ...] = ()
    """Of a materialised view."""
    comment: str | None = None
    opaque: tuple[Opaque, ...] = ()
    """Triggers, rules and privileges, made again with it."""
    depends_on: tuple[QualifiedName, ...] = field(default=(), compare=False)
    """Tables and views it reads, and types it names."""
    depends_on_columns: tuple[tuple[QualifiedName, str], ...] = field(default=(), compare=False)
    """Columns it reads, as (table, column)."""
    depends_on_opaque: bool = field(default=False, compare=False)
    """Whether it calls functions that models cannot say."""
    in_place: bool = field(default=False, compare=False)
    """Of a view that is there: whether another definition takes its place while views that read it stay."""
    model: str | None = field(default=None, compare=False)
    source: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, kw_only=True)
class State:
    """The structure of one data source. Without slots, so that it can keep its tables by name."""

    namespaces: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    enumerations: tuple[Enumeration, ...] = ()
    domains: tuple[Domain, ...] = ()
    composites: tuple[Composite, ...] = ()
    sequences: tuple[Sequence, ...] = ()
    extensions: tuple[Extension, ...] = ()
    views: tuple[View, ...] = ()
    opaque: tuple[Opaque, ...] = ()
    owns: tuple[str, ...] = field(default=(), compare=False)
    """Of a desired state: namespaces it speaks for completely. There, what it does not say is not wanted: tables,
    types and sequences may be dropped, and comments, options and names of constraints are compared as they stand."""

    def table(self, name: QualifiedName) -> Table | None:
        """The named table, or None."""
        return self._by_name.get(name)

    def speaks_for(self, namespace: str) -> bool:
        """Whether `owns` names the namespace, or all (`*`)."""
        return bool(self.owns) and (namespace in self.owns or EVERYTHING in self.owns)

    @cached_property
    def _by_name(self) -> Mapping[QualifiedName, Table]:
        return {table.name: table for table in reversed(self.tables)}
