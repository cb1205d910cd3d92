"""What a desired state leaves open, taken over from the actual one."""

from typing import TypeVar

from lbconf.records import replace
from lbconf.state.structure import (
    Check,
    Column,
    ForeignKey,
    Index,
    IndexPart,
    State,
    Table,
    Unique,
)

__all__ = ["settle"]

Named = TypeVar("Named", Unique, ForeignKey, Check)


def settle(actual: State, desired: State) -> State:
    """The desired state with everything it has no opinion on as it is in the actual one (after renames).

    Comments and collations that are not said, storage options, opaque parts,
    and names of constraints that are there already under another name. A
    unique constraint and a plain unique index on the same columns do the same:
    whichever is there stays.
    """
    tables = tuple(_settled(actual.table(table.name), table) for table in desired.tables)
    return replace(desired, tables=tables)


def _settled(found: Table | None, wanted: Table) -> Table:
    if found is None:
        return wanted
    if found == wanted:
        return wanted
    wanted = _settled_uniqueness(found, wanted)
    key = wanted.primary_key
    if key is not None and found.primary_key is not None and key.columns == found.primary_key.columns:
        key = found.primary_key
    columns = {column.name: column for column in found.columns}
    indexes = {index.name: index for index in found.indexes}
    return replace(
        wanted,
        columns=tuple(_settled_column(columns.get(column.name), column) for column in wanted.columns),
        primary_key=key,
        uniques=_settled_names(found.uniques, wanted.uniques),
        foreign_keys=_settled_names(found.foreign_keys, wanted.foreign_keys),
        checks=_settled_names(found.checks, wanted.checks),
        indexes=tuple(_settled_index(indexes.get(index.name), index) for index in wanted.indexes),
        comment=found.comment if wanted.comment is None else wanted.comment,
        options=found.options,
        opaque=found.opaque,
    )


def _settled_column(found: Column | None, wanted: Column) -> Column:
    if found is None:
        return wanted
    comment = found.comment if wanted.comment is None else wanted.comment
    collation = found.collation if wanted.collation is None else wanted.collation
    if comment == wanted.comment and collation == wanted.collation:
        return wanted
    return replace(wanted, comment=comment, collation=collation)


def _settled_names(found: tuple[Named, ...], wanted: tuple[Named, ...]) -> tuple[Named, ...]:
    if all(part in found for part in wanted):
        return wanted
    asked = {part.name for part in wanted}
    free = [part for part in found if part.name not in asked]
    settled: list[Named] = []
    for part in wanted:
        same = next((other for other in free if replace(other, name=part.name) == part), None)
        if same is None or part in found:
            settled.append(part)
        else:
            free.remove(same)
            settled.append(replace(part, name=same.name))
    return tuple(sorted(settled, key=lambda part: part.name))


def _settled_index(found: Index | None, wanted: Index) -> Index:
    if found is None or found.comment is None or wanted.comment is not None:
        return wanted
    return replace(wanted, comment=found.comment)


def _settled_uniqueness(found: Table, wanted: Table) -> Table:
    if not wanted.uniques and not any(index.unique for index in wanted.indexes):
        return wanted
    uniques, indexes = list(wanted.uniques), list(wanted.indexes)
    for unique in wanted.uniques:
        index = next((i for i in found.indexes if _plain(i) == unique.columns), None)
        if index is not None and not any(u.columns == unique.columns for u in found.uniques):
            uniques.remove(unique)
            if not any(_plain(other) == unique.columns for other in indexes):
                indexes.append(index)
    asked = {index.name for index in wanted.indexes}
    there = {index.name for index in found.indexes}
    for index in wanted.indexes:
        same = next((u for u in found.uniques if u.columns == _plain(index)), None)
        # An index that is there under another name would rather be renamed, unless it is wanted as it is.
        free = [i for i in found.indexes if i.name not in asked and _plain(i) == _plain(index)]
        if same is not None and index.name not in there and (not free or same.name == index.name):
            indexes.remove(index)
            if same.columns not in {u.columns for u in uniques}:
                uniques.append(same)
    return replace(
        wanted,
        uniques=tuple(sorted(uniques, key=lambda unique: unique.name)),
        indexes=tuple(sorted(indexes, key=lambda index: index.name)),
    )


def _plain(index: Index) -> tuple[str, ...] | None:
    """Columns of a unique index that a unique constraint could stand for; None for any other index."""
    if not index.unique or index.where is not None or not index.valid or index.include:
        return None
    columns = tuple(
        part.column for part in index.parts if part.column is not None and part == IndexPart(column=part.column)
    )
    return columns if len(columns) == len(index.parts) else None
