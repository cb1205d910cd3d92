"""Checking what is written against the table `shapes`: kinds of values, required and unknown keys.

What has the wrong shape is reported and left out, so that nothing after this
has to doubt what it reads, and no finding follows from another.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from lbconf.diagnostics import Code, Collector, nearest
from lbconf.documents.pointer import child
from lbconf.layers.secret import Secret
from lbconf.project.acceptance import accepts
from lbconf.project.shapes import DEFINITIONS, ROOTS
from lbconf.project.sources import Places

__all__ = ["Checker"]

_LEFT_OUT: Final = object()
_KINDS: Final[Mapping[str, tuple[str, type | tuple[type, ...]]]] = {
    "string": ("text", str),
    "boolean": ("true or false", bool),
    "integer": ("a whole number", int),
    "number": ("a number", (int, float)),
    "object": ("an object", Mapping),
    "array": ("a list", (list, tuple)),
    "null": ("null", type(None)),
}

_SINGULAR: Final[Mapping[str, str]] = {
    "properties": "property",
    "relations": "relation",
    "relationships": "relation",
    "indexes": "index",
    "uniques": "unique constraint",
    "checks": "check",
    "foreignKeys": "foreign key",
    "exclusions": "exclusion constraint",
    "partitions": "partition",
    "methods": "method",
    "enums": "enum",
    "domains": "domain",
    "composites": "composite type",
    "sequences": "sequence",
    "extensions": "extension",
}


class Checker:
    """Checks values one by one and keeps what it finds."""

    def __init__(self, places: Places, findings: Collector) -> None:
        """Take where to look up places and where to put findings."""
        self._places = places
        self._findings = findings

    def check(self, root: str, value: Any, at: str, what: str) -> Any:
        """The value without what has the wrong shape; None where nothing of it is left.

        Args:
            root: Name of the shape in `ROOTS`.
            value: What is written.
            at: Its pointer.
            what: What it is, for messages: `model Account`.
        """
        if accepts(root, value):
            return value
        checked = self._check(value, ROOTS[root], at, what)
        return None if checked is _LEFT_OUT else checked

    def _check(self, value: Any, shape: Mapping[str, Any], at: str, what: str) -> Any:
        if value is None or isinstance(value, Secret):
            return value
        reference = shape.get("$ref")
        if reference is not None:
            shape = DEFINITIONS[reference]
        choices = shape.get("anyOf")
        if choices is not None:
            return self._choose(value, choices, at, what)
        kind = shape.get("type")
        if kind is not None and not _is(value, kind):
            return self._refuse_kind(value, [shape], at, what)
        allowed = shape.get("enum")
        if allowed is not None and not any(value == one and type(value) is type(one) for one in allowed):
            return self._refuse_value(value, [shape], at, what)
        if kind == "object":
            return self._object(value, shape, at, what)
        if kind == "array":
            return self._array(value, shape, at, what)
        return self._limited(value, shape, at, what)

    def _choose(self, value: Any, choices: list[Mapping[str, Any]], at: str, what: str) -> Any:
        shapes = [DEFINITIONS[choice["$ref"]] if "$ref" in choice else choice for choice in choices]
        fitting = [
            (choice, shape)
            for choice, shape in zip(choices, shapes, strict=True)
            if ("type" not in shape and "enum" not in shape)
            or ("type" in shape and _is(value, shape["type"]))
            or value in shape.get("enum", ())
        ]
        exact = [
            pair
            for pair in fitting
            if "enum" not in pair[1] or any(value is one or value == one for one in pair[1]["enum"])
        ]
        if exact:
            return self._check(value, exact[0][0], at, what)
        if fitting:
            return self._refuse_value(value, shapes, at, what)
        return self._refuse_kind(value, shapes, at, what)

    def _object(self, value: Mapping[str, Any], shape: Mapping[str, Any], at: str, what: str) -> Any:
        known: Mapping[str, Any] = shape.get("properties", {})
        others = shape.get("additionalProperties")
        warns = known and others is None and "x-open" not in shape
        self._require(value, shape.get("required", ()), at, what)
        changed: dict[str, Any] | None = None
        for name, item in value.items():
            inner = known.get(name)
            if inner is None:
                if others is False:
                    self._refuse_unknown(name, known, child(at, name), what)
                    changed = dict(value) if changed is None else changed
                    del changed[name]
                    continue
                if warns:
                    self._warn_unknown(name, known, child(at, name), what)
                if not others or others is True:
                    continue
                inner = others
            if not inner:
                continue
            checked = self._check(item, inner, child(at, name), _named(name, what, entry=name not in known))
            if checked is item:
                continue
            if changed is None:
                changed = dict(value)
            if checked is _LEFT_OUT:
                del changed[name]
            else:
                changed[name] = checked
        return value if changed is None else changed

    def _require(self, value: Mapping[str, Any], names: Iterable[str], at: str, what: str) -> None:
        for name in names:
            if value.get(name) is None:
                self._findings.error(
                    Code.KEY_MISSING, f"{what} does not say its {name}", self._places.key(at), hint=f"add {name}"
                )

    def _array(self, value: list[Any], shape: Mapping[str, Any], at: str, what: str) -> Any:
        if len(value) < shape.get("minItems", 0):
            self._findings.error(
                Code.VALUE_TYPE, f"{what} is an empty list", self._places.value(at), hint="name at least one"
            )
            return _LEFT_OUT
        items = shape.get("items")
        if not items:
            return value
        checked = [
            self._check(item, items, f"{at}/{place}", f"{what}, entry {place + 1}") for place, item in enumerate(value)
        ]
        if all(new is old for new, old in zip(checked, value, strict=True)):
            return value
        return [item for item in checked if item is not _LEFT_OUT]

    def _limited(self, value: Any, shape: Mapping[str, Any], at: str, what: str) -> Any:
        low, high, pattern = shape.get("minimum"), shape.get("maximum"), shape.get("pattern")
        wrong = (
            f"at least {low}" if low is not None and value < low
            else f"at most {high}" if high is not None and value > high
            else None
        )  # fmt: skip
        if pattern is not None and not re.search(pattern, value):
            wrong = f"of the form {pattern}"
        if wrong is None:
            return value
        self._findings.error(
            Code.VALUE_TYPE, f"{what} is {_shown(value)}", self._places.value(at), hint=f"it must be {wrong}"
        )
        return _LEFT_OUT

    def _refuse_kind(self, value: Any, shapes: Iterable[Mapping[str, Any]], at: str, what: str) -> object:
        kinds = list(dict.fromkeys(_KINDS[shape["type"]][0] for shape in shapes if "type" in shape))
        self._findings.error(
            Code.VALUE_TYPE,
            f"{what} is {_shown(value)}",
            self._places.value(at),
            hint=f"it must be {' or '.join(kinds)}",
        )
        return _LEFT_OUT

    def _refuse_value(self, value: Any, shapes: Iterable[Mapping[str, Any]], at: str, what: str) -> object:
        allowed: list[Any] = [one for shape in shapes for one in shape.get("enum", ())]
        allowed.extend(one for shape in shapes if shape.get("type") == "boolean" for one in (True, False))
        near = nearest(value, (one for one in allowed if isinstance(one, str))) if isinstance(value, str) else None
        shown = ", ".join(str(one).lower() if isinstance(one, bool) else str(one) for one in allowed)
        self._findings.error(
            Code.VALUE_UNKNOWN,
            f"{what} is {_shown(value)}",
            self._places.value(at),
            hint=f"did you mean {near}?" if near else f"one of {shown}",
        )
        return _LEFT_OUT

    def _warn_unknown(self, name: str, known: Iterable[str], at: str, what: str) -> None:
        near = nearest(name, known)
        self._findings.warning(
            Code.KEY_UNKNOWN,
            f"{what} has a key {name} that lbconf does not know; it is kept and not used",
            self._places.key(at),
            hint=f"did you mean {near}?" if near else None,
        )

    def _refuse_unknown(self, name: str, known: Iterable[str], at: str, what: str) -> None:
        near = nearest(name, known)
        self._findings.error(
            Code.KEY_UNKNOWN,
            f"{what} has a key {name} that lbconf does not know",
            self._places.key(at),
            hint=f"did you mean {near}?" if near else f"known keys are {', '.join(known)}",
        )


def _named(name: str, what: str, *, entry: bool) -> str:
    """What an inner value is: `strict of model Account`, `property email of model Account`."""
    group, of, owner = what.partition(" of ")
    if entry and of and group in _SINGULAR:
        return f"{_SINGULAR[group]} {name} of {owner}"
    return f"{name} of {what}"


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _KINDS[kind][1])


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'the text "{value}"' if len(value) < 40 else "a text"  # noqa: PLR2004 - what fits on a line
    if isinstance(value, int | float):
        return f"the number {value}"
    return "an object" if isinstance(value, Mapping) else "a list" if isinstance(value, list | tuple) else repr(value)
