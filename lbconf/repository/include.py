"""Related rows attached to rows: one batched query for each relation and level, whichever data source holds them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, TypeVar

from lbconf.datatypes import EnumType, StringType, TextType, UuidType
from lbconf.diagnostics import Code
from lbconf.project.resolved import Model, Property, Relation, RelationKind
from lbconf.query.allowance import charge
from lbconf.query.bind import Binder, all_of, keyed_scope
from lbconf.query.coerce import value_converter
from lbconf.query.errors import RequestError
from lbconf.query.evaluate import Semantics, condition_test
from lbconf.query.javascript import json_text, to_text
from lbconf.query.nodes import AllOf, AnyOf, Comparison, Condition, Filter, Include, Operator, Query, Row, Target
from lbconf.records import replace

__all__ = ["Includer", "chunks", "equals", "key_of", "key_text", "one_of", "the_one"]

T = TypeVar("T")

SAFE: Final = 2**53
"""JavaScript writes whole numbers below as they are."""
KEYS_AT_ONCE: Final = 256
"""Keys in one query, where the data source does not say `inqLimit`."""

_TEXTS: Final = (StringType, TextType, UuidType, EnumType)
_EMBEDDED: Final = frozenset({RelationKind.EMBEDS_ONE, RelationKind.EMBEDS_MANY})


def equals(model: Model, names: Sequence[str], values: Sequence[Any]) -> Condition:
    """The condition that these properties have these values."""
    parts = tuple(
        Comparison(Target(_property(model, name)), Operator.EQ, value)
        for name, value in zip(names, values, strict=True)
    )
    return parts[0] if len(parts) == 1 else AllOf(parts)


def same_text(model: Model, name: str, value: Any) -> Condition:
    """The condition that a property has this text in whatever case; of what is no text, this value."""
    if not isinstance(value, str):
        return equals(model, (name,), (value,))
    escaped = "".join(f"\\{char}" if char in "|\\{}()[]^$+*?./" else char for char in value)
    return Comparison(Target(_property(model, name)), Operator.REGEXP, (f"^{escaped}$", "i"))


def one_of(model: Model, names: Sequence[str], keys: Sequence[tuple[Any, ...]]) -> Condition:
    """The condition that these properties together have one of these keys."""
    if len(names) == 1:
        return Comparison(Target(_property(model, names[0])), Operator.INQ, tuple(key[0] for key in keys))
    return AnyOf(tuple(equals(model, names, key) for key in keys))


def key_of(row: Mapping[str, Any], names: Sequence[str]) -> tuple[Any, ...] | None:
    """The row's values of these properties; None where one of them has none."""
    key = tuple(row.get(name) for name in names)
    return None if any(value is None for value in key) else key


