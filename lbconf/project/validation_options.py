"""Options of validations: which a rule has, which it needs, and what their values must be."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeGuard

from lbconf.diagnostics import nearest

__all__ = ["problems_of"]

Problem = tuple[str, str, str | None]


def problems_of(rule: str, options: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with a rule's options: pointer inside them, what is wrong, a hint."""
    own = _OPTIONS[rule]
    for name, value in options.items():
        check = own.get(name) or _EVERY.get(name)
        if check is None:
            near = nearest(name, (*own, *_EVERY))
            known = ", ".join((*own, *_EVERY))
            yield f"/{name}", f"{rule} has no option {name}", f"did you mean {near}?" if near else f"it has {known}"
        elif value is not None and not check[0](value):
            yield f"/{name}", f"{name} of {rule} is not right", f"it must be {check[1]}"
    needed = _NEEDED.get(rule, ())
    if needed and not any(options.get(name) is not None for name in needed):
        yield "", f"{rule} does not say {' or '.join(needed)}", f"add {needed[0]}"
    least, most = options.get("min"), options.get("max")
    if _is_number(least) and _is_number(most) and least > most:
        yield "/min", f"min of {rule} is greater than its max", "no value is right; change one of them"


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value)


def _is_names(value: Any) -> bool:
    return _is_text(value) or (_is_list(value) and all(map(_is_text, value)))


def _is_schema(value: Any) -> bool:
    return isinstance(value, Mapping | bool)


def _is_condition(value: Any) -> bool:
    return _is_text(value) or (isinstance(value, Mapping) and bool(value))


def _is_message(value: Any) -> bool:
    return _is_text(value) or (isinstance(value, Mapping) and all(map(_is_text, value.values())))


Check = tuple[Callable[[Any], bool], str]

_FLAG: Final[Check] = (_is_flag, "true or false")
_SIZE: Final[Check] = (_is_size, "a whole number that is not negative")
_LIMIT: Final[Check] = (_is_number, "a number")
_LIST: Final[Check] = (_is_list, "a list of values")
_TEXT: Final[Check] = (_is_text, "a text")

_EVERY: Final[Mapping[str, Check]] = {
    "message": (_is_message, "a text, or texts by what is wrong: {min: ..., max: ...}"),
    "code": _TEXT,
    "allowNull": _FLAG,
    "allowBlank": _FLAG,
    "if": (_is_condition, "the name of a property, or a condition such as {status: open}"),
    "unless": (_is_condition, "the name of a property, or a condition such as {status: open}"),
    "database": _FLAG,
}
_OPTIONS: Final[Mapping[str, Mapping[str, Check]]] = {
    "presence": {},
    "absence": {},
    "length": {"min": _SIZE, "max": _SIZE, "is": _SIZE},
    "numericality": {"int": _FLAG, "min": _LIMIT, "max": _LIMIT},
    "range": {"min": _LIMIT, "max": _LIMIT},
    "inclusion": {"in": _LIST},
    "exclusion": {"in": _LIST},
    "format": {"with": _TEXT, "format": _TEXT},
    "uniqueness": {"scopedTo": (_is_names, "the name of a property, or a list of them"), "ignoreCase": _FLAG},
    "date": {},
    "schema": {"schema": (_is_schema, "a JSON Schema")},
}
_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "length": ("min", "max", "is"),
    "range": ("min", "max"),
    "inclusion": ("in",),
    "exclusion": ("in",),
    "format": ("with", "format"),
    "schema": ("schema",),
}
