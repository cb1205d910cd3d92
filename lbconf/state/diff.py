"""Changes that lead from an actual state to a desired one.

Both states must be of one server and `desired` normalised by its inspector.
What the desired state has no opinion on (`settle`) never makes a change:
comments, collations, storage options, names of constraints that are equal in
everything else, and everything opaque. In the namespaces that the desired
state owns everything counts but what is opaque.
"""

from collections.abc import Collection, Iterator, Mapping

from lbconf.records import dataclass, replace
from lbconf.state.changes import (
    AddForeignKey,
    AlterSequence,
    Change,
    CreateTable,
    DropForeignKey,
    DropIndex,
    DropPrimaryKey,
    DropTable,
    DropUnique,
    RenameConstraint,
    RenameTable,
)
from lbconf.state.diff_tables import table_changes
from lbconf.state.diff_types import type_changes, view_changes
from lbconf.state.renames import renamed_state, table_renames
from lbconf.state.settle import settle
from lbconf.state.structure import ForeignKey, QualifiedName, State, Table
from lbconf.state.unneeded import NOTHING_MADE, Made, owned_tables, unneeded, unneeded_views

__all__ = ["Difference", "compare", "diff"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What comparing two states found."""

    changes: tuple[Change, ...]
    """In no particular order, the same each time; empty where the states agree."""
    settled: State
    """The desired state with what it leaves open as it is in the actual one."""
    remade: frozenset[QualifiedName] = frozenset()
    """Tables that can only be dropped and made again, because they are to be divided otherwise."""


def diff(actual: State, desired: State, *, droppable: Collection[QualifiedName] = ()) -> tuple[Change, ...]:
    """The changes of `compare`."""
    return compare(actual, desired, droppable=droppable).changes


def compare(
    actual: State,
    desired: State,
    *,
    droppable: Collection[QualifiedName] = (),
    made: Made = NOTHING_MADE,
    staying: Collection[QualifiedName] = (),
    others: Collection[QualifiedName] = (),
    agreed: Collection[QualifiedName] = frozenset(),
) -> Difference:
    """How the states differ.

    Args:
        actual: What is there.
        desired: What should be there, normalised.
        droppable: Tables of `actual` that may go when `desired` lacks them; others are left alone, unless the
            desired state owns their namespace.
        made: What else lbconf made, which goes when nobody asks for it any more.
        staying: Tables that are kept or parked where they would be dropped.
        others: What somebody else asks for in the same database, and so is never dropped.
        agreed: Tables that are known to be equal in both states, and are not compared again.
    """
    renames = table_renames(actual, desired)
    now = renamed_state(actual, desired, agreed=agreed)
    equal: set[QualifiedName] = set()
    wanted = settle(now, desired, equal=equal, agreed=agreed if now is actual else frozenset())
    originals = {table.name: table for table in actual.tables}
    old_names = {new: old for old, new in renames}
    changes: list[Change] = [*type_changes(actual, now, wanted)]
    remade: set[QualifiedName] = set()
    for table in wanted.tables:
        found = now.table(table.name)
        if found is None:
            changes += _created(table)
            continue
        before = originals[old_names.get(table.name, table.name)]
        if before is found and table.name in equal:
            continue
        if before.name != found.name:
            changes.append(RenameTable(before=before, after=table))
        if found.partition_by != table.partition_by:
            changes += [DropTable(before=found), *_created(table)]
            remade.add(table.name)
            continue
        if before is not found or found != table:
            changes += table_changes(before, found, table)
    changes += view_changes(now, wanted, remade=remade, going=unneeded_views(now, wanted, made))
    gone = {*droppable, *owned_tables(actual, desired)}
    gone -= {table.name for table in wanted.tables} | {old for old, _ in renames} | {*others}
    changes += unneeded(now, wanted, gone=gone, remade=remade, made=made, staying=staying, others=others)
    aside = _aside(changes, now, wanted, remade, gone - {*staying})
    if aside:
        # A foreign key that steps aside comes again under its new name.
        away = {(change.table, change.before.name) for change in aside if isinstance(change, DropForeignKey)}
        changes = [change for change in changes if not _renames_one_of(change, away)] + aside
    if remade:
        changes = _saving_sequences(changes, now, wanted, remade)
    return Difference(changes=tuple(changes), settled=wanted, remade=frozenset(remade))


def _created(table: Table) -> Iterator[Change]:
    yield CreateTable(after=replace(table, foreign_keys=()))
    for key in table.foreign_keys:
        yield AddForeignKey(table=table.name, after=key)


def _aside(
    changes: Collection[Change],
    now: State,
    wanted: State,
    remade: Collection[QualifiedName],
    gone: Collection[QualifiedName],
) -> list[Change]:
    """Foreign keys that stay and have to step aside, because what they point at goes and comes again."""
    keys = _dropped_keys(changes, now)
    if not keys and not remade and not gone:
        return []
    dropped = {(change.table, change.before.name) for change in changes if isinstance(change, DropForeignKey)}
    found: list[Change] = []
    for table in now.tables:
        if table.name in remade or table.name in gone:
            continue
        after = wanted.table(table.name)
        for key in table.foreign_keys:
            lost = key.target in gone
            if (table.name, key.name) in dropped or not (lost or key.target in remade or _needs(key, keys)):
                continue
            found.append(DropForeignKey(table=table.name, before=key))
            again = key if after is None else next((one for one in after.foreign_keys if _alike(one, key)), None)
            if again is not None and not lost:
                found.append(AddForeignKey(table=table.name, after=again))
    return found


def _alike(one: ForeignKey, other: ForeignKey) -> bool:
    """Whether at most the name differs."""
    return replace(one, name=other.name) == other


def _renames_one_of(change: Change, keys: Collection[tuple[QualifiedName, str]]) -> bool:
    return (
        isinstance(change, RenameConstraint)
        and isinstance(change.before, ForeignKey)
        and (change.table, change.before.name) in keys
    )


def _saving_sequences(
    changes: list[Change], now: State, wanted: State, remade: Collection[QualifiedName]
) -> list[Change]:
    """The changes; a sequence that would go with a table that is made again lets go of it before, and is its after."""
    asked = {one.name: one for one in wanted.sequences}
    altered = {change.after.name: change for change in changes if isinstance(change, AlterSequence)}
    for one in now.sequences:
        after = asked.get(one.name)
        if one.owned_by is None or one.owned_by[0] not in remade or after is None:
            continue
        change = altered.get(one.name)
        before = one if change is None else change.before
        free = replace(before, owned_by=None)
        if change is not None:
            changes.remove(change)
        changes += [AlterSequence(before=before, after=free), AlterSequence(before=free, after=after)]
    return changes


def _dropped_keys(changes: Collection[Change], now: State) -> Mapping[QualifiedName, list[frozenset[str]]]:
    """The columns of each table of which a key goes."""
    found: dict[QualifiedName, list[frozenset[str]]] = {}
    for change in changes:
        match change:
            case DropPrimaryKey(table=table, before=key) | DropUnique(table=table, before=key):
                found.setdefault(table, []).append(frozenset(key.columns))
            case DropIndex(table=table, before=index) if index.unique:
                columns = [part.column for part in index.parts]
                found.setdefault(table, []).append(frozenset(name for name in columns if name is not None))
            case _:
                pass
    return {name: keys for name, keys in found.items() if now.table(name) is not None}


def _needs(key: ForeignKey, keys: Mapping[QualifiedName, list[frozenset[str]]]) -> bool:
    return frozenset(key.target_columns) in keys.get(key.target, ())
