"""Validations over HTTP: every way to write a row keeps them, in both layouts as each has it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.serving import Served, ask, served

NATIVE = {
    "datasources.yaml": "db: {connector: memory}\n",
    "models/group.yaml": (
        "dataSource: db\n"
        "properties: {name: string, notes: {type: [Note]}}\n"
        "relations:\n"
        "  people: {type: hasMany, model: Person, foreignKey: groupId}\n"
        "  noteList: {type: embedsMany, model: Note, property: notes}\n"
    ),
    "models/note.yaml": (
        "base: Model\nproperties: {id: {type: integer, id: true}, text: {type: string, maxLength: 5}}\n"
    ),
    "models/person.yaml": (
        "dataSource: db\n"
        "properties: {name: {type: string, minLength: 2}, login: string, groupId: bigint}\n"
        "validations:\n"
        "  - {property: login, rule: uniqueness, message: is taken}\n"
    ),
}
LOOPBACK = {
    "server/config.json": '{"restApiRoot": "/api"}',
    "server/datasources.json": '{"db": {"name": "db", "connector": "memory"}}',
    "server/model-config.json": '{"_meta": {"sources": ["../common/models"]}, "Person": {"dataSource": "db"}}',
    "common/models/person.json": (
        '{"name": "Person", "base": "PersistedModel", "properties": {"name": "string", "login": "string"}, '
        '"validations": [{"property": "name", "rule": "length", "min": 2}, '
        '{"property": "login", "rule": "uniqueness"}]}'
    ),
}


def project(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / ("environments/base" if files is NATIVE else ".") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "environments/development").mkdir(parents=True, exist_ok=True) if files is NATIVE else None
    return folder


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(project(tmp_path_factory.mktemp("native"), NATIVE), "--insecure-no-access-control") as server:
        ask(server, "/api/people", method="POST", body={"name": "Ada", "login": "ada"})
        ask(server, "/api/people", method="POST", body={"name": "Bob", "login": "bob"})
        ask(server, "/api/groups", method="POST", body={"name": "g"})
        ask(server, "/api/groups/1/people", method="POST", body={"name": "Cay"})
        ask(server, "/api/groups/1/noteList", method="POST", body={"text": "short"})
        yield server


@pytest.fixture(scope="module")
def loopback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(project(tmp_path_factory.mktemp("loopback"), LOOPBACK), "--insecure-no-access-control") as server:
        ask(server, "/api/People", method="POST", body={"name": "Ada", "login": "ada"})
        yield server


def codes(answer: Any) -> Any:
    assert answer["error"]["name"] == "ValidationError"
    return answer["error"]["details"]["codes"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/people", {"name": "x"}),
        ("PATCH", "/people", {"name": "x"}),
        ("PATCH", "/people", {"id": 1, "name": "x"}),
        ("PUT", "/people", {"id": 1, "name": "x"}),
        ("POST", "/people/replaceOrCreate", {"id": 1, "name": "x"}),
        ("POST", '/people/upsertWithWhere?where={"name":"Ada"}', {"name": "x"}),
        ("POST", '/people/update?where={"name":"Ada"}', {"name": "x"}),
        ("PATCH", "/people/1", {"name": "x"}),
        ("PUT", "/people/1", {"name": "x"}),
        ("POST", "/people/1/replace", {"name": "x"}),
        ("POST", "/groups/1/people", {"name": "x"}),
        ("PUT", "/groups/1/people/3", {"name": "x"}),
    ],
)
def test_no_way_leads_around_a_validation(native: Served, method: str, path: str, body: Any) -> None:
    status, answer, _ = ask(native, f"/api{path}", method=method, body=body)

    assert (status, codes(answer)) == (422, {"name": ["length.min"]})
    assert ask(native, "/api/people/1")[1]["name"] == "Ada"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("POST", "/groups/1/noteList", {"text": "too long"}), ("PUT", "/groups/1/noteList/1", {"text": "too long"})],
)
def test_what_is_embedded_keeps_its_own(native: Served, method: str, path: str, body: Any) -> None:
    status, answer, _ = ask(native, f"/api{path}", method=method, body=body)

    assert (status, codes(answer)) == (422, {"text": ["length.max"]})


def test_a_list_has_an_entry_for_each_row(native: Served) -> None:
    status, answer, _ = ask(native, "/api/people", method="POST", body=[{"name": "Eve"}, {"name": "x"}])

    assert status == 422
    good, bad = answer["error"]["details"]
    assert good is None
    assert bad["details"]["codes"] == {"name": ["length.min"]}


def test_uniqueness(native: Served) -> None:
    status, answer, _ = ask(native, "/api/people", method="POST", body={"name": "Eve", "login": "ada"})

    assert status == 422
    assert answer["error"]["message"] == 'The `Person` instance is not valid. Details: `login` is taken (value: "ada").'
    assert ask(native, "/api/people/2", method="PATCH", body={"login": "ada"})[0] == 422
    assert ask(native, "/api/people/2", method="PATCH", body={"login": "bob"})[0] == 200


def test_the_description_tells(native: Served) -> None:
    schemas = ask(native, "/openapi.json")[1]["components"]["schemas"]

    assert schemas["Person.new"]["properties"]["name"]["minLength"] == 2
    assert schemas["Note.new" if "Note.new" in schemas else "Note"]["properties"]["text"]["type"] == ["string", "null"]


def test_loopback_sets_many_rows_and_upserts_unchecked(loopback: Served) -> None:
    refused = ask(loopback, "/api/People", method="POST", body={"name": "x", "login": "ada"})
    assert (refused[0], codes(refused[1])) == (422, {"name": ["length.min"], "login": ["uniqueness"]})
    assert refused[1]["error"]["details"]["messages"]["name"] == ["too short"]
    assert ask(loopback, "/api/People/1", method="PATCH", body={"name": "x"})[0] == 422
    assert ask(loopback, "/api/People/1", method="PUT", body={"name": "x"})[0] == 422

    told = ask(loopback, "/api/People/update?where=%7B%7D", method="POST", body={"name": "x"})
    assert told[:2] == (200, {"count": 1})
