"""Changes as steps for PostgreSQL: statements, locks, hazards and how each is undone. No connection.

Source: PostgreSQL manual, pages ALTER TABLE, CREATE INDEX, ALTER TYPE; section 13.3 (the lock each takes).
"""

import re
from collections.abc import Sequence
from typing import Final, assert_never

from lbconf.connectors.postgresql.ddl_columns import add_column, alter_column, drop_column
from lbconf.connectors.postgresql.ddl_enumerations import add_values, rebuild
from lbconf.connectors.postgresql.ddl_parking import park_table
from lbconf.connectors.postgresql.ddl_sequences import counted_sequence
from lbconf.connectors.postgresql.spelling import (
    check_clause,
    column_clause,
    comment_literal,
    foreign_key_clause,
    index_statement,
    literal,
    name_text,
    quote,
    serial_type,
    unique_clause,
)
from lbconf.connectors.sql.checks import widened_checks
from lbconf.diagnostics import Code, Diagnostic, Location
from lbconf.errors import PlanError
from lbconf.records import dataclass, replace
from lbconf.state import changes as c
from lbconf.state.describe import describe
from lbconf.state.hazards import Hazard, HazardKind
from lbconf.state.steps import Statement, Step
from lbconf.state.structure import Column, Index, PrimaryKey, QualifiedName, State, Table

__all__ = ["compile_changes"]

