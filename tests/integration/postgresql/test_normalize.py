"""Texts that mean the same are the same after `normalize`, and asking leaves no trace."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from lbconf.connectors.postgresql.inspect import inspect
from lbconf.connectors.postgresql.mapping import canonical_type
from lbconf.connectors.postgresql.normalize import normalize
from lbconf.diagnostics import Code
from lbconf.errors import PlanError
from lbconf.records import replace
from lbconf.state.diff import diff
from lbconf.state.structure import (
    Check,
    Column,
    ColumnType,
    Default,
    Identity,
    Index,
    IndexPart,
    QualifiedName,
    State,
    Table,
)

NAME = QualifiedName("public", "t")


@pytest.fixture
def connection(postgresql_url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize(
    ("declared", "written"),
    [
        ("text DEFAULT 'x'", ("text", "'x'")),
        ("varchar(5) DEFAULT 'it''s'", ("varchar(5)", "'it''s'")),
        ("integer DEFAULT 5", ("int", "5")),
        ("integer DEFAULT -5", ("int4", "-5")),
        ("numeric(4,1) DEFAULT 1.5", ("decimal(4,1)", "1.5")),
        ("boolean DEFAULT true", ("bool", "TRUE")),
        ("timestamptz DEFAULT now()", ("timestamptz", "CURRENT_TIMESTAMP")),
        ("timestamptz DEFAULT CURRENT_TIMESTAMP", ("timestamptz", "now()")),
        ("date DEFAULT CURRENT_DATE", ("date", "current_date")),
        ("jsonb DEFAULT '{}'", ("jsonb", "'{}'")),
        ("interval DEFAULT '1 day'", ("interval", "interval '1 day'")),
        ("text[] DEFAULT '{}'", ("text[]", "'{}'")),
        ("text DEFAULT upper('x')", ("text", "upper('x')")),
        ("text DEFAULT NULL", ("text", "null")),
    ],
)
def test_defaults_and_types(connection: psycopg.Connection[Any], declared: str, written: tuple[str, str]) -> None:
    connection.execute(f"CREATE TABLE t (c {declared})".encode())
    column = Column(name="c", type=canonical_type(written[0]), default=Default(written[1]))
    assert left(connection, Table(name=NAME, columns=(column,))) == ()


@pytest.mark.parametrize(
    "written",
    [
        "c IN ('a', 'b')",
        "\"c\" in ('a','b')",
        "char_length(c) BETWEEN 1 AND 5",
        "c ~ '^a' OR c IS NULL",
        "NOT (c = 'x')",
    ],
)
def test_checks(connection: psycopg.Connection[Any], written: str) -> None:
    connection.execute(f"CREATE TABLE t (c varchar(9), CONSTRAINT k CHECK ({written}))".encode())
    column = Column(name="c", type=ColumnType("character varying", (9,)))
    assert left(connection, Table(name=NAME, columns=(column,), checks=(Check(name="k", expression=written),))) == ()


def test_index_expressions_and_conditions(connection: psycopg.Connection[Any]) -> None:
    connection.execute("CREATE TABLE t (c varchar(9), n integer)")
    connection.execute("CREATE INDEX i ON t (lower(c), n DESC) WHERE n > 1 AND c <> ''")
    index = Index(
        name="i",
        parts=(IndexPart(expression="lower(c)"), IndexPart(column="n", descending=True, nulls_first=True)),
        where="n>1 and c<>''",
    )
    columns = (
        Column(name="c", type=ColumnType("character varying", (9,))),
        Column(name="n", type=ColumnType("integer")),
    )
    assert left(connection, Table(name=NAME, columns=columns, indexes=(index,))) == ()


def test_a_real_difference_stays_one(connection: psycopg.Connection[Any]) -> None:
    connection.execute("CREATE TABLE t (c integer DEFAULT 5, CONSTRAINT k CHECK (c > 0))")
    column = Column(name="c", type=ColumnType("integer"), default=Default("6"))
    changes = left(connection, Table(name=NAME, columns=(column,), checks=(Check(name="k", expression="c >= 0"),)))
    assert sorted(type(change).__name__ for change in changes) == ["AddCheck", "AlterColumn", "DropCheck"]


def test_one_bad_expression_costs_only_itself(connection: psycopg.Connection[Any]) -> None:
    connection.execute("CREATE TABLE t (c varchar(9) CONSTRAINT k CHECK (c IN ('a')))")
    columns = (
        Column(name="c", type=ColumnType("character varying", (9,))),
        Column(name="bad", type=ColumnType("integer"), default=Default("'x'::integer")),
    )
    checks = (Check(name="k", expression="c IN ('a')"), Check(name="z", expression="nothing > 1"))
    changes = left(connection, Table(name=NAME, columns=columns, checks=checks))
    assert sorted(type(change).__name__ for change in changes) == ["AddCheck", "AddColumn"]


def test_what_calls_a_function_that_is_not_there_is_refused_with_its_name(
    connection: psycopg.Connection[Any],
) -> None:
    connection.execute("CREATE TABLE t (a integer)")
    column = Column(name="a", type=ColumnType("integer"), default=Default("no_such_function()"))
    other = Column(name="b", type=ColumnType("integer"))
    check = Check(name="k", expression="no_such_check(b)")
    with pytest.raises(PlanError) as caught:
        left(connection, Table(name=NAME, columns=(column, other), checks=(check,)))
    assert [(found.code, found.message) for found in caught.value.diagnostics] == [
        (
            Code.CHANGE_IMPOSSIBLE,
            "the default of public.t.a cannot be made: function no_such_function() does not exist",
        ),
        (
            Code.CHANGE_IMPOSSIBLE,
            "check k of public.t cannot be made: function no_such_check(integer) does not exist",
        ),
    ]


def test_types_collations_operator_classes_and_schemas_that_are_not_there_are_refused_by_name(
    connection: psycopg.Connection[Any],
) -> None:
    text = ColumnType("text")
    table = Table(
        name=NAME,
        columns=(
            Column(name="a", type=ColumnType("public.no_such_type")),
            Column(name="b", type=text, collation="public.no_such_collation"),
            Column(name="c", type=text, default=Default("nowhere.made()")),
            Column(name="d", type=ColumnType("public.u")),
            Column(name="e", type=ColumnType("character", (9,)), default=Default("'x'")),
        ),
        indexes=(Index(name="i", parts=(IndexPart(column="e", operator_class="no_such_class"),)),),
    )
    later = Table(name=QualifiedName("public", "u"), columns=(Column(name="x", type=text),))
    with pytest.raises(PlanError) as caught:
        left(connection, table, later)
    assert [found.message.partition(":")[0] for found in caught.value.diagnostics] == [
        "column public.t.a cannot be made",
        "column public.t.b cannot be made",
        "the default of public.t.c cannot be made",
        "index i of public.t cannot be made",
    ]


def test_domains_and_queries_of_views_mean_what_the_server_says(connection: psycopg.Connection[Any]) -> None:
    connection.execute("CREATE TABLE t (a varchar(9))")
    connection.execute("CREATE DOMAIN positive AS integer DEFAULT 1 CONSTRAINT p CHECK (VALUE > 0)")
    connection.execute("CREATE VIEW v AS SELECT a FROM t WHERE a IN ('x', 'y')")
    actual = inspect(connection, ["public"])
    (domain,), (view,) = actual.domains, actual.views
    written = replace(
        actual,
        domains=(replace(domain, checks=(Check(name="p", expression="VALUE>0"),)),),
        views=(replace(view, definition="SELECT a FROM public.t WHERE a IN ('x','y')"),),
    )
    assert diff(actual, normalize(written, actual=actual, connection=connection)) == ()


def test_a_serial_column_goes_on_with_a_sequence_of_another_name(connection: psycopg.Connection[Any]) -> None:
    connection.execute("CREATE TABLE old (a serial)")
    connection.execute("ALTER TABLE old RENAME TO t")
    column = Column(name="a", type=ColumnType("integer"), nullable=False, identity=Identity(kind="serial"))
    assert left(connection, Table(name=NAME, columns=(column,))) == ()


def test_asking_locks_and_leaves_nothing(connection: psycopg.Connection[Any], postgresql_url: str) -> None:
    connection.execute("CREATE TABLE t (c varchar(9))")
    table = Table(
        name=NAME,
        columns=(Column(name="c", type=ColumnType("character varying", (9,))),),
        checks=(Check(name="k", expression="c IN ('a')"),),
    )
    before = connection.execute("SELECT count(*) FROM pg_class").fetchone()
    with psycopg.connect(postgresql_url) as other:
        other.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        actual = State(namespaces=("public",), tables=(Table(name=NAME, columns=table.columns),))
        connection.execute("SET lock_timeout = '200ms'")
        found = normalize(State(tables=(table,)), actual=actual, connection=connection)
    assert found.tables[0].checks[0].expression == "((c)::text = 'a'::text)"
    assert connection.execute("SELECT count(*) FROM pg_class").fetchone() == before


def left(connection: psycopg.Connection[Any], *tables: Table) -> tuple[object, ...]:
    actual = inspect(connection)
    desired = State(namespaces=("public",), tables=tables)
    return diff(actual, normalize(desired, actual=actual, connection=connection))
