"""The parts of a plan beside the structure: the REST API and who may use it; on SQLite, PostgreSQL and MariaDB."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.place import KINDS, Place, made_of_kind

ORDER = """\
name: Order
dataSource: db
properties:
  note: {type: string}
  level: {type: integer}
acls:
  - {principalType: ROLE, principalId: $everyone, permission: DENY}
  - {principalType: ROLE, principalId: $everyone, permission: ALLOW, accessType: READ}
"""
LOOSE = ORDER + "  - {principalType: ROLE, principalId: $everyone, permission: ALLOW, property: deleteById}\n"


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    found = made_of_kind(request, tmp_path)
    found.write("server.yaml", "auth: true\n")
    found.write("models/order.yaml", ORDER)
    return found


def parts(place: Place) -> dict[str, list[tuple[str, bool]]]:
    _, out, err = place.run("plan", "--format", "json")
    assert out, err
    report: Any = json.loads(out)
    return {
        part["part"]: [(change["summary"], change["breaking"]) for change in part["changes"]]
        for part in report["parts"]
    }


def test_before_the_first_apply_there_is_nothing_to_compare_with(place: Place) -> None:
    assert parts(place) == {}


def test_who_gains_what_is_told_noted_by_apply_and_then_known(place: Place) -> None:
    place.apply()
    assert parts(place) == {}
    place.write("models/order.yaml", LOOSE)
    assert parts(place) == {"access": [("everyone gains DELETE on Order", False)]}
    code, out, _ = place.run("plan", "--detailed-exitcode")
    assert (code, "everyone gains DELETE on Order" in out) == (0, True), "the database is as the models say"
    place.apply()
    assert parts(place) == {}
    assert place.run("plan", "--detailed-exitcode")[0] == 0
    place.write("models/order.yaml", ORDER)
    assert parts(place) == {"access": [("everyone loses DELETE on Order", True)]}


def test_what_breaks_clients_is_told_beside_the_structure(place: Place) -> None:
    place.apply()
    place.write(
        "models/order.yaml", ORDER.replace("  level: {type: integer}\n", "").replace("type: string", "type: text")
    )
    assert parts(place)["api"] == [("property Order.level", True)]
    place.write("models/order.yaml", ORDER + "public: false\n")
    found = parts(place)
    assert [breaking for _, breaking in found["api"]] == [True]
    assert "everyone loses GET" in found["access"][0][0]


def test_a_change_of_a_model_is_told_of_those_that_build_on_it(place: Place) -> None:
    place.write("models/big.yaml", "name: Big\nbase: Order\ndataSource: db\nproperties:\n  size: {type: integer}\n")
    place.apply()
    place.write("models/order.yaml", ORDER.replace("level: {type: integer}", "level: {type: number}"))
    assert {summary.partition(":")[0] for summary, _ in parts(place)["api"]} == {
        "property Big.level",
        "property Order.level",
    }


def test_the_rest_root_concerns_every_model(place: Place) -> None:
    place.apply()
    place.write("server.yaml", "auth: true\nrestApiRoot: /v2\n")
    assert parts(place)["api"] == [("path of Order: /api/orders -> /v2/orders", True)]


def test_a_plan_of_one_model_leaves_what_is_known_of_the_api(place: Place) -> None:
    place.apply()
    place.write("models/order.yaml", LOOSE.replace("note: {type: string}", "note: {type: string, index: true}"))
    place.apply("--model", "Order", "--accept", "all")
    assert list(parts(place)) == ["access"]
