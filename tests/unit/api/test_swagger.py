"""LoopBack's Swagger 2.0 document: the same operations, parameters and definitions as a LoopBack 3.28 server gives."""

import json
from pathlib import Path
from typing import Any

import pytest

from lbconf.api.endpoints import endpoints_of
from lbconf.api.openapi_swagger import swagger_document
from lbconf.operations.load import load_project

TESTS = Path(__file__).parents[2]
PROJECT = TESTS / "conformance_rest" / "recorded" / "project"
RECORDED = TESTS / "data" / "swagger" / "loopback-3.28.json"

WORDS = {"description", "summary"}
NAMED_OTHERWISE = {
    "PUT /Products/{id}/suppliers/rel/{fk}": "LoopBack calls the model in between by whichever end it sets up first",
    "PUT /Suppliers/{id}/products/rel/{fk}": "LoopBack calls the model in between by whichever end it sets up first",
}


def without_words(value: Any) -> Any:
    match value:
        case dict():
            return {key: without_words(item) for key, item in value.items() if key not in WORDS}
        case list():
            return [without_words(item) for item in value]
        case _:
            return value


def parameter(found: dict[str, Any]) -> str:
    schema = found.get("schema")
    kind = json.dumps(without_words(schema)) if schema else " ".join(filter(None, (found["type"], found.get("format"))))
    return f"{found['name']} {found['in']} {'required' if found['required'] else 'optional'} {kind}"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    project = load_project(PROJECT)
    return swagger_document(project, endpoints_of(project))


@pytest.fixture(scope="module")
def operations(document: dict[str, Any]) -> dict[str, Any]:
    return {
        f"{verb.upper()} {path}": {
            "operationId": operation["operationId"],
            "parameters": [parameter(found) for found in operation["parameters"]],
            "responses": {
                status: without_words(answer.get("schema")) for status, answer in operation["responses"].items()
            },
        }
        for path, item in document["paths"].items()
        for verb, operation in item.items()
    }


def test_operations_are_those_of_loopback(operations: dict[str, Any]) -> None:
    recorded = json.loads(RECORDED.read_text())["operations"]
    same = recorded.keys() - NAMED_OTHERWISE.keys()

    assert {name: operations.get(name) for name in same} == {name: recorded[name] for name in same}
    for name in NAMED_OTHERWISE:
        assert operations[name]["operationId"] == recorded[name]["operationId"]


def test_definitions_are_those_of_loopback(document: dict[str, Any]) -> None:
    recorded = json.loads(RECORDED.read_text())["definitions"]

    for name, definition in recorded.items():
        mine = document["definitions"][name]
        assert {key: value for key, value in mine.items() if key != "description"} | {
            "properties": {key: without_words(value) for key, value in mine["properties"].items()}
        } == definition, name


def test_operation_ids_are_unique(operations: dict[str, Any]) -> None:
    ids = [operation["operationId"] for operation in operations.values()]

    assert len(ids) == len(set(ids))


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    text = json.dumps(document)
    referred = {part.split('"', 1)[0] for part in text.split("#/definitions/")[1:]}

    assert referred == set(document["definitions"])
