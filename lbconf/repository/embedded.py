"""Instances that are kept inside another row (embedsOne, embedsMany), and lists of ids (referencesMany).

Every change reads the row, changes it and writes it in one transaction that holds the row's lock where the store has
such a thing, so that none of several changes at once is lost.
"""

import secrets
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal
from typing import Any, Final, Protocol, TypeGuard

from lbconf.datatypes import IntegerType, NumberType
from lbconf.diagnostics import Code
from lbconf.project.resolved import Model, Project, Relation
from lbconf.query.bind import all_of, bind
from lbconf.query.errors import RequestError
from lbconf.query.evaluate import Semantics, condition_test, evaluate
from lbconf.query.javascript import UNDEFINED, loosely_equal, to_text
from lbconf.query.nodes import Filter, Query, Row
from lbconf.query.parse import parse_filter
from lbconf.query.rules import KEEPING, NATIVE
from lbconf.records import replace
from lbconf.repository.embedded_checks import repeats, stored
from lbconf.repository.errors import (
    Flaw,
    NotFoundError,
    ValidationFailedError,
    no_model_with_id,
    not_related,
    unknown_id,
)
from lbconf.repository.rows import RowReader

__all__ = ["Embedded", "Keeper", "References", "Transactions"]

_LARGEST: Final = 1 << 53


class Keeper(Protocol):
    """What this needs of the repository."""

    @property
    def project(self) -> Project:
        """The project."""
        ...

    def row_by_id(self, model: Model, id: Any, *, locked: bool = False) -> Row | None:  # noqa: A002
        """The row with this id, its lock held until the transaction ends if asked for."""
        ...

    def create_one(self, model: Model, data: Mapping[str, Any]) -> Row:
        """The created row."""
        ...

    def patch_row(self, model: Model, row: Row, data: Mapping[str, Any]) -> Row:
        """This row after these properties were set."""
        ...

    def delete_by_id(self, model: Model, id: Any) -> int:  # noqa: A002
        """1 where there was a row with this id, else 0."""
        ...

    def reader(self, model: Model) -> RowReader:
        """What reads and checks rows of the model."""
        ...


class Transactions(Protocol):
    """What this needs of the stores."""

    def transaction(self, model: Model) -> AbstractContextManager[None]:
        """A transaction of the calling thread where the model's data source has them."""
        ...


class _Kept:
    """One property of one row that holds what a relation leads to."""

    def __init__(self, keeper: Keeper, stores: Transactions, place: tuple[Model, Any, Relation]) -> None:
        """Take the repository's parts and the place: a model, the id of one of its rows, one of its relations."""
        self._keeper = keeper
        self._stores = stores
        self._model, self._id, self.relation = place
        self._property = self.relation.embedded_property or self.relation.name
        self.target = keeper.project.models[self.relation.target or ""]

    @property
    def owner(self) -> Model:
        """The model whose rows keep it."""
        return self._model

    def _row(self, *, locked: bool = False) -> Row:
        row = self._keeper.row_by_id(self._model, self._id, locked=locked)
        if row is None:
            raise no_model_with_id(self._id)
        return row

    @contextmanager
    def _changing(self) -> Iterator[Row]:
        """The row, which nobody else changes meanwhile."""
        with self._stores.transaction(self._model):
            yield self._row(locked=True)

    def _write(self, row: Row, value: Any) -> None:
        self._keeper.patch_row(self._model, row, {self._property: value})

    def _flawed(self, name: str, code: str, message: str, value: Any) -> ValidationFailedError:
        return ValidationFailedError(self._model, [Flaw(name, code, message, value)])


