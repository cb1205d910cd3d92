"""Filters bound to a model: names become properties, values get the types of the properties they meet.

Three sets of rules exist, one value each (`Rules`): the native layout refuses
what it does not know; a LoopBack layout over tables drops conditions on unknown
and hidden properties; a LoopBack layout over a store without columns keeps
them, and they match what the rows happen to hold. Conditions of a write are
never dropped, because a write without them would reach every row: an unknown name in
one is refused, unless the store and the model (`strict: false`) both keep
whatever properties they are given, where it is compared with what rows hold.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from lbconf.datatypes import AnyType
from lbconf.diagnostics import Code, Collector, nearest
from lbconf.project.resolved import Model, Property, Strict
from lbconf.query.condition import ConditionBinder, Reach
from lbconf.query.errors import RequestError, malformed
from lbconf.query.includes import include_items, levels_of
from lbconf.query.javascript import json_text, truthy
from lbconf.query.nodes import AllOf, Condition, Filter, Include, Order, Query, Related, Target
from lbconf.query.parse import parse_filter
from lbconf.query.relating import MAX_STEPS, named_relation, single_step
from lbconf.query.rules import NATIVE, Rules, Unknown, target_of
from lbconf.records import dataclass, replace

__all__ = ["Binder", "all_of", "bind", "keyed_scope"]

LOOPBACK_PAGE: Final = 100
"""Rows LoopBack returns when a request skips rows and sets no limit."""
MAX_INCLUDES: Final = 100
"""Relations one request may include, on all levels together."""


def bind(
    filter: Filter,  # noqa: A002 - the word of the vocabulary
    model: Model,
    models: Mapping[str, Model],
    *,
    lenient_unknown: bool = False,
    rules: Rules | None = None,
    collector: Collector | None = None,
) -> Query:
    """The filter bound to the model.

    Without `rules`, unknown properties are refused, or with `lenient_unknown`
    dropped. Warnings about what was dropped go to the collector.

    Raises:
        RequestError: a name or a value cannot be used.

    """
    chosen = rules or (replace(NATIVE, unknown=Unknown.DROP) if lenient_unknown else NATIVE)
    return Binder(models, lambda _: chosen).bind(filter, model, collector=collector)


def all_of(*conditions: Condition | None) -> Condition | None:
    """Every one of these, nested as little as possible; None without any."""
    found: list[Condition] = []
    for condition in conditions:
        if isinstance(condition, AllOf):
            found.extend(condition.conditions)
        elif condition is not None:
            found.append(condition)
    if not found:
        return None
    return found[0] if len(found) == 1 else AllOf(tuple(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What is looked up for every request of a model, looked up once."""

    rules: Rules
    conditions: ConditionBinder
    default_order: tuple[Order, ...]
    scope: Filter


