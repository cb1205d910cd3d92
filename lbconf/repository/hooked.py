"""A repository whose operations are observed by the project's code, with LoopBack's hooks in LoopBack's order.

Source: LoopBack 3, documentation of operation hooks; recorded contexts of LoopBack 3.28 in the tests.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from lbconf.code.contexts import HookContext
from lbconf.code.loading import ProjectCode
from lbconf.code.marks import Kind
from lbconf.code.running import call
from lbconf.connectors.contract import Announcing, Connector
from lbconf.project.resolved import Model, Project
from lbconf.query.bind import all_of
from lbconf.query.errors import RequestError
from lbconf.query.nodes import Query, Row
from lbconf.query.parse import parse_filter
from lbconf.records import replace
from lbconf.repository.errors import Flaw, several_failed
from lbconf.repository.hooked_stores import HookedStores, Reason
from lbconf.repository.model_rows import RepositoryModels
from lbconf.repository.observing import Frame, Hooks, Observers
from lbconf.repository.repository import Repository
from lbconf.repository.rows import RowReader
from lbconf.repository.unbound import where_of

__all__ = ["HookedRepository"]


class HookedRepository(Repository):
    """Reads and writes rows, and runs what the project's code says about it.

    A model that nothing observes goes the plain way. Each writing operation of
    one that is observed is one transaction, so an error of a hook, `after save`
    included, takes the write back where the data source can.
    """

    _stores: HookedStores

    def __init__(
        self, project: Project, connectors: Mapping[str, Connector], *, code: ProjectCode, **options: Any
    ) -> None:
        """Take what `Repository` takes, and the project's code."""
        super().__init__(project, connectors, stores=HookedStores, **options)
        self.code = code
        self.observers = Observers(code)
        self.hooks = Hooks(self.observers, RepositoryModels(self))
        self._stores.hooks = self.hooks
        self._stores.rebind = self._rebound
        self._stores.typed = self._typed

    # --- reading ---

    def rows(self, query: Query) -> list[Row]:
        """The rows of a bound query with what they include, which hooks of `loaded` see too."""
        if not query.include or not self.observers.reads(query.model.name):
            return super().rows(query)
        found, query = self._stores.find_unloaded(query)
        if query.include:
            self._includer.attach(found, query.model, query.include)
        self._stores.loaded(query.model, found)
        return found

    def exists(self, model: Model, id: Any) -> bool:  # noqa: A002 - the word of the vocabulary
        """Whether there is a row with this id; seen by `access` alone."""
        if not self.observers.reads(model.name):
            return super().exists(model, id)
        condition = self._id_condition(model, id)
        return condition is not None and self._stores.count(model, self._scoped(model, condition)) > 0

    def seen(self, model: Model, id: Any) -> Row | None:  # noqa: A002 - the word of the vocabulary
        """The row with this id, of which no hook is told; None where it is gone."""
        with self.hooks.within(Frame(quiet=True)):
            return self.row_by_id(model, id)

    def announcer(self, model: Model) -> Announcing | None:
        """What tells other processes of changes to a model that wants it; None where nothing can."""
        if not model.settings.get("changeStream") or model.data_source is None:
            return None
        try:
            found = self._stores.connector(model)
        except RequestError:  # a connector that lbconf does not have
            return None
        return found if isinstance(found, Announcing) and found.capabilities.write.announced_changes else None

    def look(self, model: Model) -> None:
        """As every repository; no hook is told."""
        with self.hooks.within(Frame(quiet=True)):
            super().look(model)

    # --- writing ---

    def create(self, model: Model, data: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Any:
        """As every repository; of a list each row is an operation of its own."""
        if self.observers.of(model.name) is None or isinstance(data, Mapping):
            return super().create(model, data)
        if not model.layout.is_loopback:
            with self._stores.transaction(model):
                return self._each_created(model, data, status=422)
        return self._each_created(model, data, status=500)

    def create_one(self, model: Model, data: Mapping[str, Any]) -> Row:
        """As every repository."""
        if self.observers.of(model.name) is None:
            return super().create_one(model, data)
        with self._operation(model, Frame(model=model, new=True)):
            return super().create_one(model, data)

    def insert(self, model: Model, rows: Sequence[Row]) -> list[Row]:
        """As every repository; each row is told to `after save`."""
        if self.observers.of(model.name) is None:
            return super().insert(model, rows)
        return [self._inserted(model, row) for row in rows]

    def patch_row(
        self, model: Model, row: Row, data: Mapping[str, Any], *, checked: bool = True, drops_unknown: bool = False
    ) -> Row:
        """As every repository."""
        if self.observers.of(model.name) is None:
            return super().patch_row(model, row, data, checked=checked, drops_unknown=drops_unknown)
        frame = Frame(model=model, where=_key_of(model, row), row=dict(row), new=False)
        with self._operation(model, frame):
            done = super().patch_row(model, row, data, checked=checked, drops_unknown=drops_unknown)
            return self._saved(model, frame, done)

    def replace_by_id(self, model: Model, id: Any, data: Mapping[str, Any]) -> Row:  # noqa: A002 - the word of the vocabulary
        """As every repository."""
        if self.observers.of(model.name) is None:
            return super().replace_by_id(model, id, data)
        frame = Frame(model=model, new=False, replacing=True, quiet=True)
        with self._operation(model, frame):
            done = super().replace_by_id(model, id, data)
            return self._saved(model, frame, done)

    def patch_or_create(self, model: Model, data: Mapping[str, Any]) -> Row:
        """As every repository."""
        key = self._key_in(model, data)
        if self.observers.of(model.name) is None or key is None or model.force_id:
            return super().patch_or_create(model, data)
        where = dict(zip((prop.name for prop in model.ids), key, strict=True))
        with self._operation(model, Frame(model=model, where=where, quiet=True)):
            changed = self._accessed(model, where)
            if changed is not None:
                return super().upsert_with_where(model, changed, data)
            return super().patch_or_create(model, data)

    def replace_or_create(self, model: Model, data: Mapping[str, Any]) -> Row:
        """As every repository."""
        key = self._key_in(model, data)
        if self.observers.of(model.name) is None or key is None or model.force_id:
            return super().replace_or_create(model, data)
        where = dict(zip((prop.name for prop in model.ids), key, strict=True))
        with self._operation(model, Frame(model=model, quiet=True)):
            self._accessed(model, where)
            return super().replace_or_create(model, data)

    def upsert_with_where(self, model: Model, where: Mapping[str, Any] | None, data: Mapping[str, Any]) -> Row:
        """As every repository."""
        if self.observers.of(model.name) is None:
            return super().upsert_with_where(model, where, data)
        with self._operation(model, Frame(model=model, where=dict(where or {}), quiet=True)):
            changed = self._accessed(model, where or {})
            return super().upsert_with_where(model, where if changed is None else changed, data)

    def update_all(self, model: Model, where: Mapping[str, Any] | None, data: Mapping[str, Any]) -> int:
        """As every repository."""
        observed = self.observers.of(model.name)
        if observed is None:
            return super().update_all(model, where, data)
        frame = Frame(model=model, quiet=True)
        with self._operation(model, frame):
            changed = self._accessed(model, where or {})
            asked = dict((where or {}) if changed is None else changed)
            context = self.hooks.context(model, frame.hook_state, where=asked, data=dict(data))
            self._run(model, Kind.BEFORE_SAVE, context)
            asked, given = context.where or {}, context.data or {}
            frame.where = asked
            count = super().update_all(model, asked, given)
            typed = where_of(self._binder.condition(asked, model, writes=True, default_scope=False)) or {}
            info = {"count": count}
            context = self.hooks.context(model, frame.hook_state, where=typed, data=dict(given), info=info)
            self._run(model, Kind.AFTER_SAVE, context)
            return count

    def delete_row(self, model: Model, row: Row) -> int:
        """As every repository; hooks are told of the row."""
        if self.observers.of(model.name) is None:
            return super().delete_row(model, row)
        with self._operation(model, Frame(model=model, instance=row)):
            return super().delete_row(model, row)

    # --- what the operations of the plain repository ask on their way ---

    def _saving(self, model: Model, row: Row, *, new: bool) -> list[Flaw]:
        """`before save` of a whole row, which it may change; what is wrong with what it put there."""
        if self.observers.of(model.name) is None:
            return []
        frame = self.hooks.frame_of(model)
        if frame is not None:
            frame.row, frame.new = row, new
            if frame.replacing or not new:
                frame.where = _key_of(model, row)
            elif frame.quiet:
                frame.where = None
        state = None if frame is None else frame.hook_state
        context = self.hooks.context(model, state, instance=dict(row), is_new_instance=new)
        self._run(model, Kind.BEFORE_SAVE, context)
        return self._taken_over(model, row, context.instance)

    def _changing(self, model: Model, known: Row, changes: Row) -> list[Flaw]:
        """`before save` of some properties of a row, which it may change; what is wrong with what it put there."""
        frame = None if self.observers.of(model.name) is None else self.hooks.frame_of(model)
        if frame is None:
            return []
        where = dict(frame.where or {})
        context = self.hooks.context(
            model, frame.hook_state, where=where, data=dict(changes), current_instance=dict(known)
        )
        self._run(model, Kind.BEFORE_SAVE, context)
        flaws = self._taken_over(model, changes, context.data)
        frame.row = {**known, **changes}
        return flaws

    def _upserting(self, model: Model, row: Row) -> list[Flaw]:
        """`before save` of an upsert in a single step."""
        frame = None if self.observers.of(model.name) is None else self.hooks.frame_of(model)
        if frame is None:
            return []
        context = self.hooks.context(model, frame.hook_state, where=dict(frame.where or {}), data=dict(row))
        self._run(model, Kind.BEFORE_SAVE, context)
        flaws = self._taken_over(model, row, context.data)
        frame.row, frame.single_step = row, True
        return flaws

    def _overlaid(self, model: Model, known: Row, row: Row) -> Row:
        done = super()._overlaid(model, known, row)
        frame = None if self.observers.of(model.name) is None else self.hooks.frame_of(model)
        if frame is None:
            return done
        frame.new = False
        return self._saved(model, frame, done)

    def _as_stored(self, model: Model, row: Row) -> Row:
        if not self.observers.reads(model.name):
            return super()._as_stored(model, row)
        with self.hooks.within(Frame(model=model, quiet=True)):
            return super()._as_stored(model, row)

    def reader(self, model: Model) -> RowReader:
        """What reads and checks rows of the model, the project's own validators included."""
        known = model.name in self._readers
        found = super().reader(model)
        code = self.code.models.get(model.name)
        if not known and code is not None and code.validators:
            found.custom = self._custom(model)
        return found

    # --- inside ---

    @contextmanager
    def _operation(self, model: Model, frame: Frame) -> Iterator[Frame]:
        with self._stores.transaction(model), self.hooks.within(frame):
            yield frame

    def _inserted(self, model: Model, row: Row) -> Row:
        outer = self.hooks.frame_of(model)
        frame = Frame(
            model=model,
            row=row,
            new=True,
            where=None if outer is None else outer.where,
            hook_state={} if outer is None else outer.hook_state,
            single_step=outer is not None and outer.single_step,
        )
        with self._operation(model, frame):
            return self._saved(model, frame, super().insert(model, [row])[0])

    def _each_created(self, model: Model, rows: Sequence[Mapping[str, Any]], *, status: int) -> list[Row]:
        made: list[Row] = []
        failures: list[RequestError | None] = []
        for data in rows:
            try:
                made.append(self.create_one(model, data))
                failures.append(None)
            except RequestError as error:
                failures.append(error)
        if any(failures):
            raise several_failed(failures, status=status)
        return made

    def _saved(self, model: Model, frame: Frame, row: Row) -> Row:
        """The row after the hooks of `after save`, which may change what is answered."""
        if model.settings.get("updateOnLoad") and frame.stored is not None:
            row = {**row, **frame.stored}
        context = self.hooks.context(model, frame.hook_state, instance=row, is_new_instance=bool(frame.new))
        self._run(model, Kind.AFTER_SAVE, context)
        return row if context.instance is None else context.instance

    def _accessed(self, model: Model, where: Mapping[str, Any]) -> dict[str, Any] | None:
        """The condition of a write after the hooks of `access`; None where it is as it was."""
        context = self.hooks.context(model, query={"where": dict(where)} if where else {})
        frame = self.hooks.frame_of(model)
        if frame is not None:
            context.hook_state = frame.hook_state
        self._run(model, Kind.ACCESS, context)
        after = (context.query or {}).get("where") or {}
        return None if after == where else dict(after)

    def _run(self, model: Model, kind: Kind, context: HookContext) -> None:
        observed = self.observers.of(model.name)
        functions = observed.get(kind) if observed else None
        if functions:
            self.hooks.run(functions, context)

    def _taken_over(self, model: Model, row: Row, after: Mapping[str, Any] | None) -> list[Flaw]:
        """Put what a hook left into the row, new values made those of the model's types; what is wrong with them."""
        if after is None or after == row:
            return []
        changed = {name: value for name, value in after.items() if name not in row or row[name] != value}
        read, flaws = self.reader(model).read(changed) if changed else ({}, [])
        kept = {name: value for name, value in row.items() if name in after and name not in changed}
        row.clear()
        row.update({name: read.get(name, kept.get(name)) for name in after if name in read or name in kept})
        return flaws

    def _typed(self, model: Model, before: Mapping[str, Any], after: Mapping[str, Any]) -> Row:
        row = dict(before)
        self._taken_over(model, row, after)
        return row

    def _rebound(self, model: Model, changed: Mapping[str, Any], reason: Reason) -> Query:
        wanted = parse_filter(changed)
        writes = reason is Reason.WRITING
        where = self._binder.condition(wanted.where, model, writes=writes, trusted=True, default_scope=False)
        if writes:
            return Query(model=model, where=where)
        rest = replace(wanted, where=None)
        return replace(self._binder.bind(rest, model, default_scope=False, paged=False), where=where)

    def _scoped(self, model: Model, condition: Any) -> Any:
        return all_of(condition, self._binder.condition(None, model))

    def _custom(self, model: Model) -> Any:
        validators = self.code.models[model.name].validators

        def check(row: Mapping[str, Any]) -> list[Flaw]:
            flaws: list[Flaw] = []
            with self.hooks.within(Frame()):
                for one in validators:
                    told = call(one.function, row.get(one.property), row)
                    if told is False or isinstance(told, str):
                        message = told if isinstance(told, str) else one.message
                        flaws.append(Flaw(one.property, one.code, message, row.get(one.property)))
            return flaws

        return check


def _key_of(model: Model, row: Mapping[str, Any]) -> dict[str, Any]:
    return {prop.name: row.get(prop.name) for prop in model.ids}
