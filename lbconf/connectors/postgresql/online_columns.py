"""Columns that are filled in batches and become NOT NULL by way of a check that was validated before.

A check `NOT VALID` is there before the last rows are filled, so that no new one without a value comes in between; what
was filled before it came is filled without it, so that it hardly ever stands in anybody's way.

Source: PostgreSQL manual, page ALTER TABLE (SET NOT NULL: no scan where a valid check proves it).
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from lbconf.connectors.postgresql.ddl_columns import add_column, alter_column, fills_each_row
from lbconf.connectors.postgresql.online_constraints import dropped, made, validation
from lbconf.connectors.postgresql.online_indexes import unblocked
from lbconf.connectors.postgresql.spelling import literal, name_text, quote
from lbconf.connectors.sql.mapping import shortened
from lbconf.records import replace
from lbconf.state.hazards import HazardKind
from lbconf.state.steps import Statement, Step
from lbconf.state.structure import Check, Column, Partition, QualifiedName, Table

__all__ = ["column_added", "column_required", "filled", "filling_finished"]

ROW_EXCLUSIVE: Final = "ROW EXCLUSIVE"
BATCH: Final = 2000
"""Rows that one statement fills, and holds up whoever wants to change them."""
NAME_LIMIT: Final = 63


def column_added(table: QualifiedName, column: Column, there: Table, plain: Step) -> tuple[Step, ...]:
    """Without a value, then filled, then required; the plain step where no row has to be touched."""
    if column.identity is not None or column.generated is not None:
        return (plain,)
    volatile = fills_each_row(column)
    value = column.default.expression if column.default is not None and volatile else column.backfill
    if value is None or (column.default is not None and not volatile) or (column.nullable and not volatile):
        return (plain,)
    bare = replace(column, nullable=True, default=None, backfill=None)
    (first,) = add_column(table, bare, fresh=False)
    name = name_text(table)
    mark = f"CONSTRAINT {quote(_mark(table, column))} CHECK ({quote(column.name)} IS NULL OR true) NOT VALID"
    statements = [*first.statements, Statement(sql=f"ALTER TABLE {name} ADD {mark}")]
    if column.default is not None:
        default = f"ALTER TABLE {name} ALTER COLUMN {quote(column.name)} SET DEFAULT {column.default.expression}"
        statements.insert(1, Statement(sql=default))
    added = replace(plain, statements=tuple(statements), hazards=(), check=None)
    filling = replace(column, backfill=value)
    steps = [added, *filled(table, filling, there, plain)]
    if column.nullable:
        return (*steps, _unmarked(table, column, plain))
    required = _required(table, filling, there, plain)
    *before, last = required.statements
    unmarked = replace(last, sql=f"{last.sql}, DROP CONSTRAINT IF EXISTS {quote(_mark(table, column))}")
    return (*steps, replace(required, statements=(*before, unmarked)))


def filling_finished(table: QualifiedName, check: Check, there: Table) -> tuple[Step, ...] | None:
    """What is left to do of a column that a stopped plan added and did not fill; None for any other check."""
    column = next((column for column in there.columns if _mark(there.name, column) == check.name), None)
    if column is None:
        return None
    last = _unmarked(table, column, Step(summary="", statements=(), table=table), check.name)
    if column.default is None:
        return (last,)
    return (*filled(table, replace(column, backfill=column.default.expression), there, last), last)


def _mark(table: QualifiedName, column: Column) -> str:
    """Name of a check, which anything passes, that stands by a column as long as not all of its rows are filled."""
    return shortened(f"{table.name}_{column.name}", "lbconf_fill", NAME_LIMIT)


def _unmarked(table: QualifiedName, column: Column, plain: Step, mark: str | None = None) -> Step:
    return replace(
        plain,
        summary=f"finish the filling of {table}.{column.name}",
        statements=(dropped(table, mark or _mark(table, column)),),
        undo=(),
        hazards=(),
        check=None,
    )


def column_required(table: QualifiedName, before: Column, after: Column, there: Table, plain: Step) -> tuple[Step, ...]:
    """What else changes first, defaults above all; then the rows without a value, then NOT NULL."""
    kept = (before.type, before.collation, before.generated) == (after.type, after.collation, after.generated)
    # An identity column has to be NOT NULL before it is one.
    kept = kept and (after.identity is None or after.identity == before.identity)
    if not before.nullable or after.nullable or not kept or after.generated is not None:
        return (plain,)
    loose = replace(after, nullable=True, backfill=None)
    first = () if loose == before else alter_column(table, before, loose, fresh=False)
    return (
        *first,
        *(filled(table, after, there, plain) if after.backfill is not None else ()),
        _required(table, after, there, plain),
    )


def filled(table: QualifiedName, column: Column, there: Table, plain: Step) -> tuple[Step, ...]:
    """One step that gives rows without a value one, in batches, each its own transaction."""
    return (
        Step(
            summary=f"fill {table}.{column.name} in batches of {BATCH} rows",
            statements=tuple(_batch(part, column) for part in _parts(table, there)),
            table=table,
            transactional=False,
            lock=ROW_EXCLUSIVE,
            source=plain.source,
        ),
    )


def _required(table: QualifiedName, column: Column, there: Table, plain: Step) -> Step:
    """One step: a check for new rows, the last rows filled, the check for all, which proves NOT NULL, and its end."""
    name, shown = name_text(table), quote(column.name)
    check = shortened(f"{table.name}_{column.name}", "lbconf_not_null", NAME_LIMIT)
    rest = [] if column.backfill is None else [_rest(part, column) for part in _parts(table, there)]
    return replace(
        plain,
        summary=f"alter column {table}.{column.name}: not null",
        statements=(
            made(table, check, f"CONSTRAINT {quote(check)} CHECK ({shown} IS NOT NULL) NOT VALID"),
            *rest,
            validation(table, check),
            Statement(sql=f"ALTER TABLE {name} ALTER COLUMN {shown} SET NOT NULL"),
            dropped(table, check),
        ),
        undo=(Statement(sql=f"ALTER TABLE {name} ALTER COLUMN {shown} DROP NOT NULL"),),
        abandon=(dropped(table, check),),
        transactional=False,
        hazards=unblocked(plain.hazards, HazardKind.REWRITES_TABLE, HazardKind.CHANGES_TYPE),
    )


def _batch(table: QualifiedName, column: Column) -> Statement:
    """The next rows in the order they lie in; those that somebody is changing are left for later.

    Where the last batch ended is kept in a setting of the session: to look for it would cost more with each batch.
    """
    name, shown = name_text(table), quote(column.name)
    setting = literal("lbconf.at_" + sha256(f"{table}.{column.name}".encode()).hexdigest()[:16])
    start = f"coalesce(nullif(current_setting({setting}, true), ''), '(0,0)')::tid"
    rows = (
        f"SELECT ctid FROM {name} WHERE {shown} IS NULL AND ctid >= (SELECT {start})"
        f" LIMIT {BATCH} FOR NO KEY UPDATE SKIP LOCKED"
    )
    last = "(array_agg(ctid))[count(*)]::text"
    sql = (
        f"WITH batch AS MATERIALIZED ({rows}), reached AS MATERIALIZED"
        f" (SELECT set_config({setting}, {last}, false) AS at FROM batch)"
        f" UPDATE {name} AS filled SET {shown} = {column.backfill} FROM batch, reached"
        " WHERE filled.ctid = batch.ctid AND reached.at IS NOT NULL"
    )
    return Statement(sql=sql, lock=ROW_EXCLUSIVE, repeat=True)


def _rest(table: QualifiedName, column: Column) -> Statement:
    """Rows that have no value still, wherever they lie."""
    name, shown = name_text(table), quote(column.name)
    rows = f"SELECT ctid FROM {name} WHERE {shown} IS NULL LIMIT {BATCH} FOR NO KEY UPDATE"
    sql = f"UPDATE {name} SET {shown} = {column.backfill} WHERE ctid = ANY (ARRAY({rows})) AND {shown} IS NULL"
    return Statement(sql=sql, lock=ROW_EXCLUSIVE, repeat=True)


def _parts(table: QualifiedName, there: Table) -> Sequence[QualifiedName]:
    """The tables that hold the rows: a partition's rows have places of their own."""
    if there.partition_by is None:
        return (table,)
    return tuple(_leaves(there.partitions))


def _leaves(partitions: Sequence[Partition]) -> Sequence[QualifiedName]:
    found: list[QualifiedName] = []
    for partition in partitions:
        found.extend([partition.name] if partition.by is None else _leaves(partition.partitions))
    return found
