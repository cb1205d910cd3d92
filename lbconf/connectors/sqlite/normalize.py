"""A desired state as SQLite will report it."""

from typing import Final

from lbconf.connectors.sqlite.mapping import canonical_type
from lbconf.connectors.sqlite.table_sql import canonical_default, canonical_expression
from lbconf.connectors.sqlite.views import normal_view
from lbconf.patterns import pattern
from lbconf.records import replace
from lbconf.state.structure import (
    Column,
    ColumnType,
    Default,
    ForeignKey,
    Identity,
    Index,
    IndexPart,
    Options,
    PrimaryKey,
    QualifiedName,
    State,
    Table,
    Unique,
)

__all__ = ["normalize"]

BINARY: Final = "BINARY"
FLAGS: Final = ("strict", "without_rowid")
SAID: Final = ("primary_key", "unique ", "references ")
"""How options begin that hold what is written in the definition of the table."""
DESCENDING: Final = pattern(r" DESC\)")


def normalize(desired: State) -> State:
    """A desired state as `inspect` will report it: no namespaces, comments or enum types.

    Where the desired state does not own the file it has indexes for unique constraints, for these come and go
    without a rebuild.
    """
    exact = desired.speaks_for("")
    taken = {table.name.name.lower() for table in desired.tables}
    taken |= {index.name.lower() for table in desired.tables for index in table.indexes}
    tables = tuple(
        sorted((_normal_table(table, taken, exact=exact) for table in desired.tables), key=lambda table: table.name)
    )
    return State(
        tables=tables,
        views=tuple(sorted((normal_view(view) for view in desired.views), key=lambda view: view.name)),
        opaque=desired.opaque,
        owns=desired.owns,
    )


def _normal_table(table: Table, taken: set[str], *, exact: bool) -> Table:
    """The table, unless `exact` with unique indexes for uniques.

    `taken` holds the names of tables and indexes of the whole file.
    """
    key = table.primary_key
    single = table.column(key.columns[0]) if key is not None and len(key.columns) == 1 else None
    counted = single.name if single is not None and _normal_type(single.type) == ColumnType("INTEGER") else None
    if any(name == "primary_key" and DESCENDING.search(text) for name, text in table.options):
        counted = None  # an INTEGER PRIMARY KEY DESC is no row id
    options = _normal_options(table.options)
    without_rowid = ("without_rowid", "true") in options
    indexes = [_normal_index(index) for index in table.indexes]
    for unique in () if exact else table.uniques:
        parts = tuple(IndexPart(column=column) for column in unique.columns)
        if any(other.name == unique.name and other.parts == parts and other.unique for other in indexes):
            continue
        # A constraint's name is its table's affair, an index's the whole file's.
        name, number = unique.name, 1
        while name.lower() in taken:
            name, number = f"{table.name.name}_{unique.name}" + ("" if number == 1 else f"_{number}"), number + 1
        taken.add(name.lower())
        indexes.append(Index(name=name, parts=parts, unique=True, source=unique.source))
    return replace(
        table,
        name=QualifiedName("", table.name.name),
        columns=tuple(
            _normal_column(column, key, counted=column.name == counted and not without_rowid, plain=not without_rowid)
            for column in table.columns
        ),
        primary_key=None if key is None else PrimaryKey(name=None, columns=key.columns),
        uniques=_normal_uniques(table) if exact else (),
        indexes=tuple(sorted(indexes, key=lambda index: index.name)),
        foreign_keys=tuple(sorted((_normal_key(part) for part in table.foreign_keys), key=lambda part: part.name)),
        checks=tuple(
            replace(check, expression=canonical_expression(check.expression), valid=True) for check in table.checks
        ),
        comment=None,
        options=options,
        renamed_from=None if table.renamed_from is None else QualifiedName("", table.renamed_from.name),
    )


def _normal_uniques(table: Table) -> tuple[Unique, ...]:
    found = (
        replace(unique, nulls_not_distinct=False, include=(), deferrable=None)
        for unique in table.uniques
        if not any(
            index.name == unique.name and index.unique and tuple(part.column for part in index.parts) == unique.columns
            for index in table.indexes
        )
    )
    return tuple(sorted(found, key=lambda unique: unique.name))


def _normal_options(options: Options) -> Options:
    """Without flags that are off, and without what other servers keep."""
    flags = {name: value for name, value in options if name in FLAGS and value == "true"}
    said = {name: value for name, value in options if name.startswith(SAID)}
    return tuple(sorted((flags | said).items()))


def _normal_type(found: ColumnType) -> ColumnType:
    canonical = canonical_type(found.name)
    return canonical if canonical.arguments else ColumnType(canonical.name, found.arguments)


def _normal_column(column: Column, key: PrimaryKey | None, *, counted: bool, plain: bool) -> Column:
    """The column; `counted`: it is the row id; `plain`: the table has row ids."""
    identity = None
    if counted:
        always = column.identity is not None and column.identity.kind == "autoincrement"
        identity = Identity(kind="autoincrement" if always else "rowid")
    in_key = key is not None and column.name in key.columns
    collation = None if column.collation is None or column.collation.upper() == BINARY else column.collation.upper()
    return replace(
        column,
        type=_normal_type(column.type),
        nullable=column.nullable and not in_key,
        default=None if column.default is None or counted else Default(canonical_default(column.default.expression)),
        generated=None if column.generated is None else canonical_expression(column.generated),
        virtual=column.virtual and column.generated is not None,
        identity=identity,
        collation=collation,
        comment=None,
        options=_normal_column_options(column, in_key=in_key and plain, counted=counted),
    )


def _normal_column_options(column: Column, *, in_key: bool, counted: bool) -> Options:
    """Whether NOT NULL is written on a key, where it is not the usual way; and what a NOT NULL does otherwise."""
    found = {name: value for name, value in column.options if name in {"not_null", "on_conflict"}}
    if found.get("not_null") != ("true" if counted else "false") or not in_key:
        found.pop("not_null", None)
    return tuple(sorted(found.items()))


def _normal_index(index: Index) -> Index:
    parts = tuple(
        replace(
            part,
            expression=None if part.expression is None else canonical_expression(part.expression),
            nulls_first=None,
            operator_class=None,
            collation=None if part.collation is None else part.collation.upper(),
        )
        for part in index.parts
    )
    where = None if index.where is None else canonical_expression(index.where)
    return replace(
        index, parts=parts, where=where, method="btree", include=(), nulls_not_distinct=False, valid=True, comment=None
    )


def _normal_key(key: ForeignKey) -> ForeignKey:
    return replace(key, target=QualifiedName("", key.target.name), match="SIMPLE", valid=True)
