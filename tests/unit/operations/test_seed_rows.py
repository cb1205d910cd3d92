"""Seed rows: found, read, put on top of each other by id, and refused with their place."""

from pathlib import Path

import pytest

from lbconf.diagnostics import Collector
from lbconf.operations.load import load_project
from lbconf.operations.seed_rows import read_seed, seed_files


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with customers and their orders."""
    write(tmp_path, "base/datasources.yaml", "db:\n  connector: memory\n")
    write(tmp_path, "development/datasources.yaml", "db:\n  connector: memory\n")
    write(tmp_path, "base/models/customer.yaml", "name: Customer\ndataSource: db\nproperties:\n  name: string\n")
    write(
        tmp_path,
        "base/models/order-line.yaml",
        "name: OrderLine\ndataSource: db\nproperties:\n  text: string\nrelations:\n  customer:\n"
        "    type: belongsTo\n    model: Customer\n",
    )
    return tmp_path


def write(root: Path, name: str, text: str) -> None:
    path = root / "environments" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def read(root: Path) -> tuple[list[tuple[str, dict[str, object]]], Collector]:
    found = Collector()
    rows = read_seed(load_project(root, "development"), seed_files(root / "environments", "development"), found)
    return [(row.model.name, dict(row.values)) for row in rows], found


def test_the_name_of_a_file_is_the_model(root: Path) -> None:
    write(root, "base/seed/customer.yaml", "- {id: 1, name: Ada}\n")
    write(root, "base/seed/order-line.json", '[{"id": 7, "text": "tea"}]')

    rows, found = read(root)

    assert found.errors == ()
    assert rows == [("Customer", {"id": 1, "name": "Ada"}), ("OrderLine", {"id": 7, "text": "tea"})]


def test_an_environment_adds_to_rows_of_the_base_by_id(root: Path) -> None:
    write(root, "base/seed/customer.yaml", "- {id: 1, name: Ada, realm: x}\n- {id: 2, name: Grace}\n")
    write(root, "development/seed/customer.yaml", "- {id: 1, name: Eve}\n- {id: 3, name: Joan}\n")

    rows, _ = read(root)

    assert [values for _, values in rows] == [
        {"id": 1, "name": "Eve", "realm": "x"},
        {"id": 2, "name": "Grace"},
        {"id": 3, "name": "Joan"},
    ]


@pytest.mark.parametrize(
    ("name", "text", "message", "place"),
    [
        ("custommer.yaml", "- {id: 1}\n", "there is no model for the seed file custommer", (1, 1)),
        ("customer.yaml", "id: 1\n", "a seed file holds a list of rows", (1, 1)),
        ("customer.yaml", "- {id: 1}\n- Ada\n", "a seed row maps property names to values", (2, 3)),
        ("customer.yaml", "- {id: 1}\n- {name: Ada}\n", "row 2 of Customer has no id", (2, 3)),
    ],
)
def test_what_cannot_be_used_is_told_with_its_place(
    root: Path, name: str, text: str, message: str, place: tuple[int, int]
) -> None:
    write(root, f"base/seed/{name}", text)

    _, found = read(root)

    (error,) = found.errors
    assert error.message == message
    assert error.location is not None
    assert error.location.file == f"environments/base/seed/{name}"
    assert (error.location.line, error.location.column) == place
