"""Renames that the desired state says, applied to an actual state."""

from collections.abc import Collection, Hashable, Iterable, Mapping
from collections.abc import Sequence as Listed
from typing import TypeVar

from lbconf.records import replace
from lbconf.state.renamed_parts import renamed_table, with_expressions, with_renamed_types
from lbconf.state.rewrite import sequence_renamer
from lbconf.state.structure import Enumeration, QualifiedName, Sequence, State, Table

__all__ = [
    "column_renames",
    "enumeration_renames",
    "renamed_state",
    "sequence_renames",
    "table_renames",
    "value_renames",
]

Name = TypeVar("Name", bound=Hashable)


def table_renames(actual: State, desired: State) -> tuple[tuple[QualifiedName, QualifiedName], ...]:
    """(old name, new name) in an order that can be executed."""
    return _renames(
        [table.name for table in actual.tables],
        [(t.name, t.renamed_from) for t in desired.tables],
    )


def column_renames(actual: Table, desired: Table) -> tuple[tuple[str, str], ...]:
    """(old name, new name) in an order that can be executed."""
    if all(column.renamed_from is None for column in desired.columns):
        return ()
    return _renames(
        [c.name for c in actual.columns],
        [(c.name, c.renamed_from) for c in desired.columns],
    )


def enumeration_renames(actual: State, desired: State) -> tuple[tuple[Enumeration, Enumeration], ...]:
    """(as it is, as it is once it and its values are renamed) of each enum type, in an order that can be executed.

    A value is renamed where the old one is there and not wanted, the new one wanted and not there; a swap counts.
    """
    there = {found.name: found for found in actual.enumerations}
    wanted = {one.name: one for one in desired.enumerations}
    moved = _renames([*there], [(one.name, one.renamed_from) for one in desired.enumerations])
    old_names = {new: old for old, new in moved}
    found = []
    names = [new for _, new in moved]
    names += [name for name, one in wanted.items() if one.value_renames and name not in old_names]
    for name in names:
        before = there.get(old_names.get(name, name))
        if before is None:
            continue
        values = dict(value_renames(before, wanted[name]))
        if name != before.name or values:
            after = replace(
                wanted[name],
                values=tuple(values.get(value, value) for value in before.values),
                comment=before.comment,
                value_renames=tuple(values.items()),
            )
            found.append((before, after))
    return tuple(found)


def value_renames(before: Enumeration, wanted: Enumeration) -> tuple[tuple[str, str], ...]:
    """(old value, new value) of those that are still to be renamed, in an order that can be executed."""
    former = {new: old for old, new in wanted.value_renames}
    return _renames(before.values, [(value, former.get(value)) for value in wanted.values])


def sequence_renames(actual: State, desired: State) -> tuple[tuple[QualifiedName, QualifiedName], ...]:
    """(old name, new name) in an order that can be executed."""
    return _renames(
        [one.name for one in actual.sequences],
        [(one.name, one.renamed_from) for one in desired.sequences],
    )


def renamed_state(actual: State, desired: State, *, agreed: Collection[QualifiedName] = frozenset()) -> State:
    """The actual state as it is once all renames of tables, columns, types, values and sequences are done.

    Foreign keys, keys, indexes and expressions follow the new names, as servers let them. Tables that are known to be
    equal in both states (`agreed`) need no look.
    """
    tables = dict(table_renames(actual, desired))
    wanted = {table.name: table for table in desired.tables}
    columns: dict[QualifiedName, Mapping[str, str]] = {}
    for table in actual.tables:
        if table.name in agreed:
            columns[table.name] = {}
            continue
        after = wanted.get(tables.get(table.name, table.name))
        columns[table.name] = dict(column_renames(table, after)) if after is not None else {}
    enumerations = enumeration_renames(actual, desired)
    sequences = dict(sequence_renames(actual, desired))
    now = actual
    if tables or any(columns.values()):
        now = replace(
            now,
            tables=tuple(renamed_table(table, tables, columns) for table in now.tables),
            sequences=tuple(_moved_owner(one, tables, columns) for one in now.sequences),
        )
    if enumerations:
        now = with_renamed_types(now, enumerations)
    if sequences:
        now = replace(
            now, sequences=tuple(replace(one, name=sequences.get(one.name, one.name)) for one in now.sequences)
        )
        now = with_expressions(now, [sequence_renamer(old, new) for old, new in sequences.items()])
    return now


def _moved_owner(
    sequence: Sequence,
    tables: Mapping[QualifiedName, QualifiedName],
    columns: Mapping[QualifiedName, Mapping[str, str]],
) -> Sequence:
    if sequence.owned_by is None:
        return sequence
    table, column = sequence.owned_by
    owner = (tables.get(table, table), columns.get(table, {}).get(column, column))
    return sequence if owner == sequence.owned_by else replace(sequence, owned_by=owner)


def _renames(there: Iterable[Name], wanted: Listed[tuple[Name, Name | None]]) -> tuple[tuple[Name, Name], ...]:
    said = {new: old for new, old in wanted if old is not None and old != new}
    if not said:
        return ()
    names = set(there)
    asked = {new for new, _ in wanted}
    done: list[tuple[Name, Name]] = []
    while True:
        # The old name may go on to mean something else only if that, too, comes from a rename.
        found = next(
            (
                (old, new)
                for new, old in said.items()
                if new not in names and old in names and (old not in asked or said.get(old) in names)
            ),
            None,
        )
        if found is None:
            return tuple(done)
        done.append(found)
        names.remove(found[0])
        names.add(found[1])
        del said[found[1]]
