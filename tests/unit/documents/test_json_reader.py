import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lbconf.diagnostics import Code, Collector
from lbconf.documents.json_places import find_places
from lbconf.documents.json_reader import read_json
from lbconf.documents.markers import Replace, Unset
from lbconf.documents.pointer import lookup, split
from lbconf.documents.spans import Spans

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def test_comments_and_trailing_commas() -> None:
    parsed = read_json('// one\n{"a": [1, 2,], /* two */ "b": {"c": "//no",},}\n', "f.json", Collector(), markers=False)
    assert parsed is not None
    assert parsed.data == {"a": [1, 2], "b": {"c": "//no"}}
    spans = Spans(parsed.index)
    assert (str(spans["/b/c"]), str(spans["/a/1"])) == ("f.json:2:37", "f.json:2:11")


def test_markers_only_in_the_native_layout() -> None:
    text = '{"a": {"$unset": true}, "b": {"$replace": {"c": 1}}}'
    native, loopback = (read_json(text, "f", Collector(), markers=markers) for markers in (True, False))
    assert native is not None
    assert loopback is not None
    assert native.data == {"a": Unset(None), "b": Replace({"c": 1})}
    assert loopback.data == {"a": {"$unset": True}, "b": {"$replace": {"c": 1}}}
    assert str(Spans(native.index)["/b/c"]) == "f:1:49"


def test_every_duplicate_key_is_found_with_both_places() -> None:
    found = Collector()
    assert read_json('{"a": 1,\n "b": {"c": 1, "\\u0063": 2},\n "a": 2}', "f.json", found, markers=False) is None
    seen = [(one.code, str(one.location), str(one.related[0].location)) for one in found.errors]
    assert seen == [
        (Code.DUPLICATE_KEY, "f.json:2:16", "f.json:2:8"),
        (Code.DUPLICATE_KEY, "f.json:3:2", "f.json:1:2"),
    ]


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ('{"a": 1\n', 1, 1),
        ('{"a": 1,\n "b": [1, 2\n}', 3, 1),
        ('{"a": 1 "b": 2}', 1, 8),
        ('{"a": NaN}', 1, 7),
        ("{'a': 1}", 1, 2),
        ("{} {}", 1, 4),
    ],
)
def test_syntax_errors_have_a_place(text: str, line: int, column: int) -> None:
    found = Collector()
    assert read_json(text, "f.json", found, markers=False) is None
    assert [(one.code, one.location and (one.location.line, one.location.column)) for one in found.errors] == [
        (Code.SYNTAX, (line, column))
    ]


def test_a_bracket_closed_by_another_is_named() -> None:
    found = Collector()
    read_json('{\n "a": [1, 2\n}', "f.json", found, markers=False)
    assert str(found.errors[0].location) == "f.json:3:1"
    assert [str(related.location) for related in found.errors[0].related] == ["f.json:2:7"]


def test_numbers_no_machine_can_hold() -> None:
    found = Collector()
    assert read_json('{"a": 1e999}', "f.json", found, markers=False) is None
    assert found.errors[0].code is Code.SYNTAX


def test_deep_nesting_is_refused() -> None:
    found = Collector()
    assert read_json('{"a":' + "[" * 200_000 + "]" * 200_000 + "}", "f.json", found, markers=False) is None
    assert found.errors


@given(JSON, st.sampled_from([None, 2]))
def test_every_value_has_the_place_where_it_is_written(value: Any, indent: int | None) -> None:
    # given
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    lines = text.split("\n")

    # when
    values, _ = find_places(text)

    # then
    for pointer, place in values.items():
        expected = lookup(value, split(pointer)) if pointer else value
        written = "\n".join(lines[place.line - 1 : place.end_line])
        end = len(written) - len(lines[place.end_line - 1]) + place.end_column - 1
        assert json.loads(written[place.column - 1 : end]) == expected
