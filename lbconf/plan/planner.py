"""From two states to a plan: changes, order, steps, hazards, reasons.

Pure but for the sizes of the tables that change: the connector compiles without a connection.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TypeAlias

from lbconf.connectors.contract import Migrator, TableSize
from lbconf.diagnostics import Code, Diagnostic, Location, Severity
from lbconf.plan.afterwards import managed_afterwards
from lbconf.plan.backfills import refuse_circles
from lbconf.plan.order import ordered
from lbconf.plan.plan import Plan, PlannedChange, TouchedTable
from lbconf.plan.protection import say_unprotected
from lbconf.plan.reasons import dropped_name, reason_of
from lbconf.plan.removal import noted, removals, say_kept, wishes
from lbconf.records import dataclass, field, replace
from lbconf.state import changes as c
from lbconf.state.describe import action_of, describe, source_of, table_of
from lbconf.state.diff import compare
from lbconf.state.fingerprint import fingerprint
from lbconf.state.hazards import Hazard, HazardKind
from lbconf.state.parking import parked_on
from lbconf.state.steps import Step
from lbconf.state.structure import EVERYTHING, Column, QualifiedName, State, Table
from lbconf.state.unneeded import NOTHING_MADE, Made

__all__ = ["PlanInput", "make_plan", "touched_tables"]

ONLY_WITH_ROWS = frozenset(
    {
        HazardKind.REWRITES_TABLE,
        HazardKind.INDEX_BUILD,
        HazardKind.BLOCKS_READS,
        HazardKind.BLOCKS_WRITES,
        HazardKind.MAY_FAIL_ON_DATA,
    }
)
"""Hazards that an empty table does not have."""
PartDrop: TypeAlias = c.DropIndex | c.DropUnique | c.DropForeignKey | c.DropCheck | c.DropExclusion
"""Changes that drop a part of a table, which somebody else may have made."""
Sizes: TypeAlias = Mapping[QualifiedName, TableSize]

OURS = "_lbconf_"
"""In the name of whatever lbconf makes for itself."""
ALIKE = 0.6
"""Part of the columns two tables must share to look like one renamed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanInput:
    """Everything a plan is made from."""

    data_source: str
    connector: str
    environment: str
    actual: State
    desired: State
    """Normalised."""
    managed: frozenset[QualifiedName]
    """Tables that the ledger says lbconf made or took over; empty where nothing was applied."""
    droppable: frozenset[QualifiedName] = frozenset()
    """Tables that may be dropped: managed ones that no model asks for any more."""
    recreate: frozenset[QualifiedName] = frozenset()
    """Desired tables to drop and make again (LoopBack's automigrate)."""
    made: Made = NOTHING_MADE
    """What else the ledger says lbconf made or took over."""
    owned: Mapping[str, Location] = field(default_factory=dict)
    """Where `owns` names each namespace."""
    managed_state: Callable[[Collection[QualifiedName]], State] | None = None
    """Those of the managed tables as they were when they were applied; asked only where parts of them go."""
    kept: State = field(default_factory=State)
    """Managed tables that this plan leaves aside (`--model`)."""
    online: bool = True
    """Whether steps hold up readers and writers as little as the server allows."""
    on_remove: Mapping[QualifiedName, str] = field(default_factory=dict)
    """What the ledger says becomes of tables whose model is gone."""
    on_remove_otherwise: str | None = None
    """What the data source says of it."""
    purge: frozenset[QualifiedName] = frozenset()
    """Parked tables that are dropped."""
    others: frozenset[QualifiedName] = frozenset()
    """What other data sources of the project ask for in the same database."""
    agreed: frozenset[QualifiedName] = frozenset()
    """Tables that are known to be equal in both states."""
    only_shown: bool = False
    """Whether the plan is shown to a person and gone: nobody asks for its fingerprints and for what it leads to."""


