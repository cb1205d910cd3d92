"""What MariaDB and MySQL refuse, in lbconf's words and without the values of the row."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from lbconf.connectors.mysql.connector import MysqlConnector
from lbconf.datatypes import (
    DataType,
    DateTimeType,
    DecimalType,
    EnumType,
    IntegerType,
    JsonType,
    NumberType,
    StringType,
    UuidType,
)
from lbconf.diagnostics import Code
from lbconf.errors import ConnectorError, ConstraintError, ConstraintKind, TimedOutError, UnsupportedError
from lbconf.query.nodes import Comparison, Operator, Query, Target
from tests.servers_mysql import MysqlServer
from tests.strategies.rows import create_tables, data_source, model

PROPERTIES: dict[str, DataType] = {
    "name": StringType(5),
    "small": IntegerType(16),
    "whole": IntegerType(32),
    "exact": DecimalType(6, 2),
    "json": JsonType(),
    "uuid": UuidType(),
    "float": NumberType(),
    "text": StringType(),
    "moment": DateTimeType(),
    "choice": EnumType(("red", "green")),
}
KIND = model(PROPERTIES)


@pytest.fixture
def connector(mysql_url: str, mysql_server: MysqlServer) -> Iterator[MysqlConnector]:
    made = MysqlConnector(data_source("mysql", {"url": mysql_url}))
    create_tables(made, made.mapping, KIND)
    with mysql_server.connect(mysql_url) as direct, direct.cursor() as cursor:
        cursor.execute("ALTER TABLE `Thing` ADD CONSTRAINT short UNIQUE (name, whole)")
        cursor.execute("ALTER TABLE `Thing` ADD CONSTRAINT positive CHECK (small > 0)")
        cursor.execute("CREATE UNIQUE INDEX by_float ON `Thing` (`float`)")
        cursor.execute(
            "CREATE TABLE `Other` (id bigint PRIMARY KEY, must varchar(9) NOT NULL, "
            "CONSTRAINT belongs FOREIGN KEY (id) REFERENCES `Thing` (id))"
        )
    yield made
    made.close()


@pytest.mark.parametrize(
    ("rows", "kind", "constraint", "columns"),
    [
        ([{"name": "s3cre", "whole": 1}] * 2, ConstraintKind.UNIQUE, "short", ("name", "whole")),
        ([{"float": 1.5}] * 2, ConstraintKind.UNIQUE, "by_float", ("float",)),
        ([{"id": 1}, {"id": 1}], ConstraintKind.UNIQUE, "PRIMARY", ("id",)),
        ([{"small": -1}], ConstraintKind.CHECK, "positive", ()),
        ([{"name": "s3cre too long"}], ConstraintKind.TYPE, None, ("name",)),
        ([{"small": 40_000}], ConstraintKind.TYPE, None, ("small",)),
        ([{"whole": 2**40}], ConstraintKind.TYPE, None, ("whole",)),
        ([{"whole": 2**70}], ConstraintKind.TYPE, None, ()),
        ([{"whole": 1.5}], ConstraintKind.TYPE, None, ()),
        ([{"exact": 12345.678}], ConstraintKind.TYPE, None, ("exact",)),
        ([{"float": 10**400}], ConstraintKind.TYPE, None, ()),
        ([{"float": "s3cre"}], ConstraintKind.TYPE, None, ()),
        ([{"float": float("nan")}], ConstraintKind.TYPE, None, ()),
        ([{"moment": "s3cre"}], ConstraintKind.TYPE, None, ("moment",)),
        ([{"choice": "s3cre"}], ConstraintKind.TYPE, None, ("choice",)),
        ([{"uuid": "s3cre"}], ConstraintKind.TYPE, None, ()),
        ([{"json": float("nan")}], ConstraintKind.TYPE, None, ()),
        ([{"text": "\udc80"}], ConstraintKind.TYPE, None, ()),
    ],
)
def test_refused_rows(
    connector: MysqlConnector,
    rows: list[dict[str, Any]],
    kind: ConstraintKind,
    constraint: str | None,
    columns: tuple[str, ...],
) -> None:
    with pytest.raises(ConstraintError) as caught:
        connector.insert(KIND, rows)
    assert (caught.value.kind, caught.value.constraint, caught.value.columns) == (kind, constraint, columns)
    assert caught.value.data_source == "db"
    if not any("uuid" in row or "float" in row for row in rows):
        assert "s3cre" not in str(caught.value)
    assert connector.count(KIND, None) == 0


def test_text_may_hold_what_other_databases_refuse(connector: MysqlConnector) -> None:
    connector.insert(KIND, [{"text": "a\0b", "json": "a\0b"}])
    (row,) = connector.find(Query(model=KIND, where=Comparison(Target(KIND.properties["text"]), Operator.EQ, "a\0b")))
    assert (row["text"], row["json"]) == ("a\0b", "a\0b")


def test_foreign_keys_and_values_that_are_missing(connector: MysqlConnector) -> None:
    other = model({"must": StringType()}, name="Other")
    with pytest.raises(ConstraintError) as caught:
        connector.insert(other, [{"id": 7, "must": "a"}])
    assert (caught.value.kind, caught.value.constraint) == (ConstraintKind.FOREIGN_KEY, "belongs")
    assert (caught.value.columns, caught.value.properties) == (("id",), ("id",))
    connector.insert(KIND, [{"id": 7}])
    connector.insert(other, [{"id": 7, "must": "a"}])
    with pytest.raises(ConstraintError) as caught:
        connector.delete(KIND, None)
    assert caught.value.kind is ConstraintKind.FOREIGN_KEY
    with pytest.raises(ConstraintError) as caught:
        connector.update(other, None, {"must": None})
    assert (caught.value.kind, caught.value.columns) == (ConstraintKind.NOT_NULL, ("must",))
    with pytest.raises(ConstraintError) as caught:
        connector.insert(other, [{"id": 8}])
    assert (caught.value.kind, caught.value.columns) == (ConstraintKind.NOT_NULL, ("must",))


@pytest.mark.parametrize(
    ("name", "operator", "value"),
    [
        ("whole", Operator.EQ, 2**40),
        ("whole", Operator.EQ, 2**70),
        ("whole", Operator.EQ, 1.5),
        ("whole", Operator.INQ, (2**70, 1.5)),
        ("uuid", Operator.EQ, "no uuid"),
        ("uuid", Operator.INQ, ("no uuid",)),
        ("choice", Operator.EQ, "1"),
        ("choice", Operator.EQ, "RED"),
        ("choice", Operator.INQ, ("", "RED")),
        ("name", Operator.EQ, "far too long"),
        ("text", Operator.EQ, "a "),
        ("text", Operator.LIKE, "\\"),
        ("float", Operator.EQ, 10**400),
    ],
)
def test_what_a_column_cannot_hold_matches_nothing(
    connector: MysqlConnector, name: str, operator: Operator, value: Any
) -> None:
    where = Comparison(Target(KIND.properties[name]), operator, value)
    uuid = "0b5a1f3e-7d1c-4c3a-9f6b-2f1f5a4b3c2d"
    connector.insert(KIND, [{"whole": 1, "text": "a", "uuid": uuid, "float": 1.0, "choice": "red"}])
    assert connector.find(Query(model=KIND, where=where)) == []


def test_a_table_that_is_missing(connector: MysqlConnector) -> None:
    missing = model({"name": StringType()}, name="Missing")
    with pytest.raises(ConnectorError) as caught:
        connector.find(Query(model=missing))
    assert caught.value.diagnostics[0].code is Code.TABLE_MISSING
    assert caught.value.diagnostics[0].hint == "run `lbconf plan`, then apply"
    with pytest.raises(ConnectorError) as caught:
        connector.insert(missing, [{}])
    assert caught.value.diagnostics[0].code is Code.TABLE_MISSING
    create_tables(connector, connector.mapping, missing)
    assert connector.insert(missing, [{"name": "a"}]) == [{"id": 1, "name": "a"}]


def test_a_column_that_is_missing(connector: MysqlConnector) -> None:
    with pytest.raises(ConnectorError) as caught:
        connector.find(Query(model=model({"no_such": StringType()})))
    assert caught.value.diagnostics[0].code is Code.TABLE_MISSING


def test_a_bad_regular_expression_is_the_clients_fault(connector: MysqlConnector) -> None:
    connector.insert(KIND, [{"text": "a"}])
    with pytest.raises(ConstraintError):
        connector.count(KIND, Comparison(Target(KIND.properties["text"]), Operator.REGEXP, ("(", "")))


def test_a_lock_that_others_hold_too_long(mysql_url: str, mysql_server: MysqlServer, connector: MysqlConnector) -> None:
    connector.insert(KIND, [{"id": 1}])
    hasty = MysqlConnector(data_source("mysql", {"url": mysql_url, "statementTimeout": 1000}))
    with mysql_server.connect(mysql_url, autocommit=False) as direct, direct.cursor() as cursor:
        cursor.execute("UPDATE `Thing` SET small = 5")
        with pytest.raises(TimedOutError) as caught:
            hasty.update(KIND, None, {"small": 6})
        assert caught.value.diagnostics[0].code is Code.STATEMENT_TIMED_OUT
        direct.rollback()
    assert hasty.update(KIND, None, {"small": 6}) == 1
    hasty.close()


def test_rights_that_are_missing(connector: MysqlConnector, mysql_url: str, mysql_server: MysqlServer) -> None:
    connector.insert(KIND, [{"text": "a"}])
    parts = urlsplit(mysql_url)
    with mysql_server.connect(mysql_url) as direct, direct.cursor() as cursor:
        cursor.execute("CREATE USER IF NOT EXISTS reader@'%' IDENTIFIED BY 'hunter2hunter2'")
        cursor.execute("GRANT SELECT ON `" + parts.path.strip("/") + "`.* TO reader@'%'")
    place = f"reader:hunter2hunter2@{parts.netloc.rpartition('@')[2]}"
    reader = MysqlConnector(data_source("mysql", {"url": urlunsplit(parts._replace(netloc=place))}))
    assert reader.count(KIND, None) == 1
    with pytest.raises(ConnectorError) as caught:
        reader.insert(KIND, [{"text": "a"}])
    assert caught.value.diagnostics[0].code is Code.PERMISSION_MISSING
    assert not isinstance(caught.value, ConstraintError | UnsupportedError)
    assert "hunter2" not in str(caught.value)
    reader.close()
    with mysql_server.connect(mysql_url) as direct, direct.cursor() as cursor:
        cursor.execute("DROP USER reader@'%'")


def test_a_session_that_may_only_read(connector: MysqlConnector) -> None:
    with pytest.raises(ConnectorError) as caught, connector.transaction():  # noqa: PT012 - the second statement fails
        connector._run(lambda session: session.execute("COMMIT"))
        connector._run(lambda session: session.execute("START TRANSACTION READ ONLY"))
        connector.insert(KIND, [{"text": "a"}])
    assert caught.value.diagnostics[0].code is Code.PERMISSION_MISSING
