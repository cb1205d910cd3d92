"""What a client reads when a data source refuses a write: the same on every connector, nothing of its inside."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.serving import Served, ask, run_lbconf, served

CUSTOMER = """\
name: Customer
dataSource: db
public: true
properties:
  email: {type: string, required: true, unique: true, index: true}
  nick: {type: string, column: nick_name}
relations:
  orders: {type: hasMany, model: Order, foreignKey: customerId}
"""
ORDER = """\
name: Order
dataSource: db
public: true
properties:
  price: decimal(6,2)
  day: dateonly
  level: {type: integer, bits: 32}
  double: {type: number, postgresql: {generatedAs: "price * 2"}, sqlite: {generatedAs: "price * 2"}}
  rate: {type: number, postgresql: {dataType: "numeric(6,2)"}}
relations:
  customer: {type: belongsTo, model: Customer, foreignKey: customerId}
"""
INVOICE = """\
name: Invoice
dataSource: db
public: true
properties:
  customerId: integer
relations:
  customer: {type: belongsTo, model: Customer, foreignKey: customerId, onDelete: RESTRICT}
"""
LINE = """\
name: Line
dataSource: db
public: true
properties:
  code: {type: string, id: 1, generated: false}
  place: {type: integer, id: 2, generated: false}
  note: string
"""
SOURCES = {
    "memory": "{connector: memory}",
    "sqlite": "{connector: sqlite, file: rows.db}",
    "postgresql": "{connector: postgresql, url: '${DATABASE_URL}'}",
}


@pytest.fixture(scope="module", params=list(SOURCES))
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Served]]:
    """A server over empty tables, and its connector's name."""
    root = tmp_path_factory.mktemp("shop")
    models = root / "environments" / "base" / "models"
    models.mkdir(parents=True)
    (models / "customer.yaml").write_text(CUSTOMER)
    (models / "order.yaml").write_text(ORDER)
    (models / "invoice.yaml").write_text(INVOICE)
    (models / "line.yaml").write_text(LINE)
    (models.parent / "datasources.yaml").write_text(f"db: {SOURCES[request.param]}\n")
    with contextlib.ExitStack() as stack:
        variables = {}
        if request.param == "postgresql":
            server = request.getfixturevalue("postgresql_server")
            variables["DATABASE_URL"] = server.create_database()
            stack.callback(server.drop_database, variables["DATABASE_URL"])
        if request.param != "memory":
            done = run_lbconf("apply", "--project", str(root), "--auto-approve", variables=variables)
            assert done.returncode == 0, done.stderr
        yield request.param, stack.enter_context(served(root, variables=variables))


def test_a_taken_value_is_a_conflict(shop: tuple[str, Served]) -> None:
    _, server = shop
    assert ask(server, "/api/customers", method="POST", body={"email": "twice@x"})[0] == 200

    status, body, _ = ask(server, "/api/customers", method="POST", body={"email": "twice@x"})

    assert (status, body["error"]) == (
        409,
        {
            "statusCode": 409,
            "name": "ConflictError",
            "message": "There is another `Customer` instance with the same `email`.",
            "code": "NOT_UNIQUE",
            "details": {
                "context": "Customer",
                "codes": {"email": ["uniqueness"]},
                "messages": {"email": ["is not unique"]},
            },
        },
    )


def test_a_reference_that_leads_nowhere_names_the_property(shop: tuple[str, Served]) -> None:
    connector, server = shop
    if connector == "memory":
        pytest.skip("memory watches over no references")

    made = ask(server, "/api/orders", method="POST", body={"price": 1})[1]
    answers = [
        ask(server, "/api/orders", method="POST", body={"customerId": 999}),
        ask(server, f"/api/orders/{made['id']}", method="PATCH", body={"customerId": 999}),
        ask(server, f"/api/orders/update?where=%7B%22id%22:{made['id']}%7D", method="POST", body={"customerId": 999}),
    ]

    for status, body, _ in answers:
        assert (status, body["error"]["name"], body["error"]["code"]) == (422, "ValidationError", "REFERENCE_NOT_FOUND")
        assert body["error"]["details"]["messages"] == {"customerId": ["refers to no Customer"]}
        assert_nothing_of_the_inside(body)


