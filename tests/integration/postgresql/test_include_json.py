"""Rows with what they include: the text put together from what the server writes is what presenting the rows gives."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lbconf.api.present import Presenter, encode
from lbconf.connectors.postgresql.connector import PostgresqlConnector
from lbconf.connectors.sql.dialect import Kind
from lbconf.datatypes import IntegerType
from lbconf.project.resolved import Layout
from lbconf.query.allowance import allowance
from lbconf.query.errors import RequestError
from lbconf.query.nodes import Query
from lbconf.records import replace
from lbconf.repository import Repository
from tests.strategies.rows import create_tables, data_source
from tests.strategies.shop import project, shop

RELATIONS = {"Category": ("products", "cover"), "Product": ("category", "suppliers"), "Cover": (), "Supplier": ()}
TARGETS = {"products": "Product", "cover": "Cover", "category": "Category", "suppliers": "Supplier"}


@pytest.fixture(params=[(Layout.NATIVE, True), (Layout.NATIVE, False), (Layout.LOOPBACK, True)], ids=str)
def place(request: pytest.FixtureRequest, postgresql_url: str) -> Iterator[tuple[Repository, PostgresqlConnector]]:
    layout, alike = request.param  # whether keys and what refers to them are of one type
    models = dict(shop(layout))
    product = models["Product"]
    hidden = {**product.properties, "price": replace(product.properties["price"], protected=True)}
    models["Product"] = replace(product, properties=hidden)
    for name in ("Product", "Cover") if alike else ():
        properties = models[name].properties
        whole = replace(properties["categoryId"], type=IntegerType(bits=64))
        models[name] = replace(models[name], properties={**properties, "categoryId": whole})
    connector = PostgresqlConnector(data_source("postgresql", {"url": postgresql_url}, layout=layout))
    create_tables(connector, connector.mapping, *models.values())
    yield Repository(project(models), {"db": connector}), connector
    connector.close()


@st.composite
def filters(draw: st.DrawFn, model: str, depth: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if draw(st.booleans()):
        found["order"] = draw(st.sampled_from(["id DESC", "id ASC"]))
    if draw(st.booleans()):
        found["limit"] = draw(st.integers(1, 3))
    if draw(st.integers(0, 3)) == 0:
        found["skip"] = draw(st.integers(0, 2))
    if draw(st.integers(0, 3)) == 0:
        found["where"] = {"id": {"gt": draw(st.integers(0, 4))}}
    if draw(st.integers(0, 9)) == 0:
        found["fields"] = draw(st.sampled_from([["id"], ["id", "categoryId"], ["name"]]))
    names = RELATIONS[model]
    if depth < 3 and names:
        chosen = draw(st.lists(st.sampled_from(names), unique=True, min_size=0 if depth else 1))
        found["include"] = [
            {"relation": name, "scope": draw(filters(TARGETS[name], depth + 1))} if draw(st.booleans()) else name
            for name in chosen
        ]
    return found


@st.composite
def shops(draw: st.DrawFn) -> dict[str, list[dict[str, Any]]]:
    few = st.integers(1, 4)
    maybe = st.one_of(st.none(), st.integers(1, 6))
    text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=4)
    return {
        "Category": [{"name": draw(text)} for _ in range(draw(few))],
        "Product": [
            {"name": draw(text), "price": 15, "cost": 2, "categoryId": draw(maybe), "tags": ["a"], "facts": {"b": [1]}}
            for _ in range(draw(st.integers(0, 8)))
        ],
        "Cover": [{"url": draw(text), "categoryId": draw(maybe)} for _ in range(draw(st.integers(0, 4)))],
        "Supplier": [{"name": draw(text)} for _ in range(2)],
        "Delivery": [{"productId": draw(maybe), "supplierId": draw(few)} for _ in range(draw(st.integers(0, 5)))],
    }


def test_text_with_relations_is_what_presenting_the_rows_gives(
    place: tuple[Repository, PostgresqlConnector], monkeypatch: pytest.MonkeyPatch
) -> None:
    repository, connector = place
    models = repository.project.models
    presenter = Presenter(repository.project)
    written = at_once = 0
    asked = connector.find_json_included

    def counted(query: Query) -> tuple[bytes, tuple[int, ...]] | None:
        nonlocal at_once
        found = asked(query)
        at_once += found is not None
        return found

    monkeypatch.setattr(connector, "find_json_included", counted)

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(shops(), st.data())
    def law(content: dict[str, list[dict[str, Any]]], data: st.DataObject) -> None:
        nonlocal written
        for name, rows in content.items():
            connector.delete(models[name], None)
            connector.insert(models[name], [{"id": number, **row} for number, row in enumerate(rows, 1)])
        name = data.draw(st.sampled_from(["Category", "Product"]))
        wanted = data.draw(filters(name))
        try:
            expected = presenter.instances(models[name], repository.find(models[name], wanted))
        except RequestError:
            return  # fields without the key: refused by both ways, which go the same way then
        text = repository.find_json(models[name], wanted)
        if text is not None:
            written += 1
            assert json.loads(text) == json.loads(encode(expected))
            assert list(map(list, json.loads(text))) == list(map(list, json.loads(encode(expected))))

    law()
    assert written > 30
    reference = connector.table(models["Product"], connector.compiler()).columns["categoryId"]
    assert (at_once > 0) is (reference.kind is Kind.INTEGER)


def test_of_several_that_should_be_one_loopback_shows_the_last(place: tuple[Repository, PostgresqlConnector]) -> None:
    repository, connector = place
    models = repository.project.models
    connector.insert(models["Category"], [{"id": 1, "name": "a"}])
    connector.insert(models["Cover"], [{"id": number, "url": str(number), "categoryId": 1} for number in (1, 2, 3)])
    last = 3 if models["Category"].layout.is_loopback else 1

    for scope, shown in (({}, last), ({"order": "id DESC"}, 4 - last), ({"limit": 1}, 1), ({"fields": ["id"]}, last)):
        for limit in (1, None):
            wanted = {"limit": limit, "include": {"relation": "cover", "scope": scope}}
            text = repository.find_json(models["Category"], wanted)
            rows = repository.find(models["Category"], wanted) if text is None else json.loads(text)
            assert rows[0]["cover"]["id"] == shown, wanted


def test_what_was_included_at_once_counts_as_what_it_is(place: tuple[Repository, PostgresqlConnector]) -> None:
    repository, connector = place
    models = repository.project.models
    connector.insert(models["Category"], [{"id": number, "name": f"name {number}"} for number in (1, 2, 3)])
    connector.insert(
        models["Product"], [{"id": number, "name": "a", "categoryId": number % 2} for number in range(1, 8)]
    )
    wanted = {"limit": 2, "order": "id DESC", "include": ["products", "cover"]}

    with allowance(statements=2, rows=4):
        text = repository.find_json(models["Category"], wanted)

    assert text is not None
    assert [(row["id"], [one["id"] for one in row["products"]]) for row in json.loads(text)] == [(3, []), (2, [])]
    with allowance(statements=1), pytest.raises(RequestError, match="related statements"):
        repository.find_json(models["Category"], wanted)
    with allowance(rows=3), pytest.raises(RequestError, match="related rows"):
        repository.find_json(models["Category"], {**wanted, "order": "id"})
