"""Random states of one server, for the laws of inspection, diff and apply.

Names come from a small pool, so that two states drawn one after the other have
tables, columns and indexes in common. A state can always be reached from any
other with rows in it: what is not null has a backfill, what is unique may be
null and has no default.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from hypothesis import strategies as st

from lbconf.connectors.capabilities import StateCapabilities
from lbconf.state.structure import (
    Check,
    Column,
    ColumnType,
    Default,
    ForeignKey,
    Identity,
    Index,
    IndexPart,
    PrimaryKey,
    QualifiedName,
    State,
    Table,
    Unique,
)

__all__ = ["ServerWords", "TypeWords", "states"]

TABLES = ("account", "Order", "line item", "über")
COLUMNS = ("level", "Title", "select", "created at", "x")


@dataclass(frozen=True, slots=True)
class TypeWords:
    """A column type and what may stand in such a column."""

    type: ColumnType
    default: str
    """An expression that the server accepts as a default."""
    backfill: str
    """A constant that fits."""


@dataclass(frozen=True, slots=True)
class ServerWords:
    """How one server says things."""

    namespace: str
    """Empty where the server has none."""
    key: ColumnType
    """An integer type for keys."""
    identities: Sequence[Identity]
    types: Sequence[TypeWords]
    check: Callable[[str], str]
    """A condition over a quoted column of any type that holds for every row."""
    named_keys: bool
    """Whether primary keys have names."""


@st.composite
def states(draw: st.DrawFn, capabilities: StateCapabilities, words: ServerWords) -> State:
    """A state of up to four tables within what the server can do."""
    names = draw(st.lists(st.sampled_from(TABLES), unique=True, max_size=len(TABLES)))
    tables = [draw(_table(name, capabilities, words)) for name in sorted(names)]
    if capabilities.foreign_keys:
        tables = [draw(_with_foreign_keys(table, tables, words)) for table in tables]
    namespaces = (words.namespace,) if words.namespace and tables else ()
    return State(namespaces=namespaces, tables=tuple(sorted(tables, key=lambda table: table.name)))


@st.composite
def _table(draw: st.DrawFn, name: str, capabilities: StateCapabilities, words: ServerWords) -> Table:
    qualified = QualifiedName(words.namespace, name)
    identity = draw(st.sampled_from([None, *words.identities]))
    columns = [Column(name="id", type=words.key, nullable=False, identity=identity)]
    key = ["id"]
    if draw(st.booleans()) and identity is None:
        columns.append(Column(name="part", type=words.key, nullable=False, backfill="1"))
        key.append("part")
    chosen = draw(st.lists(st.sampled_from(COLUMNS), unique=True, max_size=len(COLUMNS)))
    columns += [draw(_column(column, words)) for column in chosen]
    primary_key = PrimaryKey(name=f"{name}_pkey" if words.named_keys else None, columns=tuple(key))
    table = Table(name=qualified, columns=tuple(columns), primary_key=primary_key)
    table = replace(table, indexes=draw(_indexes(table, capabilities)), uniques=draw(_uniques(table)))
    if capabilities.checks and chosen and draw(st.booleans()):
        check = Check(name=f"{name}_check", expression=words.check(chosen[0]))
        table = replace(table, checks=(check,))
    return table


@st.composite
def _column(draw: st.DrawFn, name: str, words: ServerWords) -> Column:
    kind = draw(st.sampled_from(words.types))
    nullable = draw(st.booleans())
    default = Default(kind.default) if draw(st.booleans()) else None
    return Column(
        name=name, type=kind.type, nullable=nullable, default=default, backfill=None if nullable else kind.backfill
    )


@st.composite
def _indexes(draw: st.DrawFn, table: Table, capabilities: StateCapabilities) -> tuple[Index, ...]:
    found: dict[str, Index] = {}
    for column in _indexable(table):
        if draw(st.integers(0, 3)) == 0:
            partial = bool(capabilities.partial_indexes) and draw(st.booleans())
            parts = [IndexPart(column=column.name, descending=draw(st.booleans()))]
            if draw(st.booleans()) and column.name != "id":
                parts.append(IndexPart(column="id"))
            name = f"{table.name.name}_{column.name}_idx"
            where = '"id" IS NOT NULL' if partial else None
            unique = _may_be_unique(column) and draw(st.booleans())
            found[name] = Index(name=name, parts=tuple(parts), unique=unique, where=where)
    return tuple(found[name] for name in sorted(found))


@st.composite
def _uniques(draw: st.DrawFn, table: Table) -> tuple[Unique, ...]:
    indexed = {index.parts[0].column for index in table.indexes}
    free = [column.name for column in _indexable(table) if _may_be_unique(column) and column.name not in indexed]
    chosen = draw(st.lists(st.sampled_from(free), unique=True, max_size=1)) if free else []
    return tuple(Unique(name=f"{table.name.name}_{name}_key", columns=(name,)) for name in sorted(chosen))


def _indexable(table: Table) -> list[Column]:
    """JSON and geometric columns of some servers take no plain index."""
    return [c for c in table.columns if c.type.name.lower() not in {"json", "point", "bytea", "blob", "jsonb"}]


def _may_be_unique(column: Column) -> bool:
    return column.nullable and column.default is None


@st.composite
def _with_foreign_keys(draw: st.DrawFn, table: Table, tables: Sequence[Table], words: ServerWords) -> Table:
    targets = [other for other in tables if other.primary_key is not None and other.primary_key.columns == ("id",)]
    chosen = draw(st.lists(st.sampled_from(targets), unique_by=lambda t: t.name, max_size=2)) if targets else []
    columns, keys = list(table.columns), []
    for target in sorted(chosen, key=lambda other: other.name):
        column = f"{target.name.name} ref"
        columns.append(Column(name=column, type=words.key))
        keys.append(
            ForeignKey(
                name=f"{table.name.name}_{column}_fkey",
                columns=(column,),
                target=target.name,
                target_columns=("id",),
                on_delete=draw(st.sampled_from(["NO ACTION", "CASCADE", "SET NULL"])),
                on_update=draw(st.sampled_from(["NO ACTION", "CASCADE"])),
            )
        )
    return replace(table, columns=tuple(columns), foreign_keys=tuple(sorted(keys, key=lambda key: key.name)))
