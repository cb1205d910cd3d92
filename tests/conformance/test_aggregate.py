"""Aggregates: every connector counts, adds up and groups as the reference interpreter does."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lbconf.datatypes import (
    BooleanType,
    DateOnlyType,
    DateTimeType,
    DecimalType,
    EnumType,
    IntegerType,
    JsonType,
    NumberType,
    StringType,
    UuidType,
)
from lbconf.project.resolved import Layout, Model
from lbconf.query.aggregate_nodes import Aggregate
from lbconf.query.aggregate_rows import aggregate_rows
from lbconf.query.aggregates import bind_aggregate
from lbconf.query.errors import RequestError
from lbconf.query.nodes import Row
from lbconf.records import replace
from lbconf.repository import Repository
from tests.conformance.conftest import Place
from tests.strategies.rows import conditions, model, project_of

FEW = settings(max_examples=50, report_multiple_bugs=False, suppress_health_check=[HealthCheck.function_scoped_fixture])
NUMBERS = ("whole", "big", "exact")
ORDERED = (*NUMBERS, "text", "moment", "day")
PLAIN = (*ORDERED, "flag", "uuid", "choice")


def order_model() -> Model:
    """A model with a property of each type that takes part in aggregates, and a hidden one."""
    made = model(
        {
            "text": StringType(),
            "whole": IntegerType(32),
            "big": IntegerType(64),
            "exact": DecimalType(30, 10),
            "float": NumberType(),
            "flag": BooleanType(),
            "moment": DateTimeType(),
            "day": DateOnlyType(),
            "uuid": UuidType(),
            "choice": EnumType(("red", "green", "blue")),
            "facts": JsonType(),
            "secret": IntegerType(32),
        },
        name="Order",
    )
    return replace(made, properties={**made.properties, "secret": replace(made.properties["secret"], hidden=True)})


@st.composite
def aggregates(draw: st.DrawFn, kind: Model, known: list[Row]) -> Aggregate:
    """Any aggregate over these rows, its order leaving nothing open."""
    groups = draw(
        st.lists(
            st.sampled_from([*(name for name in PLAIN if name != "choice"), "moment.month", "moment.hour", "day.year"]),
            max_size=2,
            unique=True,
        )
    )
    some = st.lists(st.sampled_from(NUMBERS), max_size=2, unique=True)
    asked: dict[str, Any] = {
        "groupBy": groups,
        "count": True,
        "sum": draw(some),
        "avg": draw(some),
        "min": draw(st.lists(st.sampled_from(ORDERED), max_size=2, unique=True)),
        "max": draw(st.lists(st.sampled_from(ORDERED), max_size=2, unique=True)),
        "distinct": draw(st.lists(st.sampled_from(PLAIN), max_size=2, unique=True)),
    }
    having = draw(st.sampled_from(["count", *(f"sum.{name}" for name in asked["sum"])]))
    if draw(st.booleans()):
        asked["having"] = {having: {draw(st.sampled_from(["gt", "lte", "eq", "neq"])): draw(st.integers(-2, 2))}}
    order = draw(st.sampled_from([(), ("count DESC",), (f"{having} ASC",)]))
    where = draw(st.one_of(st.none(), conditions(kind, known)))
    limit = draw(st.one_of(st.none(), st.integers(0, 3)))
    return bind_aggregate(asked, kind, where=where, order=order, limit=limit, skip=draw(st.integers(0, 1)))


def test_aggregates_agree_with_the_interpreter(place: Place) -> None:
    if place.layout is not Layout.NATIVE:
        pytest.skip("LoopBack has no aggregates")
    kind = order_model()
    place.prepare(kind)

    @FEW
    @given(st.data())
    def law(data: st.DataObject) -> None:
        place.connector.delete(kind, None)
        drawn = data.draw(st.lists(place.rows(kind), max_size=5))
        alike = data.draw(st.booleans())
        if alike and drawn:
            drawn = [{**row, **{name: drawn[0][name] for name in ("text", "flag", "exact", "moment")}} for row in drawn]
        made = place.connector.insert(kind, drawn)
        asked = data.draw(aggregates(kind, made))
        found = place.connector.aggregate(asked)
        assert found == aggregate_rows(asked, made)
        assert [[type(value) for value in row.values()] for row in found] == [
            [type(value) for value in row.values()] for row in aggregate_rows(asked, made)
        ]

    law()


@pytest.fixture
def repository(place: Place) -> Repository:
    """A repository of orders."""
    if place.layout is not Layout.NATIVE:
        pytest.skip("LoopBack has no aggregates")
    kind = order_model()
    place.prepare(kind)
    return Repository(project_of(place.connector.data_source, {"Order": kind}), {"db": place.connector}, page_size=3)


def test_sums_are_exact_beyond_64_bits_and_beyond_doubles(repository: Repository) -> None:
    kind = repository.project.models["Order"]
    repository.create(kind, [{"big": 2**63 - 1, "exact": Decimal("0.1"), "text": "a"}] * 3)

    (found,) = repository.aggregate(kind, {"sum": ["big", "exact"], "avg": "exact", "groupBy": "text"})

    assert found == {
        "text": "a",
        "sum": {"big": 3 * (2**63 - 1), "exact": Decimal("0.3")},
        "avg": {"exact": Decimal("0.1")},
    }


def test_nothing_counts_zero_and_sums_to_null(repository: Repository) -> None:
    kind = repository.project.models["Order"]

    assert repository.aggregate(kind, {"count": True, "sum": "whole", "avg": ["float"], "distinct": "text"}) == [
        {"count": 0, "sum": {"whole": None}, "avg": {"float": None}, "distinct": {"text": 0}}
    ]
    assert repository.aggregate(kind, {"groupBy": "text"}) == []


def test_floats_are_added_up(repository: Repository) -> None:
    kind = repository.project.models["Order"]
    repository.create(kind, [{"float": 0.5}, {"float": 2.25}, {}])

    assert repository.aggregate(kind, {"sum": "float", "avg": "float", "having": {"avg.float": {"gt": 1.3}}}) == [
        {"sum": {"float": 2.75}, "avg": {"float": 1.375}}
    ]


def test_groups_come_in_pages(repository: Repository) -> None:
    kind = repository.project.models["Order"]
    repository.create(kind, [{"whole": number} for number in range(5)])

    assert [row["whole"] for row in repository.aggregate(kind, {"groupBy": "whole"})] == [0, 1, 2]
    asked: Mapping[str, Any] = {"groupBy": ["whole"], "order": "whole DESC", "limit": 2, "skip": 1}
    assert [row["whole"] for row in repository.aggregate(kind, asked)] == [3, 2]


@pytest.mark.parametrize(
    "asked",
    [
        {"sum": "secret"},
        {"min": ["secret"]},
        {"distinct": "secret"},
        {"groupBy": "secret"},
        {"groupBy": "facts"},
        {"where": {"secret": 1}},
        {"having": {"secret": 1}},
        {"having": {"sum.secret": {"gt": 1}}},
        {"order": "sum.secret"},
        {"order": "whole"},
        {"sum": "text"},
        {"max": "flag"},
        {"groupBy": "moment.century"},
        {"groupBy": "day.hour"},
        {"groupBy": "moment.month'); drop table x; --"},
        {"total": "whole"},
        {"sum": [1]},
        {"sum": {"a": {"b": 1}}},
        {"groupBy": "text", "limit": -1},
    ],
    ids=str,
)
def test_what_may_not_be_asked_is_refused(repository: Repository, asked: dict[str, Any]) -> None:
    with pytest.raises(RequestError) as caught:
        repository.aggregate(repository.project.models["Order"], asked)
    assert caught.value.status == 400
