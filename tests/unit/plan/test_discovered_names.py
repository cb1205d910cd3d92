"""Names made from names in a database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lbconf.plan.discovered_names import lower_camel, model_names, pascal, property_names
from lbconf.project.plural import plural


@pytest.mark.parametrize(
    ("found", "model", "prop"),
    [
        ("order_line", "OrderLine", "orderLine"),
        ("OrderLine", "OrderLine", "orderLine"),
        ("ORDER_LINE", "OrderLine", "orderLine"),
        ("createdAt", "CreatedAt", "createdAt"),
        ("with space", "WithSpace", "withSpace"),
        ("1st", "T1st", "p1st"),
        ("größe", "Groe", "groe"),
    ],
)
def test_case(found: str, model: str, prop: str) -> None:
    assert (pascal(found), lower_camel(found)) == (model, prop)


def test_names_that_fall_together_are_told_apart() -> None:
    assert property_names(["Full Name", "full_name", "fullName"]) == {
        "Full Name": "fullName2",
        "full_name": "fullName3",
        "fullName": "fullName",
    }


def test_models_have_paths_of_their_own_and_no_reserved_names() -> None:
    found = model_names(
        [("public", "person"), ("public", "people"), ("public", "user"), ("sales", "person"), ("public", "role")],
        default_namespace="public",
    )
    assert found == {
        ("public", "people"): "People",
        ("public", "person"): "Person2",
        ("public", "role"): "RoleRecord",
        ("public", "user"): "UserRecord",
        ("sales", "person"): "SalesPerson",
    }


@given(st.sets(st.text(min_size=1, max_size=12), min_size=1, max_size=12))
def test_names_are_legal_and_distinct_whatever_the_database_holds(tables: set[str]) -> None:
    models = model_names([("public", table) for table in tables], default_namespace="public")
    assert len({name.lower() for name in models.values()}) == len(tables)
    assert len({plural(name).lower() for name in models.values()}) == len(tables)
    properties = property_names(sorted(tables))
    assert len({name.lower() for name in properties.values()}) == len(tables)
    for name in (*models.values(), *properties.values()):
        assert name.isascii()
        assert name.isalnum()
        assert name[0].isalpha()
