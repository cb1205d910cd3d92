"""Pieces that add, change and drop columns.

Source: MySQL 8.0 Reference Manual, sections 15.1.9 (ALTER TABLE) and 17.12.1; MariaDB documentation, ALTER TABLE.
"""

import re
from typing import Final

from lbconf.connectors.mysql.algorithms import Algorithm, Kind, algorithm_clause
from lbconf.connectors.mysql.compiling import Context
from lbconf.connectors.mysql.defaults import is_literal, without_parentheses
from lbconf.connectors.mysql.done import has_column
from lbconf.connectors.mysql.pieces import Piece, hazard
from lbconf.connectors.mysql.spelling import (
    column_clause,
    index_clause,
    name_text,
    quote,
    type_text,
    unique_clause,
)
from lbconf.connectors.mysql.type_changes import failing, loses, type_kind
from lbconf.records import replace
from lbconf.state.hazards import Hazard, HazardKind
from lbconf.state.steps import DataCheck, Statement
from lbconf.state.structure import Column, QualifiedName

__all__ = ["add_column", "alter_column", "data_check", "drop_column", "guard"]

BATCH: Final = 10_000
"""Rows of one statement of a back-fill."""
SORTED: Final = frozenset(
    {"tinyint", "smallint", "mediumint", "int", "bigint", "char", "varchar", "binary", "varbinary", "uuid"}
)
VOLATILE: Final = re.compile(r"\b(?:uuid|uuid_\w+|rand|random_bytes|sys_guid|sleep|nextval)\b", re.IGNORECASE)


def add_column(place: int, table: QualifiedName, column: Column, context: Context) -> Piece:
    """The column comes at the end of the table."""
    where = f"{table}.{column.name}"
    fresh = table in context.made
    hazards: list[Hazard] = []
    before: list[Statement] = []
    after: list[Statement] = []
    clause = f"ADD COLUMN {column_clause(column, context.server)}"
    filled = column.default is not None or column.identity is not None or column.generated is not None
    check = None
    if not column.nullable and not filled and not fresh:
        if column.backfill is not None:
            clause = f"ADD COLUMN {column_clause(replace(column, nullable=True), context.server)}"
            after += [_backfill(table, column, context), _not_null(table, column, context)]
        else:
            message = f"{table} must be empty: {where} is required and has neither default nor `backfill`"
            hazards.append(hazard(HazardKind.MAY_FAIL_ON_DATA, message))
            # The server would make up a value for each row.
            before.append(guard(table, "TRUE", f"{table} has rows, and {column.name} no value for them"))
            check = data_check(table, "TRUE", ())
    own_check = dict(column.options).get("check")
    if own_check is not None and not fresh and context.server.mariadb:
        after.append(guard(table, f"NOT ({own_check})", f"rows of {table} break the check of {column.name}"))
        hazards.append(hazard(HazardKind.MAY_FAIL_ON_DATA, f"rows of {table} that break the check of {where} stop it"))
    kind = _added_kind(column)
    algorithm = context.column_algorithm(table, kind)
    if context.indexed(table, column.name) and kind is Kind.ADD_COLUMN_COUNTED:
        algorithm = Algorithm.COPY
    return Piece(
        places=(place,),
        table=table,
        summary=f"add column {where} {type_text(column.type)}",
        clauses=(clause,),
        undo=(f"DROP COLUMN {quote(column.name)}",),
        algorithm=algorithm,
        done=has_column(table, column.name),
        hazards=tuple(hazards),
        before=tuple(before),
        after=tuple(after),
        check=check,
        glued=column.identity is not None,
        alone=bool(before or after) or (not fresh and (column.virtual or context.has_virtual(table))),
        fresh=fresh,
        source=column.source,
    )