class Binder:
    """Binds filters to the models of one project. May be used from several threads."""

    def __init__(
        self,
        models: Mapping[str, Model],
        rules_of: Callable[[Model], Rules],
        *,
        page_size: int | None = None,
        limit: int | None = None,
        depth: int | None = None,
    ) -> None:
        """Take the models, which rules hold for each, and how many levels deep filters may include.

        In the native layout, a list has `page_size` rows where its filter sets no
        limit, and at most `limit` rows; what a filter includes is not cut.
        """
        self._models = models
        self._rules_of = rules_of
        self._limit = limit
        self._depth = depth
        self._page_size = page_size if limit is None or page_size is None else min(page_size, limit)
        self._known: dict[str, _Known] = {}
        self._reach = Reach(models=models, binder=lambda model: self._lookup(model).conditions, scoped=self._scoped)
        self.settle: Callable[[Query], Query] = lambda query: query
        """Called with every query that looks at related models."""

    def bind(
        self,
        filter: Filter,  # noqa: A002 - the word of the vocabulary
        model: Model,
        *,
        scopes: Sequence[Filter] = (),
        extra: Condition | None = None,
        collector: Collector | None = None,
        default_scope: bool = True,
        paged: bool = True,
        settled: bool = True,
    ) -> Query:
        """The filter bound to the model, its scopes merged in.

        `scopes` are trusted filters (named scopes, those of a relation), weaker in
        order and stronger in paging than the filter; `extra` is one more condition;
        `paged` says whether the native layout's page sizes hold, `settled` whether the query is to be run.

        Raises:
            RequestError: a name or a value cannot be used.

        """
        known = self._lookup(model)
        if default_scope and known.scope is not _EMPTY:
            scopes = (*scopes, known.scope)
        touched: list[str] = []
        where = known.conditions.bind(filter.where, collector, touched=touched) if filter.where else None
        conditions = [where, extra]
        merged = filter
        for scope in scopes:
            conditions.append(known.conditions.bind(scope.where, None, trusted=True) if scope.where else None)
            merged = _merged(merged, scope)
        limit, skip = merged.limit, merged.skip
        if limit is None and skip and model.layout.is_loopback:
            limit = LOOPBACK_PAGE
        if paged and not model.layout.is_loopback:
            limit = self._page_size if limit is None else limit
            limit = self._limit if limit is None else limit if self._limit is None else min(limit, self._limit)
        include = self._includes(merged.include, model, collector, settled=settled) if merged.include else ()
        if include and not model.layout.is_loopback:
            merged = _with_keys(merged, tuple(key for item in include for key in item.relation.key_from))
        query = Query(
            model=model,
            where=all_of(*conditions),
            fields=self._fields(merged.fields, model, known.rules),
            order=self._order(merged.order, model, known, touched, trusted=not filter.order),
            limit=limit,
            skip=skip,
            include=include,
        )
        if not touched:
            return query
        query = replace(query, touched=tuple(dict.fromkeys(touched)))
        return self.settle(query) if settled else query

    def condition(
        self,
        where: Mapping[str, Any] | None,
        model: Model,
        *,
        collector: Collector | None = None,
        writes: bool = False,
        trusted: bool = False,
        default_scope: bool = True,
    ) -> Condition | None:
        """The condition bound to the model, with the default scope's. `writes`: nothing may be dropped from it.

        Raises:
            RequestError: a name or a value cannot be used.

        """
        known = self._lookup(model)
        touched: list[str] | None = None if writes else []
        found = None
        if where:
            found = known.conditions.bind(where, collector, writes=writes, trusted=trusted, touched=touched)
        if touched:
            found = self.settle(Query(model=model, where=found, touched=tuple(touched))).where
        if default_scope and known.scope.where:
            return all_of(found, known.conditions.bind(known.scope.where, None, trusted=True))
        return found

    def default_scope(self, model: Model) -> Filter:
        """The filter merged into every access to the model."""
        return self._lookup(model).scope

    def rules(self, model: Model) -> Rules:
        """The rules that hold for the model."""
        return self._lookup(model).rules

    def _lookup(self, model: Model) -> _Known:
        known = self._known.get(model.name)
        if known is None:
            rules = self._rules_of(model)
            known = _Known(
                rules=rules,
                conditions=ConditionBinder(model, rules, self._reach if rules.related else None),
                default_order=tuple(Order(Target(prop)) for prop in model.ids),
                scope=parse_filter(model.default_scope) if model.default_scope else _EMPTY,
            )
            self._known[model.name] = known
        return known

    def _fields(self, fields: Any, model: Model, rules: Rules) -> tuple[Property, ...] | None:
        names = _field_names(fields, model)
        if names is None:
            return None
        found: dict[str, Property] = {}
        for name in names:
            prop = model.properties.get(name)
            if prop is not None and (not prop.hidden or rules.hidden_allowed or model.layout.is_loopback):
                found[name] = prop
            elif rules.unknown is Unknown.KEEP and prop is None and model.strict is Strict.KEEP:
                found[name] = Property(name=name, type=AnyType())
            elif rules.unknown is Unknown.REFUSE:
                raise _unknown_property(name, model)
        return tuple(found.values())

    def _order(
        self, order: Sequence[str], model: Model, known: _Known, touched: list[str], *, trusted: bool
    ) -> tuple[Order, ...]:
        """`trusted`: the project's own, may name hidden properties, as a LoopBack client may."""
        if not order:
            return known.default_order
        found: list[Order] = []
        for text in order:
            name, _, direction = text.partition(" ")
            target = target_of(name, model)
            if target is None and known.rules.related and named_relation(name, model) is not None:
                found.append(self._order_away(name, model, touched, descending=direction == "DESC"))
                continue
            if target is None and known.rules.unknown is Unknown.KEEP:
                target = Target(Property(name=name, type=AnyType()))
            shown = trusted or known.rules.hidden_allowed or known.rules.loopback
            if target is None or (target.property.hidden and not shown):
                raise _unknown_property(name, model)
            found.append(Order(target, descending=direction == "DESC"))
        if not model.layout.is_loopback:
            ordered = {key.target.property.name for key in found if not key.target.path and not key.via}
            found.extend(key for key in known.default_order if key.target.property.name not in ordered)
        return tuple(found)

    def _order_away(self, name: str, model: Model, touched: list[str], *, descending: bool) -> Order:
        """A key of an order that is a property of a related model."""
        via: list[Related] = []
        rest = name
        while (led := named_relation(rest, model)) is not None and target_of(rest, model) is None:
            relation, rest = led
            if len(via) >= MAX_STEPS:
                raise RequestError(Code.FILTER_TOO_DEEP, f"The order leads along more than {MAX_STEPS} relations")
            step = single_step(relation, model, self._models, self._scoped)
            via.append(step)
            model = step.model
            touched.append(model.name)
        target = target_of(rest, model)
        if target is None or target.property.hidden or target.property.protected:
            raise _unknown_property(rest, model, nested=True)
        return Order(target, descending=descending, via=tuple(via))

    def _scoped(self, model: Model, where: Any) -> Condition | None:
        """The project's own conditions on a related model."""
        known = self._lookup(model)
        own = [where, known.scope.where]
        return all_of(*(known.conditions.bind(said, None, trusted=True) for said in own if said))

    def _includes(
        self, include: Any, model: Model, collector: Collector | None, *, settled: bool = True
    ) -> tuple[Include, ...]:
        if self._depth is not None and levels_of(include) > self._depth:
            message = f"The filter includes more than {self._depth} levels of relations"
            raise RequestError(Code.BUDGET_SPENT, message)
        found: dict[str, Include] = {}
        used = 0
        for name, scope in include_items(include, lenient=model.layout.is_loopback):
            used += 1
            if used > MAX_INCLUDES:
                raise malformed(f"A filter may include at most {MAX_INCLUDES} relations")
            relation = model.relations.get(name)
            if relation is None:
                near = nearest(name, model.relations)
                raise RequestError(
                    Code.RELATION_NOT_FOUND,
                    f'Relation "{name}" is not defined for {model.name} model',
                    hint=f"Did you mean {near}?" if near else None,
                )
            if relation.options.get("disableInclude"):
                continue
            target = self._models.get(relation.target) if relation.target else None
            if target is None:
                found[name] = Include(relation=relation, query=None, scope=scope)
                continue
            keys = tuple(prop.name for prop in target.ids) if relation.through else relation.key_to
            scopes = (parse_filter(relation.scope),) if relation.scope else ()
            wanted = keyed_scope(scope, keys, target)
            query = self.bind(wanted, target, scopes=scopes, collector=collector, paged=False, settled=settled)
            found[name] = Include(relation=relation, query=query, scope=scope)
        return tuple(found.values())


