"""Rows that the project's code keeps from a caller cannot be found out about by way of other models."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lbconf.code.contexts import HookContext
from lbconf.code.loading import ModelCode, ProjectCode
from lbconf.code.marks import Kind
from lbconf.connectors.sqlite.connector import SqliteConnector
from lbconf.query.errors import RequestError
from lbconf.records import replace
from lbconf.repository import HookedRepository
from tests.strategies.rows import create_tables, data_source, project_of
from tests.unit.repository.test_across_sources import World


def only_w1(context: HookContext) -> None:
    """Let nobody see other writers than the first."""
    query = context.query or {}
    where = query.get("where") or {}
    context.query = {**query, "where": {"and": [where, {"name": "w1"}]}}


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[HookedRepository]:
    """Writers and books in one SQLite file; an `access` hook hides writers."""
    source = data_source("sqlite", {"file": str(tmp_path / "rows.db")})
    models = {name: replace(kind, data_source="db") for name, kind in World().models.items()}
    connector = SqliteConnector(source)
    connector.open()
    create_tables(connector, connector.mapping, *models.values())
    code = ProjectCode(models={"Writer": ModelCode(hooks={Kind.ACCESS: (only_w1,)})})
    made = HookedRepository(project_of(source, models), {"db": connector}, code=code)
    for number in (1, 2):
        made.create(models["Writer"], {"name": f"w{number}"})
        made.create(models["Book"], {"title": f"b{number}", "writerId": str(number)})
    yield made
    connector.close()


def test_conditions_see_what_hooks_let_through(repository: HookedRepository) -> None:
    books = repository.project.models["Book"]

    assert [row["title"] for row in repository.find(books, {"where": {"writer.name": "w1"}})] == ["b1"]
    assert repository.find(books, {"where": {"writer.name": "w2"}}) == []
    assert [row["title"] for row in repository.find(books, {"where": {"writer": {"exists": True}}})] == ["b1"]


def test_orders_by_such_models_are_refused(repository: HookedRepository) -> None:
    with pytest.raises(RequestError, match="read by code"):
        repository.find(repository.project.models["Book"], {"order": "writer.name"})


def test_aggregates_see_what_hooks_let_through(repository: HookedRepository) -> None:
    assert repository.aggregate(repository.project.models["Writer"], {"count": True}) == [{"count": 1}]
    assert repository.page(repository.project.models["Writer"], after="", count=True).total == 1
