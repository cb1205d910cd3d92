"""Related rows in another data source: what is included, and what conditions ask of them."""

from pathlib import Path
from typing import Any

import pytest

from lbconf.connectors.memory.connector import MemoryConnector
from lbconf.datatypes import IntegerType, StringType
from lbconf.diagnostics import Code
from lbconf.project.resolved import DataSource, Layout, Model, Project, Relation, RelationKind, ServerSettings
from lbconf.query.errors import RequestError
from lbconf.query.nodes import Query, Row
from lbconf.records import replace
from lbconf.repository import Repository, settling
from tests.strategies.rows import model

NUMBER = IntegerType(64)


class Counting(MemoryConnector):
    """Memory that notes which models it was asked for."""

    def __init__(self, name: str) -> None:
        super().__init__(DataSource(name=name, connector="memory", settings={}, layout=Layout.NATIVE))
        self.asked: list[str] = []

    def find(self, query: Query) -> list[Row]:
        self.asked.append(query.model.name)
        return super().find(query)


def tie(name: str, kind: RelationKind, own: str, target: str, ours: str, theirs: str) -> Relation:
    return Relation(name=name, kind=kind, model=own, target=target, key_from=(ours,), key_to=(theirs,))


class World:
    """Writers in one data source, their books in another, reviews of these in the first; keys of books are texts."""

    def __init__(self) -> None:
        writer = model({"name": StringType()}, name="Writer")
        book = model({"title": StringType(), "writerId": StringType()}, name="Book")
        review = model({"stars": NUMBER, "bookId": NUMBER}, name="Review")
        self.near, self.far = Counting("near"), Counting("far")
        ties = (
            tie("books", RelationKind.HAS_MANY, "Writer", "Book", "id", "writerId"),
            tie("writer", RelationKind.BELONGS_TO, "Book", "Writer", "writerId", "id"),
            tie("reviews", RelationKind.HAS_MANY, "Book", "Review", "id", "bookId"),
            tie("book", RelationKind.BELONGS_TO, "Review", "Book", "bookId", "id"),
        )
        self.models: dict[str, Model] = {
            kind.name: replace(
                kind,
                data_source="far" if kind is book else "near",
                relations={one.name: one for one in ties if one.model == kind.name},
            )
            for kind in (writer, book, review)
        }
        project = Project(
            root=Path(),
            environment="test",
            layout=Layout.NATIVE,
            data_sources={"near": self.near.data_source, "far": self.far.data_source},
            models=self.models,
            server=ServerSettings(),
        )
        self.repository = Repository(project, {"near": self.near, "far": self.far})
        for number in range(1, 4):
            self.repository.create(self.models["Writer"], {"name": f"w{number}"})
        for number in range(6):
            self.repository.create(self.models["Book"], {"title": f"b{number}", "writerId": str(number % 3 + 1)})
            self.repository.create(self.models["Review"], {"stars": number, "bookId": number + 1})
        self.near.asked.clear()
        self.far.asked.clear()

    def find(self, name: str, asked: dict[str, Any]) -> list[Row]:
        return self.repository.find(self.models[name], asked)


def test_each_relation_and_level_is_one_query_whatever_holds_it() -> None:
    world = World()

    found = world.find("Writer", {"include": {"books": [{"reviews": "book"}, "writer"]}})

    assert world.near.asked == ["Writer", "Review", "Writer"]
    assert world.far.asked == ["Book", "Book"]
    assert [len(row["books"]) for row in found] == [2, 2, 2]
    assert found[0]["books"][0]["reviews"][0]["book"]["title"] == "b0"
    assert found[0]["books"][0]["writer"]["name"] == "w1"


def test_conditions_ask_the_other_data_source_once_a_relation() -> None:
    world = World()

    assert [row["title"] for row in world.find("Book", {"where": {"writer.name": "w2"}})] == ["b1", "b4"]
    assert (world.near.asked, world.far.asked) == (["Writer"], ["Book"])
    assert [row["name"] for row in world.find("Writer", {"where": {"books.reviews.stars": {"gt": 4}}})] == ["w3"]
    assert [row["stars"] for row in world.find("Review", {"where": {"book.writer.name": "w1"}})] == [0, 3]
    assert world.find("Book", {"where": {"writer.name": "nobody"}}) == []
    assert len(world.find("Book", {"where": {"nor": [{"writer.name": "w1"}]}})) == 4
    assert world.repository.count(world.models["Book"], {"writer": {"exists": True}}) == 6


def test_what_leads_to_too_many_rows_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    monkeypatch.setattr(settling, "MOST_KEYS", 2)

    with pytest.raises(RequestError) as caught:
        world.find("Book", {"where": {"writer.name": {"like": "w%"}}})

    assert (caught.value.status, caught.value.diagnostics[0].code) == (400, Code.BUDGET_SPENT)
    assert "another data source" in (caught.value.diagnostics[0].hint or "")


def test_rows_there_give_no_order() -> None:
    with pytest.raises(RequestError, match="another data source"):
        World().find("Book", {"order": "writer.name"})


def test_writes_know_no_related_models() -> None:
    world = World()
    for condition in ({"writer.name": "w1"}, {"writer": {"name": "w1"}}, {"or": [{"writer.name": "w1"}]}):
        with pytest.raises(RequestError):
            world.repository.update_all(world.models["Book"], condition, {"title": "x"})
        with pytest.raises(RequestError):
            world.repository.delete_all(world.models["Book"], condition)
    assert len(world.find("Book", {"where": {"title": {"neq": "x"}}})) == 6


def test_looking_at_a_filter_asks_no_data_source() -> None:
    world = World()

    query = world.repository.unsettled(world.models["Writer"], {"where": {"books.reviews.stars": 1}})

    assert query.touched == ("Book", "Review")
    assert (world.near.asked, world.far.asked) == ([], [])
