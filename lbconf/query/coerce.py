"""One JSON value made into the Python value of a data type.

`value_converter` is for rows clients write, `operand_converter` for values
they compare with. The lenient forms follow LoopBack's conversions and never
fail where LoopBack does not; the exact ones refuse what is not of the type.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeAlias, assert_never

from lbconf.datatypes import (
    AnyType,
    ArrayType,
    BinaryType,
    BooleanType,
    DataType,
    DateOnlyType,
    DateStringType,
    DateTimeType,
    DecimalType,
    EnumType,
    GeoPointType,
    IntegerType,
    JsonType,
    ModelType,
    NumberType,
    ObjectType,
    StringType,
    TextType,
    TimeType,
    UuidType,
)
from lbconf.diagnostics import Code
from lbconf.query.binary import to_bytes
from lbconf.query.dates import to_datetime
from lbconf.query.errors import RequestError
from lbconf.query.exact import (
    InvalidDateError,
    decimal_limit,
    exact_day,
    exact_instant,
    exact_time,
    integer_limit,
    refused,
)
from lbconf.query.javascript import json_text, to_boolean, to_number, to_text

__all__ = ["Converter", "InvalidDateError", "Operands", "operand_converter", "to_geo_point", "value_converter"]

Converter: TypeAlias = Callable[[Any], Any]

_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_PAIR = re.compile(r",\s*")
_LARGEST_LATITUDE = 90
_LARGEST_LONGITUDE = 180
_MOST_PLACES = 1000
"""Digits of an exact number on either side of the point."""


@lru_cache(maxsize=4096)
def value_converter(kind: DataType, *, lenient: bool) -> Converter:  # noqa: C901, PLR0912 - one case a type
    """What turns a JSON value that a client writes into the type's Python value; None stays None.

    Lenient: LoopBack's conversions. Otherwise the value must be of the type.
    The converter raises `RequestError` (400), or `InvalidDateError` for a date.
    """
    match kind:
        case StringType() | TextType() | DateStringType():
            return to_text if lenient else _exact_text
        case EnumType():
            return to_text if lenient else _exact_text
        case UuidType():
            return _uuid
        case NumberType():
            return _lenient_number if lenient else _exact_number
        case IntegerType(bits=bits):
            return _exact_integer if lenient else integer_limit(bits, _exact_integer)
        case DecimalType(precision=precision, scale=scale):
            return _decimal if lenient or precision is None else decimal_limit(precision, scale or 0, _decimal)
        case BooleanType():
            return to_boolean if lenient else _exact_boolean
        case DateTimeType():
            return _datetime if lenient else exact_instant
        case DateOnlyType():
            return _day if lenient else exact_day
        case TimeType():
            return _time if lenient else exact_time
        case BinaryType():
            return to_bytes
        case GeoPointType():
            return to_geo_point
        case ObjectType():
            return _unchanged
        case JsonType() | AnyType():
            return _lenient_json if lenient else _unchanged
        case ModelType():
            return _lenient_json if lenient else _exact_object
        case ArrayType(item=item):
            convert = value_converter(item, lenient=lenient) if item is not None else None
            return _list_converter(convert, item, lenient=lenient)
        case _:
            assert_never(kind)


class Operands(StrEnum):
    """What happens to a value of a condition that is not of the property's type."""

    REFUSE = "refuse"
    """It is refused."""
    CONVERT = "convert"
    """It is converted as LoopBack does, and refused where the result is no value of the type."""
    KEEP = "keep"
    """It is converted as LoopBack does, and kept as it came where that fails, to match nothing."""


@lru_cache(maxsize=4096)
def operand_converter(kind: DataType, operands: Operands) -> Converter:
    """What turns a value of a condition into one that compares with the type's values; None stays None.

    Values from a query string are texts, so `"5"` and `"true"` are a number and a
    truth value under each rule. The converter raises `RequestError`.
    """
    match kind:
        case StringType() | TextType() | DateStringType() | EnumType():
            return to_text
        case UuidType():
            return lambda value: to_text(value).lower()
        case NumberType() | IntegerType():
            return _NUMBER_OPERANDS[operands]
        case DecimalType():
            return _decimal_or_same if operands is Operands.KEEP else _decimal
        case BooleanType():
            return _exact_truth if operands is Operands.REFUSE else to_boolean
        case ArrayType(item=item) if item is not None:
            return operand_converter(item, operands)
        case ArrayType() | JsonType() | ObjectType() | AnyType() | ModelType() | GeoPointType():
            return _unchanged
        case _:
            return value_converter(kind, lenient=operands is not Operands.REFUSE)


