"""Rows through MariaDB or MySQL: what goes in comes out, whatever collation, key or place inside JSON is asked for."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, time
from decimal import Decimal
from threading import Barrier, Event, Thread
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lbconf.api.present import encode, plain
from lbconf.connectors.mysql.connector import MysqlConnector
from lbconf.connectors.mysql.dialect import MysqlDialect
from lbconf.connectors.mysql.json_rows import json_statement
from lbconf.connectors.mysql.server import Server
from lbconf.connectors.sql.compile import Compiler
from lbconf.datatypes import (
    ArrayType,
    BinaryType,
    BooleanType,
    DateTimeType,
    DecimalType,
    IntegerType,
    NumberType,
    ObjectType,
    StringType,
    TimeType,
    UuidType,
)
from lbconf.diagnostics import Code
from lbconf.errors import ConnectorError, ConstraintError, ConstraintKind
from lbconf.project.resolved import Layout, Model, Property
from lbconf.query.evaluate import evaluate
from lbconf.query.nodes import Comparison, Near, Operator, Order, Query, Target
from tests.servers_mysql import MysqlServer
from tests.strategies.rows import create_tables, data_source, every_type, hostile_text, model, queries, rows
from tests.strategies.shop import model as shop_model

FEW = settings(max_examples=60, report_multiple_bugs=False, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def connector(mysql_url: str) -> Iterator[MysqlConnector]:
    made = MysqlConnector(data_source("mysql", {"url": mysql_url}))
    made.open()
    yield made
    made.close()


def things(connector: MysqlConnector, **properties: Any) -> Model:
    kind = model({"name": StringType(), **properties})
    create_tables(connector, connector.mapping, kind)
    return kind


def run(connector: MysqlConnector, *statements: str) -> None:
    for statement in statements:
        connector._run(lambda session, sql=statement: session.execute(sql))  # type: ignore[misc]


def asked(connector: MysqlConnector, statement: str) -> list[Any]:
    return list(connector._run(lambda session: session.rows(statement)))


def test_ids_come_back_in_the_order_of_the_rows(connector: MysqlConnector) -> None:
    kind = things(connector)
    made = connector.insert(kind, [{"name": "a"}, {"name": "b"}, {}, {"id": 9999, "name": "c"}, {"name": "d"}])
    assert [row["id"] for row in made] == [1, 2, 3, 9999, 10000]
    many = connector.insert(kind, [{"name": str(number)} for number in range(2500)])
    found = connector.find(Query(model=kind, where=Comparison(Target(kind.properties["id"]), Operator.GT, 10000)))
    assert found == many
    assert connector.count(kind, None) == 2505


@pytest.fixture
def old(connector: MysqlConnector) -> MysqlConnector:
    """A connector that believes the server to have no RETURNING, as MySQL and older MariaDBs."""
    connector._server = Server(mariadb=connector._server.mariadb, version=(8, 0, 30))
    connector._compiler = Compiler(MysqlDialect(connector._server, connector._collations))
    return connector


def test_without_returning_ids_are_worked_out_and_defaults_read_again(old: MysqlConnector) -> None:
    kind = model({"name": StringType(), "level": IntegerType(32)}, level={"default": 7})
    create_tables(old, old.mapping, kind)
    run(old, "ALTER TABLE `Thing` ALTER COLUMN `level` SET DEFAULT 7", "SET SESSION auto_increment_increment = 5")
    assert not old.compiler().dialect.returning
    with old.transaction():
        run(old, "SET SESSION auto_increment_increment = 5")
        made = old.insert(kind, [{"name": "a"}, {"name": "b"}, {"name": "c", "id": 100}, {"name": "d", "level": 1}])
        run(old, "SET SESSION auto_increment_increment = 1")
    assert [(row["id"], row["name"], row["level"]) for row in made] == [
        (1, "a", 7),
        (6, "b", 7),
        (100, "c", 7),
        (101, "d", 1),
    ]
    assert old.find(Query(model=kind)) == made


def test_without_returning_composite_and_uuid_keys_are_read_again_too(old: MysqlConnector) -> None:
    kind = shop_model(
        "Seat",
        Property(name="row", type=IntegerType(), id=1, nullable=False),
        Property(name="place", type=StringType(length=10), id=2, nullable=False),
        Property(name="taken", type=StringType(), default="no"),
        layout=Layout.NATIVE,
    )
    key = Property(name="id", type=UuidType(), id=1, generated=True, nullable=False)
    keyed = shop_model("Key", key, layout=Layout.NATIVE)
    create_tables(old, old.mapping, kind, keyed)
    run(old, "ALTER TABLE `Seat` ALTER COLUMN `taken` SET DEFAULT 'no'")
    made = old.insert(kind, [{"row": 1, "place": "a"}, {"row": 1, "place": "b"}])
    assert [row["taken"] for row in made] == ["no", "no"]
    (row,) = old.insert(keyed, [{}])
    assert UUID(row["id"]).version == 4
    assert old.find(Query(model=keyed)) == [row]


@pytest.mark.parametrize("layout", [Layout.NATIVE, Layout.LOOPBACK])
def test_an_older_server_finds_what_the_interpreter_finds(mysql_url: str, layout: Layout) -> None:
    connector = MysqlConnector(data_source("mysql", {"url": mysql_url}, layout=layout))
    kind = every_type(layout)
    create_tables(connector, connector.mapping, kind)
    connector._server = Server(mariadb=connector.server.mariadb, version=(10, 4, 0))
    connector._compiler = Compiler(MysqlDialect(connector._server, connector._collations))
    connector.forget_tables()

    @FEW
    @given(st.data())
    def law(data: st.DataObject) -> None:
        connector.delete(kind, None)
        made = connector.insert(kind, data.draw(st.lists(rows(kind, whole_seconds=layout.is_loopback), max_size=5)))
        query = data.draw(queries(kind, made))
        assert connector.find(query) == evaluate(query, made)

    law()
    connector.close()


@pytest.mark.parametrize("layout", [Layout.NATIVE, Layout.LOOPBACK])
@pytest.mark.parametrize("without", ["bytes", "nothing"])
def test_json_by_the_server_is_what_find_gives(mysql_url: str, layout: Layout, without: str) -> None:
    connector = MysqlConnector(data_source("mysql", {"url": mysql_url}, layout=layout))
    types = {name: prop.type for name, prop in every_type(layout).properties.items() if name not in {"id", without}}
    kind = model(types, layout=layout)
    create_tables(connector, connector.mapping, kind)
    compiler = connector.compiler()
    by_server = json_statement(compiler, connector.table(kind, compiler), Query(model=kind))
    assert (by_server is not None) is (without == "bytes")

    @FEW
    @given(st.data())
    def law(data: st.DataObject) -> None:
        connector.delete(kind, None)
        made = connector.insert(kind, data.draw(st.lists(rows(kind, whole_seconds=layout.is_loopback), max_size=4)))
        query = data.draw(queries(kind, made))
        shown = json.loads(encode([plain(row) for row in connector.find(query)]))
        assert json.loads(connector.find_json(query)) == shown

    law()
    connector.close()


def test_json_by_the_server_has_all_digits_of_a_place(mysql_url: str) -> None:
    connector = MysqlConnector(data_source("mysql", {"url": mysql_url}))
    kind = model({"place": every_type(Layout.NATIVE).properties["place"].type})
    create_tables(connector, connector.mapping, kind)
    longest = {"lat": -1.7976931348623157e308, "lng": -5.032877211061266e-292}
    connector.insert(kind, [{"place": longest}, {"place": {"lat": 100.0, "lng": -0.5}}])
    shown = connector.find_json(Query(model=kind))
    assert [row["place"] for row in json.loads(shown)] == [longest, {"lat": 100, "lng": -0.5}]
    assert b'"lat":100,' in shown
    connector.close()


def test_json_without_hidden_properties_and_with_odd_names(connector: MysqlConnector) -> None:
    odd = "a\"b`c'{0}%s\\"
    kind = model({"name": StringType(), odd: StringType(), "secret": StringType()}, secret={"hidden": True})
    create_tables(connector, connector.mapping, kind)
    connector.insert(kind, [{"name": "a", odd: "x", "secret": "s"}, {}])
    expected = [{"id": 1, "name": "a", odd: "x"}, {"id": 2, "name": None, odd: None}]
    assert json.loads(connector.find_json(Query(model=kind))) == expected
    assert json.loads(connector.find_json(Query(model=kind, fields=(kind.properties["secret"],)))) == [{}, {}]
    assert json.loads(connector.find_json(Query(model=kind, limit=0))) == []


def test_insert_is_all_or_none(connector: MysqlConnector) -> None:
    kind = things(connector)
    with pytest.raises(ConstraintError):
        connector.insert(kind, [{"id": 1}, {"id": 2, "name": "a"}, {"id": 1}])
    assert connector.count(kind, None) == 0


def test_rows_that_match_count_even_where_nothing_changes(connector: MysqlConnector) -> None:
    kind = things(connector)
    connector.insert(kind, [{"name": name} for name in "aab"])
    named_a = Comparison(Target(kind.properties["name"]), Operator.EQ, "a")
    assert connector.update(kind, named_a, {"name": "a"}) == 2
    assert connector.update(kind, named_a, {"name": "z"}) == 2
    assert connector.update(kind, None, {}) == 3
    assert connector.delete(kind, named_a) == 0
    assert connector.delete(kind, None) == 3


def test_values_at_the_ends_of_their_types(connector: MysqlConnector) -> None:
    kind = things(
        connector,
        big=IntegerType(64),
        exact=DecimalType(30, 10),
        widest=DecimalType(),
        float=NumberType(),
        moment=DateTimeType(),
        clock=TimeType(),
        flag=BooleanType(),
        bytes=BinaryType(),
    )
    rows = [
        {
            "big": 2**63 - 1,
            "exact": Decimal("12345678901234567890.0123456789"),
            "widest": Decimal("1.10"),
            "float": 0.1 + 0.2,
            "moment": datetime(9999, 12, 31, 23, 59, 59, 999000, tzinfo=UTC),
            "clock": time(23, 59, 59, 999999),
            "flag": True,
            "bytes": bytes(range(256)),
        },
        {
            "big": -(2**63),
            "exact": Decimal("-0.0000000001"),
            "widest": Decimal(10) ** 34,
            "float": -1.7976931348623157e308,
            "moment": datetime(1, 1, 1, tzinfo=UTC),
            "clock": time(0),
            "flag": False,
            "bytes": b"",
        },
    ]
    connector.insert(kind, rows)
    found = connector.find(Query(model=kind))
    assert [{name: row[name] for name in rows[0]} for row in found] == rows
    assert [type(row["flag"]) for row in found] == [bool, bool]
    for name, value in rows[0].items():
        where = Comparison(Target(kind.properties[name]), Operator.EQ, value)
        assert [row["id"] for row in connector.find(Query(model=kind, where=where))] == [1], name


def test_a_moment_is_cut_to_milliseconds_not_rounded(connector: MysqlConnector) -> None:
    kind = things(connector, moment=DateTimeType())
    connector.insert(kind, [{"moment": datetime(2013, 10, 15, 23, 59, 59, 999999, tzinfo=UTC)}])
    assert connector.find(Query(model=kind))[0]["moment"] == datetime(2013, 10, 15, 23, 59, 59, 999000, tzinfo=UTC)


def test_a_moment_keeps_what_the_column_that_is_there_has_a_place_for(
    mysql_url: str, mysql_server: MysqlServer
) -> None:
    """Whatever the model's own type is: DATETIME in LoopBack's layouts."""
    connector = MysqlConnector(data_source("mysql", {"url": mysql_url}, layout=Layout.LOOPBACK))
    kind = model({"coarse": DateTimeType(), "fine": DateTimeType()}, layout=Layout.LOOPBACK)
    create_tables(connector, connector.mapping, kind)
    with mysql_server.connect(mysql_url) as direct, direct.cursor() as cursor:
        cursor.execute("ALTER TABLE `Thing` MODIFY fine datetime(3) NULL")
    late = datetime(2013, 10, 15, 23, 59, 59, 999000, tzinfo=UTC)
    connector.insert(kind, [{"coarse": late, "fine": late}])

    found = connector.find(Query(model=kind))

    assert [(row["coarse"], row["fine"]) for row in found] == [(late.replace(microsecond=0), late)]
    told = json.loads(connector.find_json(Query(model=kind)) or "[]")
    assert [(row["coarse"], row["fine"]) for row in told] == [
        ("2013-10-15T23:59:59.000Z", "2013-10-15T23:59:59.999Z"),
    ]
    where = Comparison(Target(kind.properties["fine"]), Operator.EQ, late)
    assert connector.count(kind, where) == 1


def test_moments_are_the_same_whatever_the_zone_of_the_server_and_the_value(
    connector: MysqlConnector, mysql_url: str, mysql_server: MysqlServer
) -> None:
    kind = things(connector, moment=DateTimeType())
    given = datetime.fromisoformat("2020-06-01T12:00:00+05:00")
    connector.insert(kind, [{"moment": given}])
    with mysql_server.connect(mysql_url, init_command="SET time_zone = '-03:00'") as direct, direct.cursor() as cursor:
        cursor.execute("ALTER TABLE `Thing` ADD COLUMN stamped timestamp(3) NULL DEFAULT '2020-06-01 04:00:00'")
        cursor.execute("SELECT moment FROM `Thing`")
        assert cursor.fetchall() == ((datetime(2020, 6, 1, 7),),)  # noqa: DTZ001 - as it is stored
    stamped = model({"stamped": DateTimeType()})
    assert connector.find(Query(model=stamped))[0]["stamped"] == given


def test_dates_that_are_none_do_not_hide_the_row(connector: MysqlConnector) -> None:
    kind = things(connector, moment=DateTimeType())
    run(
        connector,
        "SET SESSION sql_mode = ''",
        "INSERT INTO `Thing` (`name`, `moment`) VALUES ('a', '0000-00-00 00:00:00')",
    )
    (row,) = connector.find(Query(model=kind))
    assert (row["name"], row["moment"]) == ("a", "0000-00-00 00:00:00.000")


FOLDED = ("a", "A", "ä", "a ", "Ä", "", " ", "ß", "ss", "\u0130", "İ", "b")


@pytest.mark.parametrize("collation", ["utf8mb4_general_ci", "utf8mb4_unicode_ci", "latin1_swedish_ci", "utf8mb4_bin"])
def test_texts_are_told_apart_in_every_collation(connector: MysqlConnector, collation: str) -> None:
    kind = things(connector)
    charset = collation.partition("_")[0]
    run(connector, f"ALTER TABLE `Thing` MODIFY `name` varchar(20) CHARACTER SET {charset} COLLATE {collation}")
    connector.forget_tables()
    texts = [text for text in FOLDED if charset != "latin1" or text.encode("latin1", "ignore").decode("latin1") == text]
    made = connector.insert(kind, [{"name": text} for text in texts])
    target = Target(kind.properties["name"])
    for text in FOLDED:
        for operator, value in (
            (Operator.EQ, text),
            (Operator.NEQ, text),
            (Operator.INQ, (text, "zz")),
            (Operator.GT, text),
            (Operator.LIKE, f"{text}%"),
            (Operator.BETWEEN, (text, "b")),
        ):
            query = Query(model=kind, where=Comparison(target, operator, value))
            assert connector.find(query) == evaluate(query, made), (operator, value)
    ordered = Query(model=kind, order=(Order(target),))
    assert connector.find(ordered) == evaluate(ordered, made)


@pytest.mark.parametrize("charset", ["utf8mb4", "latin1"])
def test_an_index_is_used_whatever_the_collation(connector: MysqlConnector, charset: str) -> None:
    kind = model({"title": StringType()}, title={"index": {}})
    create_tables(connector, connector.mapping, kind)
    connector.insert(kind, [{"title": f"name {number}"} for number in range(2000)])
    run(
        connector,
        f"ALTER TABLE `Thing` MODIFY `title` varchar(20) CHARACTER SET {charset} COLLATE {charset}_general_ci",
        "ANALYZE TABLE `Thing`",
    )
    connector.forget_tables()
    compiler = connector.compiler()
    for operator, value in ((Operator.EQ, "name 7"), (Operator.INQ, ("name 7", "name 8"))):
        query = Query(model=kind, where=Comparison(Target(kind.properties["title"]), operator, value))
        statement = compiler.find(connector.table(kind, compiler), query)
        plan = connector._run(
            lambda session, found=statement: session.rows(f"EXPLAIN {found.sql}", found.parameters)  # type: ignore[misc]
        )
        assert any("Thing_title_idx" in str(cell) for row in plan for cell in row), plan


@FEW
@given(st.data())
def test_likes_mean_what_they_mean_to_the_interpreter(mysql_connector: tuple[MysqlConnector, Model], data: Any) -> None:
    connector, kind = mysql_connector
    connector.delete(kind, None)
    made = connector.insert(kind, [{"name": text} for text in data.draw(st.lists(hostile_text, max_size=4))])
    pattern = data.draw(st.one_of(hostile_text, st.text("|\\%_aA", max_size=6)))
    for operator in (Operator.LIKE, Operator.NLIKE, Operator.EQ):
        query = Query(model=kind, where=Comparison(Target(kind.properties["name"]), operator, pattern))
        assert connector.find(query) == evaluate(query, made)


@pytest.fixture
def mysql_connector(connector: MysqlConnector) -> tuple[MysqlConnector, Model]:
    return connector, things(connector)


def test_places_inside_json(connector: MysqlConnector) -> None:
    kind = things(connector, data=ObjectType(), tags=ArrayType(StringType()))
    documents: list[Any] = [
        {"a": {"b": [1, 2]}},
        {"a": {"b": "1"}},
        {'q"\\.': True},
        {"a": None},
        {"0": 5},
        None,
        {"a": {"b": 1.5}},
        {"a": {"b": False}},
        {"a": {"b": {"x": 1, "y": [1]}}},
        {"a": {"b": "\u00e9\n\U0001f600"}},
        {"a": 5},
    ]
    connector.insert(kind, [{"data": document} for document in documents])

    def ids(path: tuple[str, ...], operator: Operator, value: Any) -> list[int]:
        query = Query(model=kind, where=Comparison(Target(kind.properties["data"], path), operator, value))
        found = [row["id"] for row in connector.find(query)]
        assert found == [row["id"] for row in evaluate(query, connector.find(Query(model=kind)))], (path, operator)
        return found

    assert ids(("a", "b", "0"), Operator.EQ, 1) == [1]
    assert ids(("a", "b"), Operator.EQ, "1") == [2]
    assert ids(("a", "b"), Operator.NEQ, "1") == [1, 7, 8, 9, 10]
    assert ids(('q"\\.',), Operator.EQ, True) == [3]  # noqa: FBT003 - a JSON value
    assert ids(("a", "b"), Operator.EQ, False) == [8]  # noqa: FBT003 - a JSON value
    assert ids(("a",), Operator.EQ, None) == [3, 4, 5, 6]
    assert ids(("a",), Operator.NEQ, None) == [1, 2, 7, 8, 9, 10, 11]
    assert ids(("0",), Operator.GT, 4) == [5]
    assert ids(("a", "0"), Operator.EQ, 5) == []
    assert ids(("a", "b"), Operator.GTE, 1.5) == [7]
    assert ids(("a", "b"), Operator.LIKE, "_") == [2]
    assert ids(("a", "b"), Operator.EQ, "\u00e9\n\U0001f600") == [10]
    assert ids(("a", "b"), Operator.INQ, ("1", [1, 2])) == [1, 2]
    assert ids(("a", "b"), Operator.EQ, {"y": [1], "x": 1}) == [9]
    assert ids(("a", "b"), Operator.NIN, (1.5, {"y": [2], "x": 1})) == [1, 2, 8, 9, 10]


def test_text_that_is_no_json_hides_no_row(connector: MysqlConnector, mysql_url: str) -> None:
    loopback = MysqlConnector(data_source("mysql", {"url": mysql_url}, layout=Layout.LOOPBACK))
    kind = model({"data": ObjectType()}, layout=Layout.LOOPBACK)
    create_tables(loopback, loopback.mapping, kind)
    run(loopback, "INSERT INTO `Thing` (`data`) VALUES ('{\"a\": 1}'), ('no json'), (NULL)")
    where = Comparison(Target(kind.properties["data"], ("a",)), Operator.EQ, 1)
    assert [row["data"] for row in loopback.find(Query(model=kind))] == [{"a": 1}, "no json", None]
    assert [row["id"] for row in loopback.find(Query(model=kind, where=where))] == [1]
    loopback.close()


@pytest.mark.parametrize("layout", [Layout.NATIVE, Layout.LOOPBACK])
def test_near_comes_nearest_first(mysql_url: str, layout: Layout) -> None:
    connector = MysqlConnector(data_source("mysql", {"url": mysql_url}, layout=layout))
    kind = every_type(layout)
    create_tables(connector, connector.mapping, kind)
    places = [{"lat": 48.8, "lng": 2.3}, {"lat": 52.5, "lng": 13.4}, None, {"lat": 51.5, "lng": 0.0}]
    connector.insert(kind, [{"place": place} for place in places])
    for distance, expected in ((900_000, [1, 4, 2]), (500_000, [1, 4])):
        near = Near(Target(kind.properties["place"]), 48.9, 2.3, max_distance=distance)
        assert [row["id"] for row in connector.find(Query(model=kind, where=near))] == expected
    assert asked(connector, "SELECT ST_X(`place`), ST_Y(`place`) FROM `Thing` WHERE `id` = 2") == [(13.4, 52.5)]
    connector.close()


@pytest.mark.parametrize(
    ("pattern", "flags", "expected"),
    [
        ("book", "", ["a book"]),
        ("BOOK", "i", ["a book", "Book\nshelf"]),
        (r"\bshelf", "", ["Book\nshelf"]),
        ("^shelf", "", []),
        ("^shelf", "m", ["Book\nshelf"]),
        ("k.s", "", []),
        ("line$", "", []),
        ("line$", "m", ["line\n"]),
        (r"[$.]", "", ["$1.5"]),
        (r"\$1\.", "", ["$1.5"]),
    ],
)
def test_regular_expressions_mean_what_they_mean_in_javascript(
    connector: MysqlConnector, pattern: str, flags: str, expected: list[str]
) -> None:
    kind = things(connector)
    connector.insert(kind, [{"name": name} for name in ("a book", "Book\nshelf", "line\n", "$1.5")])
    query = Query(model=kind, where=Comparison(Target(kind.properties["name"]), Operator.REGEXP, (pattern, flags)))
    assert [row["name"] for row in connector.find(query)] == expected
    assert evaluate(query, connector.find(Query(model=kind))) == connector.find(query)


def test_a_transaction_is_seen_by_its_own_thread_only_until_it_ends(connector: MysqlConnector) -> None:
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


def test_after_a_deadlock_nothing_of_the_transaction_is_kept(connector: MysqlConnector) -> None:
    kind = things(connector)
    connector.insert(kind, [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}])
    first, second = (Comparison(Target(kind.properties["id"]), Operator.EQ, number) for number in (1, 2))
    locked, go_on = Event(), Event()
    outcomes: list[Any] = []

    def other() -> None:
        try:
            with connector.transaction():
                connector.update(kind, second, {"name": "other"})
                locked.set()
                go_on.wait(10)
                connector.update(kind, first, {"name": "other"})
            outcomes.append("other")
        except ConnectorError as problem:
            outcomes.append(problem.diagnostics[0].code)

    thread = Thread(target=other)
    thread.start()
    locked.wait(10)
    try:
        with connector.transaction():
            connector.insert(kind, [{"id": 3, "name": "mine"}])
            connector.update(kind, first, {"name": "mine"})
            go_on.set()
            try:
                connector.update(kind, second, {"name": "mine"})
            except ConnectorError as problem:
                outcomes.append(problem.diagnostics[0].code)
            connector.insert(kind, [{"id": 4, "name": "mine"}])
        outcomes.append("mine")
    except ConnectorError as problem:
        assert problem.diagnostics[0].code is Code.WRITE_CONFLICT  # noqa: PT017 - one of two may fail
    thread.join(20)
    names = [row["name"] for row in connector.find(Query(model=kind))]
    assert Code.WRITE_CONFLICT in outcomes
    assert names == (["mine", "mine", "mine", "mine"] if "mine" in outcomes else ["other", "other"])


def test_many_threads_share_few_connections(mysql_url: str) -> None:
    connector = MysqlConnector(data_source("mysql", {"url": mysql_url, "connectionLimit": 3}))
    kind = things(connector)
    start = Barrier(12)
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            start.wait()
            for turn in range(20):
                connector.insert(kind, [{"name": f"{number}-{turn}"}])
                connector.find(Query(model=kind, limit=5))
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


def test_names_with_quotes_in_them(connector: MysqlConnector) -> None:
    odd = "a\"b`c'{0}$1?1%s"
    kind = model({odd: StringType(), "other": StringType()}, name="Odd\"`'; DROP TABLE x; --")
    create_tables(connector, connector.mapping, kind)
    assert connector.insert(kind, [{odd: "x", "other": "y"}]) == [{"id": 1, odd: "x", "other": "y"}]
    where = Comparison(Target(kind.properties[odd]), Operator.EQ, "x")
    assert connector.update(kind, where, {odd: "z"}) == 1
    assert connector.find(Query(model=kind)) == [{"id": 1, odd: "z", "other": "y"}]


def test_a_number_that_is_not_whole_equals_no_integer(connector: MysqlConnector) -> None:
    kind = things(connector, big=IntegerType(64))
    connector.insert(kind, [{"big": 2**53 + 1}])
    for value, expected in ((2**53 + 1, 1), (float(2**53), 0), (1.5, 0)):
        assert connector.count(kind, Comparison(Target(kind.properties["big"]), Operator.EQ, value)) == expected


def test_a_key_is_made_unique_by_code_point(connector: MysqlConnector) -> None:
    kind = model({"code": StringType()}, code={"unique": True})
    create_tables(connector, connector.mapping, kind)
    connector.insert(kind, [{"code": "ten"}])
    with pytest.raises(ConstraintError) as caught:
        connector.insert(kind, [{"code": "ten"}])
    assert (caught.value.kind, caught.value.properties) == (ConstraintKind.UNIQUE, ("code",))
