"""Steps that add, change and drop columns, and the sequences behind counted ones.

Source: PostgreSQL manual, page ALTER TABLE, notes (what rewrites a table, what only scans it).
"""

from collections.abc import Collection, Sequence
from typing import Final

from lbconf.connectors.postgresql.ddl_aside import Aside
from lbconf.connectors.postgresql.ddl_options import column_options
from lbconf.connectors.postgresql.ddl_sequences import (
    counted_sequence,
    recount,
    same_kind,
    start_counting,
    stop_counting,
)
from lbconf.connectors.postgresql.spelling import (
    column_clause,
    comment_literal,
    name_text,
    quote,
    serial_type,
    type_text,
)
from lbconf.connectors.postgresql.type_changes import assigns, cast_through_text, loses, may_fail, rewrites
from lbconf.patterns import pattern
from lbconf.records import replace
from lbconf.state.hazards import Hazard, HazardKind
from lbconf.state.steps import Statement, Step
from lbconf.state.structure import Column, QualifiedName
from lbconf.state.structure import Sequence as CountedSequence

__all__ = ["add_column", "alter_column", "drop_column", "fills_each_row"]

NOTHING: Final = Aside()
EXCLUSIVE: Final = "ACCESS EXCLUSIVE"
VOLATILE: Final = (
    *("random(", "gen_random_uuid(", "uuid_generate", "clock_timestamp(", "timeofday(", "uuidv"),
    *("nextval(", "currval(", "lastval(", "random_normal(", "gen_random_bytes("),
)
"""Calls in a default that give every row its own value, so that adding the column rewrites the table."""
STRANGE: Final = pattern(r'(?<![\w.$"])(?!pg_catalog\.)(?:"[^"]+"|[a-z_]\w*)\.(?:"[^"]+"|[a-z_]\w*)\(')
"""A call of somebody's own function, which may do so: what else it may be, only the server knows."""


def add_column(table: QualifiedName, column: Column, *, fresh: bool) -> tuple[Step, ...]:
    """One step. `fresh`: the same plan makes the table, so that there are no rows."""
    name = name_text(table)
    where = f"{table}.{column.name}"
    hazards = []
    filled = column.default is not None or column.identity is not None or column.generated is not None
    statements = [f"ALTER TABLE {name} ADD COLUMN {column_clause(column)}"]
    if not column.nullable and not filled:
        if column.backfill is not None:
            loose = column_clause(column).removesuffix(" NOT NULL")
            statements = [
                f"ALTER TABLE {name} ADD COLUMN {loose}",
                f"UPDATE {name} SET {quote(column.name)} = {column.backfill}",
                f"ALTER TABLE {name} ALTER COLUMN {quote(column.name)} SET NOT NULL",
            ]
            hazards.append(Hazard(kind=HazardKind.BLOCKS_READS, message=f"{table} is locked while {where} is filled"))
        else:
            message = f"{table} must be empty: {where} is required and has neither default nor `backfill`"
            hazards.append(Hazard(kind=HazardKind.MAY_FAIL_ON_DATA, message=message))
    if column.identity is not None and column.identity.kind == "serial" and serial_type(column) is None:
        statements.extend(counted_sequence(table, column))
    if column.identity is not None or column.generated is not None or fills_each_row(column):
        hazards.append(Hazard(kind=HazardKind.REWRITES_TABLE, message=f"{table} is rewritten to fill {where}"))
        hazards.append(Hazard(kind=HazardKind.BLOCKS_READS, message=f"{table} is locked while it is rewritten"))
    statements.extend(column_options(table, column, (), column.options))
    if column.comment is not None:
        statements.append(f"COMMENT ON COLUMN {name}.{quote(column.name)} IS {comment_literal(column.comment)}")
    return (
        _step(
            f"add column {where} {type_text(column.type)}",
            statements,
            table,
            column,
            undo=(f"ALTER TABLE {name} DROP COLUMN {quote(column.name)}",),
            hazards=() if fresh else tuple(hazards),
        ),
    )


def fills_each_row(column: Column) -> bool:
    """Whether the default gives, or may give, every row its own value."""
    text = column.default.expression.lower() if column.default else ""
    return any(call in text for call in VOLATILE) or STRANGE.search(text) is not None


