"""The native layout's forms of dates, times, whole and exact numbers: a value is of the type, or it is refused.

Nothing is rounded, shortened or moved to another day, so that what a client
sent is what every data source stores.

Source: ISO 8601-1, sections 5.2 and 5.3 (calendar dates, times of day), as restricted by RFC 3339.
"""

import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from lbconf.diagnostics import Code
from lbconf.query.dates import to_datetime
from lbconf.query.errors import RequestError
from lbconf.query.javascript import json_text, to_text

__all__ = ["InvalidDateError", "decimal_limit", "exact_day", "exact_instant", "exact_time", "integer_limit", "refused"]

_INSTANT = re.compile(
    r"(\d{4}-\d{2}-\d{2})"
    r"(?:[Tt ]([01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:[.,]\d{1,9})?)?([Zz]|[+-](?:[01]\d|2[0-3]):?[0-5]\d)?)?",
    re.ASCII,
)
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[Tt]00:00(?::00(?:\.0{1,9})?)?(?:[Zz]|[+-]00:?00))?", re.ASCII)
_TIME = re.compile(r"\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?", re.ASCII)


class InvalidDateError(RequestError):
    """A value is no date; when a row is written, validation reports it under its property."""


def refused(value: Any, wanted: str) -> RequestError:
    """The error for a value that is not of its type."""
    return RequestError(Code.VALUE_UNUSABLE, f"{json_text(value)} is not {wanted}")


def exact_instant(value: Any) -> datetime:
    """The point in time of an ISO 8601 text whose day exists, or of milliseconds since 1970.

    Raises:
        InvalidDateError: it is neither.

    """
    if isinstance(value, str):
        written = _INSTANT.fullmatch(value)
        if written is None or _day_of(written[1]) is None:
            raise _no_date(value)
        value = value.replace(" ", "T")
    elif isinstance(value, bool) or not isinstance(value, int | float | datetime):
        raise _no_date(value)
    found = to_datetime(value)
    if found is None:
        raise _no_date(value)
    return found


def exact_day(value: Any) -> date:
    """The calendar day of `YYYY-MM-DD`; midnight in UTC may follow, as `JSON.stringify` writes days.

    Raises:
        InvalidDateError: it is none, or a day that does not exist.

    """
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, datetime):
        return exact_instant(value).date()
    written = _DAY.fullmatch(value) if isinstance(value, str) else None
    found = _day_of(written[1]) if written is not None else None
    if found is None:
        raise _no_date(value)
    return found


def exact_time(value: Any) -> time:
    """The time of day of `HH:MM`, `HH:MM:SS` or `HH:MM:SS.ffffff`; raises `RequestError` for anything else."""
    if isinstance(value, time):
        return value
    if isinstance(value, str) and _TIME.fullmatch(value):
        try:
            return time.fromisoformat(value)
        except ValueError:
            pass
    raise refused(value, "a time of day, such as 14:30:00")


def integer_limit(bits: int, read: Callable[[Any], int]) -> Callable[[Any], int]:
    """The same conversion, refusing what does not fit into so many bits."""
    most = 2 ** (bits - 1)

    def convert(value: Any) -> int:
        number = read(value)
        if not -most <= number < most:
            raise RequestError(Code.VALUE_UNUSABLE, f"{json_text(value)} is not between {-most} and {most - 1}")
        return number

    return convert


def decimal_limit(precision: int, scale: int, read: Callable[[Any], Decimal]) -> Callable[[Any], Decimal]:
    """The same conversion, refusing more than `scale` digits after the point or `precision` digits in all."""

    def convert(value: Any) -> Decimal:
        number = read(value)
        if not number:
            return Decimal(0)
        _, digits, exponent = number.as_tuple()
        zeros = len(digits) - len("".join(map(str, digits)).rstrip("0"))
        if -(int(exponent) + zeros) > scale:
            raise _digits(value, f"not a number with at most {scale} digits after the point")
        if number.adjusted() >= precision - scale:
            raise _digits(value, f"not a number with at most {precision - scale} digits before the point")
        return number

    return convert


def _day_of(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _no_date(value: Any) -> InvalidDateError:
    return InvalidDateError(Code.VALUE_UNUSABLE, f"Invalid date: {to_text(value)[:100]}")


def _digits(value: Any, complaint: str) -> RequestError:
    return RequestError(Code.VALUE_UNUSABLE, f"{json_text(value)} is {complaint}")
