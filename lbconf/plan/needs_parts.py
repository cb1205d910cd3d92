"""Needs of columns, keys, indexes and types, which several kinds of changes have in common. Part of `needs`."""

from collections.abc import Iterable
from typing import TypeAlias

from lbconf.plan.needs_words import words
from lbconf.records import dataclass, field
from lbconf.state.rewrite import counted
from lbconf.state.structure import (
    Column,
    Domain,
    Exclusion,
    ForeignKey,
    Index,
    Partition,
    PrimaryKey,
    QualifiedName,
    Table,
    Unique,
)

__all__ = [
    "Key",
    "Needs",
    "as_column",
    "backfill_reads",
    "column_set",
    "column_there",
    "column_used",
    "constraint_names",
    "counts_anew",
    "gone_type",
    "index_gone",
    "index_made",
    "key_gone",
    "key_made",
    "keys",
    "made_type",
    "partition_gone",
    "partition_made",
    "pointing",
    "relation_keys",
    "relations",
    "releases_types",
    "uses_types",
]

Key: TypeAlias = tuple[object, ...]


@dataclass(slots=True)
class Needs:
    """Of one change."""

    wants: set[Key] = field(default_factory=set)
    """Must be there before it."""
    gives: set[Key] = field(default_factory=set)
    """Is there after it."""
    lets_go: set[Key] = field(default_factory=set)
    """Is used no more, or not taken, after it."""
    ends: set[Key] = field(default_factory=set)
    """Must not be used, or taken, before it."""


def column_there(table: QualifiedName, column: Column, found: Needs) -> None:
    """A column is there in the form it is to have."""
    found.gives |= {("column", table, column.name), ("columns", table), *relation_keys("columns of", table)}
    uses_types((column,), found)
    _counted_alone(column, found)
    if column.generated is not None:
        others = words(column.generated) - {column.name}
        found.wants |= {("column", table, word) for word in others}


def backfill_reads(table: QualifiedName, column: Column, found: Needs) -> None:
    """What fills the rows reads other columns as they are to be, and those that go before they are gone."""
    if column.backfill is not None:
        for word in words(column.backfill) - {column.name}:
            found.wants |= {("column", table, word), ("renamed", table, word)}
            found.lets_go.add(("read to fill", table, word))


def column_used(table: QualifiedName, column: Column, found: Needs) -> None:
    """What the column, as it was, held fast."""
    _counted_alone(column, found)
    if column.generated is not None:
        found.lets_go |= {("using", table, word) for word in words(column.generated) - {column.name}}
    if column.default is not None:
        found.lets_go |= {("counting", name) for name in counted(column.default.expression)}


def counts_anew(column: Column) -> set[Key]:
    """The name of a new column's sequence, which has to be free."""
    own = column.identity
    return set() if own is None or own.sequence is None else {("free", own.sequence)}


def _counted_alone(column: Column, found: Needs) -> None:
    """The column's sequence may go: no other column may count with it any more."""
    if column.identity is not None and column.identity.sequence is not None:
        found.ends |= {*relation_keys("counting", column.identity.sequence)}


def columns_used(table: QualifiedName, names: Iterable[str], found: Needs) -> None:
    for name in names:
        found.wants |= {("column", table, name), ("renamed", table, name)}


def key_made(table: QualifiedName, key: PrimaryKey | Unique, found: Needs) -> None:
    """A primary key or unique constraint comes."""
    columns_used(table, (*key.columns, *key.include), found)
    found.gives |= {("key", table, column_set(key.columns)), ("index", table, key.name)}
    found.ends |= constraint_names(table, key, key.name)


def key_gone(table: QualifiedName, key: PrimaryKey | Unique, found: Needs) -> None:
    """One goes."""
    found.lets_go |= {("using", table, name) for name in (*key.columns, *key.include)}
    found.lets_go |= constraint_names(table, key, key.name)
    _needed_no_more(table, key.columns, found)


def index_made(table: QualifiedName, index: Index, found: Needs) -> None:
    """An index comes."""
    columns_used(table, columns_of(index), found)
    if index.where is not None or any(part.expression is not None for part in index.parts):
        found.wants.add(("columns", table))
    if index.unique and index.where is None:
        found.gives.add(("key", table, column_set(part.column for part in index.parts)))
    found.gives.add(("index", table, index.name))
    found.ends.add(("free", QualifiedName(table.namespace, index.name)))


