"""A desired state in the words in which this server will report it.

What can be said without asking is (`predicted`). Where a text then still
differs from the one that is there, the server itself is asked: the columns,
checks and indexes in question are made on temporary tables in a transaction
that is rolled back, and read back (`ask`). No table of the user is read,
locked or changed, and nothing is asked when nothing differs.
"""

import re
from collections.abc import Callable, Collection
from operator import is_
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from lbconf.connectors.postgresql.inspect_columns import usual
from lbconf.connectors.postgresql.normalize_rest import (
    open_domains,
    open_views,
    refuse_unknown,
    with_definitions,
    with_sequences,
)
from lbconf.records import replace
from lbconf.state.structure import Column, ColumnType, Default, Identity, Index, IndexPart, QualifiedName, State, Table

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["normalize", "normalize_asking", "predicted", "questions"]

_Predicted: TypeAlias = tuple[ColumnType, bool, Identity | None, Default | None]
STRING: Final = re.compile(r"^'(?:[^'\\]|'')*'$")
INSTANTS: Final = frozenset({"now()", "CURRENT_TIMESTAMP", "transaction_timestamp()"})
"""Ways to say the start of the transaction, which the server keeps apart in print only."""
PRINTED: Final = {"current_timestamp": "CURRENT_TIMESTAMP", "current_date": "CURRENT_DATE", "now()": "now()"}
TEXTUAL: Final = frozenset({"text", "character varying", "character", "jsonb", "json", "uuid", "date", "bytea"})


def normalize(desired: State, *, actual: State, connection: "Connection[Any]") -> State:
    """As `normalize_asking`, over a connection that is open."""
    return normalize_asking(desired, actual=actual, asking=lambda ask: ask(connection))


def normalize_asking(
    desired: State,
    *,
    actual: State,
    asking: "Callable[[Callable[[Connection[Any]], State]], State]",
    agreed: set[QualifiedName] | None = None,
) -> State:
    """The desired state as the server will report it.

    Args:
        desired: From the models.
        actual: What is there now; texts that agree with it are not asked about.
        asking: Calls a function with a connection, for the questions that are left: one rolled-back transaction
            at most. Not used where nothing is left to ask.
        agreed: Gets the tables that are as they should be.
    """
    agreed = set() if agreed is None else agreed
    state = predicted(desired, actual, agreed=agreed)
    open_tables = questions(state, actual, agreed=agreed)
    if not open_tables and not open_domains(state, actual) and not open_views(state, actual):
        return state
    return asking(lambda connection: _asked(connection, open_tables, state, actual))


def _asked(
    connection: "Connection[Any]", open_tables: dict[QualifiedName, Table], state: State, actual: State
) -> State:
    from lbconf.connectors.postgresql.probe import ask

    domains, views = open_domains(state, actual), open_views(state, actual)
    found = ask(connection, open_tables, state, actual, domains=domains, views=views)
    refuse_unknown(found.unknown)
    answers = found.tables
    state = with_definitions(state, found.domains, found.views)
    tables = tuple(
        _instants(_answered(table, answers[table.name]), actual.table(table.name)) if table.name in answers else table
        for table in state.tables
    )
    return replace(state, tables=tables)


def predicted(desired: State, actual: State, *, agreed: set[QualifiedName] | None = None) -> State:
    """What needs no server: named types, literals, columns that are required because they count or are a key.

    Tables that are as they should be already stay as they are, and are added to `agreed`.
    """
    named = {
        found.name
        for state in (desired, actual)
        for kind in (state.enumerations, state.domains, state.composites)
        for found in kind
    }
    alike: dict[tuple[Any, ...], tuple[Column, _Predicted | None]] = {}
    tables = []
    for table in desired.tables:
        there = actual.table(table.name)
        if there == table:
            tables.append(table)
            if agreed is not None:
                agreed.add(table.name)
            continue
        namespace, key = table.name.namespace, table.primary_key.columns if table.primary_key else ()
        columns = tuple(
            _column_like(column, named, namespace, in_key=column.name in key, alike=alike) for column in table.columns
        )
        indexes = tuple(map(_index, table.indexes))
        same = all(map(is_, columns, table.columns)) and all(map(is_, indexes, table.indexes))
        found = table if same else replace(table, columns=columns, indexes=indexes)
        tables.append(_instants(found, there))
    return with_sequences(replace(desired, tables=tuple(tables)), actual)


def questions(
    state: State, actual: State, *, agreed: Collection[QualifiedName] = frozenset()
) -> dict[QualifiedName, Table]:
    """Tables of a predicted state with only those columns, checks and indexes that the server has to be asked about."""
    found = {}
    for table in state.tables:
        if table.name in agreed:
            continue
        there = actual.table(table.name) or (actual.table(table.renamed_from) if table.renamed_from else None)
        question = _question(table, there)
        if question is not None:
            found[table.name] = question
    return found


def _column_like(
    column: Column,
    named: set[QualifiedName],
    namespace: str,
    *,
    in_key: bool,
    alike: dict[tuple[Any, ...], tuple[Column, _Predicted | None]],
) -> Column:
    """As the server will report it. `alike` holds the first column of each kind, and what of it becomes different."""
    key = (id(column.type), id(column.default), id(column.identity), column.nullable, in_key, namespace)
    known = alike.get(key)
    if known is None:
        known = alike[key] = (column, _differing(column, named, namespace, in_key=in_key))
    if known[1] is None:
        return column
    kind, nullable, identity, default = known[1]
    return replace(column, type=kind, nullable=nullable, identity=identity, default=default)


