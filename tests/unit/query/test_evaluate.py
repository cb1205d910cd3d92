"""The reference interpreter under both semantics, and its laws."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lbconf.errors import QueryError
from lbconf.project.resolved import Layout
from lbconf.query.bind import bind
from lbconf.query.evaluate import Semantics, condition_test, evaluate
from lbconf.query.nodes import AllOf, AnyOf, Comparison, Condition, NoneOf, Operator, Query, Row, Target
from lbconf.query.parse import parse_filter
from lbconf.query.rules import KEEPING, NATIVE
from tests.strategies.queries import wheres
from tests.strategies.shop import shop

NATIVE_SHOP, LOOPBACK_SHOP = shop(Layout.NATIVE), shop()
PROPERTIES = NATIVE_SHOP["Product"].properties

ROWS: list[Row] = [
    {"id": 1, "name": "Red Book", "price": 12.5, "active": True, "tags": ["red", "new"], "facts": {"a": {"b": "x"}}},
    {
        "id": 2,
        "name": "Blue Book",
        "price": 15,
        "active": True,
        "tags": ["blue"],
        "place": {"lat": 52.52, "lng": 13.405},
    },
    {"id": 3, "name": "green book", "price": None, "active": False, "tags": []},
    {"id": 4, "name": "Chess", "active": True, "place": {"lat": 51.5, "lng": -0.12}},
    {"id": 5, "name": "Go", "price": 0, "active": None, "released": datetime(2020, 1, 1, tzinfo=UTC)},
]


def ids(filter: Any, semantics: Semantics) -> list[int]:  # noqa: A002
    loopback = semantics is Semantics.LOOPBACK
    models = LOOPBACK_SHOP if loopback else NATIVE_SHOP
    query = bind(parse_filter(filter), models["Product"], models, rules=KEEPING if loopback else NATIVE)
    return [row["id"] for row in evaluate(query, ROWS, semantics)]


@pytest.mark.parametrize(
    ("clause", "sql", "loopback"),
    [
        ({"name": "Go"}, [5], [5]),
        ({"price": None}, [3, 4], [3, 4]),
        ({"price": {"neq": None}}, [1, 2, 5], [1, 2, 5]),
        ({"price": {"neq": 15}}, [1, 5], [1, 3, 4, 5]),
        ({"price": {"nin": [15, 0]}}, [1], [1, 3, 4]),
        ({"price": {"inq": [15, None]}}, [2], [2, 3, 4]),
        ({"price": {"gt": 0}}, [1, 2], [1, 2]),
        ({"price": {"lte": 12.5}}, [1, 5], [1, 5]),
        ({"price": {"between": [0, 13]}}, [1, 5], [1, 5]),
        ({"active": {"neq": True}}, [3], [3, 5]),
        ({"name": {"like": "Book"}}, [], [1, 2]),
        ({"name": {"like": "%ook"}}, [1, 2, 3], [1, 2, 3]),
        ({"name": {"like": "%Book"}}, [1, 2], [1, 2]),
        ({"name": {"nlike": "%Book"}}, [3, 4, 5], [3, 4, 5]),
        ({"name": {"ilike": "%BOOK"}}, [1, 2, 3], [1, 2, 3]),
        ({"name": {"nilike": "%BOOK"}}, [4, 5], [4, 5]),
        ({"name": {"regexp": "/^b/i"}}, [2], [2]),
        ({"tags": ["blue"]}, [2], [2]),
        ({"facts.a.b": "x"}, [1], [1]),
        ({"place": {"near": {"lat": 52, "lng": 13}}}, [2, 4], [2, 4]),
        ({"place": {"near": {"lat": 52, "lng": 13}, "maxDistance": 100}}, [2], [2]),
        ({"place": {"near": {"lat": 52, "lng": 13}, "minDistance": 100}}, [4], [4]),
        ({"released": {"inq": ["2020-01-01"]}}, [5], []),
        ({"or": []}, [], []),
        ({"and": []}, [1, 2, 3, 4, 5], [1, 2, 3, 4, 5]),
        ({"or": [{"name": "Go"}, {}]}, [1, 2, 3, 4, 5], [1, 2, 3, 4, 5]),
        ({"nor": [{"price": 15}, {"name": "Go"}]}, [1, 3, 4], []),
    ],
)
def test_where(clause: Any, sql: list[int], loopback: list[int]) -> None:
    assert ids({"where": clause}, Semantics.SQL) == sql
    assert ids({"where": clause}, Semantics.LOOPBACK) == loopback


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ({"bogus": 1}, []),
        ({"bogus": None}, [1, 2, 3, 4, 5]),
        ({"bogus": {"neq": 1}}, [1, 2, 3, 4, 5]),
        ({"price": "abc"}, []),
        ({"price": {"foo": 1}}, []),
        ({"price": {"neq": "abc"}}, [1, 2, 3, 4, 5]),
        ({"price": {"like": "1"}}, [1, 2]),
        ({"tags": "new"}, [1]),
        ({"tags": {"inq": ["new", "blue"]}}, [1, 2]),
        ({"tags": {"neq": "red"}}, [1, 2, 3, 4, 5]),
        ({"name": {"like": ""}}, []),
    ],
)
def test_what_loopback_keeps(clause: Any, expected: list[int]) -> None:
    assert ids({"where": clause}, Semantics.LOOPBACK) == expected


@pytest.mark.parametrize(
    ("order", "sql", "loopback"),
    [
        (["price", "id"], [5, 1, 2, 3, 4], [4, 3, 5, 1, 2]),
        (["price DESC", "id"], [3, 4, 2, 1, 5], [2, 1, 3, 5, 4]),
        ("name", [2, 4, 5, 1, 3], [2, 4, 5, 1, 3]),
    ],
)
def test_order(order: Any, sql: list[int], loopback: list[int]) -> None:
    assert ids({"order": order}, Semantics.SQL) == sql
    assert ids({"order": order}, Semantics.LOOPBACK) == loopback


def test_page_and_fields() -> None:
    query = bind(
        parse_filter({"limit": 2, "skip": 1, "fields": ["name", "price"]}), NATIVE_SHOP["Product"], NATIVE_SHOP
    )

    assert evaluate(query, ROWS) == [{"name": "Blue Book", "price": 15}, {"name": "green book", "price": None}]


def test_rows_given_stay_as_they_are() -> None:
    query = Query(model=NATIVE_SHOP["Product"])

    evaluate(query, ROWS)[0]["name"] = "changed"

    assert ROWS[0]["name"] == "Red Book"


NUMBERS = st.none() | st.integers(-3, 3) | st.sampled_from([0.5, 1.5])
ROW = st.fixed_dictionaries({"name": st.none() | st.text("ab%", max_size=3)}, optional={"price": NUMBERS})


def comparisons() -> st.SearchStrategy[Condition]:
    price, name = Target(PROPERTIES["price"]), Target(PROPERTIES["name"])
    number = st.integers(-3, 3)
    simple = st.sampled_from([Operator.EQ, Operator.NEQ, Operator.GT, Operator.GTE, Operator.LT, Operator.LTE])
    return st.one_of(
        st.builds(Comparison, st.just(price), simple, number),
        st.builds(Comparison, st.just(price), st.sampled_from([Operator.INQ, Operator.NIN]), st.tuples(number, number)),
        st.builds(
            Comparison, st.just(name), st.sampled_from([Operator.LIKE, Operator.NLIKE]), st.text("ab%_", max_size=3)
        ),
    )


def same(left: Condition, right: Condition, row: Row) -> bool:
    return all(condition_test(left, one)(row) == condition_test(right, one)(row) for one in Semantics)


@given(comparisons(), comparisons(), ROW)
def test_nor_is_the_opposite_of_or(one: Condition, other: Condition, row: Row) -> None:
    for semantics in Semantics:
        either = condition_test(AnyOf((one, other)), semantics)(row)
        assert condition_test(NoneOf((one, other)), semantics)(row) is not either


@given(comparisons(), comparisons(), ROW)
def test_neither_is_not_one_and_not_the_other(one: Condition, other: Condition, row: Row) -> None:
    assert same(NoneOf((one, other)), AllOf((NoneOf((one,)), NoneOf((other,)))), row)


@given(st.integers(-3, 3), st.integers(-3, 3), ROW)
def test_between_is_from_and_to(low: int, high: int, row: Row) -> None:
    price = Target(PROPERTIES["price"])

    assert same(
        Comparison(price, Operator.BETWEEN, (low, high)),
        AllOf((Comparison(price, Operator.GTE, low), Comparison(price, Operator.LTE, high))),
        row,
    )


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=4), ROW)
def test_inq_is_any_of_eq(values: list[int], row: Row) -> None:
    price = Target(PROPERTIES["price"])
    any_of = AnyOf(tuple(Comparison(price, Operator.EQ, value) for value in values))

    assert same(Comparison(price, Operator.INQ, tuple(values)), any_of, row)


@given(st.lists(ROW, max_size=8), comparisons())
def test_a_page_is_a_part_of_the_whole(rows: list[Row], condition: Condition) -> None:
    model = NATIVE_SHOP["Product"]
    for semantics in Semantics:
        whole = evaluate(Query(model=model, where=condition), rows, semantics)
        page = evaluate(Query(model=model, where=condition, skip=1, limit=2), rows, semantics)
        assert page == whole[1:3]


VALUES: Callable[[], st.SearchStrategy[Any]] = lambda: st.recursive(  # noqa: E731
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=4) | st.just(datetime(2020, 1, 1, tzinfo=UTC)),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "lat", "lng"]), inner, max_size=2)
    ),
    max_leaves=5,
)
POINTS = st.none() | st.fixed_dictionaries({"lat": st.floats(-90, 90), "lng": st.floats(-180, 180)})


@given(wheres(), st.dictionaries(st.sampled_from(["id", "name", "price", "facts", "bogus"]), VALUES()), POINTS)
def test_whatever_binds_can_be_evaluated(clause: Any, row: Row, point: Any) -> None:
    for rules, semantics, models in (
        (KEEPING, Semantics.LOOPBACK, LOOPBACK_SHOP),
        (NATIVE, Semantics.SQL, NATIVE_SHOP),
    ):
        try:
            query = bind(parse_filter({"where": clause}), models["Product"], models, rules=rules)
        except QueryError:
            continue
        if query.where is not None:
            assert condition_test(query.where, semantics)({**row, "place": point}) in (True, False)
