"""What a desired state leaves open, taken over from the actual one."""

from collections.abc import Collection
from typing import TypeVar

from lbconf.records import replace
from lbconf.state.structure import (
    Check,
    Column,
    Enumeration,
    Exclusion,
    ForeignKey,
    Identity,
    Index,
    IndexPart,
    Options,
    Partition,
    PrimaryKey,
    QualifiedName,
    Sequence,
    State,
    Table,
    Unique,
    View,
)

__all__ = ["settle"]

Named = TypeVar("Named", Unique, ForeignKey, Check, Exclusion)
Commented = TypeVar("Commented", Enumeration, Sequence)


def settle(
    actual: State,
    desired: State,
    *,
    equal: set[QualifiedName] | None = None,
    agreed: Collection[QualifiedName] = frozenset(),
) -> State:
    """The desired state with everything it has no opinion on as it is in the actual one (after renames).

    Comments, collations and options that are not said, opaque parts,
    partitions, and names of constraints that are there already under another
    name. A unique constraint and a plain unique index on the same columns do
    the same: whichever is there stays. In the namespaces that the desired
    state owns only what is opaque, and names that the server does not keep.
    Tables that need nothing of it, because they are equal, are added to `equal`; `agreed` are known to be.
    """
    tables: list[Table] = []
    for wanted in desired.tables:
        found = actual.table(wanted.name)
        if wanted.name in agreed or found == wanted:
            tables.append(wanted)
            if equal is not None:
                equal.add(wanted.name)
        elif desired.speaks_for(wanted.name.namespace):
            tables.append(_exactly(found, wanted))
        else:
            tables.append(_settled(found, wanted))
    return replace(
        desired,
        tables=tuple(tables),
        views=_views(actual, desired),
        enumerations=_commented(actual.enumerations, desired.enumerations, desired),
        sequences=_commented(actual.sequences, desired.sequences, desired),
    )


def _exactly(found: Table | None, wanted: Table) -> Table:
    if found is None:
        return wanted
    key = wanted.primary_key
    if key is not None and found.primary_key is not None and found.primary_key.name is None:
        key = replace(key, name=None)
    indexes = {index.name: index.options for index in found.indexes}
    return replace(
        wanted,
        primary_key=key,
        indexes=tuple(_in_order(indexes.get(index.name), index) for index in wanted.indexes),
        options=_ordered(found.options, wanted.options),
        opaque=found.opaque,
    )


def _in_order(found: Options | None, wanted: Index) -> Index:
    if not found or found == wanted.options:
        return wanted
    return replace(wanted, options=_ordered(found, wanted.options))


def _ordered(found: Options, wanted: Options) -> Options:
    """Options in the order that is there, where nothing else differs."""
    return found if dict(found) == dict(wanted) else wanted


def _settled(found: Table | None, wanted: Table) -> Table:
    if found is None:
        return wanted
    wanted = _settled_uniqueness(found, wanted)
    columns = {column.name: column for column in found.columns}
    indexes = {index.name: index for index in found.indexes}
    return replace(
        wanted,
        columns=tuple(_settled_column(columns.get(column.name), column) for column in wanted.columns),
        primary_key=_settled_key(found.primary_key, wanted.primary_key),
        uniques=_settled_names(found.uniques, wanted.uniques),
        foreign_keys=_settled_names(found.foreign_keys, wanted.foreign_keys),
        checks=_settled_names(found.checks, wanted.checks),
        exclusions=_settled_names(found.exclusions, wanted.exclusions),
        indexes=tuple(_settled_index(found.indexes, indexes, index) for index in wanted.indexes),
        comment=found.comment if wanted.comment is None else wanted.comment,
        options=_settled_options(found.options, wanted.options),
        partition_by=found.partition_by if wanted.partition_by is None else wanted.partition_by,
        partitions=_settled_partitions(found.partitions, wanted.partitions),
        opaque=found.opaque,
    )


def _settled_key(found: PrimaryKey | None, wanted: PrimaryKey | None) -> PrimaryKey | None:
    """Its name, and what is not said about it; the columns count."""
    if wanted is None or found is None or wanted.columns != found.columns:
        return wanted
    return PrimaryKey(
        name=found.name,
        columns=wanted.columns,
        include=wanted.include or found.include,
        deferrable=wanted.deferrable or found.deferrable,
        lengths=wanted.lengths or found.lengths,
    )


def _settled_column(found: Column | None, wanted: Column) -> Column:
    if found is None:
        return wanted
    comment = found.comment if wanted.comment is None else wanted.comment
    collation = found.collation if wanted.collation is None else wanted.collation
    charset = found.charset if wanted.charset is None else wanted.charset
    on_update = found.on_update if wanted.on_update is None else wanted.on_update
    options = _settled_options(found.options, wanted.options)
    identity = _settled_identity(found.identity, wanted.identity)
    settled = (comment, collation, charset, on_update, options, identity)
    if settled == (wanted.comment, wanted.collation, wanted.charset, wanted.on_update, wanted.options, wanted.identity):
        return wanted
    return replace(
        wanted,
        comment=comment,
        collation=collation,
        charset=charset,
        on_update=on_update,
        options=options,
        identity=identity,
    )


def _settled_identity(found: Identity | None, wanted: Identity | None) -> Identity | None:
    """Going on with the sequence that is there, whatever its name."""
    if found is None or wanted is None or (wanted.name, wanted.type) == (found.name, found.type):
        return wanted
    return replace(wanted, name=wanted.name or found.name, type=wanted.type or _type_there(found, wanted))


def _type_there(found: Identity, wanted: Identity) -> str | None:
    return found.type if found.kind == wanted.kind == "serial" else None