@pytest.mark.parametrize("child", ["Order", "Invoice"])
def test_what_others_refer_to_cannot_be_deleted(shop: tuple[str, Served], child: str) -> None:
    connector, server = shop
    if connector == "memory":
        pytest.skip("memory watches over no references")
    customer = ask(server, "/api/customers", method="POST", body={"email": f"parent@{child}"})[1]
    assert ask(server, f"/api/{child.lower()}s", method="POST", body={"customerId": customer["id"]})[0] == 200

    status, body, _ = ask(server, f"/api/customers/{customer['id']}", method="DELETE")

    assert (status, body["error"]["name"], body["error"]["code"]) == (409, "ConflictError", "STILL_REFERRED_TO")
    assert f"`{child}`" in body["error"]["message"]
    assert_nothing_of_the_inside(body)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"price": "0.105"}, "is not a number with at most 2 digits after the point"),
        ({"price": 123456.25}, "is not a number with at most 4 digits before the point"),
        ({"day": "2023-02-30"}, "is not a valid date"),
        ({"level": 3_000_000_000}, "is not between -2147483648 and 2147483647"),
    ],
)
def test_a_value_that_would_be_stored_otherwise_is_refused(
    shop: tuple[str, Served], data: dict[str, Any], message: str
) -> None:
    _, server = shop
    (name,) = data
    row = ask(server, "/api/orders", method="POST", body={"price": 1})[1]

    answers = [
        ask(server, "/api/orders", method="POST", body=data),
        ask(server, "/api/orders", method="POST", body=[{}, data]),
        ask(server, f"/api/orders/{row['id']}", method="PATCH", body=data),
        ask(server, f"/api/orders/{row['id']}", method="PUT", body=data),
        ask(server, f"/api/orders/update?where=%7B%22id%22:{row['id']}%7D", method="POST", body=data),
    ]

    for status, body, _ in answers:
        assert status == 422
        assert message in json.dumps(body)
    assert ask(server, f"/api/orders/{row['id']}")[1].get(name) == row.get(name)


def test_the_answer_to_a_write_is_what_was_stored(shop: tuple[str, Served]) -> None:
    connector, server = shop
    made = ask(server, "/api/orders", method="POST", body={"price": "1.50", "rate": 0.105, "level": 7})[1]
    path = f"/api/orders/{made['id']}"

    stored = ask(server, path)[1]
    assert {name: stored[name] for name in made} == made
    assert made["price"] == 1.5
    for method, data in (("PATCH", {"rate": 0.205}), ("PUT", {"rate": 0.305, "price": "2.50"})):
        answer = ask(server, path, method=method, body=data)[1]
        stored = ask(server, path)[1]
        assert {name: stored.get(name) for name in answer} == answer
        assert connector == "memory" or answer["double"] == answer["price"] * 2


def test_a_composite_key_is_its_parts_joined_by_commas(shop: tuple[str, Served]) -> None:
    _, server = shop
    first = ask(server, "/api/lines", method="POST", body={"code": "a,b/c", "place": 2, "note": "x"})[1]

    assert ask(server, "/api/lines/a%2Cb%2Fc,2")[:2] == (200, first)
    assert ask(server, "/api/lines/a%2Cb%2Fc,2", method="PATCH", body={"note": "y"})[1]["note"] == "y"
    assert ask(server, "/api/lines/a%2Cb%2Fc,3")[0] == 404
    assert ask(server, "/api/lines/a,b%2Fc,2")[0] == 404
    assert ask(server, "/api/lines/a%2Cb%2Fc")[0] == 404
    second = ask(server, "/api/lines", method="POST", body={"code": "plain", "place": 1, "note": "x"})[1]
    assert ask(server, "/api/lines/plain,1")[1] == second
    assert ask(server, "/api/lines/plain%2C1")[1] == second
    assert ask(server, "/api/lines", method="POST", body={"code": "plain", "place": 1})[0] == 409
    document = ask(server, "/openapi.json")[1]
    name = document["paths"]["/lines/{id}"]["get"]["parameters"][0]["$ref"].rpartition("/")[2]
    described = document["components"]["parameters"][name]["description"]
    assert "code, place in this order, joined by commas" in described
    assert ask(server, "/api/lines/a%2Cb%2Fc,2", method="DELETE")[1] == {"count": 1}


def assert_nothing_of_the_inside(body: Any) -> None:
    text = json.dumps(body).lower()
    assert not [word for word in ("data source", "constraint", "sqlite", "postgres", "table", "_fk") if word in text]
