"""Bound queries and conditions as filters again, in the form that `access` hooks see and change."""

from collections.abc import Mapping
from typing import Any

from lbconf.query.nodes import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Constant,
    Include,
    Near,
    NoneOf,
    Operator,
    Order,
    Query,
    Related,
    Target,
)

__all__ = ["filter_of", "where_of"]


def filter_of(query: Query, *, default_order: bool) -> dict[str, Any]:
    """The filter that is bound to this query; `default_order`: its order is the model's own, and not told."""
    found: dict[str, Any] = {}
    where = where_of(query.where)
    if where is not None:
        found["where"] = where
    if query.fields is not None:
        found["fields"] = [prop.name for prop in query.fields]
    if query.order and not default_order:
        found["order"] = [_key(key) for key in query.order]
    if query.include:
        found["include"] = [_include(item) for item in query.include]
    if query.limit is not None:
        found["limit"] = query.limit
    if query.skip:
        found["skip"] = query.skip
    return found


def where_of(condition: Condition | None) -> dict[str, Any] | None:
    """The condition as a `where`; None where there is none."""
    match condition:
        case None:
            return None
        case Comparison():
            return {_name(condition.target): _compared(condition)}
        case Near():
            place: dict[str, Any] = {
                "near": {"lat": condition.latitude, "lng": condition.longitude},
                "unit": "meters",
            }
            if condition.max_distance is not None:
                place["maxDistance"] = condition.max_distance
            if condition.min_distance is not None:
                place["minDistance"] = condition.min_distance
            return {_name(condition.target): place}
        case AllOf(parts):
            return _joined([where_of(part) or {} for part in parts])
        case AnyOf(parts):
            return {"or": [where_of(part) or {} for part in parts]}
        case NoneOf(parts):
            return {"nor": [where_of(part) or {} for part in parts]}
        case Constant(value):
            return {} if value else {"or": []}
        case Related():
            return {condition.relation: condition.asked or {"exists": True}}


def _joined(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """One object where the parts speak of different properties by plain equality, as LoopBack's relations do."""
    plain = all(len(part) == 1 and not isinstance(next(iter(part.values())), Mapping | list) for part in parts)
    names = [name for part in parts for name in part]
    if plain and len(set(names)) == len(names):
        return {name: value for part in parts for name, value in part.items()}
    return {"and": parts}


def _compared(condition: Comparison) -> Any:
    value = condition.value
    match condition.operator:
        case Operator.EQ:
            return {"eq": value} if isinstance(value, Mapping | list) else value
        case Operator.REGEXP:
            pattern, flags = value
            return {"regexp": f"/{pattern}/{flags}"}
        case Operator.INQ | Operator.NIN | Operator.BETWEEN:
            return {condition.operator.value: list(value)}
        case _:
            return {condition.operator.value: value}


def _name(target: Target) -> str:
    return ".".join((target.property.name, *target.path))


def _key(order: Order) -> str:
    steps = [step.relation for step in order.via]
    return f"{'.'.join((*steps, _name(order.target)))} {'DESC' if order.descending else 'ASC'}"


def _include(item: Include) -> Any:
    scope = {} if item.query is None else filter_of(item.query, default_order=not (item.scope and item.scope.order))
    scope = scope if item.query is not None else {}
    return {"relation": item.relation.name, "scope": scope} if scope else item.relation.name
