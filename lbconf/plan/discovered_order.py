"""A state with its parts by name, so that what is made of it does not depend on a catalogue's order."""

from typing import Any

from lbconf.records import replace
from lbconf.state.structure import Opaque, State, Table

__all__ = ["in_order"]


def in_order(state: State, *, views: bool) -> State:
    """The state with its parts by name: a catalogue has no order of its own."""
    return replace(
        state,
        namespaces=tuple(sorted(state.namespaces)),
        tables=tuple(sorted((_table_in_order(table) for table in state.tables), key=_by_name)),
        views=tuple(
            sorted((replace(v, indexes=tuple(sorted(v.indexes, key=_by_name))) for v in state.views), key=_by_name)
        )
        if views
        else (),
        enumerations=tuple(sorted(state.enumerations, key=_by_name)),
        domains=tuple(sorted(state.domains, key=_by_name)),
        composites=tuple(sorted(state.composites, key=_by_name)),
        sequences=tuple(sorted(state.sequences, key=_by_name)),
        extensions=tuple(sorted(state.extensions, key=_by_name)),
        opaque=tuple(sorted(state.opaque, key=_by_kind)),
    )


def _table_in_order(table: Table) -> Table:
    return replace(
        table,
        uniques=tuple(sorted(table.uniques, key=_by_name)),
        indexes=tuple(sorted(table.indexes, key=_by_name)),
        foreign_keys=tuple(sorted(table.foreign_keys, key=_by_name)),
        checks=tuple(sorted(table.checks, key=_by_name)),
        exclusions=tuple(sorted(table.exclusions, key=_by_name)),
        partitions=tuple(sorted(table.partitions, key=_by_name)),
        opaque=tuple(sorted(table.opaque, key=_by_kind)),
    )


def _by_name(part: Any) -> Any:
    return part.name


def _by_kind(part: Opaque) -> tuple[str, str]:
    return part.kind, part.name
