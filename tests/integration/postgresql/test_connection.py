"""Connecting to PostgreSQL: settings, failures in words, coming back after a cut."""

import socket
import time
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from lbconf.connectors.postgresql import CONNECTOR
from lbconf.connectors.postgresql.connector import PostgresqlConnector
from lbconf.datatypes import DateTimeType, StringType
from lbconf.diagnostics import Code
from lbconf.errors import ConnectionFailedError, ConnectorError, TimedOutError
from lbconf.layers.secret import Secret
from lbconf.query.nodes import Query
from tests.strategies.rows import create_tables, data_source, model


def connector(url: str, **settings: Any) -> PostgresqlConnector:
    return PostgresqlConnector(data_source("postgresql", {"url": Secret(url), **settings}))


def discrete(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    return {
        "hostname": parts.hostname,
        "port": str(parts.port),
        "username": parts.username,
        "password": Secret(parts.password or "x"),
        "database": parts.path.strip("/"),
    }


def test_making_one_connects_to_nothing() -> None:
    made = CONNECTOR.create(data_source("postgresql", {"host": "127.0.0.1", "port": 1}))
    assert made.data_source.name == "db"
    made.close()


def test_settings_as_loopback_has_them(postgresql_url: str) -> None:
    made = PostgresqlConnector(data_source("postgresql", {**discrete(postgresql_url), "url": "", "ssl": False}))
    made.open()
    made.ping()
    made.close()


def test_a_url_wins_over_the_other_settings(postgresql_url: str) -> None:
    made = connector(postgresql_url, host="nowhere.invalid", port=1, user="nobody", database="none")
    made.open()
    made.close()


def test_open_twice_and_close_twice(postgresql_url: str) -> None:
    made = connector(postgresql_url)
    made.open()
    made.open()
    made.close()
    made.close()
    made.ping()
    made.close()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"database": "no_such_place"}, "there is no such database"),
        ({"username": "nobody_here"}, "there is no such user"),
        ({"hostname": "no-such-host.invalid"}, "there is no such host"),
        ({"port": "closed"}, "nothing listens there"),
        ({"hostname": "/no/such/directory"}, "there is no such socket"),
        ({"ssl": True}, "the server and `ssl` do not agree"),
    ],
)
def test_why_a_connection_failed(postgresql_url: str, change: dict[str, Any], reason: str) -> None:
    if change.get("port") == "closed":
        change = {"port": free_port()}
    settings = {**discrete(postgresql_url), "password": Secret("hunter2hunter2"), **change}
    made = PostgresqlConnector(data_source("postgresql", settings))
    with pytest.raises(ConnectionFailedError) as caught:
        made.open()
    found = caught.value.diagnostics[0]
    assert found.code is Code.CONNECTION_FAILED
    assert found.message.endswith(reason), found.message
    assert settings["database"] in found.message
    assert settings["username"] in found.message
    assert found.hint
    assert "hunter2" not in repr(caught.value) + str(caught.value) + repr(made.settings)
    made.close()


def test_a_role_without_connections_left(postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url, autocommit=True) as direct:
        direct.execute("DROP ROLE IF EXISTS guarded")
        direct.execute("CREATE ROLE guarded LOGIN CONNECTION LIMIT 0")
    made = PostgresqlConnector(data_source("postgresql", {**discrete(postgresql_url), "username": "guarded"}))
    with pytest.raises(ConnectionFailedError, match="too many connections"):
        made.open()
    made.close()
    with psycopg.connect(postgresql_url, autocommit=True) as direct:
        direct.execute("DROP ROLE guarded")


def test_a_server_that_does_not_answer() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        made = PostgresqlConnector(
            data_source(
                "postgresql",
                {"host": "127.0.0.1", "port": silent.getsockname()[1], "user": "u", "connectTimeout": 1000},
            )
        )
        started = time.monotonic()
        with pytest.raises(ConnectionFailedError, match="no answer in time"):
            made.open()
        assert time.monotonic() - started < 5
        made.close()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"port": "many"}, "port"),
        ({"max": 0}, "max"),
        ({"url": Secret("mysql://u:topsecret@h/d")}, "must start with postgresql://"),
        ({"url": Secret("postgresql://u:topsecret@h:port/d")}, "the port must be a number"),
        ({"ssl": {"ca": "-----BEGIN CERTIFICATE-----"}}, "names of files"),
    ],
)
def test_unusable_settings(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ConnectorError) as caught:
        CONNECTOR.create(data_source("postgresql", settings))
    assert caught.value.diagnostics[0].code is Code.SETTINGS_UNUSABLE
    assert words in str(caught.value)
    assert "topsecret" not in str(caught.value)