def make_plan(given: PlanInput, migrator: Migrator, sizes_of: Callable[[Sequence[QualifiedName]], Sizes]) -> Plan:
    """The plan that leads from the actual to the desired state; without steps where they agree.

    Args:
        given: The states.
        migrator: Compiles the steps.
        sizes_of: Asked once, for the tables that change, where any do.
    """
    recreated = [table for table in given.actual.tables if table.name in given.recreate]
    actual = given.actual
    if recreated:
        actual = replace(actual, tables=tuple(t for t in actual.tables if t.name not in given.recreate))
    parked = frozenset(name for name in given.droppable if parked_on(name) is not None) - given.purge
    difference = compare(
        actual,
        given.desired,
        droppable=given.droppable - parked,
        made=given.made,
        staying=_staying(given),
        others=given.others,
        agreed=given.agreed,
    )
    settled = difference.settled
    removed = tuple(
        removals(
            difference.changes,
            wished=given.on_remove,
            otherwise=given.on_remove_otherwise,
            recreated=given.recreate | difference.remade,
            actual=given.actual,
        )
    )
    found = [*removed, *_recreated(recreated, given)]
    refuse_circles(found)
    made = ordered(found, desired=settled)
    notes = wishes(settled.tables, managed=given.managed, known=given.on_remove)
    changes = (*made, *notes)
    touched = touched_tables(made, given.actual)
    sizes = sizes_of(touched) if touched else {}
    steps = (
        *migrator.compile(made, actual=given.actual, desired=settled, online=given.online),
        *noted(notes, len(made)),
    )
    old_names = {ch.after.name: ch.before.name for ch in changes if isinstance(ch, c.RenameTable)}
    compiled = steps
    strange = _strange_parts(changes, given, old_names)
    accepts = {table.name: table.accept for table in settled.tables if table.accept}
    weighed = (_weighed(step, changes, strange, sizes, old_names, accepts) for step in compiled)
    steps = tuple(_with_owned(step, changes, given) for step in weighed)
    spared = {
        old_names.get(step.table, step.table)
        for step in compiled
        if step.table is not None
        and any(hazard.kind in ONLY_WITH_ROWS for hazard in step.hazards)
        and _is_empty(step, sizes, old_names)
    }
    scope = tuple(sorted(_scope(given, changes) | {*old_names.values()}))
    before = "" if given.only_shown else fingerprint(given.actual, scope)
    covering = _covering(steps)
    told = _told(steps, changes)
    return Plan(
        data_source=given.data_source,
        connector=given.connector,
        environment=given.environment,
        online=given.online,
        # Without changes both states are the same, and so are their fingerprints.
        configuration=fingerprint(settled, scope) if changes and not given.only_shown else before,
        fingerprint=before,
        scope=scope,
        changes=tuple(
            _planned(place, change, covering.get(place, ()), told, given) for place, change in enumerate(changes)
        ),
        steps=steps,
        managed=State()
        if given.only_shown
        else managed_afterwards(settled, changes, actual=given.actual, kept=given.kept, parked=parked),
        sizes=tuple(
            TouchedTable(table=t, rows=s.rows, bytes=s.bytes, spared=t in spared) for t, s in sorted(sizes.items())
        ),
        diagnostics=(
            *possible_renames(changes),
            *say_kept(difference.changes, removed),
            *say_unprotected(given.desired, given.actual),
        ),
    )


def _staying(given: PlanInput) -> frozenset[QualifiedName]:
    """Tables that are kept or parked once nobody asks for them."""
    wishes = {table.name: given.on_remove.get(table.name) or given.on_remove_otherwise for table in given.actual.tables}
    return frozenset(name for name, wish in wishes.items() if wish in {"keep", "rename"}) - given.purge


def _scope(given: PlanInput, changes: Sequence[c.Change]) -> set[QualifiedName]:
    """All that the plan speaks about: what is desired, and what goes."""
    desired = given.desired
    found = {table.name for table in desired.tables} | given.droppable
    for parts in (desired.enumerations, desired.domains, desired.composites, desired.sequences, desired.views):
        found |= {part.name for part in parts}
    for change in changes:
        name = getattr(getattr(change, "before", None), "name", None)
        if isinstance(name, QualifiedName):
            found.add(name)
    return found


def touched_tables(changes: Sequence[c.Change], actual: State) -> tuple[QualifiedName, ...]:
    """Existing tables that the changes are about, by their present names: those whose size is worth asking for."""
    found: set[QualifiedName] = set()
    there = {table.name for table in actual.tables}
    for change in changes:
        table = change.before.name if isinstance(change, c.RenameTable) else table_of(change)
        if table is not None and table in there:
            found.add(table)
    return tuple(sorted(found))


def possible_renames(changes: Sequence[c.Change]) -> tuple[Diagnostic, ...]:
    """A warning for each drop that comes with an addition like it; nothing is ever guessed."""
    found: list[Diagnostic] = []
    gone_columns = [change for change in changes if isinstance(change, c.DropColumn)]
    new_columns = [change for change in changes if isinstance(change, c.AddColumn)]
    for gone in gone_columns:
        alike = [new for new in new_columns if new.table == gone.table and _alike(gone.before, new.after)]
        if len(alike) == 1:
            new = alike[0]
            what = f"column {gone.table}.{gone.before.name} goes and {new.after.name} comes with the same type"
            found.append(_rename_hint(what, gone.before.name, new.after.source))
    gone_tables = [change.before for change in changes if isinstance(change, c.DropTable)]
    for table in gone_tables:
        for change in changes:
            if (
                isinstance(change, c.CreateTable)
                and change.after.name != table.name
                and _same_kind(table, change.after)
            ):
                what = f"table {table.name} goes and {change.after.name} comes with much the same columns"
                found.append(_rename_hint(what, table.name.name, change.after.source))
    return tuple(found)


