"""Every endpoint of the shop asked by everybody; who may is read from the files a second time (`access_reference`)."""

import http.client
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from lbconf.api.endpoints import Endpoint, endpoints_of
from lbconf.operations.load import load_project
from tests.access_reference import allowed, rules_of
from tests.serving import Served, run_lbconf, served

SHOP = Path(__file__).parents[2] / "examples" / "shop"
IDS = {"Customer": "1", "Product": "BK-1", "Order": "1", "OrderLine": "1,1"}
"""One instance of each model. The first three roads lead to Ada."""

CALLERS: dict[str, set[str]] = {
    "anonymous": {"$unauthenticated"},
    "bob": {"$authenticated"},
    "ada": {"$authenticated", "$owner"},
    "clara": {"$authenticated", "clerk"},
    "root": {"$authenticated", "admin"},
}
"""Who asks, and what they are with regard to these instances; those who may change rows come last."""
OWNED = {"Customer", "Order"}
VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    """The shop with its seed rows."""
    project = Path(shutil.copytree(SHOP, tmp_path / "shop"))
    variables = {}
    if request.param == "postgresql":
        variables = {"LBCONF_ENV": "production", "DATABASE_URL": request.getfixturevalue("postgresql_url")}
    for verb in (("apply", "--auto-approve"), ("seed",)):
        done = run_lbconf("--project", str(project), *verb, variables=variables)
        assert done.returncode == 0, done.stderr
    with served(project, variables=variables) as server:
        yield server


def test_everybody_at_every_endpoint(shop: Served) -> None:
    listed = endpoints_of(load_project(SHOP))
    endpoints = sorted(listed, key=lambda found: (found.method == "logout", VERBS.index(found.verb)))
    assert {endpoint.model.name for endpoint in endpoints} == set(IDS)
    tokens = {name: None if name == "anonymous" else _login(shop, name) for name in CALLERS}
    wrong: list[str] = []
    outcomes: dict[bool, int] = {True: 0, False: 0}
    for name, roles in CALLERS.items():
        for endpoint in endpoints:
            may = _may(endpoint, roles)
            outcomes[may] += 1
            status, code = _ask(shop, endpoint, tokens[name])
            refusal = (401, "AUTHORIZATION_REQUIRED") if name == "anonymous" else (403, "ACCESS_DENIED")
            refused = (status, code) == refusal or (endpoint.verb == "HEAD" and status == refusal[0])
            if refused is may or status >= 500:
                wrong.append(
                    f"{name} {endpoint.verb} {_path(endpoint)} ({endpoint.method}): {status} {code}, may: {may}"
                )
    assert wrong == []
    assert min(outcomes.values()) > 100, "both outcomes are many"


def _may(endpoint: Endpoint, roles: set[str]) -> bool:
    model = endpoint.model.name
    if endpoint.method == "setPassword":
        return False  # only the short-lived token of a reset is for it
    about_one = "{id}" in endpoint.path
    known = {"$everyone", *roles} - (set() if about_one and model in OWNED else {"$owner"})
    return allowed(rules_of(SHOP, model), endpoint.method, endpoint.verb, known)


def _path(endpoint: Endpoint) -> str:
    below = endpoint.path.replace("{id}", IDS[endpoint.model.name]).replace("{fk}", IDS.get(endpoint.subject.name, "1"))
    return f"/api{endpoint.model.path}{below}".rstrip("/")


def _login(server: Served, name: str) -> str:
    where = urlsplit(server.url)
    assert where.hostname is not None
    connection = http.client.HTTPConnection(where.hostname, where.port, timeout=30)
    body = json.dumps({"username": name, "password": f"{name}-secret"})
    connection.request("POST", "/api/customers/login", body, {"content-type": "application/json"})
    answer = connection.getresponse()
    told: dict[str, Any] = json.load(answer)
    connection.close()
    assert answer.status == 200, told
    return str(told["id"])


def _ask(server: Served, endpoint: Endpoint, token: str | None) -> tuple[int, str | None]:
    where = urlsplit(server.url)
    assert where.hostname is not None
    connection = http.client.HTTPConnection(where.hostname, where.port, timeout=30)
    headers = {"content-type": "application/json", **({"authorization": token} if token else {})}
    body = None if endpoint.verb in {"GET", "HEAD", "DELETE"} else b"{}"
    path = _path(endpoint)
    if endpoint.verb == "DELETE" and "{" not in endpoint.path.rsplit("/", 1)[-1]:
        path += "?where=%7B%7D"
    connection.request(endpoint.verb, path, body, headers)
    answer = connection.getresponse()
    code = None
    if answer.status >= 400 and endpoint.verb != "HEAD":
        code = json.load(answer).get("error", {}).get("code")
    connection.close()
    return answer.status, code
