"""Values between rows and columns, in the forms that more than one database needs."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from lbconf.connectors.sql.dialect import BoundColumn, ValueRefused
from lbconf.datatypes import (
    BooleanType,
    DataType,
    DateOnlyType,
    DateTimeType,
    DecimalType,
    IntegerType,
    NumberType,
)
from lbconf.query.nodes import Row

__all__ = [
    "as_boolean",
    "as_exact",
    "as_instant",
    "as_whole",
    "from_exact",
    "from_json",
    "from_milliseconds",
    "from_text",
    "iso",
    "rows_of",
    "to_json",
    "to_milliseconds",
    "to_text",
]

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
SAFE: Final = 2**53


def rows_of(columns: Sequence[BoundColumn], found: Sequence[Sequence[Any]]) -> list[Row]:
    """Rows by property name from what the driver gave for these columns."""
    names = [column.prop.name for column in columns]
    decoders = [(column.prop.name, column.decode) for column in columns if column.decode is not None]
    rows: list[Row] = [dict(zip(names, values, strict=False)) for values in found]
    for name, decode in decoders:
        for row in rows:
            if row[name] is not None:
                row[name] = decode(row[name])
    return rows


def to_json(value: Any) -> str:
    """JSON text of a value that may hold dates and exact numbers. Raises `ValueRefused` for NaN and infinities."""
    try:
        return json.dumps(value, default=_unusual, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except ValueError as problem:
        raise ValueRefused(str(problem)) from None


def from_json(text: Any) -> Any:
    """The value of JSON text; text that is no JSON stands for itself."""
    try:
        return json.loads(text)
    except (ValueError, TypeError):
        return text


def iso(value: datetime) -> str:
    """A point in time as the API writes it: UTC, milliseconds, `Z`."""
    moment = value.replace(tzinfo=None) if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
    return moment.isoformat(timespec="milliseconds") + "Z"


def to_milliseconds(value: Any) -> int:
    """Milliseconds since 1970."""
    if isinstance(value, datetime):
        moment: datetime = as_instant(value)
        return (moment - EPOCH) // timedelta(milliseconds=1)
    return as_whole(value)


def from_milliseconds(value: Any) -> Any:
    """The point in time so many milliseconds after 1970; other content stands for itself."""
    if isinstance(value, str):
        return from_text(DateTimeType())(value)
    try:
        return EPOCH + timedelta(milliseconds=value)
    except (TypeError, OverflowError):
        return value


def as_instant(value: Any) -> Any:
    """A point in time in UTC."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return value


def as_whole(value: Any) -> int:
    """A whole number of 64 bits. Raises `ValueRefused` rather than round."""
    if isinstance(value, float | Decimal):
        if value != value or value in {float("inf"), float("-inf")} or value != int(value):  # noqa: PLR0124 - NaN
            msg = f"{value} is not a whole number"
            raise ValueRefused(msg)
        value = int(value)
    if not isinstance(value, int):
        msg = f"{value!r} is not a number"
        raise ValueRefused(msg)
    if not -(2**63) <= value < 2**63:
        msg = f"{value} is out of range"
        raise ValueRefused(msg)
    return int(value)


def as_exact(value: Any) -> Any:
    """A number as exactly the decimal it is written as."""
    if isinstance(value, float):
        return Decimal(repr(value))
    return value


def as_boolean(value: Any) -> bool:
    """Truth kept as a number or text."""
    return value not in {0, "", "0", "f", "false", "FALSE", "N", "n"}


def from_exact(datatype: DataType) -> Callable[[Any], Any] | None:
    """What makes an exact number the value of a property of this type; None: as it is."""
    if isinstance(datatype, DecimalType):
        return None
    if isinstance(datatype, NumberType | IntegerType):
        return _number
    return from_plain(datatype)


def from_plain(datatype: DataType) -> Callable[[Any], Any]:
    """What makes a number a value of a property that is no number."""
    if isinstance(datatype, BooleanType):
        return as_boolean
    if isinstance(datatype, DateTimeType):
        return from_milliseconds
    return str


def to_text(value: Any) -> str:
    """A value as text, for text columns."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes | bytearray):
        return "\\x" + value.hex()
    if isinstance(value, dict | list | tuple):
        return to_json(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < SAFE:
        return str(int(value))
    return str(value)


def from_text(datatype: DataType) -> Callable[[str], Any]:
    """What reads a value of this type from text; text of another form stands for itself."""
    reader = _TEXT_READERS.get(type(datatype))
    if reader is None:
        return _same

    def read(text: Any) -> Any:
        if not isinstance(text, str):
            return text
        try:
            return reader(text)
        except (ValueError, InvalidOperation):
            return text

    return read


def bytes_from_text(text: Any) -> Any:
    r"""Bytes kept as text: `\x` and hexadecimal digits, else UTF-8."""
    if not isinstance(text, str):
        return bytes(text)
    if text.startswith("\\x"):
        try:
            return bytes.fromhex(text[2:])
        except ValueError:
            pass
    return text.encode()


def _same(value: Any) -> Any:
    return value


def _number(value: Any) -> Any:
    """A JSON number without loss: an int, else a float where that is exact enough to print the same, else as it is."""
    if not isinstance(value, Decimal):
        return value
    if not value.is_finite():
        return float(value)
    if value == value.to_integral_value():
        return int(value)
    nearest = float(value)
    return nearest if Decimal(repr(nearest)) == value else value


def _day(text: str) -> date:
    return date.fromisoformat(text[:10])


def _instant(text: str) -> datetime:
    moment: datetime = as_instant(datetime.fromisoformat(text))
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _boolean(text: str) -> bool:
    return as_boolean(text)


def _whole_or_float(text: str) -> Any:
    return _number(Decimal(text))


def _unusual(value: Any) -> Any:
    if isinstance(value, Decimal):
        return _number(value) if not isinstance(_number(value), Decimal) else float(value)
    if isinstance(value, bytes | bytearray):
        return {"type": "Buffer", "data": list(value)}
    if isinstance(value, date | time):
        return to_text(value)
    if isinstance(value, tuple | frozenset | set):
        return list(value)
    return str(value)


_TEXT_READERS: Final[dict[type, Callable[[str], Any]]] = {
    NumberType: _whole_or_float,
    IntegerType: int,
    DecimalType: Decimal,
    BooleanType: _boolean,
    DateTimeType: _instant,
    DateOnlyType: _day,
}