class Embedded(_Kept):
    """The instances embedded in one row."""

    def find(self, filter: Filter | None = None) -> list[Row]:  # noqa: A002 - the word of the vocabulary
        """Those that match; LoopBack's layouts look at the condition alone, as LoopBack does."""
        query = self._query(filter)
        rows = self._typed(self._items(self._row()))
        if self._model.layout.is_loopback:
            test = condition_test(query.where, Semantics.LOOPBACK) if query.where is not None else None
            return [row for row in rows if test is None or test(row)]
        return evaluate(replace(query, include=()), rows)

    def count(self, where: Mapping[str, Any] | None = None) -> int:
        """How many match.

        0 in LoopBack's layouts, as LoopBack answers: it counts the rows that the other model keeps elsewhere.
        """
        if self._model.layout.is_loopback and not self.relation.options.get("persistent"):
            self._row()
            return 0
        return len(self._matching(self._typed(self._items(self._row())), where))

    def by_id(self, id: Any) -> Row:  # noqa: A002 - the word of the vocabulary
        """The one with this id. Raises `NotFoundError`."""
        items = self._items(self._row())
        at = self._at(items, id)
        if at is None:
            raise unknown_id(self.target, id)
        return self._typed([items[at]])[0]

    def one(self) -> Row | None:
        """What an embedsOne holds; None in a row that never held one, where its store tells that from null.

        Raises `NotFoundError` where it holds nothing.
        """
        row = self._row()
        held = row.get(self._property)
        if self._model.layout.is_loopback and self._property not in row:
            return None
        if not isinstance(held, Mapping):
            message = f'No "{self.target.name}" instance(s) found'
            raise NotFoundError(Code.ROW_NOT_FOUND, message, status=404, error_code="MODEL_NOT_FOUND")
        return self._typed([dict(held)])[0]

    def held(self, id: Any = None, *, locked: bool = False) -> Row | None:  # noqa: A002 - the word of the vocabulary
        """The instance with this id, or the one that an embedsOne holds; None without one."""
        row = self._row(locked=locked)
        if self.relation.many:
            items = self._items(row)
            at = self._at(items, id)
            return None if at is None else self._typed([items[at]])[0]
        held = row.get(self._property)
        return self._typed([dict(held)])[0] if isinstance(held, Mapping) else None

    def create(self, data: Mapping[str, Any]) -> Row:
        """The new instance, added to the others, or in place of the one that an embedsOne held."""
        with self._changing() as row:
            if not self.relation.many:
                made = self._made(row, data, ())
                self._write(row, stored(made))
                return made
            items = self._items(row)
            made = self._made(row, data, items)
            first = bool(self.relation.options.get("prepend"))
            self._write_list(row, [stored(made), *items] if first else [*items, stored(made)])
            return made

    def create_all(self, rows: Sequence[Mapping[str, Any]]) -> list[Row]:
        """The new instances: all of them are added, or none.

        LoopBack takes the list itself for an instance, which lacks every property: what is required is missed there.
        """
        if self._model.layout.is_loopback:
            blank, flaws = self._read({})
            self._keeper.reader(self.target).fill(blank)
            flaws = [*flaws, *self._checked(blank, flaws)]
            if flaws:
                raise ValidationFailedError(self.target, flaws)
        with self._stores.transaction(self._model):
            return [self.create(data) for data in rows]

    def update(self, data: Mapping[str, Any], id: Any = None) -> Row | None:  # noqa: A002
        """The instance after these properties were set. An embedsOne that holds nothing gets it as a new one.

        Where none has the id: None in LoopBack's layouts, as LoopBack answers. Raises `NotFoundError` in others.
        """
        with self._changing() as row:
            if not self.relation.many:
                return self._update_one(row, data)
            items = self._items(row)
            at = self._at(items, id)
            if at is None:
                if self._model.layout.is_loopback:
                    return None
                raise unknown_id(self.target, id)
            changed, flaws = self._read({**items[at], **data})
            flaws = [*flaws, *self._checked(changed, flaws)]
            if flaws:
                raise ValidationFailedError(self.target, flaws)
            items[at] = stored(changed)
            self._write_list(row, items)
            return changed

    def delete(self, id: Any = None) -> None:  # noqa: A002 - the word of the vocabulary
        """Take out the instance with this id, or the one that an embedsOne holds.

        Nothing happens in LoopBack's layouts where there is none. Raises `NotFoundError` in others.
        """
        with self._changing() as row:
            if not self.relation.many:
                if row.get(self._property) is not None:
                    self._write(row, None)
                return
            items = self._items(row)
            at = self._at(items, id)
            if at is not None:
                del items[at]
                self._write_list(row, items)
            elif not self._model.layout.is_loopback:
                raise unknown_id(self.target, id)

    def delete_all(self, where: Mapping[str, Any] | None = None) -> int:
        """How many instances that match were taken out."""
        with self._changing() as row:
            items = self._items(row)
            typed = self._typed(items)
            gone = {id(item) for item in self._matching(typed, where)}
            kept = [item for item, read in zip(items, typed, strict=True) if id(read) not in gone]
            if gone:
                self._write(row, kept)
            return len(gone)

    def _update_one(self, row: Row, data: Mapping[str, Any]) -> Row:
        held = row.get(self._property)
        if not isinstance(held, Mapping):
            made = self._made(row, data, ())
            self._write(row, stored(made))
            return made
        changed, flaws = self._read({**held, **data})
        flaws = [*flaws, *self._checked(changed, flaws)]
        if flaws and self.relation.options.get("validate") is not False:
            if self._model.layout.is_loopback:
                raise ValidationFailedError(self.target, flaws)
            first = flaws[0]
            message = f"is invalid: `{first.property}` {first.message}"
            raise self._flawed(self._property, "invalid", message, stored(changed))
        if self._model.layout.is_loopback and not self.target.ids and held.get("id") is not None:
            # LoopBack checks what it has changed as if it were new, and then nobody may set an id.
            raise self._flawed(self.relation.name, "invalid", "is invalid: `id` can't be set", UNDEFINED)
        self._write(row, stored(changed))
        return changed

    def _made(self, row: Row, data: Mapping[str, Any], others: Sequence[Row]) -> Row:
        """A new instance: what was sent, an id, what the parent gives, defaults. Raises `ValidationFailedError`."""
        given = dict(data)
        persistent = bool(self.relation.options.get("persistent"))
        key = self._key
        if self._model.layout.is_loopback and not self.relation.many and not self.target.ids:
            # LoopBack's connector of what is not kept gives it one.
            given["id"] = to_text(given["id"]) if "id" in given else secrets.token_hex(12)
        if key is not None and not persistent:
            missing = key not in given if self._model.layout.is_loopback else given.get(key) is None
            wants = bool(self.relation.options.get("forceId")) or missing
            made = self._new_id(key, others) if wants else None
            if made is not None:
                given[key] = made
        given.update({child: row[parent] for parent, child in self.relation.properties.items() if parent in row})
        if persistent and self.target.persisted and self.target.data_source is not None:
            return self._keeper.create_one(self.target, given)
        reader = self._keeper.reader(self.target)
        instance, flaws = self._read(given)
        reader.fill(instance)
        flaws = [*flaws, *self._checked(instance, flaws)]
        if flaws:
            raise ValidationFailedError(self.target, flaws)
        return instance

    def _new_id(self, key: str, others: Sequence[Row]) -> Any:
        """The next number, or a text that no other has; an embedsOne needs none unless its id is generated."""
        prop = self.target.properties[key]
        if not self.relation.many and not prop.generated:
            return None
        if isinstance(prop.type, NumberType | IntegerType):
            taken = (item.get(key) for item in others)
            return max((int(value) for value in taken if _is_countable(value)), default=0) + 1
        return str(uuid.uuid4())

    @property
    def _key(self) -> str | None:
        return self.relation.key_to[0] if self.relation.key_to else None

    def _at(self, items: Sequence[Row], id: Any) -> int | None:  # noqa: A002 - the word of the vocabulary
        key, wanted = self._key or "id", _text(id)
        if self._model.layout.is_loopback:
            same = (at for at, item in enumerate(items) if loosely_equal(item.get(key), wanted))
            return next(same, None)
        found = (at for at, item in enumerate(items) if item.get(key) is not None and _text(item[key]) == wanted)
        return next(found, None)

    def _items(self, row: Row) -> list[Row]:
        held = row.get(self._property)
        return [dict(item) for item in held if isinstance(item, Mapping)] if isinstance(held, list | tuple) else []

    def _read(self, data: Mapping[str, Any]) -> tuple[Row, list[Flaw]]:
        return self._keeper.reader(self.target).read(data)

    def _checked(self, row: Row, known: Sequence[Flaw]) -> list[Flaw]:
        told = {flaw.property for flaw in known}
        return [f for f in self._keeper.reader(self.target).check(row, new=False) if f.property not in told]

    def _typed(self, items: Sequence[Row]) -> list[Row]:
        """The instances with the values' own types; one that does not fit its model stays as it is stored."""
        reader = self._keeper.reader(self.target)
        found: list[Row] = []
        for item in items:
            try:
                found.append(reader.read(item, drops_unknown=True)[0])
            except RequestError:
                found.append(dict(item))
        return found

    def _matching(self, rows: list[Row], where: Mapping[str, Any] | None) -> list[Row]:
        condition = self._query(Filter(where=where)).where
        if condition is None:
            return rows
        semantics = Semantics.LOOPBACK if self._model.layout.is_loopback else Semantics.SQL
        test = condition_test(condition, semantics)
        return [row for row in rows if test(row)]

    def _query(self, filter: Filter | None) -> Query:  # noqa: A002 - the word of the vocabulary
        rules = KEEPING if self._model.layout.is_loopback else NATIVE
        models = self._keeper.project.models
        query = bind(filter or Filter(), self.target, models, rules=rules)
        if not self.relation.scope:
            return query
        scope = bind(parse_filter(self.relation.scope), self.target, models, rules=rules)
        return replace(query, where=all_of(query.where, scope.where), order=query.order or scope.order)

    def _write_list(self, row: Row, items: Sequence[Row]) -> None:
        key = self._key
        unlike = key is not None and self.relation.polymorphic is None
        if unlike and repeats(items, key or "", javascript=self._model.layout.is_loopback):
            raise self._flawed(self._property, "uniqueness", f"contains duplicate `{key}`", list(items))
        self._write(row, list(items))