_EMPTY = Filter()


def _unknown_property(name: str, model: Model, *, nested: bool = False) -> RequestError:
    shown = (prop for prop in model.properties.values() if not (prop.hidden or (nested and prop.protected)))
    near = nearest(name, (prop.name for prop in shown))
    return RequestError(
        Code.PROPERTY_UNKNOWN,
        f'{model.name} has no property "{name}"',
        hint=f"Did you mean {near}?" if near else None,
    )


def _merged(filter: Filter, scope: Filter) -> Filter:  # noqa: A002 - the word of the vocabulary
    """The filter under a scope: the scope's paging and fields win, its order does not. Conditions stay apart."""
    include = filter.include
    if scope.include is not None:
        include = scope.include if include is None else [include, scope.include]
    return replace(
        filter,
        include=include,
        fields=filter.fields if scope.fields is None else scope.fields,
        order=filter.order or scope.order,
        limit=filter.limit if scope.limit is None else scope.limit,
        skip=scope.skip or filter.skip,
    )


def _field_names(fields: Any, model: Model) -> Sequence[str] | None:
    if isinstance(fields, str):
        return (fields,)
    if model.layout.is_loopback and isinstance(fields, bool | int | float):
        return None
    if isinstance(fields, list | tuple):
        if model.layout.is_loopback and fields:
            return [name if isinstance(name, str) else "" for name in fields]
        if not all(isinstance(name, str) for name in fields):
            raise malformed(f"The fields {json_text(fields)} are not valid", hint="Write a list of property names.")
        return fields or None
    if isinstance(fields, Mapping):
        included = [name for name, wanted in fields.items() if truthy(wanted)]
        if included:
            return included
        if not fields:
            return None
        told = [name for name, prop in model.properties.items() if model.layout.is_loopback or not prop.hidden]
        return [name for name in told if name not in fields]
    if fields is None:
        return None
    raise malformed(f"The fields {json_text(fields)} are not valid", hint="Write a list of property names.")


def keyed_scope(scope: Filter, keys: tuple[str, ...], target: Model) -> Filter:
    """The scope of an include ready for the condition that ties its rows to their parents by these properties.

    In LoopBack's layouts that condition takes the place of the scope's own on the same property, conditions on
    protected properties are dropped, and fields that are only left out become the keys alone.
    """
    if not target.layout.is_loopback:
        return _with_keys(scope, keys)
    if scope.where:
        closed = frozenset(prop.name for prop in target.properties.values() if prop.protected)
        where = _without(scope.where, closed) if closed else scope.where
        scope = replace(scope, where={name: value for name, value in where.items() if name not in keys})
    if isinstance(scope.fields, Mapping) and scope.fields:
        return replace(scope, fields={**scope.fields, **dict.fromkeys(keys, True)})
    return _with_keys(scope, keys)


def _without(where: Any, names: frozenset[str]) -> Any:
    """The clause without conditions on these properties, at any depth."""
    if isinstance(where, Mapping):
        return {name: _without(value, names) for name, value in where.items() if name not in names}
    return [_without(item, names) for item in where] if isinstance(where, list) else where


def _with_keys(scope: Filter, keys: tuple[str, ...]) -> Filter:
    """The scope of an include with the properties that tie rows to their parents among its fields."""
    fields = scope.fields
    if isinstance(fields, str):
        fields = [fields]
    if isinstance(fields, list | tuple) and fields:
        return replace(scope, fields=[*fields, *(key for key in keys if key not in fields)])
    if isinstance(fields, Mapping) and fields:
        if any(truthy(wanted) for wanted in fields.values()):
            return replace(scope, fields={**fields, **dict.fromkeys(keys, True)})
        return replace(scope, fields={name: wanted for name, wanted in fields.items() if name not in keys})
    return scope
