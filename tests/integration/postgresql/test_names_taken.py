"""A name that something else has is refused in the plan."""

from pathlib import Path

import psycopg
import pytest

from tests import discovery, servers


@pytest.mark.parametrize("kind", ["VIEW", "MATERIALIZED VIEW"])
def test_a_table_named_like_a_view_that_lbconf_did_not_make_is_refused_in_the_plan(
    kind: str, postgresql_server: servers.PostgresqlServer, tmp_path: Path
) -> None:
    there, wanted = (postgresql_server.create_database() for _ in range(2))
    try:
        for url, sql in ((there, f"CREATE {kind} v AS SELECT 1 AS a"), (wanted, "CREATE TABLE v (a int)")):
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(sql.encode())
        discovery.discovered(wanted, tmp_path / "models")
        with pytest.raises(AssertionError, match=r"table public\.v cannot be made: a view has its name"):
            discovery.planned(tmp_path / "models", there)
    finally:
        for url in (there, wanted):
            postgresql_server.drop_database(url)
