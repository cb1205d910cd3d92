"""What the server gave to rows that were just inserted, where it has no RETURNING.

The ids of one INSERT whose rows are known beforehand follow each other, whatever `innodb_autoinc_lock_mode` says, and
the driver tells the first (MySQL 8 Reference Manual, section 17.6.1.6). What else the server worked out is read again
by key, in the transaction of the insert.
"""

from collections.abc import Sequence
from typing import Any

from lbconf.connectors.sql.compile import Compiled
from lbconf.connectors.sql.dialect import BoundTable, Dialect
from lbconf.connectors.sql.rows import rows_of
from lbconf.query.nodes import Row

__all__ = ["keyed", "reread", "with_what_was_made"]


def keyed(table: BoundTable, given: Sequence[Row], first: int, step: int) -> list[Row]:
    """The rows with the ids they were counted up to; `first` is the first one's and `step` their distance."""
    counted = [column for column in table.ids if column.prop.generated]
    if not counted or not first:
        return [dict(row) for row in given]
    name = counted[0].prop.name
    return [{**row, name: first + number * step} if row.get(name) is None else row for number, row in enumerate(given)]


def reread(dialect: Dialect, table: BoundTable, asked: Compiled, rows: Sequence[Row]) -> Compiled | None:
    """Reads what `asked` names of these rows, their key in front; None where the keys tell all of it."""
    keys = table.ids
    if not keys or all(column in keys for column in asked.columns):
        return None
    parameters: list[Any] = []

    def parameter(column: Any, row: Row) -> str:
        value = row[column.prop.name]
        parameters.append(column.encode(value) if column.encode is not None and value is not None else value)
        return dialect.placeholder(len(parameters))

    matches = " OR ".join(
        "(" + " AND ".join(f"{column.sql} = {parameter(column, row)}" for column in keys) + ")" for row in rows
    )
    columns = (*keys, *asked.columns)
    listed = ", ".join(column.read for column in columns)
    return Compiled(f"SELECT {listed} FROM {table.sql} WHERE {matches}", parameters, columns)


def with_what_was_made(table: BoundTable, rows: Sequence[Row], again: Compiled, found: Sequence[Any]) -> list[Row]:
    """The rows with the values that `again` found, by key."""
    names = [column.prop.name for column in table.ids]
    there = {tuple(row[name] for name in names): row for row in rows_of(again.columns, found)}
    return [{**row, **there.get(tuple(row[name] for name in names), {})} for row in rows]
