"""Parts of an actual state once something is renamed. Part of `renames`, which tells what is."""

from collections.abc import Callable, Mapping
from collections.abc import Sequence as Listed
from typing import TypeVar

from lbconf.records import replace
from lbconf.state.rewrite import column_renamer, type_renamer
from lbconf.state.structure import (
    Column,
    Composite,
    Default,
    Domain,
    Enumeration,
    ForeignKey,
    Index,
    PrimaryKey,
    QualifiedName,
    State,
    Table,
    View,
)

__all__ = ["renamed_table", "with_expressions", "with_renamed_types"]

Owner = TypeVar("Owner", Table, View, Composite)
Rewriter = Callable[[str], str]


def renamed_table(
    table: Table,
    tables: Mapping[QualifiedName, QualifiedName],
    columns: Mapping[QualifiedName, Mapping[str, str]],
) -> Table:
    """The table under its new name, its columns and what they point at under theirs.

    Args:
        table: As it is.
        tables: New names of tables by their old ones.
        columns: The same of each table's columns, by the table's old name.
    """
    own = columns[table.name]
    found = replace(
        table,
        name=tables.get(table.name, table.name),
        foreign_keys=tuple(_foreign_key(key, own, tables, columns) for key in table.foreign_keys),
    )
    if found.name != table.name:
        found = replace(found, columns=tuple(map(_with_its_sequence, found.columns)))
    if not own:
        return found
    found = replace(
        found,
        columns=tuple(
            replace(_with_its_sequence(column), name=own[column.name]) if column.name in own else column
            for column in found.columns
        ),
        primary_key=_key(table.primary_key, own),
        uniques=tuple(
            replace(part, columns=_renamed(part.columns, own), include=_renamed(part.include, own))
            for part in table.uniques
        ),
        indexes=tuple(_index(index, own) for index in table.indexes),
    )
    return _expressed(found, column_renamer(own))


def _with_its_sequence(column: Column) -> Column:
    """A sequence behind a column keeps its name, which is not the one that the server would make up any more."""
    identity = column.identity
    if identity is None or identity.sequence is None or identity.name is not None:
        return column
    return replace(column, identity=replace(identity, name=identity.sequence.name))


def with_renamed_types(state: State, renamed: Listed[tuple[Enumeration, Enumeration]]) -> State:
    """The state with these enum types as they are then, and all that is of them or says one of their values."""
    names = {before.name: after.name for before, after in renamed}
    enums = {before.name: after for before, after in renamed}
    state = replace(
        state,
        enumerations=tuple(
            replace(one, name=enums[one.name].name, values=enums[one.name].values) if one.name in enums else one
            for one in state.enumerations
        ),
        tables=tuple(_retyped(table, names) for table in state.tables),
        views=tuple(_retyped(view, names) for view in state.views),
        composites=tuple(_retyped(one, names) for one in state.composites),
        domains=tuple(_domain(one, names) for one in state.domains),
    )
    for before, after in renamed:
        values = dict(after.value_renames)
        state = with_expressions(state, [type_renamer(before.name.name, after.name.name, values)])
        if values:
            state = replace(state, tables=tuple(_with_values(table, after.name, values) for table in state.tables))
    return state


def with_expressions(state: State, rewriters: Listed[Rewriter]) -> State:
    """The state with every expression of its tables rewritten."""
    tables = state.tables
    for rewriter in rewriters:
        tables = tuple(_expressed(table, rewriter) for table in tables)
    return replace(state, tables=tables)


def _expressed(table: Table, rewrite: Rewriter) -> Table:
    return replace(
        table,
        columns=tuple(_column_expressed(column, rewrite) for column in table.columns),
        indexes=tuple(_index_expressed(index, rewrite) for index in table.indexes),
        checks=tuple(replace(check, expression=rewrite(check.expression)) for check in table.checks),
        exclusions=tuple(replace(one, definition=rewrite(one.definition)) for one in table.exclusions),
        partition_by=None if table.partition_by is None else rewrite(table.partition_by),
    )


def _column_expressed(column: Column, rewrite: Rewriter) -> Column:
    if column.default is None and column.generated is None:
        return column
    return replace(
        column,
        default=None if column.default is None else Default(rewrite(column.default.expression)),
        generated=None if column.generated is None else rewrite(column.generated),
    )


def _index_expressed(index: Index, rewrite: Rewriter) -> Index:
    if index.where is None and all(part.expression is None for part in index.parts):
        return index
    parts = tuple(
        part if part.expression is None else replace(part, expression=rewrite(part.expression)) for part in index.parts
    )
    return replace(index, parts=parts, where=None if index.where is None else rewrite(index.where))


def _retyped(owner: Owner, names: Mapping[QualifiedName, QualifiedName]) -> Owner:
    if not any(column.type.enumeration in names for column in owner.columns):
        return owner
    return replace(owner, columns=tuple(_column_retyped(column, names) for column in owner.columns))


def _column_retyped(column: Column, names: Mapping[QualifiedName, QualifiedName]) -> Column:
    named = column.type.enumeration
    if named is None or named not in names:
        return column
    new = names[named]
    return replace(column, type=replace(column.type, name=new.name, enumeration=new))


def _domain(domain: Domain, names: Mapping[QualifiedName, QualifiedName]) -> Domain:
    named = domain.type.enumeration
    if named is None or named not in names:
        return domain
    return replace(domain, type=replace(domain.type, name=names[named].name, enumeration=names[named]))


def _with_values(table: Table, name: QualifiedName, values: Mapping[str, str]) -> Table:
    """The table whose columns of an enum type have the new values as defaults, also where no cast says the type."""

    def column(found: Column) -> Column:
        text = "" if found.default is None else found.default.expression
        plain = found.type.enumeration == name and len(text) > 1 and text[0] == text[-1] == "'"
        new = values.get(text[1:-1].replace("''", "'")) if plain else None
        return found if new is None else replace(found, default=Default("'" + new.replace("'", "''") + "'"))

    return replace(table, columns=tuple(column(found) for found in table.columns))


def _renamed(names: tuple[str, ...], renames: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(renames.get(name, name) for name in names)


def _key(key: PrimaryKey | None, renames: Mapping[str, str]) -> PrimaryKey | None:
    if key is None:
        return None
    return replace(key, columns=_renamed(key.columns, renames), include=_renamed(key.include, renames))


def _index(index: Index, renames: Mapping[str, str]) -> Index:
    parts = tuple(
        part if part.column is None else replace(part, column=renames.get(part.column, part.column))
        for part in index.parts
    )
    return replace(index, parts=parts, include=_renamed(index.include, renames))


def _foreign_key(
    key: ForeignKey,
    own: Mapping[str, str],
    tables: Mapping[QualifiedName, QualifiedName],
    columns: Mapping[QualifiedName, Mapping[str, str]],
) -> ForeignKey:
    if key.target not in tables and not own and not columns.get(key.target):
        return key
    return replace(
        key,
        columns=_renamed(key.columns, own),
        target=tables.get(key.target, key.target),
        target_columns=_renamed(key.target_columns, columns.get(key.target, {})),
        set_columns=_renamed(key.set_columns, own),
    )
