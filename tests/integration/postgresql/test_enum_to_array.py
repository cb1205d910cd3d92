"""An enum that loses values while its column becomes an array."""

from pathlib import Path

import psycopg

from tests import discovery, servers

OLD = "CREATE TYPE e AS ENUM ('a', 'ab', 'b'); CREATE TABLE t (x e DEFAULT 'b')"
NEW = "CREATE TYPE e AS ENUM ('a', 'b'); CREATE TABLE t (x e[] DEFAULT '{a}')"


def test_the_default_waits_for_the_type(postgresql_server: servers.PostgresqlServer, tmp_path: Path) -> None:
    there, wanted = (postgresql_server.create_database() for _ in range(2))
    try:
        for url, sql in ((there, OLD), (wanted, NEW)):
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(sql.encode())
        discovery.discovered(wanted, tmp_path / "models")
        discovery.made_again(tmp_path / "models", there)
        assert all(plan.empty for plan in discovery.planned(tmp_path / "models", there))
    finally:
        for url in (there, wanted):
            postgresql_server.drop_database(url)
