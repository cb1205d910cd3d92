"""Steps that make, drop, rename and describe tables.

Source: PostgreSQL manual, pages CREATE TABLE, ALTER TABLE, DROP TABLE.
"""

from collections.abc import Iterator
from typing import Final, assert_never

from lbconf.connectors.postgresql.ddl_aside import refuse_drop
from lbconf.connectors.postgresql.ddl_context import Context, ddl_step
from lbconf.connectors.postgresql.ddl_options import (
    column_options,
    late_options,
    names_index,
    set_options,
    storage_clause,
)
from lbconf.connectors.postgresql.ddl_partitions import partition_statements
from lbconf.connectors.postgresql.ddl_sequences import counted_sequence
from lbconf.connectors.postgresql.spelling import (
    check_clause,
    column_clause,
    comment_literal,
    exclusion_clause,
    index_statements,
    name_text,
    primary_key_clause,
    quote,
    serial_type,
    unique_clause,
)
from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import PlanError
from lbconf.state import changes as c
from lbconf.state.hazards import Hazard, HazardKind
from lbconf.state.steps import Step
from lbconf.state.structure import Opaque, Options, QualifiedName, State, Table

__all__ = ["policies_made", "policy_statement", "table_steps"]

EXCLUSIVE: Final = "ACCESS EXCLUSIVE"


def table_steps(
    change: c.CreateTable | c.DropTable | c.RenameTable | c.SetTableComment | c.SetTableOptions, context: Context
) -> tuple[Step, ...]:
    """The steps of one change."""
    match change:
        case c.CreateTable(after=table):
            _refuse_taken(table.name, context)
            return (_create_table(table),)
        case c.DropTable(before=table):
            name = table.name
            refuse_drop({(name, "")}, context.actual, gone=context.gone, what=f"table {name}")
            hazards = (
                Hazard(kind=HazardKind.DELETES_DATA, message=f"every row of {name} is deleted"),
                Hazard(kind=HazardKind.IRREVERSIBLE, message=f"{name} cannot be brought back"),
            )
            statements = [*_without_heirs(table, context.actual), f"DROP TABLE {name_text(name)}"]
            return (ddl_step(f"drop table {name}", statements, table=name, lock=EXCLUSIVE, hazards=hazards),)
        case c.RenameTable(before=before, after=after):
            return (
                ddl_step(
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
            return (ddl_step(f"comment on table {name}", [forth], undo=[back], table=name),)
        case c.SetTableOptions(table=name, before=old, after=new):
            ended = tuple(pair for pair in old if names_index(pair) and pair[0] not in dict(new))
            return (set_options(name, (*_without_indexes(old), *ended), _without_indexes(new)),)
        case _:
            assert_never(change)


def _create_table(table: Table) -> Step:
    clauses = [column_clause(column) for column in table.columns]
    if table.primary_key is not None:
        clauses.append(primary_key_clause(table.primary_key))
    clauses.extend(unique_clause(unique) for unique in table.uniques)
    clauses.extend(exclusion_clause(part) for part in table.exclusions)
    clauses.extend(check_clause(check) for check in table.checks if check.valid)
    body = ",\n  ".join(clauses)
    name = name_text(table.name)
    kind = "UNLOGGED TABLE" if ("unlogged", "true") in table.options else "TABLE"
    divided = f" PARTITION BY {table.partition_by}" if table.partition_by else ""
    shape = f"(\n  {body}\n)" if clauses else "()"
    statements = [f"CREATE {kind} {name} {shape}{divided}{storage_clause(table.options)}"]
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
    for column in table.columns:
        statements.extend(column_options(table.name, column, (), column.options))
    statements.extend(partition_statements(table.name, table.partitions))
    for index in table.indexes:
        statements.extend(index_statements(table.name, index))
    statements.extend(late_options(table.name, table.options))
    statements.extend(_row_security(table))
    return ddl_step(
        f"create table {table.name}",
        statements,
        undo=[f"DROP TABLE {name}"],
        table=table.name,
        source=table.source,
    )


def _refuse_taken(name: QualifiedName, context: Context) -> None:
    """Raise `PlanError` where something that stays and is not lbconf's to drop has the name of a new table."""
    views = {view.name for view in context.actual.views} - context.gone
    foreign = {fact.name for fact in context.actual.opaque if fact.kind == "foreign-table"}
    if name in views or str(name) in foreign:
        raise PlanError(
            Diagnostic(
                code=Code.CHANGE_IMPOSSIBLE,
                message=f"table {name} cannot be made: a {'view' if name in views else 'foreign table'} has its name",
                hint="drop or rename that yourself first, or give the model's table another name",
            )
        )


def _row_security(table: Table) -> Iterator[str]:
    """Row security from the first moment on; its policies come once all tables are there."""
    for fact in table.opaque:
        if fact.kind == "row-security":
            yield f"ALTER TABLE {name_text(table.name)} ENABLE ROW LEVEL SECURITY"
            if fact.definition == "FORCE":
                yield f"ALTER TABLE {name_text(table.name)} FORCE ROW LEVEL SECURITY"


def policies_made(table: Table) -> Step | None:
    """The step that makes the policies of a new table, where it has any."""
    made = [policy_statement(table.name, fact) for fact in table.opaque if fact.kind == "policy"]
    if not made:
        return None
    return ddl_step(f"make the policies of {table.name}", made, table=table.name, source=table.source)


def policy_statement(table: QualifiedName, fact: Opaque) -> str:
    """The statement that makes a policy; its text begins after the table, or is the server's whole one."""
    whole = fact.definition.upper().startswith("CREATE POLICY ")
    return fact.definition if whole else f"CREATE POLICY {quote(fact.name)} ON {name_text(table)} {fact.definition}"


def _without_heirs(table: Table, actual: State) -> list[str]:
    """Tables that inherit from one that goes keep their columns."""
    return [
        f"ALTER TABLE {name_text(other.name)} NO INHERIT {name_text(table.name)}"
        for other in actual.tables
        for fact in other.opaque
        if fact.kind == "inheritance" and fact.name == str(table.name)
    ]


def _without_indexes(options: Options) -> Options:
    """The options that name no index; those are set once the indexes are there."""
    return tuple(pair for pair in options if not names_index(pair))


def _rename(before: QualifiedName, after: QualifiedName) -> list[str]:
    found = []
    if before.namespace != after.namespace:
        found.append(f"ALTER TABLE {name_text(before)} SET SCHEMA {quote(after.namespace)}")
    if before.name != after.name:
        moved = QualifiedName(after.namespace, before.name)
        found.append(f"ALTER TABLE {name_text(moved)} RENAME TO {quote(after.name)}")
    return found
