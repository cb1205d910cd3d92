"""Reading: every connector finds what the reference interpreter finds."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lbconf.connectors.capabilities import QueryCapabilities, SupportLevel
from lbconf.datatypes import GeoPointType, NumberType, ObjectType, StringType
from lbconf.query.evaluate import evaluate
from lbconf.query.nodes import Comparison, Condition, Near, Operator, Order, Query, Target
from tests.conformance.conftest import Place
from tests.strategies.rows import every_type, model, queries

FEW = settings(max_examples=40, report_multiple_bugs=False, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_find_and_count_agree_with_the_interpreter(place: Place) -> None:
    kind = every_type(place.layout)
    place.prepare(kind)

    @FEW
    @given(st.data())
    def law(data: st.DataObject) -> None:
        place.connector.delete(kind, None)
        made = place.connector.insert(kind, data.draw(st.lists(place.rows(kind), max_size=5)))
        query = data.draw(queries(kind, made))
        assert place.connector.find(query) == evaluate(query, made, place.semantics)
        matching = evaluate(Query(model=kind, where=query.where), made, place.semantics)
        assert place.connector.count(kind, query.where) == len(matching)

    law()


PLACES = model({"name": StringType(), "at": GeoPointType(), "facts": ObjectType()})
ROWS = [
    {"name": "Berlin", "at": {"lat": 52.52, "lng": 13.405}, "facts": {"size": {"w": 10}, "color": "red"}},
    {"name": "london", "at": {"lat": 51.5, "lng": -0.12}, "facts": {"size": {"w": 20}, "color": "blue"}},
    {"name": "Nowhere", "at": None, "facts": None},
]


def named(name: str, *path: str) -> Target:
    return Target(PLACES.properties[name], path)


ASKED: list[tuple[str, Callable[[QueryCapabilities], Any], Condition, list[str]]] = [
    ("regexp", lambda can: can.regexp, Comparison(named("name"), Operator.REGEXP, ("^b.*n$", "i")), ["Berlin"]),
    ("ilike", lambda can: can.ilike, Comparison(named("name"), Operator.ILIKE, "LON%"), ["london"]),
    ("like", lambda can: can.case_sensitive_like, Comparison(named("name"), Operator.LIKE, "L%"), []),
    ("path", lambda can: can.json_paths, Comparison(named("facts", "color"), Operator.EQ, "red"), ["Berlin"]),
    ("deep path", lambda can: can.json_paths, Comparison(named("facts", "size", "w"), Operator.EQ, 20), ["london"]),
    ("near", lambda can: can.near, Near(named("at"), 50.0, 0.0), ["london", "Berlin"]),
    ("within", lambda can: can.near, Near(named("at"), 52.0, 13.0, max_distance=100_000.0), ["Berlin"]),
]


@pytest.mark.parametrize(
    ("able", "condition", "expected"), [case[1:] for case in ASKED], ids=[case[0] for case in ASKED]
)
def test_what_a_connector_says_it_can_it_can(
    place: Place, able: Callable[[QueryCapabilities], Any], condition: Condition, expected: list[str]
) -> None:
    support = able(place.connector.capabilities.query)
    if support.level is SupportLevel.NOT_IMPLEMENTED:
        pytest.xfail(support.reason)
    if not support:
        pytest.skip(support.reason)
    place.prepare(PLACES)
    place.connector.insert(PLACES, ROWS)

    found = place.connector.find(Query(model=PLACES, where=condition, order=()))

    assert [row["name"] for row in found] == expected


def test_pages_of_a_long_list(place: Place) -> None:
    kind = model({"n": NumberType()}, layout=place.layout)
    place.prepare(kind)
    place.connector.insert(kind, [{"n": number} for number in range(1500)])
    order = (Order(Target(kind.properties["n"]), descending=True),)

    found = place.connector.find(Query(model=kind, order=order, limit=3, skip=700))

    assert [row["n"] for row in found] == [799, 798, 797]


def test_fields_are_all_that_comes(place: Place) -> None:
    kind = model({"a": StringType(), "b": StringType()}, layout=place.layout)
    place.prepare(kind)
    place.connector.insert(kind, [{"a": "x", "b": "y"}])

    assert place.connector.find(Query(model=kind, fields=(kind.properties["b"],))) == [{"b": "y"}]
    assert place.connector.find(Query(model=kind, fields=())) == [{}]


@pytest.mark.parametrize("text", ["' OR '1'='1", '"; DROP TABLE thing; --', "%", "\\", "$1", "?", "{0}", ":x"])
def test_text_is_never_more_than_a_value(place: Place, text: str) -> None:
    kind = model({"name": StringType()}, layout=place.layout)
    place.prepare(kind)
    place.connector.insert(kind, [{"name": text}, {"name": "other"}])
    target = Target(kind.properties["name"])

    found = place.connector.find(Query(model=kind, where=Comparison(target, Operator.EQ, text)))

    assert [row["name"] for row in found] == [text]
    assert place.connector.count(kind, None) == 2
