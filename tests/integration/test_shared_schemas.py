"""Databases as people built them: discover, then plan finds nothing; the models make the same tables again.

The schemas lie in `schemas` of the folder that LBCONF_SHARED names (default:
`shared` beside the project).
"""

import contextlib
import io
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from lbconf.cli.verbs import run
from lbconf.connectors.mysql.connector import MysqlConnector
from lbconf.project.resolved import DataSource, Layout
from tests import servers_mysql

SCHEMAS = Path(os.environ.get("LBCONF_SHARED") or Path(__file__).parents[3] / "shared") / "schemas"
KINDS = "table,column,constraint,index,sequence,enum"

pytestmark = pytest.mark.skipif(not (SCHEMAS / "load.sh").exists(), reason=f"no schemas in {SCHEMAS}")


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a database with the schema that the test names as (kind, name)."""
    kind, name = request.param
    text = (SCHEMAS / kind / name / "schema.sql").read_text(encoding="utf-8")
    if kind == "sqlite":
        with contextlib.closing(sqlite3.connect(tmp_path / f"{name}.db")) as connection:
            connection.executescript(text)
        return f"sqlite:///{tmp_path / name}.db"
    url: str = request.getfixturevalue(f"{kind}_url")
    loaded = subprocess.run(
        ["sh", SCHEMAS / "load.sh", kind, name, url], capture_output=True, text=True, timeout=120, check=False
    )
    if loaded.returncode:
        pytest.skip(f"the schema does not load here: {loaded.stderr[-300:]}")
    return url


def command(*arguments: str | Path) -> tuple[int, str]:
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        code = run([str(argument) for argument in arguments])
    return code, out.getvalue() + err.getvalue()


ALL = [
    ("postgresql", "pagila"),
    ("postgresql", "chinook"),
    ("postgresql", "northwind"),
    ("mysql", "chinook"),
    ("mysql", "employees"),
    ("mysql", "sakila"),
    ("sqlite", "chinook"),
    ("sqlite", "sakila"),
]


@pytest.mark.parametrize("place", ALL, ids="/".join, indirect=True)
def test_after_discover_there_is_nothing_to_plan_and_twice_gives_the_same_bytes(place: str, tmp_path: Path) -> None:
    assert command("discover", "--url", place, "--out", tmp_path / "one")[0] == 0
    assert command("discover", "--url", place, "--out", tmp_path / "two")[0] == 0

    planned, told = command("--project", tmp_path / "one", "plan", "--url", place, "--detailed-exitcode")

    assert planned == 0, told
    assert files(tmp_path / "one") == files(tmp_path / "two")


@pytest.mark.parametrize(
    "place", [pair for pair in ALL if pair != ("postgresql", "pagila")], ids="/".join, indirect=True
)
def test_the_discovered_models_make_the_same_tables_again(
    place: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    command("discover", "--url", place, "--out", tmp_path / "models")
    if place.startswith("sqlite"):
        empty, prefix = f"sqlite:///{tmp_path / 'again.db'}", ""
    elif place.startswith("mysql"):
        server: servers_mysql.MysqlServer = request.getfixturevalue("mysql_server")
        if not is_mariadb(place):
            pytest.skip("what compares the catalogues reads MariaDB's")
        empty, prefix = server.create_database(), "mysql"
        request.addfinalizer(lambda: server.drop_database(empty))
    else:
        empty = place.rpartition("/")[0] + "/" + place.rpartition("/")[2] + "_again"
        prefix = "postgresql"
        name = empty.rpartition("/")[2]
        with psycopg.connect(place, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
        request.addfinalizer(lambda: dropped(place, name))

    code, told = command("--project", tmp_path / "models", "apply", "--url", empty, "--auto-approve", "--accept", "all")
    assert code == 0, told

    differences = [line for line in compared(place, empty) if "_lbconf_" not in line]
    assert differences == [], prefix


def test_pagila_is_made_again_with_its_domains_and_partitions(
    postgresql_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Every table, partition, domain and enum; functions, and views that call them, are listed and not made."""
    loaded = subprocess.run(
        ["sh", SCHEMAS / "load.sh", "postgresql", "pagila", postgresql_url],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if loaded.returncode:
        pytest.skip(loaded.stderr[-300:])
    command("discover", "--url", postgresql_url, "--out", tmp_path)
    name = postgresql_url.rpartition("/")[2] + "_again"
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
    request.addfinalizer(lambda: dropped(postgresql_url, name))
    empty = postgresql_url.rpartition("/")[0] + "/" + name

    code, told = command("--project", tmp_path, "apply", "--url", empty, "--auto-approve", "--accept", "all")

    assert code == 0, told
    names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename !~ '^_lbconf_' ORDER BY 1"
    types = "SELECT typname FROM pg_type WHERE typtype IN ('d', 'e') AND typname !~ '^_' ORDER BY 1"
    with psycopg.connect(empty) as again, psycopg.connect(postgresql_url) as there:
        for query in (names, types):
            assert again.execute(query.encode()).fetchall() == there.execute(query.encode()).fetchall()


def is_mariadb(url: str) -> bool:
    data_source = DataSource(name="db", connector="mysql", settings={"url": url}, layout=Layout.NATIVE)
    connector = MysqlConnector(data_source)
    try:
        return connector.server.mariadb
    finally:
        connector.close()


def dropped(url: str, name: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def compared(one: str, other: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, SCHEMAS / "pairs" / "catalog_diff.py", one, other, "--only", KINDS],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    return done.stdout.splitlines()


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
