"""Conditions and orders by related models: every connector finds what plain loops over the rows find."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lbconf.datatypes import IntegerType, StringType
from lbconf.project.resolved import Layout, Model, Property, Relation, RelationKind
from lbconf.query.errors import RequestError
from lbconf.query.nodes import Row
from lbconf.records import replace
from lbconf.repository import Repository
from tests.conformance.conftest import Place
from tests.strategies.rows import model, project_of

FEW = settings(max_examples=40, report_multiple_bugs=False, suppress_health_check=[HealthCheck.function_scoped_fixture])
NUMBERS = IntegerType(64)


def library() -> dict[str, Model]:
    """Writers with a mentor, their books, the readers of each book by loans, and one cover a book."""
    writer = model({"name": StringType(), "age": NUMBERS, "secret": StringType(), "mentorId": NUMBERS}, name="Writer")
    book = model({"title": StringType(), "price": NUMBERS, "writerId": NUMBERS}, name="Book")
    loan = model({"bookId": NUMBERS, "readerId": NUMBERS}, name="Loan")
    reader = model({"name": StringType()}, name="Reader")
    cover = model({"color": StringType(), "bookId": NUMBERS}, name="Cover")
    hidden = {**writer.properties, "secret": replace(writer.properties["secret"], hidden=True)}
    guarded = {**reader.properties, "note": Property(name="note", type=StringType(), protected=True)}

    def relations(*found: Relation) -> Mapping[str, Relation]:
        return {relation.name: relation for relation in found}

    def tie(name: str, kind: RelationKind, own: str, target: str, ours: str, theirs: str, **more: Any) -> Relation:
        return Relation(name=name, kind=kind, model=own, target=target, key_from=(ours,), key_to=(theirs,), **more)

    through = {"through": "Loan", "through_from": ("bookId",), "through_to": ("readerId",)}
    return {
        "Writer": replace(
            writer,
            properties=hidden,
            relations=relations(
                tie("books", RelationKind.HAS_MANY, "Writer", "Book", "id", "writerId"),
                tie("mentor", RelationKind.BELONGS_TO, "Writer", "Writer", "mentorId", "id"),
                tie(
                    "closed",
                    RelationKind.HAS_MANY,
                    "Writer",
                    "Book",
                    "id",
                    "writerId",
                    options={"disableInclude": True},
                ),
            ),
        ),
        "Book": replace(
            book,
            relations=relations(
                tie("writer", RelationKind.BELONGS_TO, "Book", "Writer", "writerId", "id"),
                tie("cover", RelationKind.HAS_ONE, "Book", "Cover", "id", "bookId"),
                tie("readers", RelationKind.HAS_MANY_THROUGH, "Book", "Reader", "id", "id", **through),
            ),
        ),
        "Loan": loan,
        "Reader": replace(reader, properties=guarded),
        "Cover": cover,
    }


@pytest.fixture
def repository(place: Place) -> Repository:
    """A repository over the library, each model's table made."""
    if place.layout is not Layout.NATIVE:
        pytest.skip("LoopBack knows no conditions on related models")
    models = library()
    place.prepare(*models.values())
    return Repository(project_of(place.connector.data_source, models), {"db": place.connector})


ids = st.one_of(st.none(), st.integers(1, 4))
words = st.one_of(st.none(), st.sampled_from(["a", "b", "c"]))
small = st.one_of(st.none(), st.integers(0, 3))
everything = st.fixed_dictionaries(
    {
        "Writer": st.lists(st.fixed_dictionaries({"name": words, "age": small, "mentorId": ids}), max_size=4),
        "Book": st.lists(st.fixed_dictionaries({"title": words, "price": small, "writerId": ids}), max_size=4),
        "Loan": st.lists(st.fixed_dictionaries({"bookId": ids, "readerId": ids}), max_size=4),
        "Reader": st.lists(st.fixed_dictionaries({"name": words}), max_size=3),
        "Cover": st.lists(st.fixed_dictionaries({"color": words, "bookId": ids}), max_size=4),
    }
)
PATHS = {
    "Book": (
        ("writer", "name"),
        ("writer", "age"),
        ("writer", "mentor", "name"),
        ("readers", "name"),
        ("cover", "color"),
    ),
    "Writer": (("books", "title"), ("books", "price"), ("mentor", "age"), ("books", "readers", "name")),
}


def fill(repository: Repository, rows: Mapping[str, list[Row]]) -> dict[str, list[Row]]:
    """The rows as stored, their ids counted from 1."""
    stored: dict[str, list[Row]] = {}
    for name, kind in repository.project.models.items():
        repository.delete_all(kind)
        stored[name] = []
        for number, row in enumerate(rows[name], 1):
            stored[name].append(repository.create(kind, {**row, "id": number}))
    return stored


