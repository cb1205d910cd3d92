"""What SQLite refuses, in lbconf's words."""

from collections.abc import Iterator
from typing import Any

import pytest

from lbconf.connectors.sqlite.connector import SqliteConnector
from lbconf.datatypes import DataType, DecimalType, IntegerType, JsonType, NumberType, StringType
from lbconf.diagnostics import Code
from lbconf.errors import ConnectorError, ConstraintError, ConstraintKind
from lbconf.query.nodes import Comparison, Operator, Query, Target
from tests.strategies.rows import data_source, model

PROPERTIES: dict[str, DataType] = {
    "name": StringType(),
    "whole": IntegerType(64),
    "float": NumberType(),
    "exact": DecimalType(10, 2),
    "json": JsonType(),
}
KIND = model(PROPERTIES)
TABLES = (
    (
        'CREATE TABLE "Thing" (id INTEGER PRIMARY KEY, name TEXT, whole BIGINT, "float" REAL CHECK ("float" < 100), '
        "exact DECIMAL_TEXT, json JSON_TEXT, UNIQUE (name, whole))"
    ),
    'CREATE TABLE "Other" (id INTEGER PRIMARY KEY REFERENCES "Thing" (id), must TEXT NOT NULL)',
)


def run(made: SqliteConnector, statement: str) -> None:
    made._write(lambda connection: connection.execute(statement))


@pytest.fixture
def connector() -> Iterator[SqliteConnector]:
    made = SqliteConnector(data_source("sqlite", {}))
    for table in TABLES:
        run(made, table)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("rows", "kind", "columns"),
    [
        ([{"name": "a", "whole": 1}] * 2, ConstraintKind.UNIQUE, ("name", "whole")),
        ([{"id": 1}, {"id": 1}], ConstraintKind.UNIQUE, ("id",)),
        ([{"float": 100}], ConstraintKind.CHECK, ()),
        ([{"whole": 2**70}], ConstraintKind.TYPE, ()),
        ([{"whole": 1.5}], ConstraintKind.TYPE, ()),
        ([{"float": "abc"}], ConstraintKind.TYPE, ()),
        ([{"id": "abc"}], ConstraintKind.TYPE, ()),
        ([{"json": float("nan")}], ConstraintKind.TYPE, ()),
        ([{"name": "\ud800"}], ConstraintKind.TYPE, ()),
        ([{"name": "a", "whole": 1}] * 2 + [{"name": "\ud800"}], ConstraintKind.UNIQUE, ("name", "whole")),
    ],
)
def test_refused_rows(
    connector: SqliteConnector, rows: list[dict[str, Any]], kind: ConstraintKind, columns: tuple[str, ...]
) -> None:
    with pytest.raises(ConstraintError) as caught:
        connector.insert(KIND, rows)
    assert (caught.value.kind, caught.value.columns) == (kind, columns)
    assert caught.value.data_source == "db"
    assert connector.count(KIND, None) == 0


def test_a_refusal_of_the_driver_is_not_mistaken_for_an_older_one(connector: SqliteConnector) -> None:
    connector.insert(KIND, [{"name": "a", "whole": 1}])
    with pytest.raises(ConstraintError):
        connector.insert(KIND, [{"name": "a", "whole": 1}])
    with pytest.raises(ConstraintError) as caught:
        connector.insert(KIND, [{"name": "\ud800", "whole": 1}])
    assert caught.value.kind is ConstraintKind.TYPE


def test_foreign_keys_and_not_null(connector: SqliteConnector) -> None:
    other = model({"must": StringType()}, name="Other")
    with pytest.raises(ConstraintError) as caught:
        connector.insert(other, [{"id": 7, "must": "a"}])
    assert caught.value.kind is ConstraintKind.FOREIGN_KEY
    connector.insert(KIND, [{"id": 7}])
    connector.insert(other, [{"id": 7, "must": "a"}])
    with pytest.raises(ConstraintError) as caught:
        connector.delete(KIND, None)
    assert caught.value.kind is ConstraintKind.FOREIGN_KEY
    with pytest.raises(ConstraintError) as caught:
        connector.update(other, None, {"must": None})
    assert (caught.value.kind, caught.value.columns) == (ConstraintKind.NOT_NULL, ("must",))


@pytest.mark.parametrize(
    ("name", "operator", "value"),
    [
        ("whole", Operator.EQ, 2**70),
        ("whole", Operator.INQ, (2**70, 1.5)),
        ("whole", Operator.EQ, 1.5),
        ("float", Operator.EQ, 2**70),
        ("name", Operator.LIKE, "\\"),
    ],
)
def test_what_a_column_cannot_hold_matches_nothing(
    connector: SqliteConnector, name: str, operator: Operator, value: Any
) -> None:
    connector.insert(KIND, [{"whole": 1, "float": 1.0, "name": "a"}])
    where = Comparison(Target(KIND.properties[name]), operator, value)
    assert connector.find(Query(model=KIND, where=where)) == []


def test_a_nul_in_text_is_kept(connector: SqliteConnector) -> None:
    connector.insert(KIND, [{"name": "a\0b", "json": {"k\0": "\0"}}])
    where = Comparison(Target(KIND.properties["name"]), Operator.EQ, "a\0b")
    (row,) = connector.find(Query(model=KIND, where=where))
    assert (row["name"], row["json"]) == ("a\0b", {"k\0": "\0"})


def test_a_table_or_column_that_is_missing(connector: SqliteConnector) -> None:
    for kind in (model({"name": StringType()}, name="Missing"), model({"missing": StringType()})):
        with pytest.raises(ConnectorError) as caught:
            connector.find(Query(model=kind))
        assert caught.value.diagnostics[0].code is Code.TABLE_MISSING