class References(_Kept):
    """The ids that one row lists."""

    def add(self, id: Any) -> Row | None:  # noqa: A002 - the word of the vocabulary
        """The row of the target with this id, which is listed now.

        None in LoopBack's layouts where there is no such row, as LoopBack answers.
        Raises `NotFoundError` in others, `ValidationFailedError` where the id is listed already.
        """
        known = self._keeper.row_by_id(self.target, id)
        if known is None:
            if self._model.layout.is_loopback:
                return None
            raise not_related(self.target, id)
        value = known.get(self.target.ids[0].name)
        with self._changing() as row:
            ids = self._ids(row)
            if _text(value) in {_text(one) for one in ids}:
                message = f"contains duplicate `{self.target.name}` instance"
                raise self._flawed(self.relation.name, "uniqueness", message, [*ids, value])
            first = bool(self.relation.options.get("prepend"))
            self._write(row, [value, *ids] if first else [*ids, value])
        return known

    def create(self, data: Mapping[str, Any]) -> Row:
        """The created row of the target, its id listed."""
        with self._stores.transaction(self.target):
            made = self._keeper.create_one(self.target, data)
            self.add(made.get(self.target.ids[0].name))
            return made

    def delete(self, known: Row) -> None:
        """Delete this row of the target; its id is listed no more."""
        key = self.target.ids[0].name
        with self._stores.transaction(self.target):
            self.remove(known.get(key))
            self._keeper.delete_by_id(self.target, known.get(key))

    def remove(self, id: Any) -> bool:  # noqa: A002 - the word of the vocabulary
        """Whether this id was listed; it is not any more."""
        with self._changing() as row:
            ids = self._ids(row)
            left = [one for one in ids if _text(one) != _text(id)]
            if len(left) != len(ids):
                self._write(row, left)
            return len(left) != len(ids)

    def has(self, id: Any) -> bool:  # noqa: A002 - the word of the vocabulary
        """Whether this id is listed."""
        return _text(id) in {_text(one) for one in self._ids(self._row())}

    def _ids(self, row: Row) -> list[Any]:
        held = row.get(self._property)
        return list(held) if isinstance(held, list | tuple) else []


def _is_countable(value: Any) -> TypeGuard[float]:
    """Whether it is a number that has a successor; not an infinite one."""
    if not isinstance(value, int | float | Decimal) or isinstance(value, bool):
        return False
    return -_LARGEST < value < _LARGEST


def _text(value: Any) -> str:
    """An id as a path shows it."""
    if isinstance(value, float | Decimal) and _is_countable(value) and value == int(value):
        return str(int(value))
    return str(value)
