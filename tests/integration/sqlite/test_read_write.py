"""Rows through SQLite: what goes in comes out, and `find` agrees with the reference interpreter."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lbconf.connectors.sqlite.connector import SqliteConnector
from lbconf.datatypes import DecimalType, ObjectType, StringType
from lbconf.errors import ConstraintError
from lbconf.project.resolved import Layout, Model
from lbconf.query.evaluate import evaluate
from lbconf.query.nodes import Comparison, Near, Operator, Order, Query, Target
from tests.strategies.rows import create_tables, data_source, every_type, model, queries, rows

SLOW = settings(
    max_examples=60, report_multiple_bugs=False, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(params=[":memory:", "file"])
def connector(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqliteConnector]:
    file = request.param if request.param == ":memory:" else str(tmp_path / "things.db")
    made = SqliteConnector(data_source("sqlite", {"file": file}))
    made.open()
    yield made
    made.close()


@pytest.mark.parametrize("layout", [Layout.NATIVE, Layout.LOOPBACK])
def test_find_equals_evaluate(layout: Layout) -> None:
    connector = SqliteConnector(data_source("sqlite", {}, layout=layout))
    kind = every_type(layout)
    create_tables(connector, connector.mapping, kind)

    @SLOW
    @given(st.data())
    def law(data: st.DataObject) -> None:
        connector.delete(kind, None)
        made = connector.insert(kind, data.draw(st.lists(rows(kind), max_size=5)))
        assert connector.find(Query(model=kind)) == [{"id": row["id"], **row} for row in made]
        query = data.draw(queries(kind, made))
        assert connector.find(query) == evaluate(query, made)
        assert connector.count(kind, query.where) == len(evaluate(Query(model=kind, where=query.where), made))

    law()
    connector.close()


def things(connector: SqliteConnector, **properties: Any) -> Model:
    kind = model({"name": StringType(), **properties})
    create_tables(connector, connector.mapping, kind)
    return kind


def test_ids_come_back_in_the_order_of_the_rows(connector: SqliteConnector) -> None:
    kind = things(connector)
    made = connector.insert(kind, [{"name": "a"}, {}, {"id": 40, "name": "c"}, {"name": "d"}])
    assert made == [{"name": "a", "id": 1}, {"id": 2}, {"id": 40, "name": "c"}, {"name": "d", "id": 41}]


def test_insert_is_all_or_none(connector: SqliteConnector) -> None:
    kind = things(connector)
    with pytest.raises(ConstraintError):
        connector.insert(kind, [{"id": 1}, {"id": 2}, {"id": 1}])
    assert connector.count(kind, None) == 0


def test_update_and_delete_tell_how_many(connector: SqliteConnector) -> None:
    kind = things(connector)
    connector.insert(kind, [{"name": name} for name in "aab"])
    named_a = Comparison(Target(kind.properties["name"]), Operator.EQ, "a")
    assert connector.update(kind, named_a, {"name": "z"}) == 2
    assert connector.update(kind, None, {}) == 3
    assert connector.update(kind, None, {"unknown": 1}) == 3
    assert connector.delete(kind, named_a) == 0
    assert connector.delete(kind, None) == 3


def test_exact_numbers_compare_and_sort_as_numbers(connector: SqliteConnector) -> None:
    kind = things(connector, price=DecimalType(20, 4))
    prices = [Decimal(10), Decimal("9.5000"), Decimal(-3), Decimal("100.0001")]
    connector.insert(kind, [{"price": price} for price in prices])
    price = Target(kind.properties["price"])
    found = connector.find(Query(model=kind, order=(Order(price),)))
    assert [row["price"] for row in found] == sorted(prices)
    found = connector.find(Query(model=kind, where=Comparison(price, Operator.EQ, Decimal("10.00"))))
    assert [row["price"] for row in found] == [Decimal(10)]


def test_places_inside_json(connector: SqliteConnector) -> None:
    kind = things(connector, data=ObjectType())
    documents = [{"a": {"b": [1, 2]}}, {"a": {"b": "1"}}, {'q"\\.': True}, {"a": None}, {"0": 5}]
    connector.insert(kind, [{"data": document} for document in documents])

    def ids(path: tuple[str, ...], operator: Operator, value: Any) -> list[int]:
        where = Comparison(Target(kind.properties["data"], path), operator, value)
        query = Query(model=kind, where=where)
        found = [row["id"] for row in connector.find(query)]
        everything = connector.find(Query(model=kind))
        assert found == [row["id"] for row in evaluate(query, everything)]
        return found

    assert ids(("a", "b", "0"), Operator.EQ, 1) == [1]
    assert ids(("a", "b"), Operator.EQ, "1") == [2]
    assert ids(("a", "b"), Operator.NEQ, "1") == [1]
    assert ids(('q"\\.',), Operator.EQ, True) == [3]  # noqa: FBT003 - a JSON value
    assert ids(("a",), Operator.EQ, None) == [3, 4, 5]
    assert ids(("0",), Operator.GT, 4) == [5]
    assert ids(("a", "b"), Operator.LIKE, "_") == [2]
    assert ids(("a", "b"), Operator.INQ, ("1", [1, 2])) == [1, 2]


def test_near_comes_nearest_first() -> None:
    connector = SqliteConnector(data_source("sqlite", {}))
    kind = every_type(Layout.NATIVE)
    create_tables(connector, connector.mapping, kind)
    places = [{"lat": 48.8, "lng": 2.3}, {"lat": 52.5, "lng": 13.4}, None, {"lat": 51.5, "lng": 0.0}]
    connector.insert(kind, [{"place": place} for place in places])
    near = Near(Target(kind.properties["place"]), 48.9, 2.3, max_distance=900_000)
    assert [row["id"] for row in connector.find(Query(model=kind, where=near))] == [1, 4, 2]
    near = Near(Target(kind.properties["place"]), 48.9, 2.3, max_distance=500_000)
    assert [row["id"] for row in connector.find(Query(model=kind, where=near))] == [1, 4]
    connector.close()


def test_a_transaction_is_seen_by_its_own_thread_only_until_it_ends(tmp_path: Path) -> None:
    connector = SqliteConnector(data_source("sqlite", {"file": str(tmp_path / "t.db")}))
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
    connector.close()


def test_a_transaction_left_by_an_exception_leaves_nothing(connector: SqliteConnector) -> None:
    kind = things(connector)
    with pytest.raises(ZeroDivisionError), connector.transaction():  # noqa: PT012 - what failed undoes the first
        connector.insert(kind, [{"name": "a"}])
        raise ZeroDivisionError
    assert connector.count(kind, None) == 0


def test_many_threads_read_and_write(connector: SqliteConnector) -> None:
    kind = things(connector)
    start = Barrier(8)
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            start.wait()
            for turn in range(20):
                connector.insert(kind, [{"name": f"{number}-{turn}"}])
                connector.find(Query(model=kind, limit=5))
        except BaseException as problem:  # noqa: BLE001 - shown below
            failures.append(problem)

    threads = [Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert connector.count(kind, None) == 160


def test_names_with_quotes_in_them(connector: SqliteConnector) -> None:
    odd = "a\"b`c'{0}$1?1%s"
    kind = model({odd: StringType(), "other": StringType()}, name="Odd\"`'; DROP TABLE x; --")
    create_tables(connector, connector.mapping, kind)
    assert connector.insert(kind, [{odd: "x", "other": "y"}]) == [{"id": 1, odd: "x", "other": "y"}]
    where = Comparison(Target(kind.properties[odd]), Operator.EQ, "x")
    assert connector.update(kind, where, {odd: "z"}) == 1
    assert connector.find(Query(model=kind)) == [{"id": 1, odd: "z", "other": "y"}]
