"""Asking the server how it prints columns, checks and indexes: temporary tables, read back, rolled back."""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg import Connection

from lbconf.connectors.postgresql.inspect import inspect_namespace
from lbconf.connectors.postgresql.spelling import (
    check_clause,
    column_clause,
    index_statement,
    literal,
    name_text,
    quote,
)
from lbconf.records import replace
from lbconf.state.structure import QualifiedName, State, Table

__all__ = ["ask"]

TEMPORARY = "pg_temp"


def ask(
    connection: Connection[Any], questions: Mapping[QualifiedName, Table], desired: State, actual: State
) -> Mapping[QualifiedName, Table]:
    """What the server makes of these tables, by name; parts that it refuses are missing.

    Nothing stays: the transaction is rolled back. Where the role may not even
    make temporary tables, or the server is read-only, nothing is answered.
    """
    places = {name: QualifiedName(TEMPORARY, f"_lbconf{number}") for number, name in enumerate(questions)}
    found: dict[QualifiedName, Table] = {}
    try:
        with connection.transaction(force_rollback=True):
            _prepare(connection, desired, actual)
            for name, question in questions.items():
                _make(connection, places[name], question)
            by_name = {table.name.name: table for table in inspect_namespace(connection, TEMPORARY).tables}
            for name, place in places.items():
                answer = by_name.get(place.name)
                if answer is not None:
                    found[name] = _named_back(answer, questions[name], place)
    except psycopg.Error:
        if connection.closed:
            raise
        return {}
    return found


def _prepare(connection: Connection[Any], desired: State, actual: State) -> None:
    """Enum types that are not there yet, so that columns can have them."""
    there = {enumeration.name for enumeration in actual.enumerations}
    missing = [enumeration for enumeration in desired.enumerations if enumeration.name not in there]
    spaces = sorted({enumeration.name.namespace for enumeration in missing} - set(actual.namespaces))
    statements = [f"CREATE SCHEMA {quote(space)}" for space in spaces if space]
    for enumeration in missing:
        values = ", ".join(literal(value) for value in enumeration.values)
        statements.append(f"CREATE TYPE {name_text(enumeration.name)} AS ENUM ({values})")
    _try(connection, statements)


def _make(connection: Connection[Any], place: QualifiedName, question: Table) -> None:
    """The table in one go; where the server refuses, part by part, so that one bad part costs only itself."""
    name = name_text(QualifiedName("", place.name))
    plain = [replace(column, identity=None, nullable=True) for column in question.columns]
    bare = [column_clause(replace(column, default=None, generated=None)) for column in plain]
    full = [column_clause(column) for column in plain]
    checks = [check_clause(replace(c, name=f"c{number}")) for number, c in enumerate(question.checks)]
    indexes = [
        index_statement(
            QualifiedName(TEMPORARY, place.name), replace(index, name=f"{place.name}_{number}", unique=False)
        )
        for number, index in enumerate(question.indexes)
    ]
    whole = f"CREATE TEMPORARY TABLE {name} ({', '.join([*full, *checks])})"
    if _try(connection, [whole, *indexes]):
        return
    if not _try(connection, [f"CREATE TEMPORARY TABLE {name} ({', '.join(bare)})"]):
        _try(connection, [f"CREATE TEMPORARY TABLE {name} ()"])
        for clause in bare:
            _try(connection, [f"ALTER TABLE {name} ADD COLUMN {clause}"])
    for column, clause in zip(plain, full, strict=True):
        if column.default is not None or column.generated is not None:
            dropped = f"ALTER TABLE {name} DROP COLUMN IF EXISTS {quote(column.name)}"
            if not _try(connection, [dropped, f"ALTER TABLE {name} ADD COLUMN {clause}"]):
                _try(connection, [dropped])
    for check in checks:
        _try(connection, [f"ALTER TABLE {name} ADD {check}"])
    for index in indexes:
        _try(connection, [index])


def _try(connection: Connection[Any], statements: Sequence[str]) -> bool:
    try:
        with connection.transaction():
            connection.execute("; ".join(statements).encode() if statements else b"SELECT 1", prepare=False)
    except psycopg.Error:
        if connection.closed:
            raise
        return False
    return True


def _named_back(answer: Table, question: Table, place: QualifiedName) -> Table:
    checks = {f"c{number}": check.name for number, check in enumerate(question.checks)}
    indexes = {f"{place.name}_{number}": index.name for number, index in enumerate(question.indexes)}
    return replace(
        answer,
        checks=tuple(replace(c, name=checks[c.name]) for c in answer.checks if c.name in checks),
        indexes=tuple(replace(i, name=indexes[i.name]) for i in answer.indexes if i.name in indexes),
    )
