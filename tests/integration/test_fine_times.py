"""Pages over points in time that a database keeps more finely than rows tell."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from lbconf.connectors.registry import connector_type
from lbconf.datatypes import DateTimeType
from lbconf.project.resolved import Model
from lbconf.records import replace
from lbconf.repository import Repository
from tests.strategies.rows import create_tables, data_source, model, project_of

TYPES = {"postgresql": {"dataType": "timestamp with time zone"}, "mysql": {"dataType": "datetime", "dataPrecision": 6}}


def event(kind: str) -> Model:
    """A model whose point in time has a column with microseconds."""
    made = model({"at": DateTimeType()}, name="Event")
    fine = replace(made.properties["at"], settings={kind: TYPES[kind]})
    return replace(made, properties={**made.properties, "at": fine})


@pytest.fixture(params=sorted(TYPES))
def repository(request: pytest.FixtureRequest) -> Iterator[Repository]:
    """Five events within three milliseconds, written by somebody else."""
    name = request.param
    kind = connector_type(name)
    assert kind is not None
    source = data_source(name, {"url": request.getfixturevalue(f"{name}_url")})
    with closing(kind.create(source)) as opened:
        connector: Any = opened
        connector.open()
        mapping = kind.mapping(source)
        assert mapping is not None
        models = {"Event": event(name)}
        create_tables(connector, mapping, *models.values())
        table = connector.table_of(models["Event"])
        at = table.columns["at"].sql
        with connector.transaction():
            for micro in ("000900", "000100", "001500", "000500", "002001"):
                sql = f"INSERT INTO {table.sql} ({at}) VALUES ('2026-01-01 00:00:00.{micro}')"
                connector.change(type("Text", (), {"sql": sql, "parameters": []})())
        yield Repository(project_of(source, models), {"db": connector})


@pytest.mark.parametrize("order", ["at ASC", "at DESC"])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_every_row_comes_once(repository: Repository, order: str, size: int) -> None:
    kind = repository.project.models["Event"]
    found: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        page = repository.page(kind, {"order": order, "limit": size, "fields": ["id"]}, after=cursor)
        found += [row["id"] for row in page.rows]
        cursor = page.cursor
    assert sorted(found) == [1, 2, 3, 4, 5]
    assert len(found) == 5
