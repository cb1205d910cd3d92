"""Connecting to MariaDB or MySQL: settings, failures in words, coming back after a cut."""

import socket
import time
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from lbconf.connectors.mysql import CONNECTOR
from lbconf.connectors.mysql.connector import MysqlConnector
from lbconf.datatypes import StringType
from lbconf.diagnostics import Code
from lbconf.errors import ConnectionFailedError, ConnectorError, TimedOutError
from lbconf.layers.secret import Secret
from tests.servers import free_port
from tests.servers_mysql import MysqlServer
from tests.strategies.rows import create_tables, data_source, model

ENDLESS = (
    "SELECT count(*) FROM information_schema.columns AS a, information_schema.columns AS b, "
    "information_schema.columns AS c, information_schema.columns AS d"
)


def connector(url: str, **settings: Any) -> MysqlConnector:
    return MysqlConnector(data_source("mysql", {"url": Secret(url), **settings}))


def discrete(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    found: dict[str, Any] = {
        "hostname": parts.hostname,
        "port": str(parts.port or 3306),
        "username": unquote(parts.username or ""),
        "database": parts.path.strip("/"),
    }
    return {**found, "password": Secret(unquote(parts.password))} if parts.password else found


def test_making_one_connects_to_nothing() -> None:
    made = CONNECTOR.create(data_source("mysql", {"host": "127.0.0.1", "port": 1, "user": "u", "database": "d"}))
    assert made.data_source.name == "db"
    made.close()


def test_settings_as_loopback_has_them(mysql_url: str) -> None:
    settings = {
        "connectionLimit": 5,
        "charset": "utf8mb4",
        "timezone": "local",
        "supportBigNumbers": True,
        "url": "",
        "multipleStatements": True,
    }
    made = MysqlConnector(data_source("mysql", {**discrete(mysql_url), **settings}))
    made.open()
    made.ping()
    assert made.settings.max == 5
    made.close()


def test_a_url_wins_over_the_other_settings(mysql_url: str) -> None:
    made = connector(mysql_url, host="nowhere.invalid", port=1, user="nobody", database="none")
    made.open()
    made.close()


def test_a_socket_wins_over_host_and_port(mysql_url: str, mysql_server: MysqlServer) -> None:
    if mysql_server.socket is None:
        pytest.skip("the server was not started here, so that its socket is not known")
    settings = {**discrete(mysql_url), "hostname": "nowhere.invalid", "socketPath": str(mysql_server.socket)}
    made = MysqlConnector(data_source("mysql", settings))
    made.ping()
    made.close()


def test_sessions_are_strict_in_utc_and_speak_every_character(mysql_url: str) -> None:
    made = connector(mysql_url)
    ((mode, zone, charset, autocommit, isolation),) = made._run(
        lambda session: session.rows(
            "SELECT @@SESSION.sql_mode, @@SESSION.time_zone, @@SESSION.character_set_connection, @@autocommit, "
            "(SELECT variable_value FROM information_schema.session_variables WHERE variable_name = 'tx_isolation')"
            if session.server.mariadb
            else "SELECT @@SESSION.sql_mode, @@SESSION.time_zone, @@SESSION.character_set_connection, @@autocommit, "
            "@@SESSION.transaction_isolation"
        )
    )
    assert {"ANSI_QUOTES", "NO_BACKSLASH_ESCAPES", "STRICT_ALL_TABLES", "PIPES_AS_CONCAT"} <= set(mode.split(","))
    assert (zone, charset, autocommit, isolation) == ("+00:00", "utf8mb4", 1, "READ-COMMITTED")
    made.close()


def test_open_twice_and_close_twice(mysql_url: str) -> None:
    made = connector(mysql_url)
    made.open()
    made.open()
    made.close()
    made.close()
    made.ping()
    made.close()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"database": "no_such_place"}, "there is no such database"),
        ({"username": "nobody_here"}, "wrong user or password"),
        ({"password": Secret("hunter2hunter2")}, "wrong user or password"),
        ({"hostname": "no-such-host.invalid"}, "there is no such host"),
        ({"port": "closed"}, "nothing listens there"),
        ({"socketPath": "/no/such/socket"}, "there is no such socket"),
    ],
)
def test_why_a_connection_failed(mysql_url: str, change: dict[str, Any], reason: str) -> None:
    if change.get("port") == "closed":
        change = {"port": free_port()}
    settings = {**discrete(mysql_url), **change}
    made = MysqlConnector(data_source("mysql", settings))
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


