"""Constraints that are made without checking rows, and checked while rows are read and written.

Source: PostgreSQL manual, page ALTER TABLE (NOT VALID, VALIDATE CONSTRAINT, USING INDEX and the notes).
"""

from typing import Final

from lbconf.connectors.postgresql.online_indexes import SHARE_UPDATE, concurrently, unblocked
from lbconf.connectors.postgresql.spelling import (
    check_clause,
    foreign_key_clause,
    literal,
    name_text,
    quote,
)
from lbconf.records import replace
from lbconf.state.hazards import Hazard, HazardKind
from lbconf.state.steps import Statement, Step
from lbconf.state.structure import Check, ForeignKey, Index, IndexPart, PrimaryKey, QualifiedName, Unique

__all__ = [
    "check_added",
    "dropped",
    "foreign_key_added",
    "key_added",
    "made",
    "unique_added",
    "validated",
    "validation",
]

DEFERRABLE: Final = {None: "", "immediate": " DEFERRABLE", "deferred": " DEFERRABLE INITIALLY DEFERRED"}


def made(table: QualifiedName, name: str, clause: str) -> Statement:
    """The statement that adds a constraint, which a crash may leave done."""
    return Statement(
        sql=f"ALTER TABLE {name_text(table)} ADD {clause}",
        done=f"SELECT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE {_where(table, name)})",
    )


def validation(table: QualifiedName, name: str) -> Statement:
    """The statement that checks all rows against a constraint."""
    return Statement(
        sql=f"ALTER TABLE {name_text(table)} VALIDATE CONSTRAINT {quote(name)}",
        lock=SHARE_UPDATE,
        done=f"SELECT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE {_where(table, name)} AND convalidated)",
    )


def validated(table: QualifiedName, name: str, plain: Step) -> Step:
    """The step that checks all rows against a constraint that is there."""
    return replace(
        plain,
        summary=f"validate {name} of {table}",
        statements=(validation(table, name), *plain.statements[1:]),
        undo=(),
        transactional=False,
        hazards=unblocked(plain.hazards),
    )


def foreign_key_added(table: QualifiedName, key: ForeignKey, plain: Step) -> tuple[Step, ...]:
    """Added for new rows, then checked for those that are there."""
    return _in_two(table, key.name, foreign_key_clause(replace(key, valid=False)), plain)


def check_added(table: QualifiedName, check: Check, plain: Step) -> tuple[Step, ...]:
    """The same for a check."""
    return _in_two(table, check.name, check_clause(replace(check, valid=False)), plain)


def dropped(table: QualifiedName, name: str) -> Statement:
    """The statement that drops a constraint, if it is there."""
    return Statement(sql=f"ALTER TABLE {name_text(table)} DROP CONSTRAINT IF EXISTS {quote(name)}")


def unique_added(table: QualifiedName, unique: Unique, plain: Step) -> tuple[Step, ...]:
    """Its index first, built concurrently; the constraint takes it over."""
    index = Index(
        name=unique.name,
        parts=tuple(IndexPart(column=column) for column in unique.columns),
        unique=True,
        include=unique.include,
        nulls_not_distinct=unique.nulls_not_distinct,
    )
    clause = f"CONSTRAINT {quote(unique.name)} UNIQUE USING INDEX {quote(unique.name)}"
    return _from_index(table, index, f"{clause}{DEFERRABLE[unique.deferrable]}", plain)


def key_added(table: QualifiedName, key: PrimaryKey, plain: Step) -> tuple[Step, ...]:
    """The same for a primary key, whose columns are NOT NULL by now."""
    name = key.name or f"{table.name}_pkey"
    index = Index(
        name=name,
        parts=tuple(IndexPart(column=column) for column in key.columns),
        unique=True,
        include=key.include,
    )
    clause = f"CONSTRAINT {quote(name)} PRIMARY KEY USING INDEX {quote(name)}"
    return _from_index(table, index, f"{clause}{DEFERRABLE[key.deferrable]}", plain)


def _in_two(table: QualifiedName, name: str, clause: str, plain: Step) -> tuple[Step, ...]:
    return (
        replace(
            plain,
            statements=(made(table, name, clause), validation(table, name), *plain.statements[1:]),
            abandon=(dropped(table, name),),
            transactional=False,
            hazards=unblocked(plain.hazards),
        ),
    )


def _from_index(table: QualifiedName, index: Index, clause: str, plain: Step) -> tuple[Step, ...]:
    reading = Hazard(kind=HazardKind.INDEX_BUILD, message=f"building {index.name} reads all of {table}")
    taken = made(table, index.name, clause)
    built = concurrently(table, index)
    return (
        replace(
            plain,
            statements=(built, taken, *plain.statements[1:]),
            transactional=False,
            hazards=(*unblocked(plain.hazards), reading),
        ),
    )


def _where(table: QualifiedName, name: str) -> str:
    return f"conrelid = to_regclass({literal(name_text(table))}) AND conname = {literal(name)}"
