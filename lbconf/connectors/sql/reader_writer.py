"""Reading and writing rows over any SQL database; the connector says how a statement is run."""

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from itertools import count
from typing import Any

from lbconf.connectors.contract import ModelMapping
from lbconf.connectors.sql.aggregates import aggregate_statement, outcome_rows
from lbconf.connectors.sql.broken_checks import columns_of_check
from lbconf.connectors.sql.compile import Compiled, Compiler, Make
from lbconf.connectors.sql.dialect import BoundColumn, BoundTable, Dialect, ValueRefused
from lbconf.connectors.sql.kept_answers import SqlAnswers
from lbconf.connectors.sql.rows import rows_of
from lbconf.cooperation import apart
from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import ConnectorError, ConstraintError, ConstraintKind, UnsupportedError
from lbconf.project.resolved import DataSource, Model
from lbconf.query.aggregate_nodes import Aggregate
from lbconf.query.nodes import Condition, Query, Row

__all__ = ["SqlReaderWriter"]

MOST_ROWS = 1000
"""Of one INSERT."""
_SAVEPOINTS = count(1)
"""Numbers for names: some servers know only the last one of a name."""
MANY = 500
"""Rows that take too long to be read beside the event loop."""


class SqlReaderWriter(ABC):
    """The `Reader` and `Writer` half of a SQL connector."""

    rows_per_insert: int = MOST_ROWS
    long_text: str = "text"
    """Type of texts of any length."""

    def __init__(self, data_source: DataSource, mapping: ModelMapping) -> None:
        """Take the data source and how models stand in it."""
        self._data_source = data_source
        self._mapping = mapping
        self._tables: dict[int, BoundTable] = {}
        self.answers = SqlAnswers(self, self.long_text)
        """Where answers to requests that may come again are kept."""

    @property
    def data_source(self) -> DataSource:
        """The data source it was made from."""
        return self._data_source

    @property
    def mapping(self) -> ModelMapping:
        """How models stand in it."""
        return self._mapping

    @abstractmethod
    def compiler(self) -> Compiler:
        """For the server's version; connects when that is not known yet."""

    @abstractmethod
    def fetch(self, statement: Compiled, *, write: bool = False) -> Sequence[Sequence[Any]]:
        """Run a statement and return its rows as the driver gives them."""

    def portions(self, statement: Compiled, size: int) -> Generator[Sequence[Sequence[Any]], None, None]:
        """Run a statement and give its rows in parts of `size`, by way of a cursor where the database has them."""
        found = self.fetch(statement)
        for start in range(0, len(found), size):
            yield found[start : start + size]

    @abstractmethod
    def change(self, statement: Compiled) -> int:
        """Run a statement and return how many rows it touched."""

    @abstractmethod
    def transaction(self) -> AbstractContextManager[None]:
        """A transaction of the calling thread; nested ones join the outer."""

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of the transaction that can be undone alone."""
        with self.transaction():
            name = f"lbconf_{next(_SAVEPOINTS)}"
            self.change(Compiled(f"SAVEPOINT {name}", []))
            try:
                yield
            except BaseException:
                with suppress(ConnectorError):  # the whole transaction may be undone already, or the connection lost
                    self.change(Compiled(f"ROLLBACK TO SAVEPOINT {name}", []))
                    self.change(Compiled(f"RELEASE SAVEPOINT {name}", []))
                raise
            self.change(Compiled(f"RELEASE SAVEPOINT {name}", []))

    def find(self, query: Query) -> list[Row]:
        """Rows of the query, in order."""
        with self._values():
            compiler = self.compiler()
            statement = compiler.find(self.table(query.model, compiler), query)
        found = self.fetch(statement)
        return rows_of(statement.columns, found) if len(found) < MANY else apart(rows_of, statement.columns, found)

    def stream(self, query: Query, size: int) -> Generator[list[Row], None, None]:
        """Rows of the query, in order, in parts of `size`."""
        with self._values():
            compiler = self.compiler()
            statement = compiler.find(self.table(query.model, compiler), query)
        with closing(self.portions(statement, size)) as portions:
            for found in portions:
                yield rows_of(statement.columns, found)

    def count(self, model: Model, where: Condition | None) -> int:
        """Number of rows that match."""
        with self._values():
            compiler = self.compiler()
            statement = compiler.count(self.table(model, compiler), where)
        return int(self.fetch(statement)[0][0])

    def fine_times(self, model: Model, where: Condition, names: Sequence[str]) -> Mapping[str, datetime]:
        """The points in time of the one row that matches, to the microsecond, where columns keep that."""
        compiler = self.compiler()
        table = self.table(model, compiler)
        found = {name: compiler.dialect.fine_time(table.columns[name]) for name in names if name in table.columns}
        found = {name: text for name, text in found.items() if text}
        if not found:
            return {}
        with self._values():
            statement = compiler.statement(
                table, Query(model=model, where=where, limit=1), _telling(tuple(found.values()))
            )
        rows = self.fetch(statement)
        told: dict[str, datetime] = {}
        for name, text in zip(found, rows[0], strict=True) if rows else ():
            with suppress(TypeError, ValueError):  # null, or a year that Python does not have
                told[name] = datetime.fromisoformat(text).replace(tzinfo=UTC)
        return told

    def aggregate(self, asked: Aggregate) -> list[Row]:
        """The groups with their measures."""
        with self._values():
            compiler = self.compiler()
            statement, outcomes = aggregate_statement(compiler, self.table(asked.model, compiler), asked)
        return outcome_rows(outcomes, self.fetch(statement))

    def insert(self, model: Model, rows: Sequence[Row]) -> list[Row]:
        """The rows with what the database made up: ids, and defaults that it alone knows. All or none."""
        with self._values():
            compiler = self.compiler()
            table = self.table(model, compiler)
            statements = list(self._inserts(compiler, table, rows))
        try:
            if len(statements) == 1:
                return self._inserted(table, *statements[0])
            done: list[Row] = []
            with self.transaction():
                for statement, given in statements:
                    done += self._inserted(table, statement, given)
        except ConstraintError as problem:
            _name_properties(problem, table)
            raise
        return done

    def update(self, model: Model, where: Condition | None, values: Row) -> int:
        """How many rows matched and were changed; with nothing to set, how many match."""
        with self._values():
            compiler = self.compiler()
            table = self.table(model, compiler)
            if not any(name in table.columns for name in values):
                return self.count(model, where)
            statement = compiler.update(table, where, values)
        try:
            return self.change(statement)
        except ConstraintError as problem:
            _name_properties(problem, table)
            raise

    def delete(self, model: Model, where: Condition | None) -> int:
        """How many rows went."""
        with self._values():
            compiler = self.compiler()
            statement = compiler.delete(self.table(model, compiler), where)
        return self.change(statement)

    explain_word: str = "EXPLAIN"
    """What stands before a statement whose plan is asked for."""
    explain_columns: slice = slice(None)
    """The columns of its answer that say something."""

    def explain(self, query: Query) -> Sequence[str]:
        """The server's plan, line by line; of several columns the values of each row."""
        with self._values():
            compiler = self.compiler()
            statement = compiler.find(self.table(query.model, compiler), query)
        found = self.fetch(Compiled(f"{self.explain_word} {statement.sql}", statement.parameters))
        return [" ".join(str(part) for part in row[self.explain_columns] if part is not None) for row in found]

    def table(self, model: Model, compiler: Compiler) -> BoundTable:
        """The model's table, worked out once."""
        found = self._tables.get(id(model))
        if found is None or found.model is not model:
            found = self._tables[id(model)] = compiler.dialect.bind(self._mapping, model)
            if not found.columns:
                del self._tables[id(model)]
                raise UnsupportedError(
                    Diagnostic(
                        code=Code.UNSUPPORTED,
                        message=f"model {model.name} has no property that {self._data_source.name} can keep",
                        location=model.location,
                    ),
                    data_source=self._data_source.name,
                    connector=self._data_source.connector,
                )
        return found

    def table_of(self, model: Model) -> BoundTable:
        """The table of a model that conditions on another lead to."""
        return self.table(model, self.compiler())

    def forget_tables(self) -> None:
        """Work out tables anew, after the server turned out to be of another version."""
        self._tables.clear()

    def refused(self, problem: ValueRefused) -> ConstraintError:
        """The error for a value that does not fit its column."""
        return ConstraintError(
            Diagnostic(
                code=Code.VALUE_REFUSED,
                message=f"data source {self._data_source.name}: {problem}",
                location=self._data_source.location,
            ),
            kind=ConstraintKind.TYPE,
            data_source=self._data_source.name,
            connector=self._data_source.connector,
        )

    def _inserts(
        self, compiler: Compiler, table: BoundTable, rows: Sequence[Row]
    ) -> Iterator[tuple[Compiled, Sequence[Row]]]:
        """Statements for runs of rows that have the same properties, in order."""
        start = 0
        while start < len(rows):
            names = tuple(name for name in rows[start] if name in table.columns)
            most = max(1, min(self.rows_per_insert, compiler.dialect.most_parameters // max(1, len(names))))
            end = start + 1
            while names and end < len(rows) and end - start < most and _same_names(rows[end], names, table):
                end += 1
            yield compiler.insert(table, names, rows[start:end], self._returned(table, names)), rows[start:end]
            start = end

    def _returned(self, table: BoundTable, names: Sequence[str]) -> tuple[str, ...]:
        """Properties whose values, or the form they are stored in, only the database knows."""
        native = not table.model.layout.is_loopback
        kind = self._data_source.connector
        return tuple(
            name
            for name, column in table.columns.items()
            if (
                native and column.prop.is_typed_by_hand(kind)
                if name in names
                else column.prop.id
                or (
                    native and (column.prop.is_computed(kind) or self._mapping.column_default(table.model, column.prop))
                )
            )
        )

    def _inserted(self, table: BoundTable, statement: Compiled, given: Sequence[Row]) -> list[Row]:
        """Run one INSERT; its rows with what the database made up, which the statement returns."""
        del table
        if not statement.columns:
            self.change(statement)
            return [dict(row) for row in given]
        made = rows_of(statement.columns, self.fetch(statement, write=True))
        return [{**row, **more} for row, more in zip(given, made, strict=True)]

    @contextmanager
    def _values(self) -> Iterator[None]:
        """Turn a refused value into the error that says so."""
        try:
            yield
        except ValueRefused as problem:
            raise self.refused(problem) from None


@cache
def _telling(expressions: tuple[str, ...]) -> Make:
    def head(_: Dialect, table: BoundTable, __: tuple[BoundColumn, ...]) -> str:
        return f"SELECT {', '.join(expressions)} FROM {table.sql}"

    return head


def _name_properties(problem: ConstraintError, table: BoundTable) -> None:
    """Add to the error which of the table's properties the columns are that the database named."""
    held = {column.name: name for name, column in table.columns.items()}
    if not problem.columns:
        name = table.sql.rpartition(".")[2].strip('"`')
        problem.columns = columns_of_check(problem, table.model, name, held)
    problem.properties = tuple(held[name] for name in problem.columns if name in held)


def _same_names(row: Row, names: Sequence[str], table: BoundTable) -> bool:
    kept = [name for name in row if name in table.columns]
    return len(kept) == len(names) and set(kept) == set(names)
