"""No way to read or write many leads around the access rules."""

from collections.abc import Iterator

import pytest

from tests.serving import Served, served
from tests.wares import Told, call

FILES = {
    "datasources.yaml": "db: {connector: memory}\n",
    "models/open.yaml": (
        "dataSource: db\nproperties: {name: string}\nacls:\n"
        "  - {principalType: ROLE, principalId: $everyone, permission: ALLOW}\n"
    ),
    "models/shut.yaml": (
        "dataSource: db\nproperties: {name: string}\nacls:\n"
        "  - {principalType: ROLE, principalId: $everyone, permission: DENY}\n"
        "  - {principalType: ROLE, principalId: $everyone, permission: ALLOW, property: count}\n"
    ),
}
LINES = {"content-type": "application/x-ndjson"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    root = tmp_path_factory.mktemp("rules")
    for name, text in FILES.items():
        path = root / "environments/base" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "environments/development").mkdir()
    with served(root) as running:
        yield running


def batch(server: Served, method: str, path: str) -> Told:
    first = {"method": "POST", "path": "/opens", "body": {"name": "first"}}
    return call(server, "POST", "/api/batch", [first, {"method": method, "path": path, "body": {"name": "x"}}])


@pytest.mark.parametrize("accept", ["text/csv", "application/x-ndjson"])
def test_lists_in_another_form_are_held_to_the_rules(server: Served, accept: str) -> None:
    assert call(server, "GET", "/api/opens", headers={"accept": accept}).status == 200
    assert call(server, "GET", "/api/shuts", headers={"accept": accept}).status == 401


def test_uploads_are_held_to_the_rules(server: Served) -> None:
    assert call(server, "POST", "/api/opens", b'{"name":"a"}\n', LINES).status == 200
    told = call(server, "POST", "/api/shuts", b'{"name":"a"}\n', LINES)

    assert told.status == 401
    assert call(server, "GET", "/api/shuts/count").json == {"count": 0}


@pytest.mark.parametrize("body", [{"create": [{"name": "a"}]}, {"update": [{"id": 1, "name": "a"}]}, {"delete": [1]}])
def test_bulk_writes_are_held_to_the_rules(server: Served, body: dict[str, object]) -> None:
    assert call(server, "POST", "/api/shuts/bulk", body).status == 401
    assert call(server, "POST", "/api/shuts/bulk", body, {"prefer": "handling=lenient"}).json["errors"]
    assert call(server, "GET", "/api/shuts/count").json == {"count": 0}


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/shuts"), ("GET", "/shuts"), ("GET", "/shuts/1"), ("DELETE", "/shuts/1")]
)
def test_batches_are_held_to_the_rules_and_do_nothing_before_them(server: Served, method: str, path: str) -> None:
    before = call(server, "GET", "/api/opens/count").json

    assert batch(server, method, path).status == 401
    assert call(server, "GET", "/api/opens/count").json == before
    assert batch(server, "GET", "/shuts/count").status == 200


def test_a_guarded_or_single_write_is_held_to_the_rules(server: Served) -> None:
    for headers in ({"if-match": "*"}, {"idempotency-key": "k"}, {"prefer": "return=minimal"}):
        assert call(server, "POST", "/api/shuts", {"name": "a"}, headers).status == 401
    assert call(server, "GET", "/api/shuts/count").json == {"count": 0}
