"""Changes of what the API offers: which there are, and which break who relied on it."""

from collections.abc import Mapping
from typing import Any

import pytest

from lbconf.api.surface_changes import SurfaceChange, access_changes, api_changes

ROUTES = {"GET /": ["find", "none", "instances", "Order"], "DELETE /{id}": ["deleteById", "none", "count", "Order"]}
STRING, INTEGER, NUMBER = {"type": "string"}, {"type": "integer", "format": "int64"}, {"type": "number"}


def surface(**parts: Any) -> dict[str, Any]:
    return {
        "path": "/api/orders",
        "routes": ROUTES,
        "answer": {"note": STRING},
        "new": {"note": STRING},
        "required": [],
        "closed": False,
        **parts,
    }


def told(found: list[SurfaceChange]) -> list[tuple[str, str, bool]]:
    return [(change.action, change.summary, change.breaking) for change in found]


def changes(before: Any, after: Any) -> list[tuple[str, str, bool]]:
    return told(list(api_changes("Order", before, after)))


def both(schema: Mapping[str, Any]) -> dict[str, Any]:
    return surface(answer={"note": schema}, new={"note": schema})


def test_the_same_is_no_change() -> None:
    assert changes(surface(), surface()) == []


def test_models_come_and_go() -> None:
    assert changes(None, surface()) == [("add", "Order: 2 routes at /api/orders", False)]
    assert changes(surface(), None) == [("destroy", "Order: 2 routes at /api/orders", True)]


def test_routes_come_and_go() -> None:
    less = surface(routes={"GET /": ROUTES["GET /"]})
    assert changes(surface(), less) == [("destroy", "DELETE /api/orders/{id}", True)]
    assert changes(less, surface()) == [("add", "DELETE /api/orders/{id}", False)]
    assert changes(surface(), surface(path="/v2/orders"))[0][2]


def test_properties_come_and_go() -> None:
    more = surface(answer={"note": STRING, "level": INTEGER}, new={"note": STRING, "level": INTEGER})
    assert changes(surface(), more) == [("add", "property Order.level", False)]
    assert changes(more, surface()) == [("destroy", "property Order.level", True)]


def test_what_has_to_be_given_breaks_who_does_not() -> None:
    required = surface(required=["note"])
    assert [breaking for _, _, breaking in changes(surface(), required)] == [True]
    assert [breaking for _, _, breaking in changes(required, surface())] == [False]


def test_refusing_unknown_properties_breaks() -> None:
    assert [breaking for _, _, breaking in changes(surface(), surface(closed=True))] == [True]
    assert changes(surface(closed=True), surface()) == []


@pytest.mark.parametrize(
    ("before", "after", "answers_break", "bodies_break"),
    [
        (INTEGER, NUMBER, True, False),
        (NUMBER, INTEGER, False, True),
        (STRING, {"type": ["string", "null"]}, True, False),
        ({"type": ["string", "null"]}, STRING, False, True),
        ({"type": "string", "maxLength": 10}, {"type": "string", "maxLength": 20}, True, False),
        ({"type": "string", "maxLength": 20}, {"type": "string", "maxLength": 10}, False, True),
        ({"type": "string", "enum": ["a"]}, {"type": "string", "enum": ["a", "b"]}, True, False),
        ({"type": "string", "enum": ["a", "b"]}, {"type": "string", "enum": ["a"]}, False, True),
        ({"type": "integer", "format": "int32"}, INTEGER, True, False),
        (STRING, INTEGER, True, True),
        (STRING, {"type": "string", "format": "date-time"}, False, True),
    ],
)
def test_a_type_may_widen_for_bodies_and_narrow_for_answers(
    *, before: dict[str, Any], after: dict[str, Any], answers_break: bool, bodies_break: bool
) -> None:
    found = list(api_changes("Order", both(before), both(after)))
    assert [change.breaking for change in found if "takes less" not in change.summary] == [answers_break]
    assert [change.breaking for change in found if "takes less" in change.summary] == [True] * bodies_break


def test_descriptions_and_defaults_are_no_change() -> None:
    assert changes(both(STRING), both({**STRING, "description": "x", "default": "y"})) == []


def access(before: Mapping[str, list[str]] | None, after: Mapping[str, list[str]] | None) -> list[str]:
    sides = [surface() if side is None else surface(callers=dict(side)) for side in (before, after)]
    return [change.summary for change in access_changes("Order", *sides)]


def callers(anonymous: str = "", logged_in: str = "", owner: str = "", **roles: str) -> dict[str, list[str]]:
    known = {"r": "GET /", "d": "DELETE /{id}"}
    given = {"$unauthenticated": anonymous, "$authenticated": logged_in, "$owner": owner, **roles}
    return {who: sorted(known[letter] for letter in letters) for who, letters in given.items()}


def test_who_gains_or_loses_what() -> None:
    assert access(callers("r", "r", "rd"), callers("rd", "rd", "rd")) == ["everyone gains DELETE on Order"]
    assert access(callers("r", "rd", "rd"), callers("", "rd", "rd")) == ["anonymous callers lose GET on Order"]
    assert access(callers("", "", "r"), callers("", "", "rd")) == ["owners gain DELETE on Order"]
    assert access(callers("", "r", "r", admin="r"), callers("", "r", "r", admin="rd")) == [
        "role admin gains DELETE on Order"
    ]
    assert access(callers("", "r", "r", admin="rd"), callers("", "r", "r")) == ["role admin loses DELETE on Order"]


def test_switching_access_control_on_takes_from_everyone() -> None:
    assert access(None, callers("", "rd", "rd")) == ["anonymous callers lose GET and DELETE on Order"]
    assert access(callers("", "rd", "rd"), None) == ["anonymous callers gain GET and DELETE on Order"]


def test_what_is_said_of_logged_in_users_is_not_said_again_of_owners_and_roles() -> None:
    found = access(callers("", "r", "r", admin="r"), callers("", "rd", "rd", admin="rd"))
    assert found == ["logged-in users gain DELETE on Order"]