def test_no_place_from_a_secret_source_is_shown(mysql_url: str) -> None:
    settings = {**discrete(mysql_url), "database": Secret("hidden_place"), "username": Secret("hidden_user")}
    made = MysqlConnector(data_source("mysql", settings))
    with pytest.raises(ConnectionFailedError) as caught:
        made.open()
    assert "hidden" not in str(caught.value)
    made.close()


def test_a_user_without_connections_left(mysql_url: str, mysql_server: MysqlServer) -> None:
    with mysql_server.connect() as direct, direct.cursor() as cursor:
        cursor.execute("CREATE USER IF NOT EXISTS guarded@'%' WITH MAX_USER_CONNECTIONS 1")
        cursor.execute("GRANT ALL ON *.* TO guarded@'%'")
    settings = {**discrete(mysql_url), "username": "guarded", "password": ""}
    first, second = (MysqlConnector(data_source("mysql", settings)) for _ in "12")
    first.open()
    with pytest.raises(ConnectionFailedError, match="too many connections"):
        second.open()
    first.close()
    second.close()
    with mysql_server.connect() as direct, direct.cursor() as cursor:
        cursor.execute("DROP USER guarded@'%'")


def test_a_server_that_does_not_answer() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        settings = {"host": "127.0.0.1", "port": silent.getsockname()[1], "user": "u", "database": "d"}
        made = MysqlConnector(data_source("mysql", {**settings, "connectTimeout": 1000}))
        with pytest.raises(ConnectionFailedError, match="no answer in time"):
            made.open()
        made.close()


def test_something_else_that_listens_there() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()

        def answer() -> None:
            taken, _ = other.accept()
            with taken:
                taken.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = Thread(target=answer)
        thread.start()
        settings = {"host": "127.0.0.1", "port": other.getsockname()[1], "user": "u", "database": "d"}
        made = MysqlConnector(data_source("mysql", settings))
        with pytest.raises(ConnectionFailedError):
            made.open()
        thread.join()
        made.close()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"port": "many"}, "port"),
        ({"connectionLimit": 0}, "connectionLimit"),
        ({"url": Secret("postgresql://u:topsecret@h/d")}, "must start with mysql://"),
        ({"url": Secret("mysql://u:topsecret@h:port/d")}, "the url cannot be read"),
        ({"url": Secret("mysql://u:topsecret@h/")}, "database"),
        ({"user": ""}, "user"),
        ({"ssl": {"ca": "-----BEGIN CERTIFICATE-----"}}, "names of files"),
        ({"ssl": "perhaps"}, "ssl"),
        ({"timezone": "+02:00", "legacyUtcDateProcessing": False}, "timezone"),
    ],
)
def test_unusable_settings(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ConnectorError) as caught:
        CONNECTOR.create(data_source("mysql", {"user": "u", "database": "d", **settings}))
    assert caught.value.diagnostics[0].code is Code.SETTINGS_UNUSABLE
    assert words in str(caught.value)
    assert "topsecret" not in str(caught.value)


def test_a_certificate_file_that_is_not_there(mysql_url: str, tmp_path: Path) -> None:
    made = connector(mysql_url, ssl={"ca": str(tmp_path / "none.pem")})
    with pytest.raises(ConnectionFailedError):
        made.open()
    made.close()


def cut(server: MysqlServer, url: str, how: str = "CONNECTION") -> None:
    """End every session in the database of the URL."""
    with server.connect() as direct, direct.cursor() as cursor:
        cursor.execute("SELECT id FROM information_schema.processlist WHERE db = %s", (urlsplit(url).path[1:],))
        for (number,) in cursor.fetchall():
            cursor.execute(f"KILL {how} {number:d}")
        end = time.monotonic() + 5
        while how == "CONNECTION" and time.monotonic() < end:
            cursor.execute("SELECT 1 FROM information_schema.processlist WHERE db = %s", (urlsplit(url).path[1:],))
            if not cursor.fetchall():
                return


def test_an_idle_connection_that_was_cut_is_replaced_unnoticed(mysql_url: str, mysql_server: MysqlServer) -> None:
    made = connector(mysql_url)
    kind = model({"name": StringType()})
    create_tables(made, made.mapping, kind)
    made.insert(kind, [{"name": "a"}])
    cut(mysql_server, mysql_url)
    assert made.count(kind, None) == 1
    cut(mysql_server, mysql_url)
    assert made.insert(kind, [{"name": "b"}]) == [{"id": 2, "name": "b"}]
    made.close()


def busy(made: MysqlConnector) -> tuple[Thread, list[ConnectorError]]:
    """A thread whose statement is under way, and where its error will be."""
    problems: list[ConnectorError] = []

    def sleep() -> None:
        try:
            made._run(lambda session: session.execute("SELECT sleep(30), count(*) FROM information_schema.columns"))
        except ConnectorError as problem:
            problems.append(problem)

    thread = Thread(target=sleep)
    thread.start()
    return thread, problems


