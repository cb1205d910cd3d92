"""The OpenAPI description: valid by its published schema, and complete."""

from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from lbconf.api.endpoints import endpoints_of
from lbconf.api.openapi import openapi_document
from lbconf.project.resolved import Project


@pytest.fixture
def document(shop: Project) -> dict[str, Any]:
    return openapi_document(shop, endpoints_of(shop))


def test_is_valid(document: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(document).validate()


def test_describes_every_endpoint(shop: Project, document: dict[str, Any]) -> None:
    described = {(path, verb) for path, item in document["paths"].items() for verb in item}

    assert described == {
        ((endpoint.model.path + endpoint.path).rstrip("/"), endpoint.verb.lower()) for endpoint in endpoints_of(shop)
    }


def test_operation_ids_are_loopbacks_and_unique(document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]

    assert len(ids) == len(set(ids))
    assert document["paths"]["/Orders"]["get"]["operationId"] == "Order.find"
    assert document["paths"]["/Orders/{id}/lines"]["get"]["operationId"] == "Order.prototype.__get__lines"


def test_hidden_properties_are_not_shown(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]

    assert list(schemas["Order"]["properties"]) == ["id", "number", "placedAt", "guarded", "lines"]
    assert "secret" in schemas["Order.new"]["properties"]


def test_errors_are_described(document: dict[str, Any]) -> None:
    answers = document["paths"]["/Orders/{id}"]["patch"]["responses"]

    assert set(answers) == {"200", "400", "404", "406", "409", "413", "414", "415", "422", "503"}
    assert set(document["components"]["responses"]["NotFound"]["content"]) == {
        "application/json",
        "application/problem+json",
    }


def test_server_is_the_rest_root_unless_told(shop: Project, document: dict[str, Any]) -> None:
    assert document["servers"] == [{"url": "/api"}]
    assert openapi_document(shop, (), "https://shop.example/api")["servers"] == [{"url": "https://shop.example/api"}]