def cut(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as direct:
        direct.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )


def test_an_idle_connection_that_was_cut_is_replaced_unnoticed(postgresql_url: str) -> None:
    made = connector(postgresql_url)
    kind = model({"name": StringType()})
    create_tables(made, made.mapping, kind)
    made.insert(kind, [{"name": "a"}])
    cut(postgresql_url)
    assert made.count(kind, None) == 1
    cut(postgresql_url)
    assert made.insert(kind, [{"name": "b"}]) == [{"id": 2, "name": "b"}]
    made.close()


def test_a_cut_during_a_statement_is_an_error_and_the_next_request_works(postgresql_url: str) -> None:
    made = connector(postgresql_url)
    made.open()
    problems: list[BaseException] = []

    def sleep() -> None:
        try:
            made._run(lambda session: session.connection.execute("SELECT pg_sleep(30)"))
        except ConnectorError as problem:
            problems.append(problem)

    sleeper = Thread(target=sleep)
    sleeper.start()
    time.sleep(0.3)
    cut(postgresql_url)
    sleeper.join(10)
    assert [problem.diagnostics[0].code for problem in problems if isinstance(problem, ConnectorError)] == [
        Code.CONNECTION_LOST
    ]
    made.ping()
    made.close()


def test_a_cut_inside_a_transaction(postgresql_url: str) -> None:
    made = connector(postgresql_url)
    kind = model({"name": StringType()})
    create_tables(made, made.mapping, kind)
    with pytest.raises(ConnectionFailedError), made.transaction():  # noqa: PT012 - the second statement fails
        made.insert(kind, [{"name": "a"}])
        cut(postgresql_url)
        made.insert(kind, [{"name": "b"}])
    assert made.count(kind, None) == 0
    made.close()


def test_a_slow_statement_times_out(postgresql_url: str) -> None:
    made = connector(postgresql_url, statementTimeout=100)
    with pytest.raises(TimedOutError):
        made._run(lambda session: session.connection.execute("SELECT pg_sleep(5)"))
    made.ping()
    made.close()


def test_connections_are_bounded_and_waited_for(postgresql_url: str) -> None:
    made = connector(postgresql_url, max=1, poolTimeout=200)
    made.open()
    codes: list[Code] = []

    def ask() -> None:
        try:
            made.ping()
        except ConnectionFailedError as problem:
            codes.append(problem.diagnostics[0].code)

    with made.transaction():
        other = Thread(target=ask)
        other.start()
        other.join()
    ask()
    assert codes == [Code.CONNECTIONS_EXHAUSTED]
    made.close()


def test_idle_connections_are_closed_when_asked_for(postgresql_url: str) -> None:
    made = connector(postgresql_url, idleTimeoutMillis=50)
    with made.transaction():
        other = Thread(target=made.ping)
        other.start()
        other.join()
    time.sleep(0.1)
    made.ping()
    with psycopg.connect(postgresql_url) as direct:
        row = direct.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'lbconf'"
        ).fetchone()
    assert row == (1,)
    made.close()


def test_statements_are_prepared_once_and_kept(postgresql_url: str) -> None:
    made = connector(postgresql_url, max=1)
    kind = model({"name": StringType()})
    create_tables(made, made.mapping, kind)
    for skip in range(1, 8):
        made.find_json(Query(model=kind, limit=5, skip=skip))
    assert len(prepared(made, "statement")) == 1
    made.close()


def test_a_page_is_planned_once(postgresql_url: str) -> None:
    made = connector(postgresql_url, max=1)
    kind = model({"name": StringType(), "created": DateTimeType()})
    create_tables(made, made.mapping, kind)
    made.insert(kind, [{"name": "a"}] * 2000)
    made._run(lambda session: session.connection.execute("ANALYZE"))
    for _ in range(20):
        made.find_json(Query(model=kind, limit=100))
    if made._version >= 140000:
        assert prepared(made, "custom_plans = 0, generic_plans > 10") == [(True, True)]
    made.close()


def prepared(made: PostgresqlConnector, columns: str) -> list[Any]:
    """These columns of the prepared statements that build JSON."""
    asked = f"SELECT {columns} FROM pg_prepared_statements WHERE statement LIKE '%string_agg%'"
    return made._run(lambda session: session.connection.execute(asked, prepare=False).fetchall())
