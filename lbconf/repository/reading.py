"""The operations that read rows of a project's models."""

from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from typing import Any, TypeAlias

from lbconf.connectors.contract import Connector
from lbconf.diagnostics import Code
from lbconf.project.reading_settings import reading_settings, request_budget
from lbconf.project.resolved import Model, Project
from lbconf.query.aggregates import bind_aggregate, shaped
from lbconf.query.bind import Binder, all_of
from lbconf.query.coerce import Converter, operand_converter
from lbconf.query.errors import RequestError
from lbconf.query.evaluate import Semantics, condition_test
from lbconf.query.nodes import AllOf, Comparison, Condition, Filter, Operator, Query, Row, Target
from lbconf.query.parse import parse_filter, parse_where
from lbconf.records import dataclass, replace
from lbconf.repository.errors import (
    NotFoundError,
    unknown_id,
)
from lbconf.repository.include import KEYS_AT_ONCE, Includer, equals
from lbconf.repository.include_json import JsonIncluder
from lbconf.repository.paging import Page, PageReader
from lbconf.repository.rows import RowReader
from lbconf.repository.settling import Settler
from lbconf.repository.stores import Stores, collected
from lbconf.repository.uniqueness import Uniqueness

__all__ = ["FilterLike", "ReadingRepository"]

FilterLike: TypeAlias = Filter | Mapping[str, Any] | str | None
"""A filter, parsed or as a client or a program writes it."""

_NO_FILTER = Filter()


@dataclass(frozen=True, slots=True, kw_only=True)
class _IdForm:
    """A model's key, ready to be compared with."""

    targets: tuple[Target, ...]
    converters: tuple[Converter, ...]
    """For each part, what makes a value of its property's type; they raise `RequestError`."""


