"""Hooks inside the repository: what an operation's hooks share, operations in operations, filters as hooks see them."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, note, settings
from hypothesis import strategies as st

from lbconf.code.contexts import HookContext
from lbconf.code.loading import ModelCode, ProjectCode
from lbconf.code.marks import Kind
from lbconf.code.refusing import HttpError
from lbconf.connectors.memory.connector import MemoryConnector
from lbconf.operations.load import load_project
from lbconf.project.resolved import Layout
from lbconf.query.bind import Binder
from lbconf.query.errors import RequestError
from lbconf.query.evaluate import evaluate
from lbconf.query.parse import parse_filter
from lbconf.query.rules import NATIVE
from lbconf.records import replace
from lbconf.repository import HookedRepository
from lbconf.repository.unbound import filter_of
from tests.strategies.rows import every_type, queries, rows

KEY = "dataSource: db\nproperties:\n  id: {type: integer, id: true, generated: true}\n"
FILES = {
    "datasources.yaml": "db: {connector: memory}\n",
    "models/order.yaml": f"{KEY}  title: {{type: string, required: true}}\n  size: integer\n",
    "models/log.yaml": f"{KEY}  text: string\n",
}

Hooks = dict[str, dict[Kind, Callable[[HookContext], Any]]]


@pytest.fixture
def make(tmp_path: Path) -> Callable[[Hooks], HookedRepository]:
    base = tmp_path / "environments" / "base"
    (base / "models").mkdir(parents=True)
    for name, text in FILES.items():
        (base / name).write_text(text)
    project = load_project(tmp_path)

    def made(hooks: Hooks) -> HookedRepository:
        models = {
            name: ModelCode(hooks={kind: (function,) for kind, function in kinds.items()})
            for name, kinds in hooks.items()
        }
        connectors = {"db": MemoryConnector(project.data_sources["db"])}
        return HookedRepository(project, connectors, code=ProjectCode(models=models))

    return made


Make = Callable[[Hooks], HookedRepository]


def test_the_hooks_of_one_operation_share_a_state_and_those_of_the_next_have_another(make: Make) -> None:
    seen: list[tuple[str, Any]] = []

    def before(context: HookContext) -> None:
        seen.append(("before", context.hook_state.get("mark")))
        context.hook_state["mark"] = context.row["title"]

    def after(context: HookContext) -> None:
        seen.append(("after", context.hook_state["mark"]))

    repository = make({"Order": {Kind.BEFORE_SAVE: before, Kind.PERSIST: after, Kind.AFTER_SAVE: after}})
    order = repository.project.models["Order"]
    repository.create(order, [{"title": "a"}, {"title": "b"}])

    assert seen == [
        (when, mark) for title in ("a", "b") for when, mark in (("before", None), ("after", title), ("after", title))
    ]


def test_what_hooks_write_has_hooks_of_its_own_and_goes_with_the_operation(make: Make) -> None:
    told: list[str] = []

    async def write(context: HookContext) -> None:
        await asyncio.sleep(0)
        context.models.Log.create({"text": context.row["title"]})
        if context.row["title"] == "bad":
            raise HttpError(409, "bad")

    async def logged(context: HookContext) -> None:
        await asyncio.sleep(0)  # an event loop inside another
        told.append(str((context.instance or {})["text"]))

    repository = make({"Order": {Kind.AFTER_SAVE: write}, "Log": {Kind.AFTER_SAVE: logged}})
    order, log = repository.project.models["Order"], repository.project.models["Log"]

    repository.create(order, {"title": "good"})
    with pytest.raises(HttpError):
        repository.create(order, {"title": "bad"})
    with pytest.raises(RequestError):
        repository.create(order, [{"title": "fine"}, {"title": "bad"}])

    assert told == ["good", "bad", "fine", "bad"]
    assert [row["text"] for row in repository.find(log)] == ["good"]
    assert [row["title"] for row in repository.find(order)] == ["good"]


def test_find_or_create_reads_and_writes_with_hooks(make: Make) -> None:
    seen: list[str] = []
    kinds: dict[Kind, Callable[[HookContext], Any]] = {
        kind: lambda _, kind=kind: seen.append(kind.value)  # type: ignore[misc]
        for kind in (Kind.ACCESS, Kind.BEFORE_SAVE, Kind.PERSIST, Kind.LOADED, Kind.AFTER_SAVE)
    }
    repository = make({"Order": kinds})
    order = repository.project.models["Order"]

    made = repository.models.Order.find_or_create({"where": {"title": "a"}}, {"title": "a"})
    known = repository.models.Order.find_or_create({"where": {"title": "a"}}, {"title": "a"})

    assert (made[0]["id"], made[1], known[0]["id"], known[1]) == (1, True, 1, False)
    assert seen == ["access", "before save", "persist", "loaded", "after save", "access", "loaded"]
    assert repository.project.models["Order"] is order


def test_a_query_that_access_changes_reads_other_rows(make: Make) -> None:
    def narrow(context: HookContext) -> None:
        query = context.query or {}
        query["where"] = {"and": [query.get("where", {}), {"size": {"gt": 1}}]}
        query["order"] = "size DESC"
        query["limit"] = 2
        context.query = query

    repository = make({"Order": {Kind.ACCESS: narrow}})
    order = repository.project.models["Order"]
    for size in range(5):
        repository.create(order, {"title": "t", "size": size})

    assert [row["size"] for row in repository.find(order)] == [4, 3]
    assert repository.count(order) == 3
    assert repository.update_all(order, {"size": {"lt": 4}}, {"title": "u"}) == 2
    assert repository.delete_all(order, {"title": "t"}) == 1
    with pytest.raises(AttributeError):
        _ = repository.models.Nothing


def test_models_without_code_are_written_without_a_word(make: Make) -> None:
    repository = make({"Order": {Kind.BEFORE_SAVE: lambda _: None}})

    assert repository.observers.of("Log") is None
    assert not repository.observers.reads("Order")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_a_query_finds_the_same_rows_after_it_was_a_filter(data: st.DataObject) -> None:
    model = every_type(Layout.NATIVE)
    known = [{**row, "id": number} for number, row in enumerate(data.draw(st.lists(rows(model), max_size=4)), 1)]
    query = data.draw(queries(model, known))
    query = replace(query, limit=query.limit or None)  # a filter's limit of 0 is none

    shown = filter_of(query, default_order=False)
    assume("'neq': [" not in str(shown) and "[[" not in str(shown))  # a filter compares a list by what is in it
    assume("'nin': []" not in str(shown))  # in a filter that is true of nulls, too
    rules = replace(NATIVE, hidden_allowed=True)
    again = Binder({model.name: model}, lambda _: rules).bind(parse_filter(shown), model, paged=False)

    note(f"{shown}")
    assert evaluate(again, known) == evaluate(query, known)
    assert (again.limit, again.skip) == (query.limit, query.skip)
