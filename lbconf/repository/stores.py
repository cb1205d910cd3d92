"""The connectors behind a project's models, asked for reading and writing."""

import logging
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from datetime import datetime
from functools import partial

from lbconf.connectors.capabilities import SupportLevel
from lbconf.connectors.contract import (
    Aggregator,
    Connector,
    FineReader,
    JsonReader,
    Reader,
    Snapshots,
    Streamer,
    Transactional,
    Undoing,
    Writer,
)
from lbconf.diagnostics import Code, Collector
from lbconf.errors import ConstraintError
from lbconf.project.resolved import Model
from lbconf.query.aggregate_nodes import Aggregate
from lbconf.query.errors import RequestError
from lbconf.query.evaluate import Semantics, evaluate, near_of
from lbconf.query.nodes import AllOf, Condition, Near, Query, Row
from lbconf.query.rules import KEEPING, NATIVE, TABULAR, Rules
from lbconf.records import dataclass, replace
from lbconf.repository.defaulting import FillingReader
from lbconf.repository.references import references_of
from lbconf.repository.refusals import TellingWriter
from lbconf.repository.related_order import ordered_here
from lbconf.repository.user_rows import is_user_model
from lbconf.repository.user_writes import UserWriter

__all__ = ["Stores", "collected"]

_LOG = logging.getLogger("lbconf.query")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Names of a model's properties by what becomes of their values."""

    written: tuple[str, ...]
    """Those that are written."""
    computed: tuple[str, ...]
    """The others, which the database works out."""
    typed_by_hand: tuple[str, ...]
    """Those that may be stored in another form than they were sent in."""