class ReadingRepository:
    """The part of `Repository` that reads."""

    def __init__(
        self,
        project: Project,
        connectors: Mapping[str, Connector],
        *,
        hidden_allowed: bool = False,
        page_size: int | None = None,
        page_limit: int | None = None,
        stores: type[Stores] = Stores,
    ) -> None:
        """Take the project and the connectors of its data sources, by name, which the caller opens and closes.

        `hidden_allowed`: filters may name hidden properties, for lbconf's own queries.
        In the native layout, `page_size` is how many rows a list has where the filter sets no limit, and
        `page_limit` the most it may have; None for no limit. Included rows are not counted.
        `stores`: what asks the connectors.
        """
        self.project = project
        self.reading = reading_settings(project)
        self._stores = stores(connectors, project.models, hidden_allowed=hidden_allowed)
        self._stores.related = self.reading.related
        self._binder = Binder(
            project.models,
            self._stores.rules,
            page_size=page_size,
            limit=page_limit,
            depth=request_budget(project).depth,
        )
        self._binder.settle = Settler(self._stores).settle
        self._includer = Includer(project.models, self._binder, self._stores.find, self._keys_at_once)
        self._uniqueness = Uniqueness(self._stores, self._binder)
        self._json_includer = JsonIncluder(self._stores, self._keys_at_once)
        self._pages = PageReader(self, self._stores, self._json_includer)
        self._id_forms: dict[str, _IdForm] = {}
        self._readers: dict[str, RowReader] = {}

    # --- reading ---

    def find(self, model: Model, filter: FilterLike = None, *, scope: str | None = None) -> list[Row]:  # noqa: A002
        """The rows that match, with what they include. `scope` names one of the model's scopes."""
        return self.rows(self._bound(model, filter, scope=scope))

    def bound(self, model: Model, filter: FilterLike = None) -> Query:  # noqa: A002
        """The query that a filter means. Raises `RequestError`."""
        return self._bound(model, filter)

    def stream(
        self,
        model: Model,
        filter: FilterLike = None,  # noqa: A002
        *,
        scope: str | None = None,
        size: int = 500,
    ) -> tuple[Query, Generator[list[Row], None, None]]:
        """The query of a filter, and its rows in parts of `size` with what they include; no page limits them.

        The generator must be closed, or read to its end.
        """
        query = self._bound(model, filter, scope=scope, paged=False)
        return query, self.parts(query, size)

    def parts(self, query: Query, size: int) -> Generator[list[Row], None, None]:
        """The rows of a bound query in parts of `size`, with what they include."""
        with closing(self._stores.stream(replace(query, include=()), size)) as parts:
            for rows in parts:
                if query.include:
                    self._includer.attach(rows, query.model, query.include)
                yield rows

    def find_json(self, model: Model, filter: FilterLike = None, *, scope: str | None = None) -> bytes | None:  # noqa: A002
        """The same as JSON text ready to send, where the database can build it; else None."""
        if not self._stores.builds_json(model):
            return None
        query = self._bound(model, filter, scope=scope)
        return self._json_includer.text(query) if query.include else self._stores.find_json(query)

    def page(
        self,
        model: Model,
        filter: FilterLike = None,  # noqa: A002
        *,
        scope: str | None = None,
        after: str | None = None,
        count: bool = False,
    ) -> Page:
        """A page of the rows that match: those after a cursor (`""`: the first), and how many there are in all.

        Raises:
            RequestError: beside what `find` raises, a cursor that is none of this list.

        """
        return self._pages.read(self._bound(model, filter, scope=scope), cursor=after, count=count)

    def page_of(self, query: Query, *, after: str | None = None, count: bool = False) -> Page:
        """The same of a bound query."""
        return self._pages.read(query, cursor=after, count=count)

    def first(self, model: Model, filter: FilterLike = None) -> Row | None:  # noqa: A002
        """The first row that matches, or None."""
        wanted = _parsed(filter)
        found = self.rows(self._bound(model, _with(wanted, limit=1)))
        return found[0] if found else None

    def find_one(self, model: Model, filter: FilterLike = None) -> Row:  # noqa: A002
        """The first row that matches. Raises `NotFoundError` without one."""
        found = self.first(model, filter)
        if found is None:
            raise unknown_id(model, "undefined")
        return found

    def find_by_id(self, model: Model, id: Any, filter: FilterLike = None) -> Row:  # noqa: A002
        """The row with this id, the filter's `fields` and `include` applied. Raises `NotFoundError`."""
        query = self._by_id(model, id, filter)
        found = self.rows(query) if query is not None else []
        if not found:
            raise unknown_id(model, id)
        return found[0]

    def find_by_id_json(self, model: Model, id: Any, filter: FilterLike = None) -> bytes | None:  # noqa: A002
        """The same as JSON text ready to send, where the database can build it; else None. Raises `NotFoundError`."""
        if not self._stores.builds_json(model):
            return None
        query = self._by_id(model, id, filter)
        if query is None:
            found: bytes | None = b"[]"
        elif query.include:
            found = self._json_includer.text(query)
        else:
            found = self._stores.find_json(query)
        if found is None:
            return None
        row = found[1:-1].strip()
        if not row:
            raise unknown_id(model, id)
        return row

    def exists(self, model: Model, id: Any) -> bool:  # noqa: A002
        """Whether there is a row with this id."""
        return self.row_by_id(model, id) is not None

    def count(self, model: Model, where: Mapping[str, Any] | None = None, *, scope: str | None = None) -> int:
        """Number of rows that match."""
        query = self._bound(model, Filter(where=where), scope=scope)
        return self._stores.count(model, query.where)

    def query(self, model: Model, filter: FilterLike = None) -> Query:  # noqa: A002
        """The filter bound to the model, to be asked by `rows` as often as need be."""
        return self._bound(model, filter)

    def unsettled(self, model: Model, filter: FilterLike = None) -> Query:  # noqa: A002
        """The filter bound to the model, to be looked at and not to be run; no data source is asked for it."""
        return self._binder.bind(_parsed(filter), model, settled=False)

    def aggregate(self, model: Model, asked: Mapping[str, Any] | str | None = None) -> list[dict[str, Any]]:
        """Groups of the rows that match with what is worked out of each, such as `{"sum": {"price": ...}}`.

        Raises:
            RequestError: a name or a value cannot be used.

        """
        raw = parse_where(asked) or {}
        wanted = parse_filter({name: value for name, value in raw.items() if name != "fields"})
        query = self._bound(model, Filter(where=wanted.where, limit=wanted.limit, skip=wanted.skip))
        bound = bind_aggregate(raw, model, where=query.where, order=wanted.order, limit=query.limit, skip=query.skip)
        return [shaped(row) for row in self._stores.aggregate(bound)]

    def rows(self, query: Query) -> list[Row]:
        """The rows of a bound query, with what they include."""
        found = self._stores.find(query)
        if query.include:
            self._includer.attach(found, query.model, query.include)
        return found

    def row_by_id(self, model: Model, id: Any, *, locked: bool = False) -> Row | None:  # noqa: A002
        """The row with this id under the model's default scope, or None; `locked`: until the transaction ends."""
        condition = self._id_condition(model, id)
        if condition is None:
            return None
        where = all_of(condition, self._binder.condition(None, model))
        found = self._stores.find(Query(model=model, where=where, limit=1, locked=locked))
        return found[0] if found else None

    # --- ids and conditions ---

    def test(self, model: Model, where: Mapping[str, Any]) -> Callable[[Row], bool]:
        """What tells whether a row matches, without asking a data source. Raises `RequestError`."""
        with collected() as collector:
            condition = self._binder.condition(where, model, collector=collector)
        semantics = Semantics.LOOPBACK if model.layout.is_loopback else Semantics.SQL
        return (lambda _: True) if condition is None else condition_test(condition, semantics)

    def _by_id(self, model: Model, id: Any, filter: FilterLike) -> Query | None:  # noqa: A002
        """The query for the row with this id; None where no row can have it."""
        condition = self._id_condition(model, id)
        if condition is None:
            return None
        wanted = _parsed(filter)
        return self._bound(model, Filter(fields=wanted.fields, include=wanted.include), extra=condition)

    def _bound(
        self,
        model: Model,
        filter: FilterLike,  # noqa: A002
        *,
        scope: str | None = None,
        extra: Condition | None = None,
        paged: bool = True,
    ) -> Query:
        scopes = (self._scope(model, scope),) if scope is not None else ()
        with collected() as collector:
            return self._binder.bind(
                _parsed(filter), model, scopes=scopes, extra=extra, collector=collector, paged=paged and extra is None
            )

    def _scope(self, model: Model, name: str) -> Filter:
        found = model.scopes.get(name)
        if found is None:
            raise NotFoundError(Code.FILTER_MALFORMED, f"{model.name} has no scope {name}", status=404)
        return parse_filter(found)

    def _key(self, model: Model, id: Any) -> tuple[Any, ...] | None:  # noqa: A002
        """The id's parts with the types of the key's properties; None for what no row can have."""
        converters = self._id_form(model).converters
        parts = id if isinstance(id, tuple) else (id,)
        if len(converters) > 1 and isinstance(id, str):
            parts = tuple(id.split(","))
        if not converters or len(parts) != len(converters) or None in parts:
            return None
        try:
            return tuple([convert(part) for convert, part in zip(converters, parts, strict=True)])
        except RequestError:
            return None

    def _key_in(self, model: Model, data: Mapping[str, Any]) -> tuple[Any, ...] | None:
        ids = model.ids
        if not ids or any(data.get(prop.name) is None for prop in ids):
            return None
        return self._key(model, tuple(data[prop.name] for prop in ids))

    def _id_condition(self, model: Model, id: Any) -> Condition | None:  # noqa: A002
        key = self._key(model, id)
        if key is None:
            return None
        parts = [
            Comparison(target, Operator.EQ, value)
            for target, value in zip(self._id_form(model).targets, key, strict=True)
        ]
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _id_form(self, model: Model) -> "_IdForm":
        found = self._id_forms.get(model.name)
        if found is None:
            operands = self._binder.rules(model).operands
            found = self._id_forms[model.name] = _IdForm(
                targets=tuple(Target(prop) for prop in model.ids),
                converters=tuple(operand_converter(prop.type, operands) for prop in model.ids),
            )
        return found

    def _own_condition(self, model: Model, row: Row) -> Condition:
        names = tuple(prop.name for prop in model.ids)
        return equals(model, names, tuple(row.get(name) for name in names))

    def _keys_at_once(self, model: Model) -> int:
        source = self.project.data_sources.get(model.data_source) if model.data_source else None
        limit = source.settings.get("inqLimit") if source is not None else None
        return limit if isinstance(limit, int) and limit > 0 else KEYS_AT_ONCE


def _parsed(filter: FilterLike) -> Filter:  # noqa: A002
    if filter is None:
        return _NO_FILTER
    return filter if isinstance(filter, Filter) else parse_filter(filter)


def _with(filter: Filter, *, limit: int) -> Filter:  # noqa: A002
    return Filter(
        where=filter.where,
        fields=filter.fields,
        order=filter.order,
        include=filter.include,
        limit=limit,
        skip=filter.skip,
    )
