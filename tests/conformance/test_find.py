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


FACTS = st.fixed_dictionaries(
    {},
    optional={
        "n": st.none() | st.integers(-3, 3) | st.sampled_from([0.5, 2.25]),
        "t": st.none() | st.sampled_from(["", "a", "A", "ab", "b", "é", "10", "9", "null", "true", 'q"x']),
        "in": st.none() | st.fixed_dictionaries({}, optional={"n": st.integers(-3, 3), "t": st.sampled_from("abc")}),
    },
)
"""Objects whose keys hold values of one kind each, as a rule."""


@st.composite
def inside(draw: st.DrawFn, facts: Any) -> Comparison:
    """A comparison of what an object holds under a key, or under a key of a key."""
    path = draw(st.sampled_from([("n",), ("t",), ("in", "n"), ("in", "t"), ("none",), ("t", "deep")]))
    values = st.integers(-3, 3) if path[-1] == "n" else st.sampled_from(["", "a", "A", "ab", "b", "é", "10"])
    operators = [Operator.EQ, Operator.NEQ, Operator.INQ, Operator.NIN, Operator.GT, Operator.LTE]
    operator = draw(st.sampled_from(operators))
    if operator in {Operator.INQ, Operator.NIN}:
        return Comparison(Target(facts, path), operator, tuple(draw(st.lists(values, max_size=3))))
    nullable = operator in {Operator.EQ, Operator.NEQ}
    return Comparison(Target(facts, path), operator, draw(st.none() | values if nullable else values))


def test_conditions_inside_objects_agree_with_the_interpreter(place: Place) -> None:
    if not place.connector.capabilities.query.json_paths:
        pytest.skip(place.connector.capabilities.query.json_paths.reason)
    kind = model({"facts": ObjectType()}, layout=place.layout)
    place.prepare(kind)

    @FEW
    @given(st.lists(st.none() | FACTS, max_size=5), inside(kind.properties["facts"]))
    def law(facts: list[Any], where: Comparison) -> None:
        place.connector.delete(kind, None)
        made = place.connector.insert(kind, [{"facts": one} for one in facts])
        query = Query(model=kind, where=where, order=(Order(Target(kind.properties["id"])),))
        assert place.connector.find(query) == evaluate(query, made, place.semantics)

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


PATTERNS = ("^a", "b$", "a.c", "[a-c]+", "^$", "^(ab|cd)*$", r"\d", r"\w{2}", "é", "^A", "a|^b", "^[^a]")
TEXTS = ("", "a", "A", "ab", "abcd", "b\nb", "a1c", "é", "É", "12", "a c")


def test_patterns_agree_with_the_interpreter(place: Place) -> None:
    can = place.connector.capabilities.query.regexp
    if not can:
        pytest.skip(can.reason)
    kind = model({"name": StringType()}, layout=place.layout)
    place.prepare(kind)
    made = place.connector.insert(kind, [{"name": text} for text in (*TEXTS, None)])
    for pattern in PATTERNS:
        for flags in ("", "i"):
            where = Comparison(Target(kind.properties["name"]), Operator.REGEXP, (pattern, flags))
            query = Query(model=kind, where=where, order=(Order(Target(kind.properties["id"])),))
            assert place.connector.find(query) == evaluate(query, made, place.semantics), (pattern, flags)


def test_distances_agree_with_the_interpreter(place: Place) -> None:
    can = place.connector.capabilities.query.near
    if not can:
        pytest.skip(can.reason)
    kind = model({"at": GeoPointType()}, layout=place.layout)
    place.prepare(kind)
    angles = st.tuples(st.floats(-89, 89), st.floats(-179, 179))

    @FEW
    @given(st.lists(angles, max_size=5), angles, st.none() | st.floats(1000, 20_000_000))
    def law(points: list[tuple[float, float]], middle: tuple[float, float], most: float | None) -> None:
        place.connector.delete(kind, None)
        made = place.connector.insert(kind, [{"at": {"lat": lat, "lng": lng}} for lat, lng in points])
        query = Query(model=kind, where=Near(Target(kind.properties["at"]), *middle, max_distance=most))
        found = {row["id"] for row in place.connector.find(query)}
        assert found == {row["id"] for row in evaluate(query, made, place.semantics)}

    law()


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