def drop_column(table: QualifiedName, column: Column) -> tuple[Step, ...]:
    """One step, which cannot be undone."""
    where = f"{table}.{column.name}"
    hazards = (
        Hazard(kind=HazardKind.DELETES_DATA, message=f"every value of {where} is deleted"),
        Hazard(kind=HazardKind.IRREVERSIBLE, message=f"{where} cannot be brought back"),
    )
    dropped = f"ALTER TABLE {name_text(table)} DROP COLUMN {quote(column.name)}"
    return (_step(f"drop column {where}", [dropped], table, column, hazards=hazards),)


def alter_column(
    table: QualifiedName,
    before: Column,
    after: Column,
    *,
    fresh: bool,
    around: Aside = NOTHING,
    there: Sequence[CountedSequence] = (),
    kept: Collection[QualifiedName] = (),
) -> tuple[Step, ...]:
    """One step with everything that differs, in an order the server takes; `around` steps aside meanwhile.

    `there` are the sequences that no column counts with, `kept` the names of those that shall be so.
    """
    if (before.generated or after.generated) and _computing(before) != _computing(after):
        (step,) = _regenerate(table, before, after)
        return (_with(step, around),)
    retyped = before.type != after.type or before.collation != after.collation
    statements, undo = (
        _differences(table, before, after, retyped=retyped, there=there, kept=kept),
        _differences(table, after, before, retyped=retyped),
    )
    hazards = [] if fresh else _hazards(table, before, after, retyped=retyped)
    step = _step(
        f"alter column {table}.{after.name}: {', '.join(_words(before, after))}",
        statements,
        table,
        after,
        undo=tuple(undo),
        hazards=tuple(hazards),
    )
    return (_with(step, around),)


def _computing(column: Column) -> tuple[object, ...]:
    return column.generated, column.virtual, column.type, column.collation


def _with(step: Step, around: Aside) -> Step:
    """The step with what steps aside for it, there and back."""
    if not around.before and not around.after:
        return step
    first, last = (tuple(Statement(sql=sql) for sql in side) for side in (around.before, around.after))
    undo = (*first, *step.undo, *last) if step.undo else ()
    summary = f"{step.summary} ({', '.join(around.names)} made again)" if around.names else step.summary
    return replace(step, summary=summary, statements=(*first, *step.statements, *last), undo=undo)


def _words(before: Column, after: Column) -> list[str]:
    found = []
    if before.type != after.type:
        found.append(f"type {type_text(before.type)} to {type_text(after.type)}")
    if before.collation != after.collation:
        found.append(f"collation {after.collation or 'default'}")
    if before.nullable != after.nullable:
        found.append("nullable" if after.nullable else "not null")
    if before.default != after.default:
        found.append(f"default {after.default.expression}" if after.default else "no default")
    if before.identity != after.identity:
        found.append(after.identity.kind if after.identity else "no longer counted")
    if before.options != after.options:
        found.append("options")
    if before.comment != after.comment:
        found.append("comment")
    return found or ["nothing"]


def _hazards(table: QualifiedName, before: Column, after: Column, *, retyped: bool) -> list[Hazard]:
    where = f"{table}.{after.name}"
    found = []
    if retyped:
        change = f"{type_text(before.type)} to {type_text(after.type)}"
        if before.type != after.type:
            found.append(Hazard(kind=HazardKind.CHANGES_TYPE, message=f"{where} changes from {change}"))
        if rewrites(before.type, after.type):
            found.append(Hazard(kind=HazardKind.REWRITES_TABLE, message=f"{table} is rewritten for {where}"))
            found.append(Hazard(kind=HazardKind.BLOCKS_READS, message=f"{table} is locked while it is rewritten"))
        if may_fail(before.type, after.type):
            message = f"values of {where} that do not fit {type_text(after.type)} stop it"
            found.append(Hazard(kind=HazardKind.MAY_FAIL_ON_DATA, message=message))
        lost = loses(before.type, after.type)
        if lost is not None:
            found.append(Hazard(kind=HazardKind.DELETES_DATA, message=f"values of {where} lose {lost}"))
    if before.nullable and not after.nullable:
        if after.backfill is None:
            message = f"rows of {table} without {after.name} stop it; a `backfill` would give it one"
            found.append(Hazard(kind=HazardKind.MAY_FAIL_ON_DATA, message=message))
        found.append(Hazard(kind=HazardKind.BLOCKS_READS, message=f"{table} is locked while its rows are checked"))
    return found


