"""What a filter reaches in other models needs a right in native projects, and none in LoopBack's layouts."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.serving import Served, ask, run_lbconf, served

SHOP = Path(__file__).parents[2] / "examples" / "shop"
RECORDED = Path(__file__).parents[1] / "conformance_rest" / "recorded" / "project"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    project = Path(shutil.copytree(SHOP, tmp_path_factory.mktemp("reach") / "shop"))
    for verb in (("apply", "--auto-approve"), ("seed",)):
        assert run_lbconf("--project", str(project), *verb).returncode == 0
    with served(project) as server:
        yield server


@pytest.fixture(scope="module")
def tokens(shop: Served) -> dict[str, str | None]:
    found: dict[str, str | None] = {"anonymous": None}
    for name in ("ada", "bob", "clara", "root"):
        body = {"username": name, "password": f"{name}-secret"}
        found[name] = ask(shop, "/api/customers/login", method="POST", body=body)[1]["id"]
    return found


def get(server: Served, path: str, token: str | None, **query: Any) -> tuple[int, Any]:
    parts = "&".join(f"{name}={quote(json.dumps(value))}" for name, value in query.items())
    headers = {"authorization": token} if token else {}
    return ask(server, f"{path}?{parts}", headers=headers)[:2]


@pytest.mark.parametrize(
    ("who", "path", "wanted", "status"),
    [
        # By name of the relation's method: the owner of the order sees its lines and its customer.
        ("ada", "/api/orders/1", {"include": ["lines", "customer"]}, 200),
        ("bob", "/api/orders/1", {"include": "lines"}, 403),
        # The lines' products are open, the lines themselves only by the order.
        ("ada", "/api/orders/1", {"include": {"lines": "product"}}, 200),
        # Down a list nobody is the owner of one.
        ("ada", "/api/customers/1/orders", {}, 200),
        ("ada", "/api/customers/1/orders", {"include": "lines"}, 403),
        ("ada", "/api/customers/1", {"include": "orders"}, 200),
        ("ada", "/api/customers/1", {"include": {"orders": "lines"}}, 403),
        ("ada", "/api/customers/1", {"include": {"relation": "orders", "scope": {"include": ["lines"]}}}, 403),
        ("clara", "/api/orders", {"include": ["customer", {"lines": "product"}]}, 200),
        ("root", "/api/customers", {"include": {"orders": "lines"}}, 200),
        ("clara", "/api/customers", {"where": {"orders.status": "paid"}}, 200),
        ("ada", "/api/customers/1/orders", {"where": {"lines.quantity": 2}}, 403),
        ("ada", "/api/customers/1/orders", {"order": "customer.name"}, 403),
        ("clara", "/api/orders", {"order": "customer.name"}, 200),
    ],
)
def test_a_filter_reaches_what_the_caller_may_read(
    shop: Served, tokens: dict[str, str | None], who: str, path: str, wanted: dict[str, Any], status: int
) -> None:
    got, answer = get(shop, path, tokens[who], filter=wanted)
    assert got == status, answer
    if status == 403:
        assert answer["error"]["code"] == "ACCESS_DENIED"


def test_a_count_tells_nothing_of_rows_that_may_not_be_read(shop: Served, tokens: dict[str, str | None]) -> None:
    assert get(shop, "/api/customers/1/orders/count", tokens["ada"], where={"lines.quantity": 2})[0] == 403
    assert get(shop, "/api/orders/count", tokens["clara"], where={"lines.quantity": 2}) == (200, {"count": 1})


def test_sums_ask_for_the_same_right(shop: Served, tokens: dict[str, str | None]) -> None:
    wanted = {"groupBy": ["status"], "count": True, "order": "count DESC", "where": {"lines.quantity": {"gt": 0}}}
    assert get(shop, "/api/orders/aggregate", tokens["clara"], filter=wanted)[0] == 200
    assert get(shop, "/api/orders/aggregate", tokens["ada"], filter=wanted)[0] == 403
    assert get(shop, "/api/products/aggregate", None, filter={"count": True})[0] == 200


def test_nobody_known_is_asked_to_say_who_they_are(shop: Served, tmp_path: Path) -> None:
    project = Path(shutil.copytree(SHOP, tmp_path / "shop"))
    product = project / "environments" / "base" / "models" / "product.yaml"
    text = product.read_text("utf-8")
    relation = "relations:\n  lines: {type: hasMany, model: OrderLine, foreignKey: productSku}\n"
    product.write_text(text.replace("checks:\n", f"{relation}checks:\n"), "utf-8")
    for verb in (("apply", "--auto-approve"), ("seed",)):
        assert run_lbconf("--project", str(project), *verb).returncode == 0
    with served(project) as server:
        assert get(server, "/api/products", None)[0] == 200
        status, answer = get(server, "/api/products", None, filter={"include": "lines"})
        assert (status, answer["error"]["code"]) == (401, "AUTHORIZATION_REQUIRED")
        assert get(server, "/api/products/findOne", None, filter={"where": {"lines.quantity": 1}})[0] == 401
        assert get(server, "/api/products/aggregate", None, filter={"where": {"lines.quantity": 1}})[0] == 401


def test_loopback_asks_for_no_right_to_what_is_included() -> None:
    with served(RECORDED) as server:
        status, answer = get(server, "/api/Ledgers", None)
        assert status == 401
        status, answer = get(server, "/api/Authors", None, filter={"include": ["books", "bio"]})
        assert (status, answer) == (200, [])