def _differing(column: Column, named: set[QualifiedName], namespace: str, *, in_key: bool) -> _Predicted | None:
    """Type, nullability, identity and default as they will be; None where they stay."""
    kind = _type(column.type, named, namespace)
    identity = None if column.identity is None else usual(column.identity, column.identity.type or kind.name)
    if identity is not None and identity.name is not None:
        identity = replace(identity, sequence=QualifiedName(namespace, identity.name))
    nullable = column.nullable and not in_key and identity is None
    default = None if identity is not None or column.default is None else _default(column.default, kind)
    sequenced = identity is not None and identity.name is not None
    same = (kind, nullable, identity, default) == (column.type, column.nullable, column.identity, column.default)
    if same and not sequenced:
        return None
    return kind, nullable, identity, default


def _type(found: ColumnType, named: set[QualifiedName], namespace: str) -> ColumnType:
    if found.enumeration is not None:
        return found
    if not named:
        return found
    text = found.name.replace('"', "")
    head, _, name = text.rpartition(".")
    qualified = QualifiedName(head or namespace, name)
    if qualified in named and not found.arguments:
        return ColumnType(name, (), found.dimensions, qualified)
    return found


def _default(default: Default, kind: ColumnType) -> Default | None:
    text = default.expression.strip()
    if text.lower() == "null":
        return None
    if STRING.match(text):
        if kind.enumeration is None and kind.name in TEXTUAL and not kind.dimensions:
            suffix = "bpchar" if kind.name == "character" else kind.name
            return Default(f"{text}::{suffix}")
        return Default(text)
    return Default(PRINTED.get(text.lower(), text.lower() if text.lower() in {"true", "false"} else text))


def _index(index: Index) -> Index:
    method, parts = index.method.lower(), tuple(map(_part, index.parts))
    return index if (method, parts) == (index.method, index.parts) else replace(index, method=method, parts=parts)


def _part(part: IndexPart) -> IndexPart:
    return part if part.nulls_first != part.descending else replace(part, nulls_first=None)


def _instants(table: Table, there: Table | None) -> Table:
    """The same instant in the words that are there."""
    if there is None or not any(_is_instant(column.default) for column in table.columns):
        return table
    words = {column.name: column.default for column in there.columns if _is_instant(column.default)}
    columns = tuple(
        replace(column, default=words[column.name]) if column.name in words and _is_instant(column.default) else column
        for column in table.columns
    )
    return replace(table, columns=columns)


def _is_instant(default: Default | None) -> bool:
    return default is not None and default.expression in INSTANTS


def _question(table: Table, there: Table | None) -> Table | None:
    """The table with only what has to be asked; None where nothing has."""
    found = {column.name: column for column in there.columns} if there else {}
    policies = () if there else tuple(fact for fact in table.opaque if fact.kind == "policy")
    columns = tuple(c for c in table.columns if policies or _is_open(c, found.get(c.name)))
    known_checks = {check.expression for check in there.checks} if there else set()
    checks = tuple(check for check in table.checks if check.expression not in known_checks)
    known_exclusions = {one.definition for one in there.exclusions} if there else set()
    exclusions = tuple(one for one in table.exclusions if one.definition not in known_exclusions)
    known = {(index.parts, index.where) for index in there.indexes} if there else set()
    indexes = tuple(
        index
        for index in table.indexes
        if (index.parts, index.where) not in known
        and (
            index.where
            or any(part != IndexPart(column=part.column, descending=part.descending) for part in index.parts)
        )
    )
    if not (columns or checks or exclusions or indexes or policies):
        return None
    return replace(table, checks=checks, exclusions=exclusions, indexes=indexes, opaque=policies, model=None)


def _is_open(column: Column, other: Column | None) -> bool:
    if column.collation is not None and "." in column.collation and (other is None or other.collation is None):
        return True
    if other is not None and (column.type, column.default, column.generated) == (
        other.type,
        other.default,
        other.generated,
    ):
        return False
    if column.generated is not None:
        return True
    if other is not None and column.type != other.type:
        return column.default is not None or not _resized(column.type, other.type)
    if column.default is None:
        return column.type.enumeration is None and "." in column.type.name
    return not (column.type.name == "text" and column.default.expression.endswith("::text")) and (
        column.default.expression not in {"true", "false", *INSTANTS}
    )


def _resized(kind: ColumnType, other: ColumnType) -> bool:
    """Whether the types are one with other sizes, which everyone prints alike."""
    return replace(kind, arguments=other.arguments) == other and len(kind.arguments) == len(other.arguments) > 0


def _answered(table: Table, answer: Table) -> Table:
    """The table with the server's words where it gave any."""
    columns = []
    for column in table.columns:
        told = answer.column(column.name)
        if told is None:
            columns.append(column)
            continue
        default = None if column.identity is not None else told.default
        columns.append(
            replace(column, type=told.type, default=default, generated=told.generated, collation=told.collation)
        )
    checks = {check.name: check.expression for check in answer.checks}
    exclusions = {one.name: one.definition for one in answer.exclusions}
    indexes = {index.name: index for index in answer.indexes}
    return replace(
        table,
        columns=tuple(columns),
        exclusions=tuple(replace(x, definition=exclusions.get(x.name, x.definition)) for x in table.exclusions),
        checks=tuple(replace(c, expression=checks.get(c.name, c.expression)) for c in table.checks),
        indexes=tuple(
            replace(i, parts=indexes[i.name].parts, where=indexes[i.name].where) if i.name in indexes else i
            for i in table.indexes
        ),
    )
