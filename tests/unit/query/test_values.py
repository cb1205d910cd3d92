"""JSON values turned into values of data types."""

import math
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lbconf.datatypes import (
    AnyType,
    ArrayType,
    BinaryType,
    BooleanType,
    DataType,
    DateOnlyType,
    DateTimeType,
    DecimalType,
    GeoPointType,
    IntegerType,
    NumberType,
    ObjectType,
    StringType,
    TimeType,
    UuidType,
)
from lbconf.errors import QueryError
from lbconf.query.coerce import InvalidDateError, Operands, operand_converter, value_converter
from lbconf.query.dates import to_datetime
from lbconf.query.errors import RequestError
from lbconf.query.javascript import loosely_equal, to_number, to_text
from tests.strategies.queries import json_values

FEBRUARY = datetime(2020, 2, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("abc", "abc"),
        (5, "5"),
        (1.0, "1"),
        (1.5, "1.5"),
        (0.1, "0.1"),
        (1e21, "1e+21"),
        (1e300, "1e+300"),
        (1e-6, "0.000001"),
        (1e-7, "1e-7"),
        (-1.5e-9, "-1.5e-9"),
        (-0.0, "0"),
        (math.nan, "NaN"),
        (math.inf, "Infinity"),
        (True, "true"),
        (None, "null"),
        (["a", None, [1, 2]], "a,,1,2"),
        ({"a": 1}, "[object Object]"),
        (Decimal("1.50"), "1.5"),
    ],
)
def test_text_reads_as_in_javascript(value: Any, expected: str) -> None:
    assert to_text(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("12", 12),
        (" 1.5\n", 1.5),
        ("", 0),
        ("0x10", 16),
        ("0b11", 3),
        (".5", 0.5),
        ("5.", 5),
        ("1e3", 1000),
        (True, 1),
        (None, 0),
        ([5], 5),
        ([], 0),
        ("Infinity", math.inf),
        (datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC), 1000),
    ],
)
def test_number_reads_as_in_javascript(value: Any, expected: float) -> None:
    assert to_number(value) == expected


@pytest.mark.parametrize("value", ["abc", "1_000", "1,5", [1, 2], {}, "inf", "nan", "٣", "1" * 500])
def test_what_is_no_number(value: Any) -> None:
    assert math.isnan(to_number(value))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_text_of_a_number_is_that_number(value: float) -> None:
    assert to_number(to_text(value)) == value


def test_loose_equality() -> None:
    moment = datetime(2020, 1, 1, tzinfo=UTC)

    assert loosely_equal("5", 5)
    assert loosely_equal(1, right=True)
    assert not loosely_equal(None, 0)
    assert not loosely_equal(moment, moment.replace())
    assert not loosely_equal("a", 5)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2020-02-03", FEBRUARY),
        ("2020-02", datetime(2020, 2, 1, tzinfo=UTC)),
        ("2020", datetime(2020, 1, 1, tzinfo=UTC)),
        ("2020-02-03T04:05:06.789Z", datetime(2020, 2, 3, 4, 5, 6, 789_000, tzinfo=UTC)),
        ("2020-02-03T04:05:06.123456Z", datetime(2020, 2, 3, 4, 5, 6, 123_000, tzinfo=UTC)),
        ("2020-02-03T04:05:06+02:00", datetime(2020, 2, 3, 2, 5, 6, tzinfo=UTC)),
        ("2020-02-03 04:05:06", datetime(2020, 2, 3, 4, 5, 6, tzinfo=UTC)),
        ("2020-02-03T24:00:00Z", datetime(2020, 2, 4, tzinfo=UTC)),
        ("2020-02-30", datetime(2020, 3, 1, tzinfo=UTC)),
        ("2/3/2020", FEBRUARY),
        ("Feb 3, 2020", FEBRUARY),
        ("3 February 2020 16:05 GMT+0100", datetime(2020, 2, 3, 15, 5, tzinfo=UTC)),
        ("Mon, 03 Feb 2020 04:05:06 GMT", datetime(2020, 2, 3, 4, 5, 6, tzinfo=UTC)),
        ("Feb 3 2020 4:05 PM", datetime(2020, 2, 3, 16, 5, tzinfo=UTC)),
        (1580702706789, datetime(2020, 2, 3, 4, 5, 6, 789_000, tzinfo=UTC)),
        (True, datetime(1970, 1, 1, 0, 0, 0, 1000, tzinfo=UTC)),
        (FEBRUARY, FEBRUARY),
    ],
)
def test_dates(value: Any, expected: datetime) -> None:
    assert to_datetime(value) == expected


