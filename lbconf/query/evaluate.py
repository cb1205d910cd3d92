"""The reference interpreter: a query over rows in memory.

It says what every connector's `find` must return. Two semantics exist.
`SQL`: a comparison with null is neither true nor false, null sorts as the
greatest value, LIKE covers the whole text, nulls among the values of `inq` and
`nin` are passed over, and `nor` holds where none of its conditions is true. `LOOPBACK`: what LoopBack's memory
connector does, where null and a missing property are ordinary values, equality
compares texts, and LIKE is looked for anywhere.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cmp_to_key
from typing import Any, TypeAlias, assert_never

from lbconf.project.resolved import Strict
from lbconf.query import loose
from lbconf.query.nodes import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Constant,
    Near,
    NoneOf,
    Operator,
    Order,
    Query,
    Related,
    Row,
    Target,
)
from lbconf.query.pattern import compile_like, compile_pattern

__all__ = ["Semantics", "condition_test", "distance", "evaluate", "near_of"]

_EARTH_RADIUS = 6370990.56
"""Metres, LoopBack's sphere."""

Truth: TypeAlias = bool | None
Test: TypeAlias = Callable[[Row], Truth]


class Semantics(StrEnum):
    """How values compare."""

    SQL = "sql"
    LOOPBACK = "loopback"


def evaluate(query: Query, rows: Iterable[Row], semantics: Semantics = Semantics.SQL) -> list[Row]:
    """The rows that match, ordered, cut to the page, with the chosen fields; the rows given are not changed.

    Rows near a point come nearest first. Includes are not considered.
    """
    return chosen(query, selected(query, rows, semantics))


def selected(query: Query, rows: Iterable[Row], semantics: Semantics = Semantics.SQL) -> list[Row]:
    """The same rows themselves, no copies, with every property."""
    found = list(rows)
    if query.where is not None:
        test = condition_test(query.where, semantics)
        found = [row for row in found if test(row)]
    if query.order:
        found = _ordered(found, query.order, semantics)
    near = near_of(query.where)
    if near is not None:
        found.sort(key=lambda row: distance(near, row))
    end = None if query.limit is None else query.skip + query.limit
    return found[query.skip : end]


def chosen(query: Query, rows: Sequence[Row]) -> list[Row]:
    """Copies of the rows with the fields that the query asks for."""
    if query.fields is None:
        known = query.model.properties
        if query.model.strict is not Strict.KEEP and query.model.layout.is_loopback:
            return [{name: value for name, value in row.items() if name in known} for row in rows]
        return [dict(row) for row in rows]
    names = tuple(prop.name for prop in query.fields)
    return [{name: row[name] for name in names if name in row} for row in rows]


def condition_test(condition: Condition, semantics: Semantics = Semantics.SQL) -> Callable[[Row], bool]:
    """A function that tells whether a row matches."""
    test = _test(condition, semantics)
    return lambda row: test(row) is True


def near_of(condition: Condition | None) -> Near | None:
    """The condition that orders by distance, where there is one that every row must meet."""
    if isinstance(condition, Near):
        return condition
    if isinstance(condition, AllOf):
        return next((found for part in condition.conditions if (found := near_of(part)) is not None), None)
    return None


def distance(near: Near, row: Row) -> float:
    """Metres between the condition's point and the row's, on a sphere; infinite without a point."""
    point = _value(near.target, row)
    if not isinstance(point, Mapping):
        return math.inf
    north, south = math.radians(near.latitude), math.radians(point["lat"])
    east = math.radians(point["lng"] - near.longitude)
    half = math.sin((south - north) / 2) ** 2 + math.cos(north) * math.cos(south) * math.sin(east / 2) ** 2
    return 2 * _EARTH_RADIUS * math.asin(min(1.0, math.sqrt(half)))


def _test(condition: Condition, semantics: Semantics) -> Test:
    match condition:
        case Comparison(target=target):
            if semantics is Semantics.LOOPBACK:
                return loose.comparison_test(condition)
            if condition.value is None:
                null = condition.operator is Operator.EQ
                return lambda row: (_value(target, row) is None) is null
            holds = _holds(condition)
            return lambda row: None if (value := _value(target, row)) is None else holds(value)
        case Near():
            return lambda row: _is_near(condition, row)
        case AllOf(conditions=conditions):
            tests = tuple(_test(part, semantics) for part in conditions)
            return lambda row: _every(test(row) for test in tests)
        case AnyOf(conditions=conditions):
            tests = tuple(_test(part, semantics) for part in conditions)
            return lambda row: _some(test(row) for test in tests)
        case NoneOf(conditions=conditions):
            tests = tuple(_test(part, semantics) for part in conditions)
            return lambda row: not any(test(row) for test in tests)
        case Constant(value=value):
            return lambda _: value
        case Related():
            msg = "what is asked of related rows has to be settled before"
            raise TypeError(msg)
        case _:
            assert_never(condition)


