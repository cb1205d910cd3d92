"""Rows kept in this process, perhaps with a file behind them."""

import copy
import json
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lbconf.connectors.capabilities import Capabilities
from lbconf.connectors.memory.answers import MemoryAnswers
from lbconf.connectors.memory.capabilities import memory_capabilities
from lbconf.connectors.memory.settings import memory_settings
from lbconf.connectors.memory.storage import Stored, read_file, row_text, write_file
from lbconf.connectors.memory.table import Duplicate, Table
from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import ConnectionFailedError, ConnectorError, ConstraintError, ConstraintKind
from lbconf.project.resolved import DataSource, Model
from lbconf.query.aggregate_nodes import Aggregate
from lbconf.query.aggregate_rows import aggregate_rows
from lbconf.query.coerce import value_converter
from lbconf.query.errors import RequestError
from lbconf.query.evaluate import Semantics, chosen, condition_test, evaluate, selected
from lbconf.query.nodes import Condition, Query, Row

__all__ = ["MemoryConnector"]


class MemoryConnector:
    """Reads, writes and groups writes. May be used from several threads; transactions run one at a time."""

    def __init__(self, data_source: DataSource) -> None:
        """Take the data source. Raises `ConnectorError` for unusable settings."""
        settings = memory_settings(data_source)
        self._data_source = data_source
        self._loopback = data_source.layout.is_loopback
        self._semantics = Semantics.LOOPBACK if self._loopback else Semantics.SQL
        self._capabilities = memory_capabilities(loopback=self._loopback)
        self._keeps = settings.keeps
        self._path = None if settings.file is None else (data_source.root or Path.cwd()) / settings.file.expanduser()
        self._lock = threading.RLock()
        self._tables: dict[str, Table] = {}
        self._stored = Stored()
        self._loaded = False
        self._depth = 0
        self._changed: dict[str, int] = {}
        self.answers = MemoryAnswers()
        """Where answers to requests that may come again are kept: in this process."""
        self._dirty = False

    @property
    def data_source(self) -> DataSource:
        """The data source it was made from."""
        return self._data_source

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        return self._capabilities

    def open(self) -> None:
        """Read the file, where there is one, the first time. Raises `ConnectionFailedError`."""
        with self._lock:
            if self._path is None or self._loaded:
                return
            try:
                self._stored = read_file(self._path)
            except (OSError, ValueError) as error:
                raise ConnectionFailedError(
                    self._problem(Code.CONNECTION_FAILED, f"{self._path} cannot be read: {error}"),
                    data_source=self._data_source.name,
                    connector=self._data_source.connector,
                ) from error
            self._loaded = True

    def close(self) -> None:
        """Do nothing: every change is already in the file, and rows without one live as long as the connector."""

    def ping(self) -> None:
        """Read the file if that was not done yet. Raises `ConnectionFailedError`."""
        self.open()

    def find(self, query: Query) -> list[Row]:
        """Rows of the query's model in order."""
        with self._lock:
            table = self._table(query.model)
            rows = list(table.candidates(query.where))
        if self._loopback and query.order:
            rows = table.as_listed(rows)
        return evaluate(query, rows, self._semantics)

    def stream(self, query: Query, size: int) -> Generator[list[Row], None, None]:
        """The same in parts of `size`; a row is copied when its part is asked for."""
        with self._lock:
            rows = list(self._table(query.model).candidates(query.where))
        found = selected(query, rows, self._semantics)
        for start in range(0, len(found), size):
            yield chosen(query, found[start : start + size])

    def count(self, model: Model, where: Condition | None) -> int:
        """Number of rows that match."""
        with self._lock:
            rows = list(self._table(model).candidates(where))
        if where is None:
            return len(rows)
        test = condition_test(where, self._semantics)
        return sum(map(test, rows))

    def aggregate(self, asked: Aggregate) -> list[Row]:
        """The groups with their measures."""
        with self._lock:
            rows = list(self._table(asked.model).candidates(asked.where))
        return aggregate_rows(asked, rows, self._semantics)

    def insert(self, model: Model, rows: Sequence[Row]) -> list[Row]:
        """Insert and return the rows with their ids. All or none. Raises `ConstraintError`."""
        with self._writing(model) as table:
            try:
                return [copy.deepcopy(table.add(row)) for row in rows]
            except Duplicate as found:
                raise self._duplicate(model, found) from None

    def update(self, model: Model, where: Condition | None, values: Row) -> int:
        """Set these values on every row that matches; how many did. Raises `ConstraintError`."""
        with self._writing(model) as table:
            keys = self._matching(table, where)
            try:
                for key in keys:
                    table.change(key, values)
            except Duplicate as found:
                raise self._duplicate(model, found) from None
            return len(keys)

    def delete(self, model: Model, where: Condition | None) -> int:
        """Delete every row that matches; how many went."""
        with self._writing(model) as table:
            keys = self._matching(table, where)
            for key in keys:
                table.remove(key)
            return len(keys)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold every other thread off; when an exception leaves, put back what was changed."""
        with self._lock:
            self._depth += 1
            try:
                yield
                if self._depth == 1:
                    self._save()
            except BaseException:
                if self._depth == 1:
                    for name, mark in self._changed.items():
                        self._tables[name].undo(mark)
                raise
            finally:
                self._depth -= 1
                if self._depth == 0:
                    for name in self._changed:
                        self._tables[name].settle()
                    self._changed = {}
                    self._dirty = False

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of the transaction; what it changed is put back when an exception leaves."""
        with self.transaction():
            marks = {name: table.mark() for name, table in self._tables.items()}
            try:
                yield
            except BaseException:
                for name, first in self._changed.items():
                    self._tables[name].undo(marks.get(name, first))
                raise

    @contextmanager
    def _writing(self, model: Model) -> Iterator[Table]:
        """The model's table, to be changed: all of it or, when an exception leaves, nothing."""
        with self.transaction():
            name = _collection(model)
            table = self._table(model)
            if not self._keeps:
                yield table.empty()
                return
            mark = table.mark()
            self._changed[name] = min(mark, self._changed.get(name, mark))
            try:
                yield table
            except BaseException:
                table.undo(mark)
                raise
            self._dirty = True

    def _table(self, model: Model) -> Table:
        name = _collection(model)
        table = self._tables.get(name)
        if table is None:
            table = self._tables[name] = self._load(model, name)
        return table

    def _load(self, model: Model, name: str) -> Table:
        """The table of a model that was not used yet, its rows from the file."""
        table = Table(model, unique=not self._loopback)
        stored = self._stored.models.get(name)
        if not stored:
            return table
        try:
            for text in stored.values():
                table.add(_typed(model, json.loads(text) if isinstance(text, str) else text))
        except (ValueError, AttributeError, RequestError, Duplicate) as error:
            message = f"{self._path} has a row of {name} that cannot be used: {error}"
            raise ConnectorError(
                self._problem(Code.VALUE_REFUSED, message),
                data_source=self._data_source.name,
                connector=self._data_source.connector,
            ) from error
        table.settle()
        following = self._stored.ids.get(name)
        if isinstance(following, int):
            table.next_id = max(table.next_id, following)
        return table

    def _matching(self, table: Table, where: Condition | None) -> list[Any]:
        if where is None:
            return list(table.rows)
        test = condition_test(where, self._semantics)
        if table.is_keyed:
            return [table.key_of(row) for row in table.candidates(where) if test(row)]
        return [key for key, row in table.rows.items() if test(row)]

    def _save(self) -> None:
        if self._path is None or not self._dirty:
            return
        for name, table in self._tables.items():
            self._stored.ids[name] = table.next_id
            self._stored.models[name] = {
                key if isinstance(key, str) else ",".join(key): row_text(row) for key, row in table.rows.items()
            }
        try:
            write_file(self._path, self._stored)
        except OSError as error:
            raise ConnectorError(
                self._problem(Code.STATEMENT_FAILED, f"{self._path} cannot be written: {error}"),
                data_source=self._data_source.name,
                connector=self._data_source.connector,
            ) from error

    def _duplicate(self, model: Model, found: Duplicate) -> ConstraintError:
        return ConstraintError(
            self._problem(Code.UNIQUE_VIOLATED, f"Duplicate entry for {model.name}.{found}"),
            kind=ConstraintKind.UNIQUE,
            columns=found.properties,
            properties=found.properties,
            data_source=self._data_source.name,
            connector=self._data_source.connector,
        )

    def _problem(self, code: Code, message: str) -> Diagnostic:
        return Diagnostic(code=code, message=message, location=self._data_source.location)


def _collection(model: Model) -> str:
    name = model.section("memory").get("collection")
    return name if isinstance(name, str) and name else model.name


def _typed(model: Model, data: Row) -> Row:
    """A row read from the file, its values made those of the model's types."""
    row: Row = {}
    for name, value in data.items():
        prop = model.properties.get(name)
        if prop is None or value is None:
            row[name] = value
        else:
            row[name] = value_converter(prop.type, lenient=model.layout.is_loopback)(value)
    return row
