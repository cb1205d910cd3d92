from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lbconf.project.inheritance import Written, bases_first, inherited_properties, inherited_settings

NAMES = st.sampled_from("ABCDEFG")
BASES = st.dictionaries(NAMES, NAMES | st.just("PersistedModel"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
SETTINGS = st.dictionaries(
    st.sampled_from(["description", "hidden", "acls", "relations", "scope", "plural", "http", "x", "indexes"]), JSON
)


@given(BASES)
def test_bases_come_before_their_children(bases: dict[str, str]) -> None:
    order, circles = bases_first(bases)
    for place, name in enumerate(order):
        assert bases[name] not in order[place:]
    in_circle = {name for circle in circles for name in circle}
    assert in_circle.isdisjoint(order)
    for circle in circles:
        assert [bases[name] for name in circle] == [*circle[1:], circle[0]]


@given(BASES)
def test_every_model_is_ordered_or_leads_into_a_circle(bases: dict[str, str]) -> None:
    order, circles = bases_first(bases)
    in_circle = {name for circle in circles for name in circle}
    for name in bases.keys() - set(order):
        seen = set()
        while name not in in_circle:
            assert name not in seen
            seen.add(name)
            name = bases[name]  # noqa: PLW2901 - walks up


@given(SETTINGS, SETTINGS)
def test_inheriting_changes_neither_side(parent: dict[str, Any], own: dict[str, Any]) -> None:
    before = repr(parent), repr(own)
    inherited_settings(parent, own)
    assert (repr(parent), repr(own)) == before


@given(SETTINGS)
def test_a_child_that_says_nothing_has_all_but_what_is_its_bases_own(parent: dict[str, Any]) -> None:
    expected = {name: value for name, value in parent.items() if name not in {"plural", "http"}}
    assert inherited_settings(parent, {}) == expected


def test_policies() -> None:
    parent = {
        "description": "old", "hidden": ["a"], "acls": [1], "scope": {"where": {"x": 1}, "limit": 2},
        "relations": {"r": {"type": "hasOne"}, "s": {"type": "hasMany"}},
    }  # fmt: skip
    own = {"description": "new", "hidden": ["a", "b"], "acls": [2], "scope": {"limit": 3}, "relations": {"r": {"m": 1}}}
    assert inherited_settings(parent, own) == {
        "description": "new",
        "hidden": ["a", "b"],
        "acls": [1, 2],
        "scope": {"where": {"x": 1}, "limit": 3},
        "relations": {"r": {"m": 1}, "s": {"type": "hasMany"}},
    }


def test_configure_model_merge_replaces_and_deletes() -> None:
    parent = {"scope": {"limit": 2}, "ttl": 5, "hidden": ["a"]}
    own = {"configureModelMerge": True, "scope": {"order": "x"}, "ttl": None, "hidden": ["b"]}
    assert inherited_settings(parent, own) == {
        "configureModelMerge": True,
        "scope": {"order": "x"},
        "hidden": ["a", "b"],
    }


def test_properties_are_replaced_removed_and_excluded() -> None:
    parent = {
        "id": Written({"type": "number", "id": True}, None),
        "a": Written("string", None),
        "b": Written("string", None),
        "c": Written("string", None),
    }
    own = {"a": Written({"type": "number"}, None), "b": Written(None, None), "z": Written("date", None)}
    merged = inherited_properties(parent, own, excluded=["c"])
    assert list(merged) == ["id", "a", "z"]
    assert merged["a"].attributes == {"type": "number"}


def test_a_child_with_an_id_inherits_none() -> None:
    parent = {"id": Written({"type": "number", "id": True}, None), "a": Written("string", None)}
    merged = inherited_properties(parent, {"code": Written({"type": "string", "id": True}, None)})
    assert list(merged) == ["a", "code"]
