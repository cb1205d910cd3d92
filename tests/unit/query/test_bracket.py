"""Query strings in bracket notation."""

import time
from typing import Any

import pytest
from hypothesis import given

from lbconf.query.bracket import parse_query_string
from tests.strategies.queries import query_strings


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("?a=1", {"a": "1"}),
        ("a", {"a": ""}),
        ("a=b=c", {"a": "b=c"}),
        ("a=1&a=2&a=3", {"a": ["1", "2", "3"]}),
        ("a[b]=1&a[c]=2", {"a": {"b": "1", "c": "2"}}),
        ("a[]=1&a[]=2", {"a": ["1", "2"]}),
        ("a[1]=x&a[0]=y", {"a": ["y", "x"]}),
        ("a[5]=x&a[2]=y", {"a": ["y", "x"]}),
        ("a[999]=x", {"a": ["x"]}),
        ("a[1000]=x", {"a": {"1000": "x"}}),
        ("a[0]=x&a[1000]=y", {"a": {"0": "x", "1000": "y"}}),
        ("a[0]=x&a[b]=y", {"a": {"0": "x", "b": "y"}}),
        ("a[01]=x", {"a": {"01": "x"}}),
        ("a[b][c][d][e][f]=1", {"a": {"b": {"c": {"d": {"e": {"f": "1"}}}}}}),
        ("a[b][c][d][e][f][g][h]=1", {"a": {"b": {"c": {"d": {"e": {"f": {"[g][h]": "1"}}}}}}}),
        ("a%5Bb%5D=%C3%BC+x", {"a": {"b": "ü x"}}),
        ("a=%zz%ff", {"a": "%zz%ff"}),
        ("a[__proto__][x]=1&b=2", {"b": "2"}),
        ("a=1&a[b]=2", {"a": ["1", {"b": "2"}]}),
        ("a[b]=1&a=c", {"a": {"b": "1", "c": True}}),
        ("a[0][n]=1&a[0][m]=2", {"a": [{"n": "1", "m": "2"}]}),
        ("=1&b=2", {"b": "2"}),
    ],
)
def test_parses(text: str, expected: dict[str, Any]) -> None:
    assert parse_query_string(text) == expected


def test_only_the_first_thousand_parameters_count() -> None:
    found = parse_query_string("&".join(f"p{number}=1" for number in range(1500)))

    assert len(found) == 1000


@pytest.mark.parametrize(
    "text", ["a" + "[" * 100_000, "a" + "[]" * 50_000 + "=1", "[a]" * 50_000, "a[" * 50_000 + "]" * 50_000]
)
def test_hostile_text_costs_little(text: str) -> None:
    started = time.process_time()

    parse_query_string(text)

    assert time.process_time() - started < 2


@given(query_strings())
def test_never_fails(text: str) -> None:
    assert isinstance(parse_query_string(text), dict)
