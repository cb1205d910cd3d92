"""Steps that hold up readers and writers as little as PostgreSQL allows, in place of the plain ones.

Each plain step takes its locks until the end of the plan's one transaction. Here a
plan that builds, checks or fills anything is several: what takes a strong lock is
short and lets go of it, what takes long takes a weak one and no transaction. What
a crash leaves in between is a state that the next plan starts from.

Source: PostgreSQL manual, pages CREATE INDEX (concurrently), ALTER TABLE (notes), section 13.3.
"""

from collections.abc import Mapping, Sequence
from typing import assert_never

from lbconf.connectors.postgresql.online_columns import column_added, column_required, filling_finished
from lbconf.connectors.postgresql.online_constraints import (
    check_added,
    foreign_key_added,
    key_added,
    unique_added,
    validated,
)
from lbconf.connectors.postgresql.online_indexes import (
    index_built,
    index_built_in_parts,
    index_dropped,
    index_replaced,
)
from lbconf.records import dataclass, field, replace
from lbconf.state import changes as c
from lbconf.state.steps import Step
from lbconf.state.structure import Index, QualifiedName, State, Table

__all__ = ["OnlineView", "arranged", "left_over", "online_steps", "online_view"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineView:
    """What the online steps of one plan know of each other."""

    there: Mapping[QualifiedName, Table]
    """Tables that may have rows and users, as they are now, by the name they have at the end."""
    validations: Mapping[int, int]
    """Constraints that are there but not valid: the place of the drop, by that of the addition, for which it is
    enough to validate what is there."""
    places: Mapping[int, int]
    """Place of a change among all, by its identity."""
    divided: frozenset[QualifiedName] = frozenset()
    """Tables that are, or will be, partitioned."""
    parted: frozenset[QualifiedName] = frozenset()
    """Tables whose partitions come or go."""
    redefined: Mapping[tuple[QualifiedName, str], Index] = field(default_factory=dict)
    """Indexes that become others of the same name while nothing else of their tables changes."""

    def table(self, name: QualifiedName) -> Table | None:
        """The table as it is, unless this plan makes it."""
        return self.there.get(name)


def online_view(changes: Sequence[c.Change], actual: State) -> OnlineView:
    """What there is to know of these changes."""
    there = {table.name: table for table in actual.tables}
    made = [change.after for change in changes if isinstance(change, c.CreateTable)]
    for change in changes:
        if isinstance(change, c.RenameTable) and change.before.name in there:
            there[change.after.name] = there.pop(change.before.name)
        if isinstance(change, c.CreateTable):
            there.pop(change.after.name, None)
    return OnlineView(
        there=there,
        validations=_validations(changes),
        places={id(change): place for place, change in enumerate(changes)},
        divided=frozenset(table.name for table in [*there.values(), *made] if table.partition_by is not None),
        redefined=_redefined(changes),
        parted=frozenset(change.table for change in changes if isinstance(change, c.AddPartition | c.DropPartition)),
    )


def online_steps(change: c.Change, plain: tuple[Step, ...], view: OnlineView) -> tuple[Step, ...]:
    """The steps of a change; the plain ones where they are as good, or where there is no other way."""
    table = _table_of(change, view)
    place = view.places[id(change)]
    if table is None or len(plain) != 1:
        return plain
    (step,) = plain
    if place in view.validations.values():
        return ()
    if place in view.validations:
        assert isinstance(change, c.AddForeignKey | c.AddCheck)  # noqa: S101 - see `_validations`
        return (validated(change.table, change.after.name, step),)
    divided = table.partition_by is not None
    match change:
        case c.AddIndex() | c.DropIndex():
            return _index(change, table, step, view)
        case c.AddForeignKey(table=name, after=key) if key.valid and not divided and key.target not in view.divided:
            # Validating one that points at a partitioned table leaves those of its partitions as they were, before 18.
            return foreign_key_added(name, key, step)
        case c.AddCheck(table=name, after=check) if check.valid and check.enforced:
            return check_added(name, check, step)
        case c.AddUnique(table=name, after=unique) if not divided:
            return unique_added(name, unique, step)
        case c.AddPrimaryKey(table=name, after=key) if not divided:
            return key_added(name, key, step)
        case c.AddColumn(table=name, after=column):
            return column_added(name, column, table, step)
        case c.AlterColumn(table=name, before=before, after=after):
            return column_required(name, before, after, table, step)
        case _:
            return plain


def _index(change: c.AddIndex | c.DropIndex, table: Table, step: Step, view: OnlineView) -> tuple[Step, ...]:
    name, divided = change.table, table.partition_by is not None
    match change:
        case c.AddIndex(after=index):
            if name in view.parted:
                return (step,)
            if divided:
                return index_built_in_parts(name, index, table.partitions, step)
            former = view.redefined.get((name, index.name))
            return index_built(name, index, step) if former is None else index_replaced(name, former, index, step)
        case c.DropIndex(before=index) if not divided:
            return () if (name, index.name) in view.redefined else (index_dropped(name, index, step),)
        case c.DropIndex():
            return (step,)
        case _:
            assert_never(change)


def left_over(change: c.Change, actual: State) -> tuple[Step, ...] | None:
    """The steps that bring to its end what an online plan left half done, whichever way this plan goes."""
    if not isinstance(change, c.DropCheck):
        return None
    there = actual.table(change.table)
    return None if there is None else filling_finished(change.table, change.before, there)


def arranged(steps: Sequence[Step], view: OnlineView) -> tuple[Step, ...]:
    """The same steps, each table's in transactions of their own where anything is done outside the one transaction."""
    if all(step.transactional and not step.apart for step in steps):
        return tuple(steps)
    found: list[Step] = []
    for step in steps:
        last = found[-1] if found else None
        alike = last is not None and _held(last, view) == _held(step, view) and not (last.rewrites or step.rewrites)
        found.append(step if not step.transactional or alike else replace(step, apart=True))
    return tuple(found)


def _held(step: Step, view: OnlineView) -> QualifiedName | None:
    """The table with users that a step locks."""
    return step.table if step.table is not None and view.table(step.table) is not None else None


def _table_of(change: c.Change, view: OnlineView) -> Table | None:
    name = getattr(change, "table", None)
    return view.table(name) if isinstance(name, QualifiedName) else None


def _redefined(changes: Sequence[c.Change]) -> Mapping[tuple[QualifiedName, str], Index]:
    added = {(change.table, change.after.name) for change in changes if isinstance(change, c.AddIndex)}
    quiet = (c.AddIndex, c.DropIndex, c.SetTableComment, c.SetTableOptions)
    busy = {getattr(change, "table", None) for change in changes if not isinstance(change, quiet)}
    return {
        (change.table, change.before.name): change.before
        for change in changes
        if isinstance(change, c.DropIndex)
        and change.before.valid
        and (change.table, change.before.name) in added
        and change.table not in busy
    }


def _validations(changes: Sequence[c.Change]) -> Mapping[int, int]:
    dropped: dict[object, int] = {
        (change.table, change.before): place
        for place, change in enumerate(changes)
        if isinstance(change, c.DropForeignKey | c.DropCheck) and not change.before.valid
    }
    found = {}
    for place, change in enumerate(changes):
        if isinstance(change, c.AddForeignKey | c.AddCheck) and change.after.valid:
            there = dropped.get((change.table, replace(change.after, valid=False)))
            if there is not None:
                found[place] = there
    return found
