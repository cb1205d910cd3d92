"""Constraints that are made without checking rows, and checked while rows are read and written.

Source: PostgreSQL manual, page ALTER TABLE (NOT VALID, VALIDATE CONSTRAINT, USING INDEX and the notes).
"""

from collections.abc import Sequence
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
    "foreign_key_added",
    "key_added",
    "unique_added",
    "validated",
    "validation",
]

DEFERRABLE: Final = {None: "", "immediate": " DEFERRABLE", "deferred": " DEFERRABLE INITIALLY DEFERRED"}


def validation(table: QualifiedName, name: str) -> Statement:
    """The statement that checks all rows against a constraint."""
    where = f"conrelid = to_regclass({literal(name_text(table))}) AND conname = {literal(name)}"
    return Statement(
        sql=f"ALTER TABLE {name_text(table)} VALIDATE CONSTRAINT {quote(name)}",
        lock=SHARE_UPDATE,
        done=f"SELECT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE {where} AND convalidated)",
    )


def validated(table: QualifiedName, name: str, plain: Step) -> Step:
    """The step that checks all rows; what may fail on them fails here."""
    return replace(
        plain,
        summary=f"validate {name} of {table}",
        statements=(validation(table, name),),
        undo=(),
        transactional=False,
        lock=SHARE_UPDATE,
        hazards=unblocked(plain.hazards),
    )


def foreign_key_added(table: QualifiedName, key: ForeignKey, plain: Step) -> tuple[Step, ...]:
    """A step that adds it for new rows, and one that checks those that are there."""
    return _in_two(table, key.name, foreign_key_clause(replace(key, valid=False)), plain)


def check_added(table: QualifiedName, check: Check, plain: Step) -> tuple[Step, ...]:
    """The same for a check."""
    return _in_two(table, check.name, check_clause(replace(check, valid=False)), plain)


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
    added = replace(
        plain,
        summary=f"{plain.summary}, for new rows",
        statements=(Statement(sql=f"ALTER TABLE {name_text(table)} ADD {clause}"), *plain.statements[1:]),
        hazards=(),
        apart=True,
        check=None,
    )
    return (added, validated(table, name, plain))


def _from_index(table: QualifiedName, index: Index, clause: str, plain: Step) -> tuple[Step, ...]:
    name = name_text(QualifiedName(table.namespace, index.name))
    reading = Hazard(kind=HazardKind.INDEX_BUILD, message=f"building {index.name} reads all of {table}")
    return (
        replace(
            plain,
            summary=f"create unique index {index.name} on {table}",
            statements=(concurrently(table, index),),
            undo=(Statement(sql=f"DROP INDEX CONCURRENTLY IF EXISTS {name}"),),
            transactional=False,
            lock=SHARE_UPDATE,
            hazards=(*unblocked(plain.hazards), reading),
        ),
        replace(
            plain,
            statements=(Statement(sql=f"ALTER TABLE {name_text(table)} ADD {clause}"), *_after(plain)),
            hazards=(),
            apart=True,
            check=None,
        ),
    )


def _after(plain: Step) -> Sequence[Statement]:
    """What a plain step does once its constraint is there: comments."""
    return plain.statements[1:]
