"""Stores whose reading and writing is observed: `access`, `loaded`, `persist` and the hooks of deleting."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from enum import Enum
from typing import Any, TypeAlias

from lbconf.code.marks import Kind
from lbconf.connectors.contract import Writer
from lbconf.project.resolved import Model
from lbconf.query.aggregate_nodes import Aggregate
from lbconf.query.nodes import Condition, Query, Row
from lbconf.records import replace
from lbconf.repository.observing import Frame, Hooks, Observed
from lbconf.repository.stores import Stores
from lbconf.repository.unbound import filter_of, where_of

__all__ = ["HookedStores", "HookedWriter", "Reason", "Rebind"]


class Reason(Enum):
    """What a filter is bound for."""

    READING = "reading"
    WRITING = "writing"
    """Nothing of it may be lost."""


Rebind: TypeAlias = Callable[[Model, Mapping[str, Any], Reason], Query]
"""Binds a filter that a hook changed, for a reason."""


class HookedStores(Stores):
    """The connectors behind a project's models, with hooks."""

    hooks: Hooks
    rebind: Rebind
    typed: Callable[[Model, Mapping[str, Any], Mapping[str, Any]], Row]
    """Values that a hook put in place of others, made those of the model's types."""

    def find(self, query: Query) -> list[Row]:
        """The rows, seen by `access` and `loaded`."""
        if not self._hears(query.model):
            return super().find(query)
        found = super().find(self.accessed(query))
        self.loaded(query.model, found)
        return found

    def stream(self, query: Query, size: int) -> Generator[list[Row], None, None]:
        """The rows in parts, seen by `access` at the beginning and by `loaded` part by part."""
        heard = self._hears(query.model)
        with closing(super().stream(self.accessed(query) if heard else query, size)) as parts:
            for rows in parts:
                if heard:
                    self.loaded(query.model, rows)
                yield rows

    def find_unloaded(self, query: Query) -> tuple[list[Row], Query]:
        """The rows, seen by `access` alone, and the query as that left it."""
        if self._hears(query.model):
            query = self.accessed(query)
        return super().find(query), query

    def count(self, model: Model, where: Condition | None) -> int:
        """Number of rows that match, seen by `access`."""
        if self._hears(model):
            where = self.accessed(Query(model=model, where=where)).where
        return super().count(model, where)

    def aggregate(self, asked: Aggregate) -> list[Row]:
        """The groups of the rows that `access` lets through."""
        if self._hears(asked.model):
            asked = replace(asked, where=self.accessed(Query(model=asked.model, where=asked.where)).where)
        return super().aggregate(asked)

    def builds_json(self, model: Model) -> bool:
        """Never where a hook wants to see the rows."""
        return not self.hooks.observers.reads(model.name) and super().builds_json(model)

    def find_json(self, query: Query) -> bytes | None:
        """The rows as JSON text, where no hook wants to see them."""
        return None if self.hooks.observers.reads(query.model.name) else super().find_json(query)

    def observed(self, model: Model) -> bool:
        """Whether a hook wants to see how rows of the model are read."""
        return self.hooks.observers.reads(model.name)

    def writer(self, model: Model) -> Writer:
        """What writes the model's rows, observed where somebody does."""
        found = super().writer(model)
        observed = self.hooks.observers.of(model.name)
        return found if observed is None else HookedWriter(self, found, observed)

    @contextmanager
    def transaction(self, model: Model) -> Iterator[None]:
        """A transaction, after which what waits for its good end is done."""
        inner: AbstractContextManager[None] = super().transaction(model)
        with self.hooks.transaction(), inner:
            yield

    @contextmanager
    def savepoint(self, model: Model) -> Iterator[None]:
        """A part of a transaction; undone, nothing is done afterwards either."""
        inner: AbstractContextManager[None] = super().savepoint(model)
        with self.hooks.transaction(undone_alone=True), inner:
            yield

    def accessed(self, query: Query, reason: Reason = Reason.READING) -> Query:
        """The query as the hooks of `access` leave it."""
        observed = self.hooks.observers.of(query.model.name)
        functions = observed.get(Kind.ACCESS) if observed else None
        if not functions:
            return query
        shown = filter_of(query, default_order=_has_default_order(query))
        before = _copied(shown)
        frame = self.hooks.frame_of(query.model)
        context = self.hooks.context(query.model, frame.hook_state if frame else None, query=shown)
        self.hooks.run(functions, context)
        changed = context.query if context.query is not None else {}
        if changed == before:
            return query
        bound = self.rebind(query.model, changed, reason)
        return replace(
            bound,
            order=bound.order if changed.get("order") != before.get("order") else query.order,
            include=bound.include if changed.get("include") != before.get("include") else query.include,
            locked=query.locked,
        )

    def loaded(self, model: Model, rows: list[Row], *, new: bool = False) -> None:
        """Let the hooks of `loaded` see rows and change them in their places."""
        observed = self.hooks.observers.of(model.name)
        functions = observed.get(Kind.LOADED) if observed else None
        if functions:
            frame = self.hooks.frame_of(model)
            for index, row in enumerate(rows):
                context = self.hooks.context(model, frame.hook_state if frame else None, data=row, is_new_instance=new)
                self.hooks.run(functions, context)
                rows[index] = context.data if context.data is not None else row

    def _hears(self, model: Model) -> bool:
        if not self.hooks.observers.reads(model.name):
            return False
        frame = self.hooks.frame
        return frame is None or not frame.quiet


