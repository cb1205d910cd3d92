"""Verbs and paths to endpoints, as LoopBack's router finds them."""

import pytest

from lbconf.api.endpoints import endpoints_of
from lbconf.api.route_table import Found, NotFound, RouteTable, Undecodable
from lbconf.project.resolved import Project


@pytest.fixture
def table(shop: Project) -> RouteTable:
    return RouteTable(endpoints_of(shop))


@pytest.mark.parametrize(
    ("verb", "path", "method", "parameters"),
    [
        ("GET", "/Orders", "find", {}),
        ("GET", "/Orders/", "find", {}),
        ("GET", "/orders", "find", {}),
        ("POST", "/Orders", "create", {}),
        ("PATCH", "/Orders", "patchOrCreate", {}),
        ("PUT", "/Orders", "replaceOrCreate", {}),
        ("POST", "/Orders/replaceOrCreate", "replaceOrCreate", {}),
        ("POST", "/Orders/upsertWithWhere", "upsertWithWhere", {}),
        ("POST", "/Orders/update", "updateAll", {}),
        ("GET", "/Orders/findOne", "findOne", {}),
        ("GET", "/Orders/FINDONE", "findOne", {}),
        ("GET", "/Orders/count", "count", {}),
        ("GET", "/Orders/7", "findById", {"id": "7"}),
        ("GET", "/Orders/a%2Fb%20c", "findById", {"id": "a/b c"}),
        ("HEAD", "/Orders/7", "exists", {"id": "7"}),
        ("HEAD", "/Orders/count", "exists", {"id": "count"}),
        ("GET", "//Orders//7", "findById", {"id": "7"}),
        ("GET", "/Orders/7/exists", "exists", {"id": "7"}),
        ("PATCH", "/Orders/7", "prototype.patchAttributes", {"id": "7"}),
        ("PUT", "/Orders/7", "replaceById", {"id": "7"}),
        ("POST", "/Orders/7/replace", "replaceById", {"id": "7"}),
        ("DELETE", "/Orders/7", "deleteById", {"id": "7"}),
        ("DELETE", "/Orders/count", "deleteById", {"id": "count"}),
        ("GET", "/Orders/7/lines", "prototype.__get__lines", {"id": "7"}),
        ("GET", "/Orders/7/lines/count", "prototype.__count__lines", {"id": "7"}),
        ("GET", "/Orders/7/lines/3", "prototype.__findById__lines", {"id": "7", "fk": "3"}),
        ("PUT", "/Orders/7/lines/3", "prototype.__updateById__lines", {"id": "7", "fk": "3"}),
        ("GET", "/Orders/open", "__get__open", {}),
        ("GET", "/Orders/open/count", "__count__open", {}),
        ("GET", "/Lines/7/order", "prototype.__get__order", {"id": "7"}),
    ],
)
def test_finds_the_endpoint(table: RouteTable, verb: str, path: str, method: str, parameters: dict[str, str]) -> None:
    found = table.match(verb, path)

    assert isinstance(found, Found)
    assert (found.endpoint.method, found.parameters) == (method, parameters)


@pytest.mark.parametrize(
    ("verb", "path", "model", "rest"),
    [
        ("DELETE", "/Orders", "Order", "/"),
        ("DELETE", "/orders/", "Order", "/"),
        ("POST", "/Orders/7", "Order", "/7"),
        ("GET", "/Orders/7/bogus", "Order", "/7/bogus"),
        ("GET", "/Orders/7//bogus", "Order", "/7/bogus"),
        ("GET", "/Order", None, "/Order"),
        ("GET", "/Hiddens", None, "/Hiddens"),
        ("GET", "/", None, "/"),
        ("GET", "", None, "/"),
        ("TRACE", "/Orders", "Order", "/"),
    ],
)
def test_says_which_model_lacks_the_method(
    table: RouteTable, verb: str, path: str, model: str | None, rest: str
) -> None:
    found = table.match(verb, path)

    assert isinstance(found, NotFound)
    assert (found.model.name if found.model else None, found.rest) == (model, rest)


@pytest.mark.parametrize("segment", ["%", "%4", "%zz", "%ff", "a%C3"])
def test_refuses_what_is_no_utf8(table: RouteTable, segment: str) -> None:
    assert table.match("GET", f"/Orders/{segment}") == Undecodable(segment)
