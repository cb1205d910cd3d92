"""Changes that lead from an actual state to a desired one.

Both states must be of one server and `desired` normalised by its inspector.
What the desired state has no opinion on (`settle`) never makes a change:
comments, collations, storage options, names of constraints that are equal in
everything else, and everything opaque.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import TypeVar

from lbconf.records import dataclass, replace
from lbconf.state.changes import (
    AddCheck,
    AddColumn,
    AddEnumerationValues,
    AddForeignKey,
    AddIndex,
    AddPrimaryKey,
    AddUnique,
    AlterColumn,
    Change,
    CreateEnumeration,
    CreateNamespace,
    CreateTable,
    DropCheck,
    DropColumn,
    DropForeignKey,
    DropIndex,
    DropPrimaryKey,
    DropTable,
    DropUnique,
    RebuildEnumeration,
    RenameColumn,
    RenameIndex,
    RenameTable,
    SetTableComment,
)
from lbconf.state.renames import column_renames, renamed_state, table_renames
from lbconf.state.settle import settle
from lbconf.state.structure import (
    Check,
    Enumeration,
    ForeignKey,
    Index,
    QualifiedName,
    State,
    Table,
    Unique,
)

__all__ = ["Difference", "compare", "diff"]

Part = TypeVar("Part", Unique, ForeignKey, Check)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What comparing two states found."""

    changes: tuple[Change, ...]
    """In no particular order, the same each time; empty where the states agree."""
    settled: State
    """The desired state with what it leaves open as it is in the actual one."""


def diff(actual: State, desired: State, *, droppable: Collection[QualifiedName] = ()) -> tuple[Change, ...]:
    """The changes of `compare`."""
    return compare(actual, desired, droppable=droppable).changes


def compare(actual: State, desired: State, *, droppable: Collection[QualifiedName] = ()) -> Difference:
    """How the states differ.

    Args:
        actual: What is there.
        desired: What should be there, normalised.
        droppable: Tables of `actual` that may go when `desired` lacks them; all others are left alone.
    """
    renames = table_renames(actual, desired)
    now = renamed_state(actual, desired)
    wanted = settle(now, desired)
    changes: list[Change] = [CreateNamespace(name=name) for name in wanted.namespaces if name not in now.namespaces]
    changes += _enumerations(now, wanted)
    originals = {table.name: table for table in actual.tables}
    by_name = {table.name: table for table in wanted.tables}
    changes += [RenameTable(before=originals[old], after=by_name[new]) for old, new in renames]
    old_names = {new: old for old, new in renames}
    for table in wanted.tables:
        found = now.table(table.name)
        if found is None:
            changes += _created(table)
            continue
        before = originals[old_names.get(table.name, table.name)]
        if before is not found or found != table:
            changes += _table(before, found, table)
    gone = set(droppable) - {table.name for table in wanted.tables} - {old for old, _ in renames}
    changes += [DropTable(before=table) for table in now.tables if table.name in gone]
    return Difference(changes=tuple(changes), settled=wanted)


def _created(table: Table) -> Iterator[Change]:
    yield CreateTable(after=replace(table, foreign_keys=()))
    for key in table.foreign_keys:
        yield AddForeignKey(table=table.name, after=key)


def _enumerations(actual: State, desired: State) -> Iterator[Change]:
    there = {found.name: found for found in actual.enumerations}
    for wanted in desired.enumerations:
        found = there.get(wanted.name)
        if found is None:
            yield CreateEnumeration(after=wanted)
        elif found.values != wanted.values:
            extends = _is_subsequence(found, wanted)
            yield (AddEnumerationValues if extends else RebuildEnumeration)(before=found, after=wanted)


def _is_subsequence(found: Enumeration, wanted: Enumeration) -> bool:
    remaining = iter(wanted.values)
    return all(value in remaining for value in found.values)


def _table(before: Table, found: Table, wanted: Table) -> Iterator[Change]:
    """Changes inside one table; `found` is `before` with the new names of what is renamed."""
    name = wanted.name
    if found.comment != wanted.comment:
        yield SetTableComment(table=name, before=found.comment, after=wanted.comment)
    yield from _columns(before, found, wanted)
    if found.primary_key != wanted.primary_key:
        if found.primary_key is not None:
            yield DropPrimaryKey(table=name, before=found.primary_key)
        if wanted.primary_key is not None:
            yield AddPrimaryKey(table=name, after=wanted.primary_key)
    yield from (DropUnique(table=name, before=part) for part in _without(found.uniques, wanted.uniques))
    yield from (AddUnique(table=name, after=part) for part in _without(wanted.uniques, found.uniques))
    yield from _indexes(found, wanted)
    yield from (DropForeignKey(table=name, before=part) for part in _without(found.foreign_keys, wanted.foreign_keys))
    yield from (AddForeignKey(table=name, after=part) for part in _without(wanted.foreign_keys, found.foreign_keys))
    yield from (DropCheck(table=name, before=part) for part in _without(found.checks, wanted.checks))
    yield from (AddCheck(table=name, after=part) for part in _without(wanted.checks, found.checks))


def _without(parts: Iterable[Part], others: Iterable[Part]) -> list[Part]:
    known = list(others)
    return [part for part in parts if part not in known]


def _columns(before: Table, found: Table, wanted: Table) -> Iterator[Change]:
    asked = {column.name: column for column in wanted.columns}
    for old_name, name in column_renames(before, wanted):
        old = before.column(old_name)
        if old is not None:
            yield RenameColumn(table=wanted.name, before=old, after=asked[name])
    for column in found.columns:
        after = asked.pop(column.name, None)
        if after is None:
            yield DropColumn(table=wanted.name, before=column)
            continue
        if column != after:
            yield AlterColumn(table=wanted.name, before=column, after=after)
    yield from (AddColumn(table=wanted.name, after=column) for column in asked.values())


def _indexes(found: Table, wanted: Table) -> Iterator[Change]:
    there = {index.name: index for index in found.indexes}
    asked = {index.name for index in wanted.indexes}
    for index in wanted.indexes:
        same_name = there.pop(index.name, None)
        if same_name == index:
            continue
        if same_name is not None:
            yield DropIndex(table=wanted.name, before=same_name)
            yield AddIndex(table=wanted.name, after=index)
            continue
        old = next(
            (other for other in there.values() if other.name not in asked and _same_index(other, index)),
            None,
        )
        if old is None:
            yield AddIndex(table=wanted.name, after=index)
        else:
            del there[old.name]
            yield RenameIndex(table=wanted.name, before=old, after=index)
    yield from (DropIndex(table=wanted.name, before=index) for index in there.values())


def _same_index(one: Index, other: Index) -> bool:
    return replace(one, name="", comment=None) == replace(other, name="", comment=None)
