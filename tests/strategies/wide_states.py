"""Random states with every kind of thing that stands in a database, for the laws of comparing and ordering.

Pure data: no server has to accept the expressions. Each state is whole in itself: what is used is there.
"""

from dataclasses import replace

from hypothesis import strategies as st

from lbconf.state.structure import (
    Check,
    Column,
    ColumnType,
    Composite,
    Default,
    Domain,
    Enumeration,
    ForeignKey,
    Index,
    IndexPart,
    PrimaryKey,
    QualifiedName,
    Sequence,
    State,
    Table,
    Unique,
    View,
)

__all__ = ["wide_states"]

NAMESPACES = ("one", "two")
TYPES = ("mood", "temper", "size", "place")
TABLES = ("account", "note", "team")
COLUMNS = ("a", "b", "c")
INTEGER, TEXT = ColumnType("integer"), ColumnType("text")


def _names(namespaces: list[str], names: tuple[str, ...]) -> st.SearchStrategy[list[QualifiedName]]:
    some = [QualifiedName(namespace, name) for namespace in namespaces for name in names]
    return st.lists(st.sampled_from(some), unique=True, max_size=3) if some else st.just([])


@st.composite
def wide_states(draw: st.DrawFn, *, renames: bool = False) -> State:
    """A state that owns all namespaces; with `renames`, some of it says what it was before."""
    namespaces = draw(st.lists(st.sampled_from(NAMESPACES), unique=True, min_size=1))
    types = draw(_names(namespaces, TYPES))
    enumerations, domains, composites = [], [], []
    typed: list[ColumnType] = [INTEGER, TEXT]
    for name in types:
        if name.name in {"mood", "temper"}:
            values = draw(st.lists(st.sampled_from("xyz"), unique=True, min_size=1))
            former = draw(_former(name, ("mood", "temper"), renames=renames))
            enumerations.append(Enumeration(name=name, values=tuple(values), renamed_from=former))
        elif name.name == "size":
            domains.append(Domain(name=name, type=draw(st.sampled_from(typed))))
        else:
            composites.append(Composite(name=name, columns=(Column(name="part", type=draw(st.sampled_from(typed))),)))
        typed.append(ColumnType(name.name, enumeration=name))
    sequences = [
        Sequence(name=name, renamed_from=draw(_former(name, ("counter", "ticket"), renames=renames)))
        for name in draw(_names(namespaces, ("counter", "ticket")))
    ]
    tables = [draw(_table(name, typed, sequences, renames=renames)) for name in draw(_names(namespaces, TABLES))]
    tables = [draw(_pointing(table, tables)) for table in tables]
    sequences = [draw(_owned(sequence, tables)) for sequence in sequences]
    views: list[View] = []
    for name in draw(_names(namespaces, ("seen", "shown"))):
        reads = draw(st.lists(st.sampled_from([t.name for t in tables]), unique=True, max_size=2)) if tables else []
        reads += [view.name for view in views if draw(st.booleans())]
        text = f"select {draw(st.sampled_from('12'))} from {', '.join(str(one) for one in reads)}"
        views.append(View(name=name, columns=(), definition=text, depends_on=tuple(reads)))
    return State(
        namespaces=tuple(sorted(namespaces)),
        tables=_sorted(tables),
        enumerations=_sorted(enumerations),
        domains=_sorted(domains),
        composites=_sorted(composites),
        sequences=_sorted(sequences),
        views=_sorted(views),
        owns=("*",),
    )


def _sorted(parts: list) -> tuple:  # type: ignore[type-arg]
    return tuple(sorted(parts, key=lambda part: part.name))


def _former(name: QualifiedName, names: tuple[str, ...], *, renames: bool) -> st.SearchStrategy[QualifiedName | None]:
    some = [None, *(QualifiedName(name.namespace, other) for other in names if other != name.name)]
    return st.sampled_from(some) if renames else st.none()


@st.composite
def _table(
    draw: st.DrawFn, name: QualifiedName, typed: list[ColumnType], sequences: list[Sequence], *, renames: bool
) -> Table:
    columns = [Column(name="id", type=INTEGER, nullable=False)]
    for one in draw(st.lists(st.sampled_from(COLUMNS), unique=True)):
        counted = [None, *(Default(f"nextval('{sequence.name}'::regclass)") for sequence in sequences)]
        former = draw(st.sampled_from([None, *(other for other in COLUMNS if other != one)])) if renames else None
        kind = draw(st.sampled_from(typed))
        columns.append(Column(name=one, type=kind, default=draw(st.sampled_from(counted)), renamed_from=former))
    names = [column.name for column in columns]
    keyed = draw(st.booleans())
    own = name.name
    uniques = [
        Unique(name=f"{own}_{draw(st.sampled_from('pq'))}", columns=(column,))
        for column in draw(st.lists(st.sampled_from(names), unique=True, max_size=1))
    ]
    indexes = {
        f"{own}_{draw(st.sampled_from('ij'))}": (column, draw(st.booleans()))
        for column in draw(st.lists(st.sampled_from(names), unique=True, max_size=2))
    }
    generated = [Column(name="g", type=TEXT, generated=f"{names[-1]} || 'x'")] if draw(st.booleans()) else []
    return Table(
        name=name,
        columns=(*columns, *generated),
        primary_key=PrimaryKey(name=f"{own}_pkey", columns=("id",)) if keyed else None,
        uniques=_sorted(uniques),
        indexes=tuple(
            Index(name=key, parts=(IndexPart(column=column),), unique=unique)
            for key, (column, unique) in sorted(indexes.items())
        ),
        checks=(Check(name=f"{own}_check", expression=f"{names[-1]} is not null"),) if draw(st.booleans()) else (),
        partition_by=draw(st.sampled_from([None, None, "HASH (id)"])),
        renamed_from=draw(_former(name, TABLES, renames=renames)),
    )


@st.composite
def _pointing(draw: st.DrawFn, table: Table, tables: list[Table]) -> Table:
    keys = []
    for target in draw(st.lists(st.sampled_from(tables), unique_by=lambda one: one.name, max_size=2)):
        found = [target.primary_key.columns] if target.primary_key is not None else []
        found += [unique.columns for unique in target.uniques]
        if found:
            name = f"{target.name.namespace}_{target.name.name}_fkey"
            columns = draw(st.sampled_from(found))
            keys.append(ForeignKey(name=name, columns=("id",), target=target.name, target_columns=columns))
    return replace(table, foreign_keys=_sorted(keys))


@st.composite
def _owned(draw: st.DrawFn, sequence: Sequence, tables: list[Table]) -> Sequence:
    owners = [None, *((table.name, column.name) for table in tables for column in table.columns)]
    return replace(sequence, owned_by=draw(st.sampled_from(owners)))