def _recreated(tables: Sequence[Table], given: PlanInput) -> list[c.Change]:
    gone: list[c.Change] = [c.DropTable(before=table) for table in tables]
    if not tables:
        return gone
    names = {table.name for table in tables}
    for table in given.actual.tables:
        if table.name not in names and table.name not in given.droppable:
            # A foreign key into a table that goes has to step aside; diff adds it again only if it was not there.
            for key in table.foreign_keys:
                if key.target in names:
                    gone.append(c.DropForeignKey(table=table.name, before=key))
                    wanted = given.desired.table(table.name)
                    again = key if wanted is None else next((k for k in wanted.foreign_keys if k == key), None)
                    if again is not None:
                        gone.append(c.AddForeignKey(table=table.name, after=again))
    return gone


def _weighed(
    step: Step,
    changes: Sequence[c.Change],
    strange: Collection[int],
    sizes: Sizes,
    old_names: Mapping[QualifiedName, QualifiedName],
    accepts: Mapping[QualifiedName, Sequence[str]],
) -> Step:
    """Without the hazards an empty table does not have; with those of dropping what lbconf did not make.

    Those that the table's model accepts are marked.
    """
    moot = ONLY_WITH_ROWS if _is_empty(step, sizes, old_names) else frozenset[HazardKind]()
    if any(hazard.kind is HazardKind.DELETES_DATA for hazard in step.hazards):
        # Data that is gone cannot be brought back: who accepts the one accepts the other.
        moot |= {HazardKind.IRREVERSIBLE}
    kept = [hazard for hazard in step.hazards if hazard.kind not in moot]
    kept.extend(_foreign(step, changes, strange))
    kinds = accepts.get(step.table, ()) if step.table is not None else ()
    if kinds:
        kept = [replace(hazard, accepted="all" in kinds or hazard.kind in kinds) for hazard in kept]
    return replace(step, hazards=tuple(kept))


def _is_empty(step: Step, sizes: Sizes, old_names: Mapping[QualifiedName, QualifiedName]) -> bool:
    """Whether the step's table is there and has no rows."""
    size = None if step.table is None else sizes.get(old_names.get(step.table, step.table))
    return size is not None and size.rows == 0


def _strange_parts(
    changes: Sequence[c.Change], given: PlanInput, old_names: Mapping[QualifiedName, QualifiedName]
) -> frozenset[int]:
    """Places of the changes that drop what lbconf did not make, and that nothing of the same name replaces."""
    dropped: list[tuple[int, PartDrop, QualifiedName]] = [
        (place, change, old_names.get(change.table, change.table))
        for place, change in enumerate(changes)
        if isinstance(change, PartDrop) and not _replaced(change, changes) and not _left_over(change)
    ]
    known = {name for _, _, name in dropped if name in given.managed}
    made: dict[QualifiedName, set[str]] = {}
    if known and given.managed_state is not None:
        for table in given.managed_state(known).tables:
            own = made.setdefault(table.name, set())
            for parts in (table.indexes, table.uniques, table.foreign_keys, table.checks, table.exclusions):
                own.update(part.name for part in parts)
    return frozenset(
        place
        for place, change, name in dropped
        if name not in known or (name in made and change.before.name not in made[name])
    )


def _left_over(change: PartDrop) -> bool:
    """Whether an apply that was stopped left it there: nobody else makes what is named so, or is not finished."""
    unfinished = isinstance(change, c.DropIndex) and not change.before.valid
    return unfinished or OURS in change.before.name


def _foreign(step: Step, changes: Sequence[c.Change], strange: Collection[int]) -> Iterator[Hazard]:
    """Hazards of dropping what lbconf did not make."""
    for place in step.covers:
        if place in strange:
            change = changes[place]
            message = f"{describe(change)} of {table_of(change)} was not made by lbconf, and no model asks for it"
            yield Hazard(kind=HazardKind.IRREVERSIBLE, message=message)