class Includer:
    """Attaches related rows. May be used from several threads."""

    def __init__(
        self,
        models: Mapping[str, Model],
        binder: Binder,
        find: Callable[[Query], list[Row]],
        keys_at_once: Callable[[Model], int],
    ) -> None:
        """Take the models, what binds filters, what runs a query, and how many keys one query may ask for."""
        self._models = models
        self._binder = binder
        self._find = find
        self._keys_at_once = keys_at_once

    def attach(self, rows: Sequence[Row], model: Model, includes: Iterable[Include], *, nested: bool = False) -> None:
        """Put related rows under the relations' names into these rows of the model.

        A relation to many becomes a list; one to one is left out where there is nothing, and so is
        one through another model in LoopBack's layouts, where the rows are themselves included ones (`nested`).

        Raises:
            RequestError: the rows lack the id that ties them to their related rows.

        """
        for include in includes:
            if rows:
                self._attach(rows, model, include, spare=nested and model.layout.is_loopback)

    def _attach(self, rows: Sequence[Row], model: Model, include: Include, *, spare: bool) -> None:
        relation = include.relation
        if relation.kind in _EMBEDDED:
            self._embedded(rows, model, include)
        elif relation.kind is RelationKind.REFERENCES_MANY:
            self._references(rows, include, spare=spare)
        elif include.query is None:
            self._polymorphic(rows, include)
        elif relation.through is not None:
            self._through(rows, model, include, include.query, spare=spare)
        else:
            self._direct(rows, model, include, include.query)

    def _direct(self, rows: Sequence[Row], model: Model, include: Include, query: Query) -> None:
        relation = include.relation
        if relation.kind is not RelationKind.BELONGS_TO and (relation.many or not model.layout.is_loopback):
            _check_keys(rows, relation)
        keys = _keys(rows, relation.key_from)
        extra = None
        if relation.polymorphic is not None:
            extra = equals(query.model, (relation.polymorphic.discriminator,), (model.name,))
        found = self._by_keys(query, relation.key_to, keys, extra)
        groups = _grouped(found, relation.key_to)
        for row in rows:
            key = key_of(row, relation.key_from)
            _put(row, include, _page(groups.get(key_text(key), []) if key is not None else [], query))

    def _through(self, rows: Sequence[Row], model: Model, include: Include, query: Query, *, spare: bool) -> None:
        relation, loopback = include.relation, model.layout.is_loopback
        if not loopback:
            _check_keys(rows, relation)
        between = self._models[relation.through or ""]
        links = Query(model=between)
        extra = None
        if relation.polymorphic is not None:
            extra = equals(between, (relation.polymorphic.discriminator,), (model.name,))
        found = self._by_keys(links, relation.through_from, _keys(rows, relation.key_from), extra)
        ids = tuple(prop.name for prop in query.model.ids)
        targets = self._by_keys(query, ids, _keys(found, relation.through_to), None)
        parents: dict[str, list[str]] = {}
        for link in found:
            key, parent = key_of(link, relation.through_to), key_of(link, relation.through_from)
            if key is not None and parent is not None:
                parents.setdefault(key_text(key), []).append(key_text(parent))
        if loopback and (query.limit is not None or query.skip):
            # LoopBack asks for each related row alone: it is the only one on its page.
            places = {key: place for place, key in enumerate(parents)}
            targets = [] if query.skip else sorted(targets, key=lambda row: places[key_text(key_of(row, ids) or ())])
            query = replace(query, limit=None, skip=0)
        groups: dict[str, list[Row]] = {}
        for target in targets:
            for parent_text in parents.get(key_text(key_of(target, ids) or ()), ()):
                groups.setdefault(parent_text, []).append(target)
        for row in rows:
            key = key_of(row, relation.key_from)
            related = groups.get(key_text(key), []) if key is not None else []
            if related or not spare:
                _put(row, include, _page(related, query))

    def _references(self, rows: Sequence[Row], include: Include, *, spare: bool) -> None:
        relation, query = include.relation, include.query
        if query is None:
            return
        name = relation.embedded_property or relation.key_from[0]
        ids = tuple(prop.name for prop in query.model.ids)
        wanted = {key_text((item,)): (item,) for row in rows for item in row.get(name) or ()}
        found = _grouped(self._by_keys(query, ids, list(wanted.values()), None), ids)
        for row in rows:
            related = [target for item in row.get(name) or () for target in found.get(key_text((item,)), ())]
            if related or not spare:
                row[relation.name] = related

    def _polymorphic(self, rows: Sequence[Row], include: Include) -> None:
        polymorphic = include.relation.polymorphic
        if polymorphic is None:
            return
        kinds = {row.get(polymorphic.discriminator) for row in rows} - {None}
        for kind in sorted(kinds, key=str):
            target = self._models.get(kind) if isinstance(kind, str) else None
            if target is None:
                continue
            same = [row for row in rows if row.get(polymorphic.discriminator) == kind]
            ids = tuple(prop.name for prop in target.ids)
            scope = keyed_scope(include.scope or Filter(), ids, target)
            query = self._binder.bind(scope, target)
            names = (polymorphic.foreign_key,)
            found = _grouped(self._by_keys(query, ids, _keys(same, names), None), ids)
            for row in same:
                key = key_of(row, names)
                if key is not None and key_text(key) in found:
                    row[include.relation.name] = found[key_text(key)][0]

    def _embedded(self, rows: Sequence[Row], model: Model, include: Include) -> None:
        """What the rows keep; LoopBack looks at the scope's condition, and gives an empty list where there is none."""
        relation, loopback = include.relation, model.layout.is_loopback
        where = include.query.where if include.query is not None and relation.many else None
        test = condition_test(where, Semantics.LOOPBACK if loopback else Semantics.SQL) if where is not None else None
        for row in rows:
            value = row.get(relation.embedded_property or relation.name)
            if test is not None and isinstance(value, list):
                value = [item for item in value if isinstance(item, dict) and test(item)]
            if value is None and relation.many and loopback:
                value = []
            if value is not None:
                row[relation.name] = value

    def _by_keys(
        self, query: Query, names: Sequence[str], keys: Sequence[tuple[Any, ...]], extra: Condition | None
    ) -> list[Row]:
        """Rows whose properties have one of the keys, their own includes attached; the page is cut later."""
        found: list[Row] = []
        if not query.model.layout.is_loopback:
            keys = _of_types(query.model, names, keys)
        for part in chunks(keys, self._keys_at_once(query.model)):
            where = all_of(one_of(query.model, names, part), extra, query.where)
            related = self._find(replace(query, where=where, limit=None, skip=0, include=()))
            charge(len(related))
            found.extend(related)
        self.attach(found, query.model, query.include, nested=True)
        return found


