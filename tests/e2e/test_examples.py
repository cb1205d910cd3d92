"""Every whole project under examples/, through the real commands, on SQLite and on PostgreSQL."""

import json
import shutil
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.serving import Served, run_lbconf, served
from tests.serving import ask as ask_served

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


def ask(url: str, path: str, body: Any = None, token: str | None = None, **query: Any) -> Any:
    parts = {key: json.dumps(value) for key, value in query.items()}
    target = f"{url}{path}" + (f"?{urllib.parse.urlencode(parts)}" if parts else "")
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json", **({"authorization": token} if token else {})}
    request = urllib.request.Request(target, data, headers)
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
        clerk = ask(server.url, "/api/customers/login", {"username": "clara", "password": "clara-secret"})["id"]
        ada = ask(server.url, "/api/customers/login", {"username": "ada", "password": "ada-secret"})["id"]
        wanted = {"include": ["customer", {"lines": "product"}], "order": "id"}
        orders = ask(server.url, "/api/orders", token=clerk, filter=wanted)
        own = ask(server.url, "/api/customers/1/orders", token=ada)
        dear = ask(server.url, "/api/products", filter={"where": {"price": {"gt": 13}}, "fields": ["sku", "price"]})
        new = {"number": "A-3", "placed": "2024-03-03T00:00:00.000Z", "customerId": 1}
        made = ask(server.url, "/api/orders", new, token=clerk)

    assert [order["customer"]["name"] for order in orders] == ["Ada", "Bob"]
    assert "notes" not in orders[0]["customer"]
    lines = [(line["position"], line["quantity"], line["product"]["name"]) for line in orders[0]["lines"]]
    assert sorted(lines) == [(1, 2, "Red book"), (2, 1, "Chess")]
    assert [order["number"] for order in own] == ["A-1"]
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


@pytest.mark.parametrize("project", ["code"], indirect=True)
def test_the_lending_desk_on_sqlite(project: Path) -> None:
    _desk(project)


@pytest.mark.parametrize("project", ["code"], indirect=True)
def test_the_lending_desk_on_postgresql(project: Path, postgresql_url: str) -> None:
    _desk(project, LBCONF_ENV="production", DATABASE_URL=postgresql_url)


def _desk(project: Path, **variables: str) -> None:
    run(project, "apply", "--auto-approve", **variables)
    with served(project, variables={**variables, "HEAD_PASSWORD": "head-secret"}) as server:
        desk = _Desk(server)
        server.wait_for_line("0 books")
        clerk = {"email": "clerk@example.org", "password": "clerk-secret"}
        desk.good("POST", "/clerks", clerk)
        asked = desk.refused("POST", "/clerks", {**clerk, "email": "other@example.org", "grade": 2})
        assert asked == (403, "GRADE_FIXED")
        junior = desk.login(clerk)
        senior = desk.login({"email": "head@example.org", "password": "head-secret"})

        book = desk.good("POST", "/books", {"isbn": "978-0-13-468599-1", "title": " A   book "}, junior)
        assert (book["isbn"], book["title"], book["changedBy"]) == ("9780134685991", "A book", "2")
        wrong = desk.send("POST", "/books", {"isbn": "9780134685992", "title": "B"}, junior)
        assert (wrong[0], wrong[1]["error"]["details"]["codes"]) == (422, {"isbn": ["custom.isbn"]})
        assert desk.good("GET", "/books/shelves?least=1") == {"titles": 1, "free": 1}

        loan = desk.good("POST", "/loans/lend", {"bookId": book["id"], "reader": "Ada"}, junior, status=201)
        assert desk.refused("POST", "/loans/lend", {"bookId": book["id"], "reader": "Bob"}, junior) == (409, "ALL_LENT")
        assert desk.refused("POST", "/loans", {"bookId": book["id"], "reader": "Bob"}, junior) == (405, "USE_LEND")
        assert desk.refused("DELETE", f"/books/{book['id']}", None, junior) == (409, "LENT")
        assert [row["reader"] for row in desk.good("GET", "/loans", None, junior)] == ["Ada"]
        assert [row["free"] for row in desk.good("GET", "/books")] == [0]

        desk.good("POST", f"/loans/{loan['id']}/give-back", {"at": "2024-01-02T03:04:05.000Z"}, junior)
        assert desk.refused("POST", f"/loans/{loan['id']}/give-back", None, junior) == (409, "RETURNED")
        desk.good("PATCH", f"/books/{book['id']}", {"withdrawn": True}, junior)
        assert desk.good("GET", "/books") == []

        assert desk.refused("DELETE", f"/loans/{loan['id']}", None, junior) == (403, "ACCESS_DENIED")
        assert desk.good("DELETE", f"/loans/{loan['id']}", None, senior) == {"count": 1}


class _Desk:
    """Requests to the lending desk."""

    def __init__(self, server: Served) -> None:
        self._server = server

    def send(self, verb: str, path: str, body: Any = None, token: str | None = None) -> tuple[int, Any]:
        headers = {"authorization": token} if token else {}
        status, answer, _ = ask_served(self._server, f"/api{path}", method=verb, body=body, headers=headers)
        return status, answer

    def good(self, verb: str, path: str, body: Any = None, token: str | None = None, *, status: int = 200) -> Any:
        got, answer = self.send(verb, path, body, token)
        assert got == status, answer
        return answer

    def refused(self, verb: str, path: str, body: Any = None, token: str | None = None) -> tuple[int, str]:
        status, answer = self.send(verb, path, body, token)
        return status, answer["error"]["code"]

    def login(self, user: dict[str, str]) -> str:
        return str(self.good("POST", "/clerks/login", {name: user[name] for name in ("email", "password")})["id"])