class Stores:
    """Which connector holds each model. May be used from several threads."""

    def __init__(
        self, connectors: Mapping[str, Connector], models: Mapping[str, Model], *, hidden_allowed: bool
    ) -> None:
        """Take the connectors by data source and the models; whether queries may name hidden properties."""
        self._connectors = connectors
        self._models = models
        self._references = references_of(models)
        self._asked: dict[str, Connector] = {}
        self._data_readers: dict[str, Reader] = {}
        self._writers: dict[str, Writer] = {}
        self._users = frozenset(name for name, model in models.items() if is_user_model(model))
        self._user_writers: dict[str, UserWriter] = {}
        self._shapes: dict[str, Shape] = {}
        self._json_readers: dict[str, JsonReader | None] = {}
        self._hidden_allowed = hidden_allowed
        self.related: bool | None = None
        """Whether filters may name related models; None: as each layout has it."""

    def connector(self, model: Model) -> Connector:
        """The model's connector. Raises `RequestError` 501 where it has none."""
        found = self._connectors.get(model.data_source) if model.data_source else None
        if found is None:
            where = f"its data source {model.data_source} has no connector" if model.data_source else "no data source"
            message = f"Cannot reach the rows of {model.name}: {where}"
            raise RequestError(Code.MODEL_NOT_ATTACHED, message, status=501)
        return found

    def _same_connector(self, model: Model) -> Connector:
        """The model's connector; where it is another one than before, what was made for that is forgotten."""
        found = self.connector(model)
        name = found.data_source.name
        if self._asked.get(name) is not found:
            self._asked[name] = found
            for made in (self._data_readers, self._writers, self._json_readers):
                made.pop(name, None)
            self._user_writers.clear()
        return found

    def reader(self, model: Model) -> Reader:
        """What reads the model's rows. Raises `RequestError` 501 where nothing does."""
        found = self._same_connector(model)
        known = self._data_readers.get(found.data_source.name)
        if known is None:
            if not isinstance(found, Reader):  # a protocol looks at every member each time
                raise _cannot(model, "read")
            keeps = model.layout.is_loopback and self.keeps_unknown(model)
            known = FillingReader(found) if keeps and isinstance(found, Streamer) else found
            self._data_readers[found.data_source.name] = known
        return known

    def writer(self, model: Model) -> Writer:
        """What writes the model's rows. Raises `RequestError` 501 where nothing does."""
        if model.read_only:
            raise _cannot(model, "written")
        found = self._same_connector(model)
        known = self._writers.get(found.data_source.name)
        if known is None:
            if not isinstance(found, Writer):
                raise _cannot(model, "written")
            known = TellingWriter(found, self._models, self._references, self.reader)
            self._writers[found.data_source.name] = known
        return known if model.name not in self._users else self._user_writer(model, known)

    def _user_writer(self, model: Model, writer: Writer) -> Writer:
        """What writes rows of a model of users."""
        found = self._user_writers.get(model.name)
        if found is None:
            found = UserWriter(writer, self._models, partial(Stores.find, self), self.writer)
            self._user_writers[model.name] = found
        return found

    def keeps_unknown(self, model: Model) -> bool:
        """Whether properties the model does not have are stored."""
        return bool(self.connector(model).capabilities.write.unknown_properties)

    def joins(self, model: Model) -> bool:
        """Whether the model's store follows relations within one statement."""
        return self.connector(model).capabilities.query.related.level is SupportLevel.FULL

    def observed(self, model: Model) -> bool:
        """Whether the project's own code wants to see how rows of the model are read."""
        del model
        return False

    def _semantics(self, model: Model) -> Semantics:
        loose = model.layout.is_loopback and self.keeps_unknown(model)
        return Semantics.LOOPBACK if loose else Semantics.SQL

    def rules(self, model: Model) -> Rules:
        """How the model's filters are bound."""
        rules = NATIVE
        if model.layout.is_loopback:
            rules = KEEPING if self.keeps_unknown(model) else TABULAR
        if self.related is not None and self.related is not rules.related:
            rules = replace(rules, related=self.related)
        return replace(rules, hidden_allowed=True) if self._hidden_allowed else rules

    def shape(self, model: Model) -> Shape:
        """What the model's connector writes, worked out once."""
        found = self._shapes.get(model.name)
        if found is None:
            kind = self.connector(model).data_source.connector
            listed = model.properties.values()
            found = self._shapes[model.name] = Shape(
                written=tuple(prop.name for prop in listed if not prop.is_computed(kind)),
                computed=tuple(prop.name for prop in listed if prop.is_computed(kind)),
                typed_by_hand=tuple(prop.name for prop in listed if prop.is_typed_by_hand(kind)),
            )
        return found

    def transaction(self, model: Model) -> AbstractContextManager[None]:
        """A transaction where the model's connector has them; nothing otherwise."""
        found = self.connector(model)
        if isinstance(found, Transactional) and found.capabilities.write.transactions:
            return found.transaction()
        return nullcontext()

    def snapshot(self, model: Model) -> AbstractContextManager[None]:
        """One moment for several reads, where the model's connector shows such; nothing otherwise."""
        found = self.connector(model)
        return found.snapshot() if isinstance(found, Snapshots) else nullcontext()

    def savepoint(self, model: Model) -> AbstractContextManager[None]:
        """A part of a transaction that can be undone alone, where the model's connector has such; else as that."""
        found = self.connector(model)
        if isinstance(found, Undoing) and found.capabilities.write.transactions:
            return found.savepoint()
        return self.transaction(model)

    def find(self, query: Query) -> list[Row]:
        """The rows; distances are worked out here where the connector cannot."""
        reader = self.reader(query.model)
        if any(key.via for key in query.order) and not self.joins(query.model):
            return ordered_here(query, reader.find, self._semantics(query.model))
        near = near_of(query.where)
        if near is None or self.connector(query.model).capabilities.query.near:
            try:
                return reader.find(query)
            except ConstraintError as problem:
                raise _uncomparable(query.model) from problem
        wide = replace(query, where=_without(query.where, near), fields=None, limit=None, skip=0)
        return evaluate(replace(query, where=near), reader.find(wide))

    def find_as_kept(self, query: Query) -> list[Row]:
        """The rows without defaults of what they lack."""
        reader = self.reader(query.model)
        return (reader.source if isinstance(reader, FillingReader) else reader).find(query)

    def stream(self, query: Query, size: int) -> Generator[list[Row], None, None]:
        """The rows in parts of `size`; all at once where the connector reads in no other way, or has no distances."""
        reader = self.reader(query.model)
        if not isinstance(reader, Streamer) or (
            near_of(query.where) is not None and not self.connector(query.model).capabilities.query.near
        ):
            found = self.find(query)
            for start in range(0, len(found), size):
                yield found[start : start + size]
            return
        with closing(reader.stream(query, size)) as parts:
            try:
                yield from parts
            except ConstraintError as problem:
                raise _uncomparable(query.model) from problem

    def builds_json(self, model: Model) -> bool:
        """Whether the model's connector may build JSON text itself."""
        there = self._json_reader(model) is not None
        return there and bool(self.connector(model).capabilities.query.json_result)

    def find_json(self, query: Query) -> bytes | None:
        """The rows as JSON text, where the connector builds it and nothing is to be added; else None."""
        found = self._json_reader(query.model)
        if found is None or query.include:
            return None
        able = self.connector(query.model).capabilities.query
        if not able.json_result or (near_of(query.where) is not None and not able.near):
            return None
        try:
            return found.find_json(query)
        except ConstraintError as problem:
            raise _uncomparable(query.model) from problem

    def find_json_included(self, query: Query) -> tuple[bytes, tuple[int, ...]] | None:
        """The rows as JSON text with what they include, where one statement can say it; else None.

        And how many related rows each include gave.
        """
        source = query.model.data_source
        if any(include.query is None or include.query.model.data_source != source for include in query.include):
            return None
        found = self._json_reader(query.model)
        try:
            return None if found is None else found.find_json_included(query)
        except ConstraintError as problem:
            raise _uncomparable(query.model) from problem

    def find_json_rows(
        self, query: Query, names: tuple[str, ...], *, nested: bool, grouped: bool = False
    ) -> Sequence[tuple[Row, str]] | None:
        """For each row, or each value of the named properties, these and JSON text; None where nothing writes it."""
        found = self._json_reader(query.model)
        try:
            return None if found is None else found.find_json_rows(query, names, nested=nested, grouped=grouped)
        except ConstraintError as problem:
            raise _uncomparable(query.model) from problem

    def _json_reader(self, model: Model) -> JsonReader | None:
        """The model's connector where it builds JSON; asked once, for a protocol looks at every member each time."""
        found = self._same_connector(model)
        name = found.data_source.name
        if name not in self._json_readers:
            self._json_readers[name] = found if isinstance(found, JsonReader) else None
        return self._json_readers[name]

    def aggregate(self, asked: Aggregate) -> list[Row]:
        """The groups with their measures. Raises `RequestError` 501 where the data source has none."""
        found = self.connector(asked.model)
        if not isinstance(found, Aggregator):
            raise _cannot(asked.model, "added up")
        try:
            return found.aggregate(asked)
        except ConstraintError as problem:
            raise _uncomparable(asked.model) from problem

    def fine_times(self, model: Model, where: Condition, names: Sequence[str]) -> Mapping[str, datetime]:
        """Points in time of the one row that matches, where the data source keeps them more finely than rows tell."""
        found = self.connector(model)
        return found.fine_times(model, where, names) if isinstance(found, FineReader) else {}

    def count(self, model: Model, where: Condition | None) -> int:
        """Number of rows that match."""
        if near_of(where) is None or self.connector(model).capabilities.query.near:
            try:
                return self.reader(model).count(model, where)
            except ConstraintError as problem:
                raise _uncomparable(model) from problem
        return len(self.find(Query(model=model, where=where)))


@contextmanager
def collected() -> Iterator[Collector]:
    """A collector whose warnings go to the log."""
    collector = Collector()
    yield collector
    for warning in collector.diagnostics:
        _LOG.warning("%s %s", warning.code, warning.message)


def _cannot(model: Model, done: str) -> RequestError:
    message = f"Rows of {model.name} cannot be {done}"
    return RequestError(Code.OPERATION_REFUSED, message, status=405 if model.read_only else 501)


def _uncomparable(model: Model) -> RequestError:
    """The error for a value of a condition that the data source cannot compare with what it holds."""
    return RequestError(Code.VALUE_UNUSABLE, f"A value cannot be compared with what {model.name} holds")


def _without(condition: Condition | None, near: Near) -> Condition | None:
    if condition is near or condition is None:
        return None
    if isinstance(condition, AllOf):
        parts = (_without(part, near) for part in condition.conditions)
        return AllOf(tuple(part for part in parts if part is not None))
    return condition
