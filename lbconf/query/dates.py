"""Points in time out of what clients send, read as ECMAScript's `new Date(x)` in V8 reads them, with UTC as zone.

The ISO forms are tried first; what is left goes through the lenient reader
browsers and Node share, which accepts `Feb 3, 2020 4:05 PM`, `2/3/2020` and the like.

Source: ECMA-262, chapter 21.4.1.32 (date time string format); the observed behaviour of V8 for the rest.
"""

import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from lbconf.query.javascript import to_number, to_text

__all__ = ["to_datetime"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ISO = re.compile(
    r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?"
    r"(?:[Tt](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,200}))?)?([Zz]|[+-]\d{2}:?\d{2})?)?",
    re.ASCII,
)
_FAR_YEAR = re.compile(r"[+-]\d{6}-", re.ASCII)
"""What the expanded years of ISO 8601 begin with: those before 0 and after 9999."""
_TOKEN = re.compile(r"(\d+)|([A-Za-z]+)|(\s+)|(.)", re.ASCII | re.DOTALL)
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: place for place, name in enumerate(_MONTH_NAMES, 1)}
_ZONES = {"utc": 0, "ut": 0, "gmt": 0, "z": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6}
_ZONES |= {"pst": -8, "pdt": -7}
_LONGEST = 200


def to_datetime(value: Any) -> datetime | None:
    """The point in time in UTC, whole milliseconds; None for what is no date or outside the years 1 to 9999.

    Numbers are milliseconds since 1970, truth values count as 0 and 1.
    """
    if isinstance(value, datetime):
        return _to_milliseconds(value if value.tzinfo else value.replace(tzinfo=UTC))
    if isinstance(value, bool | int | float):
        return _of_milliseconds(to_number(value))
    text = value if isinstance(value, str) else to_text(value)
    if len(text) > _LONGEST or _FAR_YEAR.match(text):
        return None
    try:
        return _of_iso(text) or _Lenient(text).read()
    except (ValueError, OverflowError):
        return None