def drop_column(place: int, table: QualifiedName, column: Column, context: Context) -> Piece:
    """Cannot be undone."""
    where = f"{table}.{column.name}"
    kind = Kind.DROP_COLUMN
    if column.generated is not None:
        kind = Kind.DROP_COLUMN_VIRTUAL if column.virtual else Kind.DROP_COLUMN_STORED
    hazards = (
        ()
        if column.generated is not None
        else (
            hazard(HazardKind.DELETES_DATA, f"every value of {where} is deleted"),
            hazard(HazardKind.IRREVERSIBLE, f"{where} cannot be brought back"),
        )
    )
    return Piece(
        places=(place,),
        table=table,
        summary=f"drop column {where}",
        clauses=(f"DROP COLUMN {quote(column.name)}",),
        undo=() if column.generated is None else (f"ADD COLUMN {column_clause(column, context.server)}",),
        algorithm=context.column_algorithm(table, kind),
        done=f"NOT {has_column(table, column.name)}",
        hazards=hazards,
        glued=column.identity is not None,
        alone=context.has_virtual(table),
    )


def alter_column(place: int, table: QualifiedName, before: Column, after: Column, context: Context) -> Piece:
    """Everything that differs, in one MODIFY COLUMN that says all attributes again."""
    fresh = table in context.made
    if _made_anew(before, after):
        return _regenerated(place, table, before, after, context)
    kinds = _altered_kinds(before, after, context, table)
    algorithm = max((context.algorithm(table, kind) for kind in kinds), default=Algorithm.INSTANT)
    hazards, check = _dangers(table, before, after)
    first: list[Statement] = []
    last: list[Statement] = []
    if before.nullable and not after.nullable and after.backfill is not None and after.generated is None:
        first.append(_backfill(table, after, context))
    own_check = dict(after.options).get("check")
    if own_check is not None and own_check != dict(before.options).get("check") and context.server.mariadb:
        message = f"rows of {table} break the check of {after.name}"
        last.append(guard(table, f"NOT ({own_check})", message))
        hazards.append(hazard(HazardKind.MAY_FAIL_ON_DATA, message))
    return Piece(
        places=(place,),
        table=table,
        summary=f"alter column {table}.{after.name}: {', '.join(_words(before, after))}",
        clauses=(f"MODIFY COLUMN {column_clause(after, context.server)}",),
        undo=(f"MODIFY COLUMN {column_clause(before, context.server)}",),
        algorithm=algorithm,
        hazards=() if fresh else tuple(hazards),
        before=tuple(first),
        after=tuple(last),
        check=check,
        glued=before.identity != after.identity,
        alone=bool(first or last) or own_check != dict(before.options).get("check"),
        fresh=fresh,
        source=after.source,
    )


def guard(table: QualifiedName, condition: str, message: str) -> Statement:
    """A statement that fails where rows of the table meet the condition, and does nothing otherwise.

    Its comment is what the error says.
    """
    rows = f"SELECT 1 FROM {name_text(table)} WHERE {condition}"
    told = message.replace("*/", "* /")
    return Statement(sql=f"DO /* {told} */ (SELECT IF(EXISTS ({rows}), (SELECT 1 UNION ALL SELECT 2), 0))")


def data_check(table: QualifiedName, condition: str, columns: tuple[str, ...]) -> DataCheck:
    """The rows that meet the condition."""
    shown = ", ".join(f"CAST({quote(column)} AS CHAR) AS {quote(column)}" for column in columns) or "*"
    place = f"FROM {name_text(table)} WHERE {condition}"
    return DataCheck(count=f"SELECT count(*) {place}", sample=f"SELECT {shown} {place} LIMIT 3")


def _backfill(table: QualifiedName, column: Column, context: Context) -> Statement:
    """One batch; rows for which the expression gives nothing are left to the NOT NULL that follows."""
    name, value = quote(column.name), column.backfill
    volatile = VOLATILE.search(value or "")
    some = "" if is_literal(value or "") or volatile else f" AND ({value}) IS NOT NULL"
    key = _range_key(table, context)
    by = "" if key is None else f"/* by {quote(key)} */ "
    return Statement(
        sql=f"UPDATE {by}{name_text(table)} SET {name} = {value} WHERE {name} IS NULL{some} LIMIT {BATCH}",
        lock="ROW",
        repeat=True,
    )


