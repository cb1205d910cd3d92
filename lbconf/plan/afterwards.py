"""What lbconf manages once a plan is applied, as the ledger will say it."""

from collections.abc import Collection, Iterable, Sequence
from typing import TypeVar

from lbconf.records import replace
from lbconf.state import changes as c
from lbconf.state.describe import table_of
from lbconf.state.structure import (
    EVERYTHING,
    Check,
    Composite,
    Domain,
    Enumeration,
    Exclusion,
    ForeignKey,
    Index,
    QualifiedName,
    State,
    Table,
    Unique,
    View,
)
from lbconf.state.structure import Sequence as Counter

__all__ = ["managed_afterwards"]

Part = TypeVar("Part", Unique, Index, ForeignKey, Check, Exclusion)
Named = TypeVar("Named", Enumeration, Domain, Composite, Counter, View)


def managed_afterwards(
    settled: State,
    changes: Sequence[c.Change],
    *,
    actual: State,
    kept: State,
    parked: Collection[QualifiedName],
) -> State:
    """What is managed afterwards, without places in files: those change when a line is added above.

    A table without changes is taken as it stands, which is the same and has no places.

    Args:
        settled: The desired state, what it leaves open filled in.
        changes: What leads to it.
        actual: The state before.
        kept: What is managed and the plan leaves aside.
        parked: Managed tables that were parked before.
    """
    changed = {table_of(change) for change in changes}
    tables = {table.name: table for table in kept.tables}
    tables |= {name: table for name in parked if (table := actual.table(name)) is not None}
    for change in changes:
        if isinstance(change, c.ParkTable):
            tables[change.after] = replace(change.before, name=change.after, foreign_keys=())
    for table in settled.tables:
        there = None if table.name in changed else actual.table(table.name)
        tables[table.name] = _table_without_places(table) if there is None else there
        if there is not None and table.on_remove is not None:
            tables[table.name] = replace(there, on_remove=table.on_remove)
    return State(
        # Those that are owned are looked into, too.
        namespaces=tuple(sorted({*settled.namespaces, *settled.owns} - {"", EVERYTHING})),
        tables=tuple(tables[name] for name in sorted(tables)),
        enumerations=_joined(
            kept.enumerations,
            (replace(one, source=None, renamed_from=None, value_renames=()) for one in settled.enumerations),
        ),
        domains=_joined(
            kept.domains,
            (
                replace(one, source=None, checks=tuple(replace(check, source=None) for check in one.checks))
                for one in settled.domains
            ),
        ),
        composites=_joined(kept.composites, (replace(one, source=None) for one in settled.composites)),
        sequences=_joined(kept.sequences, (replace(one, source=None, renamed_from=None) for one in settled.sequences)),
        views=_joined(
            kept.views,
            (
                replace(view, source=None, indexes=tuple(_part_without_places(index) for index in view.indexes))
                for view in settled.views
            ),
        ),
    )


def _joined(kept: Iterable[Named], settled: Iterable[Named]) -> tuple[Named, ...]:
    """What is settled, and what the plan leaves aside, by name."""
    found = {one.name: one for one in kept}
    found |= {one.name: one for one in settled}
    return tuple(found[name] for name in sorted(found))


def _table_without_places(table: Table) -> Table:
    return replace(
        table,
        source=None,
        renamed_from=None,
        accept=(),
        columns=tuple(replace(part, source=None, renamed_from=None, backfill=None) for part in table.columns),
        uniques=tuple(map(_part_without_places, table.uniques)),
        indexes=tuple(map(_part_without_places, table.indexes)),
        foreign_keys=tuple(map(_part_without_places, table.foreign_keys)),
        checks=tuple(map(_part_without_places, table.checks)),
        exclusions=tuple(map(_part_without_places, table.exclusions)),
    )


def _part_without_places(part: Part) -> Part:
    return replace(part, source=None, renamed_from=None)
