"""Streaming: every connector gives in parts what it finds at once, and frees what a part left over."""

import threading
from contextlib import closing
from itertools import chain

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lbconf.connectors.contract import Streamer
from lbconf.query.nodes import Query
from tests.conformance.conftest import Place
from tests.strategies.rows import every_type, model, queries

FEW = settings(max_examples=40, report_multiple_bugs=False, suppress_health_check=[HealthCheck.function_scoped_fixture])
MORE_THAN_CONNECTIONS = 30


def test_the_parts_together_are_what_is_found(place: Place) -> None:
    kind = every_type(place.layout)
    place.prepare(kind)
    assert isinstance(place.connector, Streamer)

    @FEW
    @given(st.data(), st.integers(1, 4))
    def law(data: st.DataObject, size: int) -> None:
        place.connector.delete(kind, None)
        made = place.connector.insert(kind, data.draw(st.lists(place.rows(kind), max_size=6)))
        query = data.draw(queries(kind, made))
        with closing(place.connector.stream(query, size)) as stream:
            parts = list(stream)
        assert list(chain.from_iterable(parts)) == place.connector.find(query)
        assert all(len(part) == size for part in parts[:-1])
        assert all(parts)

    law()


def test_a_stream_that_is_left_frees_its_connection(place: Place) -> None:
    kind = model({}, layout=place.layout)
    place.prepare(kind)
    place.connector.insert(kind, [{} for _ in range(40)])

    for _ in range(MORE_THAN_CONNECTIONS):
        stream = place.connector.stream(Query(model=kind), 7)
        assert len(next(stream)) == 7
        stream.close()

    assert place.connector.count(kind, None) == 40
    assert len(place.connector.insert(kind, [{}])) == 1


def test_parts_may_be_asked_for_by_several_threads(place: Place) -> None:
    kind = model({}, layout=place.layout)
    place.prepare(kind)
    place.connector.insert(kind, [{} for _ in range(20)])
    found: list[int] = []

    with closing(place.connector.stream(Query(model=kind), 5)) as stream:
        for _ in range(4):
            asking = threading.Thread(target=lambda: found.append(len(next(stream))))
            asking.start()
            asking.join()

    assert found == [5, 5, 5, 5]


def test_a_stream_shows_the_rows_of_the_moment_it_began(place: Place) -> None:
    kind = model({}, layout=place.layout)
    place.prepare(kind)
    place.connector.insert(kind, [{} for _ in range(10)])

    with closing(place.connector.stream(Query(model=kind), 4)) as stream:
        first = next(stream)
        place.connector.delete(kind, None)
        rest = list(chain.from_iterable(stream))

    assert len(first) + len(rest) == 10
    assert place.connector.count(kind, None) == 0