def to_geo_point(value: Any) -> dict[str, float | int]:
    """`{lat, lng}` out of an object, a list of two or the text `lat,lng`. Raises `RequestError`."""
    if isinstance(value, str):
        value = _PAIR.split(value)
    if isinstance(value, list | tuple) and len(value) == 2:  # noqa: PLR2004 - a pair
        value = {"lat": value[0], "lng": value[1]}
    if isinstance(value, Mapping) and "lat" in value and "lng" in value:
        lat, lng = to_number(value["lat"]), to_number(value["lng"])
        if abs(lat) <= _LARGEST_LATITUDE and abs(lng) <= _LARGEST_LONGITUDE:
            return {"lat": lat, "lng": lng}
    raise refused(value, 'a point: send {"lat": -90 to 90, "lng": -180 to 180}')


def _unchanged(value: Any) -> Any:
    return value


def _exact_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise refused(value, "a text")


def _uuid(value: Any) -> str:
    if isinstance(value, str) and _UUID.fullmatch(value):
        return value.lower()
    raise refused(value, "a UUID")


def _lenient_number(value: Any) -> int | float | None:
    number = to_number(value)
    return None if math.isnan(number) or math.isinf(number) else number


def _exact_number(value: Any) -> int | float:
    number = to_number(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    if math.isfinite(number):
        return number
    raise refused(value, "a number")


def _exact_integer(value: Any) -> int:
    number = to_number(value) if isinstance(value, int | float | str) and value != "" else math.nan
    if isinstance(number, int) and not isinstance(value, bool):
        return number
    raise refused(value, "a whole number")


def _decimal(value: Any) -> Decimal:
    if isinstance(value, int | float | str | Decimal) and not isinstance(value, bool):
        try:
            number = Decimal(str(value).strip())
        except InvalidOperation:
            number = Decimal("nan")
        if number.is_finite() and int(number.as_tuple().exponent) >= -_MOST_PLACES and number.adjusted() < _MOST_PLACES:
            return number
    raise refused(value, "a number")


def _exact_boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise refused(value, "true or false")


def _datetime(value: Any) -> datetime:
    found = to_datetime(value)
    if found is None:
        raise InvalidDateError(Code.VALUE_UNUSABLE, f"Invalid date: {to_text(value)[:100]}")
    return found


def _day(value: Any) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    return _datetime(value).date()


def _time(value: Any) -> time:
    if isinstance(value, time):
        return value
    try:
        return time.fromisoformat(to_text(value)).replace(tzinfo=None)
    except ValueError:
        raise refused(value, "a time of day, such as 14:30:00") from None


def _lenient_json(value: Any) -> Any:
    """Text that is JSON counts as what it says."""
    if isinstance(value, str) and value:
        try:
            return json.loads(value, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            return value
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _exact_object(value: Any) -> Any:
    if isinstance(value, Mapping | list):
        return value
    raise refused(value, "an object")


def _list_converter(convert: Converter | None, item: DataType | None, *, lenient: bool) -> Converter:
    null_too = lenient and isinstance(item, StringType | TextType | NumberType)

    def to_list(value: Any) -> list[Any] | None:
        if value == "null" and lenient:
            return None
        if lenient:
            value = _loose_list(value)
        elif not isinstance(value, list):
            raise refused(value, "a list")
        if convert is None:
            return list(value)
        if lenient and any(isinstance(entry, list | tuple) for entry in value):
            return [entry if isinstance(entry, list | tuple) else to_item(entry) for entry in value]
        return [to_item(entry) for entry in value]

    def to_item(entry: Any) -> Any:
        return convert(entry) if convert is not None and (entry is not None or null_too) else None

    return to_list


def _loose_list(value: Any) -> list[Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            msg = f"could not create List from JSON string: {json_text(value)}"
            raise RequestError(Code.VALUE_UNUSABLE, msg) from None
    if value is False or value == 0:
        return []
    if not isinstance(value, list | tuple):
        raise RequestError(Code.VALUE_UNUSABLE, f"Items must be an array: {json_text(value)}")
    return list(value)


def _number_or_same(value: Any) -> Any:
    number = to_number(value)
    return value if math.isnan(number) else number


def _number_or_refused(value: Any) -> int | float:
    number = to_number(value)
    if not math.isfinite(number):
        raise refused(value, "a number")
    return number


def _number_operand(value: Any) -> int | float:
    if isinstance(value, int | float | str) and not isinstance(value, bool) and value != "":
        return _number_or_refused(value)
    raise refused(value, "a number")


_NUMBER_OPERANDS: dict[Operands, Converter] = {
    Operands.REFUSE: _number_operand,
    Operands.CONVERT: _number_or_refused,
    Operands.KEEP: _number_or_same,
}


def _decimal_or_same(value: Any) -> Any:
    try:
        return _decimal(value)
    except RequestError:
        return value


def _exact_truth(value: Any) -> bool:
    if isinstance(value, bool | int | str) and value in _TRUTHS:
        return _TRUTHS[value]
    raise refused(value, "true or false")


_TRUTHS: dict[Any, bool] = {True: True, False: False, "true": True, "false": False, "1": True, "0": False}