def _property(model: Model, name: str) -> Property:
    prop = model.properties.get(name)
    if prop is None:
        message = f"{model.name} has no property {name}, which a relation needs"
        raise RequestError(Code.PROPERTY_UNKNOWN, message, hint="Declare it, or correct the relation's foreignKey.")
    return prop


def _of_types(model: Model, names: Sequence[str], keys: Sequence[tuple[Any, ...]]) -> Sequence[tuple[Any, ...]]:
    """The keys with texts where the properties hold texts, and numbers where they hold numbers; others go."""
    if not keys:
        return keys
    texts = [isinstance(_property(model, name).type, _TEXTS) for name in names]
    if all(isinstance(part, str) is text for part, text in zip(keys[0], texts, strict=True)):
        return keys
    convert = [value_converter(_property(model, name).type, lenient=True) for name in names]
    found: list[tuple[Any, ...]] = []
    for key in keys:
        with suppress(RequestError):
            found.append(tuple(made(part) for made, part in zip(convert, key, strict=True)))
    return found


def _check_keys(rows: Sequence[Row], relation: Relation) -> None:
    """Refuse rows that were read without the property that ties them to their related rows."""
    for row in rows:
        missing = next((name for name in relation.key_from if name not in row), None)
        if missing is not None:
            message = (
                f'ID property "{missing}" is missing for included item: {json_text(row)}. '
                f'Please make sure `fields` include "{missing}" if it\'s present in the `filter`'
            )
            raise RequestError(Code.FILTER_MALFORMED, message)


def _keys(rows: Iterable[Row], names: Sequence[str]) -> list[tuple[Any, ...]]:
    """The distinct keys of the rows, in the order they come."""
    found = (key for row in rows if (key := key_of(row, names)) is not None)
    return list({key_text(key): key for key in found}.values())


def key_text(key: tuple[Any, ...]) -> str:
    """A key as text, because a key and what refers to it need not be of one type."""
    if len(key) == 1:
        (value,) = key
        return str(value) if type(value) is int and -SAFE < value < SAFE else to_text(value)
    return "\0".join(map(to_text, key))


def _grouped(rows: Iterable[Row], names: Sequence[str]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        key = key_of(row, names)
        if key is not None:
            groups.setdefault(key_text(key), []).append(row)
    return groups


def _page(rows: list[Row], query: Query) -> list[Row]:
    """The page of one parent's related rows."""
    return rows[query.skip : None if query.limit is None else query.skip + query.limit]


def the_one(related: Sequence[T], model: Model) -> T:
    """The row that stands for a relation to one of this model; of several LoopBack leaves the last it comes to."""
    return related[-1 if model.layout.is_loopback else 0]


def _put(row: Row, include: Include, related: list[Row]) -> None:
    relation, query = include.relation, include.query
    if relation.many:
        row[relation.name] = related
    elif related:
        row[relation.name] = the_one(related, query.model) if query is not None else related[0]


def chunks(keys: Sequence[tuple[Any, ...]], size: int) -> Iterator[Sequence[tuple[Any, ...]]]:
    """The keys in parts of at most this size."""
    for start in range(0, len(keys), size):
        yield keys[start : start + size]
