"""What the native layout takes as a date, a time, a whole and an exact number, and what LoopBack's layouts take."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from lbconf.datatypes import DataType, DateOnlyType, DateTimeType, DecimalType, IntegerType, TimeType
from lbconf.query.coerce import InvalidDateError, Operands, operand_converter, value_converter
from lbconf.query.errors import RequestError

MONEY = DecimalType(5, 2)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (MONEY, "999.99", Decimal("999.99")),
        (MONEY, -0.01, Decimal("-0.01")),
        (MONEY, "1.1000", Decimal("1.1")),
        (MONEY, "1e2", Decimal(100)),
        (MONEY, "0.000", Decimal(0)),
        (DecimalType(3), "100.0", Decimal(100)),
        (DecimalType(), "0.105", Decimal("0.105")),
        (DateOnlyType(), "2024-02-29", date(2024, 2, 29)),
        (DateOnlyType(), "2024-02-29T00:00:00.000Z", date(2024, 2, 29)),
        (DateOnlyType(), date(2024, 2, 29), date(2024, 2, 29)),
        (DateTimeType(), "2024-02-29", datetime(2024, 2, 29, tzinfo=UTC)),
        (DateTimeType(), "2024-02-29T23:30:00-01:00", datetime(2024, 3, 1, 0, 30, tzinfo=UTC)),
        (DateTimeType(), "2024-02-29 12:00", datetime(2024, 2, 29, 12, tzinfo=UTC)),
        (DateTimeType(), 0, datetime(1970, 1, 1, tzinfo=UTC)),
        (TimeType(), "14:30", time(14, 30)),
        (TimeType(), "14:30:15.25", time(14, 30, 15, 250_000)),
        (IntegerType(16), -32768, -32768),
        (IntegerType(64), 2**63 - 1, 2**63 - 1),
    ],
)
def test_what_is_of_the_type_is_taken(kind: DataType, value: Any, expected: Any) -> None:
    assert value_converter(kind, lenient=False)(value) == expected


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (MONEY, "0.105"),
        (MONEY, "1000"),
        (MONEY, "999.999"),
        (MONEY, "1e3"),
        (MONEY, "1e-3"),
        (DecimalType(3), "0.5"),
        (DecimalType(), "1e999999999"),
        (DecimalType(), "1e-999999999"),
        (TimeType(), "25:00"),
        (TimeType(), "14:30:00+02:00"),
        (TimeType(), 10),
        (IntegerType(16), 32768),
        (IntegerType(32), 2**31),
        (IntegerType(64), 2**63),
    ],
)
def test_what_is_not_of_the_type_is_refused(kind: DataType, value: Any) -> None:
    with pytest.raises(RequestError):
        value_converter(kind, lenient=False)(value)


@pytest.mark.parametrize("kind", [DateOnlyType(), DateTimeType()])
@pytest.mark.parametrize(
    "value", ["2023-02-30", "2023-13-01", "2023-02-29T10:00:00Z", "Feb 3, 2020", "2023", "", True, [], {"a": 1}]
)
def test_days_that_do_not_exist_are_no_dates(kind: DataType, value: Any) -> None:
    with pytest.raises(InvalidDateError):
        value_converter(kind, lenient=False)(value)
    with pytest.raises(InvalidDateError):
        operand_converter(kind, Operands.REFUSE)(value)


@pytest.mark.parametrize("value", ["2023-02-28T10:00:00Z", 5])
def test_a_day_has_no_time(value: Any) -> None:
    with pytest.raises(InvalidDateError):
        value_converter(DateOnlyType(), lenient=False)(value)


def test_loopback_layouts_keep_loopbacks_leniency() -> None:
    assert value_converter(DateOnlyType(), lenient=True)("2023-02-30") == date(2023, 3, 2)
    assert value_converter(DateTimeType(), lenient=True)("Feb 3, 2020") == datetime(2020, 2, 3, tzinfo=UTC)
    assert value_converter(MONEY, lenient=True)("0.105") == Decimal("0.105")
    assert value_converter(IntegerType(16), lenient=True)(70_000) == 70_000


def test_a_condition_may_ask_for_what_no_row_can_hold() -> None:
    assert operand_converter(MONEY, Operands.REFUSE)("0.105") == Decimal("0.105")
    assert operand_converter(IntegerType(16), Operands.REFUSE)(70_000) == 70_000
