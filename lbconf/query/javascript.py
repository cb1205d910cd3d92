"""JSON values turned into numbers, texts and truth values the way ECMAScript does it.

LoopBack converts what clients send with `Number(x)`, `String(x)` and
`Boolean(x)`; the same results are produced here.

Source: ECMA-262, chapter 7.1 (ToNumber, ToString, ToBoolean) and 6.1.6.1.20 (Number::toString).
"""

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

__all__ = [
    "UNDEFINED",
    "json_text",
    "loosely_equal",
    "same_text",
    "to_boolean",
    "to_number",
    "to_text",
    "truthy",
    "whole_of_json",
]


class _Undefined:
    """The type of `UNDEFINED`."""

    def __repr__(self) -> str:
        return "undefined"


UNDEFINED = _Undefined()
"""What a missing property is, where that differs from null."""

_DECIMAL = re.compile(r"[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)", re.ASCII)
_PREFIXED = re.compile(r"0(?:[xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)", re.ASCII)
_MOST_DIGITS = 400
_BLANK = " \t\n\v\f\r\u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x200B)))
_EXACT = 2**53
_PLAIN_EXPONENT = 21
_LARGEST = 10**308
_LARGEST_DIGITS = 309


def to_number(value: Any) -> int | float:
    """`Number(value)`: an `int` where it is whole, NaN where it is no number."""
    if value is None or value is UNDEFINED:
        return 0 if value is None else math.nan
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value if abs(value) < _LARGEST else _float_of(value)
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < _EXACT else value
    if isinstance(value, Decimal):
        return to_number(float(value)) if value.is_finite() and value != value.to_integral_value() else _whole(value)
    if isinstance(value, datetime):
        return round(_utc(value).timestamp() * 1000)
    if isinstance(value, str):
        return _number_of_text(value)
    return _number_of_text(to_text(value))


def to_text(value: Any) -> str:
    """`String(value)`: lists join with commas, an object is `[object Object]`."""
    if isinstance(value, str):
        return value
    if value is None:
        return "null"
    if value is UNDEFINED:
        return "undefined"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) < 10**_PLAIN_EXPONENT else _float_text(_float_of(value))
    if isinstance(value, float):
        return _float_text(value)
    if isinstance(value, Decimal):
        return _float_text(float(value))
    if isinstance(value, datetime):
        return _utc(value).strftime("%a %b %d %Y %H:%M:%S GMT+0000 (Coordinated Universal Time)")
    if isinstance(value, list | tuple):
        return ",".join("" if item is None else to_text(item) for item in value)
    if isinstance(value, Mapping):
        return "[object Object]"
    return str(value)


def truthy(value: Any) -> bool:
    """`Boolean(value)`: every object and list is true, also an empty one."""
    if value is None or value is UNDEFINED or value is False or value == "":
        return False
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value != 0 and value == value  # noqa: PLR0124 - NaN
    return True


def to_boolean(value: Any) -> bool | None:
    """A boolean property's value: the texts `true`, `false`, `1` and `0` count as what they say."""
    if value is None:
        return None
    if isinstance(value, str):
        if value in {"true", "1"}:
            return True
        if value in {"false", "0"}:
            return False
    return truthy(value)


def same_text(left: Any, right: Any) -> bool:
    """Whether two values read the same as text; null and undefined are equal to each other only."""
    left_missing = left is None or left is UNDEFINED
    if left_missing or right is None or right is UNDEFINED:
        return left_missing and (right is None or right is UNDEFINED)
    if type(left) is type(right) and isinstance(left, str | int | bool):
        return bool(left == right)
    return to_text(left) == to_text(right)


def loosely_equal(left: Any, right: Any) -> bool:
    """`left == right`: numbers and texts meet as numbers.

    Objects, lists and dates equal only themselves there, and a value of a request is never the very one of a row.
    """
    if left is None or left is UNDEFINED:
        return right is None or right is UNDEFINED
    if right is None or right is UNDEFINED:
        return False
    objects = tuple(isinstance(value, datetime | list | tuple | Mapping) for value in (left, right))
    if all(objects):
        return False
    if any(objects):
        return to_text(left) == to_text(right) if str in {type(left), type(right)} else False
    if isinstance(left, str) and isinstance(right, str):
        return left == right
    return to_number(left) == to_number(right)


def json_text(value: Any) -> str:
    """The value as compact JSON for a message, at most 200 characters of it."""
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    except (ValueError, RecursionError):
        text = "..."
    return text if len(text) <= 200 else text[:197] + "..."  # noqa: PLR2004 - told in the docstring


def whole_of_json(text: str) -> int | float:
    """A whole number of JSON; infinite where JavaScript's numbers end, whatever its length."""
    return int(text) if len(text) <= _LARGEST_DIGITS else float(text)


def _float_of(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _whole(value: Decimal) -> int | float:
    return int(value) if value.is_finite() and abs(value) < 10**_PLAIN_EXPONENT else float(value)


def _utc(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _number_of_text(text: str) -> int | float:
    stripped = text.strip(_BLANK)
    if not stripped:
        return 0
    if len(stripped) > _MOST_DIGITS:
        return math.nan
    if _DECIMAL.fullmatch(stripped):
        number = float(stripped)
        return int(number) if number.is_integer() and abs(number) < _EXACT else number
    if _PREFIXED.fullmatch(stripped):
        return to_number(int(stripped, 0))
    if stripped in {"Infinity", "+Infinity", "-Infinity"}:
        return float(stripped.replace("Infinity", "inf"))
    return math.nan


def _float_text(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    text = "".join(map(str, digits)).rstrip("0") or "0"
    point = len(digits) + int(exponent)
    if -6 < point <= _PLAIN_EXPONENT:  # noqa: PLR2004 - the standard's bounds of plain notation
        if point <= 0:
            body = "0." + "0" * -point + text
        elif point >= len(text):
            body = text + "0" * (point - len(text))
        else:
            body = text[:point] + "." + text[point:]
    else:
        mantissa = text[0] + ("." + text[1:] if len(text) > 1 else "")
        body = f"{mantissa}e{'+' if point > 0 else '-'}{abs(point - 1)}"
    return ("-" if sign else "") + body
