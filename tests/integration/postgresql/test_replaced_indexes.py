"""Indexes that become others of the same name, tables in use all the while."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from lbconf.state.hazards import HazardKind
from tests import discovery, servers

TABLE = "CREATE TABLE t (a integer, b integer); INSERT INTO t SELECT n, n FROM generate_series(1, 50) n;"


@pytest.fixture
def urls(postgresql_server: servers.PostgresqlServer) -> Iterator[tuple[str, str]]:
    found = tuple(postgresql_server.create_database() for _ in range(2))
    yield found[0], found[1]
    for url in found:
        postgresql_server.drop_database(url)


def indexes(connection: psycopg.Connection[tuple[object, ...]]) -> list[tuple[object, ...]]:
    return connection.execute(
        "SELECT indexdef, obj_description(indexname::regclass, 'pg_class') FROM pg_indexes"
        " WHERE tablename = 't' ORDER BY 1"
    ).fetchall()


def test_one_of_the_two_indexes_is_there_after_each_statement(urls: tuple[str, str], tmp_path: Path) -> None:
    old, new = urls
    with psycopg.connect(old, autocommit=True) as here, psycopg.connect(new, autocommit=True) as there:
        here.execute(f"{TABLE} CREATE INDEX i ON t (a)".encode())
        there.execute(f"{TABLE} CREATE INDEX i ON t (a, b); COMMENT ON INDEX i IS 'both'".encode())
        discovery.discovered(new, tmp_path / "models")
        (plan,) = discovery.planned(tmp_path / "models", old)
        for step in plan.steps:
            for statement in step.statements:
                here.execute(statement.sql.encode())
                assert any("(a" in str(definition) for definition, _ in indexes(here)), statement.sql
        assert indexes(here) == indexes(there)
    assert all(plan.empty for plan in discovery.planned(tmp_path / "models", old))


def test_a_plan_that_stopped_before_the_new_name_is_gone_on_with(urls: tuple[str, str], tmp_path: Path) -> None:
    old, new = urls
    with psycopg.connect(old, autocommit=True) as here, psycopg.connect(new, autocommit=True) as there:
        here.execute(f"{TABLE} CREATE INDEX i ON t (a)".encode())
        there.execute(f"{TABLE} CREATE INDEX i ON t (a, b)".encode())
        discovery.discovered(new, tmp_path / "models")
        (plan,) = discovery.planned(tmp_path / "models", old)
        for step in plan.steps[:-1]:
            for statement in step.statements:
                here.execute(statement.sql.encode())
        discovery.made_again(tmp_path / "models", old)
        assert indexes(here) == indexes(there)


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        ("DROP INDEX i", {HazardKind.BLOCKS_READS}),
        ("ALTER TABLE p ADD COLUMN c integer DEFAULT made()", {HazardKind.REWRITES_TABLE, HazardKind.BLOCKS_READS}),
    ],
)
def test_what_locks_a_partitioned_table_or_may_write_it_anew_says_so(
    change: str, kinds: set[HazardKind], urls: tuple[str, str], tmp_path: Path
) -> None:
    old, new = urls
    parts = (
        "CREATE FUNCTION made() RETURNS integer LANGUAGE sql AS 'SELECT 1';"
        " CREATE TABLE p (a integer) PARTITION BY RANGE (a);"
        " CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (9); CREATE INDEX i ON p (a);"
        " INSERT INTO p VALUES (1);"
    )
    for url, sql in ((old, parts), (new, f"{parts} {change}")):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(sql.encode())
    discovery.discovered(new, tmp_path / "models")
    code, told, _ = discovery.command("--project", tmp_path / "models", "plan", "--url", old, "--no-online")
    assert code == 0, told
    for kind in kinds:
        assert kind.value in told
