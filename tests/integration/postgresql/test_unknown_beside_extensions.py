"""What the database lacks is refused in the plan, also where extensions come that could bring something."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests import discovery, servers

OWN = "CREATE FUNCTION own(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1'; "
TABLE = "CREATE TABLE t (a text, b hstore, c citext DEFAULT citext('x'))"


@pytest.fixture
def urls(postgresql_server: servers.PostgresqlServer) -> Iterator[tuple[str, str]]:
    found = tuple(postgresql_server.create_database() for _ in range(2))
    yield found[0], found[1]
    for url in found:
        postgresql_server.drop_database(url)


def run(url: str, sql: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.encode())


@pytest.fixture
def extended(urls: tuple[str, str]) -> tuple[str, str]:
    for url in urls:
        with psycopg.connect(url) as connection:
            there = connection.execute(
                "SELECT count(*) FROM pg_available_extensions WHERE name IN ('hstore', 'citext')"
            ).fetchone()
        if there != (2,):
            pytest.skip("this server has neither hstore nor citext to make")
    return urls


def test_an_index_that_calls_a_missing_function_is_refused_although_extensions_come(
    extended: tuple[str, str], tmp_path: Path
) -> None:
    there, wanted = extended
    run(wanted, f"CREATE EXTENSION hstore; CREATE EXTENSION citext; {OWN} {TABLE}; CREATE INDEX i ON t (own(a))")
    discovery.discovered(wanted, tmp_path / "models")
    with pytest.raises(AssertionError, match=r"index i of public\.t cannot be made: function public\.own\(text\)"):
        discovery.planned(tmp_path / "models", there)
    run(there, OWN)
    discovery.made_again(tmp_path / "models", there)
    assert all(plan.empty for plan in discovery.planned(tmp_path / "models", there))


def test_what_an_extension_brings_that_comes_is_no_reason_to_refuse(extended: tuple[str, str], tmp_path: Path) -> None:
    there, wanted = extended
    run(wanted, "CREATE SCHEMA x; CREATE EXTENSION hstore SCHEMA x; CREATE EXTENSION citext")
    run(wanted, TABLE.replace("hstore", "x.hstore"))
    discovery.discovered(wanted, tmp_path / "models")
    discovery.made_again(tmp_path / "models", there)
    assert all(plan.empty for plan in discovery.planned(tmp_path / "models", there))
    with psycopg.connect(there) as connection:
        assert connection.execute("SELECT count(*) FROM pg_extension WHERE extname = 'hstore'").fetchone() == (1,)