def _settled_options(found: Options, wanted: Options) -> Options:
    """What is there, with what is said on top."""
    return tuple((dict(found) | dict(wanted)).items()) if wanted and found else wanted or found


def _settled_partitions(found: tuple[Partition, ...], wanted: tuple[Partition, ...]) -> tuple[Partition, ...]:
    """Those that are there, and what is said on top: others come and go without lbconf."""
    if not found or not wanted:
        return wanted or found
    by_name = {part.name: part for part in found}
    for part in wanted:
        there = by_name.get(part.name)
        inner = () if there is None else there.partitions
        by_name[part.name] = replace(part, partitions=_settled_partitions(inner, part.partitions))
    return tuple(by_name[name] for name in sorted(by_name))


def _settled_names(found: tuple[Named, ...], wanted: tuple[Named, ...]) -> tuple[Named, ...]:
    if all(part in found for part in wanted):
        return wanted
    asked = {part.name for part in wanted}
    there = {part.name for part in found}
    free = [part for part in found if part.name not in asked]
    settled: list[Named] = []
    for part in wanted:
        same = next((other for other in free if replace(other, name=part.name) == part), None)
        if same is None or part in found or part.renamed_from in there:
            settled.append(part)
        else:
            free.remove(same)
            settled.append(replace(part, name=same.name))
    return tuple(sorted(settled, key=lambda part: part.name))


def _settled_index(there: tuple[Index, ...], indexes: dict[str, Index], wanted: Index) -> Index:
    found = indexes.get(wanted.name)
    if found is None:
        # One that is there under another name is renamed: what is not said of it stays, too.
        bare = replace(wanted, comment=None, options=(), name="")
        alike = (i for i in there if replace(i, comment=None, options=(), name="") == bare)
        found = next(alike, None)
    if found is None or (found.comment, found.options) == (wanted.comment, wanted.options):
        return wanted
    return replace(
        wanted,
        comment=found.comment if wanted.comment is None else wanted.comment,
        options=_settled_options(found.options, wanted.options),
    )


def _views(actual: State, desired: State) -> tuple[View, ...]:
    """With the columns and what is opaque of those that are there: no model says either."""
    if not desired.views:
        return ()
    there = {view.name: view for view in actual.views}
    return tuple(_settled_view(there.get(v.name), v, exact=desired.speaks_for(v.name.namespace)) for v in desired.views)


def _settled_view(found: View | None, wanted: View, *, exact: bool) -> View:
    if found is None:
        return wanted
    settled = replace(
        wanted,
        columns=found.columns,
        opaque=found.opaque,
    )
    if found.definition == wanted.definition:
        settled = replace(settled, depends_on=found.depends_on, depends_on_opaque=found.depends_on_opaque)
    indexes = {index.name: index for index in found.indexes}
    if exact:
        there = {name: index.options for name, index in indexes.items()}
        return replace(
            settled,
            options=_ordered(found.options, wanted.options),
            indexes=tuple(_in_order(there.get(index.name), index) for index in wanted.indexes),
        )
    return replace(
        settled,
        comment=found.comment if wanted.comment is None else wanted.comment,
        options=_settled_options(found.options, wanted.options),
        indexes=tuple(_settled_index(found.indexes, indexes, index) for index in wanted.indexes),
    )


def _commented(found: tuple[Commented, ...], wanted: tuple[Commented, ...], desired: State) -> tuple[Commented, ...]:
    """With the comments that are there, where none is said and the namespace is not owned."""
    there = {one.name: one.comment for one in found if one.comment is not None}
    if not there:
        return wanted
    return tuple(
        replace(one, comment=there.get(one.name))
        if one.comment is None and not desired.speaks_for(one.name.namespace)
        else one
        for one in wanted
    )


def _settled_uniqueness(found: Table, wanted: Table) -> Table:
    if not wanted.uniques and not any(index.unique for index in wanted.indexes):
        return wanted
    uniques, indexes = list(wanted.uniques), list(wanted.indexes)
    for unique in wanted.uniques:
        index = next((i for i in found.indexes if _plain(i) == unique.columns), None)
        if index is not None and _is_plain(unique) and not any(u.columns == unique.columns for u in found.uniques):
            uniques.remove(unique)
            if not any(_plain(other) == unique.columns for other in indexes):
                indexes.append(index)
    asked = {index.name for index in wanted.indexes}
    there = {index.name for index in found.indexes}
    for index in wanted.indexes:
        same = next((u for u in found.uniques if _is_plain(u) and u.columns == _plain(index)), None)
        # An index that is there under another name would rather be renamed, unless it is wanted as it is.
        free = [i for i in found.indexes if i.name not in asked and _plain(i) == _plain(index)]
        if same is not None and index.name not in there and (not free or same.name == index.name):
            indexes.remove(index)
            if same.columns not in {u.columns for u in uniques}:
                uniques.append(same)
    return replace(
        wanted,
        uniques=tuple(sorted(uniques, key=lambda unique: unique.name)),
        indexes=tuple(sorted(indexes, key=lambda index: index.name)),
    )


def _is_plain(unique: Unique) -> bool:
    """Whether a plain unique index would do the same."""
    return unique == Unique(name=unique.name, columns=unique.columns)


def _plain(index: Index) -> tuple[str, ...] | None:
    """Columns of a unique index that a unique constraint could stand for; None for any other index."""
    if not index.unique or index.where is not None or not index.valid or index.include or index.nulls_not_distinct:
        return None
    columns = tuple(
        part.column for part in index.parts if part.column is not None and part == IndexPart(column=part.column)
    )
    return columns if len(columns) == len(index.parts) else None
