"""A plan is told without running the query, and pools say how full they are; by connectors that can."""

import pytest

from lbconf.connectors.contract import Explaining, Pooled
from lbconf.datatypes import StringType
from lbconf.project.resolved import Property
from lbconf.query.bind import bind
from lbconf.query.nodes import Filter
from tests.conformance.conftest import Place
from tests.strategies.shop import model


def test_a_plan_names_the_table(place: Place) -> None:
    explaining = place.connector
    if not isinstance(explaining, Explaining):
        pytest.skip("it has no plans")
    thing = model("Explained", Property(name="title", type=StringType()), layout=place.layout)
    place.prepare(thing)
    query = bind(Filter(where={"title": "secret'; --"}, limit=3), thing, {"Explained": thing})

    lines = explaining.explain(query)

    assert lines
    assert "explained" in "\n".join(lines).lower()
    assert place.connector.find(query) == []


def test_a_pool_counts_its_connections(place: Place) -> None:
    pooled = place.connector
    if not isinstance(pooled, Pooled):
        pytest.skip("it keeps no connections")
    place.connector.ping()
    before = pooled.pool_figures()
    with place.connector.transaction():
        place.connector.ping()
        during = pooled.pool_figures()

    assert (before.used, during.used) == (0, 1)
    assert 1 <= before.idle <= before.maximum