@pytest.mark.parametrize(
    "value", ["", "not a date", "1580702706789", "2020-13-01", "2020-02-03T25:00", [], {}, 1e300, math.nan, "x" * 1000]
)
def test_what_is_no_date(value: Any) -> None:
    assert to_datetime(value) is None


@given(st.text(max_size=40) | st.from_regex(r"[0-9A-Za-z :,./+()-]{0,40}", fullmatch=True))
def test_reading_dates_never_fails(text: str) -> None:
    found = to_datetime(text)

    assert found is None or found.tzinfo is UTC


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (StringType(), ["a"], "a"),
        (NumberType(), "12", 12),
        (NumberType(), "abc", None),
        (NumberType(), 1e300, 1e300),
        (BooleanType(), "0", False),
        (BooleanType(), "no", True),
        (BooleanType(), "", False),
        (DateTimeType(), "2020-02-03", FEBRUARY),
        (DateOnlyType(), "2020-02-03T10:00:00Z", date(2020, 2, 3)),
        (TimeType(), "14:30", time(14, 30)),
        (DecimalType(), 1.1, Decimal("1.1")),
        (ObjectType(), "x", "x"),
        (ObjectType(), '{"a": 1}', '{"a": 1}'),
        (AnyType(), "5", 5),
        (ArrayType(), "[1]", [1]),
        (ArrayType(NumberType()), [1, None, "2"], [1, 0, 2]),
        (ArrayType(StringType()), [1, None], ["1", "null"]),
        (ArrayType(), 0, []),
        (ArrayType(), "null", None),
        (GeoPointType(), "10.5,20.25", {"lat": 10.5, "lng": 20.25}),
        (GeoPointType(), [1, 2], {"lat": 1, "lng": 2}),
        (BinaryType(), "AAE=", b"\0\1"),
        (BinaryType(), {"type": "Buffer", "data": [0, 1]}, b"\0\1"),
    ],
)
def test_loopback_converts(kind: DataType, value: Any, expected: Any) -> None:
    assert value_converter(kind, lenient=True)(value) == expected


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (ArrayType(), "x"),
        (ArrayType(), {"0": "a"}),
        (GeoPointType(), {"lat": 1}),
        (GeoPointType(), {"lat": 100, "lng": 200}),
        (GeoPointType(), {}),
        (BinaryType(), "ü"),
    ],
)
def test_loopback_refuses(kind: DataType, value: Any) -> None:
    with pytest.raises(RequestError):
        value_converter(kind, lenient=True)(value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (StringType(), 5),
        (NumberType(), "5"),
        (NumberType(), True),
        (IntegerType(), 1.5),
        (IntegerType(), "x"),
        (BooleanType(), 1),
        (UuidType(), "abc"),
        (ArrayType(), "[1]"),
        (DecimalType(), "NaN"),
        (TimeType(), "25:00"),
    ],
)
def test_the_native_layout_is_exact(kind: DataType, value: Any) -> None:
    with pytest.raises(RequestError):
        value_converter(kind, lenient=False)(value)


def test_a_bad_date_is_told_apart() -> None:
    with pytest.raises(InvalidDateError):
        value_converter(DateTimeType(), lenient=False)("never")


@pytest.mark.parametrize(
    ("operands", "expected"), [(Operands.KEEP, "abc"), (Operands.CONVERT, None), (Operands.REFUSE, None)]
)
def test_an_operand_that_is_no_number(operands: Operands, expected: str | None) -> None:
    convert = operand_converter(NumberType(), operands)

    assert convert("5") == 5
    if expected is None:
        with pytest.raises(RequestError):
            convert("abc")
    else:
        assert convert("abc") == expected


KINDS = st.sampled_from(
    [
        *(StringType(), NumberType(), IntegerType(), DecimalType(), BooleanType(), DateTimeType(), DateOnlyType()),
        *(TimeType(), UuidType(), ObjectType(), AnyType(), BinaryType(), GeoPointType(), ArrayType()),
        *(ArrayType(NumberType()), ArrayType(DateTimeType())),
    ]
)


@given(KINDS, json_values(), st.booleans(), st.sampled_from(list(Operands)))
def test_converting_fails_with_query_errors_only(kind: DataType, value: Any, lenient: bool, operands: Operands) -> None:  # noqa: FBT001
    if value is None:
        return
    for convert in (value_converter(kind, lenient=lenient), operand_converter(kind, operands)):
        try:
            convert(value)
        except QueryError:
            continue
