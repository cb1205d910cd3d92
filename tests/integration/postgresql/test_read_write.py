"""Rows through PostgreSQL: what goes in comes out, `find` agrees with the interpreter, `find_json` with `find`."""

import json
from collections.abc import Iterator
from decimal import Decimal
from threading import Barrier, Thread
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lbconf.api.present import encode, plain
from lbconf.connectors.postgresql.connector import PostgresqlConnector
from lbconf.connectors.postgresql.dialect import JSON_PREDICATE
from lbconf.datatypes import ArrayType, DateTimeType, DecimalType, NumberType, ObjectType, StringType
from lbconf.errors import ConstraintError, ConstraintKind
from lbconf.project.resolved import Layout, Model
from lbconf.query.evaluate import evaluate
from lbconf.query.nodes import Comparison, Near, Operator, Order, Query, Target
from tests.strategies.rows import create_tables, data_source, every_type, model, queries, rows

SLOW = settings(
    max_examples=60, report_multiple_bugs=False, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def connector(postgresql_url: str) -> Iterator[PostgresqlConnector]:
    made = PostgresqlConnector(data_source("postgresql", {"url": postgresql_url}))
    made.open()
    yield made
    made.close()


def presented(found: list[dict[str, Any]]) -> Any:
    return json.loads(encode([plain(row) for row in found]))


@pytest.mark.parametrize("layout", [Layout.NATIVE, Layout.LOOPBACK])
def test_find_equals_evaluate_and_find_json_equals_find(layout: Layout, postgresql_url: str) -> None:
    connector = PostgresqlConnector(data_source("postgresql", {"url": postgresql_url}, layout=layout))
    kind = every_type(layout)
    create_tables(connector, connector.mapping, kind)

    @SLOW
    @given(st.data())
    def law(data: st.DataObject) -> None:
        connector.delete(kind, None)
        made = connector.insert(kind, data.draw(st.lists(rows(kind), max_size=5)))
        assert connector.find(Query(model=kind)) == [{"id": row["id"], **row} for row in made]
        query = data.draw(queries(kind, made))
        found = connector.find(query)
        assert found == evaluate(query, made)
        assert json.loads(connector.find_json(query)) == presented(found)
        assert connector.count(kind, query.where) == len(evaluate(Query(model=kind, where=query.where), made))

    law()
    connector.close()


def things(connector: PostgresqlConnector, **properties: Any) -> Model:
    kind = model({"name": StringType(), **properties})
    create_tables(connector, connector.mapping, kind)
    return kind


def test_ids_come_back_in_the_order_of_the_rows(connector: PostgresqlConnector) -> None:
    kind = things(connector)
    made = connector.insert(kind, [{"name": "a"}, {"name": "b"}, {}, {"id": 9999, "name": "c"}, {"name": "d"}])
    assert [row["id"] for row in made] == [1, 2, 3, 9999, 4]
    many = connector.insert(kind, [{"name": str(number)} for number in range(2500)])
    assert [row["id"] for row in many] == list(range(5, 2505))
    assert connector.count(kind, None) == 2505


def test_insert_is_all_or_none(connector: PostgresqlConnector) -> None:
    kind = things(connector)
    with pytest.raises(ConstraintError):
        connector.insert(kind, [{"id": 1}, {"id": 2, "name": "a"}, {"id": 1}])
    assert connector.count(kind, None) == 0


def test_update_and_delete_tell_how_many(connector: PostgresqlConnector) -> None:
    kind = things(connector)
    connector.insert(kind, [{"name": name} for name in "aab"])
    named_a = Comparison(Target(kind.properties["name"]), Operator.EQ, "a")
    assert connector.update(kind, named_a, {"name": "z"}) == 2
    assert connector.update(kind, None, {}) == 3
    assert connector.delete(kind, named_a) == 0
    assert connector.delete(kind, None) == 3


def test_unusual_values_are_read_as_json_can_say_them(connector: PostgresqlConnector, postgresql_url: str) -> None:
    kind = model({"moment": DateTimeType(), "float": NumberType(), "exact": DecimalType()})
    create_tables(connector, connector.mapping, kind)
    with psycopg.connect(postgresql_url, autocommit=True) as direct:
        for moment, number in (
            ("infinity", "NaN"),
            ("-infinity", "Infinity"),
            ("0044-03-15 12:00:00.5+00 BC", "-Infinity"),
            ("0001-12-31 00:00:00+00 BC", "0.1"),
            ("12013-01-01 00:00:00+00", "1e300"),
            ("2013-10-15 21:34:50.999999+00", "-0.0"),
            ("0001-01-01 00:00:00+00", "1.7976931348623157e308"),
            ("9999-12-31 23:59:59.9999+00", "5e-324"),
            ("10000-01-01 00:00:00+00", "1"),
            ("4713-01-01 00:00:00+00 BC", None),
            ("294276-12-31 23:59:59.9999+00", None),
            (None, None),
        ):
            direct.execute('INSERT INTO "Thing" (moment, "float", exact) VALUES (%s, %s, 0.10)', (moment, number))
    found = connector.find(Query(model=kind))
    shown = presented(found)
    assert [row["moment"] for row in shown] == [
        None,
        None,
        "-000043-03-15T12:00:00.500Z",
        "0000-12-31T00:00:00.000Z",
        "+012013-01-01T00:00:00.000Z",
        "2013-10-15T21:34:50.999Z",
        "0001-01-01T00:00:00.000Z",
        "9999-12-31T23:59:59.999Z",
        "+010000-01-01T00:00:00.000Z",
        "-004712-01-01T00:00:00.000Z",
        "+294276-12-31T23:59:59.999Z",
        None,
    ]
    floats = [None, None, None, 0.1, 1e300, 0, 1.7976931348623157e308, 5e-324, 1, None, None, None]
    assert [row["float"] for row in shown] == floats
    assert json.loads(connector.find_json(Query(model=kind))) == shown
    assert b'"exact":0.10' in connector.find_json(Query(model=kind, limit=1)).replace(b" ", b"")
    assert found[0]["exact"] == Decimal("0.10")
    by_moment = Query(model=kind, order=(Order(Target(kind.properties["moment"])),))
    assert json.loads(connector.find_json(by_moment)) == presented(connector.find(by_moment))
    connector.delete(kind, None)
    numbers = ("NaN", "0.0", "-1e30", *(("Infinity", "-Infinity") if connector._version >= 140000 else ()))
    with psycopg.connect(postgresql_url, autocommit=True) as direct:
        for number in numbers:
            direct.execute('INSERT INTO "Thing" (exact) VALUES (%s)', (number,))
    shown = [row["exact"] for row in presented(connector.find(Query(model=kind)))]
    assert shown == [None, 0, -(10**30), None, None][: len(numbers)]
    assert [row["exact"] for row in json.loads(connector.find_json(Query(model=kind)))] == shown


def test_text_that_is_no_json_stands_for_itself(postgresql_url: str) -> None:
    connector = PostgresqlConnector(data_source("postgresql", {"url": postgresql_url}, layout=Layout.LOOPBACK))
    kind = model({"data": ObjectType()}, layout=Layout.LOOPBACK)
    create_tables(connector, connector.mapping, kind)
    with psycopg.connect(postgresql_url, autocommit=True) as direct:
        direct.execute("INSERT INTO thing (data) VALUES ('not json'), ('{\"a\": 1}')")
    assert [row["data"] for row in connector.find(Query(model=kind))] == ["not json", {"a": 1}]
    assert [row["data"] for row in json.loads(connector.find_json(Query(model=kind)))] == ["not json", {"a": 1}]
    if connector._version >= JSON_PREDICATE:
        where = Comparison(Target(kind.properties["data"], ("a",)), Operator.EQ, 1)
        assert [row["id"] for row in connector.find(Query(model=kind, where=where))] == [2]
    connector.close()


def test_hidden_properties_and_unasked_fields_are_left_out_of_json(connector: PostgresqlConnector) -> None:
    kind = model({"name": StringType(), "secret": StringType(), "n" * 70: StringType()}, secret={"hidden": True})
    create_tables(connector, connector.mapping, kind)
    connector.insert(kind, [{"name": "a", "secret": "s"}])
    assert json.loads(connector.find_json(Query(model=kind))) == [{"id": 1, "name": "a", "n" * 70: None}]
    asked = Query(model=kind, fields=(kind.properties["name"], kind.properties["secret"]))
    assert json.loads(connector.find_json(asked)) == [{"name": "a"}]
    assert connector.find(asked) == [{"name": "a", "secret": "s"}]


def test_places_inside_json(connector: PostgresqlConnector) -> None:
    kind = things(connector, data=ObjectType(), tags=ArrayType(StringType()))
    documents = [{"a": {"b": [1, 2]}}, {"a": {"b": "1"}}, {'q"\\.': True}, {"a": None}, {"0": 5}]
    connector.insert(kind, [{"data": document} for document in documents])

    def ids(path: tuple[str, ...], operator: Operator, value: Any) -> list[int]:
        query = Query(model=kind, where=Comparison(Target(kind.properties["data"], path), operator, value))
        found = [row["id"] for row in connector.find(query)]
        assert found == [row["id"] for row in evaluate(query, connector.find(Query(model=kind)))]
        return found

    assert ids(("a", "b", "0"), Operator.EQ, 1) == [1]
    assert ids(("a", "b"), Operator.EQ, "1") == [2]
    assert ids(("a", "b"), Operator.NEQ, "1") == [1]
    assert ids(('q"\\.',), Operator.EQ, True) == [3]  # noqa: FBT003 - a JSON value
    assert ids(("a",), Operator.EQ, None) == [3, 4, 5]
    assert ids(("0",), Operator.GT, 4) == [5]
    assert ids(("a", "b"), Operator.LIKE, "_") == [2]
    assert ids(("a", "b"), Operator.INQ, ("1", [1, 2])) == [1, 2]


def test_near_comes_nearest_first(connector: PostgresqlConnector) -> None:
    kind = every_type(Layout.NATIVE)
    create_tables(connector, connector.mapping, kind)
    places = [{"lat": 48.8, "lng": 2.3}, {"lat": 52.5, "lng": 13.4}, None, {"lat": 51.5, "lng": 0.0}]
    connector.insert(kind, [{"place": place} for place in places])
    for distance, expected in ((900_000, [1, 4, 2]), (500_000, [1, 4])):
        near = Near(Target(kind.properties["place"]), 48.9, 2.3, max_distance=distance)
        assert [row["id"] for row in connector.find(Query(model=kind, where=near))] == expected


@pytest.mark.parametrize(
    ("pattern", "flags", "expected"),
    [
        ("book", "", ["a book"]),
        ("BOOK", "i", ["a book", "Book\nshelf"]),
        (r"\bshelf", "", ["Book\nshelf"]),
        ("^shelf", "", []),
        ("^shelf", "m", ["Book\nshelf"]),
        ("k.s", "", []),
    ],
)
def test_regular_expressions_mean_what_they_mean_in_javascript(
    connector: PostgresqlConnector, pattern: str, flags: str, expected: list[str]
) -> None:
    kind = things(connector)
    connector.insert(kind, [{"name": "a book"}, {"name": "Book\nshelf"}])
    query = Query(model=kind, where=Comparison(Target(kind.properties["name"]), Operator.REGEXP, (pattern, flags)))
    assert [row["name"] for row in connector.find(query)] == expected
    assert evaluate(query, connector.find(Query(model=kind))) == connector.find(query)


def test_a_transaction_is_seen_by_its_own_thread_only_until_it_ends(connector: PostgresqlConnector) -> None:
    kind = things(connector)
    seen: list[int] = []

    def look() -> None:
        seen.append(connector.count(kind, None))

    with connector.transaction():
        connector.insert(kind, [{"name": "a"}])
        with connector.transaction():
            connector.insert(kind, [{"name": "b"}])
        assert connector.count(kind, None) == 2
        other = Thread(target=look)
        other.start()
        other.join()
    look()
    assert seen == [0, 2]


def test_a_transaction_left_by_an_error_leaves_nothing(connector: PostgresqlConnector) -> None:
    kind = things(connector)
    with pytest.raises(ConstraintError) as caught, connector.transaction():  # noqa: PT012 - the second statement fails
        connector.insert(kind, [{"id": 1}])
        connector.insert(kind, [{"id": 1}])
    assert (caught.value.kind, caught.value.columns) == (ConstraintKind.UNIQUE, ("id",))
    assert connector.count(kind, None) == 0


def test_many_threads_share_few_connections(postgresql_url: str) -> None:
    connector = PostgresqlConnector(data_source("postgresql", {"url": postgresql_url, "max": 3}))
    kind = things(connector)
    start = Barrier(12)
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            start.wait()
            for turn in range(20):
                connector.insert(kind, [{"name": f"{number}-{turn}"}])
                connector.find_json(Query(model=kind, limit=5))
        except BaseException as problem:  # noqa: BLE001 - shown below
            failures.append(problem)

    threads = [Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert connector.count(kind, None) == 240
    connector.close()


def test_names_with_quotes_in_them(connector: PostgresqlConnector) -> None:
    odd = "a\"b`c'{0}$1?1%s"
    kind = model({odd: StringType(), "other": StringType()}, name="Odd\"`'; DROP TABLE x; --")
    create_tables(connector, connector.mapping, kind)
    assert connector.insert(kind, [{odd: "x", "other": "y"}]) == [{"id": 1, odd: "x", "other": "y"}]
    where = Comparison(Target(kind.properties[odd]), Operator.EQ, "x")
    assert connector.update(kind, where, {odd: "z"}) == 1
    assert connector.find(Query(model=kind)) == [{"id": 1, odd: "z", "other": "y"}]
    assert json.loads(connector.find_json(Query(model=kind))) == [{"id": 1, odd: "z", "other": "y"}]
