"""Conditions by relations of several key parts, of keys that differ in type, and of polymorphic relations."""

import pytest

from lbconf.datatypes import IntegerType, StringType
from lbconf.project.resolved import Layout, Polymorphic, Property, Relation, RelationKind
from lbconf.records import replace
from lbconf.repository import Repository
from tests.conformance.conftest import Place
from tests.strategies.rows import model, project_of

NUMBER = IntegerType(64)


@pytest.fixture
def repository(place: Place) -> Repository:
    """Shelves with a key of two parts, boxes on them, notes about either, labels that name a shelf's number as text."""
    if place.layout is not Layout.NATIVE:
        pytest.skip("LoopBack knows no conditions on related models")
    shelf = model({"color": StringType()}, name="Shelf")
    keys = {
        "room": Property(name="room", type=StringType(20), id=1, nullable=False),
        "number": Property(name="number", type=NUMBER, id=2, nullable=False),
    }
    box = model({"size": NUMBER, "room": StringType(20), "number": NUMBER}, name="Box")
    note = model({"text": StringType(), "aboutId": NUMBER, "aboutType": StringType()}, name="Note")
    label = model({"text": StringType(), "shelfNumber": StringType(20)}, name="Label")
    about = Polymorphic(selector="about", foreign_key="aboutId", discriminator="aboutType")
    pair = ("room", "number")
    many, one = RelationKind.HAS_MANY, RelationKind.BELONGS_TO
    boxes = Relation(name="boxes", kind=many, model="Shelf", target="Box", key_from=pair, key_to=pair)
    shelf_of = Relation(name="shelf", kind=one, model="Box", target="Shelf", key_from=pair, key_to=pair)
    notes = Relation(
        name="notes", kind=many, model="Box", target="Note", key_from=("id",), key_to=("aboutId",), polymorphic=about
    )
    labels = Relation(
        name="labels", kind=many, model="Shelf", target="Label", key_from=("number",), key_to=("shelfNumber",)
    )
    models = {
        "Shelf": replace(
            shelf,
            properties={**keys, "color": shelf.properties["color"]},
            relations={"boxes": boxes, "labels": labels},
        ),
        "Box": replace(box, relations={"shelf": shelf_of, "notes": notes}),
        "Note": note,
        "Label": label,
    }
    place.prepare(*models.values())
    made = Repository(project_of(place.connector.data_source, models), {"db": place.connector})
    for name, number, color in (("a", 1, "red"), ("a", 2, "blue"), ("b", 1, "green")):
        made.create(models["Shelf"], {"room": name, "number": number, "color": color})
    placed: list[tuple[int, str | None, int]] = [(5, "a", 1), (6, "a", 2), (7, "b", 1), (8, None, 1), (9, "b", 2)]
    for size, room, shelf_number in placed:
        made.create(models["Box"], {"size": size, "room": room, "number": shelf_number})
    made.create(models["Note"], [{"text": "x", "aboutId": 1, "aboutType": "Box"}])
    made.create(models["Note"], [{"text": "x", "aboutId": 2, "aboutType": "Shelf"}])
    made.create(models["Label"], {"text": "two", "shelfNumber": "2"})
    return made


def test_keys_of_two_parts(repository: Repository) -> None:
    models = repository.project.models

    assert [row["size"] for row in repository.find(models["Box"], {"where": {"shelf.color": {"neq": "blue"}}})] == [
        5,
        7,
    ]
    assert [row["size"] for row in repository.find(models["Box"], {"where": {"shelf": {"exists": False}}})] == [8, 9]
    assert [row["color"] for row in repository.find(models["Shelf"], {"where": {"boxes.size": {"gt": 5}}})] == [
        "blue",
        "green",
    ]
    ordered = repository.find(models["Box"], {"order": "shelf.color DESC"})
    assert [row["size"] for row in ordered] == [8, 9, 5, 7, 6]


def test_what_a_polymorphic_relation_leads_to_is_of_the_right_kind(repository: Repository) -> None:
    found = repository.find(repository.project.models["Box"], {"where": {"notes.text": "x"}})
    assert [row["size"] for row in found] == [5]


def test_numbers_and_texts_of_them_are_one_key(repository: Repository) -> None:
    found = repository.find(repository.project.models["Shelf"], {"where": {"labels.text": "two"}})
    assert [row["color"] for row in found] == ["blue"]
