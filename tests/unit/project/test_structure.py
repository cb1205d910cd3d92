from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lbconf.diagnostics import Code, Collector
from lbconf.layers.secret import Secret
from lbconf.project.acceptance import accepts
from lbconf.project.shapes import DEFINITIONS, ROOTS
from lbconf.project.sources import Places
from lbconf.project.structure import Checker
from tests.unit.project.merging import merged

KEYS = st.sampled_from(
    sorted(
        {key for root in ROOTS.values() for key in root["properties"]} | {"unknown", "x", "type", "model", "permission"}
    )
)
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 3)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["auto", "filter", "hasMany", "ALLOW", "READ", "5", "x"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


def check(root: str, value: Any) -> tuple[Any, list[tuple[Code, str]]]:
    findings = Collector()
    checked = Checker(Places(merged({})), findings).check(root, value, "", "it")
    return checked, [(one.code, str(one.location.pointer)) for one in findings.diagnostics if one.location]


@settings(max_examples=500)
@given(root=st.sampled_from(sorted(ROOTS)), value=st.dictionaries(KEYS, ANYTHING, max_size=4))
def test_the_fast_way_says_yes_exactly_where_nothing_is_found(root: str, value: dict[str, Any]) -> None:
    findings = Collector()
    Checker(Places(merged({})), findings)._check(value, ROOTS[root], "", "it")
    assert accepts(root, value) == (findings.diagnostics == ())


def test_what_is_wrong_is_left_out_and_the_rest_kept() -> None:
    written = {"plural": 5, "base": "B", "hidden": ["a", 3], "acls": [{"permission": "NO"}, {"permission": "DENY"}]}
    checked, found = check("native-model", written)
    assert checked == {"base": "B", "hidden": ["a"], "acls": [{}, {"permission": "DENY"}]}
    assert found == [
        (Code.VALUE_TYPE, "/plural"),
        (Code.VALUE_TYPE, "/hidden/1"),
        (Code.VALUE_UNKNOWN, "/acls/0/permission"),
    ]
    assert written["plural"] == 5


def test_secrets_are_not_looked_at() -> None:
    assert check("native-model", {"plural": Secret("x")}) == ({"plural": Secret("x")}, [])


def test_null_is_as_good_as_nothing() -> None:
    assert check("native-model", {"plural": None, "properties": {"a": None}})[1] == []


@pytest.mark.parametrize(("port", "good"), [(80, True), ("80", True), ("eighty", False), (True, False)])
def test_ports(port: Any, *, good: bool) -> None:
    assert (check("native-server", {"port": port})[1] == []) is good


def test_every_reference_of_the_table_leads_somewhere() -> None:
    def references(shape: Any) -> Any:
        if isinstance(shape, dict):
            if "$ref" in shape:
                yield shape["$ref"]
            for inner in shape.values():
                yield from references(inner)
        elif isinstance(shape, list):
            for inner in shape:
                yield from references(inner)

    assert set(references([ROOTS, DEFINITIONS])) == set(DEFINITIONS)
