"""Whether a value has its shape, told as fast as can be: the table `shapes` turned into predicates.

Most files are right. `structure` looks at the places of a value only when the
predicate says no (or does not know a key), because reporting costs twenty times as much.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final, TypeAlias

from lbconf.layers.secret import Secret
from lbconf.project.shapes import DEFINITIONS, ROOTS

__all__ = ["accepts", "accepts_shape", "forget"]

Predicate: TypeAlias = Callable[[Any], bool]
Table: TypeAlias = dict[type, Predicate | None]
"""Type of a value to what else must hold for it; None: nothing."""

_ALWAYS: Final[Table] = {type(None): None, Secret: None}


_GOOD: Final[list[dict[int, Any]]] = []
"""Of each shape what was found good, by identity; it stays as long as it is remembered, so no other takes its place."""


def forget() -> None:
    """Remember nothing of what was accepted: from now on it may change."""
    for good in _GOOD:
        good.clear()


def accepts(root: str, value: Mapping[str, Any]) -> bool:
    """Whether a value has the shape named `root` and no key that deserves a warning."""
    check = _root(root)
    return check is None or check(value)


def accepts_shape(shape: Mapping[str, Any], value: Mapping[str, Any]) -> bool:
    """Whether a value has a shape that is not in the table; one that references no definition."""
    table = _table(shape)
    check = None if table is None else table.get(dict, lambda _: False)
    return check is None or check(value)


@cache
def _root(root: str) -> Predicate | None:
    table = _table(ROOTS[root])
    return None if table is None else table.get(dict, lambda _: False)


@cache
def _definition(name: str) -> Table | None:
    return _table(DEFINITIONS[name])


def _table(shape: Mapping[str, Any]) -> Table | None:
    """The table of a shape; None where any value will do."""
    if "$ref" in shape:
        return _definition(shape["$ref"])
    if "anyOf" in shape:
        return _union([_table(choice) for choice in shape["anyOf"]])
    kind = shape.get("type")
    if "enum" in shape:
        return _ALWAYS | {type(one): frozenset(shape["enum"]).__contains__ for one in shape["enum"]}
    match kind:
        case "string":
            pattern = re.compile(shape["pattern"]).search if "pattern" in shape else None
            return _ALWAYS | {str: pattern and (lambda value: pattern(value) is not None)}
        case "boolean":
            return _ALWAYS | {bool: None}
        case "integer" | "number":
            return _ALWAYS | _numbers(shape)
        case "object":
            return _ALWAYS | {dict: _object(shape)}
        case "array":
            check = _array(shape)
            return _ALWAYS | {list: check, tuple: check}
        case _:
            return None


def _union(tables: list[Table | None]) -> Table | None:
    found: dict[type, list[Predicate | None]] = {}
    for table in tables:
        if table is None:
            return None
        for of, check in table.items():
            found.setdefault(of, []).append(check)
    return {of: _either(checks) for of, checks in found.items()}


def _either(checks: list[Predicate | None]) -> Predicate | None:
    known = [check for check in checks if check is not None]
    if len(known) < len(checks):
        return None
    if len(known) == 1:
        return known[0]
    return lambda value: any(check(value) for check in known)


def _numbers(shape: Mapping[str, Any]) -> Table:
    low, high = shape.get("minimum"), shape.get("maximum")

    def within(value: float) -> bool:
        return (low is None or value >= low) and (high is None or value <= high)

    bounded = within if low is not None or high is not None else None
    if shape["type"] == "number":
        return {int: bounded, float: bounded}
    return {int: bounded, float: lambda value: value.is_integer() and within(value)}


def _object(shape: Mapping[str, Any]) -> Predicate | None:  # noqa: C901 - one loop, written out for its speed
    shapes = shape.get("properties", {})
    known = _Tables(shapes)
    required = frozenset(shape.get("required", ()))
    others = shape.get("additionalProperties")
    rest = _table(others) if isinstance(others, Mapping) else None
    warns = bool(shapes) and (others is False or (others is None and "x-open" not in shape))
    if not shapes and rest is None:
        return None

    good: dict[int, Any] = {}
    _GOOD.append(good)

    def check(value: dict[str, Any]) -> bool:
        for name, item in value.items():
            if name in shapes:
                table = known[name]
            elif warns:
                return False
            elif id(item) in good:
                continue
            else:
                table = rest
            if table is not None:
                of = type(item)
                if of not in table:
                    return False
                inner = table[of]
                if inner is not None:
                    if not inner(item):
                        return False
                    if table is rest:
                        good[id(item)] = item
        if not required:
            return True
        return all(value.get(name) is not None for name in required)

    return check


class _Tables(dict[str, Table | None]):
    """Tables of an object's properties, each made when the first value comes: most properties are never written."""

    def __init__(self, shapes: Mapping[str, Any]) -> None:
        super().__init__()
        self._shapes = shapes

    def __missing__(self, name: str) -> Table | None:
        table = self[name] = _table(self._shapes[name])
        return table


def _array(shape: Mapping[str, Any]) -> Predicate | None:
    least = shape.get("minItems", 0)
    table = _table(shape["items"]) if shape.get("items") else None
    if table is None and not least:
        return None

    def check(value: list[Any]) -> bool:
        if len(value) < least:
            return False
        if table is None:
            return True
        for item in value:
            if type(item) not in table:
                return False
            inner = table[type(item)]
            if inner is not None and not inner(item):
                return False
        return True

    return check
