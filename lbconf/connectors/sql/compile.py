"""Queries and writes as statements with parameters. The same structure with other values is the same text."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Final, TypeAlias, TypeVar

from lbconf.connectors.sql.conditions import STRUCTURED, Conditions, TableOf
from lbconf.connectors.sql.dialect import BoundColumn, BoundTable, Dialect, ValueRefused
from lbconf.datatypes import IntegerType, NumberType
from lbconf.query.nodes import Comparison, Condition, Operator, Query, Row
from lbconf.records import dataclass

__all__ = ["Compiled", "Compiler", "Make"]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A statement, its parameters in order, and the columns it returns."""

    sql: str
    parameters: list[Any]
    columns: tuple[BoundColumn, ...] = ()


MOST_REMEMBERED: Final = 4096
"""Texts; clients choose shapes, so there may be more than memory should hold."""
ANY_LIMIT: Final = -1

K = TypeVar("K")
Make: TypeAlias = Callable[[Dialect, BoundTable, tuple[BoundColumn, ...]], str]
Head: TypeAlias = tuple[str, tuple[BoundColumn, ...]]


class Compiler:
    """Writes statements of one dialect."""

    def __init__(
        self, dialect: Dialect, *, default_id_sort: bool | str = True, table_of: TableOf | None = None
    ) -> None:
        """Take the dialect and whether rows without an order come by id (`numericIdOnly`: numbers only).

        `table_of` tells the tables of models that conditions and orders lead to.
        """
        self.dialect = dialect
        self.table_of = table_of
        self.default_id_sort = default_id_sort
        self._known: dict[int, BoundTable] = {}  # kept alive, so that an id means one table for ever
        self._statements: dict[tuple[Any, ...], Head] = {}
        self._heads: dict[tuple[int, Make, tuple[str, ...] | None], Head] = {}

    def find(self, table: BoundTable, query: Query) -> Compiled:
        """Rows of the query, one column per property."""
        return self.statement(table, query, _select)

    def statement(self, table: BoundTable, query: Query, make: Make, end: str = "") -> Compiled:
        """What `make` writes, then the query's conditions, order and page, then `end`.

        Plain shapes (no condition, or one property equal to a value) are written once and looked up afterwards.
        """
        parameters: list[Any] = []
        key = _plain_shape(table, query, make, parameters, self.dialect.largest_written_limit)
        if key is not None:
            found = self._statements.get(key)
            if found is not None:
                return Compiled(found[0], parameters, found[1])
        parameters = []
        head, columns = self.head(table, query, make)
        sql = f"{head}{self.tail(table, query, parameters)}{end}"
        if key is not None:
            _remember(self._statements, key, (sql, columns))
        return Compiled(sql, parameters, columns)

    def remembered(
        self, queries: Sequence[tuple[BoundTable, Query]], mark: Hashable, write: Callable[[list[Any]], str]
    ) -> Compiled:
        """What `write` writes for several queries, their parameters appended in this order.

        It is written once for plain shapes; `mark` tells apart what is written for the same shapes.
        """
        parameters: list[Any] = []
        most = self.dialect.largest_written_limit
        shapes = [_plain_shape(table, query, None, parameters, most) for table, query in queries]
        key = None if None in shapes else (mark, *shapes)
        if key is not None:
            found = self._statements.get(key)
            if found is not None:
                return Compiled(found[0], parameters)
            self._known.update((id(table), table) for table, _ in queries)
        parameters = []
        sql = write(parameters)
        if key is not None:
            _remember(self._statements, key, (sql, ()))
        return Compiled(sql, parameters)

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
            sql += self.dialect.empty_row
        asked = tuple(table.columns[name] for name in returned)
        if asked and self.dialect.returning:
            sql += " RETURNING " + ", ".join(column.read for column in asked)
        return Compiled(sql, parameters, asked)

    def tail(self, table: BoundTable, query: Query, parameters: list[Any], *, also: str = "") -> str:
        """WHERE, ORDER BY and LIMIT of a query; `also` is one more condition, as SQL."""
        conditions = Conditions(self.dialect, table, parameters, self.table_of)
        needed = [also] if also else []
        if query.where is not None:
            needed.append(conditions.compile(query.where))
        sql = f" WHERE {' AND '.join(needed)}" if needed else ""
        keys: list[str] = []
        near = conditions.near(query.where)
        if near is not None:
            keys.append(conditions.distance(near))
        keys.extend(
            self.dialect.order(conditions.order_key(order), descending=order.descending) for order in query.order
        )
        if not query.order:
            keys.extend(self._default_order(table))
        if keys:
            sql += " ORDER BY " + ", ".join(keys)
        if query.limit is not None:
            written = query.limit <= self.dialect.largest_written_limit
            sql += f" LIMIT {query.limit:d}" if written else f" LIMIT {conditions.add(query.limit)}"
        elif query.skip and self.dialect.offset_needs_limit:
            sql += f" LIMIT {self.dialect.no_limit}"
        if query.skip:
            sql += f" OFFSET {conditions.add(query.skip)}"
        return sql + self.dialect.row_lock if query.locked else sql

    def head(self, table: BoundTable, query: Query, make: Make) -> Head:
        """What `make` writes for the columns a query asks for, written once; columns come in declared order."""
        key = (id(table), make, None if query.fields is None else tuple(prop.name for prop in query.fields))
        found = self._heads.get(key)
        if found is None:
            columns = tuple(table.columns.values())
            if query.fields is not None:
                names = {prop.name for prop in query.fields}
                columns = tuple(column for column in columns if column.prop.name in names)
            self._known[id(table)] = table
            found = (make(self.dialect, table, columns), columns)
            _remember(self._heads, key, found)
        return found

    def _where(self, table: BoundTable, where: Condition | None, parameters: list[Any]) -> str:
        if where is None:
            return ""
        return f" WHERE {Conditions(self.dialect, table, parameters, self.table_of).compile(where)}"

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


def _select(_: Dialect, table: BoundTable, columns: tuple[BoundColumn, ...]) -> str:
    return f"SELECT {', '.join(column.read for column in columns) or 'NULL'} FROM {table.sql}"


def _remember(known: dict[K, Head], key: K, text: Head) -> None:
    if len(known) >= MOST_REMEMBERED:
        known.clear()
    known[key] = text


def _plain_shape(
    table: BoundTable, query: Query, make: Make | None, parameters: list[Any], largest_written_limit: int
) -> tuple[Any, ...] | None:
    """What decides the text of a plain query, its parameters appended as the text has them; None for other queries."""
    if query.locked:
        return None
    name = None
    where = query.where
    if where is not None:
        if type(where) is not Comparison or where.operator is not Operator.EQ or where.target.path:
            return None
        name = where.target.property.name
        column, value = table.columns[name], where.value
        if value is None or column.kind in STRUCTURED:
            return None
        if column.compare is not None:
            try:
                value = column.compare(value)
            except ValueRefused:
                return None
        parameters.append(value)
    if any(order.target.path or order.via for order in query.order):
        return None
    limit = query.limit
    if limit is not None and limit > largest_written_limit:
        parameters.append(limit)
        limit = ANY_LIMIT
    if query.skip:
        parameters.append(query.skip)
    return (
        id(table),
        make,
        name,
        query.fields and tuple([prop.name for prop in query.fields]),
        query.order and tuple([(order.target.property.name, order.descending) for order in query.order]),
        limit,
        bool(query.skip),
    )
