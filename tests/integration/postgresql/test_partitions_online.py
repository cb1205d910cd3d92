"""Partitioned tables that are in use: what an online plan leaves is what plain statements would have left."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests import discovery, servers

DIVIDED = """
CREATE TABLE t (id int NOT NULL, at date NOT NULL, v text) PARTITION BY RANGE (at);
CREATE TABLE t1 PARTITION OF t FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
"""
TWICE = """
CREATE TABLE t (id int NOT NULL, at date NOT NULL, v text) PARTITION BY RANGE (at);
CREATE TABLE t1 PARTITION OF t FOR VALUES FROM ('2020-01-01') TO ('2021-01-01') PARTITION BY LIST (v);
CREATE TABLE t1a PARTITION OF t1 FOR VALUES IN ('a');
"""
KEYED = "ALTER TABLE t ADD PRIMARY KEY (id, at);"
PAIRS = {
    "an index": (DIVIDED, DIVIDED + "CREATE INDEX i ON t (v, lower(v)) INCLUDE (id);"),
    "an index whose usual name is taken": (
        DIVIDED + "CREATE INDEX i ON t (v); CREATE TABLE t1_id_idx (x int);",
        DIVIDED + "CREATE INDEX i ON t (v); CREATE TABLE t1_id_idx (x int); CREATE INDEX j ON t (v) WHERE id > 1;",
    ),
    "an index of partitions of partitions": (TWICE, TWICE + "CREATE INDEX i ON t (v);"),
    "an index of partitions that come to be undivided": (TWICE, DIVIDED + "CREATE INDEX i ON t (v);"),
    "a foreign key to a partitioned table": (
        DIVIDED + KEYED + "CREATE TABLE c (id int, at date);",
        DIVIDED + KEYED + "CREATE TABLE c (id int, at date, FOREIGN KEY (id, at) REFERENCES t);",
    ),
}
INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid), indisvalid FROM pg_index
 WHERE indrelid::regclass::text !~ '^(pg_|_lbconf|information_schema)' ORDER BY 1
"""
KEYS = """
SELECT conrelid::regclass::text, pg_get_constraintdef(oid), convalidated FROM pg_constraint
 WHERE contype = 'f' ORDER BY 1, 2
"""
TABLES = """
SELECT oid::regclass::text, relispartition, relkind::text FROM pg_class
 WHERE relkind IN ('r', 'p') AND relname ~ '^(t|c)' ORDER BY 1
"""


@pytest.fixture
def urls(postgresql_server: servers.PostgresqlServer) -> Iterator[tuple[str, str]]:
    found = tuple(postgresql_server.create_database() for _ in range(2))
    yield found[0], found[1]
    for url in found:
        postgresql_server.drop_database(url)


def run(url: str, sql: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.encode())


def facts(url: str) -> list[list[tuple[object, ...]]]:
    with psycopg.connect(url) as connection:
        return [connection.execute(sql.encode()).fetchall() for sql in (INDEXES, KEYS, TABLES)]


@pytest.mark.parametrize("sides", PAIRS.values(), ids=PAIRS.keys())
def test_what_is_made_online_is_as_if_it_were_made_plainly(
    sides: tuple[str, str], urls: tuple[str, str], tmp_path: Path
) -> None:
    old, new = urls
    run(old, sides[0])
    run(new, sides[1])
    discovery.discovered(new, tmp_path / "models")
    discovery.made_again(tmp_path / "models", old)
    assert facts(old) == facts(new)
    assert all(plan.empty for plan in discovery.planned(tmp_path / "models", old))
