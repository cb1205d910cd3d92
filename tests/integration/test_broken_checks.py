"""A write that breaks a check of the database names the properties that the check is about."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lbconf.connectors.registry import connector_type
from lbconf.datatypes import IntegerType, StringType
from lbconf.project.resolved import CheckSpec
from lbconf.records import replace
from lbconf.repository import Repository
from lbconf.repository.refusals import RowRefusedError
from tests.strategies.rows import create_tables, data_source, model, project_of

SPAN = replace(
    model({"title": StringType(length=20), "begins": IntegerType(), "finish": IntegerType()}, name="Span"),
    checks=(CheckSpec(name="orderly", expression="finish > begins"),),
)


@pytest.fixture(params=["mysql", "postgresql", "sqlite"])
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Repository]:
    """Of a table with a check that its model declares, and one that somebody else made."""
    name = request.param
    kind = connector_type(name)
    assert kind is not None
    where = {"file": str(tmp_path / "rows.db")}
    source = data_source(name, where if name == "sqlite" else {"url": request.getfixturevalue(f"{name}_url")})
    with closing(kind.create(source)) as opened:
        connector: Any = opened
        connector.open()
        mapping = kind.mapping(source)
        assert mapping is not None
        create_tables(connector, mapping, SPAN)
        table = connector.table_of(SPAN)
        check = f"ALTER TABLE {table.sql} ADD CONSTRAINT span_title_format_check CHECK (title <> 'finish')"
        columns = "id INTEGER PRIMARY KEY, title TEXT CHECK (title <> 'finish'), begins INTEGER, finish INTEGER"
        unnamed = f"CREATE TABLE {table.sql} ({columns}, CONSTRAINT orderly CHECK (finish > begins))"
        for sql in (f"DROP TABLE {table.sql}", unnamed) if name == "sqlite" else (check,):
            connector.change(type("Text", (), {"sql": sql, "parameters": []})())
        yield Repository(project_of(source, {"Span": SPAN}), {"db": connector})


@pytest.mark.parametrize(
    ("row", "properties"),
    [({"begins": 5, "finish": 1}, ("begins", "finish")), ({"title": "finish"}, ("title",))],
)
def test_the_properties_are_named(repository: Repository, row: dict[str, Any], properties: tuple[str, ...]) -> None:
    with pytest.raises(RowRefusedError) as raised:
        repository.create_one(SPAN, row)
    assert sorted(raised.value.properties) == sorted(properties)
    assert set((raised.value.details or {})["codes"]) == set(properties)

    kept = repository.create_one(SPAN, {"title": "a", "begins": 1, "finish": 2})
    with pytest.raises(RowRefusedError) as raised:
        repository.patch_by_id(SPAN, kept["id"], row | ({"begins": 5} if "finish" in row else {}))
    assert sorted(raised.value.properties) == sorted(properties)
