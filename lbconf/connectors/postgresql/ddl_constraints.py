"""Steps for keys, unique constraints, foreign keys, checks and exclusion constraints.

Source: PostgreSQL manual, page ALTER TABLE; section 13.3 (the lock each takes).
"""

from typing import Final, TypeAlias, assert_never

from lbconf.connectors.postgresql.ddl_context import Context, ddl_step
from lbconf.connectors.postgresql.spelling import (
    check_clause,
    exclusion_clause,
    foreign_key_clause,
    name_text,
    primary_key_clause,
    quote,
    unique_clause,
)
from lbconf.diagnostics import Location
from lbconf.state import changes as c
from lbconf.state.hazards import Hazard, HazardKind
from lbconf.state.steps import Step
from lbconf.state.structure import QualifiedName

__all__ = ["ConstraintChange", "constraint_steps"]

EXCLUSIVE: Final = "ACCESS EXCLUSIVE"
SHARE_ROW: Final = "SHARE ROW EXCLUSIVE"
ConstraintChange: TypeAlias = (
    c.AddPrimaryKey
    | c.DropPrimaryKey
    | c.AddUnique
    | c.DropUnique
    | c.AddForeignKey
    | c.DropForeignKey
    | c.AddCheck
    | c.DropCheck
    | c.AddExclusion
    | c.DropExclusion
    | c.RenameConstraint
)


def constraint_steps(change: ConstraintChange, context: Context) -> tuple[Step, ...]:
    """The steps of one change."""
    table = change.table
    build = (HazardKind.BLOCKS_READS, f"{table} is locked while the index of the constraint is built")
    match change:
        case c.AddPrimaryKey(after=key):
            data = (HazardKind.MAY_FAIL_ON_DATA, f"rows of {table} without a value or with equal keys stop it")
            kind, name, clause = "primary key", key.name or f"{table.name}_pkey", primary_key_clause(key)
            return (
                _add(
                    table,
                    kind,
                    name,
                    clause,
                    EXCLUSIVE,
                    context.hazards(table, data, build),
                    _table_source(context, table),
                ),
            )
        case c.AddUnique(after=unique):
            data = (HazardKind.MAY_FAIL_ON_DATA, f"rows of {table} that are equal stop it")
            hazards = context.hazards(table, data, build)
            return (_add(table, "unique", unique.name, unique_clause(unique), EXCLUSIVE, hazards, unique.source),)
        case c.AddForeignKey(after=key):
            data = (HazardKind.MAY_FAIL_ON_DATA, f"rows of {table} that point to nothing stop it")
            both = str(table) if key.target == table else f"{table} and {key.target}"
            scan = (HazardKind.BLOCKS_WRITES, f"writes to {both} wait while the rows of {table} are checked")
            hazards = context.hazards(table, data, scan) if key.valid else ()
            return (_add(table, "foreign key", key.name, foreign_key_clause(key), SHARE_ROW, hazards, key.source),)
        case c.AddCheck(after=check):
            data = (HazardKind.MAY_FAIL_ON_DATA, f"rows of {table} that break it stop it")
            held = (HazardKind.BLOCKS_READS, f"{table} is locked while its rows are checked")
            found = (held,) if (table, check.name) in context.widened else (data, held)
            hazards = context.hazards(table, *found) if check.valid else ()
            return (_add(table, "check", check.name, check_clause(check), EXCLUSIVE, hazards, check.source),)
        case c.DropPrimaryKey(before=key):
            return (_drop(table, "primary key", key.name or f"{table.name}_pkey", primary_key_clause(key)),)
        case c.DropUnique(before=unique):
            return (_drop(table, "unique", unique.name, unique_clause(unique)),)
        case c.DropForeignKey(before=key):
            return (_drop(table, "foreign key", key.name, foreign_key_clause(key)),)
        case c.DropCheck(before=check):
            return (_drop(table, "check", check.name, check_clause(check)),)
        case c.AddExclusion(after=part):
            data = (HazardKind.MAY_FAIL_ON_DATA, f"rows of {table} that exclude each other stop it")
            hazards = context.hazards(table, data, build)
            return (_add(table, "exclusion", part.name, exclusion_clause(part), EXCLUSIVE, hazards, part.source),)
        case c.DropExclusion(before=part):
            return (_drop(table, "exclusion", part.name, exclusion_clause(part)),)
        case c.RenameConstraint(before=before, after=after):
            one, two = (part.name or f"{table.name}_pkey" for part in (before, after))
            forth, back = (
                f"ALTER TABLE {name_text(table)} RENAME CONSTRAINT {quote(old)} TO {quote(new)}"
                for old, new in ((one, two), (two, one))
            )
            summary = f"rename constraint {one} of {table} to {two}"
            return (ddl_step(summary, [forth], undo=[back], table=table, lock=EXCLUSIVE),)
        case _:
            assert_never(change)


def _table_source(context: Context, name: QualifiedName) -> Location | None:
    """The place of the model behind a table."""
    table = context.desired.table(name)
    return table.source if table else None


def _add(
    table: QualifiedName,
    kind: str,
    name: str,
    clause: str,
    lock: str,
    hazards: tuple[Hazard, ...],
    source: Location | None,
) -> Step:
    return ddl_step(
        f"add {kind} {name} to {table}",
        [f"ALTER TABLE {name_text(table)} ADD {clause}"],
        undo=[f"ALTER TABLE {name_text(table)} DROP CONSTRAINT {quote(name)}"],
        table=table,
        lock=lock,
        hazards=hazards,
        source=source,
    )


def _drop(table: QualifiedName, kind: str, name: str, clause: str) -> Step:
    return ddl_step(
        f"drop {kind} {name} of {table}",
        [f"ALTER TABLE {name_text(table)} DROP CONSTRAINT {quote(name)}"],
        undo=[f"ALTER TABLE {name_text(table)} ADD {clause}"],
        table=table,
        lock=EXCLUSIVE,
    )
