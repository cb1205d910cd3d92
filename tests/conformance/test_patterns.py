"""Regular expressions that stall a matcher that goes back and forth: found at once, or given up within seconds."""

import pytest

from lbconf.datatypes import StringType
from lbconf.errors import TimedOutError
from lbconf.project.resolved import Layout
from lbconf.query.nodes import Comparison, Operator, Query, Target
from tests.conformance.conftest import Place
from tests.strategies.rows import model


@pytest.mark.parametrize("pattern", ["(a+)+$", "([a-z]+)*[0-9]"])
def test_no_pattern_stalls_a_connector(place: Place, pattern: str) -> None:
    if place.layout is not Layout.NATIVE:
        pytest.skip("the matcher is the same in each layout")
    kind = model({"name": StringType(200)})
    place.prepare(kind)
    place.connector.insert(kind, [{"name": "a" * 150 + "!"}] * 200)
    query = Query(model=kind, where=Comparison(Target(kind.properties["name"]), Operator.REGEXP, (pattern, "")))

    try:
        assert place.connector.find(query) == []
    except TimedOutError:
        assert place.connector.data_source.connector == "mysql"
