"""Pages that begin after a cursor: on every connector, page after page is the whole list, each row once, in order."""

import base64
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lbconf.datatypes import BooleanType, DateTimeType, DecimalType, IntegerType, NumberType, StringType, UuidType
from lbconf.diagnostics import Code
from lbconf.project.resolved import Layout, Model, Property
from lbconf.query.errors import RequestError
from lbconf.records import replace
from lbconf.repository import Repository
from tests.conformance.conftest import Place
from tests.strategies.rows import model, project_of

FEW = settings(max_examples=30, report_multiple_bugs=False, suppress_health_check=[HealthCheck.function_scoped_fixture])
ORDERED = ("text", "whole", "exact", "float", "flag", "moment", "uuid")


def kinds() -> dict[str, Model]:
    """A model with one generated id and one with an id of two parts."""
    properties: dict[str, Any] = {
        "text": StringType(),
        "whole": IntegerType(64),
        "exact": DecimalType(30, 10),
        "float": NumberType(),
        "flag": BooleanType(),
        "moment": DateTimeType(),
        "uuid": UuidType(),
    }
    single = model(properties, name="Single")
    plain = {name: prop for name, prop in single.properties.items() if name != "id"}
    parts = {
        "left": Property(name="left", type=StringType(20), id=1, nullable=False),
        "right": Property(name="right", type=IntegerType(32), id=2, nullable=False),
    }
    return {"Single": single, "Double": replace(single, name="Double", path="/Doubles", properties={**parts, **plain})}


@pytest.fixture
def repository(place: Place) -> Repository:
    """A repository over both models, with small pages."""
    if place.layout is not Layout.NATIVE:
        pytest.skip("LoopBack knows no cursors")
    models = kinds()
    place.prepare(*models.values())
    return Repository(project_of(place.connector.data_source, models), {"db": place.connector}, page_size=3)


def walked(repository: Repository, kind: Model, asked: dict[str, Any]) -> list[Any]:
    """The ids of every page, by cursors."""
    found: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        page = repository.page(kind, asked, after=cursor)
        rows = json.loads(page.text) if page.text is not None else page.rows
        assert len(rows) <= 2
        found += [tuple(row[prop.name] for prop in kind.ids) for row in rows]
        cursor = page.cursor
    return found


def test_page_after_page_is_the_whole_list(repository: Repository, place: Place) -> None:
    single, double = repository.project.models["Single"], repository.project.models["Double"]
    few = st.tuples(st.sampled_from(["a", "b", "c,d", "e"]), st.integers(-2, 2))

    @FEW
    @given(st.data())
    def law(data: st.DataObject) -> None:
        kind = data.draw(st.sampled_from([single, double]))
        made = data.draw(st.lists(place.rows(single), max_size=6))
        alike = data.draw(st.sampled_from([None, *made]))
        if alike is not None:
            made = [{**row, **{name: alike[name] for name in ORDERED[:3]}} for row in made]
        if kind is double:
            keys = data.draw(st.lists(few, min_size=len(made), max_size=len(made), unique=True))
            made = [{**row, "left": left, "right": right} for row, (left, right) in zip(made, keys, strict=True)]
        repository.delete_all(kind)
        for row in made:
            place.connector.insert(kind, [row])
        names = data.draw(
            st.lists(st.sampled_from([*ORDERED, *(prop.name for prop in kind.ids)]), max_size=2, unique=True)
        )
        order = [f"{name} {data.draw(st.sampled_from(['ASC', 'DESC']))}" for name in names]
        where = data.draw(
            st.sampled_from([None, {"whole": {"gt": 0}}, {"or": [{"flag": True}, {"text": {"neq": ""}}]}])
        )
        asked = {"order": order, **({"where": where} if where is not None else {})}

        whole = repository.find(kind, {**asked, "limit": 100})

        assert walked(repository, kind, {**asked, "limit": 2}) == [
            tuple(row[prop.name] for prop in kind.ids) for row in whole
        ]
        page = repository.page(kind, {**asked, "limit": 2}, after="", count=True)
        assert page.total == len(whole)

    law()


def test_fields_that_a_client_wants_are_all_it_gets(repository: Repository) -> None:
    kind = repository.project.models["Single"]
    repository.create(kind, [{"text": text, "flag": True} for text in "cab"])

    page = repository.page(kind, {"fields": ["flag"], "order": "text", "limit": 1}, after="")

    assert page.rows == [{"flag": True}]
    assert page.cursor is not None


def test_a_list_that_the_server_cut_has_a_cursor(repository: Repository) -> None:
    kind = repository.project.models["Single"]
    repository.create(kind, [{"text": text} for text in "abcd"])

    page = repository.page(kind)

    assert page.cursor is not None
    assert repository.page(kind, {"where": {"text": "a"}}).cursor is None


def forged(*parts: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def test_cursors_of_other_lists_and_broken_ones_are_refused(repository: Repository) -> None:
    kind = repository.project.models["Single"]
    repository.create(kind, [{"text": text} for text in "abcd"])
    cursor = repository.page(kind, {"limit": 1}, after="").cursor
    assert cursor is not None
    mark = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))[1]
    broken = [
        cursor[:-3],
        "x" * 10_000,
        "%%%",
        "ä",
        "W10",
        forged(),
        forged(2, mark, "1"),
        forged(1, mark),
        forged(1, mark, "1", "2"),
        forged(1, mark, [1]),
        forged(1, mark, 1),
        forged(1, mark, "1; drop table"),
        forged(1, mark, "nan"),
        forged(1, mark, {"a": 1}),
    ]
    for text in broken:
        with pytest.raises(RequestError) as caught:
            repository.page(kind, {"limit": 1}, after=text)
        assert (caught.value.status, caught.value.diagnostics[0].code) == (400, Code.CURSOR_UNUSABLE), text
    with pytest.raises(RequestError, match="another model or order"):
        repository.page(kind, {"limit": 1, "order": "text"}, after=cursor)
    with pytest.raises(RequestError, match="after or skip"):
        repository.page(kind, {"limit": 1, "skip": 1}, after=cursor)
