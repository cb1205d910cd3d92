"""What a change of type is said to cost, against what it does cost on the server."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from lbconf.connectors.postgresql.ddl import compile_changes
from lbconf.connectors.postgresql.mapping import canonical_type
from lbconf.connectors.postgresql.type_changes import loses, may_fail, rewrites
from lbconf.state.changes import AddCheck, AlterColumn
from lbconf.state.hazards import HazardKind
from lbconf.state.structure import Check, Column, Default, QualifiedName, State
from tests import servers

TABLE = QualifiedName("public", "t")

CASES = [
    # before, after, a value, rewrites the table, may fail on some value
    ("varchar(10)", "varchar(20)", "'a'", False, False),
    ("varchar(10)", "text", "'a'", False, False),
    ("text", "varchar", "'a'", False, False),
    ("varchar(20)", "varchar(10)", "'a'", True, True),
    ("text", "varchar(10)", "'a'", True, True),
    ("integer", "bigint", "1", True, False),
    ("bigint", "integer", "1", True, True),
    ("integer", "text", "1", True, False),
    ("text", "integer", "'1'", True, True),
    ("integer", "numeric", "1", True, False),
    ("integer", "double precision", "1", True, False),
    ("numeric(10,2)", "numeric(12,2)", "1", False, False),
    ("numeric(10,2)", "numeric", "1", False, False),
    ("numeric(12,2)", "numeric(10,2)", "1", True, True),
    ("numeric(10,2)", "numeric(12,4)", "1", True, True),
    ("timestamp(3)", "timestamp(6)", "now()", False, False),
    ("timestamp(6)", "timestamp(3)", "now()", True, False),
    ("date", "timestamptz", "now()", True, False),
    ("boolean", "text", "true", True, False),
    ("boolean", "integer", "true", True, True),
    ("json", "jsonb", "'{}'", True, False),
    ("cidr", "inet", "'10.0.0.0/8'", False, False),
    ("uuid", "text", "gen_random_uuid()", True, False),
    ("text", "uuid", "gen_random_uuid()", True, True),
    ("text", "jsonb", "'{}'", True, True),
    ("bit varying(4)", "bit varying(8)", "B'1'", False, True),
    ("real", "double precision", "1.5", True, False),
    ("double precision", "real", "1.5", True, True),
    ("interval", "text", "'1 day'", True, False),
    ("date", "text", "now()", True, False),
    ("integer", "uuid", None, True, True),
    ("text[]", "varchar(20)[]", "'{a}'", True, True),
]


@pytest.fixture(scope="module")
def connection(postgresql_server: servers.PostgresqlServer) -> Iterator[psycopg.Connection[Any]]:
    url = postgresql_server.create_database()
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection
    postgresql_server.drop_database(url)


@pytest.mark.parametrize(("old", "new", "value", "rewriting", "failing"), CASES)
def test_a_type_change_does_what_its_hazards_say(
    connection: psycopg.Connection[Any],
    old: str,
    new: str,
    value: str | None,
    rewriting: bool,  # noqa: FBT001 - parametrised
    failing: bool,  # noqa: FBT001 - parametrised
) -> None:
    before = Column(name="c", type=canonical_type(old))
    after = replace(before, type=canonical_type(new))
    assert rewrites(before.type, after.type) is rewriting
    assert may_fail(before.type, after.type) is failing

    connection.execute(f"DROP TABLE IF EXISTS t; CREATE TABLE t (c {old})".encode())
    if value is not None:
        connection.execute(f"INSERT INTO t VALUES ({value})".encode())
    file = connection.execute("SELECT pg_relation_filenode('t')").fetchone()
    (step,) = compile_changes([AlterColumn(table=TABLE, before=before, after=after)], actual=State(), desired=State())
    for statement in step.statements:
        connection.execute(statement.sql.encode())

    changed = connection.execute("SELECT pg_relation_filenode('t')").fetchone() != file
    # Never less than what happens; a rewrite that PostgreSQL finds a way around is no harm.
    assert rewriting or not changed
    if old != "timestamp(6)" and not old.startswith(("text[]", "bit")):
        assert changed is rewriting
    for statement in step.undo if not failing and value is not None else ():
        connection.execute(statement.sql.encode())


def test_a_default_goes_along_with_the_type(connection: psycopg.Connection[Any]) -> None:
    connection.execute("DROP TABLE IF EXISTS t; CREATE TABLE t (c text DEFAULT '7')")
    connection.execute("INSERT INTO t DEFAULT VALUES")
    before = Column(name="c", type=canonical_type("text"), default=Default("'7'::text"))
    after = replace(before, type=canonical_type("integer"), default=Default("8"))
    (step,) = compile_changes([AlterColumn(table=TABLE, before=before, after=after)], actual=State(), desired=State())
    for statement in step.statements:
        connection.execute(statement.sql.encode())
    connection.execute("INSERT INTO t DEFAULT VALUES")
    assert connection.execute("SELECT c FROM t ORDER BY c").fetchall() == [(7,), (8,)]


@pytest.mark.parametrize(
    ("old", "new", "value"),
    [
        ("varchar(200)", "varchar(60)", "repeat('x', 120)"),
        ("text", "varchar(5)", "'sixsix'"),
        ("text", "character(5)", "'sixsix'"),
        ("integer", "varchar(5)", "123456"),
        ("timestamptz", "varchar(10)", "now()"),
        ("text[]", "varchar(3)[]", "'{four}'"),
        ("bit varying(8)", "bit varying(4)", "B'10101'"),
    ],
)
def test_a_value_that_is_too_long_stops_the_change(
    connection: psycopg.Connection[Any], old: str, new: str, value: str
) -> None:
    connection.execute(f"DROP TABLE IF EXISTS t; CREATE TABLE t (c {old})".encode())
    connection.execute(f"INSERT INTO t VALUES ({value})".encode())
    before = Column(name="c", type=canonical_type(old))
    after = replace(before, type=canonical_type(new))
    (step,) = compile_changes([AlterColumn(table=TABLE, before=before, after=after)], actual=State(), desired=State())
    assert HazardKind.MAY_FAIL_ON_DATA in {hazard.kind for hazard in step.hazards}
    (statement,) = step.statements
    with pytest.raises(psycopg.DataError):
        connection.execute(statement.sql.encode())


@pytest.mark.parametrize(
    ("old", "new", "value", "lost"),
    [
        ("numeric(10,4)", "numeric(10,2)", "1.2345", True),
        ("numeric(10,2)", "numeric(10,4)", "1.25", False),
        ("numeric", "integer", "1.5", True),
        ("numeric(6)", "integer", "15", False),
        ("double precision", "numeric(10,2)", "1.125", True),
        ("double precision", "real", "1.23456789", True),
        ("real", "double precision", "1.5", False),
        ("bigint", "double precision", "9007199254740993", True),
        ("timestamptz", "date", "'2026-11-21T23:30:00Z'", True),
        ("timestamp(6)", "timestamp(3)", "'2026-11-21T23:30:00.123456'", True),
        ("timestamp(3)", "timestamptz", "'2026-11-21T23:30:00.123'", False),
        ("date", "timestamptz", "'2026-11-21'", False),
        ("integer", "text", "15", False),
        ("text", "numeric(5,1)", "'1.25'", True),
        ("varchar(20)", "real", "'1.23456789'", True),
        ("text", "date", "'2026-11-21 23:30:00'", True),
        ("text", "time", "'2026-11-21 23:30:00'", True),
        ("text", "timestamp(3)", "'2026-11-21 23:30:00.123456'", True),
        ("text", "numeric", "'1.25'", False),
        ("text", "integer", "'15'", False),
        ("integer", "boolean", "3", True),
    ],
)
def test_what_values_lose_is_a_hazard(
    connection: psycopg.Connection[Any],
    old: str,
    new: str,
    value: str,
    lost: bool,  # noqa: FBT001 - parametrised
) -> None:
    before = Column(name="c", type=canonical_type(old))
    after = replace(before, type=canonical_type(new))
    (step,) = compile_changes([AlterColumn(table=TABLE, before=before, after=after)], actual=State(), desired=State())
    assert (loses(before.type, after.type) is not None) is lost
    assert (HazardKind.DELETES_DATA in {hazard.kind for hazard in step.hazards}) is lost

    connection.execute(f"SET TimeZone = 'UTC'; DROP TABLE IF EXISTS t; CREATE TABLE t (c {old})".encode())
    connection.execute(f"INSERT INTO t VALUES ({value})".encode())
    first = connection.execute("SELECT c::text FROM t").fetchone()
    for statement in (*step.statements, *step.undo):
        connection.execute(statement.sql.encode())
    assert (connection.execute("SELECT c::text FROM t").fetchone() != first) is lost


def test_a_check_holds_up_readers() -> None:
    change = AddCheck(table=TABLE, after=Check(name="c", expression="a > 0"))
    (step,) = compile_changes([change], actual=State(), desired=State())
    assert step.lock == "ACCESS EXCLUSIVE"
    assert HazardKind.BLOCKS_READS in {hazard.kind for hazard in step.hazards}
