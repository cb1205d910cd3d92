"""What may go: what lbconf made, or what stands in a namespace that the models own, and nobody asks for any more.

Never a view that lbconf did not make, never what is opaque, never what
something that stays needs, and nothing that lbconf keeps for itself.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from lbconf.records import dataclass
from lbconf.state.changes import (
    Change,
    DropComposite,
    DropDomain,
    DropEnumeration,
    DropNamespace,
    DropSequence,
    DropTable,
    DropView,
)
from lbconf.state.parking import parked_on
from lbconf.state.rewrite import counted
from lbconf.state.structure import Column, QualifiedName, State, Table

__all__ = ["NOTHING_MADE", "Made", "owned_tables", "unneeded", "unneeded_views"]

OWN: Final = "_lbconf_"
"""In the name of everything that lbconf makes for itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What the ledger says lbconf made or took over, beside tables."""

    types: frozenset[QualifiedName] = frozenset()
    """Enumerations, domains and composite types."""
    sequences: frozenset[QualifiedName] = frozenset()
    views: frozenset[QualifiedName] = frozenset()


NOTHING_MADE: Final = Made()


def owned_tables(actual: State, desired: State) -> frozenset[QualifiedName]:
    """Tables of the actual state that may go because they stand in an owned namespace and nobody asks for them."""
    if not desired.owns:
        return frozenset()
    asked = {table.name for table in desired.tables}
    return frozenset(
        table.name
        for table in actual.tables
        if table.name not in asked
        and desired.speaks_for(table.name.namespace)
        and OWN not in table.name.name
        and parked_on(table.name) is None
    )


def unneeded_views(now: State, wanted: State, made: Made) -> frozenset[QualifiedName]:
    """Views that lbconf made and nobody asks for any more."""
    asked = {view.name for view in wanted.views}
    return frozenset(view.name for view in now.views if view.name in made.views and view.name not in asked)


def unneeded(
    now: State,
    wanted: State,
    *,
    gone: Collection[QualifiedName],
    remade: Collection[QualifiedName],
    made: Made,
    staying: Collection[QualifiedName],
    others: Collection[QualifiedName] = (),
) -> Iterator[Change]:
    """Drops of tables, views, types, sequences and namespaces.

    Args:
        now: The actual state under its new names.
        wanted: The settled desired state.
        gone: Tables that go.
        remade: Tables that go and come again, so that the sequences they own go with them.
        made: What else lbconf made.
        staying: Tables of `gone` that will be kept or parked, so that what they use stays.
        others: What somebody else asks for.
    """
    yield from (DropTable(before=table) for table in now.tables if table.name in gone)
    if not wanted.owns and made == NOTHING_MADE:
        return
    views = unneeded_views(now, wanted, made) - {*others}
    yield from (DropView(before=view) for view in now.views if view.name in views)
    remaining = [table for table in now.tables if table.name not in gone or table.name in staying]
    types = _types(now, wanted, remaining, views, made) - {*others}
    yield from (DropDomain(before=one) for one in now.domains if one.name in types)
    yield from (DropComposite(before=one) for one in now.composites if one.name in types)
    yield from (DropEnumeration(before=one) for one in now.enumerations if one.name in types)
    sequences = _sequences(now, wanted, remaining, made) - {*others}
    with_owner = {
        one.name
        for one in now.sequences
        if one.owned_by is not None and (one.owned_by[0] in remade or not _has(one.owned_by, remaining, wanted))
    }
    yield from (DropSequence(before=one) for one in now.sequences if one.name in sequences - with_owner)
    going = {*gone, *views, *types, *sequences} - {*staying}
    yield from _namespaces(now, wanted, going)


def _types(
    now: State, wanted: State, remaining: Iterable[Table], views: Collection[QualifiedName], made: Made
) -> set[QualifiedName]:
    kinds = (
        (now.enumerations, wanted.enumerations),
        (now.domains, wanted.domains),
        (now.composites, wanted.composites),
    )
    found = {
        one.name
        for there, asked in kinds
        for one in there
        if one.name not in {other.name for other in asked}
        and (one.name in made.types or wanted.speaks_for(one.name.namespace))
    }
    if not found:
        return found
    users: list[tuple[QualifiedName | None, Iterable[Column]]] = []
    users += [(None, table.columns) for table in (wanted.table(t.name) or t for t in remaining)]
    users += [(None, view.columns) for view in now.views if view.name not in views]
    opaque = [*now.opaque, *(fact for table in remaining for fact in table.opaque)]
    strange = {name for fact in opaque for name, _ in fact.uses}
    strange |= {name for view in now.views if view.name not in views for name in view.depends_on}
    found -= strange
    composites = {one.name: one for one in (*now.composites, *wanted.composites)}
    users += [(one.name, one.columns) for one in composites.values()]
    uses = {(user, column.type.enumeration) for user, columns in users for column in columns}
    domains = {one.name: one for one in (*now.domains, *wanted.domains)}
    uses |= {(one.name, one.type.enumeration) for one in domains.values()}
    while True:
        needed = {used for user, used in uses if used in found and user not in found}
        if not needed:
            return found
        found -= needed


def _sequences(now: State, wanted: State, remaining: Iterable[Table], made: Made) -> set[QualifiedName]:
    asked = {one.name for one in wanted.sequences}
    found = {
        one.name
        for one in now.sequences
        if one.name not in asked
        and OWN not in one.name.name
        and (one.name in made.sequences or wanted.speaks_for(one.name.namespace))
    }
    if not found:
        return found
    used = {
        name
        for table in (wanted.table(t.name) or t for t in remaining)
        for column in table.columns
        if column.default is not None
        for name in counted(column.default.expression)
    }
    return {name for name in found if name not in used and QualifiedName("", name.name) not in used}


def _has(owner: tuple[QualifiedName, str], remaining: Iterable[Table], wanted: State) -> bool:
    name, column = owner
    table = wanted.table(name) or next((table for table in remaining if table.name == name), None)
    return table is not None and table.column(column) is not None


def _namespaces(now: State, wanted: State, going: Collection[QualifiedName]) -> Iterator[Change]:
    for namespace in now.namespaces:
        if namespace in wanted.namespaces or not wanted.speaks_for(namespace):
            continue
        parts = (now.tables, now.views, now.enumerations, now.domains, now.composites, now.sequences)
        names = {one.name for part in parts for one in part if one.name.namespace == namespace}
        held = any(extension.namespace == namespace for extension in now.extensions)
        opaque = any(fact.name.replace('"', "").startswith(f"{namespace}.") for fact in now.opaque)
        if not names - {*going} and not held and not opaque and not namespace.startswith("pg_"):
            yield DropNamespace(name=namespace)
