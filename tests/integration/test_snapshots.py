"""A page and its total are of one moment, whatever others write meanwhile."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from lbconf.connectors.registry import connector_type
from lbconf.datatypes import IntegerType
from lbconf.repository import Repository
from tests.strategies.rows import create_tables, data_source, model, project_of

ITEM = model({"size": IntegerType()}, name="Item")


@pytest.fixture(params=["mysql", "postgresql", "sqlite"])
def stored(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Repository, Any]]:
    """Five items, and the connector that keeps them."""
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
        create_tables(connector, mapping, ITEM)
        found = Repository(project_of(source, {"Item": ITEM}), {"db": connector})
        found.create(ITEM, [{"size": number} for number in range(5)])
        yield found, connector


def somebody_writes(repository: Repository) -> None:
    thread = Thread(target=lambda: repository.create(ITEM, [{"size": 9}]))
    thread.start()
    thread.join(30)
    assert not thread.is_alive()


@pytest.mark.parametrize("after", [None, ""])
def test_what_is_written_between_page_and_total_is_not_counted(
    stored: tuple[Repository, Any], monkeypatch: pytest.MonkeyPatch, after: str | None
) -> None:
    repository, connector = stored
    count = connector.count

    def counted_later(*arguments: Any) -> int:
        somebody_writes(repository)
        return int(count(*arguments))

    monkeypatch.setattr(connector, "count", counted_later)
    page = repository.page(ITEM, {"limit": 2, "order": "id"}, after=after, count=True)
    monkeypatch.undo()

    assert page.total == 5
    assert repository.count(ITEM) == 6
    assert repository.page(ITEM, {"limit": 2, "order": "id"}, count=True).total == 6


def test_inside_a_transaction_its_own_rows_are_counted(stored: tuple[Repository, Any]) -> None:
    repository, _ = stored
    with repository.transaction(ITEM):
        repository.create_one(ITEM, {"size": 9})
        assert repository.page(ITEM, {"limit": 2, "order": "id"}, count=True).total == 6
