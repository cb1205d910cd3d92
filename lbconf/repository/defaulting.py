"""Rows that lack properties, read with their defaults: LoopBack fills them in where a store keeps rows as they came."""

from collections.abc import Callable, Generator, Mapping
from typing import Any, Protocol

from lbconf.project.resolved import Model
from lbconf.query.nodes import Condition, Query, Row
from lbconf.repository.generate import default_values

__all__ = ["FillingReader", "Source"]


class Source(Protocol):
    """What reads the rows."""

    def find(self, query: Query) -> list[Row]:
        """Rows of the query, which the caller may change."""
        ...

    def stream(self, query: Query, size: int) -> Generator[list[Row], None, None]:
        """The same in parts of `size`."""
        ...

    def count(self, model: Model, where: Condition | None) -> int:
        """How many rows match."""
        ...


class FillingReader:
    """Reads rows, and fills in what they lack. Conditions and orders are about what is stored."""

    def __init__(self, source: Source) -> None:
        """Take what reads the rows."""
        self.source = source
        """What reads them as they are kept."""
        self._known: dict[str, Mapping[str, Callable[[], Any]]] = {}

    def find(self, query: Query) -> list[Row]:
        """Rows of the query."""
        return self._filled(query, self.source.find(query))

    def stream(self, query: Query, size: int) -> Generator[list[Row], None, None]:
        """The same in parts of `size`."""
        for rows in self.source.stream(query, size):
            yield self._filled(query, rows)

    def count(self, model: Model, where: Condition | None) -> int:
        """How many rows match."""
        return self.source.count(model, where)

    def _filled(self, query: Query, rows: list[Row]) -> list[Row]:
        defaults = self._defaults(query.model)
        if defaults:
            names = defaults if query.fields is None else {prop.name for prop in query.fields} & defaults.keys()
            for row in rows:
                for name in names:
                    if name not in row:
                        row[name] = defaults[name]()
        return rows

    def _defaults(self, model: Model) -> Mapping[str, Callable[[], Any]]:
        found = self._known.get(model.name)
        if found is None:
            off = model.settings.get("applyDefaultsOnReads") is False
            found = self._known[model.name] = {} if off else default_values(model)
        return found
