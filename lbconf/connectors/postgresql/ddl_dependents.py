"""What of the same database a change of a column has to take care of: heirs, computed columns, views, policies."""

import re
from collections.abc import Iterator

from lbconf.connectors.postgresql.ddl_aside import Aside, standing_on
from lbconf.connectors.postgresql.ddl_context import Context
from lbconf.connectors.postgresql.spelling import (
    check_clause,
    column_clause,
    comment_literal,
    foreign_key_clause,
    index_statements,
    name_text,
    quote,
    unique_clause,
)
from lbconf.state import changes as c
from lbconf.state.structure import Column, QualifiedName, Table

__all__ = ["around", "belonging", "inherited"]


def around(change: c.AlterColumn, context: Context) -> Aside:
    """What steps aside for the change: nothing where the type stays."""
    before, after = change.before, change.after
    table = context.actual.table(context.before(change.table))
    retyped = before.type != after.type or before.collation != after.collation
    anew = before.generated is not None or after.generated is not None
    anew = anew and (before.generated != after.generated or before.virtual != after.virtual)
    if table is None or not (retyped or anew):
        return Aside()
    aside = standing_on({(table.name, before.name)}, context.actual, gone=context.gone)
    first: list[str] = []
    last: list[str] = []
    if anew or after.generated is not None:
        last += belonging(change.table, table, before.name, context)
    for column in _computed_from(table, before.name):
        first.append(f"ALTER TABLE {name_text(change.table)} DROP COLUMN {quote(column.name)}")
        last += _again(change.table, table, column, context)
    return Aside(before=(*aside.before, *first), after=(*last, *aside.after), names=aside.names)


def belonging(name: QualifiedName, table: Table, column: str, context: Context) -> Iterator[str]:
    """Statements that make again what goes with a column that is made anew, unless changes of the plan do."""
    gone = {
        change.before.name
        for change in context.changes
        if isinstance(change, c.DropIndex | c.DropUnique | c.DropForeignKey | c.DropCheck) and change.table == name
    }
    alter = f"ALTER TABLE {name_text(name)}"
    for unique in table.uniques:
        if unique.name not in gone and column in (*unique.columns, *unique.include):
            yield f"{alter} ADD {unique_clause(unique)}"
    for index in table.indexes:
        texts = [index.where or "", *(part.expression or "" for part in index.parts)]
        named = {part.column for part in index.parts} | set(index.include)
        if index.name not in gone and (column in named or any(_names(text, column) for text in texts)):
            yield from index_statements(name, index)
    for check in table.checks:
        if check.name not in gone and _names(check.expression, column):
            yield f"{alter} ADD {check_clause(check)}"
    for key in table.foreign_keys:
        if key.name not in gone and column in key.columns:
            yield f"{alter} ADD {foreign_key_clause(key)}"


def inherited(change: c.AddColumn | c.DropColumn | c.RenameColumn | c.AlterColumn, context: Context) -> bool:
    """Whether the same change of a table that this one inherits from makes it already."""
    table = context.actual.table(context.before(change.table))
    parents = set() if table is None else {fact.name for fact in table.opaque if fact.kind == "inheritance"}
    if not parents:
        return False
    name = change.after.name if isinstance(change, c.AddColumn) else change.before.name
    for other in context.changes:
        if type(other) is type(change) and str(other.table) in parents:
            own = other.after.name if isinstance(other, c.AddColumn) else other.before.name
            if own == name:
                return True
    return False


def _computed_from(table: Table, name: str) -> Iterator[Column]:
    """Generated columns whose expression names the column."""
    for column in table.columns:
        if column.generated is not None and column.name != name and _names(column.generated, name):
            yield column


def _again(name: QualifiedName, table: Table, column: Column, context: Context) -> Iterator[str]:
    """A generated column as it shall be, with what belongs to it; nothing where it goes."""
    wanted = context.desired.table(name)
    shape = column if wanted is None else wanted.column(column.name)
    if shape is None or shape.generated is None:
        shape = column
    yield f"ALTER TABLE {name_text(name)} ADD COLUMN {column_clause(shape)}"
    if shape.comment is not None:
        where = f"{name_text(name)}.{quote(shape.name)}"
        yield f"COMMENT ON COLUMN {where} IS {comment_literal(shape.comment)}"
    yield from belonging(name, table, column.name, context)


def _names(text: str, column: str) -> bool:
    """Whether an expression, as the server prints it, names the column."""
    shown = re.escape(column)
    return re.search(rf'(?<![\w"\']){shown}(?![\w"\'(])|"{shown}"', text) is not None
