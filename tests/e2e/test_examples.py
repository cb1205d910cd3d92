"""Every whole project under examples/, through the real commands, on SQLite and on PostgreSQL."""

import json
import shutil
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.serving import run_lbconf, served

EXAMPLES = Path(__file__).parents[2] / "examples"
PROJECTS = sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir() and not path.name.startswith(("_", ".")))


@pytest.fixture
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of one example, free to be written to."""
    return Path(shutil.copytree(EXAMPLES / request.param, tmp_path / request.param))


def run(project: Path, *arguments: str, **variables: str) -> str:
    done = run_lbconf("--project", str(project), *arguments, variables=variables)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def ask(url: str, path: str, body: Any = None, **query: Any) -> Any:
    parts = {key: json.dumps(value) for key, value in query.items()}
    target = f"{url}{path}" + (f"?{urllib.parse.urlencode(parts)}" if parts else "")
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(target, data, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


@pytest.mark.parametrize("project", PROJECTS, indirect=True)
def test_an_example_is_valid_and_planned_once(project: Path) -> None:
    run(project, "validate", "--all-envs")
    run(project, "apply", "--auto-approve")

    assert "Nothing to do" in run(project, "plan", "--detailed-exitcode")


@pytest.mark.parametrize("project", ["shop"], indirect=True)
def test_the_shop_on_sqlite(project: Path) -> None:
    _shop(project)


@pytest.mark.parametrize("project", ["shop"], indirect=True)
def test_the_shop_on_postgresql(project: Path, postgresql_url: str) -> None:
    _shop(project, LBCONF_ENV="production", DATABASE_URL=postgresql_url)


def _shop(project: Path, **variables: str) -> None:
    run(project, "apply", "--auto-approve", **variables)
    run(project, "seed", **variables)
    assert "Nothing to do" in run(project, "plan", "--detailed-exitcode", **variables)

    with served(project, variables=variables) as server:
        orders = ask(server.url, "/api/orders", filter={"include": ["customer", {"lines": "product"}], "order": "id"})
        dear = ask(server.url, "/api/products", filter={"where": {"price": {"gt": 13}}, "fields": ["sku", "price"]})
        made = ask(server.url, "/api/orders", {"number": "A-3", "placed": "2024-03-03T00:00:00.000Z", "customerId": 1})

    assert [order["customer"]["name"] for order in orders] == ["Ada", "Bob"]
    assert "notes" not in orders[0]["customer"]
    lines = [(line["position"], line["quantity"], line["product"]["name"]) for line in orders[0]["lines"]]
    assert sorted(lines) == [(1, 2, "Red book"), (2, 1, "Chess")]
    assert [product["sku"] for product in dear] == ["GM-1"]
    assert (made["id"], made["status"]) == (3, "open")


@pytest.mark.parametrize("project", ["loopback3"], indirect=True)
def test_a_loopback_3_project_on_both_servers(project: Path, postgresql_url: str) -> None:
    for variables in ({}, {"NODE_ENV": "production", "DATABASE_URL": postgresql_url}):
        run(project, "apply", "--auto-approve", **variables)
        with served(project, variables=variables) as server:
            shop = ask(server.url, "/api/CoffeeShops", {"name": "Bel Cafe", "city": "Vancouver"})
            ask(server.url, f"/api/CoffeeShops/{shop['id']}/reviews", {"rating": 5, "date": "2015-01-02"})
            found = ask(server.url, "/api/CoffeeShops", filter={"include": "reviews"})

        assert [(row["name"], [review["rating"] for review in row["reviews"]]) for row in found] == [("Bel Cafe", [5])]


@pytest.mark.parametrize("project", ["loopback1"], indirect=True)
def test_a_loopback_1_project(project: Path) -> None:
    with served(project) as server:
        ask(server.url, "/api/weapons", {"name": "M1911"})

        assert ask(server.url, "/api/weapons/1") == {"name": "M1911", "rounds": 6, "id": 1}