def _replaced(change: PartDrop, changes: Sequence[c.Change]) -> bool:
    """Whether another of the same name takes its place."""
    return any(
        isinstance(other, c.AddIndex | c.AddUnique | c.AddForeignKey | c.AddCheck | c.AddExclusion)
        and other.table == change.table
        and change.before.name in {other.after.name, other.after.renamed_from}
        for other in changes
    )


def _covering(steps: Sequence[Step]) -> Mapping[int, Sequence[Step]]:
    """The steps of each change, by its place."""
    found: dict[int, list[Step]] = {}
    for step in steps:
        for place in step.covers:
            found.setdefault(place, []).append(step)
    return found


def _planned(
    place: int, change: c.Change, covering: Sequence[Step], told: Mapping[int, Sequence[Hazard]], given: PlanInput
) -> PlannedChange:
    alone = tuple(hazard for step in covering if len(step.covers) == 1 for hazard in step.hazards)
    return PlannedChange(
        action=action_of(change).value,
        summary=describe(change),
        reason=_reason(change, given),
        table=table_of(change),
        source=source_of(change),
        hazards=(*alone, *told.get(place, ())),
        change=change,
    )


def _with_owned(step: Step, changes: Sequence[c.Change], given: PlanInput) -> Step:
    """The step with a hazard for what goes only because the project owns the namespace, and lbconf did not make it."""
    if any(hazard.kind is HazardKind.DELETES_DATA for hazard in step.hazards):
        return step
    drops = [(changes[place], name) for place in step.covers if (name := dropped_name(changes[place])) is not None]
    found = tuple(
        Hazard(kind=HazardKind.DELETES_DATA, message=f"{describe(change)} was not made by lbconf, and goes")
        for change, name in drops
        if not _is_made(name, change, given)
    )
    return replace(step, hazards=(*step.hazards, *found)) if found else step


def _reason(change: c.Change, given: PlanInput) -> str:
    dropped = dropped_name(change)
    if dropped is not None and not _is_made(dropped, change, given):
        namespace = dropped.namespace or next(iter(given.owned), "")
        place = given.owned.get(namespace) or given.owned.get(EVERYTHING)
        if place is not None:
            return f"the project owns {dropped.namespace or 'the database'} ({place}), and nothing asks for it"
    return reason_of(change, given.desired, recreate=given.recreate)


def _is_made(name: QualifiedName, change: c.Change, given: PlanInput) -> bool:
    """Whether the ledger says that lbconf made what goes, or something goes only to be made again."""
    match change:
        case c.DropTable():
            return name in given.managed or given.desired.table(name) is not None
        case c.DropSequence():
            return name in given.made.sequences
        case c.DropView():
            return True  # it is made again, or was made by lbconf
        case _:
            return name in given.made.types


def _told(steps: Sequence[Step], changes: Sequence[c.Change]) -> Mapping[int, Sequence[Hazard]]:
    """The dangers of each change of a step of several: its own; the step's common ones stand with the first."""
    found: dict[int, list[Hazard]] = {}
    for step in steps:
        if len(step.covers) > 1:
            for hazard in step.hazards:
                concerned = [place for place in step.covers if _concerns(hazard, changes[place])]
                for place in concerned or step.covers[:1]:
                    found.setdefault(place, []).append(hazard)
    return found


def _common(hazard: Hazard) -> bool:
    return hazard.kind in {HazardKind.REWRITES_TABLE, HazardKind.BLOCKS_READS, HazardKind.BLOCKS_WRITES}


def _concerns(hazard: Hazard, change: c.Change) -> bool:
    names = [getattr(side, "name", None) for side in (getattr(change, "before", None), getattr(change, "after", None))]
    columns = [
        name
        for side in (getattr(change, "before", None), getattr(change, "after", None))
        for name in getattr(side, "columns", ()) or ()
        if isinstance(name, str)
    ]
    words = set(hazard.message.replace(",", " ").replace(".", " ").replace(":", " ").split())
    return not _common(hazard) and any(isinstance(name, str) and name in words for name in [*names, *columns])


def _alike(gone: Column, new: Column) -> bool:
    return gone.type == new.type and new.renamed_from is None


def _same_kind(gone: Table, new: Table) -> bool:
    one = {(column.name, column.type) for column in gone.columns}
    two = {(column.name, column.type) for column in new.columns}
    return len(one & two) >= ALIKE * max(len(one), len(two))


def _rename_hint(what: str, old: str, place: Location | None) -> Diagnostic:
    return Diagnostic(
        code=Code.POSSIBLE_RENAME,
        severity=Severity.WARNING,
        message=f"{what}: if that is a rename, say so, or its values are lost",
        location=place,
        hint=f"renamedFrom: {old}",
    )
