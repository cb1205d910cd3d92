"""What is asked without the driver is what the driver gives."""

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from lbconf.connectors.contract import TableSize
from lbconf.connectors.postgresql import catalogue, migrate
from lbconf.connectors.postgresql.connector import PostgresqlConnector
from lbconf.connectors.postgresql.glance import KINDS, Glance, names_of
from lbconf.connectors.postgresql.inspect import inspect
from lbconf.connectors.postgresql.libpq import NotConnectedError, UnansweredError
from lbconf.errors import ConnectionFailedError
from lbconf.project.resolved import DataSource, Layout
from lbconf.state.structure import QualifiedName, State
from tests.integration.postgresql.test_kinds import BEFORE

SETTINGS = {"TimeZone": "UTC", "DateStyle": "ISO, YMD", "IntervalStyle": "iso_8601"}
MORE = """
CREATE SCHEMA "o'dd ""x";
CREATE TABLE "o'dd ""x"."t'"" %s" (id integer GENERATED ALWAYS AS IDENTITY (START 5), d date DEFAULT '2020-01-02',
  i interval DEFAULT '1 day 2 hours', f double precision DEFAULT 0.1, s text DEFAULT E'a\\nb\\tc\\\\', x xml,
  g integer GENERATED ALWAYS AS (1 + 1) STORED, v varchar(3)[] COLLATE "C", PRIMARY KEY (id) INCLUDE (d));
COMMENT ON TABLE "o'dd ""x"."t'"" %s" IS 'it''s 100% true: ümläut "quoted" \\ , ; line
two';
ALTER TABLE "o'dd ""x"."t'"" %s" ALTER COLUMN d SET STATISTICS 7, ALTER COLUMN s SET STORAGE external;
CREATE INDEX ON "o'dd ""x"."t'"" %s" (lower(s) text_pattern_ops DESC, d) INCLUDE (i) WHERE d > '2020-01-01';
"""
KIND_OF = {"int2": "i", "int4": "i", "int8": "i", "oid": "i", "bool": "b", "json": "j"}


def glance(url: str) -> Glance:
    return Glance(connector(url).settings)


def connector(url: str) -> PostgresqlConnector:
    source = DataSource(name="db", connector="postgresql", settings={"url": url}, layout=Layout.NATIVE)
    return PostgresqlConnector(source)


def driver(url: str) -> psycopg.Connection[tuple[object, ...]]:
    connection = psycopg.connect(url, autocommit=True)
    for name, value in SETTINGS.items():
        connection.execute("SELECT set_config(%s, %s, false)", (name, value))
    return connection


def test_kinds_are_those_of_the_queries(postgresql_url: str) -> None:
    with driver(postgresql_url) as connection:
        version = connection.info.server_version
        for sql, name in names_of(version).items():
            described = connection.execute(sql, {"namespaces": ["public"]}).description or ()
            found = []
            for column in described:
                kind = psycopg.adapters.types.get(column.type_code)
                assert kind is not None
                found.append("j" if column.type_code == kind.array_oid else KIND_OF.get(kind.name, "t"))
            assert "".join(found) == KINDS[name].replace(" ", ""), name
        assert set(names_of(version)) == set(catalogue.queries(version))


def test_states_and_sizes_are_those_of_the_driver(postgresql_url: str) -> None:
    with driver(postgresql_url) as connection:
        connection.execute(BEFORE.encode())
        connection.execute(MORE.encode())
        light = glance(postgresql_url)
        for namespaces in (None, ["public"], ["o'dd \"x", "not there"], ["public", "o'dd \"x"], []):
            assert light.inspect(namespaces) == inspect(connection, namespaces)
        connection.execute("INSERT INTO t (p, n) SELECT 1, 10 + generate_series(1, 50)")
        tables = [table.name for table in light.inspect().tables]
        heavy = connector(postgresql_url)
        assert light.sizes(tables) == heavy.sizes(tables)
        heavy.close()
        assert light.sizes([QualifiedName("public", "t")])[QualifiedName("public", "t")].rows == 51
        light.close()


def test_the_ledger_is_that_of_the_driver(postgresql_url: str, tmp_path: Path) -> None:
    models = tmp_path / "environments" / "base" / "models"
    models.mkdir(parents=True)
    (models.parent / "datasources.yaml").write_text(f"db: {{connector: postgresql, url: '{postgresql_url}'}}")
    light = glance(postgresql_url)
    assert light.history() == ()
    for kind in ("string", "string, more: string"):
        (models / "thing.yaml").write_text(f"name: Thing\ndataSource: db\nproperties: {{id: {kind}}}\n")
        command = [sys.executable, "-m", "lbconf", "--project", str(tmp_path), "apply", "--auto-approve"]
        accepting = [*command, "--accept", "all"]
        done = subprocess.run(accepting, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr + done.stdout
    with driver(postgresql_url) as connection:
        found = light.history()
        assert found == migrate.history(connection)
        assert [bool(entry.state) for entry in found] == [False, True]
        connection.execute("UPDATE _lbconf_history SET started_at = '2024-01-01 12:00:00+02', finished_at = NULL")
        assert light.history() == migrate.history(connection)


def test_values_that_hold_what_tells_values_apart_are_left_to_the_driver(postgresql_url: str) -> None:
    for mark in "\x1d\x1e\x1f":
        with driver(postgresql_url) as connection:
            connection.execute(b"DROP TABLE IF EXISTS t; CREATE TABLE t (id integer)")
            connection.execute(f"COMMENT ON TABLE t IS 'a{mark}b'".encode())
            one = connector(postgresql_url)
            one.glance()
            assert one.inspect(["public"]) == inspect(connection, ["public"])
            one.close()


def test_a_failing_query_is_left_to_the_driver(postgresql_url: str) -> None:
    light = glance(postgresql_url)
    with pytest.raises(UnansweredError):
        list(light._questions.ask(["SELECT 1", "SELECT 1 / 0", "SELECT 2"]))
    assert list(light._questions.ask(["SELECT 'good'"])) == [["good"]]


def test_a_server_that_is_not_there_is_asked_once_and_told_as_the_driver_tells_it() -> None:
    nobody = "postgresql://me:secret@127.0.0.1:1/x"
    with pytest.raises(NotConnectedError):
        glance(nobody)
    one, other = connector(nobody), connector(nobody)
    with pytest.raises(ConnectionFailedError) as light:
        one.glance()
    with pytest.raises(ConnectionFailedError) as heavy:
        other.inspect()
    assert light.value.diagnostics == heavy.value.diagnostics
    assert "secret" not in str(light.value)


def test_nothing_is_asked_of_a_driver_for_sizes_that_another_process_knows(postgresql_url: str) -> None:
    one = connector(postgresql_url)
    name = QualifiedName("public", "t")
    one.take_over(State(), lambda tables: dict.fromkeys(tables, TableSize(rows=7, bytes=8)))
    assert one.sizes([name]) == {name: TableSize(rows=7, bytes=8)}
    one.take_over(State(), lambda _: None)
    assert one.sizes([name]) == {}
    one.close()
