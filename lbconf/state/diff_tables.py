"""Changes inside one table, and those of the indexes of a view."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from lbconf.records import replace
from lbconf.state.changes import (
    AddCheck,
    AddColumn,
    AddExclusion,
    AddForeignKey,
    AddIndex,
    AddPartition,
    AddPrimaryKey,
    AddUnique,
    AlterColumn,
    Change,
    DropCheck,
    DropColumn,
    DropExclusion,
    DropForeignKey,
    DropIndex,
    DropPartition,
    DropPrimaryKey,
    DropUnique,
    RenameColumn,
    RenameConstraint,
    RenameIndex,
    SetTableComment,
    SetTableOptions,
)
from lbconf.state.renames import column_renames
from lbconf.state.structure import (
    Check,
    Exclusion,
    ForeignKey,
    Index,
    Partition,
    QualifiedName,
    Table,
    Unique,
)

__all__ = ["index_changes", "table_changes"]

Part = TypeVar("Part", Unique, ForeignKey, Check, Exclusion, Index)


def table_changes(before: Table, found: Table, wanted: Table) -> Iterator[Change]:
    """Changes inside one table; `found` is `before` with the new names of what is renamed."""
    name = wanted.name
    if found.comment != wanted.comment:
        yield SetTableComment(table=name, before=found.comment, after=wanted.comment)
    if found.options != wanted.options:
        yield SetTableOptions(table=name, before=found.options, after=wanted.options)
    yield from _columns(before, found, wanted)
    yield from _key(found, wanted)
    yield from _uniques(name, found.uniques, wanted.uniques)
    yield from index_changes(name, found.indexes, wanted.indexes)
    yield from _foreign_keys(name, found.foreign_keys, wanted.foreign_keys)
    yield from _checks(name, found.checks, wanted.checks)
    yield from _exclusions(name, found.exclusions, wanted.exclusions)
    yield from _partitions(name, found.partitions, wanted.partitions)


def index_changes(table: QualifiedName, found: Sequence[Index], wanted: Sequence[Index]) -> Iterator[Change]:
    """Indexes that go, come, or get another name."""
    if found == wanted:
        return
    renamed, gone, new = _paired(found, wanted)
    yield from (RenameIndex(table=table, before=one, after=two) for one, two in renamed)
    yield from (DropIndex(table=table, before=part) for part in gone)
    yield from (AddIndex(table=table, after=part) for part in new)


def _columns(before: Table, found: Table, wanted: Table) -> Iterator[Change]:
    if found.columns == wanted.columns and before is found:
        return
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


def _key(found: Table, wanted: Table) -> Iterator[Change]:
    old, new = found.primary_key, wanted.primary_key
    if old == new:
        return
    if old is not None and new is not None and replace(old, name=new.name) == new:
        yield RenameConstraint(table=wanted.name, before=old, after=new)
        return
    if old is not None:
        yield DropPrimaryKey(table=wanted.name, before=old)
    if new is not None:
        yield AddPrimaryKey(table=wanted.name, after=new)


def _uniques(table: QualifiedName, found: Sequence[Unique], wanted: Sequence[Unique]) -> Iterator[Change]:
    renamed, gone, new = _paired(found, wanted)
    yield from (RenameConstraint(table=table, before=one, after=two) for one, two in renamed)
    yield from (DropUnique(table=table, before=part) for part in gone)
    yield from (AddUnique(table=table, after=part) for part in new)


def _foreign_keys(table: QualifiedName, found: Sequence[ForeignKey], wanted: Sequence[ForeignKey]) -> Iterator[Change]:
    renamed, gone, new = _paired(found, wanted)
    yield from (RenameConstraint(table=table, before=one, after=two) for one, two in renamed)
    yield from (DropForeignKey(table=table, before=part) for part in gone)
    yield from (AddForeignKey(table=table, after=part) for part in new)


def _checks(table: QualifiedName, found: Sequence[Check], wanted: Sequence[Check]) -> Iterator[Change]:
    renamed, gone, new = _paired(found, wanted)
    yield from (RenameConstraint(table=table, before=one, after=two) for one, two in renamed)
    yield from (DropCheck(table=table, before=part) for part in gone)
    yield from (AddCheck(table=table, after=part) for part in new)


def _exclusions(table: QualifiedName, found: Sequence[Exclusion], wanted: Sequence[Exclusion]) -> Iterator[Change]:
    renamed, gone, new = _paired(found, wanted)
    yield from (RenameConstraint(table=table, before=one, after=two) for one, two in renamed)
    yield from (DropExclusion(table=table, before=part) for part in gone)
    yield from (AddExclusion(table=table, after=part) for part in new)


def _partitions(table: QualifiedName, found: Sequence[Partition], wanted: Sequence[Partition]) -> Iterator[Change]:
    if found == wanted:
        return
    there = {part.name: part for part in found}
    for part in wanted:
        old = there.pop(part.name, None)
        if old is None:
            yield AddPartition(table=table, after=part)
        elif (old.bound, old.by) != (part.bound, part.by):
            yield DropPartition(table=table, before=old)
            yield AddPartition(table=table, after=part)
        else:
            yield from _partitions(part.name, old.partitions, part.partitions)
    yield from (DropPartition(table=table, before=part) for part in there.values())


def _paired(found: Sequence[Part], wanted: Sequence[Part]) -> tuple[list[tuple[Part, Part]], list[Part], list[Part]]:
    """(old, new) of those that only the name differs of, what goes, and what comes.

    Of several that are alike, the one that `renamedFrom` names is meant, then one whose name nobody else wants.
    """
    if found == wanted:
        return [], [], []
    left = {part.name: part for part in found}
    missing: list[Part] = []
    for part in wanted:
        if left.get(part.name) == part:
            del left[part.name]
        else:
            missing.append(part)
    names = {part.name for part in missing}
    renamed: list[tuple[Part, Part]] = []
    new: list[Part] = []
    for part in missing:
        alike = [other for other in left.values() if _same(other, part)]
        said = left.get(part.renamed_from) if part.renamed_from is not None else None
        old = (
            said
            if said is not None and said in alike
            else min(alike, key=lambda other: (other.name in names, other.name), default=None)
        )
        if old is None:
            new.append(part)
        else:
            del left[old.name]
            renamed.append((old, part))
    return renamed, list(left.values()), new


def _same(one: Part, other: Part) -> bool:
    """Whether only the name differs; a comment is no reason to build an index anew."""
    silent: dict[str, Any] = {"name": ""} | ({"comment": None} if hasattr(one, "comment") else {})
    return bool(replace(one, **silent) == replace(other, **silent))
