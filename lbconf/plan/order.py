"""The order of changes: a dependency graph over them, cut where it has cycles.

Every change has needs that another must have met first (a table before what
points at it, a constraint gone before its column goes). Where two changes do
not need each other, the phase and then the names decide, so that the order is
the same each time.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from hashlib import sha256
from heapq import heapify, heappop, heappush

from lbconf.plan.needs import SCRATCH, Key, needs_of
from lbconf.records import replace
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
    (c.RenameTable,),
    (c.RenameColumn,),
    (c.DropForeignKey,),
    (c.DropCheck, c.DropExclusion, c.DropIndex, c.DropUnique),
    (c.DropPrimaryKey,),
    (c.DropPartition,),
    (c.ParkTable, c.DropTable),
    (c.RenameConstraint,),
    (c.RebuildEnumeration,),
    (c.AlterDomain, c.AlterComposite),
    (c.CreateTable,),
    (c.AddPartition,),
    (c.AddColumn,),
    (c.AlterColumn,),
    (c.DropColumn,),
    (c.AddPrimaryKey,),
    (c.AddUnique, c.RenameIndex, c.AddIndex),
    (c.AddCheck, c.AddExclusion),
    (c.AddForeignKey,),
    (c.SetTableOptions, c.SetTableComment),
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


def ordered(changes: Sequence[c.Change], *, desired: State) -> tuple[c.Change, ...]:
    """The changes in an order that can be executed.

    The same ones, but for cycles, which are cut by making one of them in two: names that are swapped go through a
    third one, tables that point at each other lose a foreign key before they go, a sequence gets its owner once that
    is there. Foreign keys stand after all tables, so created tables that point at each other need no cut.
    """
    ranks = _ranks(desired.tables, {change.after.name for change in changes if isinstance(change, c.CreateTable)})
    left = list(changes)
    while True:
        keys = [_key(place, change, ranks) for place, change in enumerate(left)]
        found, stuck = _sorted_by_needs(left, keys)
        if not stuck:
            return tuple(left[place] for place in found)
        cut = next((parts for place in stuck if (parts := _cut(place, left, stuck)) is not None), None)
        if cut is None:
            # No need that we know how to split: the one of the first phase goes first.
            found, _ = _sorted_by_needs(left, keys, anyway=True)
            return tuple(left[place] for place in found)
        left = cut


def _key(place: int, change: c.Change, ranks: Mapping[QualifiedName, int]) -> tuple[int, int, str, str, int]:
    table = table_of(change)
    rank = ranks.get(table, 0) if isinstance(change, c.CreateTable) and table is not None else 0
    return (PHASE[type(change)], rank, str(table or ""), describe(change), place)


def _sorted_by_needs(
    changes: Sequence[c.Change], keys: Sequence[tuple[int, int, str, str, int]], *, anyway: bool = False
) -> tuple[list[int], list[int]]:
    """Places in their order, and those that wait for each other, in the order of their keys; none with `anyway`."""
    followers = _followers(changes)
    waits = [0] * len(changes)
    for following in followers:
        for one in following:
            waits[one] += 1
    ready = [keys[place] for place, count in enumerate(waits) if not count]
    heapify(ready)
    found: list[int] = []
    done: set[int] = set()
    while len(found) < len(changes):
        if not ready:
            stuck = _in_cycles([place for place in range(len(changes)) if place not in done], followers)
            stuck.sort(key=keys.__getitem__)
            if not anyway:
                return found, stuck
            heappush(ready, keys[stuck[0]])
        place = heappop(ready)[-1]
        found.append(place)
        done.add(place)
        for follower in followers[place]:
            waits[follower] -= 1
            if not waits[follower] and follower not in done:
                heappush(ready, keys[follower])
    return found, []


def _followers(changes: Sequence[c.Change]) -> list[set[int]]:
    """Of each change those that must come after it."""
    moved = {change.before.name: change.after.name for change in changes if isinstance(change, c.RenameTable)}
    needs = [needs_of(change, moved) for change in changes]
    gives, lets_go = _by_key(one.gives for one in needs), _by_key(one.lets_go for one in needs)
    found: list[set[int]] = [set() for _ in changes]
    for place, own in enumerate(needs):
        for keys, others in ((own.wants, gives), (own.ends, lets_go)):
            for key in keys:
                for one in others.get(key, ()):
                    if one != place:
                        found[one].add(place)
    return found


def _in_cycles(places: Sequence[int], followers: Sequence[Collection[int]]) -> list[int]:
    """Those of the places that something waits for which waits for them, and what stands between two such rings."""
    left = set(places)
    while True:
        ends = {place for place in left if left.isdisjoint(followers[place])}
        if not ends:
            return [*left]
        left -= ends


def _by_key(sets: Iterable[Iterable[Key]]) -> Mapping[Key, list[int]]:
    found: dict[Key, list[int]] = {}
    for place, keys in enumerate(sets):
        for key in keys:
            found.setdefault(key, []).append(place)
    return found


def _cut(place: int, changes: Sequence[c.Change], stuck: Collection[int]) -> list[c.Change] | None:
    """All changes with this one, which waits for itself, made in two; None where that is of no use."""
    change = changes[place]
    parts: Sequence[c.Change] | None = None
    match change:
        case c.CreateSequence(after=sequence) if sequence.owned_by is not None:
            free = replace(sequence, owned_by=None)
            parts = [c.CreateSequence(after=free), c.AlterSequence(before=free, after=sequence)]
        case c.AlterSequence(before=was, after=will) if was.name != will.name and was.owned_by != will.owned_by:
            moved = replace(was, name=will.name)
            parts = [c.AlterSequence(before=was, after=moved), c.AlterSequence(before=moved, after=will)]
        case c.DropTable(before=table):
            going = {other.before.name for p in stuck if isinstance(other := changes[p], c.DropTable)}
            keys = [key for key in table.foreign_keys if key.target in going and key.target != table.name]
            if keys:
                kept = tuple(key for key in table.foreign_keys if key not in keys)
                dropped = [c.DropForeignKey(table=table.name, before=key) for key in keys]
                parts = [*dropped, c.DropTable(before=replace(table, foreign_keys=kept))]
        case c.RenameIndex(table=name, before=index, after=renamed) if SCRATCH not in index.name + renamed.name:
            aside = replace(renamed, name=_scratch(renamed.name))
            parts = [
                c.RenameIndex(table=name, before=index, after=aside),
                c.RenameIndex(table=name, before=aside, after=renamed),
            ]
        case c.RenameConstraint(table=name, before=part, after=other) if SCRATCH not in f"{part.name}{other.name}":
            aside_part = replace(other, name=_scratch(str(other.name)))
            parts = [
                c.RenameConstraint(table=name, before=part, after=aside_part),
                c.RenameConstraint(table=name, before=aside_part, after=other),
            ]
        case c.RenameColumn(table=name, before=old, after=new) if SCRATCH not in old.name + new.name:
            aside_column = replace(new, name=_scratch(new.name))
            parts = [
                c.RenameColumn(table=name, before=old, after=aside_column),
                c.RenameColumn(table=name, before=aside_column, after=new),
            ]
        case c.RenameTable(before=one, after=two) if SCRATCH not in one.name.name + two.name.name:
            aside_table = replace(two, name=replace(two.name, name=_scratch(two.name.name)))
            parts = [c.RenameTable(before=one, after=aside_table), c.RenameTable(before=aside_table, after=two)]
        case _:
            pass
    return None if parts is None else [*changes[:place], *parts, *changes[place + 1 :]]


def _scratch(name: str) -> str:
    """A name that nothing else has, within every server's limit."""
    return f"{SCRATCH}{sha256(name.encode()).hexdigest()[:12]}"


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