class HookedWriter:
    """Writes the rows of one model, seen by its hooks."""

    def __init__(self, stores: HookedStores, inner: Writer, observed: Observed) -> None:
        """Take the stores, what writes, and what observes."""
        self._stores = stores
        self._hooks = stores.hooks
        self._inner = inner
        self._observed = observed

    def insert(self, model: Model, rows: Sequence[Row]) -> list[Row]:
        """The rows with what the store gave them."""
        frame = self._hooks.frame_of(model)
        if frame is None:
            return self._inner.insert(model, rows)
        ready = [self._persisted(model, frame, row, whole=True) for row in rows]
        returned = self._inner.insert(model, ready)
        self._loaded(model, frame, [{**row, **given} for row, given in zip(ready, returned, strict=True)])
        return returned

    def update(self, model: Model, where: Condition | None, values: Row) -> int:
        """Set these values on every row that matches; how many did."""
        frame = self._hooks.frame_of(model)
        if frame is None:
            return self._inner.update(model, where, values)
        ready = self._persisted(model, frame, values, whole=False)
        count = self._inner.update(model, where, ready) if ready else 0
        if frame.row is not None and count:
            self._loaded(model, frame, [_shown(frame, ready)])
        return count

    def delete(self, model: Model, where: Condition | None) -> int:
        """Delete every row that matches; how many went."""
        frame = self._hooks.frame_of(model)
        if frame is not None and frame.replacing:
            return self._inner.delete(model, where)
        with self._stores.transaction(model):
            return self._delete(model, where, frame)

    def _delete(self, model: Model, where: Condition | None, frame: Frame | None) -> int:
        quiet = frame is not None and frame.quiet
        query = Query(model=model, where=where)
        if not quiet:
            query = self._stores.accessed(query, Reason.WRITING)
        shown = where_of(query.where) or {}
        before = _copied(shown)
        parts: dict[str, Any] = {} if frame is None or frame.instance is None else {"instance": frame.instance}
        state: dict[str, Any] = {} if frame is None else frame.hook_state
        functions = self._observed.get(Kind.BEFORE_DELETE)
        if functions:
            context = self._hooks.context(model, state, where=shown, **parts)
            self._hooks.run(functions, context)
            shown = context.where if context.where is not None else {}
        condition = query.where
        if shown != before:
            condition = self._stores.rebind(model, {"where": shown}, Reason.WRITING).where
        count = self._inner.delete(model, condition)
        functions = self._observed.get(Kind.AFTER_DELETE)
        if functions:
            context = self._hooks.context(model, state, where=shown, info={"count": count}, **parts)
            self._hooks.run(functions, context)
        return count

    def _persisted(self, model: Model, frame: Frame, values: Row, *, whole: bool) -> Row:
        """The values as the hooks of `persist` leave them."""
        functions = self._observed.get(Kind.PERSIST)
        frame.stored = values
        if not functions:
            return values
        shown = dict(values) if whole else _shown(frame, values)
        parts: dict[str, Any] = {"data": dict(shown)}
        if frame.row is not None:
            parts |= {"current_instance": frame.row, "is_new_instance": None if frame.single_step else frame.new}
        if frame.where is not None:
            parts["where"] = dict(frame.where)
        context = self._hooks.context(model, frame.hook_state, **parts)
        self._hooks.run(functions, context)
        data = context.data if context.data is not None else shown
        if data == shown:
            return values
        data = self._stores.typed(model, shown, data)
        ids = {prop.name for prop in model.ids}
        if whole:
            frame.stored = data
        elif frame.replacing:
            frame.stored = {name: data.get(name) for name in {**values, **data} if name not in ids}
        else:
            frame.stored = {name: value for name, value in data.items() if name not in ids or name in values}
        return frame.stored

    def _loaded(self, model: Model, frame: Frame, rows: list[Row]) -> None:
        self._stores.loaded(model, rows, new=bool(frame.new))
        if rows:
            frame.stored = rows[-1]


def _shown(frame: Frame, values: Row) -> Row:
    """The values of an update as hooks see them; of a replacement the row itself, without what is missing in it."""
    if not frame.replacing or frame.row is None:
        return dict(values)
    row = frame.row
    return {**(frame.where or {}), **{name: value for name, value in values.items() if name in row}}


def _has_default_order(query: Query) -> bool:
    ids = [prop.name for prop in query.model.ids]
    plain = [key.target.property.name for key in query.order if not key.descending and not key.target.path]
    return len(plain) == len(query.order) and plain == ids


def _copied(value: Any) -> Any:
    """A copy that a hook cannot reach; leaves are shared."""
    if isinstance(value, Mapping):
        return {name: _copied(item) for name, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value
