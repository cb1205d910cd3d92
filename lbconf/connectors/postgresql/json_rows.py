"""Statements whose only value is the JSON text of all rows, in the API's own forms.

Text is joined here, not by `json_agg` and `row_to_json`, which look up the types of a row's columns for every row.
"""

import json
from collections.abc import Sequence

from lbconf.connectors.sql.compile import Compiled, Compiler
from lbconf.connectors.sql.dialect import BoundColumn, BoundTable, Dialect
from lbconf.query.nodes import Query

__all__ = ["json_statement"]


def json_statement(compiler: Compiler, table: BoundTable, query: Query) -> Compiled:
    """Selects the rows as JSON objects joined by commas, null for none.

    Hidden properties are left out; keys come in declared order.
    """
    return compiler.statement(table, query, _head, ") AS t")


def _head(dialect: Dialect, table: BoundTable, columns: tuple[BoundColumn, ...]) -> str:
    """The rows are chosen first; otherwise the server works out the values of those it skips, too."""
    parts: list[str] = []
    for column in columns:
        if not column.prop.hidden:
            key = json.dumps(column.prop.name, ensure_ascii=False)
            parts.append(dialect.literal(f"{',' if parts else '{'}{key}:"))
            parts.append(f"coalesce({column.json}, 'null')")
    row = _joined([*parts, "'}'"] if parts else ["'{}'"])
    return f"SELECT string_agg({row}, ',') FROM (SELECT * FROM {table.sql}"


def _joined(parts: Sequence[str]) -> str:
    """The texts put together pair by pair, so that the server copies none more often than need be."""
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return f"({_joined(parts[:middle])} || {_joined(parts[middle:])})"
