"""Asking the server how it prints columns, checks and indexes: temporary tables, read back, rolled back."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

import psycopg
from psycopg import Connection

from lbconf.connectors.postgresql.ddl_sequences import counted_by_column, create_sequence
from lbconf.connectors.postgresql.ddl_tables import policy_statement
from lbconf.connectors.postgresql.ddl_types import create_composite, create_domain, create_extension
from lbconf.connectors.postgresql.inspect import inspect_namespace
from lbconf.connectors.postgresql.normalize_rest import Unknown
from lbconf.connectors.postgresql.reprint import reprinted
from lbconf.connectors.postgresql.spelling import (
    check_clause,
    column_clause,
    exclusion_clause,
    index_statement,
    literal,
    name_text,
    quote,
)
from lbconf.records import dataclass, field, replace
from lbconf.state.structure import Domain, QualifiedName, State, Table, View

__all__ = ["Answers", "ask"]

TEMPORARY: Final = "pg_temp"
NOT_THERE: Final = frozenset({"42883", "42704", "3F000"})
"""Codes for functions and operators, for types, collations and operator classes, for schemas that are not there."""
Refusal: TypeAlias = tuple[str, str]
"""Code and message of the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What the server makes of what it was asked, by name; parts that it refuses are missing."""

    tables: Mapping[QualifiedName, Table] = field(default_factory=dict)
    domains: Mapping[QualifiedName, Domain] = field(default_factory=dict)
    views: Mapping[QualifiedName, str] = field(default_factory=dict)
    unknown: tuple[Unknown, ...] = ()


def ask(
    connection: Connection[Any],
    questions: Mapping[QualifiedName, Table],
    desired: State,
    actual: State,
    *,
    domains: Sequence[Domain] = (),
    views: Sequence[View] = (),
) -> Answers:
    """What the server makes of these tables, domains and queries of views.

    Nothing stays: the transaction is rolled back. Where the role may not even
    make temporary tables, or the server is read-only, nothing is answered.
    """
    places = {name: QualifiedName(TEMPORARY, f"_lbconf{number}") for number, name in enumerate(questions)}
    found: dict[QualifiedName, Table] = {}
    kinds = {f"_lbconfd{number}": domain for number, domain in enumerate(domains)}
    queries = {f"_lbconfv{number}": view for number, view in enumerate(views)}
    told: dict[QualifiedName, Domain] = {}
    defined: dict[QualifiedName, str] = {}
    unknown: list[Unknown] = []
    rows = {name.name for name in (*(one.name for one in desired.tables), *(one.name for one in desired.views))}
    try:
        with connection.transaction(force_rollback=True):
            complete = _prepare(connection, desired, actual)
            for name, question in questions.items():
                unknown += _make(connection, places[name], question, rows)
            for kind, domain in kinds.items():
                _try(connection, [create_domain(replace(domain, name=QualifiedName(TEMPORARY, kind)))])
            for query, view in queries.items():
                _try(connection, [f"CREATE TEMPORARY VIEW {quote(query)} AS {reprinted(view.definition)}"])
            state = inspect_namespace(connection, TEMPORARY)
            by_name = {table.name.name: table for table in state.tables}
            for domain in state.domains:
                asked = kinds[domain.name.name]
                told[asked.name] = replace(domain, name=asked.name, source=asked.source)
            for view in state.views:
                defined[queries[view.name.name].name] = view.definition
            for name, place in places.items():
                answer = by_name.get(place.name)
                if answer is not None:
                    found[name] = _named_back(answer, questions[name], place)
    except psycopg.Error:
        if connection.closed:
            raise
        return Answers()
    # An extension that this role cannot make, or not here, may bring what is not known.
    return Answers(tables=found, domains=told, views=defined, unknown=tuple(unknown) if complete else ())


def _prepare(connection: Connection[Any], desired: State, actual: State) -> bool:
    """Extensions and types that are not there yet, so that columns can have them; whether all extensions are there."""
    there = {enumeration.name for enumeration in actual.enumerations}
    missing = [enumeration for enumeration in desired.enumerations if enumeration.name not in there]
    asked = {enumeration.name.namespace for enumeration in missing} | set(desired.namespaces)
    installed = {extension.name for extension in actual.extensions}
    extensions = [extension for extension in desired.extensions if extension.name not in installed]
    asked |= {extension.namespace for extension in extensions if extension.namespace}
    spaces = sorted(asked - set(actual.namespaces))
    statements = []
    for enumeration in missing:
        values = ", ".join(literal(value) for value in enumeration.values)
        statements.append(f"CREATE TYPE {name_text(enumeration.name)} AS ENUM ({values})")
    _try(connection, [f"CREATE SCHEMA IF NOT EXISTS {quote(space)}" for space in spaces if space])
    made_too = [_try(connection, [create_extension(extension)]) for extension in extensions]
    _try(connection, statements)
    known = {domain.name for domain in actual.domains} | {composite.name for composite in actual.composites}
    made = [create_domain(found) for found in desired.domains if found.name not in known]
    made += [create_composite(found) for found in desired.composites if found.name not in known]
    made += [create_sequence(s).statements[0].sql for s in desired.sequences if not _has_sequence(actual, s.name)]
    while made:
        left = [statement for statement in made if not _try(connection, [statement])]
        if len(left) == len(made):
            break
        made = left
    return all(made_too)


def _has_sequence(state: State, name: QualifiedName) -> bool:
    return any(found.name == name for found in state.sequences) or counted_by_column(name, state) is not None


def _make(
    connection: Connection[Any], place: QualifiedName, question: Table, rows: Collection[str]
) -> Iterator[Unknown]:
    """The table in one go; where the server refuses, part by part, so that one bad part costs only itself.

    Gives the parts that name what the server does not have. `rows` are names of tables and views, which are types too.
    """
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
    exclusions = [exclusion_clause(replace(x, name=f"{place.name}_x{n}")) for n, x in enumerate(question.exclusions)]
    refused: list[Refusal] = []
    lost: set[str] = set()
    whole = f"CREATE TEMPORARY TABLE {name} ({', '.join([*full, *checks, *exclusions])})"
    policies = [
        policy_statement(QualifiedName(TEMPORARY, place.name), replace(fact, name=f"p{number}"))
        for number, fact in enumerate(question.opaque)
    ]
    if _try(connection, [whole, *indexes, *policies]):
        return
    if not _try(connection, [f"CREATE TEMPORARY TABLE {name} ({', '.join(bare)})"]):
        _try(connection, [f"CREATE TEMPORARY TABLE {name} ()"])
        for column, clause in zip(plain, bare, strict=True):
            _try(connection, [f"ALTER TABLE {name} ADD COLUMN {clause}"], refused)
            kind = column.type.name.replace('"', "").rpartition(".")[2]
            for why in _taken(refused):
                if kind not in rows:
                    yield Unknown(what=f"column {question.name}.{column.name}", why=why, source=column.source)
                    lost.add(column.name)
    for column, clause in zip(plain, full, strict=True):
        if column.name not in lost and (column.default is not None or column.generated is not None):
            dropped = f"ALTER TABLE {name} DROP COLUMN IF EXISTS {quote(column.name)}"
            if not _try(connection, [dropped, f"ALTER TABLE {name} ADD COLUMN {clause}"], refused):
                _try(connection, [dropped])
            for why in _taken(refused):
                yield Unknown(what=f"the default of {question.name}.{column.name}", why=why, source=column.source)
    tried = [
        (f"check {part.name} of {question.name}", f"ALTER TABLE {name} ADD {check}", part.source)
        for part, check in zip(question.checks, checks, strict=True)
    ]
    tried += [
        (f"exclusion {one.name} of {question.name}", f"ALTER TABLE {name} ADD {exclusion}", one.source)
        for one, exclusion in zip(question.exclusions, exclusions, strict=True)
    ]
    tried += [
        (f"index {found.name} of {question.name}", index, found.source)
        for found, index in zip(question.indexes, indexes, strict=True)
    ]
    tried += [
        (f"policy {fact.name} of {question.name}", policy, question.source)
        for fact, policy in zip(question.opaque, policies, strict=True)
    ]
    for what, statement, source in tried:
        _try(connection, [statement], refused)
        for why in _taken(refused):
            yield Unknown(what=what, why=why, source=source)


def _taken(refused: list[Refusal]) -> list[str]:
    """The server's words for what it does not have; the list is empty afterwards."""
    found = [words for code, words in refused if code in NOT_THERE]
    refused.clear()
    return found


def _try(connection: Connection[Any], statements: Sequence[str], refused: list[Refusal] | None = None) -> bool:
    try:
        with connection.transaction():
            connection.execute("; ".join(statements).encode() if statements else b"SELECT 1", prepare=False)
    except psycopg.Error as error:
        if connection.closed:
            raise
        if refused is not None:
            refused.append((error.sqlstate or "", error.diag.message_primary or ""))
        return False
    return True


def _named_back(answer: Table, question: Table, place: QualifiedName) -> Table:
    checks = {f"c{number}": check.name for number, check in enumerate(question.checks)}
    exclusions = {f"{place.name}_x{number}": one.name for number, one in enumerate(question.exclusions)}
    indexes = {f"{place.name}_{number}": index.name for number, index in enumerate(question.indexes)}
    return replace(
        answer,
        checks=tuple(replace(c, name=checks[c.name]) for c in answer.checks if c.name in checks),
        exclusions=tuple(replace(x, name=exclusions[x.name]) for x in answer.exclusions if x.name in exclusions),
        indexes=tuple(replace(i, name=indexes[i.name]) for i in answer.indexes if i.name in indexes),
    )
