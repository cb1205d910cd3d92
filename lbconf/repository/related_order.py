"""Rows in the order of related rows, worked out here for stores that know no joins."""

from collections.abc import Callable, Sequence

from lbconf.query.evaluate import Semantics, evaluate, near_of
from lbconf.query.nodes import Order, Query, Related, Row, Target
from lbconf.records import replace
from lbconf.repository.include import key_of, key_text

__all__ = ["ordered_here"]


def ordered_here(query: Query, find: Callable[[Query], list[Row]], semantics: Semantics) -> list[Row]:
    """The rows of a query that orders by related rows, for a store that knows no joins."""
    rows = find(replace(query, order=(), limit=None, skip=0, fields=None))
    order: list[Order] = []
    added: list[str] = []
    for number, key in enumerate(query.order):
        if not key.via:
            order.append(key)
            continue
        name = f"\0{number}"
        added.append(name)
        values = _led_to(rows, key.via, find)
        prop = replace(key.target.property, name=name)
        for row, found in zip(rows, values, strict=True):
            row[name] = None if found is None else found.get(key.target.property.name)
        order.append(Order(Target(prop, key.target.path), key.descending))
    ordered = evaluate(replace(query, where=near_of(query.where), order=tuple(order), fields=None), rows, semantics)
    names = None if query.fields is None else {prop.name for prop in query.fields}
    return [
        {name: row[name] for name in row if name not in added and (names is None or name in names)} for row in ordered
    ]


def _led_to(rows: Sequence[Row], steps: Sequence[Related], find: Callable[[Query], list[Row]]) -> list[Row | None]:
    """For each row the one that the steps lead to, or None."""
    here: list[Row | None] = list(rows)
    for step in steps:
        names = tuple(prop.name for prop in step.key_to)
        by_key: dict[str, Row] = {}
        ordered = tuple(Order(Target(prop)) for prop in step.model.ids)
        for target in find(Query(model=step.model, where=step.condition, order=ordered)):
            key = key_of(target, names)
            if key is not None:
                by_key.setdefault(key_text(key), target)
        own = tuple(prop.name for prop in step.key_from)
        here = [None if row is None or (key := key_of(row, own)) is None else by_key.get(key_text(key)) for row in here]
    return here
