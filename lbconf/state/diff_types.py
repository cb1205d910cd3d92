"""Changes of what stands beside tables: namespaces, extensions, types, sequences, views."""

from collections.abc import Collection, Iterator, Mapping

from lbconf.records import replace
from lbconf.state.changes import (
    AddEnumerationValues,
    AlterComposite,
    AlterDomain,
    AlterSequence,
    Change,
    CreateComposite,
    CreateDomain,
    CreateEnumeration,
    CreateExtension,
    CreateNamespace,
    CreateSequence,
    CreateView,
    DropView,
    RebuildEnumeration,
    RenameEnumeration,
)
from lbconf.state.diff_tables import index_changes
from lbconf.state.renames import enumeration_renames, sequence_renames
from lbconf.state.structure import Composite, Enumeration, QualifiedName, Sequence, State, View

__all__ = ["type_changes", "view_changes"]


def type_changes(actual: State, now: State, wanted: State) -> Iterator[Change]:
    """Changes of all but tables and views; `now` is `actual` with the new names of what is renamed."""
    yield from (CreateNamespace(name=name) for name in wanted.namespaces if name not in now.namespaces)
    present = {extension.name for extension in now.extensions}
    yield from (CreateExtension(after=one) for one in wanted.extensions if one.name not in present)
    yield from (RenameEnumeration(before=one, after=two) for one, two in enumeration_renames(actual, wanted))
    yield from _enumerations(now, wanted)
    yield from _domains(now, wanted)
    yield from _composites(now, wanted)
    yield from _sequences(actual, now, wanted)


def view_changes(
    now: State, wanted: State, *, remade: Collection[QualifiedName], going: Collection[QualifiedName]
) -> Iterator[Change]:
    """Views that come or are made again, and indexes of those that stay.

    A view that reads one that is made again, or a table of `remade`, is made again too, but for servers that
    change a view in its place; one of `going` is not looked at.
    """
    there = {view.name: view for view in now.views}
    asked = {view.name: view for view in wanted.views}
    again = {name for name, view in asked.items() if name in there and _says(there[name]) != _says(view)}
    fixed = {view.name for view in now.views if view.in_place}
    moved = {*remade, *again}
    while True:
        more = {
            view.name for view in now.views if view.name not in moved | fixed and not moved.isdisjoint(view.depends_on)
        }
        if not more:
            break
        moved |= more
    for view in now.views:
        if view.name in moved and view.name not in going:
            if not view.in_place:
                yield DropView(before=view)
            yield CreateView(after=asked.get(view.name, view))
    for view in wanted.views:
        if view.name not in there:
            yield CreateView(after=view)
        elif view.name not in moved:
            yield from index_changes(view.name, there[view.name].indexes, view.indexes)


def _says(view: View) -> object:
    return (view.definition, view.materialized, view.options, view.comment)


def _enumerations(now: State, wanted: State) -> Iterator[Change]:
    there = {found.name: found for found in now.enumerations}
    for one in wanted.enumerations:
        found = there.get(one.name)
        if found is None:
            yield CreateEnumeration(after=one)
        elif found != one:
            extends = _is_subsequence(found, one)
            yield (AddEnumerationValues if extends else RebuildEnumeration)(before=found, after=one)


def _is_subsequence(found: Enumeration, wanted: Enumeration) -> bool:
    remaining = iter(wanted.values)
    return all(value in remaining for value in found.values)


def _domains(now: State, wanted: State) -> Iterator[Change]:
    there = {found.name: found for found in now.domains}
    for one in wanted.domains:
        found = there.get(one.name)
        if found is None:
            yield CreateDomain(after=one)
        elif found != one:
            yield AlterDomain(before=found, after=one)


def _composites(now: State, wanted: State) -> Iterator[Change]:
    there = {found.name: found for found in now.composites}
    for one in wanted.composites:
        found = there.get(one.name)
        if found is None:
            yield CreateComposite(after=one)
        elif _columns(found) != _columns(one):
            yield AlterComposite(before=found, after=one)


def _columns(composite: Composite) -> Mapping[str, object]:
    return {column.name: (column.type, column.collation) for column in composite.columns}


def _sequences(actual: State, now: State, wanted: State) -> Iterator[Change]:
    originals = {found.name: found for found in actual.sequences}
    old_names: dict[QualifiedName, QualifiedName] = {new: old for old, new in sequence_renames(actual, wanted)}
    there: dict[QualifiedName, Sequence] = {found.name: found for found in now.sequences}
    for one in wanted.sequences:
        found = there.get(one.name)
        old_name = old_names.get(one.name)
        if found is None:
            yield CreateSequence(after=one)
        elif old_name is not None or found != one:
            before = found if old_name is None else replace(found, name=originals[old_name].name)
            yield AlterSequence(before=before, after=one)