def _range_key(table: QualifiedName, context: Context) -> str | None:
    """The column in whose order batches can be cut: the primary key, where it is one column that sorts exactly."""
    there = context.before(table)
    columns = there.primary_key.columns if there is not None and there.primary_key is not None else ()
    column = there.column(columns[0]) if there is not None and len(columns) == 1 else None
    plain = column is not None and column.type.name in SORTED and "*/" not in column.name
    return columns[0] if plain else None


def _not_null(table: QualifiedName, column: Column, context: Context) -> Statement:
    algorithm = context.algorithm(table, _required_kind(column))
    return Statement(
        sql=f"ALTER TABLE {name_text(table)} MODIFY COLUMN {column_clause(column, context.server)}"
        f", {algorithm_clause(algorithm)}",
        rewrites=True,
    )


def _added_kind(column: Column) -> Kind:
    if column.identity is not None:
        return Kind.ADD_COLUMN_COUNTED
    if column.generated is not None:
        return Kind.ADD_COLUMN_VIRTUAL if column.virtual else Kind.ADD_COLUMN_STORED
    if "check" in dict(column.options):
        return Kind.ADD_COLUMN_CHECKED
    computed = column.default is not None and without_parentheses(column.default.expression) is not None
    return Kind.ADD_COLUMN_COMPUTED if computed else Kind.ADD_COLUMN


def _altered_kinds(before: Column, after: Column, context: Context, table: QualifiedName) -> list[Kind]:
    found: list[Kind] = []
    retyped = type_kind(before, after)
    if retyped is not None:
        if retyped is Kind.COLUMN_LONGER and context.indexed(table, after.name) and not context.server.mariadb:
            retyped = Kind.COLUMN_LONGER_PREFIX
        found.append(retyped)
    if before.generated != after.generated:
        indexed = context.indexed(table, after.name)
        found.append(Kind.COLUMN_DEFAULT if after.virtual and before.virtual and not indexed else Kind.COLUMN_TYPE)
    if before.nullable != after.nullable:
        found.extend(_nullable_kinds(after, context, table))
    if before.identity != after.identity:
        found.append(Kind.COLUMN_UNCOUNTED if after.identity is None else Kind.COLUMN_COUNTED)
    if before.default != after.default or before.on_update != after.on_update:
        found.append(Kind.COLUMN_DEFAULT)
    one, two = dict(before.options), dict(after.options)
    if before.comment != after.comment or one.get("width") != two.get("width"):
        found.append(Kind.COLUMN_COMMENT)
    if one.get("check") != two.get("check"):
        found.append(Kind.COLUMN_CHECK)
    if one.get("invisible") != two.get("invisible"):
        found.append(Kind.COLUMN_VISIBLE)
    if one.get("srid") != two.get("srid"):
        found.append(Kind.COLUMN_TYPE)
    return found


def _nullable_kinds(after: Column, context: Context, table: QualifiedName) -> list[Kind]:
    if not after.nullable:
        return [_required_kind(after), *([Kind.COLUMN_TYPE] if context.stores_computed(table) else [])]
    there = context.before(table)
    keys = [unique.columns for unique in there.uniques if after.name in unique.columns] if there else []
    hidden = any(context.hidden_key(table, columns) for columns in keys)
    return [Kind.COLUMN_NULLABLE, *([Kind.DROP_PRIMARY] if hidden else [])]


def _required_kind(after: Column) -> Kind:
    """NOT NULL in place needs a value for rows without one, even where there are none."""
    moving = after.default is not None and not is_literal(after.default.expression)
    return Kind.COLUMN_NOT_NULL_MOVING if moving else Kind.COLUMN_NOT_NULL