def _to_milliseconds(value: datetime) -> datetime:
    value = value.astimezone(UTC)
    return value.replace(microsecond=value.microsecond // 1000 * 1000)


def _of_milliseconds(number: float) -> datetime | None:
    if math.isnan(number) or math.isinf(number):
        return None
    try:
        return _EPOCH + timedelta(milliseconds=int(number))
    except OverflowError:
        return None


def _of_iso(text: str) -> datetime | None:
    found = _ISO.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    offset = 0
    if zone and zone not in "Zz":
        hours, minutes = int(zone[1:3]), int(zone[-2:])
        offset = (hours * 60 + minutes) * (-1 if zone[0] == "-" else 1)
    milliseconds = int(fraction[:3].ljust(3, "0")) if fraction else 0
    time = (int(hour or 0), int(minute or 0), int(second or 0), milliseconds)
    return _made((int(year), int(month or 1), int(day or 1)), time, offset)


def _made(day: tuple[int, int, int], time: tuple[int, int, int, int], offset: int) -> datetime | None:
    """The point in time; day 31 of a shorter month runs over into the next one. `offset` is in minutes."""
    year, month, date = day
    hour, minute, second, milliseconds = time
    if not (1 <= month <= 12 and 1 <= date <= 31 and minute <= 59 and second <= 59):  # noqa: PLR2004 - the calendar
        return None
    if hour > 24 or (hour == 24 and (minute or second or milliseconds)):  # noqa: PLR2004 - the clock
        return None
    shift = timedelta(days=date - 1, hours=hour, minutes=minute - offset, seconds=second, milliseconds=milliseconds)
    return datetime(year, month, 1, tzinfo=UTC) + shift


class _Lenient:
    """The lenient reader: numbers fill day, month and year in the order they come, words are months and zones."""

    def __init__(self, text: str) -> None:
        self.tokens = [found.groups() for found in _TOKEN.finditer(text)]
        self.at = 0
        self.days: list[int] = []
        self.month: int | None = None
        self.clock: list[int] = []
        self.clock_done = False
        self.milliseconds = 0
        self.half: int | None = None
        self.zone: int | None = None
        self.read_number = False

    def read(self) -> datetime | None:
        """The point in time, or None."""
        while self.at < len(self.tokens):
            number, word, blank, symbol = self.tokens[self.at]
            self.at += 1
            if number is not None:
                fits = self._number(int(number[:9]))
            elif word is not None:
                fits = self._word(word.lower())
            else:
                fits = blank is not None or self._symbol(symbol)
            if not fits:
                return None
        return self._result()

    def _next(self, symbols: str) -> bool:
        """Whether the next token is one of these symbols; then it is passed."""
        if self.at < len(self.tokens) and self.tokens[self.at][3] is not None and self.tokens[self.at][3] in symbols:
            self.at += 1
            return True
        return False

    def _number(self, number: int) -> bool:
        self.read_number = True
        in_clock = bool(self.clock) and not self.clock_done
        if not self.clock_done and self._next(":"):
            self.clock.append(number)
            return len(self.clock) < 3  # noqa: PLR2004 - hours and minutes
        if in_clock:
            self.clock.append(number)
            self.clock_done = True
            if self._next("."):
                digits = self.tokens[self.at][0] if self.at < len(self.tokens) else None
                if digits is None:
                    return False
                self.at += 1
                self.milliseconds = int(digits[:3].ljust(3, "0"))
            return True
        self.days.append(number)
        self._next("-")
        return len(self.days) <= 3  # noqa: PLR2004 - day, month, year

    def _word(self, word: str) -> bool:
        if word in {"am", "pm"} and self.clock:
            self.half = 12 if word == "pm" else 0
        elif word[:3] in _MONTHS:
            self.month = _MONTHS[word[:3]]
            self._next("-")
        elif word in _ZONES and self.read_number:
            self.zone = _ZONES[word] * 60
        elif word == "t" and len(self.days) == 3 and not self.clock:  # noqa: PLR2004 - a whole day
            return True
        else:
            follows = self.tokens[self.at][0] if self.at < len(self.tokens) else None
            return not self.read_number and follows is None
        return True

    def _symbol(self, symbol: str) -> bool:
        if symbol in "+-" and (self.clock or self.zone == 0):
            return self._offset(-1 if symbol == "-" else 1)
        if symbol == "(":
            while self.at < len(self.tokens) and self.tokens[self.at][3] != ")":
                self.at += 1
            self.at += 1
            return True
        return not (self.read_number and symbol in "+-)")

    def _offset(self, sign: int) -> bool:
        digits = self.tokens[self.at][0] if self.at < len(self.tokens) else None
        if digits is None:
            return False
        self.at += 1
        if self._next(":"):
            minutes = self.tokens[self.at][0] if self.at < len(self.tokens) else None
            self.at += 1
            self.zone = sign * (int(digits[:9]) * 60 + int((minutes or "0")[:9]))
        elif len(digits) <= 2:  # noqa: PLR2004 - hours alone
            self.zone = sign * int(digits) * 60
        elif len(digits) <= 4:  # noqa: PLR2004 - hours and minutes
            self.zone = sign * (int(digits) // 100 * 60 + int(digits) % 100)
        else:
            return False
        return True

    def _result(self) -> datetime | None:
        if not self.days:
            return None
        first, second, third = [*self.days, 1, 1, 1][:3]
        if self.month is None:
            year, month, day = (first, second, third) if not 1 <= first <= 31 else (third, first, second)  # noqa: PLR2004
        elif len(self.days) == 1:
            year, month, day = 2001, self.month, first
        else:
            year, day = (second, first) if 1 <= first <= 31 else (first, second)  # noqa: PLR2004 - a day of the month
            month = self.month
        if year < 100:  # noqa: PLR2004 - two digits
            year += 2000 if year < 50 else 1900  # noqa: PLR2004 - as browsers do
        hour, minute, seconds = [*self.clock, 0, 0, 0][:3]
        if self.half is not None:
            if not 1 <= hour <= 12:  # noqa: PLR2004 - the clock
                return None
            hour = hour % 12 + self.half
        return _made((year, month, day), (hour, minute, seconds, self.milliseconds), self.zone or 0)