def _differences(
    table: QualifiedName,
    before: Column,
    after: Column,
    *,
    retyped: bool,
    there: Sequence[CountedSequence] = (),
    kept: Collection[QualifiedName] = (),
) -> list[str]:
    """Statements from one column to the other; generated columns only for what is not their expression."""
    name = name_text(table)
    alter = f"ALTER TABLE {name} ALTER COLUMN {quote(after.name)}"
    alike = same_kind(before, after)
    found = [] if alike else stop_counting(table, before, after, kept=kept)
    if before.default is not None and (retyped or after.default is None):
        found.append(f"{alter} DROP DEFAULT")
    if retyped:
        found.append(_retype(alter, before, after))
    if before.nullable and not after.nullable:
        if after.backfill is not None:
            column = quote(after.name)
            found.append(f"UPDATE {name} SET {column} = {after.backfill} WHERE {column} IS NULL")
        found.append(f"{alter} SET NOT NULL")
    if after.default is not None and (retyped or before.default != after.default):
        found.append(f"{alter} SET DEFAULT {after.default.expression}")
    found.extend(recount(table, before, after) if alike else start_counting(table, before, after, there=there))
    if not before.nullable and after.nullable:
        found.append(f"{alter} DROP NOT NULL")
    found.extend(column_options(table, after, before.options, after.options))
    if before.comment != after.comment:
        found.append(f"COMMENT ON COLUMN {name}.{quote(after.name)} IS {comment_literal(after.comment)}")
    return found


def _retype(alter: str, before: Column, after: Column) -> str:
    wanted = type_text(after.type)
    column = quote(after.name)
    collate = f" COLLATE {after.collation}" if after.collation else ""
    if assigns(before.type, after.type):
        return f"{alter} TYPE {wanted}{collate}"
    alike = before.type.dimensions == after.type.dimensions
    through = "text" + ("[]" * before.type.dimensions if alike else "")
    value = f"{column}::{through}" if cast_through_text(before.type, after.type) else column
    return f"{alter} TYPE {wanted}{collate} USING {value}::{wanted}"


def _regenerate(table: QualifiedName, before: Column, after: Column) -> tuple[Step, ...]:
    """A generated column to or from anything else: its values are computed, so it is made anew or kept as they are."""
    name = name_text(table)
    where = f"{table}.{after.name}"
    if (
        after.generated is None
        and not before.virtual
        and before.type == after.type
        and before.collation == after.collation
    ):
        alter = f"ALTER TABLE {name} ALTER COLUMN {quote(after.name)}"
        plain = [f"{alter} DROP EXPRESSION", *_differences(table, before, after, retyped=False)]
        return (_step(f"alter column {where}: no longer generated", plain, table, after),)
    statements = [
        f"ALTER TABLE {name} DROP COLUMN {quote(after.name)}",
        f"ALTER TABLE {name} ADD COLUMN {column_clause(after)}",
        *column_options(table, after, (), after.options),
    ]
    if after.comment is not None:
        where = f"{name}.{quote(after.name)}"
        statements.append(f"COMMENT ON COLUMN {where} IS {comment_literal(after.comment)}")
    if after.identity is not None and after.identity.kind == "serial" and serial_type(after) is None:
        statements.extend(counted_sequence(table, after))
    hazards = [
        Hazard(kind=HazardKind.REWRITES_TABLE, message=f"{table} is rewritten to compute {where}"),
        Hazard(kind=HazardKind.BLOCKS_READS, message=f"{table} is locked while it is rewritten"),
    ]
    if before.generated is None or after.generated is None:
        hazards.append(Hazard(kind=HazardKind.DELETES_DATA, message=f"the values of {where} are replaced"))
    return (_step(f"make column {where} anew", statements, table, after, hazards=tuple(hazards)),)


def _step(
    summary: str,
    statements: list[str],
    table: QualifiedName,
    column: Column,
    *,
    undo: tuple[str, ...] = (),
    hazards: tuple[Hazard, ...] = (),
) -> Step:
    return Step(
        summary=summary,
        statements=tuple(Statement(sql=sql) for sql in statements),
        undo=tuple(Statement(sql=sql) for sql in undo),
        table=table,
        lock=EXCLUSIVE,
        hazards=hazards,
        source=column.source,
    )
