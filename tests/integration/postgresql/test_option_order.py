"""Storage options keep the order in which they were said; the order alone changes nothing."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests import discovery, servers

OPTIONS = """
SELECT relname, reloptions FROM pg_class
 WHERE relnamespace = 'public'::regnamespace AND reloptions IS NOT NULL ORDER BY relname
"""
WITH = "WITH (fillfactor = 70, autovacuum_enabled = false)"
TURNED = "WITH (autovacuum_enabled = false, fillfactor = 70)"


@pytest.fixture
def urls(postgresql_server: servers.PostgresqlServer) -> Iterator[tuple[str, str]]:
    found = tuple(postgresql_server.create_database() for _ in range(2))
    yield found[0], found[1]
    for url in found:
        postgresql_server.drop_database(url)


def run(url: str, sql: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.encode())


def options(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(OPTIONS.encode()).fetchall()


@pytest.mark.parametrize(
    "old",
    ["", "CREATE TABLE t (a int); CREATE INDEX i ON t (a)", "CREATE TABLE t (a int) WITH (autovacuum_enabled = false)"],
    ids=["all is new", "none was said", "one was said"],
)
def test_options_come_in_the_order_of_the_models(old: str, urls: tuple[str, str], tmp_path: Path) -> None:
    there, wanted = urls
    run(there, old)
    view = "CREATE VIEW v WITH (security_barrier = true, check_option = cascaded) AS SELECT a FROM t WHERE a > 1"
    index = "CREATE INDEX i ON t (a) WITH (fillfactor = 60, deduplicate_items = off)"
    run(wanted, f"CREATE TABLE t (a int) {WITH}; {index}; {view}")
    discovery.discovered(wanted, tmp_path / "models")
    discovery.made_again(tmp_path / "models", there)
    assert options(there) == options(wanted)
    assert all(plan.empty for plan in discovery.planned(tmp_path / "models", there))


def test_another_order_is_no_change(urls: tuple[str, str], tmp_path: Path) -> None:
    there, wanted = urls
    run(there, f"CREATE TABLE t (a int) {TURNED}")
    run(wanted, f"CREATE TABLE t (a int) {WITH}")
    discovery.discovered(wanted, tmp_path / "models")
    assert all(plan.empty for plan in discovery.planned(tmp_path / "models", there))
