"""Statements whose only value is the JSON text of all rows, in the API's own forms.

Text is joined here, not by `json_agg` and `row_to_json`, which look up the types of a row's columns for every row.
"""

import json
from collections.abc import Sequence
from functools import cache

from lbconf.connectors.sql.compile import Compiled, Compiler, Make
from lbconf.connectors.sql.dialect import BoundColumn, BoundTable, Dialect
from lbconf.query.nodes import Order, Query, Target
from lbconf.records import replace

__all__ = ["joined", "json_statement", "rows_statement", "shown"]


def json_statement(compiler: Compiler, table: BoundTable, query: Query) -> Compiled:
    """Selects the rows as JSON objects joined by commas, null for none.

    Hidden properties are left out; keys come in declared order.
    """
    return compiler.statement(table, query, _head, ") AS t")


def rows_statement(
    compiler: Compiler, table: BoundTable, query: Query, names: tuple[str, ...], *, nested: bool, grouped: bool
) -> Compiled:
    """Selects for each row the named columns, then its JSON object without the closing brace.

    Where they are `grouped`, it selects for each value of the named columns the objects that have it, joined by commas.
    """
    if not grouped:
        return compiler.statement(table, query, _rows_head(names, nested=nested), ") AS t")
    # Sorted by the group first, the rows of each come in the query's order whichever way the server groups them.
    order = query.order or tuple(Order(Target(column.prop)) for column in table.ids)
    ordered = replace(query, order=(*(Order(Target(table.columns[name].prop)) for name in names), *order))
    end = f") AS t GROUP BY {', '.join(table.columns[name].sql for name in names)}"
    return compiler.statement(table, ordered, _groups_head(names, nested=nested), end)


@cache
def _rows_head(names: tuple[str, ...], *, nested: bool) -> Make:
    def head(dialect: Dialect, table: BoundTable, columns: tuple[BoundColumn, ...]) -> str:
        row = joined(shown(dialect, columns, nested=nested) or ["'{'"])
        return f"SELECT {', '.join([*_keys(table, names), row])} FROM (SELECT * FROM {table.sql}"

    return head


@cache
def _groups_head(names: tuple[str, ...], *, nested: bool) -> Make:
    def head(dialect: Dialect, table: BoundTable, columns: tuple[BoundColumn, ...]) -> str:
        parts = shown(dialect, columns, nested=nested)
        row = joined([*parts, "'}'"] if parts else ["'{}'"])
        keys = _keys(table, names)
        return f"SELECT {', '.join(keys)}, string_agg({row}, ',') FROM (SELECT * FROM {table.sql}"

    return head


def _keys(table: BoundTable, names: Sequence[str]) -> list[str]:
    return [table.columns[name].read for name in names]


def shown(dialect: Dialect, columns: Sequence[BoundColumn], *, nested: bool) -> list[str]:
    """Expressions of text that together are a row's JSON object without the closing brace; none without columns."""
    return _parts(dialect, [column for column in columns if not (nested and column.prop.protected)])


def _head(dialect: Dialect, table: BoundTable, columns: tuple[BoundColumn, ...]) -> str:
    """The rows are chosen first; otherwise the server works out the values of those it skips, too."""
    parts = _parts(dialect, columns)
    row = joined([*parts, "'}'"] if parts else ["'{}'"])
    return f"SELECT string_agg({row}, ',') FROM (SELECT * FROM {table.sql}"


def _parts(dialect: Dialect, columns: Sequence[BoundColumn]) -> list[str]:
    """Expressions of text that together are a JSON object without the closing brace; none without columns."""
    parts: list[str] = []
    for column in columns:
        if not column.prop.hidden:
            key = json.dumps(column.prop.name, ensure_ascii=False)
            parts.append(dialect.literal(f"{',' if parts else '{'}{key}:"))
            parts.append(f"coalesce({column.json}, 'null')")
    return parts


def joined(parts: Sequence[str]) -> str:
    """An expression of the texts put together pair by pair, so that the server copies none more often than need be."""
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return f"({joined(parts[:middle])} || {joined(parts[middle:])})"
