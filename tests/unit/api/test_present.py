"""Rows as JSON text."""

import json
import math
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lbconf.api.present import Presenter, encode, plain
from lbconf.project.resolved import Project


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (-0.0, "0"),
        (12.5, "12.5"),
        (1e300, "1e300"),
        (math.nan, "null"),
        (math.inf, "null"),
        (2**53 + 1, "9007199254740993"),
        (123456789012345678901234567890, "123456789012345678901234567890"),
        (Decimal("12.340"), "12.34"),
        (Decimal("0.1234567890123456789"), "0.1234567890123456789"),
        (Decimal("1E+2"), "100"),
        (Decimal("9" * 40 + ".50"), "9" * 40 + ".5"),
        (Decimal("1E+25"), "1" + "0" * 25),
        (Decimal("1E+1000000"), "1E+1000000"),
        (Decimal("NaN"), "null"),
        (datetime(2013, 10, 15, 21, 34, 50, tzinfo=UTC), '"2013-10-15T21:34:50.000Z"'),
        (datetime(2013, 10, 15, 23, 34, 50, 123999, tzinfo=timezone(timedelta(hours=2))), '"2013-10-15T21:34:50.123Z"'),
        (datetime(13, 1, 2, 3, 4, 5, tzinfo=UTC), '"0013-01-02T03:04:05.000Z"'),
        (date(2020, 2, 3), '"2020-02-03"'),
        (b"\x00\xff", '{"type":"Buffer","data":[0,255]}'),
        ({"a": [1.0, None, True]}, '{"a":[1,null,true]}'),
        ("Ünï\u2028", '"Ünï\u2028"'),
        ("\ud800", '"\\ud800"'),
    ],
)
def test_forms(value: Any, text: str) -> None:
    assert encode(plain(value)).decode("utf-8") == text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=20,
)


@given(json_values)
def test_json_values_keep_their_value(value: Any) -> None:
    assert json.loads(encode(plain(value))) == value


def test_hidden_and_protected(shop: Project) -> None:
    presenter = Presenter(shop)
    order = {"id": 1, "number": "A", "secret": "s", "guarded": "g"}
    line = {"id": 2, "secret": "s", "guarded": "g", "order": order}

    assert presenter.instance(shop.models["Line"], line) == {
        "id": 2,
        "guarded": "g",
        "order": {"id": 1, "number": "A"},
    }


def test_key_order_is_kept(shop: Project) -> None:
    row = {"number": "A", "id": 1, "lines": [{"quantity": 2.0, "id": 5}]}

    assert encode(Presenter(shop).instances(shop.models["Order"], [row])) == (
        b'[{"number":"A","id":1,"lines":[{"quantity":2,"id":5}]}]'
    )


def test_nothing_is_null(shop: Project) -> None:
    assert Presenter(shop).instance(shop.models["Order"], None) is None
