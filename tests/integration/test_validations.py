"""What the API takes the database takes, and what both hold the database refuses, too; the plan is empty afterwards."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lbconf.connectors.registry import connector_type
from lbconf.errors import ConstraintError
from lbconf.operations.load import load_project
from lbconf.project.resolved import Model
from lbconf.repository import Repository
from lbconf.repository.rows import RowReader
from tests.place import KINDS, Place, made

MODEL = r"""
dataSource: db
properties:
  name: {type: string, required: true, minLength: 2, maxLength: 5}
  nick: {type: string(10), pattern: '^[a-z][\w.-]{1,3}(\d|é)?$'}
  age: {type: integer, min: 0, max: 150}
  ratio: {type: number, min: 0.1, max: 0.9}
  price: {type: 'decimal(8,2)', min: 0.1}
  size: {type: string, enum: [small, large, "it's"]}
  kind: {type: enum, values: [a, b]}
  active: {type: boolean}
  login: {type: string(40)}
  amount: number
  code: text
validations:
  - {property: login, rule: presence}
  - {property: login, rule: exclusion, in: [admin, root], allowNull: true, allowBlank: true}
  - {property: amount, rule: numericality, int: true, if: active, allowBlank: true, allowNull: true}
  - {property: code, rule: length, is: 3, unless: active, allowBlank: true, allowNull: true}
  - {property: code, rule: absence, if: active}
"""
EXACT = {
    "sqlite": {"age", "ratio", "size", "login", "amount"},
    "mysql": {"name", "age", "ratio", "price", "login", "amount", "code"},
    "postgresql": {"name", "nick", "age", "ratio", "price", "size", "login", "amount", "code"},
}
"""Properties of which the database holds just what the API does."""

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=7)
VALUES: Mapping[str, st.SearchStrategy[Any]] = MappingProxyType(
    {
        "name": texts | st.text("aé😀 ", max_size=6),
        "nick": st.none() | texts | st.text("aZ_.-5é\n ", max_size=7),
        "age": st.none() | st.integers(-2, 152),
        "ratio": st.none() | st.floats(-1, 2) | st.sampled_from([0.1, 0.9]),
        "price": st.none() | st.decimals(0, 1, places=2),
        "size": st.none() | st.sampled_from(["small", "large", "it's", "SMALL", "small ", ""]),
        "kind": st.none() | st.sampled_from(["a", "b"]),
        "active": st.none() | st.booleans(),
        "login": st.none() | texts | st.sampled_from(["admin", "root", "ADMIN", "admin ", " ", ""]),
        "amount": st.none() | st.integers(-5, 5) | st.floats(-1e300, 1e300) | st.sampled_from([1e300, 2.5, 1e16]),
        "code": st.none() | texts | st.sampled_from(["abc", "é😀b"]),
    }
)
GOOD = MappingProxyType(dict.fromkeys(VALUES) | {"name": "ab", "login": "me"})
ROWS = st.sets(st.sampled_from(sorted(VALUES)), max_size=3).flatmap(
    lambda names: st.fixed_dictionaries({name: VALUES[name] for name in names}).map(lambda some: {**GOOD, **some})
)
"""A good row in which a few values may be anything."""


@dataclass(frozen=True, slots=True)
class World:
    kind: str
    place: Place
    model: Model
    reader: RowReader
    insert: Callable[[Mapping[str, Any]], bool]
    """Whether the database takes a row that nobody else looked at."""


@pytest.fixture(scope="module", params=KINDS)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with contextlib.ExitStack() as stack:
        place = stack.enter_context(_place(request, tmp_path_factory.mktemp("validations")))
        place.write("models/thing.yaml", MODEL)
        place.apply()
        project = load_project(place.root)
        kind = connector_type(request.param)
        assert kind is not None
        connector: Any = stack.enter_context(closing(kind.create(project.data_sources["db"])))
        connector.open()
        model = project.models["Thing"]

        def insert(row: Mapping[str, Any]) -> bool:
            try:
                connector.insert(model, [dict(row)])
            except ConstraintError:
                return False
            return True

        yield World(request.param, place, model, Repository(project, {"db": connector}).reader(model), insert)


@contextlib.contextmanager
def _place(request: pytest.FixtureRequest, root: Path) -> Iterator[Place]:
    with contextlib.ExitStack() as stack:
        if request.param == "sqlite":
            url = None
        else:
            server = request.getfixturevalue(f"{request.param}_server")
            url = server.create_database()
            stack.callback(server.drop_database, url)
        yield made(root, url)


def test_nothing_is_left_to_plan(world: World) -> None:
    assert world.place.changes() == []


@given(data=ROWS)
@example(data={**GOOD, "login": "\0"})
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_api_and_database_agree(world: World, data: dict[str, Any]) -> None:
    if world.kind != "sqlite":
        data = {name: value for name, value in data.items() if not (isinstance(value, str) and "\0" in value)}
    row, flaws = world.reader.read(data)
    told = {flaw.property for flaw in (*flaws, *world.reader.check(row, new=True))}

    taken = world.insert(row)

    assert taken or told, row
    if told & EXACT[world.kind]:
        assert not taken, (row, told)
