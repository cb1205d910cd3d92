"""Fixtures for every test: servers, a clean environment, hypothesis profiles."""

import os
from collections.abc import Iterator

import hypothesis
import pytest

from tests import servers, servers_mysql

hypothesis.settings.register_profile("default", deadline=None, print_blob=True)
hypothesis.settings.register_profile("ci", parent=hypothesis.settings.get_profile("default"), derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "default")

INFLUENTIAL = (
    "LBCONF_",
    "NODE_ENV",
    "NO_COLOR",
    "FORCE_COLOR",
    "DATABASE_URL",
    "PGHOST",
    "PGPORT",
    "PGUSER",
    "PGPASSWORD",
)
"""Beginnings of the variables lbconf or a driver listens to (LBCONF_TEST_ and LBCONF_REQUIRE_ are the tests' own)."""


def pytest_report_header() -> str:
    """One line a server: where it will come from."""
    lines = []
    for name, origin in (("postgresql", servers.postgresql_origin), ("mysql", servers_mysql.mysql_origin)):
        try:
            lines.append(f"{name}: {origin()}")
        except servers.ServerMissingError as error:
            lines.append(f"{name}: {error}")
    return "\n".join(lines)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of the machine changes what a test sees."""
    for name in list(os.environ):
        if name.startswith(INFLUENTIAL) and not name.startswith(("LBCONF_TEST_", "LBCONF_REQUIRE_")):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[servers.PostgresqlServer]:
    """A PostgreSQL server for the session (for each worker of a parallel run)."""
    try:
        with servers.postgresql() as server:
            yield server
    except servers.ServerMissingError as error:
        if servers.required("postgresql"):
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture
def postgresql_url(postgresql_server: servers.PostgresqlServer) -> Iterator[str]:
    """URL of a fresh database, dropped afterwards."""
    url = postgresql_server.create_database()
    yield url
    postgresql_server.drop_database(url)


@pytest.fixture(scope="session")
def mysql_server() -> Iterator[servers_mysql.MysqlServer]:
    """A MariaDB or MySQL server for the session (for each worker of a parallel run)."""
    try:
        with servers_mysql.mysql() as server:
            yield server
    except servers.ServerMissingError as error:
        if servers.required("mysql"):
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture
def mysql_url(mysql_server: servers_mysql.MysqlServer) -> Iterator[str]:
    """URL of a fresh database, dropped afterwards."""
    url = mysql_server.create_database()
    yield url
    mysql_server.drop_database(url)
