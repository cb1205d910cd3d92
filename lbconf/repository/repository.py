"""One method for each operation on the rows of a project's models."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeAlias

from lbconf.diagnostics import Code
from lbconf.errors import ConstraintError
from lbconf.project.resolved import Model, Relation
from lbconf.query.bind import all_of
from lbconf.query.errors import RequestError
from lbconf.query.nodes import Query, Row
from lbconf.repository.embedded import Embedded, References
from lbconf.repository.embedded_below import embedded_below
from lbconf.repository.embedded_checks import embed_in
from lbconf.repository.errors import (
    Failure,
    Flaw,
    NotFoundError,
    ValidationFailedError,
    id_text,
    no_model_with_id,
    several_failed,
)
from lbconf.repository.include import equals
from lbconf.repository.listed import all_made, each_made
from lbconf.repository.model_rows import RepositoryModels
from lbconf.repository.reading import FilterLike, ReadingRepository
from lbconf.repository.relations import Related
from lbconf.repository.rows import RowReader
from lbconf.repository.stores import collected
from lbconf.repository.user_rows import RoleReader, UserReader, has_realms, is_role_model, is_user_model
from lbconf.repository.user_writes import NewHash, replacing

__all__ = ["Repository"]

Data: TypeAlias = Mapping[str, Any]


class Repository(ReadingRepository):
    """Reads and writes rows. May be used from several threads, as its connectors may.

    Every method raises `RequestError` (its `status`, `name`, `error_code` and
    `details` say how HTTP tells it) for what cannot be asked, and
    `ConnectorError` for what a data source refuses.
    """

    # --- creating ---

    def create(self, model: Model, data: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Any:
        """The created row, or the list of them: what was sent, the defaults, and what the store gave.

        A list is tried row by row in LoopBack's layouts, so the good ones are kept where others
        fail; in the native layout all are created or none.

        Raises:
            ValidationFailedError: the row breaks rules of its model; in a list: `RequestError` with one entry a row.

        """
        if isinstance(data, Mapping):
            return self.create_one(model, data)
        ready: list[Row] = []
        failures: list[Failure] = []
        reader = self.reader(model)
        seen: set[object] | None = set() if reader.unique and not model.layout.is_loopback else None
        for item in data:
            try:
                row = self.readied(model, item)
                if seen is not None and (flaws := reader.clashes(row, seen)):
                    raise ValidationFailedError(model, flaws)
                ready.append(row)
                failures.append(None)
            except RequestError as error:
                failures.append(error)
        if any(failures):
            if model.layout.is_loopback and ready:
                handled = self._stores.keeps_unknown(model)
                tried = iter(each_made(ready, lambda row: self.insert(model, [row]), handled=handled)[1])
                failures = [next(tried) if failure is None else failure for failure in failures]
            raise several_failed(failures, status=500 if model.layout.is_loopback else 422)
        return self.insert(model, ready) if ready else []

    def each(self, model: Model, sent: Sequence[Data], make: Callable[[Data], Data]) -> list[Data]:
        """What is made of each row of a list of this model's; in LoopBack's layouts the good ones are kept.

        Raises:
            RequestError: one entry a row in LoopBack's layouts, else what was wrong with the first bad one.

        """
        if not model.layout.is_loopback:
            return [make(one) for one in sent]
        return all_made(sent, make, handled=self._stores.keeps_unknown(model))

    def create_one(self, model: Model, data: Mapping[str, Any]) -> Row:
        """The created row. Raises `ValidationFailedError`."""
        return self.insert(model, [self.readied(model, data)])[0]

    def readied(self, model: Model, data: Mapping[str, Any], *, drops_unknown: bool = False) -> Row:
        """The data as a new row with its defaults, checked. Raises `ValidationFailedError`."""
        reader = self.reader(model)
        row, flaws = reader.read(data, drops_unknown=drops_unknown)
        self._apply_scope(model, row)
        reader.fill(row)
        flaws = [*flaws, *self._saving(model, row, new=True)]
        flaws = [*flaws, *(flaw for flaw in reader.check(row, new=True) if flaw.property not in _names(flaws))]
        if flaws:
            raise ValidationFailedError(model, flaws)
        return row

    def insert(self, model: Model, rows: Sequence[Row]) -> list[Row]:
        """The rows, written, with what the store gave them."""
        stored = [self._storable(model, row) for row in rows]
        for row in stored:
            for prop in model.ids:
                if row.get(prop.name) is None:
                    row.pop(prop.name, None)
        try:
            returned = self._stores.writer(model).insert(model, stored)
        except ConstraintError:
            if len(rows) == 1 or not model.layout.is_loopback:
                raise
            return all_made(rows, lambda row: self.insert(model, [row])[0], handled=self._stores.keeps_unknown(model))
        ids = {prop.name for prop in model.ids}
        if model.layout.is_loopback:
            return [
                {**row, **{name: value for name, value in given.items() if name in ids}}
                for row, given in zip(rows, returned, strict=True)
            ]
        return [{**row, **given} for row, given in zip(rows, returned, strict=True)]

    # --- changing ---

    def patch_by_id(
        self,
        model: Model,
        id: Any,  # noqa: A002
        data: Mapping[str, Any],
        *,
        checked: bool = True,
        drops_unknown: bool = False,
    ) -> Row:
        """The row with this id after these properties were set. Raises `NotFoundError`, `ValidationFailedError`."""
        row = self.row_by_id(model, id)
        if row is None:
            raise no_model_with_id(id)
        return self.patch_row(model, row, data, checked=checked, drops_unknown=drops_unknown)

    patch_attributes = patch_by_id

    def patch_row(
        self, model: Model, row: Row, data: Mapping[str, Any], *, checked: bool = True, drops_unknown: bool = False
    ) -> Row:
        """This row after these properties were set. Raises `ValidationFailedError`."""
        reader = self.reader(model)
        changes, flaws = reader.read(data, drops_unknown=drops_unknown)
        flaws = [*flaws, *self._changing(model, row, changes)]
        for prop in model.ids:
            given = changes.pop(prop.name, None)
            if given is not None and given != row.get(prop.name):
                message = (
                    f"{prop.name} cannot be updated from {id_text(row.get(prop.name))} to {id_text(given)}"
                    " when forceId is set to true"
                )
                raise RequestError(Code.ID_FIXED, message)
        self._apply_scope(model, changes)
        changed = {**row, **changes}
        if checked:
            flaws = [*flaws, *(flaw for flaw in reader.check(changed, new=False) if flaw.property not in _names(flaws))]
            if flaws:
                raise ValidationFailedError(model, flaws)
        stored = self._storable(model, changes)
        if stored:
            self._stores.writer(model).update(model, self._own_condition(model, row), stored)
        return self._as_stored(model, changed)

    def replace_by_id(self, model: Model, id: Any, data: Mapping[str, Any]) -> Row:  # noqa: A002
        """The row with this id, replaced by the data and defaults. Raises `NotFoundError`, `ValidationFailedError`."""
        key = self._key(model, id)
        reader = self.reader(model)
        row, flaws = reader.read(data)
        for prop, value in zip(model.ids, key or (), strict=False):
            given = data.get(prop.name) if model.layout.is_loopback else row.get(prop.name)
            if given is not None and (id_text(given) != id_text(value) or _is_text(given) > _is_text(value)):
                message = f"id property ({prop.name}) cannot be updated from {id_text(value)} to {id_text(given)}"
                raise RequestError(Code.ID_FIXED, message)
            row[prop.name] = value
        self._apply_scope(model, row)
        reader.fill(row)
        flaws = [*flaws, *self._saving(model, row, new=False)]
        flaws = [*flaws, *(flaw for flaw in reader.check(row, new=False) if flaw.property not in _names(flaws))]
        if flaws:
            raise ValidationFailedError(model, flaws)
        if key is None or not self._replace(model, key, row):
            message = f"Could not replace. Object with id {id_text(id)} does not exist!"
            raise NotFoundError(Code.ROW_NOT_FOUND, message, status=404)
        return self._as_stored(model, row)

    def patch_or_create(self, model: Model, data: Mapping[str, Any]) -> Row:
        """The row with the data's id after the data was set on it, or a new row.

        A store that keeps unknown properties takes LoopBack's single-step way: defaults are not
        filled in, and the data alone is checked, where `validateUpsert` asks for it.
        """
        key = self._key_in(model, data)
        if key is None:
            return self.create_one(model, data)
        given = _given(key)
        validated = _validates_upserts(model)
        if model.force_id:
            known = self.row_by_id(model, given)
            if known is None:
                message = f"could not find a model with id {id_text(given)}"
                raise NotFoundError(Code.ROW_NOT_FOUND, message, status=404)
            return self.patch_row(model, known, data, checked=validated, drops_unknown=not validated)
        if self._single_step(model):
            row = self._upserted(model, data, validated=validated)
            known = self.row_by_id(model, given)
            # LoopBack's memory connector looks at the id alone, and gives the row as it keeps it.
            kept = self._stores.find_as_kept(Query(model=model, where=equals(model, _names_of(model), key)))
            if known is None and not kept:
                return self.insert(model, [row])[0]
            return self._overlaid(model, kept[0] if kept else known or {}, row)
        found = self.row_by_id(model, given)
        if found is None:
            return self.insert(model, [self.readied(model, data, drops_unknown=model.layout.is_loopback)])[0]
        return self.patch_row(model, found, data)

    def replace_or_create(self, model: Model, data: Mapping[str, Any]) -> Row:
        """The row with the data's id, replaced, or a new row. Raises `ValidationFailedError`."""
        key = self._key_in(model, data)
        if key is None:
            return self.create_one(model, data)
        if model.force_id or self.row_by_id(model, _given(key)) is not None:
            ids = dict(zip((prop.name for prop in model.ids), key, strict=True))
            return self.replace_by_id(model, _given(key), {**data, **ids})
        if model.layout.is_loopback and not self._stores.keeps_unknown(model):
            return self.insert(model, [self.readied(model, data, drops_unknown=True)])[0]
        return self.create_one(model, data)

    def upsert_with_where(self, model: Model, where: Mapping[str, Any] | None, data: Mapping[str, Any]) -> Row:
        """The one row that matches after the data was set on it, or a new row. Raises `RequestError` for several."""
        with collected() as collector:
            condition = self._binder.condition(where, model, writes=True, collector=collector)
        if not data and model.layout.is_loopback:
            raise RequestError(Code.REQUEST_REFUSED, "data object cannot be empty!")
        single = self._single_step(model)
        validated = model.settings.get("automaticValidation") is not False
        row = self._upserted(model, data, validated=validated) if single else None
        if row is not None and validated and model.force_id:
            given = [prop.name for prop in model.ids if row.get(prop.name) is not None]
            if given:
                raise ValidationFailedError(model, [Flaw(name, "absence", "can't be set", row[name]) for name in given])
        found = self._stores.find(Query(model=model, where=condition, limit=2))
        if len(found) > 1:
            message = "There are multiple instances found.Upsert Operation will not be performed!"
            raise RequestError(Code.SEVERAL_ROWS_MATCH, message)
        if not found:
            return self.create_one(model, data) if row is None else self.insert(model, [row])[0]
        if row is None:
            return self.patch_row(model, found[0], data)
        return self._overlaid(model, found[0], row)

    def update_all(self, model: Model, where: Mapping[str, Any] | None, data: Mapping[str, Any]) -> int:
        """Number of rows that matched; these properties were set on each."""
        with collected() as collector:
            condition = self._binder.condition(where, model, writes=True, collector=collector)
        reader = self.reader(model)
        if reader.wholes is not None:
            reader.wholes(data)
        changes, flaws = reader.read(data, drops_unknown=model.layout.is_loopback)
        flaws = [*flaws, *(flaw for flaw in reader.check_given(changes) if flaw.property not in _names(flaws))]
        if flaws:
            raise ValidationFailedError(model, flaws)
        for prop in model.ids:
            if changes.pop(prop.name, None) is not None and not model.layout.is_loopback:
                raise RequestError(Code.ID_FIXED, f"{prop.name} cannot be set on several instances at once")
        if reader.one_at_a_time(changes):
            self._uniqueness.check_single(reader, condition, changes)
        stored = self._storable(model, changes)
        unknown = next((name for name in changes if name not in stored and name not in model.properties), None)
        if unknown is not None and not (stored and model.layout.is_loopback):
            raise RequestError(Code.PROPERTY_UNKNOWN, f'{model.name} has no property "{unknown}"')
        if self._single_step(model):
            # LoopBack's memory connector keeps what it is given; models that are strict do not show it.
            named = {*model.properties, *model.relations}
            stored |= {name: value for name, value in data.items() if name not in named}
        if not stored:
            return self._stores.count(model, condition)
        return self._stores.writer(model).update(model, condition, stored)

    # --- deleting ---

    def delete_by_id(self, model: Model, id: Any) -> int:  # noqa: A002
        """1 where there was a row with this id, else 0."""
        condition = self._id_condition(model, id)
        if condition is None:
            return 0
        scoped = all_of(condition, self._binder.condition(None, model))
        return self._stores.writer(model).delete(model, scoped)

    def delete_row(self, model: Model, row: Row) -> int:
        """1 where this row was still there, else 0."""
        return self._stores.writer(model).delete(model, self._own_condition(model, row))

    def delete_all(self, model: Model, where: Mapping[str, Any] | None = None) -> int:
        """Number of rows that matched and are gone."""
        with collected() as collector:
            condition = self._binder.condition(where, model, writes=True, collector=collector)
        return self._stores.writer(model).delete(model, condition)

    def look(self, model: Model) -> None:
        """Ask for one row. Raises `ConnectorError` where the data source has not what the model needs."""
        self._stores.find(Query(model=model, limit=1))

    # --- both ---

    @property
    def models(self) -> RepositoryModels:
        """Every model, as the project's own code uses it."""
        return RepositoryModels(self)

    def transaction(self, model: Model) -> AbstractContextManager[None]:
        """A transaction of the calling thread where the model's data source has them; nothing otherwise."""
        return self._stores.transaction(model)

    def savepoint(self, model: Model) -> AbstractContextManager[None]:
        """A part of such a transaction that is undone alone when an exception leaves it."""
        return self._stores.savepoint(model)

    def find_or_create(self, model: Model, filter: FilterLike, data: Mapping[str, Any]) -> tuple[Row, bool]:  # noqa: A002
        """The first row that matches, else a new one; and whether it is new. Raises `ValidationFailedError`."""
        with self._stores.transaction(model):
            found = self.first(model, filter)
            return (self.create_one(model, data), True) if found is None else (found, False)

    # --- relations ---

    def related(self, model: Model, id: Any, relation: str) -> Related:  # noqa: A002
        """What is related to the row with this id. Raises `NotFoundError` where there is no such row or relation."""
        found = model.relations.get(relation)
        if found is None:
            message = f'Relation "{relation}" is not defined for {model.name} model'
            raise NotFoundError(Code.RELATION_NOT_FOUND, message, status=404)
        row = self.row_by_id(model, id)
        if row is None:
            raise no_model_with_id(id)
        return self.related_to(model, row, found)

    def related_to(self, model: Model, row: Row, relation: Relation) -> Related:
        """What is related to this row."""
        return Related(self, self._binder, self._stores, (model, row, relation))

    def embedded(self, model: Model, id: Any, relation: Relation) -> Embedded:  # noqa: A002
        """What an embedsOne or embedsMany keeps in the row with this id."""
        return Embedded(self, self._stores, (model, id, relation))

    def embedded_in(self, outer: Embedded, id: Any, relation: Relation) -> Embedded:  # noqa: A002
        """What an embedsOne or embedsMany of an embedded instance keeps in it."""
        return embedded_below(self, self._stores, outer, id, relation)

    def references(self, model: Model, id: Any, relation: Relation) -> References:  # noqa: A002
        """The list of a referencesMany in the row with this id."""
        return References(self, self._stores, (model, id, relation))

    def reader(self, model: Model) -> RowReader:
        """What reads and checks rows of the model."""
        found = self._readers.get(model.name)
        if found is None:
            unique = self._uniqueness.taken
            if is_user_model(model) or is_role_model(model):
                found = (UserReader if is_user_model(model) else RoleReader)(model, self._taken, unique)
            else:
                found = RowReader(model, unique)
            embed_in(found, self.project.models, self.reader)
            self._readers[model.name] = found
        return found

    # --- users ---

    def user_with(self, model: Model, values: Mapping[str, str]) -> Row | None:
        """The user with these values, the hash of the password included; None without one."""
        if any("\0" in value for value in values.values()):
            return None  # no store keeps such text, and some refuse to look for it
        names = tuple(values)
        condition = equals(model, names, tuple(values[name] for name in names))
        found = self._stores.find(Query(model=model, where=condition, limit=1))
        return found[0] if found else None

    def id_in_rows(self, model: Model, said: Any) -> Any:
        """A single id as rows of the model have it; None for what no row can have."""
        key = self._key(model, said)
        return key[0] if key is not None and len(key) == 1 else None

    def set_password_hash(self, model: Model, row: Row, hashed: str, *, same_password: bool = False) -> None:
        """Store the hash of a user's password, nothing else.

        The user's access tokens end, but the one that is kept, unless it is the `same_password` in another form.
        """
        values: Row = {"password": NewHash(hashed, same_password=same_password)}
        self._stores.writer(model).update(model, self._own_condition(model, row), values)

    def _taken(self, model: Model, name: str, row: Mapping[str, Any]) -> bool:
        """Whether another row has the same value of this property, in the same realm where realms part users."""
        names = (name, "realm") if has_realms(model) else (name,)
        query = Query(model=model, where=equals(model, names, tuple(row.get(one) for one in names)), limit=2)
        ids = [prop.name for prop in model.ids]
        return any(any(other.get(id_) != row.get(id_) for id_ in ids) for other in self._stores.find(query))

    # --- writing ---

    def _saving(self, model: Model, row: Row, *, new: bool) -> Sequence[Flaw]:
        """What the project's code does to a whole row before it is checked; what is wrong with what it put there."""
        del model, row, new
        return ()

    def _changing(self, model: Model, known: Row, changes: Row) -> Sequence[Flaw]:
        """The same for some properties of a known row."""
        del model, known, changes
        return ()

    def _upserting(self, model: Model, row: Row) -> Sequence[Flaw]:
        """The same for a row that is inserted or laid over another."""
        del model, row
        return ()

    def _as_stored(self, model: Model, row: Row) -> Row:
        """The row after a change; read again where a column's own type may have given a value another form."""
        if model.layout.is_loopback:
            return row
        shape = self._stores.shape(model)
        shaped = [name for name in shape.typed_by_hand if row.get(name) is not None] + [*shape.computed]
        if not shaped:
            return row
        found = self._stores.find(Query(model=model, where=self._own_condition(model, row), limit=1))
        return {**row, **{name: found[0].get(name) for name in shaped}} if found else row

    def _storable(self, model: Model, row: Row) -> Row:
        """What is written of a row: never what the database works out by itself."""
        if self._stores.keeps_unknown(model):
            return dict(row)
        written = self._stores.shape(model).written
        return {name: value for name, value in row.items() if name in written}

    def _apply_scope(self, model: Model, row: Row) -> None:
        """Write the default scope's fixed values into the row, as LoopBack does."""
        where = self._binder.default_scope(model).where
        for name, value in (where or {}).items():
            if name in model.properties and not isinstance(value, Mapping | list) and value is not None:
                row[name] = value

    def _replace(self, model: Model, key: tuple[Any, ...], row: Row) -> bool:
        """Whether there was a row with that key; it now holds nothing but this row's values."""
        names = tuple(prop.name for prop in model.ids)
        # LoopBack finds what it replaces by its id alone, outside of the default scope too.
        scoped = self._binder.condition(None, model, default_scope=not model.layout.is_loopback)
        where = all_of(equals(model, names, key), scoped)
        writer = self._stores.writer(model)
        if self._stores.keeps_unknown(model):
            with self._stores.transaction(model), replacing():
                return bool(writer.delete(model, where)) and bool(writer.insert(model, [row]))
        values = {name: row.get(name) for name in self._stores.shape(model).written if name not in names}
        if not values:
            return self._stores.count(model, where) > 0
        return writer.update(model, where, values) > 0

    def _single_step(self, model: Model) -> bool:
        return model.layout.is_loopback and self._stores.keeps_unknown(model)

    def _upserted(self, model: Model, data: Mapping[str, Any], *, validated: bool) -> Row:
        """The data as a row of an upsert."""
        reader = self.reader(model)
        row, flaws = reader.read(data, drops_unknown=not validated)
        flaws = [*flaws, *self._upserting(model, row)]
        if validated:
            flaws = [*flaws, *(flaw for flaw in reader.check(row, new=False) if flaw.property not in _names(flaws))]
            if flaws:
                raise ValidationFailedError(model, flaws)
        return row

    def _overlaid(self, model: Model, known: Row, row: Row) -> Row:
        """The known row after this row's values were set on it; its id stays."""
        ids = {prop.name for prop in model.ids}
        changes = {name: value for name, value in row.items() if name not in ids}
        if changes:
            self._stores.writer(model).update(model, self._own_condition(model, known), changes)
        return {**known, **changes}


def _names_of(model: Model) -> tuple[str, ...]:
    return tuple(prop.name for prop in model.ids)


def _names(flaws: Sequence[Any]) -> set[str]:
    return {flaw.property for flaw in flaws}


def _validates_upserts(model: Model) -> bool:
    """LoopBack's layouts check upserts where told to, the native one unless told not to."""
    if model.validate_upsert is not None:
        return model.validate_upsert
    return model.settings.get("automaticValidation") is True if model.layout.is_loopback else True


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _given(key: tuple[Any, ...]) -> Any:
    return key[0] if len(key) == 1 else key
