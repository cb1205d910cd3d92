"""The servers of the tests themselves."""

import os
import subprocess
import sys
import time

import psycopg
import pytest

from tests import servers


def test_a_fresh_database_is_empty_and_takes_tables(postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url) as connection:
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
        connection.execute("CREATE TABLE t (x int)")

    assert tables == (0,)


def test_a_required_server_is_named_by_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LBCONF_REQUIRE_SERVERS", "mysql,postgresql")

    assert servers.required("postgresql")
    assert not servers.required("mongodb")


@pytest.mark.skipif(bool(os.environ.get(servers.URL_VARIABLE)), reason="the server is not ours to stop")
def test_a_server_does_not_outlive_a_killed_run() -> None:
    code = (
        "import time\n"
        "from tests import servers\n"
        "with servers.postgresql() as server:\n"
        "    print(server.url, flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        url = run.stdout.readline().strip()
        psycopg.connect(url).close()
        run.kill()

    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return
        time.sleep(0.1)
    pytest.fail("the server still answers")