def _every(truths: Iterable[Truth]) -> Truth:
    result: Truth = True
    for truth in truths:
        if truth is False:
            return False
        if truth is None:
            result = None
    return result


def _some(truths: Iterable[Truth]) -> Truth:
    result: Truth = False
    for truth in truths:
        if truth:
            return True
        if truth is None:
            result = None
    return result


def _not(truth: Truth) -> Truth:
    return None if truth is None else not truth


def _value(target: Target, row: Row) -> Any:
    value = row.get(target.property.name)
    for key in target.path:
        if isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(value, list) and key.isascii() and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value


def _is_near(near: Near, row: Row) -> bool:
    found = distance(near, row)
    if math.isinf(found):
        return False
    if near.max_distance is not None and found > near.max_distance:
        return False
    return near.min_distance is None or found >= near.min_distance


def _holds(comparison: Comparison) -> Callable[[Any], Truth]:
    """What to ask of a value that is not null. Null tests are the exception: they are asked of every value."""
    operand = comparison.value
    match comparison.operator:
        case Operator.INQ if (members := _members(operand)) is not None:
            return lambda value: (
                value in members if type(value) in _PLAIN else any(_equal(value, item) for item in operand)
            )
        case Operator.INQ:
            return lambda value: _is_one_of(value, operand)
        case Operator.NIN:
            return lambda value: not any(_equal(value, item) for item in operand)
        case Operator.BETWEEN:
            low, high = operand
            return lambda value: _every((_compared(value, low, _NOT_LESS), _compared(value, high, _NOT_GREATER)))
        case Operator.LIKE | Operator.ILIKE | Operator.NLIKE | Operator.NILIKE | Operator.REGEXP:
            return _matches(comparison)
        case Operator.EQ:
            return lambda value: _equal(value, operand)
        case Operator.NEQ:
            return lambda value: _not(_equal(value, operand))
        case Operator.GT:
            return lambda value: _compared(value, operand, _GREATER)
        case Operator.GTE:
            return lambda value: _compared(value, operand, _NOT_LESS)
        case Operator.LT:
            return lambda value: _compared(value, operand, _LESS)
        case Operator.LTE:
            return lambda value: _compared(value, operand, _NOT_GREATER)
        case _:
            assert_never(comparison.operator)


_PLAIN = frozenset({int, str})
_FEW = 16


def _is_one_of(value: Any, operand: tuple[Any, ...]) -> bool:
    return any(_equal(value, item) for item in operand)


def _members(operand: tuple[Any, ...]) -> frozenset[Any] | None:
    """A long list of keys, to be looked up in; None for others."""
    if len(operand) <= _FEW or any(type(item) not in _PLAIN for item in operand):
        return None
    return frozenset(operand)


_LESS = frozenset({-1})
_GREATER = frozenset({1})
_NOT_LESS = frozenset({0, 1})
_NOT_GREATER = frozenset({-1, 0})


def _matches(comparison: Comparison) -> Callable[[Any], Truth]:
    operator = comparison.operator
    if operator is Operator.REGEXP:
        pattern = compile_pattern(*comparison.value)
        return lambda value: isinstance(value, str) and pattern.search(value)
    pattern = compile_like(comparison.value, ignore_case=operator in {Operator.ILIKE, Operator.NILIKE}, loose=False)
    if operator in {Operator.LIKE, Operator.ILIKE}:
        return lambda value: isinstance(value, str) and pattern.search(value)
    return lambda value: not (isinstance(value, str) and pattern.search(value))


def _equal(value: Any, operand: Any) -> Truth:
    if operand is None:
        return None
    if isinstance(value, bool) is not isinstance(operand, bool):
        return False
    return bool(value == operand)


def _compared(value: Any, operand: Any, wanted: frozenset[int]) -> Truth:
    if operand is None:
        return None
    if isinstance(value, float) and isinstance(operand, Decimal):
        operand = float(operand)
    if isinstance(value, Decimal) and isinstance(operand, float):
        value = float(value)
    try:
        return ((value > operand) - (value < operand)) in wanted
    except TypeError:
        return False


def _ordered(rows: list[Row], order: tuple[Order, ...], semantics: Semantics) -> list[Row]:
    if semantics is Semantics.LOOPBACK:
        return sorted(rows, key=cmp_to_key(loose.row_order(order)))
    for key in reversed(order):
        target = key.target

        def sort_key(row: Row, target: Target = target) -> tuple[bool, Any]:
            value = _value(target, row)
            return (True, 0) if value is None else (False, _sortable(value))

        rows = sorted(rows, key=sort_key, reverse=key.descending)
    return rows


def _sortable(value: Any) -> Any:
    if isinstance(value, bool | int | float | str | datetime | Decimal):
        return value
    return str(value) if isinstance(value, list | Mapping) else value
