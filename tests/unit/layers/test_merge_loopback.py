"""The table of loopback-boot's merge, row by row, in our words; what it really did is in test_merge_recorded."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lbconf.diagnostics import Code, Collector, Severity
from lbconf.documents.markers import UNDEFINED
from lbconf.layers.layer import Piece
from lbconf.layers.merge_loopback import merge_loopback, merge_middleware
from lbconf.layers.provenance import Provenance

ABSENT = object()
NAMES = st.sampled_from(["a", "b", "c"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.sampled_from(["", "x"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2),
    max_leaves=6,
)
DOCUMENTS = st.dictionaries(NAMES, VALUES, max_size=3)


@pytest.mark.parametrize(
    ("old", "new", "result", "code", "stops"),
    [
        (1, "x", "x", None, False),
        ("x", False, False, None, False),
        (1, None, 1, Code.MERGE_INCOMPATIBLE, True),
        (1, {}, 1, Code.MERGE_INCOMPATIBLE, True),
        (1, [], 1, Code.MERGE_INCOMPATIBLE, True),
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}, None, False),
        ({"a": 1}, {}, {"a": 1}, None, False),
        ({"a": 1}, None, None, None, False),
        ({"a": 1}, 1, {"a": 1}, Code.MERGE_INCOMPATIBLE, True),
        ({"a": 1}, ["x"], {"a": 1, "0": "x"}, Code.MERGE_ARRAY_INTO_OBJECT, False),
        ([1, 2], [3, 4], [3, 4], Code.MERGE_BY_POSITION, False),
        ([1, 2], [1, 2], [1, 2], None, False),
        ([1, 2], [3], [1, 2], Code.MERGE_ARRAY_LENGTH, True),
        ([1], [], [1], Code.MERGE_ARRAY_LENGTH, True),
        ([1], None, [1], Code.MERGE_INCOMPATIBLE, True),
        ([1], {}, [1], Code.MERGE_INCOMPATIBLE, True),
        ([1], 1, [1], Code.MERGE_INCOMPATIBLE, True),
        ([{"a": 1}], [None], [None], Code.MERGE_BY_POSITION, False),
        (ABSENT, [1], [1], None, False),
        (ABSENT, None, None, None, False),
        (None, 1, None, Code.MERGE_NULL_KEPT, False),
        (None, True, None, Code.MERGE_NULL_KEPT, False),
        (None, "", None, Code.MERGE_NULL_KEPT, False),
        (None, {}, None, Code.MERGE_NULL_KEPT, False),
        (None, "x", None, Code.MERGE_INCOMPATIBLE, True),
        (None, {"a": 1}, None, Code.MERGE_INCOMPATIBLE, True),
        (None, [1], None, Code.MERGE_INCOMPATIBLE, True),
    ],
)
def test_the_table(old: Any, new: Any, result: Any, code: Code | None, stops: bool) -> None:  # noqa: FBT001
    # given
    found = Collector()
    base = {} if old is ABSENT else {"k": old}

    # when
    data, _ = merge_loopback([Piece(layer="base", data=base), Piece(layer="local", data={"k": new})], found)

    # then
    assert data == {"k": result}
    assert [one.code for one in found.diagnostics] == ([] if code is None else [code])
    assert bool(found.errors) is stops


def test_an_element_cannot_become_null() -> None:
    found = Collector()
    merge_loopback([Piece(layer="base", data={"k": [1]}), Piece(layer="local", data={"k": [None]})], found)
    assert [one.code for one in found.errors] == [Code.MERGE_INCOMPATIBLE]
    assert "`k[0]`" in found.errors[0].message


def test_undefined_of_a_script_clears_a_scalar() -> None:
    found = Collector()
    data, _ = merge_loopback([Piece(layer="base", data={"k": 1}), Piece(layer="local", data={"k": UNDEFINED})], found)
    assert data == {"k": UNDEFINED}
    assert found.diagnostics == ()


def test_unknown_middleware_is_refused_with_the_nearest_name() -> None:
    found = Collector()
    base: dict[str, Any] = {"initial": {"compression": {}}}
    overlay: dict[str, Any] = {"initial": {"compresion": {}}, "finale": {}}
    merge_middleware([Piece(layer="base", data=base), Piece(layer="local", data=overlay)], found)
    assert [(one.code, one.severity) for one in found.diagnostics] == [(Code.MIDDLEWARE_UNMATCHED, Severity.ERROR)] * 2
    assert found.errors[0].hint == "did you mean compression?"


@given(st.lists(DOCUMENTS, max_size=3))
def test_merging_never_changes_its_inputs(layers: list[dict[str, Any]]) -> None:
    before = copy.deepcopy(layers)
    merge_loopback([Piece(layer=str(number), data=data) for number, data in enumerate(layers)], Collector())
    assert layers == before


@given(DOCUMENTS)
def test_merging_with_itself_changes_nothing_where_there_is_no_null(document: dict[str, Any]) -> None:
    data, _ = merge_loopback([Piece(layer="base", data=document), Piece(layer="local", data=document)], Collector())
    assert data == document


@given(st.lists(DOCUMENTS, min_size=1, max_size=3))
def test_every_value_has_an_origin(layers: list[dict[str, Any]]) -> None:
    data, trail = merge_loopback(
        [Piece(layer=str(number), data=document) for number, document in enumerate(layers)], Collector()
    )
    provenance = Provenance({"/part": lambda: trail})
    for pointer in _pointers(data, "/part"):
        assert provenance[pointer]


def _pointers(value: Any, pointer: str) -> list[str]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [pointer, *(inner for key, item in items for inner in _pointers(item, f"{pointer}/{key}"))]
