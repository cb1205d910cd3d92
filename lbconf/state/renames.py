"""Renames that the desired state says, applied to an actual state."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

from lbconf.records import replace
from lbconf.state.structure import (
    Column,
    ForeignKey,
    Index,
    PrimaryKey,
    QualifiedName,
    State,
    Table,
)

__all__ = ["column_renames", "renamed_state", "table_renames"]

Name = TypeVar("Name", bound=Hashable)


def table_renames(actual: State, desired: State) -> tuple[tuple[QualifiedName, QualifiedName], ...]:
    """(old name, new name) in an order that can be executed."""
    return _renames(
        [table.name for table in actual.tables],
        [(t.name, t.renamed_from) for t in desired.tables],
    )


def column_renames(actual: Table, desired: Table) -> tuple[tuple[str, str], ...]:
    """(old name, new name) in an order that can be executed."""
    return _renames(
        [c.name for c in actual.columns],
        [(c.name, c.renamed_from) for c in desired.columns],
    )


def renamed_state(actual: State, desired: State) -> State:
    """The actual state as it is once all renames of tables and columns are done.

    Foreign keys, keys and indexes follow the new names, as servers let them.
    Expressions (checks, partial indexes) stay as they were.
    """
    tables = dict(table_renames(actual, desired))
    wanted = {table.name: table for table in desired.tables}
    columns: dict[QualifiedName, Mapping[str, str]] = {}
    for table in actual.tables:
        after = wanted.get(tables.get(table.name, table.name))
        columns[table.name] = dict(column_renames(table, after)) if after is not None else {}
    if not tables and not any(columns.values()):
        return actual
    return replace(
        actual,
        tables=tuple(_renamed_table(table, tables, columns) for table in actual.tables),
    )


def _renames(there: Iterable[Name], wanted: Sequence[tuple[Name, Name | None]]) -> tuple[tuple[Name, Name], ...]:
    said = {new: old for new, old in wanted if old is not None and old != new}
    if not said:
        return ()
    names = set(there)
    asked = {new for new, _ in wanted}
    done: list[tuple[Name, Name]] = []
    while True:
        # The old name may go on to mean something else only if that, too, comes from a rename.
        found = next(
            (
                (old, new)
                for new, old in said.items()
                if new not in names and old in names and (old not in asked or said.get(old) in names)
            ),
            None,
        )
        if found is None:
            return tuple(done)
        done.append(found)
        names.remove(found[0])
        names.add(found[1])
        del said[found[1]]


def _renamed_table(
    table: Table,
    tables: Mapping[QualifiedName, QualifiedName],
    columns: Mapping[QualifiedName, Mapping[str, str]],
) -> Table:
    own = columns[table.name]
    return replace(
        table,
        name=tables.get(table.name, table.name),
        columns=tuple(_renamed_column(column, own) for column in table.columns),
        primary_key=_renamed_key(table.primary_key, own),
        uniques=tuple(replace(part, columns=_renamed(part.columns, own)) for part in table.uniques),
        indexes=tuple(_renamed_index(index, own) for index in table.indexes),
        foreign_keys=tuple(_renamed_foreign_key(key, own, tables, columns) for key in table.foreign_keys),
    )


def _renamed(names: tuple[str, ...], renames: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(renames.get(name, name) for name in names)


def _renamed_column(column: Column, renames: Mapping[str, str]) -> Column:
    return replace(column, name=renames.get(column.name, column.name))


def _renamed_key(key: PrimaryKey | None, renames: Mapping[str, str]) -> PrimaryKey | None:
    return None if key is None else replace(key, columns=_renamed(key.columns, renames))


def _renamed_index(index: Index, renames: Mapping[str, str]) -> Index:
    parts = tuple(
        part if part.column is None else replace(part, column=renames.get(part.column, part.column))
        for part in index.parts
    )
    return replace(index, parts=parts, include=_renamed(index.include, renames))


def _renamed_foreign_key(
    key: ForeignKey,
    own: Mapping[str, str],
    tables: Mapping[QualifiedName, QualifiedName],
    columns: Mapping[QualifiedName, Mapping[str, str]],
) -> ForeignKey:
    return replace(
        key,
        columns=_renamed(key.columns, own),
        target=tables.get(key.target, key.target),
        target_columns=_renamed(key.target_columns, columns.get(key.target, {})),
    )