def index_gone(table: QualifiedName, index: Index, found: Needs) -> None:
    """One goes."""
    found.lets_go |= {("using", table, name) for name in columns_of(index)}
    found.lets_go |= {("checking", table), ("free", QualifiedName(table.namespace, index.name))}
    if index.unique:
        _needed_no_more(table, [part.column for part in index.parts], found)


def _needed_no_more(table: QualifiedName, columns: Iterable[str | None], found: Needs) -> None:
    """No foreign key needs what goes: old ones are gone, new ones are not there yet, or they might choose it."""
    found.ends.add(("needing", table, column_set(columns)))
    found.lets_go.add(("to be needed", table, column_set(columns)))


def pointing(table: QualifiedName, key: ForeignKey, found: Needs) -> None:
    """A foreign key comes."""
    found.wants |= {("table", key.target), ("key", key.target, column_set(key.target_columns))}
    columns_used(table, (*key.columns, *key.set_columns), found)
    columns_used(key.target, key.target_columns, found)
    found.ends |= {("free constraint", table, key.name), ("to be needed", key.target, column_set(key.target_columns))}


def partition_made(part: Partition, found: Needs) -> None:
    """A partition comes."""
    found.gives.add(("table", part.name))
    found.wants.add(("namespace", part.name.namespace))
    found.ends.add(("free", part.name))
    for inner in part.partitions:
        partition_made(inner, found)
    found.wants -= found.gives


def partition_gone(part: Partition, found: Needs) -> None:
    """One goes."""
    found.lets_go |= {("free", part.name), ("in", part.name.namespace)}
    for inner in part.partitions:
        partition_gone(inner, found)


def made_type(name: QualifiedName, found: Needs) -> None:
    """A type comes."""
    found.gives.add(("type", name))
    found.wants.add(("namespace", name.namespace))
    found.ends.add(("free type", name))


def gone_type(name: QualifiedName, found: Needs) -> None:
    """One goes."""
    found.ends.add(("typed", name))
    found.lets_go |= {("free type", name), ("in", name.namespace)}


def uses_types(columns: Iterable[Column], found: Needs) -> None:
    """Columns have types and count with sequences."""
    for column in columns:
        named = column.type.enumeration
        if named is not None:
            found.wants |= {("type", named), ("values", named)}
        if column.default is not None:
            found.wants |= {("sequence", name) for name in counted(column.default.expression)}


def releases_types(columns: Iterable[Column], found: Needs) -> None:
    """They no longer do."""
    for column in columns:
        if column.type.enumeration is not None:
            found.lets_go.add(("typed", column.type.enumeration))
        if column.default is not None:
            found.lets_go |= {("counting", name) for name in counted(column.default.expression)}


def as_column(domain: Domain) -> Column:
    """What a domain says of its type."""
    return Column(name=domain.name.name, type=domain.type, default=domain.default)


def constraint_names(table: QualifiedName, part: object, name: str | None) -> set[Key]:
    """Names that a constraint takes: in its table, and among the relations where an index stands behind it."""
    if name is None:
        return set()
    found: set[Key] = {("free constraint", table, name)}
    if isinstance(part, PrimaryKey | Unique | Exclusion):
        found.add(("free", QualifiedName(table.namespace, name)))
    return found


def relations(table: Table) -> set[QualifiedName]:
    """Names that a table takes among the relations of its namespace."""
    names = [part.name for part in table.indexes] + [part.name for part in table.uniques]
    names += [part.name for part in table.exclusions]
    if table.primary_key is not None and table.primary_key.name is not None:
        names.append(table.primary_key.name)
    return {table.name, *(QualifiedName(table.name.namespace, name) for name in names)}


def keys(table: Table) -> Iterable[Iterable[str | None]]:
    """The columns of each key that a foreign key may point at."""
    if table.primary_key is not None:
        yield table.primary_key.columns
    for unique in table.uniques:
        yield unique.columns
    for index in table.indexes:
        if index.unique and index.where is None:
            yield [part.column for part in index.parts]


def columns_of(index: Index) -> list[str]:
    return [part.column for part in index.parts if part.column is not None] + list(index.include)


def column_set(columns: Iterable[str | None]) -> frozenset[str | None]:
    """Columns whose order does not matter."""
    return frozenset(columns)


def relation_keys(kind: str, name: QualifiedName) -> tuple[Key, Key]:
    """A name as it may be written: with its namespace or without."""
    return (kind, name), (kind, QualifiedName("", name.name))
