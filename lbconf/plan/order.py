"""The order of changes: a dependency graph over them, cut where it has cycles.

Every change has needs that another must have met first (a table before what
points at it, a constraint gone before its column goes). Where two changes do
not need each other, the phase and then the names decide, so that the order is
the same each time.
"""

from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from lbconf.state import changes as c
from lbconf.state.describe import describe, table_of
from lbconf.state.structure import QualifiedName, State, Table

__all__ = ["ordered"]

PHASES: tuple[tuple[type, ...], ...] = (
    (c.CreateNamespace,),
    (c.CreateExtension,),
    (c.RenameEnumeration,),
    (c.CreateEnumeration, c.AddEnumerationValues),
    (c.CreateComposite, c.CreateDomain),
    (c.CreateSequence,),
    (c.DropView,),
    (c.DropForeignKey,),
    (c.DropCheck, c.DropExclusion, c.DropIndex, c.DropUnique),
    (c.DropPrimaryKey,),
    (c.DropPartition,),
    (c.ParkTable, c.DropTable),
    (c.RenameTable,),
    (c.RenameColumn,),
    (c.RenameConstraint,),
    (c.RebuildEnumeration,),
    (c.AlterDomain, c.AlterComposite),
    (c.CreateTable,),
    (c.AddPartition,),
    (c.AddColumn,),
    (c.AlterColumn,),
    (c.DropColumn,),
    (c.SetTableOptions,),
    (c.AddPrimaryKey,),
    (c.AddUnique, c.RenameIndex, c.AddIndex),
    (c.AddCheck, c.AddExclusion),
    (c.AddForeignKey,),
    (c.SetTableComment,),
    (c.AlterSequence,),
    (c.CreateView,),
    (c.DropSequence,),
    (c.DropDomain,),
    (c.DropComposite,),
    (c.DropEnumeration,),
    (c.DropNamespace,),
    (c.SetOnRemove,),
)
PHASE: Mapping[type, int] = {kind: number for number, kinds in enumerate(PHASES) for kind in kinds}


def ordered(changes: Sequence[c.Change], *, actual: State, desired: State) -> tuple[c.Change, ...]:
    """The same changes in an order that can be executed.

    Foreign keys stand after all tables, so tables that point at each other need no cut; among created tables
    those pointed at come first as far as that is possible, among dropped ones those that point.
    """
    created = {change.after.name for change in changes if isinstance(change, c.CreateTable)}
    dropped = {change.before.name for change in changes if isinstance(change, c.DropTable)}
    ranks = {
        **_ranks(desired.tables, created),
        **{name: -rank for name, rank in _ranks(actual.tables, dropped).items()},
    }
    renames = _rename_order(changes)

    def key(place: int) -> tuple[int, int, int, str, str]:
        change = changes[place]
        table = table_of(change)
        moved = isinstance(change, c.CreateTable | c.DropTable)
        rank = ranks.get(table, 0) if moved and table is not None else 0
        return (PHASE[type(change)], renames.get(place, 0), rank, str(table or ""), describe(change))

    return tuple(changes[place] for place in sorted(range(len(changes)), key=key))


def _rename_order(changes: Sequence[c.Change]) -> Mapping[int, int]:
    """Renames stay in the order the diff found: a -> b may have to wait for b -> c."""
    renames = [p for p, change in enumerate(changes) if isinstance(change, c.RenameTable | c.RenameColumn)]
    return {place: number for number, place in enumerate(renames)}


def _ranks(tables: Sequence[Table], wanted: set[QualifiedName]) -> dict[QualifiedName, int]:
    """Place of each wanted table when those pointed at come first. Cycles are cut at their first name."""
    needs = {
        table.name: {key.target for key in table.foreign_keys if key.target in wanted and key.target != table.name}
        for table in sorted(tables, key=lambda table: table.name)
        if table.name in wanted
    }
    return {name: rank for rank, name in enumerate(_sorted(needs))}


def _sorted(needs: dict[QualifiedName, set[QualifiedName]]) -> Iterator[QualifiedName]:
    while True:
        try:
            found = tuple(TopologicalSorter(needs).static_order())
        except CycleError as error:
            cycle: list[QualifiedName] = error.args[1]
            first = min(cycle)
            needs[first] -= set(cycle)
        else:
            yield from found
            return