def led_to(name: str, row: Row, relation: str, stored: Mapping[str, list[Row]]) -> tuple[str, list[Row]]:
    """The target's name and the rows that a relation leads to, by a plain loop."""
    match name, relation:
        case "Book", "writer":
            return "Writer", [one for one in stored["Writer"] if one["id"] == row.get("writerId")]
        case "Book", "cover":
            return "Cover", [one for one in stored["Cover"] if one.get("bookId") == row["id"]]
        case "Book", "readers":
            found = {loan.get("readerId") for loan in stored["Loan"] if loan.get("bookId") == row["id"]}
            return "Reader", [one for one in stored["Reader"] if one["id"] in found]
        case "Writer", "mentor":
            return "Writer", [one for one in stored["Writer"] if one["id"] == row.get("mentorId")]
        case _:
            return "Book", [one for one in stored["Book"] if one.get("writerId") == row["id"]]


def holds(name: str, row: Row, path: tuple[str, ...], value: Any, stored: Mapping[str, list[Row]]) -> bool:
    if len(path) == 1:
        return bool(row.get(path[0]) == value)
    target, found = led_to(name, row, path[0], stored)
    return any(holds(target, one, path[1:], value, stored) for one in found)


def test_conditions_on_related_rows_hold_where_a_plain_loop_says_so(repository: Repository) -> None:
    @FEW
    @given(everything, st.data())
    def law(rows: dict[str, list[Row]], data: st.DataObject) -> None:
        stored = fill(repository, rows)
        name = data.draw(st.sampled_from(sorted(PATHS)))
        one, two = data.draw(st.sampled_from(PATHS[name])), data.draw(st.sampled_from(PATHS[name]))
        values = [data.draw(small if path[-1] in {"age", "price"} else words) for path in (one, two)]
        word = data.draw(st.sampled_from(["and", "or", "nor"]))
        parts = [{".".join(path): value} for path, value in zip((one, two), values, strict=True)]

        found = repository.find(repository.project.models[name], {"where": {word: parts}})

        wanted = []
        for row in stored[name]:
            truths = [holds(name, row, path, value, stored) for path, value in zip((one, two), values, strict=True)]
            if all(truths) if word == "and" else any(truths) is (word == "or"):
                wanted.append(row["id"])
        assert [row["id"] for row in found] == wanted
        assert repository.count(repository.project.models[name], {word: parts}) == len(wanted)

    law()


def test_an_order_by_a_related_row_is_that_of_a_plain_loop(repository: Repository) -> None:
    @FEW
    @given(
        everything,
        st.booleans(),
        st.sampled_from([("writer", "name"), ("writer", "mentor", "age"), ("cover", "color")]),
    )
    def law(rows: dict[str, list[Row]], descending: bool, path: tuple[str, ...]) -> None:  # noqa: FBT001 - drawn
        stored = fill(repository, rows)

        def key(row: Row) -> tuple[bool, Any]:
            name, here = "Book", [row]
            for relation in path[:-1]:
                name, here = led_to(name, here[0], relation, stored) if here else (name, [])
            value = here[0].get(path[-1]) if here else None
            return (value is None, value or 0 if path[-1] == "age" else value or "")

        order = f"{'.'.join(path)} {'DESC' if descending else 'ASC'}"
        found = repository.find(repository.project.models["Book"], {"order": order, "limit": 3})

        wanted = sorted(stored["Book"], key=key, reverse=descending)[:3]
        assert [row["id"] for row in found] == [row["id"] for row in wanted]

    law()


def test_one_row_must_meet_a_nested_condition_and_any_row_a_dotted_one(repository: Repository) -> None:
    models = repository.project.models
    repository.create(models["Writer"], [{"id": 1, "name": "one"}, {"id": 2, "name": "two"}])
    repository.create(
        models["Book"],
        [
            {"title": "x", "price": 1, "writerId": 1},
            {"title": "y", "price": 9, "writerId": 1},
            {"title": "x", "price": 9, "writerId": 2},
        ],
    )

    def names(where: dict[str, Any]) -> list[str]:
        return [row["name"] for row in repository.find(models["Writer"], {"where": where})]

    assert names({"books": {"title": "x", "price": 9}}) == ["two"]
    assert names({"books.title": "x", "books.price": 9}) == ["one", "two"]
    assert names({"books": {"exists": True}}) == ["one", "two"]
    assert names({"mentor": {"exists": False}}) == ["one", "two"]


@pytest.mark.parametrize(
    "asked",
    [
        {"where": {"writer.secret": "x"}},
        {"where": {"writer": {"secret": {"gt": ""}}}},
        {"where": {"or": [{"writer.secret": {"like": "a%"}}]}},
        {"order": "writer.secret"},
        {"where": {"readers.note": "x"}},
        {"where": {"writer.closed.title": "x"}},
        {"where": {"writer.books.writer.secret": "x"}},
        {"where": {"writer": "x"}},
        {"where": {"writer": None}},
        {"where": {"writer.": 1}},
        {"where": {"writer.nothing": 1}},
        {"order": "readers.name"},
        {"order": "writer"},
        {"where": {"writer.books.writer.books.writer.books.writer.name": "x"}},
    ],
    ids=str,
)
def test_what_may_not_be_asked_of_related_rows_is_refused(repository: Repository, asked: dict[str, Any]) -> None:
    with pytest.raises(RequestError) as caught:
        repository.find(repository.project.models["Book"], asked)
    assert caught.value.status == 400
    assert "secret" not in (caught.value.diagnostics[0].hint or "")
