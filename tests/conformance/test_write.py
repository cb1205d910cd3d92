"""Writing: ids, counts, all or none, types kept, uniqueness."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings

from lbconf.datatypes import DecimalType, IntegerType, NumberType, StringType
from lbconf.errors import ConstraintError, ConstraintKind
from lbconf.project.resolved import Property
from lbconf.query.nodes import AllOf, Comparison, Operator, Query, Target
from tests.conformance.conftest import Place
from tests.strategies.rows import every_type, model
from tests.strategies.shop import model as shop_model

FEW = settings(max_examples=40, report_multiple_bugs=False, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_what_goes_in_comes_out(place: Place) -> None:
    kind = every_type(place.layout)
    place.prepare(kind)

    @FEW
    @given(place.rows(kind))
    def law(row: dict[str, object]) -> None:
        place.connector.delete(kind, None)
        (made,) = place.connector.insert(kind, [row])
        assert {**made, **row} == made
        assert place.connector.find(Query(model=kind)) == [made]

    law()


def test_ids_are_given_in_order(place: Place) -> None:
    kind = model({"name": StringType()}, layout=place.layout)
    place.prepare(kind)

    made = place.connector.insert(kind, [{"name": "a"}, {"name": "b"}, {"name": "c"}])

    assert [(row["id"], row["name"]) for row in made] == [(1, "a"), (2, "b"), (3, "c")]


def test_an_id_that_is_taken(place: Place) -> None:
    kind = model({"name": StringType()}, layout=place.layout)
    place.prepare(kind)
    place.connector.insert(kind, [{"id": 1, "name": "a"}])

    with pytest.raises(ConstraintError) as refused:
        place.connector.insert(kind, [{"id": 2, "name": "b"}, {"id": 1, "name": "c"}])

    assert refused.value.kind is ConstraintKind.UNIQUE
    assert place.connector.find(Query(model=kind)) == [{"id": 1, "name": "a"}]


def test_uniqueness(place: Place) -> None:
    kind = model({"code": StringType()}, layout=place.layout, code={"unique": True, "index": {"unique": True}})
    place.prepare(kind)
    place.connector.insert(kind, [{"code": "TEN"}, {"code": None}, {"code": None}])

    if not place.connector.capabilities.write.unique:
        assert len(place.connector.insert(kind, [{"code": "TEN"}])) == 1
        return
    with pytest.raises(ConstraintError) as refused:
        place.connector.insert(kind, [{"code": "TEN"}])
    assert refused.value.kind is ConstraintKind.UNIQUE


def test_updates_and_deletes_tell_how_many(place: Place) -> None:
    kind = model({"name": StringType(), "n": NumberType()}, layout=place.layout)
    place.prepare(kind)
    place.connector.insert(kind, [{"name": name, "n": 0} for name in "aab"])
    named = Comparison(Target(kind.properties["name"]), Operator.EQ, "a")

    assert place.connector.update(kind, named, {"n": 5}) == 2
    assert place.connector.count(kind, Comparison(Target(kind.properties["n"]), Operator.EQ, 5)) == 2
    assert place.connector.update(kind, named, {"n": None}) == 2
    assert place.connector.delete(kind, named) == 2
    assert place.connector.delete(kind, named) == 0
    assert place.connector.delete(kind, None) == 1


def test_a_decimal_is_rounded_to_its_scale_and_refused_beyond_its_precision(place: Place) -> None:
    if place.layout.is_loopback or not place.connector.capabilities.state.apply:
        pytest.skip("no columns with a scale")
    kind = model({"exact": DecimalType(6, 2)}, layout=place.layout)
    place.prepare(kind)
    given_values = [Decimal(text) for text in ("12.345", "-0.005", "1", "9999.99", "9999.994", "0.004")]
    place.connector.insert(kind, [{"exact": value} for value in given_values])

    found = [row["exact"] for row in place.connector.find(Query(model=kind))]

    assert found == [Decimal(text) for text in ("12.35", "-0.01", "1", "9999.99", "9999.99", "0")]
    for value in ("10000", "9999.995", "-10000"):
        with pytest.raises(ConstraintError):
            place.connector.insert(kind, [{"exact": Decimal(value)}])


def test_composite_keys(place: Place) -> None:
    if not place.connector.capabilities.write.composite_ids:
        pytest.skip(place.connector.capabilities.write.composite_ids.reason)
    kind = shop_model(
        "Seat",
        Property(name="row", type=IntegerType(), id=1, nullable=False),
        Property(name="place", type=StringType(length=10), id=2, nullable=False),
        Property(name="taken", type=StringType()),
        layout=place.layout,
    )
    place.prepare(kind)
    place.connector.insert(kind, [{"row": 1, "place": "a"}, {"row": 1, "place": "b"}])
    second = AllOf(
        (
            Comparison(Target(kind.properties["row"]), Operator.EQ, 1),
            Comparison(Target(kind.properties["place"]), Operator.EQ, "b"),
        )
    )

    assert place.connector.update(kind, second, {"taken": "x"}) == 1
    with pytest.raises(ConstraintError):
        place.connector.insert(kind, [{"row": 1, "place": "b"}])
    assert place.connector.find(Query(model=kind, where=second)) == [{"row": 1, "place": "b", "taken": "x"}]


def test_unknown_properties(place: Place) -> None:
    if not place.connector.capabilities.write.unknown_properties:
        pytest.skip(place.connector.capabilities.write.unknown_properties.reason)
    kind = model({"name": StringType()}, layout=place.layout)

    place.connector.insert(kind, [{"name": "a", "extra": [1]}])

    assert place.connector.find(Query(model=kind)) == [{"id": 1, "name": "a", "extra": [1]}]