EXCLUSIVE: Final = "ACCESS EXCLUSIVE"
SHARE: Final = "SHARE"
SHARE_ROW: Final = "SHARE ROW EXCLUSIVE"
NEXT_VALUE: Final = re.compile(r"^nextval\('(?P<sequence>(?:[^']|'')+)'(?:::regclass)?\)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Context:
    """What the steps of one plan know of each other."""

    actual: State
    desired: State
    made: frozenset[QualifiedName]
    """Tables this plan makes: nothing on them can hurt."""
    mentioned: str
    """Everything the changes say, to find out whether a new enum value is used at once."""
    widened: frozenset[tuple[QualifiedName, str]]
    """Checks that let pass all that the one they replace did: no row can break them."""

    def hazards(self, table: QualifiedName, *found: tuple[HazardKind, str]) -> tuple[Hazard, ...]:
        """These hazards, or none for a table this plan makes."""
        return () if table in self.made else tuple(Hazard(kind=kind, message=message) for kind, message in found)


def compile_changes(changes: Sequence[c.Change], *, actual: State, desired: State) -> tuple[Step, ...]:
    """The steps that make these ordered changes; one or more per change, in the same order."""
    context = _Context(
        actual=actual,
        desired=desired,
        made=frozenset(change.after.name for change in changes if isinstance(change, c.CreateTable)),
        mentioned=repr([change for change in changes if not isinstance(change, c.AddEnumerationValues)]),
        widened=widened_checks(changes),
    )
    steps: list[Step] = []
    sequences = _known_sequences(actual)
    for place, change in enumerate(changes):
        made = [step for column in _columns_after(change) for step in _missing_sequence(column, sequences)]
        made.extend(_compile(change, context))
        steps.extend(replace(step, covers=(place,)) for step in made)
    return tuple(steps)


def _known_sequences(actual: State) -> set[str]:
    found = {str(sequence.name) for sequence in actual.sequences}
    for table in actual.tables:
        for column in table.columns:
            if column.identity is not None and column.identity.sequence is not None:
                found.add(_bare(str(column.identity.sequence)))
    return {_bare(name) for name in found}


def _bare(sequence: str) -> str:
    return sequence.replace('"', "")


def _columns_after(change: c.Change) -> tuple[Column, ...]:
    match change:
        case c.CreateTable(after=table):
            return table.columns
        case c.AddColumn(after=column) | c.AlterColumn(after=column):
            return (column,)
    return ()


def _missing_sequence(column: Column, known: set[str]) -> list[Step]:
    """A sequence that a default counts with and that no column owns has to be there first."""
    counted = NEXT_VALUE.match(column.default.expression) if column.default else None
    if counted is None:
        return []
    sequence = counted["sequence"].replace("''", "'")
    if _bare(sequence) in known:
        return []
    known.add(_bare(sequence))
    return [
        Step(
            summary=f"create sequence {sequence}",
            statements=(Statement(sql=f"CREATE SEQUENCE IF NOT EXISTS {sequence}"),),
            undo=(Statement(sql=f"DROP SEQUENCE {sequence}"),),
            source=column.source,
        )
    ]


def _compile(change: c.Change, context: _Context) -> tuple[Step, ...]:
    match change:
        case c.CreateNamespace(name=name):
            made = f"CREATE SCHEMA {quote(name)}"
            return (_step(f"create schema {name}", [made], undo=[f"DROP SCHEMA {quote(name)}"]),)
        case c.CreateEnumeration() | c.AddEnumerationValues() | c.RebuildEnumeration() | c.DropEnumeration():
            return _enumeration(change, context)
        case c.CreateTable() | c.DropTable() | c.RenameTable() | c.SetTableComment():
            return _table(change)
        case c.AddColumn(table=table, after=column):
            return add_column(table, column, fresh=table in context.made)
        case c.DropColumn(table=table, before=column):
            return drop_column(table, column)
        case c.RenameColumn(table=table, before=column, after=after):
            forth, back = (
                f"ALTER TABLE {name_text(table)} RENAME COLUMN {quote(one)} TO {quote(two)}"
                for one, two in ((column.name, after.name), (after.name, column.name))
            )
            return (
                _step(
                    f"rename column {table}.{column.name} to {after.name}",
                    [forth],
                    undo=[back],
                    table=table,
                    lock=EXCLUSIVE,
                    source=after.source,
                ),
            )
        case c.AlterColumn(table=table, before=column, after=after):
            return alter_column(table, column, after, fresh=table in context.made)
        case c.AddIndex() | c.DropIndex() | c.RenameIndex():
            return _index(change, context)
        case (
            c.AddPrimaryKey()
            | c.DropPrimaryKey()
            | c.AddUnique()
            | c.DropUnique()
            | c.AddForeignKey()
            | c.DropForeignKey()
            | c.AddCheck()
            | c.DropCheck()
        ):
            return _constraint(change, context)
        case c.ParkTable(before=table, after=parked):
            return (park_table(table, parked),)
        case _:
            message = f"this change cannot be made in PostgreSQL: {describe(change)}"
            raise PlanError(Diagnostic(code=Code.CHANGE_IMPOSSIBLE, message=message))


def _enumeration(
    change: c.CreateEnumeration | c.AddEnumerationValues | c.RebuildEnumeration | c.DropEnumeration, context: _Context
) -> tuple[Step, ...]:
    match change:
        case c.CreateEnumeration(after=after):
            values = ", ".join(literal(value) for value in after.values)
            made = f"CREATE TYPE {name_text(after.name)} AS ENUM ({values})"
            undo = f"DROP TYPE {name_text(after.name)}"
            return (_step(f"create enum {after.name}", [made], undo=[undo], source=after.source),)
        case c.AddEnumerationValues(before=before, after=after):
            return add_values(before, after, mentioned=context.mentioned)
        case c.RebuildEnumeration(before=before, after=after):
            return rebuild(before, after, tables=context.actual.tables)
        case c.DropEnumeration(before=before):
            values = ", ".join(literal(value) for value in before.values)
            undo = f"CREATE TYPE {name_text(before.name)} AS ENUM ({values})"
            return (_step(f"drop enum {before.name}", [f"DROP TYPE {name_text(before.name)}"], undo=[undo]),)
        case _:
            assert_never(change)


def _table(change: c.CreateTable | c.DropTable | c.RenameTable | c.SetTableComment) -> tuple[Step, ...]:
    match change:
        case c.CreateTable(after=table):
            return (_create_table(table),)
        case c.DropTable(before=table):
            name = table.name
            hazards = (
                Hazard(kind=HazardKind.DELETES_DATA, message=f"every row of {name} is deleted"),
                Hazard(kind=HazardKind.IRREVERSIBLE, message=f"{name} cannot be brought back"),
            )
            dropped = f"DROP TABLE {name_text(name)}"
            return (_step(f"drop table {name}", [dropped], table=name, lock=EXCLUSIVE, hazards=hazards),)
        case c.RenameTable(before=before, after=after):
            return (
                _step(
                    f"rename table {before.name} to {after.name}",
                    _rename(before.name, after.name),
                    undo=_rename(after.name, before.name),
                    table=after.name,
                    lock=EXCLUSIVE,
                    source=after.source,
                ),
            )
        case c.SetTableComment(table=name, before=old, after=new):
            forth, back = (f"COMMENT ON TABLE {name_text(name)} IS {comment_literal(text)}" for text in (new, old))
            return (_step(f"comment on table {name}", [forth], undo=[back], table=name),)
        case _:
            assert_never(change)


def _create_table(table: Table) -> Step:
    clauses = [column_clause(column) for column in table.columns]
    if table.primary_key is not None:
        clauses.append(_primary_key(table.primary_key))
    clauses.extend(unique_clause(unique) for unique in table.uniques)
    clauses.extend(check_clause(check) for check in table.checks if check.valid)
    body = ",\n  ".join(clauses)
    name = name_text(table.name)
    statements = [f"CREATE TABLE {name} (\n  {body}\n)" if clauses else f"CREATE TABLE {name} ()"]
    statements.extend(f"ALTER TABLE {name} ADD {check_clause(check)}" for check in table.checks if not check.valid)
    for column in table.columns:
        if column.identity is not None and column.identity.kind == "serial" and serial_type(column) is None:
            statements.extend(counted_sequence(table.name, column))
    if table.comment is not None:
        statements.append(f"COMMENT ON TABLE {name} IS {comment_literal(table.comment)}")
    statements.extend(
        f"COMMENT ON COLUMN {name}.{quote(column.name)} IS {comment_literal(column.comment)}"
        for column in table.columns
        if column.comment is not None
    )
    for index in table.indexes:
        statements.extend(_index_statements(table.name, index))
    return _step(
        f"create table {table.name}",
        statements,
        undo=[f"DROP TABLE {name}"],
        table=table.name,
        source=table.source,
    )


def _primary_key(key: PrimaryKey) -> str:
    named = f"CONSTRAINT {quote(key.name)} " if key.name else ""
    return f"{named}PRIMARY KEY ({', '.join(quote(column) for column in key.columns)})"


def _index_statements(table: QualifiedName, index: Index) -> list[str]:
    statements = [index_statement(table, index)]
    if index.comment is not None:
        shown = name_text(QualifiedName(table.namespace, index.name))
        statements.append(f"COMMENT ON INDEX {shown} IS {comment_literal(index.comment)}")
    return statements


def _rename(before: QualifiedName, after: QualifiedName) -> list[str]:
    found = []
    if before.namespace != after.namespace:
        found.append(f"ALTER TABLE {name_text(before)} SET SCHEMA {quote(after.namespace)}")
    if before.name != after.name:
        moved = QualifiedName(after.namespace, before.name)
        found.append(f"ALTER TABLE {name_text(moved)} RENAME TO {quote(after.name)}")
    return found


def _index(change: c.AddIndex | c.DropIndex | c.RenameIndex, context: _Context) -> tuple[Step, ...]:
    table = change.table
    match change:
        case c.AddIndex(after=index):
            found = [
                (HazardKind.INDEX_BUILD, f"building {index.name} reads all of {table}"),
                (HazardKind.BLOCKS_WRITES, f"writes to {table} wait until {index.name} is built"),
            ]
            if index.unique:
                found.append((HazardKind.MAY_FAIL_ON_DATA, f"rows of {table} that are equal stop it"))
            return (
                _step(
                    f"create {'unique ' if index.unique else ''}index {index.name} on {table}",
                    _index_statements(table, index),
                    undo=[f"DROP INDEX {name_text(QualifiedName(table.namespace, index.name))}"],
                    table=table,
                    lock=SHARE,
                    hazards=context.hazards(table, *found),
                    source=index.source,
                ),
            )
        case c.DropIndex(before=index):
            dropped = f"DROP INDEX {name_text(QualifiedName(table.namespace, index.name))}"
            return (
                _step(
                    f"drop index {index.name} of {table}",
                    [dropped],
                    undo=_index_statements(table, index),
                    table=table,
                    lock=EXCLUSIVE,
                ),
            )
        case c.RenameIndex(before=before, after=index):
            forth, back = (
                f"ALTER INDEX {name_text(QualifiedName(table.namespace, one))} RENAME TO {quote(two)}"
                for one, two in ((before.name, index.name), (index.name, before.name))
            )
            return (
                _step(
                    f"rename index {before.name} to {index.name}",
                    [forth],
                    undo=[back],
                    table=table,
                    lock="SHARE UPDATE EXCLUSIVE",
                    source=index.source,
                ),
            )
        case _:
            assert_never(change)


def _constraint(
    change: c.AddPrimaryKey
    | c.DropPrimaryKey
    | c.AddUnique
    | c.DropUnique
    | c.AddForeignKey
    | c.DropForeignKey
    | c.AddCheck
    | c.DropCheck,
    context: _Context,
) -> tuple[Step, ...]:
    table = change.table
    build = (HazardKind.BLOCKS_READS, f"{table} is locked while the index of the constraint is built")
    match change:
        case c.AddPrimaryKey(after=key):
            data = (HazardKind.MAY_FAIL_ON_DATA, f"rows of {table} without a value or with equal keys stop it")
            kind, name, clause = "primary key", key.name or f"{table.name}_pkey", _primary_key(key)
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
            return (_drop(table, "primary key", key.name or f"{table.name}_pkey", _primary_key(key)),)
        case c.DropUnique(before=unique):
            return (_drop(table, "unique", unique.name, unique_clause(unique)),)
        case c.DropForeignKey(before=key):
            return (_drop(table, "foreign key", key.name, foreign_key_clause(key)),)
        case c.DropCheck(before=check):
            return (_drop(table, "check", check.name, check_clause(check)),)
        case _:
            assert_never(change)


def _table_source(context: _Context, name: QualifiedName) -> Location | None:
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
    return _step(
        f"add {kind} {name} to {table}",
        [f"ALTER TABLE {name_text(table)} ADD {clause}"],
        undo=[f"ALTER TABLE {name_text(table)} DROP CONSTRAINT {quote(name)}"],
        table=table,
        lock=lock,
        hazards=hazards,
        source=source,
    )


def _drop(table: QualifiedName, kind: str, name: str, clause: str) -> Step:
    return _step(
        f"drop {kind} {name} of {table}",
        [f"ALTER TABLE {name_text(table)} DROP CONSTRAINT {quote(name)}"],
        undo=[f"ALTER TABLE {name_text(table)} ADD {clause}"],
        table=table,
        lock=EXCLUSIVE,
    )


def _step(
    summary: str,
    statements: Sequence[str],
    *,
    undo: Sequence[str] = (),
    table: QualifiedName | None = None,
    lock: str | None = None,
    hazards: tuple[Hazard, ...] = (),
    source: Location | None = None,
) -> Step:
    return Step(
        summary=summary,
        statements=tuple(Statement(sql=sql) for sql in statements),
        undo=tuple(Statement(sql=sql) for sql in undo),
        table=table,
        lock=lock,
        hazards=hazards,
        source=source,
    )
