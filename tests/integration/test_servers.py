"""The servers of the tests themselves."""

import os
import subprocess
import sys
import time

import psycopg
import pymysql
import pytest

from tests import servers, servers_mysql


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


def test_a_fresh_mysql_database_is_empty_and_takes_tables(mysql_server: servers_mysql.MysqlServer) -> None:
    url = mysql_server.create_database()
    with mysql_server.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE t (x int)")
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = database()")
        assert cursor.fetchall() == (("t",),)
    mysql_server.drop_database(url)
    with pytest.raises(pymysql.OperationalError):
        mysql_server.connect(url)


@pytest.mark.skipif(bool(os.environ.get(servers_mysql.MYSQL_URL_VARIABLE)), reason="the server is not ours to stop")
def test_a_mysql_server_does_not_outlive_a_killed_run() -> None:
    try:
        servers_mysql.mysql_origin()
    except servers.ServerMissingError as error:
        pytest.skip(str(error))
    code = (
        "import time\n"
        "from tests import servers_mysql\n"
        "with servers_mysql.mysql() as server:\n"
        "    print(server.url, flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        started = servers_mysql.MysqlServer(url=run.stdout.readline().strip(), origin="a run of its own")
        started.connect().close()
        run.kill()

    end = time.monotonic() + 15
    while time.monotonic() < end:
        try:
            started.connect().close()
        except pymysql.OperationalError:
            return
        time.sleep(0.1)
    pytest.fail("the server still answers")
