"""ECMAScript's conversions and `+`, as far as configuration files use them. Source: ECMA-262, chapter 7.1."""

import math
from typing import Any

from lbconf.documents.markers import UNDEFINED, Undefined, VariableText

__all__ = ["is_truthy", "number_of", "number_of_value", "plus", "text_of", "text_of_primitive", "unescape"]


def is_truthy(value: Any) -> bool:
    """Whether a value counts as true."""
    return isinstance(value, dict | list) or (bool(value) and not isinstance(value, Undefined) and value == value)  # noqa: PLR0124 - NaN


def plus(left: Any, right: Any) -> Any:
    """ECMAScript's `+`: sums of numbers, else texts put together. Keeps the variable a part came from."""
    if all(type(one) in {int, float} for one in (left, right)):
        return left + right
    made = text_of(left) + text_of(right)
    variable = next((one.variable for one in (left, right) if isinstance(one, VariableText)), None)
    return made if variable is None else VariableText.of(made, variable)


_DOUBLE_BITS = 1024
"""A whole number of more is infinity."""


def text_of_primitive(value: Any) -> str:
    """The text of a value; one that is text already keeps its variable."""
    return value if isinstance(value, str) else text_of(value)


def text_of(value: Any) -> str:
    """ECMAScript's text of a value (ECMA-262, ToString)."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, list):
        return ",".join("" if item is None or item is UNDEFINED else text_of(item) for item in value)
    return "[object Object]" if isinstance(value, dict) else str(value)


def number_of(text: str) -> int | float:
    """ECMAScript's number of a text; NaN where it is none."""
    words = text.strip()
    try:
        number = int(words, 0) if words[:2].lower() in {"0x", "0o", "0b"} else int(words)
        return number if number.bit_length() <= _DOUBLE_BITS else (math.inf if number > 0 else -math.inf)
    except ValueError:
        pass
    try:
        return float(words)
    except ValueError:
        return math.nan


def number_of_value(value: Any) -> int | float:
    """The number of a value that is no text; NaN where it is none."""
    if isinstance(value, bool) or value is None:
        return int(bool(value))
    return value if isinstance(value, int | float) else math.nan


def unescape(escape: str) -> str:
    """The character an escape sequence stands for."""
    simple = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": ""}
    body = escape[1:]
    if body[:1] in {"u", "x"}:
        return chr(int(body[1:].strip("{}"), 16))
    return simple.get(body, body)
