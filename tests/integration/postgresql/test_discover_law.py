"""Discovery of random PostgreSQL databases: nothing is left to plan, and the models make the same tables again."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings

from lbconf.connectors.postgresql.normalize import INSTANTS
from lbconf.records import replace
from lbconf.state.structure import Column, Default, State, Table
from tests import discovery, servers
from tests.integration.postgresql.test_state_laws import apply
from tests.strategies.postgresql_sql import NAMESPACES, PRELUDE, scripts
from tests.strategies.postgresql_states import states

EXAMPLES = settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
)
SAID_ELSEWHERE: tuple[str, ...] = ()
"""Beginnings of the warnings about what `PRELUDE` makes in both databases."""
FOUND = (
    ["CREATE TABLE t (a numeric(4,-2), b numeric(3,5), c varchar(2)[])"],
    ["CREATE TABLE t (a int UNIQUE, b int REFERENCES t (a) MATCH FULL, constructor_id int REFERENCES t (a))"],
    ["CREATE TABLE t (a integer PRIMARY KEY, b text DEFAULT '$now', c boolean DEFAULT true, d smallint DEFAULT 9)"],
    ["CREATE TABLE t (a text DEFAULT 'x'::varchar, b varchar DEFAULT 'x'::text, c char(3) DEFAULT 'x'::varchar(2))"],
)
"""Databases whose discovery was wrong once, and their like."""


@pytest.fixture(scope="module")
def urls(postgresql_server: servers.PostgresqlServer) -> Iterator[tuple[str, str]]:
    found = postgresql_server.create_database(), postgresql_server.create_database()
    yield found
    for url in found:
        postgresql_server.drop_database(url)


def emptied(url: str) -> psycopg.Connection[Any]:
    connection = psycopg.connect(url, autocommit=True)
    for name in sorted(set(NAMESPACES)):
        connection.execute(f'DROP SCHEMA IF EXISTS "{name}" CASCADE'.encode())
    connection.execute("CREATE SCHEMA public")
    return connection


@EXAMPLES
@given(script=scripts())
@example(script=FOUND[0])
@example(script=FOUND[1])
@example(script=FOUND[2])
@example(script=FOUND[3])
def test_a_database_that_people_made_is_as_its_models_say(urls: tuple[str, str], script: list[str]) -> None:
    with emptied(urls[0]) as connection:
        for statement in script:
            try:
                connection.execute(statement.encode())
            except psycopg.Error:
                continue  # whatever the server refuses is not there
    with emptied(urls[1]) as connection:
        for statement in PRELUDE:
            connection.execute(statement.encode())
    holds(*urls)


@EXAMPLES
@given(wanted=states())
def test_a_database_that_lbconf_made_is_as_its_models_say(urls: tuple[str, str], wanted: State) -> None:
    with emptied(urls[0]) as connection:
        apply(urls[0], connection, wanted)
    emptied(urls[1]).close()
    holds(*urls)


def test_an_enum_that_only_arrays_use_is_said_beside_the_models(urls: tuple[str, str], tmp_path: Path) -> None:
    with emptied(urls[0]) as connection:
        connection.execute("CREATE TYPE mood AS ENUM ('ok'); CREATE TYPE seen AS ENUM ('a')")
        connection.execute("CREATE TABLE t (id integer PRIMARY KEY, moods mood[], one seen, many seen[])")
    told = discovery.discovered(urls[0], tmp_path).diagnostics
    assert told == ()
    assert "enums:\n      mood: [ok]" in (tmp_path / "environments/base/datasources.yaml").read_text("utf-8")
    assert discovery.telling(discovery.planned(tmp_path, urls[0])) == []


def test_the_command_says_nothing_to_do_with_exit_code_0(urls: tuple[str, str], tmp_path: Path) -> None:
    with emptied(urls[0]) as connection:
        connection.execute(FOUND[0][0].encode())
    assert discovery.command("discover", "--url", urls[0], "--out", tmp_path / "one")[0] == 0
    planned = discovery.command("--project", tmp_path / "one", "plan", "--url", urls[0], "--detailed-exitcode")
    assert planned[:2] == (0, "Nothing to do. The database is as the models say.\n")


def holds(url: str, empty: str) -> None:
    """The law, for these two databases."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        done = discovery.discovered(url, folder / "one")
        plans = discovery.planned(folder / "one", url)
        assert discovery.telling(plans) == []
        assert all(plan.empty for plan in plans)

        written = discovery.files(folder / "one")
        discovery.discovered(url, folder / "one")
        discovery.discovered(url, folder / "two")
        assert discovery.files(folder / "one") == written
        assert discovery.files(folder / "two") == written

        if all(found.message.startswith(SAID_ELSEWHERE) for found in done.diagnostics):
            again = discovery.made_again(folder / "one", empty)
            assert comparable(again) == comparable(discovery.inspected(url))


def comparable(state: State) -> list[Table]:
    """Tables without what is reported as not said; this moment has two names."""
    return [
        replace(table, opaque=(), columns=tuple(_same_instant(column) for column in table.columns))
        for table in state.tables
    ]


def _same_instant(column: Column) -> Column:
    is_instant = column.default is not None and column.default.expression in INSTANTS
    return replace(column, default=Default("now()")) if is_instant else column
