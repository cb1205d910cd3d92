"""Statements: values are parameters, the same structure is the same text, names are quoted."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lbconf.connectors.contract import ModelMapping
from lbconf.connectors.postgresql.dialect import PostgresqlDialect
from lbconf.connectors.postgresql.json_rows import json_statement
from lbconf.connectors.postgresql.mapping import PostgresqlMapping
from lbconf.connectors.sql.compile import MOST_REMEMBERED, Compiler
from lbconf.connectors.sql.dialect import Dialect
from lbconf.connectors.sqlite.dialect import SqliteDialect, glob
from lbconf.connectors.sqlite.mapping import SqliteMapping
from lbconf.datatypes import ObjectType, StringType
from lbconf.project.resolved import Layout
from lbconf.query.nodes import AllOf, Comparison, NoneOf, Operator, Order, Query, Target
from tests.strategies.rows import data_source, every_type, hostile_text, model

DIALECTS: list[tuple[Dialect, ModelMapping]] = [
    (PostgresqlDialect(180000), PostgresqlMapping(data_source("postgresql", {}))),
    (PostgresqlDialect(150000), PostgresqlMapping(data_source("postgresql", {}))),
    (SqliteDialect(), SqliteMapping(data_source("sqlite", {}))),
]
NAMES = ["postgresql-18", "postgresql-15", "sqlite"]
KIND = model({"text": StringType(), "data": ObjectType()})
TEXT, DATA = KIND.properties["text"], KIND.properties["data"]

hostile = st.one_of(hostile_text, st.text(max_size=8))


@pytest.mark.parametrize(("dialect", "mapping"), DIALECTS, ids=NAMES)
@settings(max_examples=80)
@given(data=st.data())
def test_no_value_ever_changes_the_text_of_a_statement(
    dialect: Dialect, mapping: ModelMapping, data: st.DataObject
) -> None:
    compiler = Compiler(dialect)
    table = dialect.bind(mapping, KIND)
    operator = data.draw(st.sampled_from(list(Operator)))

    def statement(value: Any, path: tuple[str, ...], limit: int) -> list[str]:
        given_value = (value, value) if operator is Operator.BETWEEN else value
        if operator in {Operator.INQ, Operator.NIN}:
            given_value = (value, "b")
        if operator is Operator.REGEXP:
            given_value = (value, "i")
        where = AllOf(
            (
                Comparison(Target(TEXT), operator, given_value),
                NoneOf((Comparison(Target(DATA, path), operator, given_value),)),
            )
        )
        query = Query(model=KIND, where=where, order=(Order(Target(DATA, path), descending=True),), limit=limit, skip=1)
        found = [
            compiler.find(table, query),
            compiler.count(table, where),
            compiler.delete(table, where),
            compiler.update(table, where, {"text": value, "data": {value: value}}),
            compiler.insert(table, ("text", "data"), [{"text": value, "data": value}], ("id",)),
        ]
        if isinstance(dialect, PostgresqlDialect):
            found.append(json_statement(compiler, table, query))
        for one in found:
            numbers = {int(number) for number in re.findall(r"[$?](\d+)", one.sql)}
            assert numbers == set(range(1, len(one.parameters) + 1))
        return [one.sql for one in found]

    value, key = data.draw(hostile.filter(lambda text: "\0" not in text)), data.draw(hostile)
    try:
        assert statement(value, (key,), 7000) == statement("plain", ("key",), 3000)
    except UnicodeError:
        assert any("\ud800" <= character <= "\udfff" for character in value + key)


quoted_names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=10)


@pytest.mark.parametrize(("dialect", "mapping"), DIALECTS, ids=NAMES)
@given(name=st.one_of(quoted_names, st.sampled_from(['"', '"; drop table x; --', "`", "a`b", '""', "$1", "?1", "{}"])))
def test_a_name_cannot_leave_its_quotes(dialect: Dialect, mapping: ModelMapping, name: str) -> None:
    quoted = dialect.quote(name)
    mark = quoted[0]
    assert quoted[-1] == mark
    assert quoted[1:-1].replace(mark * 2, "").count(mark) == 0
    assert quoted[1:-1].replace(mark * 2, mark) == name


def test_names_of_the_configuration_stand_quoted_everywhere() -> None:
    odd = 'a"b`c{0}$1?1'
    kind = model({odd: StringType(), "data": ObjectType()}, name='Odd"`Name')
    for dialect, mapping in DIALECTS:
        compiler = Compiler(dialect)
        table = dialect.bind(mapping, kind)
        where = Comparison(Target(kind.properties[odd]), Operator.EQ, "x")
        for one in (
            compiler.find(table, Query(model=kind, where=where)),
            compiler.update(table, where, {odd: "y"}),
            compiler.insert(table, (odd,), [{odd: "y"}], ("id",)),
        ):
            assert dialect.quote('Odd"`Name') in one.sql
            assert dialect.quote(odd) in one.sql
            unquoted = one.sql.replace(dialect.quote(odd), "").replace(dialect.quote('Odd"`Name'), "")
            assert "a" not in re.findall(r"[\"`]([^\"`]*)[\"`]", unquoted)


def test_a_find_in_full() -> None:
    dialect, mapping = DIALECTS[0]
    table = dialect.bind(mapping, KIND)
    where = AllOf((Comparison(Target(TEXT), Operator.EQ, "a"), Comparison(Target(TEXT), Operator.INQ, ("b", "c"))))
    found = Compiler(dialect).find(table, Query(model=KIND, where=where, fields=(TEXT,), limit=5, skip=10))
    assert found.sql == (
        'SELECT "text" FROM "public"."Thing" WHERE ("text" = $1 AND ("text" = ANY($2::text[]))) '
        'ORDER BY "id" LIMIT 5 OFFSET $3'
    )
    assert found.parameters == ["a", ["b", "c"], 10]


@pytest.mark.parametrize("where", [None, AllOf(())])
def test_small_pages_stand_in_the_text_on_postgresql_and_larger_ones_are_parameters(where: AllOf | None) -> None:
    found: dict[str, list[tuple[str, list[Any]]]] = {}
    for name, (dialect, mapping) in zip(NAMES, DIALECTS, strict=True):
        compiler, table = Compiler(dialect), dialect.bind(mapping, KIND)
        pages = [
            compiler.find(table, Query(model=KIND, where=where, limit=limit)) for limit in (1, 1000, 1001, 2**63 - 1)
        ]
        found[name] = [(page.sql.rpartition(" LIMIT ")[2], page.parameters) for page in pages]
    assert found["postgresql-18"] == [("1", []), ("1000", []), ("$1", [1001]), ("$1", [2**63 - 1])]
    assert found["sqlite"] == [("?1", [1]), ("?1", [1000]), ("?1", [1001]), ("?1", [2**63 - 1])]


def test_the_number_of_remembered_texts_is_bounded() -> None:
    dialect, mapping = DIALECTS[0]
    compiler, table = Compiler(dialect), dialect.bind(mapping, KIND)
    for number in range(MOST_REMEMBERED + 10):
        order = tuple(Order(Target(TEXT), descending=bool(number >> bit & 1)) for bit in range(13))
        compiler.find(table, Query(model=KIND, order=order))
    assert len(compiler._statements) <= MOST_REMEMBERED


@pytest.mark.parametrize(
    ("sort", "expected"), [(True, ' ORDER BY "id"'), (False, ""), ("numericIdOnly", ' ORDER BY "id"')]
)
def test_the_order_nobody_named(sort: bool | str, expected: str) -> None:  # noqa: FBT001 - a setting's values
    dialect, mapping = DIALECTS[0]
    found = Compiler(dialect, default_id_sort=sort).tail(dialect.bind(mapping, KIND), Query(model=KIND), [])
    assert found == expected


def test_every_type_of_both_layouts_has_a_column() -> None:
    for dialect, mapping in DIALECTS:
        for layout in (Layout.NATIVE, Layout.LOOPBACK):
            kind = every_type(layout)
            assert list(dialect.bind(mapping, kind).columns) == list(kind.properties)


@pytest.mark.parametrize(
    ("like", "expected"),
    [("a%b_c", "a*b?c"), (r"\%\_\\", "%_\\"), ("*?[x]", "[*][?][[]x]"), ("a\\", "a\\"), ("", "")],
)
def test_like_as_glob(like: str, expected: str) -> None:
    assert glob(like) == expected
