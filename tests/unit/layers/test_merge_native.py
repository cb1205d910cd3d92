import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lbconf.diagnostics import Code, Collector
from lbconf.documents.markers import Replace, Unset
from lbconf.layers.layer import Piece
from lbconf.layers.merge_native import merge_native, plain
from lbconf.layers.provenance import Provenance

SCALARS = st.none() | st.booleans() | st.integers(0, 9) | st.sampled_from(["a", "b"])
NAMES = st.sampled_from(["a", "b", "c"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
MARKED = st.recursive(
    SCALARS | st.just(Unset()) | st.builds(Replace, VALUES),
    lambda inner: st.lists(VALUES, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
DOCUMENTS = st.dictionaries(NAMES, MARKED, max_size=3)


def merge(*layers: dict[str, Any], section: str = "server") -> Any:
    data, found = merged(*layers, section=section)
    assert found == []
    return data


def merged(*layers: dict[str, Any], section: str = "server") -> tuple[Any, list[Code]]:
    found = Collector()
    names = ("base", "production", "local", "more")
    pieces = [Piece(layer=name, data=data) for name, data in zip(names, layers, strict=False)]
    data, _ = merge_native(pieces, section, found)
    return data, [one.code for one in found.diagnostics]


def test_absent_null_unset_and_replace_are_four_things() -> None:
    base = {"kept": 1, "nulled": 1, "gone": {"x": 1}, "alone": {"x": 1, "y": 2}, "deep": {"x": 1, "y": 2}}
    overlay = {"nulled": None, "gone": Unset(), "alone": Replace({"z": 3}), "deep": {"y": 3}}
    assert merge(base, overlay) == {"kept": 1, "nulled": None, "alone": {"z": 3}, "deep": {"x": 1, "y": 3}}


def test_what_was_taken_away_can_be_given_again() -> None:
    assert merge({"a": {"x": 1}}, {"a": Unset()}, {"a": {"y": 2}}) == {"a": {"y": 2}}


def test_unset_in_the_lowest_layer_is_absent() -> None:
    assert merge({"a": Unset(), "b": Replace({"c": Unset(), "d": 1})}) == {"b": {"d": 1}}


def test_other_lists_replace_each_other() -> None:
    assert merge({"a": [1, 2, 3]}, {"a": [4]}) == {"a": [4]}


def test_rules_merge_by_what_they_are_about() -> None:
    everyone = {"principalType": "ROLE", "principalId": "$everyone"}
    base = {"acls": [{**everyone, "permission": "DENY"}, {**everyone, "property": "find", "permission": "ALLOW"}]}
    overlay = {"acls": [{**everyone, "property": "find", "permission": "DENY"}, {**everyone, "property": "x"}]}
    assert merge(base, overlay, section="models")["acls"] == [
        {**everyone, "permission": "DENY"},
        {**everyone, "property": "find", "permission": "DENY"},
        {**everyone, "property": "x"},
    ]


def test_operations_transports_and_indexes_merge_by_their_names() -> None:
    sources = merge(
        {"mail": {"connector": "mail", "transports": [{"type": "smtp", "host": "a"}, {"type": "ses"}]}},
        {"mail": {"transports": [{"type": "smtp", "port": 25}]}},
        section="datasources",
    )
    assert sources["mail"]["transports"] == [{"type": "smtp", "host": "a", "port": 25}, {"type": "ses"}]
    operation = {"template": {"url": "http://a", "method": "GET"}, "functions": {"find": ["id"]}}
    changed = {"template": {"url": "http://b"}, "functions": {"find": ["id"]}}
    rest = merge(
        {"r": {"connector": "rest", "operations": [operation]}}, {"r": {"operations": [changed]}}, section="datasources"
    )
    assert rest["r"]["operations"] == [
        {"template": {"url": "http://b", "method": "GET"}, "functions": {"find": ["id"]}}
    ]
    model = merge(
        {"indexes": [{"name": "i", "keys": ["a"]}, {"name": "j", "keys": ["b"]}]},
        {"indexes": [Unset({"name": "j"}), {"name": "i", "unique": True}, Replace({"name": "k", "keys": ["c"]})]},
        section="models",
    )
    assert model["indexes"] == [{"name": "i", "keys": ["a"], "unique": True}, {"name": "k", "keys": ["c"]}]


def test_another_connector_starts_from_nothing() -> None:
    base = {"db": {"connector": "sqlite", "file": "a.db", "debug": True}}
    overlay = {"db": {"connector": "postgresql", "host": "h"}}
    assert merge(base, overlay, section="datasources") == {"db": {"connector": "postgresql", "host": "h"}}


def test_the_same_connector_by_another_name_keeps_its_settings() -> None:
    base = {"db": {"connector": "postgresql", "host": "h"}}
    overlay = {"db": {"connector": "loopback-connector-postgresql"}}
    assert merge(base, overlay, section="datasources")["db"]["host"] == "h"


def test_short_properties_merge_as_their_type() -> None:
    base = {"properties": {"a": "string", "b": {"type": "string", "required": True}, "c": ["string"]}}
    overlay = {"properties": {"a": {"required": True}, "b": "text", "c": {"required": True}}}
    assert merge(base, overlay, section="models") == {
        "properties": {
            "a": {"type": "string", "required": True},
            "b": {"type": "text", "required": True},
            "c": {"type": ["string"], "required": True},
        }
    }


def test_overlays_that_match_nothing_are_refused_unless_complete() -> None:
    base = {"accounts": {"connector": "memory"}}
    assert merged(base, {"acounts": {"host": "h"}}, section="datasources")[1] == [Code.OVERLAY_UNMATCHED]
    assert merged(base, {"other": {"connector": "memory"}}, section="datasources")[1] == []
    model = {"properties": {"email": {"type": "string"}}}
    assert merged(model, {"properties": {"emial": {"required": True}}}, section="models")[1] == [Code.OVERLAY_UNMATCHED]
    assert merged(model, {"properties": {"age": {"type": "number"}}}, section="models")[1] == []


def test_the_nearest_name_is_in_the_hint() -> None:
    found = Collector()
    pieces = [
        Piece(layer="base", data={"accounts": {"connector": "memory"}}),
        Piece(layer="production", data={"acounts": {"host": "h"}}),
    ]
    merge_native(pieces, "datasources", found)
    assert found.errors[0].hint is not None
    assert found.errors[0].hint.startswith("did you mean accounts?")


@given(st.lists(DOCUMENTS, max_size=4), st.sampled_from(["server", "datasources", "models"]))
def test_merging_never_changes_its_inputs(layers: list[dict[str, Any]], section: str) -> None:
    before = copy.deepcopy(layers)
    merged(*layers, section=section)
    assert layers == before


@given(st.lists(DOCUMENTS, max_size=4))
def test_no_marker_is_left(layers: list[dict[str, Any]]) -> None:
    data, _ = merged(*layers)
    assert plain(data) == data


@given(st.dictionaries(NAMES, VALUES, max_size=3))
def test_merging_with_itself_changes_nothing(document: dict[str, Any]) -> None:
    assert merged(document, document)[0] == document


@given(st.lists(DOCUMENTS, max_size=4), st.sampled_from(["server", "datasources", "models"]))
def test_every_value_has_an_origin_and_nothing_else_has(layers: list[dict[str, Any]], section: str) -> None:
    # given
    names = ("base", "production", "local", "more")
    pieces = [Piece(layer=name, data=data) for name, data in zip(names, layers, strict=False)]

    # when
    data, trail = merge_native(pieces, section, Collector())
    provenance = Provenance({"/part": lambda: trail})

    # then
    expected = set(_pointers(data, "/part"))
    assert {pointer for pointer in provenance if pointer.startswith("/part")} == expected
    for pointer in expected - {"/part"}:
        assert provenance[pointer]


@given(st.lists(st.dictionaries(NAMES, VALUES, max_size=3), min_size=1, max_size=4))
def test_the_winning_origin_gave_the_value(layers: list[dict[str, Any]]) -> None:
    # given
    names = ("base", "production", "local", "more")
    pieces = [Piece(layer=name, data=data) for name, data in zip(names, layers, strict=False)]

    # when
    data, trail = merge_native(pieces, "server", Collector())
    provenance = Provenance({"/part": lambda: trail})

    # then
    for pointer, value in _leaves(data, "/part"):
        assert provenance[pointer][-1].value == value


def _pointers(value: Any, pointer: str) -> list[str]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [pointer, *(inner for key, item in items for inner in _pointers(item, f"{pointer}/{key}"))]


def _leaves(value: Any, pointer: str) -> list[tuple[str, Any]]:
    if not isinstance(value, dict | list):
        return [(pointer, value)]
    items = value.items() if isinstance(value, dict) else enumerate(value)
    return [leaf for key, item in items for leaf in _leaves(item, f"{pointer}/{key}")]
