"""Queries and writes as statements with parameters. The same structure with other values is the same text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lbconf.connectors.sql.conditions import Conditions
from lbconf.connectors.sql.dialect import BoundColumn, BoundTable, Dialect
from lbconf.datatypes import IntegerType, NumberType
from lbconf.query.nodes import Condition, Query, Row

__all__ = ["Compiled", "Compiler"]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A statement, its parameters in order, and the columns it returns."""

    sql: str
    parameters: list[Any]
    columns: tuple[BoundColumn, ...] = ()


class Compiler:
    """Writes statements of one dialect."""

    def __init__(self, dialect: Dialect, *, default_id_sort: bool | str = True) -> None:
        """Take the dialect and whether rows without an order come by id (`numericIdOnly`: numbers only)."""
        self.dialect = dialect
        self.default_id_sort = default_id_sort
        self._heads: dict[tuple[int, tuple[str, ...] | None], tuple[str, tuple[BoundColumn, ...]]] = {}

    def find(self, table: BoundTable, query: Query) -> Compiled:
        """Rows of the query, one column per property."""
        head, columns = self._head(table, query)
        parameters: list[Any] = []
        return Compiled(head + self.tail(table, query, parameters), parameters, columns)

    def count(self, table: BoundTable, where: Condition | None) -> Compiled:
        """One row with the number of rows that match."""
        parameters: list[Any] = []
        return Compiled(f"SELECT count(*) FROM {table.sql}" + self._where(table, where, parameters), parameters)

    def update(self, table: BoundTable, where: Condition | None, values: Row) -> Compiled:
        """Sets the values; there must be at least one that has a column."""
        parameters: list[Any] = []
        sets = ", ".join(
            f"{column.sql} = {self._written(column, value, parameters)}"
            for name, value in values.items()
            if (column := table.columns.get(name)) is not None
        )
        return Compiled(f"UPDATE {table.sql} SET {sets}" + self._where(table, where, parameters), parameters)

    def delete(self, table: BoundTable, where: Condition | None) -> Compiled:
        """Deletes the rows that match."""
        parameters: list[Any] = []
        return Compiled(f"DELETE FROM {table.sql}" + self._where(table, where, parameters), parameters)

    def insert(self, table: BoundTable, names: Sequence[str], rows: Sequence[Row], returned: Sequence[str]) -> Compiled:
        """Inserts rows that all have exactly these properties; returns the named ones of each row."""
        parameters: list[Any] = []
        columns = [table.columns[name] for name in names]
        sql = f"INSERT INTO {table.sql} "
        if columns:
            values = ", ".join(
                "(" + ", ".join(self._written(column, row[column.prop.name], parameters) for column in columns) + ")"
                for row in rows
            )
            sql += f"({', '.join(column.sql for column in columns)}) VALUES {values}"
        else:
            sql += "DEFAULT VALUES"
        asked = tuple(table.columns[name] for name in returned)
        if asked:
            sql += " RETURNING " + ", ".join(column.read for column in asked)
        return Compiled(sql, parameters, asked)

    def tail(self, table: BoundTable, query: Query, parameters: list[Any]) -> str:
        """WHERE, ORDER BY and LIMIT of a query."""
        conditions = Conditions(self.dialect, table, parameters)
        sql = "" if query.where is None else f" WHERE {conditions.compile(query.where)}"
        keys: list[str] = []
        near = conditions.near(query.where)
        if near is not None:
            keys.append(conditions.distance(near))
        keys.extend(
            self.dialect.order(conditions.order_key(order.target), descending=order.descending) for order in query.order
        )
        if not query.order:
            keys.extend(self._default_order(table))
        if keys:
            sql += " ORDER BY " + ", ".join(keys)
        if query.limit is not None:
            sql += f" LIMIT {conditions.add(query.limit)}"
        elif query.skip and self.dialect.offset_needs_limit:
            sql += " LIMIT -1"
        if query.skip:
            sql += f" OFFSET {conditions.add(query.skip)}"
        return sql

    def asked(self, table: BoundTable, query: Query) -> tuple[BoundColumn, ...]:
        """The columns a query asks for, in declared order."""
        if query.fields is None:
            return tuple(table.columns.values())
        names = {prop.name for prop in query.fields}
        return tuple(column for name, column in table.columns.items() if name in names)

    def _head(self, table: BoundTable, query: Query) -> tuple[str, tuple[BoundColumn, ...]]:
        key = (id(table), None if query.fields is None else tuple(prop.name for prop in query.fields))
        found = self._heads.get(key)
        if found is None:
            columns = self.asked(table, query)
            listed = ", ".join(column.read for column in columns) or "NULL"
            found = self._heads[key] = (f"SELECT {listed} FROM {table.sql}", columns)
        return found

    def _where(self, table: BoundTable, where: Condition | None, parameters: list[Any]) -> str:
        return "" if where is None else f" WHERE {Conditions(self.dialect, table, parameters).compile(where)}"

    def _default_order(self, table: BoundTable) -> list[str]:
        if self.default_id_sort is False:
            return []
        ids = table.ids
        if self.default_id_sort == "numericIdOnly" and not all(
            isinstance(column.prop.type, NumberType | IntegerType) for column in ids
        ):
            return []
        return [column.sql for column in ids]

    def _written(self, column: BoundColumn, value: Any, parameters: list[Any]) -> str:
        if value is not None and column.encode is not None:
            value = column.encode(value)
        parameters.append(value)
        return column.write.format(self.dialect.placeholder(len(parameters)))
