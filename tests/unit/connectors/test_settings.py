"""Settings of SQL data sources, and what libpq is told."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lbconf.connectors.mysql.settings import MysqlSettings
from lbconf.connectors.postgresql.parameters import connection_parameters
from lbconf.connectors.postgresql.settings import PostgresqlSettings
from lbconf.connectors.sql.plain_settings import plain_settings
from lbconf.connectors.sql.settings import SqlSettings, read_settings
from lbconf.connectors.sqlite.place import database_path
from lbconf.connectors.sqlite.settings import SqliteSettings
from lbconf.connectors.table import SETTINGS
from lbconf.errors import ConnectorError
from lbconf.layers.secret import Secret
from tests.strategies.rows import data_source

ALWAYS = {"application_name": "lbconf", "connect_timeout": 5, "client_encoding": "UTF8"}


def told(**settings: Any) -> dict[str, Any]:
    return connection_parameters(PostgresqlSettings.model_validate(settings))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, {"host": "localhost", "port": 5432}),
        (
            {"hostname": "h", "port": "6432", "username": "u", "password": 5, "database": "d"},
            {"host": "h", "port": 6432, "user": "u", "password": "5", "dbname": "d"},
        ),
        ({"host": Secret("h"), "url": "", "password": None}, {"host": "h", "port": 5432}),
        ({"url": "postgres://h/d", "host": "x", "user": "u"}, {"host": "h", "dbname": "d"}),
        (
            {"url": Secret("postgresql://a%40b:p%2Fw@h:1/d%20e?sslmode=disable&ssl=true&pool=5&connect_timeout=9")},
            {
                "host": "h",
                "port": "1",
                "user": "a@b",
                "password": "p/w",
                "dbname": "d e",
                "sslmode": "require",
                "connect_timeout": "9",
            },
        ),
        ({"url": "postgresql://u@[::1]:5433,h2/d"}, {"host": "::1,h2", "port": "5433,", "user": "u", "dbname": "d"}),
        ({"url": "postgresql://%2Ftmp/d"}, {"host": "/tmp", "dbname": "d"}),  # noqa: S108 - a socket's directory
        ({"ssl": True}, {"host": "localhost", "port": 5432, "sslmode": "require"}),
        ({"ssl": "verify-full"}, {"host": "localhost", "port": 5432, "sslmode": "verify-full"}),
        ({"ssl": {"rejectUnauthorized": False}}, {"host": "localhost", "port": 5432, "sslmode": "require"}),
        (
            {"ssl": {"ca": "ca.pem", "cert": "c.pem", "key": "k.pem"}},
            {
                "host": "localhost",
                "port": 5432,
                "sslmode": "verify-full",
                "sslrootcert": "ca.pem",
                "sslcert": "c.pem",
                "sslkey": "k.pem",
            },
        ),
        ({"connectTimeout": 1500}, {"host": "localhost", "port": 5432, "connect_timeout": 2}),
    ],
)
def test_what_libpq_is_told(settings: dict[str, Any], expected: dict[str, Any]) -> None:
    assert told(**settings) == {**ALWAYS, **expected}


def test_unknown_settings_are_kept_and_secrets_are_not_shown() -> None:
    found = PostgresqlSettings.model_validate(
        {"url": "postgresql://u:topsecret@h/d", "password": "topsecret", "keepAlive": True}
    )
    assert found.model_extra == {"keepAlive": True}
    assert "topsecret" not in repr(found)
    assert PostgresqlSettings.model_json_schema()["properties"]["password"]["writeOnly"] is True


def test_every_wrong_setting_is_told_at_once() -> None:
    with pytest.raises(ConnectorError) as caught:
        read_settings(PostgresqlSettings, data_source("postgresql", {"port": 0, "max": "x", "password": {"a": 1}}))
    assert [found.message for found in caught.value.diagnostics] == [
        "data source db: port: Input should be greater than or equal to 1",
        "data source db: password: must be text",
        "data source db: max: Input should be a valid integer, unable to parse string as an integer",
    ]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, None),
        ({"file": ":memory:"}, None),
        ({"file": "data/a.db"}, Path("/root/data/a.db")),
        ({"file": "/var/a.db"}, Path("/var/a.db")),
        ({"url": "sqlite:///a.db"}, Path("/root/a.db")),
        ({"url": "sqlite:////var/a.db?x=1", "file": "b.db"}, Path("/var/a.db")),
        ({"url": "sqlite://"}, None),
        ({"url": "sqlite::memory:"}, None),
        ({"url": "sqlite:a%20b.db"}, Path("/root/a b.db")),
    ],
)
def test_the_path_of_a_database(settings: dict[str, Any], expected: Path | None) -> None:
    assert database_path(SqliteSettings.model_validate(settings), Path("/root")) == expected


KINDS: dict[type[SqlSettings], str] = {
    MysqlSettings: "mysql",
    PostgresqlSettings: "postgresql",
    SqliteSettings: "sqlite",
}
PLAIN_NAMES = sorted({name for shape in SETTINGS.values() for name in shape["properties"]} | {"hostname", "unknown"})
PLAIN_VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-2, 70_000)
    | st.sampled_from([2**53, 10**400])
    | st.floats(allow_nan=False)
    | st.text(max_size=3)
    | st.dictionaries(st.text(max_size=2) | st.integers(), st.booleans(), max_size=1)
)


@settings(max_examples=500)
@given(
    kind=st.sampled_from(list(KINDS)),
    written=st.dictionaries(st.sampled_from(PLAIN_NAMES), PLAIN_VALUES | PLAIN_VALUES.map(Secret), max_size=5),
)
def test_settings_read_plainly_are_what_pydantic_makes_of_them(
    kind: type[SqlSettings], written: dict[str, Any]
) -> None:
    source = data_source(KINDS[kind], written)
    plain = plain_settings(source)
    if plain is not None:
        slow = read_settings(kind, source)
        assert vars(plain) == {name: getattr(slow, name) for name in kind.model_fields}
        assert not slow.model_extra


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_setting_can_be_read_plainly(kind: type[SqlSettings]) -> None:
    connector = KINDS[kind]
    samples: dict[str, Any] = {"integer": 1, "number": 1, "boolean": True, "string": "x"}
    shapes = SETTINGS[connector]["properties"]
    written = {name: samples[shape.get("type") or shape["anyOf"][0]["type"]] for name, shape in shapes.items()}
    plain = plain_settings(data_source(connector, written))
    assert plain is not None
    assert str(vars(plain).get("password", "***")) == "***"


def test_settings_that_must_be_converted_or_are_wrong_are_left_to_pydantic() -> None:
    for written in ({"port": "5432"}, {"hostname": "h"}, {"port": 0}, {"ssl": {"ca": "f"}}, {"password": 5}, {"x": 1}):
        assert plain_settings(data_source("postgresql", written)) is None
