"""Comparing and ordering the way LoopBack's memory connector does: by ECMAScript's loose rules."""

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from lbconf.query.javascript import UNDEFINED, loosely_equal, same_text, to_number, to_text, truthy
from lbconf.query.nodes import Comparison, Operator, Order, Row, Target
from lbconf.query.pattern import compile_like, compile_pattern

__all__ = ["comparison_test", "row_order"]

_NEGATIVE = frozenset({Operator.NLIKE, Operator.NILIKE})
_IGNORING_CASE = frozenset({Operator.ILIKE, Operator.NILIKE})


def comparison_test(comparison: Comparison) -> Callable[[Row], bool]:
    """A function that tells whether a row meets the comparison.

    A list in the row meets it when one of its items does, or when it is empty and differs.
    """
    target, operator = comparison.target, comparison.operator
    test = _value_test(comparison)
    differs = operator is Operator.NEQ and comparison.value is not None

    def matches(row: Row) -> bool:
        value = _value(target, row)
        if isinstance(value, list):
            return (differs and not value) or any(test(item) for item in value)
        return test(value)

    return matches


def row_order(order: tuple[Order, ...]) -> Callable[[Row, Row], int]:
    """A comparison of two rows for sorting: a missing property is the least, null counts as zero."""
    keys = tuple((key.target, -1 if key.descending else 1) for key in order)

    def compare(left: Row, right: Row) -> int:
        for target, sign in keys:
            first, second = _value(target, left), _value(target, right)
            if first is UNDEFINED or second is UNDEFINED:
                if first is not second:
                    return sign if second is UNDEFINED else -sign
                continue
            result = _relation(first, second)
            if result:
                return sign * result
        return 0

    return compare


def _value(target: Target, row: Row) -> Any:
    value = row.get(target.property.name, UNDEFINED)
    for key in target.path:
        if value is None:
            return None
        if isinstance(value, Mapping):
            value = value.get(key, UNDEFINED)
        elif isinstance(value, list):
            return _below(value, key)
        else:
            return UNDEFINED
    return value


def _below(items: list[Any], key: str) -> Any:
    """The item at a place, or that key of every item, which then counts as a list."""
    if key.isascii() and key.isdigit() and int(key) < len(items):
        return items[int(key)]
    return [item[key] for item in items if isinstance(item, Mapping) and key in item]


def _value_test(comparison: Comparison) -> Callable[[Any], bool]:
    operand = comparison.value
    match comparison.operator:
        case Operator.EQ if isinstance(operand, Mapping):
            return lambda value: value == "[object Object]"  # an object equals nothing but itself, and its text
        case Operator.EQ:
            return lambda value: same_text(operand, value)
        case Operator.NEQ:
            return lambda value: _compared(operand, value) != 0
        case Operator.GT:
            return lambda value: _compared(value, operand) > 0
        case Operator.GTE:
            return lambda value: _compared(value, operand) >= 0
        case Operator.LT:
            return lambda value: _compared(value, operand) < 0
        case Operator.LTE:
            return lambda value: _compared(value, operand) <= 0
        case Operator.BETWEEN:
            low, high = operand
            return lambda value: _compared(value, low) >= 0 and _compared(value, high) <= 0
        case Operator.INQ:
            return lambda value: any(loosely_equal(item, value) for item in operand)
        case Operator.NIN:
            return lambda value: not any(loosely_equal(item, value) for item in operand)
        case Operator.REGEXP:
            found = compile_pattern(*operand)
            return lambda value: isinstance(value, str) and value != "" and found.search(value)
        case _:
            return _like_test(comparison)


def _like_test(comparison: Comparison) -> Callable[[Any], bool]:
    if not truthy(comparison.value):
        return lambda _: False
    found = compile_like(comparison.value, ignore_case=comparison.operator in _IGNORING_CASE, loose=True)
    negative = comparison.operator in _NEGATIVE
    return lambda value: found.search(to_text(value)) != negative


def _compared(left: Any, right: Any) -> float:
    """Negative, zero or positive; NaN where the two cannot be compared."""
    left_missing = left is None or left is UNDEFINED
    if left_missing or right is None or right is UNDEFINED:
        return 0 if left_missing and (right is None or right is UNDEFINED) else math.nan
    if isinstance(left, str):
        result = _relation(left, right)
        return result if result or loosely_equal(left, right) else math.nan
    if isinstance(left, bool | int | float | Decimal | datetime):
        return to_number(left) - to_number(right)
    return 0 if loosely_equal(left, right) else math.nan


def _relation(left: Any, right: Any) -> int:
    """1 for `left > right`, -1 for `left < right`, else 0: texts as texts, anything else as numbers."""
    if isinstance(left, str) and isinstance(right, str):
        if left == right:
            return 0
        if left.isascii() and right.isascii():
            return 1 if left > right else -1
        return 1 if left.encode("utf-16-be", "surrogatepass") > right.encode("utf-16-be", "surrogatepass") else -1
    first = to_number(left) if not isinstance(left, list | Mapping) else to_text(left)
    second = to_number(right) if not isinstance(right, list | Mapping) else to_text(right)
    if isinstance(first, str) or isinstance(second, str):
        if isinstance(left, list | Mapping | str) and isinstance(right, list | Mapping | str):
            return _relation(to_text(left), to_text(right))
        first, second = to_number(first), to_number(second)
    return 1 if first > second else -1 if first < second else 0
