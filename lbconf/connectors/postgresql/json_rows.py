"""Statements whose only value is the JSON text of all rows, in the API's own forms."""

from typing import Any, Final

from lbconf.connectors.sql.compile import Compiled, Compiler
from lbconf.connectors.sql.dialect import BoundColumn, BoundTable
from lbconf.query.nodes import Query

__all__ = ["json_statement"]

NAME_BYTES: Final = 63
"""PostgreSQL cuts longer names of result columns."""


def json_statement(compiler: Compiler, table: BoundTable, query: Query) -> Compiled:
    """Selects a JSON array of the rows; hidden properties are left out, keys come in declared order."""
    columns = tuple(column for column in compiler.asked(table, query) if not column.prop.hidden)
    parameters: list[Any] = []
    source = f"{table.sql}{compiler.tail(table, query, parameters)}"
    if query.skip:  # else the server would also work out the values of the rows it skips
        source = f"(SELECT * FROM {source}) AS t"
    if all(len(column.prop.name.encode()) <= NAME_BYTES for column in columns) and columns:
        listed = ", ".join(f"{column.json} AS {compiler.dialect.quote(column.prop.name)}" for column in columns)
        return Compiled(
            f"SELECT coalesce(json_agg(r), '[]')::text FROM (SELECT {listed} FROM {source}) AS r", parameters
        )
    pieces = " || ',' || ".join(_member(compiler, column) for column in columns) or "''"
    return Compiled(
        f"SELECT coalesce(json_agg(r.j), '[]')::text FROM (SELECT ('{{' || {pieces} || '}}')::json AS j "
        f"FROM {source}) AS r",
        parameters,
    )


def _member(compiler: Compiler, column: BoundColumn) -> str:
    key = f"to_json({compiler.dialect.literal(column.prop.name)}::text)::text"
    return f"{key} || ':' || coalesce(to_json({column.json})::text, 'null')"
