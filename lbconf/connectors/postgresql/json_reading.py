"""Rows as JSON text that the server writes: no row becomes a Python object."""

from abc import abstractmethod
from collections.abc import Sequence

from lbconf.connectors.postgresql.json_includes import included_statement
from lbconf.connectors.postgresql.json_rows import json_statement, rows_statement
from lbconf.connectors.sql.compile import Compiled
from lbconf.connectors.sql.dialect import BoundTable, ValueRefused
from lbconf.connectors.sql.reader_writer import SqlReaderWriter
from lbconf.connectors.sql.rows import rows_of, to_json
from lbconf.errors import ConstraintError
from lbconf.project.resolved import Model
from lbconf.query.nodes import Query, Row

__all__ = ["JsonReading"]


class JsonReading(SqlReaderWriter):
    """The `JsonReader` half of the connector."""

    @abstractmethod
    def texts(self, statement: Compiled) -> Sequence[bytes | None]:
        """Run a statement and return the one row that it gives, each value in the server's own text."""

    @property
    @abstractmethod
    def json_checked(self) -> bool:
        """Whether the server can tell beforehand that a text is no JSON."""

    def find_json(self, query: Query) -> bytes:
        """A JSON array of the rows."""
        compiler = self.compiler()
        try:
            statement = json_statement(compiler, self.table(query.model, compiler), query)
            return b"[%b]" % (self.texts(statement)[0] or b"")
        except ValueRefused as problem:
            raise self.refused(problem) from None
        except ConstraintError:
            if self.json_checked:
                raise
            # A text column that should hold JSON holds other text.
            hidden = {prop.name for prop in query.model.properties.values() if prop.hidden}
            rows = [{name: row[name] for name in row if name not in hidden} for row in self.find(query)]
            return to_json(rows).encode()

    def find_json_included(self, query: Query) -> tuple[bytes, tuple[int, ...]] | None:
        """A JSON array of the rows with what they include, and how many related rows each include gave."""
        if not self.json_checked:
            return None
        compiler = self.compiler()

        def table_of(model: Model) -> BoundTable:
            return self.table(model, compiler)

        try:
            statement = included_statement(compiler, query, table_of)
            if statement is None:
                return None
            rows, *numbers = self.texts(statement)
        except ValueRefused as problem:
            raise self.refused(problem) from None
        return b"[%b]" % (rows or b""), tuple([int(number or 0) for number in numbers])

    def find_json_rows(
        self, query: Query, names: tuple[str, ...], *, nested: bool, grouped: bool = False
    ) -> Sequence[tuple[Row, str]] | None:
        """For each row, or each value of the named properties, these and JSON text."""
        compiler = self.compiler()
        table = self.table(query.model, compiler)
        try:
            statement = rows_statement(compiler, table, query, names, nested=nested, grouped=grouped)
            found = self.fetch(statement)
        except ValueRefused as problem:
            raise self.refused(problem) from None
        except ConstraintError:
            if self.json_checked:
                raise
            return None
        keys = rows_of([table.columns[name] for name in names], found)
        return [(key, row[-1]) for key, row in zip(keys, found, strict=True)]
