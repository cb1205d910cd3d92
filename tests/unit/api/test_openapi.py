"""The OpenAPI description: valid by its published schema, and complete."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from lbconf.api.endpoints import endpoints_of
from lbconf.api.openapi import openapi_document
from lbconf.project.resolved import Acl, Layout, Project
from lbconf.records import replace


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

    conditional = {"204", "412"}
    assert set(answers) == {"200", "400", "404", "406", "409", "413", "414", "415", "422", "503"} | conditional
    assert set(document["components"]["responses"]["NotFound"]["content"]) == {
        "application/json",
        "application/problem+json",
    }


def test_server_is_the_rest_root_unless_told(shop: Project, document: dict[str, Any]) -> None:
    assert document["servers"] == [{"url": "/api"}]
    assert openapi_document(shop, (), "https://shop.example/api")["servers"] == [{"url": "https://shop.example/api"}]


def test_filters_name_the_properties_and_relations_of_their_model(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]

    where = schemas["Order.where"]["properties"]
    assert list(where) == ["id", "number", "placedAt", "guarded", "and", "or"]
    assert where["placedAt"] == {"$ref": "#/components/schemas/Condition.moment"}
    assert where["or"] == {"type": "array", "items": {"$ref": "#/components/schemas/Order.where"}}
    relation, *_ = schemas["Order.filter"]["properties"]["include"]["anyOf"]
    assert relation == {"enum": ["lines"]}


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def references(value: Any) -> Iterator[str]:
        match value:
            case dict():
                for key, item in value.items():
                    if key == "$ref":
                        yield item
                    else:
                        yield from references(item)
            case list():
                for item in value:
                    yield from references(item)

    for found in set(references(document)):
        _, *names = found.split("/")
        place: Any = document
        for name in names:
            place = place[name]


def test_examples_are_rows_without_what_is_hidden(shop: Project) -> None:
    row = {"id": 7, "number": "A-7", "secret": "s3cret", "guarded": "g"}
    found = openapi_document(shop, endpoints_of(shop), examples={"Order": row, "Nowhere": {"id": 1}})

    schemas = found["components"]["schemas"]
    assert schemas["Order"]["examples"] == [{"id": 7, "number": "A-7"}]
    assert schemas["Order.new"]["examples"] == [{"number": "A-7"}]
    assert schemas["Order.filter"]["examples"] == [{"where": {"number": "A-7"}, "order": "number ASC", "limit": 10}]
    assert found["components"]["parameters"]["Order.id"]["example"] == 7
    assert "s3cret" not in json.dumps(found)


def test_no_example_of_what_strangers_may_not_read(shop: Project, make_model: Any) -> None:
    rules = (Acl(principal_type="ROLE", principal_id="$everyone", permission="DENY"),)
    guarded = replace(shop, auth=True, models=dict(shop.models) | {"Order": replace(shop.models["Order"], acls=rules)})
    found = openapi_document(guarded, endpoints_of(guarded), examples={"Order": {"id": 7, "number": "A-7"}})

    assert "A-7" not in json.dumps(found)
    assert {"401"} <= set(found["paths"]["/Orders"]["get"]["responses"])


def test_tokens_are_described_where_there_are_some(shop: Project, make_model: Any) -> None:
    assert "securitySchemes" not in openapi_document(shop, endpoints_of(shop))["components"]
    tokens = make_model("AccessToken", ancestors=("PersistedModel", "Model"), public=False)
    rules = (
        Acl(principal_type="ROLE", principal_id="$everyone", permission="DENY"),
        Acl(principal_type="ROLE", principal_id="$everyone", permission="ALLOW", properties=("find",)),
    )
    models = dict(shop.models) | {"AccessToken": tokens, "Order": replace(shop.models["Order"], acls=rules)}
    guarded = replace(shop, auth=True, models=models)
    found = openapi_document(guarded, endpoints_of(guarded))

    every: list[Any] = [{"token": []}, {"tokenHeader": []}, {"tokenQuery": []}]
    assert set(found["components"]["securitySchemes"]) == {"token", "tokenHeader", "tokenQuery"}
    assert found["paths"]["/Orders"]["get"]["security"] == [{}, *every]
    assert found["paths"]["/Orders"]["post"]["security"] == every
    OpenAPIV31SpecValidator(found).validate()


def test_the_same_project_is_described_in_the_same_words(shop: Project) -> None:
    assert json.dumps(openapi_document(shop, endpoints_of(shop))) == json.dumps(
        openapi_document(shop, endpoints_of(shop))
    )


def test_limited_requests_may_be_told_to_wait(shop: Project) -> None:
    rates = {"rateLimit": [{"requests": 5, "seconds": 60, "method": "POST"}]}
    limited = replace(shop, layout=Layout.NATIVE, server=replace(shop.server, settings=rates))
    found = openapi_document(limited, endpoints_of(limited))

    assert "429" in found["paths"]["/Orders"]["post"]["responses"]
    assert "429" not in found["paths"]["/Orders"]["get"]["responses"]