def _dangers(table: QualifiedName, before: Column, after: Column) -> tuple[list[Hazard], DataCheck | None]:
    where = f"{table}.{after.name}"
    found: list[Hazard] = []
    condition = None
    if before.type != after.type:
        one, two = type_text(before.type), type_text(after.type)
        found.append(hazard(HazardKind.CHANGES_TYPE, f"{where} changes from {one} to {two}"))
        condition = failing(after.name, before.type, after.type) if after.generated is None else None
        if condition is not None:
            found.append(hazard(HazardKind.MAY_FAIL_ON_DATA, f"values of {where} that do not fit {two} stop it"))
        lost = loses(before.type, after.type)
        if lost is not None and after.generated is None:
            found.append(hazard(HazardKind.DELETES_DATA, f"values of {where} lose {lost}"))
    elif before.charset != after.charset:
        found.append(
            hazard(HazardKind.MAY_FAIL_ON_DATA, f"values of {where} that {after.charset or 'it'} cannot say stop it")
        )
    if before.nullable and not after.nullable and after.backfill is None:
        message = f"rows of {table} without {after.name} stop it; a `backfill` would give it one"
        found.append(hazard(HazardKind.MAY_FAIL_ON_DATA, message))
        missing = f"{quote(after.name)} IS NULL"
        condition = missing if condition in {None, "FALSE"} else f"({condition} OR {missing})"
    if condition in {None, "FALSE"}:
        return found, None
    return found, data_check(table, str(condition), (after.name,))


def _made_anew(before: Column, after: Column) -> bool:
    """Whether MODIFY cannot lead from one to the other: a virtual column has no values, a stored one has."""
    one, two = _storage(before), _storage(after)
    return one != two and "virtual" in {one, two}


def _storage(column: Column) -> str:
    return "plain" if column.generated is None else "virtual" if column.virtual else "stored"


def _regenerated(place: int, table: QualifiedName, before: Column, after: Column, context: Context) -> Piece:
    """The column goes and comes again, and with it every index that has it."""
    name = quote(after.name)
    clauses = [f"DROP COLUMN {name}", f"ADD COLUMN {column_clause(after, context.server)}"]
    indexes, uniques = context.indexes_with(table, after.name)
    for index in indexes:
        clauses += [f"DROP KEY {quote(index.name)}", f"ADD {index_clause(index, context.server)}"]
    for unique in uniques:
        clauses += [f"DROP KEY {quote(unique.name)}", f"ADD {unique_clause(unique)}"]
    hazards = []
    if before.generated is None:
        hazards.append(hazard(HazardKind.DELETES_DATA, f"the values of {table}.{after.name} are replaced"))
    return Piece(
        places=(place,),
        table=table,
        summary=f"make column {table}.{after.name} anew",
        clauses=tuple(clauses),
        algorithm=Algorithm.COPY,
        hazards=tuple(hazards),
        alone=True,
        fresh=table in context.made,
        source=after.source,
    )


def _words(before: Column, after: Column) -> list[str]:
    found = []
    if before.type != after.type:
        found.append(f"type {type_text(before.type)} to {type_text(after.type)}")
    if (before.charset, before.collation) != (after.charset, after.collation):
        found.append(f"collation {after.collation or 'of the table'}")
    if before.nullable != after.nullable:
        found.append("nullable" if after.nullable else "not null")
    if before.default != after.default:
        found.append(f"default {after.default.expression}" if after.default else "no default")
    if before.on_update != after.on_update:
        found.append(f"on update {after.on_update or 'nothing'}")
    if before.identity != after.identity:
        found.append("counted up" if after.identity else "no longer counted up")
    if before.generated != after.generated:
        found.append(f"generated from {after.generated}" if after.generated else "no longer generated")
    if before.comment != after.comment:
        found.append("comment")
    if before.options != after.options:
        found.append("options")
    return found or ["nothing"]
