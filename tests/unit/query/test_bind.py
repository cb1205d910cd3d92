"""Filters bound to models under each set of rules."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given

from lbconf.datatypes import AnyType
from lbconf.diagnostics import Code, Collector
from lbconf.errors import QueryError
from lbconf.project.resolved import Layout, Property
from lbconf.query.bind import Binder, bind
from lbconf.query.errors import RequestError
from lbconf.query.nodes import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Constant,
    Filter,
    Near,
    NoneOf,
    Operator,
    Order,
    Query,
    Target,
)
from lbconf.query.parse import parse_filter
from lbconf.query.rules import KEEPING, NATIVE, TABULAR, Rules
from tests.strategies.queries import json_values, wheres
from tests.strategies.shop import shop

NATIVE_SHOP, LOOPBACK_SHOP = shop(Layout.NATIVE), shop()
ALL_RULES = [NATIVE, TABULAR, KEEPING]


def bound(filter: Any, rules: Rules = TABULAR, model: str = "Product") -> Query:  # noqa: A002
    models = LOOPBACK_SHOP if rules.loopback else NATIVE_SHOP
    return bind(parse_filter(filter), models[model], models, rules=rules)


def where(clause: Any, rules: Rules = TABULAR) -> Condition | None:
    return bound({"where": clause}, rules).where


def target(name: str, *path: str) -> Target:
    return Target(LOOPBACK_SHOP["Product"].properties[name], path)


def compared(name: str, operator: Operator, value: Any) -> Comparison:
    return Comparison(target(name), operator, value)


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ({}, None),
        ({"name": "x"}, compared("name", Operator.EQ, "x")),
        ({"name": 5}, compared("name", Operator.EQ, "5")),
        ({"price": "5"}, compared("price", Operator.EQ, 5)),
        ({"price": ""}, compared("price", Operator.EQ, 0)),
        ({"active": "false"}, compared("active", Operator.EQ, value=False)),
        ({"active": 0}, compared("active", Operator.EQ, value=False)),
        ({"price": None}, compared("price", Operator.EQ, None)),
        ({"price": {"neq": None}}, compared("price", Operator.NEQ, None)),
        ({"released": "2020-02-03"}, compared("released", Operator.EQ, datetime(2020, 2, 3, tzinfo=UTC))),
        ({"price": {"lt": 15, "gt": 5}}, compared("price", Operator.GT, 5)),
        ({"price": {"between": [7, "15"]}}, compared("price", Operator.BETWEEN, (7, 15))),
        ({"price": {"between": {"0": 7, "1": 15}}}, compared("price", Operator.BETWEEN, (7, 15))),
        ({"id": {"inq": ["1", 2]}}, compared("id", Operator.INQ, (1, 2))),
        ({"id": {"inq": []}}, Constant(value=False)),
        ({"id": {"nin": []}}, Constant(value=True)),
        ({"name": {"regexp": "/x/i"}}, compared("name", Operator.REGEXP, ("x", "i"))),
        ({"name": ["a", "b"]}, compared("name", Operator.EQ, "a,b")),
        ({"name": {"foo": 1}}, compared("name", Operator.EQ, "[object Object]")),
        ({"tags": ["blue"]}, compared("tags", Operator.EQ, ["blue"])),
        ({"facts.a.b": 1}, Comparison(target("facts", "a", "b"), Operator.EQ, 1)),
        (
            {"name": "a", "price": 1},
            AllOf((compared("name", Operator.EQ, "a"), compared("price", Operator.EQ, 1))),
        ),
        (
            {"or": [{"name": "a"}, {"price": 1}]},
            AnyOf((compared("name", Operator.EQ, "a"), compared("price", Operator.EQ, 1))),
        ),
        ({"bogus": 1}, None),
        ({"cost": 1}, None),
        ({"or": [{"bogus": 1}, {"name": "a"}]}, AnyOf((compared("name", Operator.EQ, "a"),))),
        ({"or": [{"bogus": 1}]}, None),
        ({"nor": [{"name": "a"}]}, None),
        (
            {"place": {"near": "48.8,2.3", "maxDistance": 2, "unit": "kilometers"}},
            Near(target("place"), 48.8, 2.3, max_distance=2000),
        ),
    ],
)
def test_loopback_over_tables(clause: Any, expected: Condition | None) -> None:
    assert where(clause) == expected


def test_a_store_without_columns_keeps_unknown_conditions() -> None:
    bogus = Property(name="bogus", type=AnyType())

    assert where({"bogus": {"gt": 1}}, KEEPING) == Comparison(Target(bogus), Operator.GT, 1)
    assert where({"bogus.x": None}, KEEPING) == Comparison(Target(bogus, ("x",)), Operator.EQ, None)
    assert where({"price": "abc"}, KEEPING) == compared("price", Operator.EQ, "abc")
    assert where({"nor": [{"name": "a"}]}, KEEPING) == Constant(value=False)


def test_the_native_layout_takes_every_operator() -> None:
    assert where({"price": {"gt": 5, "lt": 15}}, NATIVE) == AllOf(
        (
            Comparison(Target(NATIVE_SHOP["Product"].properties["price"]), Operator.GT, 5),
            Comparison(Target(NATIVE_SHOP["Product"].properties["price"]), Operator.LT, 15),
        )
    )
    assert isinstance(where({"nor": [{"name": "a"}]}, NATIVE), NoneOf)
    assert where({"name": {"exists": False}}, NATIVE) == compared("name", Operator.EQ, None)
    assert where({"name": {"like": "a%", "options": "i"}}, NATIVE) == compared("name", Operator.ILIKE, "a%")


NOTHING, NOT_NULL = Constant(value=False), None
"""What the conditions below find: no row, or every one that has a value."""


@pytest.mark.parametrize(
    ("name", "asked", "expected"),
    [
        ("name", {"near": "1,2"}, ("eq", "[object Object]")),
        ("active", {"near": "1,2"}, ("eq", True)),
        ("active", [False], ("eq", True)),
        ("tags", {"near": "1,2"}, NOTHING),
        ("tags", {"exists": True}, NOTHING),
        ("tags", {"gt": "red"}, NOTHING),
        ("tags", {"lt": "red"}, NOT_NULL),
        ("tags", {"gt": "%red"}, NOT_NULL),
        ("tags", {"neq": "red"}, NOT_NULL),
        ("tags", {"gte": {}}, NOTHING),
        ("tags", {"gt": [1, "a"]}, ("gt", ["1", "a"])),
        ("tags", {"like": "%red%"}, ("like", "%red%")),
        ("tags", {"regexp": "red"}, ("regexp", ("red", ""))),
        ("price", {"like": "1%"}, ("like", "1%")),
        ("released", ["2020-01-01"], NOTHING),
        ("released", {"like": "2020%"}, NOTHING),
        ("released", {"nlike": "2020%"}, NOT_NULL),
        ("facts", {"nilike": "%a%"}, NOT_NULL),
        ("facts", {"regexp": "a"}, NOTHING),
        ("facts", [], ("eq", {})),
        ("facts", {"gt": []}, ("gt", {})),
        ("place", "here", NOTHING),
        ("place", {"lat": 1, "lng": 2}, NOTHING),
        ("facts", {"a": 1}, NOTHING),
        ("name.first", 1, NOTHING),
        ("constructor", 1, NOTHING),
    ],
)
def test_reads_what_hardly_fits_as_loopback_does_with_tables(name: str, asked: Any, expected: Any) -> None:
    if expected is NOT_NULL:
        assert where({name: asked}) == compared(name, Operator.NEQ, None)
    elif expected is NOTHING:
        assert where({name: asked}) == NOTHING
    else:
        operator, value = expected
        assert where({name: asked}) == compared(name, Operator(operator), value)


@pytest.mark.parametrize(
    ("clause", "rules", "code", "hint"),
    [
        ({"nmae": "x"}, NATIVE, Code.PROPERTY_UNKNOWN, "Did you mean name?"),
        ({"cost": 1}, NATIVE, Code.PROPERTY_UNKNOWN, None),
        ({"price": {"gtt": 1}}, NATIVE, Code.OPERATOR_UNKNOWN, "Did you mean gt?"),
        ({"price": "abc"}, NATIVE, Code.VALUE_UNUSABLE, None),
        ({"price": True}, NATIVE, Code.VALUE_UNUSABLE, None),
        ({"name": ["a"]}, NATIVE, Code.VALUE_UNUSABLE, 'To find any of several values write {"name": {"inq": [...]}}.'),
        ({"name": {}}, NATIVE, Code.FILTER_MALFORMED, None),
        ({"price": "abc"}, TABULAR, Code.VALUE_UNUSABLE, None),
        ({"price": {"foo": 1}}, TABULAR, Code.VALUE_UNUSABLE, None),
        ({"price": {"like": "1%"}}, NATIVE, Code.OPERATOR_UNKNOWN, "Use eq or inq."),
        ({"price": {"regexp": "1"}}, TABULAR, Code.OPERATOR_UNKNOWN, "Use eq or inq."),
        ({"released": ["never"]}, TABULAR, Code.VALUE_UNUSABLE, None),
        ({"released": "never"}, KEEPING, Code.VALUE_UNUSABLE, None),
        ({"or": "x"}, TABULAR, Code.FILTER_MALFORMED, None),
        ({"and": {}}, TABULAR, Code.FILTER_MALFORMED, None),
        ({"price": {"between": [7]}}, TABULAR, Code.FILTER_MALFORMED, None),
        ({"price": {"inq": 5}}, TABULAR, Code.FILTER_MALFORMED, None),
        ({"name": {"like": None}}, TABULAR, Code.FILTER_MALFORMED, None),
        ({"name": {"regexp": 5}}, TABULAR, Code.FILTER_MALFORMED, None),
        ({"name": {"$gt": 5}}, TABULAR, Code.OPERATOR_UNKNOWN, None),
        ({"price": {"near": "1,2"}}, TABULAR, Code.OPERATOR_UNKNOWN, None),
        ({"name": {"near": "1,2"}}, NATIVE, Code.OPERATOR_UNKNOWN, None),
        ({"place": {"near": "1,2", "unit": "ells"}}, TABULAR, Code.FILTER_MALFORMED, None),
    ],
)
def test_refuses(clause: Any, rules: Rules, code: Code, hint: str | None) -> None:
    with pytest.raises(RequestError) as refused:
        where(clause, rules)

    found = refused.value.diagnostics[0]
    assert found.code is code
    assert refused.value.status == 400
    if hint is not None:
        assert found.hint == hint


@pytest.mark.parametrize("rules", ALL_RULES)
@pytest.mark.parametrize(
    "clause",
    [{"bogus": None}, {"cost": 1}, {"and": [{"bogus": {"neq": 1}}]}, {"bogus": {"nin": []}}, {"name": {"foo": 1}}],
)
def test_nothing_is_dropped_from_the_condition_of_a_write(rules: Rules, clause: Any) -> None:
    models = LOOPBACK_SHOP if rules.loopback else NATIVE_SHOP

    with pytest.raises(RequestError):
        Binder(models, lambda _: rules).condition(clause, models["Product"], writes=True)


@pytest.mark.parametrize("rules", ALL_RULES)
def test_a_write_where_an_unknown_property_has_a_value_is_refused_unless_the_store_keeps_such(rules: Rules) -> None:
    models = LOOPBACK_SHOP if rules.loopback else NATIVE_SHOP
    binder = Binder(models, lambda _: rules)

    if rules is KEEPING:
        assert binder.condition({"bogus": 1}, models["Product"], writes=True) is not None
    else:
        with pytest.raises(RequestError):
            binder.condition({"bogus": 1}, models["Product"], writes=True)


def test_what_is_dropped_is_told() -> None:
    collector = Collector()

    bind(
        parse_filter({"where": {"bogus": 1, "cost": 2}}),
        LOOPBACK_SHOP["Product"],
        LOOPBACK_SHOP,
        rules=TABULAR,
        collector=collector,
    )

    assert [found.message for found in collector.diagnostics] == [
        'Product has no property "bogus"; the condition on it was left out',
        "Product.cost is hidden; the condition on it was left out",
    ]
    assert {found.code for found in collector.diagnostics} == {Code.CONDITION_DROPPED}


def test_own_queries_may_name_hidden_properties() -> None:
    rules = replace(NATIVE, hidden_allowed=True)

    assert where({"cost": 1}, rules) == compared("cost", Operator.EQ, 1)


def names(query: Query) -> list[str] | None:
    return None if query.fields is None else [prop.name for prop in query.fields]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (None, None),
        ([], None),
        ({}, None),
        ("name", ["name"]),
        (["id", "name", "id"], ["id", "name"]),
        ({"id": True, "name": False}, ["id"]),
        ({"id": "false"}, ["id"]),
        (
            {"id": False, "name": False, "price": False, "active": False},
            ["released", "tags", "facts", "place", "cost", "categoryId"],
        ),
        (["bogus"], []),
        (["cost"], ["cost"]),
    ],
)
def test_fields(fields: Any, expected: list[str] | None) -> None:
    assert names(bound({"fields": fields})) == expected


def test_fields_of_the_native_layout_must_exist() -> None:
    for field in ("bogus", "cost"):
        with pytest.raises(RequestError):
            bound({"fields": [field]}, NATIVE)


@pytest.mark.parametrize("fields", [5, [5], True])
def test_fields_of_a_wrong_shape(fields: Any) -> None:
    with pytest.raises(RequestError):
        bound({"fields": fields}, NATIVE)
    assert bound({"fields": fields}).fields == (() if isinstance(fields, list) else None)


def order(filter: Any, rules: Rules = TABULAR) -> list[tuple[str, bool]]:  # noqa: A002
    return [(key.target.property.name, key.descending) for key in bound(filter, rules).order]


def test_order() -> None:
    assert order({}) == [("id", False)]
    assert order({"order": "price DESC"}) == [("price", True)]
    assert order({"order": "cost"}) == [("cost", False)]
    assert order({"order": "bogus"}, KEEPING) == [("bogus", False)]
    assert order({"order": "price"}, NATIVE) == [("price", False), ("id", False)]
    assert order({"order": "id DESC"}, NATIVE) == [("id", True)]
    assert bound({"order": "facts.a"}).order == (Order(target("facts", "a")),)


@pytest.mark.parametrize(
    ("key", "rules"), [("bogus", TABULAR), ("bogus", NATIVE), ("cost", NATIVE), ("name.x", NATIVE)]
)
def test_order_by_what_is_not_there(key: str, rules: Rules) -> None:
    with pytest.raises(RequestError):
        bound({"order": key}, rules)


def test_page() -> None:
    assert (bound({"skip": 3}).limit, bound({"skip": 3}, NATIVE).limit) == (100, None)
    limited = Binder(NATIVE_SHOP, lambda _: NATIVE, limit=50)
    assert limited.bind(Filter(), NATIVE_SHOP["Product"]).limit == 50
    assert limited.bind(Filter(limit=70), NATIVE_SHOP["Product"]).limit == 50
    assert limited.bind(Filter(limit=7), NATIVE_SHOP["Product"]).limit == 7
    sized = Binder(NATIVE_SHOP, lambda _: NATIVE, page_size=20, limit=50)
    found = sized.bind(Filter(include="products"), NATIVE_SHOP["Category"])
    assert (found.limit, sized.bind(Filter(limit=30), NATIVE_SHOP["Product"]).limit) == (20, 30)
    assert found.include[0].query is not None
    assert found.include[0].query.limit is None
    assert (
        Binder(LOOPBACK_SHOP, lambda _: TABULAR, page_size=20, limit=50).bind(Filter(), LOOPBACK_SHOP["Product"]).limit
        is None
    )


@pytest.mark.parametrize(
    "include",
    [
        "products",
        ["products"],
        ["products", "products"],
        {"products": True},
        {"relation": "products"},
        {"rel": "products"},
        [{"products": []}],
    ],
)
def test_spellings_of_include(include: Any) -> None:
    found = bound({"include": include}, model="Category").include

    assert [one.relation.name for one in found] == ["products"]


def test_nested_includes_and_scopes() -> None:
    (found,) = bound(
        {"include": {"relation": "products", "scope": {"fields": ["name"], "limit": 2, "include": {"suppliers": []}}}},
        model="Category",
    ).include

    assert found.query is not None
    assert names(found.query) == ["name", "categoryId"]
    assert found.query.limit == 2
    assert [one.relation.name for one in found.query.include] == ["suppliers"]


@pytest.mark.parametrize(
    ("include", "rules"),
    [
        ("prodcuts", TABULAR),
        ({"products": "bogus"}, TABULAR),
        ({"products": 5}, TABULAR),
        (5, NATIVE),
        ({"relation": "products", "scope": 5}, NATIVE),
    ],
)
def test_includes_that_cannot_be(include: Any, rules: Rules) -> None:
    with pytest.raises(RequestError) as refused:
        bound({"include": include}, rules, model="Category")

    assert refused.value.status == 400


@pytest.mark.parametrize(("include", "included"), [(5, 0), (True, 0), ({"relation": "products", "scope": 5}, 1)])
def test_loopback_takes_no_notice_of_some_nonsense_in_includes(include: Any, included: int) -> None:
    assert len(bound({"include": include}, model="Category").include) == included


def test_the_tie_of_an_include_replaces_a_condition_on_the_same_property() -> None:
    scope = {"where": {"categoryId": 7, "name": "x"}, "fields": {"price": False}}

    found = bound({"include": {"relation": "products", "scope": scope}}, model="Category").include[0].query

    assert found is not None
    assert found.where == Comparison(target("name"), Operator.EQ, "x")
    assert names(found) == ["categoryId"]


def test_includes_are_bounded() -> None:
    nested: Any = "products"
    for _ in range(8):
        nested = {"products": [{"category": nested}]}

    assert bound({"include": nested}, model="Category").include
    with pytest.raises(RequestError):
        bound({"include": {f"r{number}": True for number in range(200)}}, model="Category")


def test_default_scope() -> None:
    scoped = replace(
        LOOPBACK_SHOP["Product"], default_scope={"where": {"cost": {"neq": 1}}, "order": "price DESC", "limit": 5}
    )
    binder = Binder({**LOOPBACK_SHOP, "Product": scoped}, lambda _: TABULAR)

    found = binder.bind(parse_filter({"where": {"name": "x"}, "limit": 9}), scoped)

    assert found.where == AllOf((compared("name", Operator.EQ, "x"), compared("cost", Operator.NEQ, 1)))
    assert [(key.target.property.name, key.descending) for key in found.order] == [("price", True)]
    assert found.limit == 5


@given(json_values() | wheres().map(lambda clause: {"where": clause}))
def test_fails_with_query_errors_only(raw: Any) -> None:
    for rules in ALL_RULES:
        for name in ("Product", "Category"):
            with suppress(QueryError):
                bound(raw, rules, name)


@pytest.mark.parametrize("rules", [TABULAR, NATIVE])
def test_a_write_keeps_every_operator_of_a_property(rules: Rules) -> None:
    binder = Binder(LOOPBACK_SHOP, lambda _: rules)
    product = LOOPBACK_SHOP["Product"]

    found = binder.condition({"price": {"gt": 4, "lt": 6}}, product, writes=True)

    price = Target(product.properties["price"])
    assert found == AllOf((Comparison(price, Operator.GT, 4), Comparison(price, Operator.LT, 6)))
    for where in ({"price": {"gt": 4, "foo": 1}}, {"place": {"near": "1,1", "gt": 4}}):
        with pytest.raises(RequestError):
            binder.condition(where, product, writes=True)


def test_a_read_in_loopback_keeps_one_operator_and_says_so() -> None:
    collector = Collector()
    Binder(LOOPBACK_SHOP, lambda _: TABULAR).bind(
        Filter(where={"price": {"gt": 4, "lt": 6}}), LOOPBACK_SHOP["Product"], collector=collector
    )
    assert [found.message for found in collector.diagnostics] == [
        "Of the condition on price only gt was kept, as LoopBack does"
    ]


def test_the_projects_own_scopes_may_order_by_a_hidden_property_and_clients_may_not() -> None:
    product, own = NATIVE_SHOP["Product"], Filter(order=("cost DESC",))
    with pytest.raises(RequestError):
        bound({"order": "cost DESC"}, NATIVE)
    found = Binder(NATIVE_SHOP, lambda _: NATIVE).bind(Filter(), product, scopes=(own,))
    assert [key.target.property.name for key in found.order] == ["cost", "id"]