def wait_until_busy(server: MysqlServer, url: str) -> None:
    end = time.monotonic() + 10
    with server.connect() as direct, direct.cursor() as cursor:
        while time.monotonic() < end:
            cursor.execute(
                "SELECT 1 FROM information_schema.processlist WHERE db = %s AND info LIKE 'SELECT sleep%%'",
                (urlsplit(url).path[1:],),
            )
            if cursor.fetchall():
                return
    pytest.fail("the statement never began")


def test_a_cut_during_a_statement_is_an_error_and_the_next_request_works(
    mysql_url: str, mysql_server: MysqlServer
) -> None:
    made = connector(mysql_url)
    made.open()
    sleeper, problems = busy(made)
    wait_until_busy(mysql_server, mysql_url)
    cut(mysql_server, mysql_url)
    sleeper.join(10)
    assert [problem.diagnostics[0].code for problem in problems] == [Code.CONNECTION_LOST]
    made.ping()
    made.close()


def test_a_statement_that_was_cancelled(mysql_url: str, mysql_server: MysqlServer) -> None:
    made = connector(mysql_url)
    made.open()

    problems: list[ConnectorError] = []

    def run() -> None:
        try:
            made._run(lambda session: session.execute(ENDLESS))
        except ConnectorError as problem:
            problems.append(problem)

    thread = Thread(target=run)
    thread.start()
    end = time.monotonic() + 20
    while thread.is_alive() and time.monotonic() < end:
        cut(mysql_server, mysql_url, "QUERY")
    thread.join(10)
    assert [type(problem) for problem in problems] == [TimedOutError]
    made.ping()
    made.close()


def test_a_cut_inside_a_transaction(mysql_url: str, mysql_server: MysqlServer) -> None:
    made = connector(mysql_url)
    kind = model({"name": StringType()})
    create_tables(made, made.mapping, kind)
    with pytest.raises(ConnectionFailedError), made.transaction():  # noqa: PT012 - the second statement fails
        made.insert(kind, [{"name": "a"}])
        cut(mysql_server, mysql_url)
        made.insert(kind, [{"name": "b"}])
    assert made.count(kind, None) == 0
    made.close()


def test_a_server_that_is_gone_and_comes_back_is_reached_again(mysql_url: str) -> None:
    made = connector(mysql_url)
    made.open()
    real = made.settings
    made._pool.clear()
    made.settings = type(real)(**{**vars(real), "url": Secret(f"mysql://u@127.0.0.1:{free_port()}/d")})
    with pytest.raises(ConnectionFailedError, match="nothing listens there"):
        made.ping()
    made.settings = real
    made.ping()
    made.close()


def test_a_slow_statement_times_out(mysql_url: str) -> None:
    made = connector(mysql_url, statementTimeout=100)
    with pytest.raises(TimedOutError):
        made._run(lambda session: session.execute(ENDLESS))
    made.ping()
    made.close()


def test_connections_are_bounded_and_waited_for(mysql_url: str) -> None:
    made = connector(mysql_url, connectionLimit=1, poolTimeout=200)
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


def test_a_connection_with_an_open_transaction_does_not_go_back_to_the_others(mysql_url: str) -> None:
    made = connector(mysql_url, connectionLimit=1)
    kind = model({"name": StringType()})
    create_tables(made, made.mapping, kind)
    made._run(lambda session: session.execute("START TRANSACTION"))
    made.insert(kind, [{"name": "a"}])
    made.close()
    assert made.count(kind, None) == 1
    made.close()


def test_new_tables_are_stored_as_the_data_source_says(mysql_url: str) -> None:
    settings = {"charset": "utf8mb4", "collation": "latin1_general_ci", "engine": "MyISAM"}
    kind, other = (model({"name": StringType()}, name=name) for name in ("Thing", "Other"))
    first = connector(mysql_url, engine="InnoDB")
    create_tables(first, first.mapping, other)
    made = connector(mysql_url, **settings)
    create_tables(made, made.mapping, kind, other)
    found = made._run(
        lambda session: session.rows(
            "SELECT table_name, engine, table_collation FROM information_schema.tables "
            "WHERE table_schema = database() AND table_name IN ('Thing', 'Other') ORDER BY table_name DESC"
        )
    )
    usual = first._run(lambda session: session.rows("SELECT @@collation_database"))[0][0]
    assert list(found) == [("Thing", "MyISAM", "latin1_general_ci"), ("Other", "InnoDB", usual)]
    actual = made.inspect()
    assert made.normalize(actual).tables == actual.tables
    first.close()
    made.close()
