"""Which endpoints a model has."""

from types import MappingProxyType

import pytest

from lbconf.api.endpoints import Endpoint, endpoints_of, model_endpoints
from lbconf.api.sharing import is_shared
from lbconf.project.resolved import Model, Project, Relation, RelationKind
from tests.unit.api.conftest import MakeModel


def shapes(endpoints: tuple[Endpoint, ...]) -> set[tuple[str, str]]:
    return {(endpoint.verb, endpoint.path) for endpoint in endpoints}


def test_models_that_are_not_public_have_none(shop: Project) -> None:
    assert {endpoint.model.name for endpoint in endpoints_of(shop)} == {"Order", "Line"}


def test_a_view_is_only_read(shop: Project, make_model: MakeModel) -> None:
    view = make_model("View", read_only=True)

    assert shapes(model_endpoints(shop, view)) == {
        ("GET", "/"),
        ("GET", "/findOne"),
        ("GET", "/count"),
        ("GET", "/{id}"),
        ("HEAD", "/{id}"),
        ("GET", "/{id}/exists"),
    }


def test_put_patches_where_the_model_says_so(shop: Project, make_model: MakeModel) -> None:
    endpoints = model_endpoints(shop, make_model("Patchy", replace_on_put=False))

    assert {endpoint.path: endpoint.method for endpoint in endpoints if endpoint.verb == "PUT"} == {
        "/": "patchOrCreate",
        "/{id}": "prototype.patchAttributes",
    }


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (RelationKind.BELONGS_TO, {("GET", "")}),
        (RelationKind.HAS_ONE, {("GET", ""), ("POST", ""), ("PUT", ""), ("DELETE", "")}),
        (
            RelationKind.HAS_MANY_THROUGH,
            {
                ("GET", ""),
                ("POST", ""),
                ("DELETE", ""),
                ("GET", "/count"),
                ("GET", "/{fk}"),
                ("PUT", "/{fk}"),
                ("DELETE", "/{fk}"),
                ("PUT", "/rel/{fk}"),
                ("DELETE", "/rel/{fk}"),
                ("HEAD", "/rel/{fk}"),
            },
        ),
    ],
)
def test_relations_by_kind(
    shop: Project, make_model: MakeModel, kind: RelationKind, expected: set[tuple[str, str]]
) -> None:
    relation = Relation(name="x", kind=kind, model="M", target="Line", key_from=("id",), key_to=("mId",))
    model = make_model("M", relations=MappingProxyType({"x": relation}))

    found = {
        (verb, path.removeprefix("/{id}/x"))
        for verb, path in shapes(model_endpoints(shop, model))
        if path.startswith("/{id}/x")
    }
    assert found == expected


@pytest.mark.parametrize(
    ("settings", "method", "shared"),
    [
        ({}, "find", True),
        ({"find": False}, "find", False),
        ({"*": False, "find": True}, "find", True),
        ({"*": False, "find": True}, "create", False),
        ({"*": False}, "prototype.patchAttributes", False),
        ({"prototype.*": False}, "prototype.__get__lines", False),
        ({"prototype.*": False}, "find", True),
        ({"upsert": False}, "patchOrCreate", False),
        ({"prototype.updateAttributes": False}, "prototype.patchAttributes", False),
        ({"*": True, "create": False}, "create", False),
    ],
)
def test_shared_methods(make_model: MakeModel, settings: dict[str, bool], method: str, shared: bool) -> None:  # noqa: FBT001
    model: Model = make_model("M", shared_methods=settings)

    assert is_shared(model, method) is shared
