"""Statements whose only value is the JSON text of all rows, in the API's own forms."""

from typing import Final

from lbconf.connectors.sql.compile import Compiled, Compiler
from lbconf.connectors.sql.dialect import BoundColumn, BoundTable, Dialect
from lbconf.query.nodes import Query

__all__ = ["json_statement"]

NAME_BYTES: Final = 63
"""PostgreSQL cuts longer names of result columns."""


def json_statement(compiler: Compiler, table: BoundTable, query: Query) -> Compiled:
    """Selects a JSON array of the rows; hidden properties are left out, keys come in declared order."""
    if query.skip:
        return compiler.statement(table, query, _late_head, ") AS t) AS r")
    return compiler.statement(table, query, _head, ") AS r")


def _head(dialect: Dialect, table: BoundTable, columns: tuple[BoundColumn, ...]) -> str:
    return _written_from(dialect, table.sql, columns)


def _late_head(dialect: Dialect, table: BoundTable, columns: tuple[BoundColumn, ...]) -> str:
    """The rows are chosen first; otherwise the server works out the values of those it skips, too."""
    return _written_from(dialect, f"(SELECT * FROM {table.sql}", columns)


def _written_from(dialect: Dialect, source: str, columns: tuple[BoundColumn, ...]) -> str:
    shown = [column for column in columns if not column.prop.hidden]
    if shown and all(len(column.prop.name.encode()) <= NAME_BYTES for column in shown):
        listed = ", ".join(f"{column.json} AS {dialect.quote(column.prop.name)}" for column in shown)
        return f"SELECT coalesce(json_agg(r), '[]')::text FROM (SELECT {listed} FROM {source}"
    pieces = " || ',' || ".join(_member(dialect, column) for column in shown) or "''"
    row = f"('{{' || {pieces} || '}}')::json"
    return f"SELECT coalesce(json_agg(r.j), '[]')::text FROM (SELECT {row} AS j FROM {source}"


def _member(dialect: Dialect, column: BoundColumn) -> str:
    key = f"to_json({dialect.literal(column.prop.name)}::text)::text"
    return f"{key} || ':' || coalesce(to_json({column.json})::text, 'null')"
