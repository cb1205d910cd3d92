"""What is related to one row: reading, creating, changing, linking."""

from collections.abc import Generator, Mapping
from typing import Any, Protocol

from lbconf.diagnostics import Code
from lbconf.project.resolved import Model, Project, Relation, RelationKind
from lbconf.query.bind import Binder, all_of
from lbconf.query.coerce import operand_converter
from lbconf.query.errors import RequestError
from lbconf.query.javascript import same_text
from lbconf.query.nodes import Condition, Constant, Filter, Query, Row
from lbconf.query.parse import parse_filter
from lbconf.repository.errors import NotFoundError, not_related
from lbconf.repository.include import equals, key_of, key_text, one_of
from lbconf.repository.paging import Page
from lbconf.repository.stores import Stores, collected

__all__ = ["Related", "Rows"]


class Rows(Protocol):
    """What a relation needs of the repository."""

    @property
    def project(self) -> Project:
        """The project."""
        ...

    def rows(self, query: Query) -> list[Row]:
        """The rows of a bound query, with what they include."""
        ...

    def page_of(self, query: Query, *, after: str | None = None, count: bool = False) -> Page:
        """A page of a bound query."""
        ...

    def parts(self, query: Query, size: int) -> Generator[list[Row], None, None]:
        """The same in parts of `size` rows."""
        ...

    def create_one(self, model: Model, data: Mapping[str, Any]) -> Row:
        """The created row."""
        ...

    def patch_row(self, model: Model, row: Row, data: Mapping[str, Any]) -> Row:
        """This row after these properties were set."""
        ...

    def delete_row(self, model: Model, row: Row) -> int:
        """1 where this row was still there, else 0."""
        ...


