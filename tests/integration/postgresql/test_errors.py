"""What PostgreSQL refuses, in lbconf's words."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from lbconf.connectors.postgresql.connector import PostgresqlConnector
from lbconf.datatypes import DataType, DecimalType, IntegerType, JsonType, NumberType, StringType, UuidType
from lbconf.diagnostics import Code
from lbconf.errors import ConnectorError, ConstraintError, ConstraintKind, UnsupportedError
from lbconf.query.nodes import Comparison, Operator, Query, Target
from lbconf.state.steps import Statement
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
}
KIND = model(PROPERTIES)


@pytest.fixture
def connector(postgresql_url: str) -> Iterator[PostgresqlConnector]:
    made = PostgresqlConnector(data_source("postgresql", {"url": postgresql_url}))
    create_tables(made, made.mapping, KIND)
    with psycopg.connect(postgresql_url, autocommit=True) as direct:
        direct.execute(
            'ALTER TABLE "Thing" ADD CONSTRAINT short UNIQUE (name, whole), ADD CONSTRAINT positive CHECK (small > 0)'
        )
        direct.execute('CREATE UNIQUE INDEX by_float ON "Thing" ("float")')
        direct.execute('CREATE TABLE "Other" (id bigint PRIMARY KEY REFERENCES "Thing" (id), must text NOT NULL)')
    yield made
    made.close()


@pytest.mark.parametrize(
    ("rows", "kind", "constraint", "columns"),
    [
        ([{"name": "a", "whole": 1}] * 2, ConstraintKind.UNIQUE, "short", ("name", "whole")),
        ([{"float": 1.5}] * 2, ConstraintKind.UNIQUE, "by_float", ("float",)),
        ([{"id": 1}, {"id": 1}], ConstraintKind.UNIQUE, "Thing_pkey", ("id",)),
        ([{"small": -1}], ConstraintKind.CHECK, "positive", ("small",)),
        ([{"id": None}], ConstraintKind.NOT_NULL, None, ("id",)),
        ([{"name": "far too long"}], ConstraintKind.TYPE, None, ()),
        ([{"small": 40_000}], ConstraintKind.TYPE, None, ()),
        ([{"whole": 2**40}], ConstraintKind.TYPE, None, ()),
        ([{"whole": 2**70}], ConstraintKind.TYPE, None, ()),
        ([{"whole": 1.5}], ConstraintKind.TYPE, None, ()),
        ([{"exact": 12345.678}], ConstraintKind.TYPE, None, ()),
        ([{"float": 10**400}], ConstraintKind.TYPE, None, ()),
        ([{"float": "abc"}], ConstraintKind.TYPE, None, ()),
        ([{"uuid": "no uuid"}], ConstraintKind.TYPE, None, ()),
        ([{"json": "a\0b"}], ConstraintKind.TYPE, None, ()),
        ([{"json": float("nan")}], ConstraintKind.TYPE, None, ()),
        ([{"text": "a\0b"}], ConstraintKind.TYPE, None, ()),
        ([{"text": "\ud800"}], ConstraintKind.TYPE, None, ()),
    ],
)
def test_refused_rows(
    connector: PostgresqlConnector,
    rows: list[dict[str, Any]],
    kind: ConstraintKind,
    constraint: str | None,
    columns: tuple[str, ...],
) -> None:
    with pytest.raises(ConstraintError) as caught:
        connector.insert(KIND, rows)
    assert (caught.value.kind, caught.value.constraint, caught.value.columns) == (kind, constraint, columns)
    assert caught.value.data_source == "db"
    assert connector.count(KIND, None) == 0


def test_the_columns_are_known_when_every_connection_is_in_use(postgresql_url: str) -> None:
    alone = PostgresqlConnector(data_source("postgresql", {"url": postgresql_url, "max": 1, "pool_timeout": 1000}))
    unique = model({"name": StringType()}, name="Unique")
    create_tables(alone, alone.mapping, unique)
    with psycopg.connect(postgresql_url, autocommit=True) as direct:
        direct.execute('CREATE UNIQUE INDEX by_name ON "Unique" (name)')
    try:
        alone.insert(unique, [{"name": "a"}])
        started = time.monotonic()
        with pytest.raises(ConstraintError) as caught:
            alone.insert(unique, [{"name": "a"}])
        assert (caught.value.columns, caught.value.properties) == (("name",), ("name",))
        assert time.monotonic() - started < 0.9
    finally:
        alone.close()


def test_a_foreign_key(connector: PostgresqlConnector) -> None:
    other = model({"must": StringType()}, name="Other")
    with pytest.raises(ConstraintError) as caught:
        connector.insert(other, [{"id": 7, "must": "a"}])
    assert (caught.value.kind, caught.value.columns) == (ConstraintKind.FOREIGN_KEY, ("id",))
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
        ("whole", Operator.EQ, 2**40),
        ("whole", Operator.EQ, 2**70),
        ("whole", Operator.EQ, 1.5),
        ("whole", Operator.INQ, (2**70, 1.5)),
        ("uuid", Operator.EQ, "no uuid"),
        ("uuid", Operator.INQ, ("no uuid",)),
        ("text", Operator.EQ, "a\0b"),
        ("name", Operator.EQ, "far too long"),
        ("text", Operator.LIKE, "\\"),
        ("float", Operator.EQ, 10**400),
    ],
)
def test_what_a_column_cannot_hold_matches_nothing(
    connector: PostgresqlConnector, name: str, operator: Operator, value: Any
) -> None:
    where = Comparison(Target(KIND.properties[name]), operator, value)
    connector.insert(KIND, [{"whole": 1, "text": "a", "uuid": "0b5a1f3e-7d1c-4c3a-9f6b-2f1f5a4b3c2d", "float": 1.0}])
    assert connector.find(Query(model=KIND, where=where)) == []


def test_a_table_that_is_missing(connector: PostgresqlConnector) -> None:
    with pytest.raises(ConnectorError) as caught:
        connector.find(Query(model=model({"name": StringType()}, name="Missing")))
    assert caught.value.diagnostics[0].code is Code.TABLE_MISSING
    assert caught.value.diagnostics[0].hint == "run `lbconf plan`, then apply"


def test_a_bad_regular_expression_is_the_clients_fault(connector: PostgresqlConnector) -> None:
    where = Comparison(Target(KIND.properties["text"]), Operator.REGEXP, ("(", ""))
    with pytest.raises(ConstraintError):
        connector.count(KIND, where)


def test_rights_that_are_missing(connector: PostgresqlConnector, postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url, autocommit=True) as direct:
        direct.execute(
            "ALTER DATABASE " + postgresql_url.rpartition("/")[2] + " SET default_transaction_read_only = on"
        )
    connector.close()
    with pytest.raises(ConnectorError) as caught:
        connector.insert(KIND, [{"text": "a", "float": datetime(2020, 1, 1, tzinfo=UTC).timestamp()}])
    assert caught.value.diagnostics[0].code is Code.PERMISSION_MISSING
    assert not isinstance(caught.value, ConstraintError | UnsupportedError)


def test_no_room_for_locks_names_the_setting(connector: PostgresqlConnector) -> None:
    too_many = Statement(sql="SELECT pg_advisory_xact_lock(number) FROM generate_series(1, 1000000) AS number")
    with connector.session(lock_timeout=1) as session, pytest.raises(ConnectorError) as caught, session.transaction():
        session.execute(too_many)
    (found,) = caught.value.diagnostics
    assert found.code is Code.STATEMENT_FAILED
    assert "53200" in found.message
    assert "max_locks_per_transaction" in (found.hint or "")
    assert connector.find(Query(model=KIND)) == []
