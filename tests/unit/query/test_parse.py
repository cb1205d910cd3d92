"""Filters read from text and data."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given

from lbconf.errors import QueryError
from lbconf.query.errors import RequestError
from lbconf.query.nodes import Filter
from lbconf.query.parse import MAX_DEPTH, parse_filter, parse_where
from tests.strategies.queries import json_values


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (None, Filter()),
        ("", Filter()),
        ("null", Filter()),
        ("{}", Filter()),
        ('{"where": {"a": 1}}', Filter(where={"a": 1})),
        ({"limit": "3", "skip": "2"}, Filter(limit=3, skip=2)),
        ({"limit": 0, "skip": 0}, Filter()),
        ({"offset": 9}, Filter(skip=9)),
        ({"skip": 10, "offset": 2}, Filter(skip=10)),
        ({"order": "a"}, Filter(order=("a",))),
        ({"order": "a desc, b ASC,,c"}, Filter(order=("a DESC", "b ASC", "c"))),
        ({"order": ["a", "b DESC more"]}, Filter(order=("a", "b DESC"))),
        ({"order": ""}, Filter()),
        ({"fields": [], "include": "", "bogus": 1}, Filter(fields=[])),
        ({"fields": None}, Filter()),
    ],
)
def test_reads(raw: Any, expected: Filter) -> None:
    assert parse_filter(raw) == expected


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ("{where:", "Value is not an object."),
        ("{'limit':1}", "Cannot parse JSON-encoded object value."),
        ('{"limit": NaN}', "Cannot parse JSON-encoded object value."),
        ("[1]", "Value is not an object."),
        ("abc", "Value is not an object."),
        ('"x"', "Value is not an object."),
        ({"where": 5}, "The where clause 5 is not an object"),
        ({"where": '{"a":1}'}, r'The where clause "{\"a\":1}" is not an object'),
        ({"where": []}, "The where clause [] is not an object"),
        ({"limit": "abc"}, 'The limit parameter "abc" is not valid'),
        ({"limit": -1}, "The limit parameter -1 is not valid"),
        ({"limit": 1.5}, "The limit parameter 1.5 is not valid"),
        ({"skip": -1}, "The offset/skip parameter -1 is not valid"),
        ({"order": {"a": "ASC"}}, 'The order {"a":"ASC"} is not valid'),
        ({"order": [5]}, "The order 5 is not valid"),
        ({"order": "a SIDEWAYS"}, 'The order "a SIDEWAYS" has invalid direction'),
        ({"order": "  price   DESC "}, 'The order "  price   DESC " has invalid direction'),
        ({"where": {"a": "\ud800"}}, "The filter holds half of a surrogate pair, which is no character"),
    ],
)
def test_refuses(raw: Any, message: str) -> None:
    with pytest.raises(RequestError) as refused:
        parse_filter(raw)

    assert (refused.value.message, refused.value.status, refused.value.name) == (message, 400, "Error")


def test_depth_is_bounded() -> None:
    where: dict[str, Any] = {"a": 1}
    for _ in range(MAX_DEPTH):
        where = {"and": [where]}

    with pytest.raises(RequestError, match="nests more than 32 levels"):
        parse_where(where)


def test_text_that_nests_beyond_the_reader_is_refused() -> None:
    with pytest.raises(RequestError):
        parse_where('{"a":' * 100_000 + "1" + "}" * 100_000)


@given(json_values())
def test_fails_with_query_errors_only(raw: Any) -> None:
    for parse in (parse_filter, parse_where):
        with suppress(QueryError):
            parse(raw)


def test_beside_an_id_only_fields_and_include_are_read() -> None:
    raw = {"where": True, "limit": "x", "order": 5, "skip": -1, "fields": ["id"], "include": "lines"}

    assert parse_filter(raw, by_id=True) == Filter(fields=["id"], include="lines")
    with pytest.raises(RequestError):
        parse_filter(raw)