class Related:
    """The rows on the other side of one relation of one row."""

    def __init__(self, repository: Rows, binder: Binder, stores: Stores, place: tuple[Model, Row, Relation]) -> None:
        """Take the repository's parts and the place: a model, one of its rows, one of its relations."""
        self._repository = repository
        self._binder = binder
        self._stores = stores
        self._model, self._row, self.relation = place

    @property
    def target(self) -> Model:
        """The other model. Raises `RequestError` where the row does not say which it is."""
        name = self.relation.target
        if name is None and self.relation.polymorphic is not None:
            name = self._row.get(self.relation.polymorphic.discriminator)
        found = self._repository.project.models.get(name) if isinstance(name, str) else None
        if found is None:
            message = f"{self._model.name}.{self.relation.name} leads to no model for this row"
            raise NotFoundError(Code.RELATION_NOT_FOUND, message, status=404)
        return found

    def find(self, filter: Filter | None = None) -> list[Row]:  # noqa: A002 - the word of the vocabulary
        """The related rows that match; those of a referencesMany in the order of its ids, where no other is asked."""
        found = self._repository.rows(self._query(filter or Filter(), self._condition()))
        return self._as_listed(found) if self._lists_ids and not (filter and filter.order) else found

    def find_json(self, filter: Filter | None = None) -> bytes | None:  # noqa: A002 - the word of the vocabulary
        """The same as JSON text, where the database can build it; else None."""
        if (filter is not None and filter.include is not None) or not self._stores.builds_json(self.target):
            return None
        if self._lists_ids:
            return None
        return self._stores.find_json(self._query(filter or Filter(), self._condition()))

    def page(self, filter: Filter, *, after: str | None, count: bool) -> Page:  # noqa: A002
        """A page of the related rows that match, as `Repository.page` gives it."""
        return self._repository.page_of(self._query(filter, self._condition()), after=after, count=count)

    def stream(self, filter: Filter, size: int) -> tuple[Query, Generator[list[Row], None, None]]:  # noqa: A002
        """The query of a filter, and the related rows that match in parts of `size`."""
        query = self._query(filter, self._condition())
        return query, self._repository.parts(query, size)

    def count(self, where: Mapping[str, Any] | None = None) -> int:
        """Number of related rows that match.

        LoopBack counts the rows in between where the relation leads through another model: the condition is on those.
        """
        if self.relation.through is not None and self._model.layout.is_loopback:
            key, between = key_of(self._row, self.relation.key_from), self._between()
            if key is None:
                return 0
            condition = self._binder.bind(Filter(where=where), between, extra=self._ties(key)).where
            return self._stores.count(between, condition)
        return self._stores.count(self.target, self._query(Filter(where=where), self._condition()).where)

    def one(self, filter: Filter | None = None) -> Row | None:  # noqa: A002 - the word of the vocabulary
        """The related row of a relation to one.

        A belongsTo whose key is null gives an empty row in LoopBack's layouts, as LoopBack does.

        Raises:
            NotFoundError: a hasOne has no row.

        """
        belongs = self.relation.kind is RelationKind.BELONGS_TO
        if belongs and key_of(self._row, self.relation.key_from) is None and self.relation.polymorphic is None:
            return {} if self._model.layout.is_loopback else None
        found = self.find(filter)
        if found:
            return found[0]
        if belongs:
            return None
        raise self._none()

    def by_id(self, id: Any, filter: Filter | None = None) -> Row:  # noqa: A002 - the word of the vocabulary
        """The related row with this id. Raises `NotFoundError` where it is not related or does not exist.

        LoopBack refuses a row that is there, but not in the list of a referencesMany, with 400.
        """
        found = self._repository.rows(self._query(filter or Filter(), self._condition(), self._id_condition(id)))
        if not found:
            if self._lists_ids and self._repository.rows(self._query(Filter(), self._id_condition(id))):
                message = f"Key mismatch: {self._model.name}.{self.relation.name} does not list this {self.target.name}"
                raise RequestError(Code.RELATION_NOT_FOUND, message)
            raise not_related(self.target, id)
        return found[0]

    def create(self, data: Mapping[str, Any]) -> Row:
        """The created row, tied to this one; for a relation through another model, linked too."""
        relation = self.relation
        if relation.kind is RelationKind.BELONGS_TO:
            made = self._repository.create_one(self.target, data)
            keys = dict(zip(relation.key_from, (made.get(name) for name in relation.key_to), strict=True))
            self._repository.patch_row(self._model, self._row, keys)
            return made
        if relation.through is not None:
            made = self._repository.create_one(self.target, data)
            self._link(made, {})
            return made
        if relation.kind is RelationKind.HAS_ONE and self.find():
            message = f"HasOne relation cannot create more than one instance of {self.target.name}"
            raise RequestError(Code.SEVERAL_ROWS_MATCH, message, status=409)
        return self._repository.create_one(self.target, {**data, **self._copied(), **self._tie()})

    def update(self, data: Mapping[str, Any], id: Any = None) -> Row:  # noqa: A002 - the word of the vocabulary
        """The related row (with this id, for a relation to many) after these properties were set.

        Raises:
            RequestError: 400, in LoopBack's layouts, for data that name another row to be tied to.

        """
        tie = self._tie()
        if self._model.layout.is_loopback:
            if self.relation.polymorphic is not None:
                tie.pop(self.relation.polymorphic.discriminator, None)
            for name, value in tie.items():
                if name in data and not same_text(data[name], value):
                    raise RequestError(Code.REQUEST_REFUSED, f"{name} cannot be changed by way of {self.relation.name}")
        return self._repository.patch_row(self.target, self._chosen(id), {**data, **tie})

    def delete(self, id: Any = None) -> None:  # noqa: A002 - the word of the vocabulary
        """Delete the related row (with this id, for a relation to many). Raises `NotFoundError`."""
        row = self._chosen(id)
        names = tuple(prop.name for prop in self.target.ids)
        key = tuple(row.get(name) for name in names)
        if self.relation.through is not None:
            self.unlink(key[0])
        self._repository.delete_row(self.target, row)

    def delete_all(self, where: Mapping[str, Any] | None = None) -> int:
        """How many related rows that match are gone.

        LoopBack ends the ties where the relation leads through another model, and leaves the rows they led to.
        """
        if self.relation.through is not None and self._model.layout.is_loopback:
            between, key = self._between(), key_of(self._row, self.relation.key_from)
            tied = Constant(value=False) if key is None else self._ties(key)
            condition = self._binder.condition(where, between, writes=True)
            return self._stores.writer(between).delete(between, all_of(condition, tied))
        condition = self._binder.condition(where, self.target, writes=True)
        return self._stores.writer(self.target).delete(self.target, all_of(condition, self._condition()))

    def link(self, id: Any, data: Mapping[str, Any] | None = None) -> Row:  # noqa: A002 - the word of the vocabulary
        """The row in between that ties this row to the one with this id. Raises `NotFoundError`.

        LoopBack does not look whether there is such a row to be tied to.
        """
        found = self._repository.rows(self._query(Filter(), self._id_condition(id)))
        bare = self._bare(id)
        if not found and bare and self._model.layout.is_loopback:
            found = [bare]
        if not found:
            raise not_related(self.target, id)
        between = self._between()
        known = self._stores.find(Query(model=between, where=self._links(found[0]), limit=1))
        return known[0] if known else self._link(found[0], data or {})

    def unlink(self, id: Any) -> int:  # noqa: A002 - the word of the vocabulary
        """How many ties between this row and the one with this id are gone."""
        between = self._between()
        return self._stores.writer(between).delete(between, self._links(self._bare(id)))

    def linked(self, id: Any) -> bool:  # noqa: A002 - the word of the vocabulary
        """Whether this row is tied to the one with this id."""
        between = self._between()
        return self._stores.count(between, self._links(self._bare(id))) > 0

    @property
    def _lists_ids(self) -> bool:
        return self.relation.kind is RelationKind.REFERENCES_MANY and self._model.layout.is_loopback

    def _as_listed(self, rows: list[Row]) -> list[Row]:
        """The rows in the order of the ids that this row lists; rows without an id stay where they are."""
        ids = self._row.get(self.relation.embedded_property or self.relation.key_from[0]) or []
        places = {key_text((item,)): place for place, item in reversed(list(enumerate(ids)))}
        name = self.target.ids[0].name
        return sorted(rows, key=lambda row: places.get(key_text((row.get(name),)), len(ids)))

    def _query(self, filter: Filter, *conditions: Condition | None) -> Query:  # noqa: A002 - the word of the vocabulary
        scopes = (parse_filter(self.relation.scope),) if self.relation.scope else ()
        with collected() as collector:
            return self._binder.bind(filter, self.target, scopes=scopes, extra=all_of(*conditions), collector=collector)

    def _condition(self) -> Condition:
        """What ties the target's rows to this row."""
        relation, target = self.relation, self.target
        key = key_of(self._row, relation.key_from)
        if relation.kind is RelationKind.REFERENCES_MANY:
            ids = self._row.get(relation.embedded_property or relation.key_from[0]) or []
            return one_of(target, tuple(prop.name for prop in target.ids), [(item,) for item in ids])
        if relation.target is None and relation.polymorphic is not None:
            own = self._row.get(relation.polymorphic.foreign_key)
            return equals(target, tuple(prop.name for prop in target.ids), (own,))
        if key is None:
            return Constant(value=False)
        if relation.through is not None:
            between = self._between()
            links = self._stores.find(Query(model=between, where=self._ties(key)))
            keys = {found: None for link in links if (found := key_of(link, relation.through_to)) is not None}
            return one_of(target, tuple(prop.name for prop in target.ids), list(keys))
        tie = equals(target, relation.key_to, key)
        if relation.polymorphic is not None:
            return all_of(tie, equals(target, (relation.polymorphic.discriminator,), (self._model.name,))) or tie
        return tie

    def _tie(self) -> Row:
        """The values that tie a new row of the target to this row."""
        relation = self.relation
        untied = {RelationKind.BELONGS_TO, RelationKind.REFERENCES_MANY}
        if relation.kind in untied or relation.through is not None:
            return {}
        tie = dict(zip(relation.key_to, (self._row.get(name) for name in relation.key_from), strict=True))
        if relation.polymorphic is not None:
            tie[relation.polymorphic.discriminator] = self._model.name
        return tie

    def _copied(self) -> Row:
        return {child: self._row[parent] for parent, child in self.relation.properties.items() if parent in self._row}

    def _chosen(self, id: Any) -> Row:  # noqa: A002 - the word of the vocabulary
        if id is not None:
            return self.by_id(id)
        found = self.find()
        if not found:
            raise self._none()
        return found[0]

    def _none(self) -> NotFoundError:
        message = f'No "{self.target.name}" instance(s) found'
        return NotFoundError(Code.ROW_NOT_FOUND, message, status=404, error_code="MODEL_NOT_FOUND")

    def _id_condition(self, id: Any) -> Condition:  # noqa: A002 - the word of the vocabulary
        row = self._bare(id)
        names = tuple(row)
        return equals(self.target, names, tuple(row.values())) if row else Constant(value=False)

    def _bare(self, id: Any) -> Row:  # noqa: A002 - the word of the vocabulary
        """A row of the target that has this id and nothing else; empty where no row can have it."""
        target = self.target
        parts = id if isinstance(id, tuple) else (id,)
        if len(target.ids) > 1 and isinstance(id, str):
            parts = tuple(id.split(","))
        operands = self._binder.rules(target).operands
        try:
            return {
                prop.name: operand_converter(prop.type, operands)(part)
                for prop, part in zip(target.ids, parts, strict=True)
            }
        except (RequestError, ValueError):
            return {}

    def _between(self) -> Model:
        if self.relation.through is None:
            message = f"{self._model.name}.{self.relation.name} leads through no other model"
            raise RequestError(Code.OPERATION_REFUSED, message)
        return self._repository.project.models[self.relation.through]

    def _ties(self, key: tuple[Any, ...]) -> Condition:
        between, relation = self._between(), self.relation
        tie = equals(between, relation.through_from, key)
        if relation.polymorphic is not None:
            return all_of(tie, equals(between, (relation.polymorphic.discriminator,), (self._model.name,))) or tie
        return tie

    def _links(self, other: Row) -> Condition:
        key = key_of(self._row, self.relation.key_from)
        theirs = tuple(other.get(prop.name) for prop in self.target.ids)
        if key is None or None in theirs:
            return Constant(value=False)
        ties = self._ties(key)
        return all_of(ties, equals(self._between(), self.relation.through_to, theirs)) or ties

    def _link(self, other: Row, data: Mapping[str, Any]) -> Row:
        relation = self.relation
        own = dict(zip(relation.through_from, (self._row.get(name) for name in relation.key_from), strict=True))
        theirs = dict(zip(relation.through_to, (other.get(prop.name) for prop in self.target.ids), strict=True))
        if relation.polymorphic is not None:
            own[relation.polymorphic.discriminator] = self._model.name
        return self._repository.create_one(self._between(), {**data, **own, **theirs})
