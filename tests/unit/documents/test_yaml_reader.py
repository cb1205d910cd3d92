import math
import time

import pytest

from lbconf.diagnostics import Code, Collector
from lbconf.documents.markers import Replace, Unset
from lbconf.documents.spans import KeySpans, Spans
from lbconf.documents.yaml_reader import read_yaml, scalar


def read(text: str) -> object:
    found = Collector()
    parsed = read_yaml(text, "f.yaml", found)
    assert parsed is not None, found.diagnostics
    return parsed.data


def refused(text: str) -> list[tuple[Code, int, int]]:
    found = Collector()
    assert read_yaml(text, "f.yaml", found) is None
    return [(one.code, one.location.line, one.location.column) for one in found.errors if one.location]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("Off", "Off"),
        ("true", True),
        ("False", False),
        ("012", 12),
        ("0o12", 10),
        ("0x1F", 31),
        ("-7", -7),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("2013-10-15", "2013-10-15"),
        ("~", None),
        ("", None),
        ("null", None),
        ("nulL", "nulL"),
        ("+", "+"),
        (".", "."),
        ("1.2.3", "1.2.3"),
        ("--", "--"),
    ],
)
def test_scalars_follow_the_core_schema_of_yaml_1_2(text: str, value: object) -> None:
    assert scalar(text) == value
    assert type(scalar(text)) is type(value)


def test_quoted_scalars_are_text() -> None:
    assert read("a: 'true'\nb: \"12\"\nc: |\n  012\nd: !!str 12\n") == {"a": "true", "b": "12", "c": "012\n", "d": "12"}


def test_keys_are_text_as_written() -> None:
    assert read("on: 1\n12: 2\ntrue: 3\n") == {"on": 1, "12": 2, "true": 3}


def test_markers() -> None:
    assert read("a: !unset\nb: !replace {c: 1}\n") == {"a": Unset(None), "b": Replace({"c": 1})}


def test_merge_keys_give_way_to_own_keys_and_to_earlier_sources() -> None:
    text = "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz:\n  <<: [*x, *y]\n  a: 9\n"
    assert read(text) == {"x": {"a": 1, "b": 1}, "y": {"b": 2, "c": 2}, "z": {"a": 9, "b": 1, "c": 2}}


def test_every_duplicate_key_is_found_with_both_places() -> None:
    found = Collector()
    assert read_yaml("a: 1\nb:\n  c: 1\n  c: 2\na: 2\n", "f.yaml", found) is None
    seen = [(one.code, str(one.location), str(one.related[0].location)) for one in found.errors]
    assert seen == [
        (Code.DUPLICATE_KEY, "f.yaml:4:3", "f.yaml:3:3"),
        (Code.DUPLICATE_KEY, "f.yaml:5:1", "f.yaml:1:1"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: [1, 2\nb: 3\n", [(Code.SYNTAX, 2, 2)]),
        ("a: 1\n---\nb: 2\n", [(Code.SYNTAX, 2, 1)]),
        ("a:\n\t- 1\n", [(Code.SYNTAX, 2, 1)]),
        ("a: .inf\n", [(Code.SYNTAX, 1, 4)]),
        ("a: !!python/object:os.system x\n", [(Code.SYNTAX, 1, 4)]),
        ("a: !mine x\n", [(Code.SYNTAX, 1, 4)]),
        ("? [1, 2]\n: x\n", [(Code.SYNTAX, 1, 3)]),
        ("a: *nothing\n", [(Code.SYNTAX, 1, 4)]),
        ("a: \x01\n", [(Code.SYNTAX, 1, 4)]),
        ("a: !!int x\n", [(Code.SYNTAX, 1, 4)]),
        ("a: " + "9" * 5000 + "\n", [(Code.SYNTAX, 1, 4)]),
        ("&a [*a]\n", [(Code.DOCUMENT_TOO_LARGE, 1, 1)]),
    ],
)
def test_bad_documents_are_findings_at_their_place(text: str, expected: list[tuple[Code, int, int]]) -> None:
    assert refused(text) == expected


def test_alias_bombs_are_refused_quickly() -> None:
    # given
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]

    # when
    start = time.process_time()
    codes = [code for code, _, _ in refused("\n".join(lines))]

    # then
    assert codes == [Code.DOCUMENT_TOO_LARGE]
    assert time.process_time() - start < 5


@pytest.mark.parametrize("text", ["[" * 300_000, "[" * 300_000 + "]" * 300_000, "- " * 200_000, "{a: " * 100_000])
def test_deep_nesting_is_refused_and_not_a_crash(text: str) -> None:
    assert refused(text)


def test_places_of_values_and_keys() -> None:
    # given
    parsed = read_yaml("a:\n  b~/c: [1, {d: 2}]\né: {x: y}\n", "f.yaml", Collector())
    assert parsed is not None

    # when
    values, keys = Spans(parsed.index), KeySpans(parsed.index)

    # then
    assert {pointer: str(values[pointer]) for pointer in values} == {
        "": "f.yaml:1:1",
        "/a": "f.yaml:2:3",
        "/a/b~0~1c": "f.yaml:2:9",
        "/a/b~0~1c/0": "f.yaml:2:10",
        "/a/b~0~1c/1": "f.yaml:2:13",
        "/a/b~0~1c/1/d": "f.yaml:2:17",
        "/é": "f.yaml:3:4",
        "/é/x": "f.yaml:3:8",
    }
    assert {pointer: str(keys[pointer]) for pointer in keys} == {
        "/a": "f.yaml:1:1",
        "/a/b~0~1c": "f.yaml:2:3",
        "/a/b~0~1c/1/d": "f.yaml:2:14",
        "/é": "f.yaml:3:1",
        "/é/x": "f.yaml:3:5",
    }


def test_what_a_merge_key_brings_stands_where_it_is_written() -> None:
    parsed = read_yaml("x: &x\n  a: 1\n  b: {c: 2}\ny:\n  <<: *x\n  a: 3\n", "f.yaml", Collector())
    assert parsed is not None
    values = Spans(parsed.index)
    assert str(values["/y/a"]) == "f.yaml:6:6"
    assert str(values["/y/b/c"]) == "f.yaml:3:10"


def test_no_float_is_infinite() -> None:
    with pytest.raises(ValueError, match="beyond"):
        scalar("1e999")
    assert math.isfinite(float(str(scalar("1e308"))))


def test_braces_of_a_variable_in_braces_need_quotes() -> None:
    found = Collector()
    assert read_yaml("db: {port: a${NAME}b}\n", "f.yaml", found) is None
    assert found.errors[0].hint == "put quotes around a value that holds `${...}` inside `{ }` or `[ ]`"


def test_a_number_that_could_not_be_written_out_again_is_refused() -> None:
    assert scalar("0x" + "f" * 3000) == int("f" * 3000, 16)
    for text in ("0x" + "f" * 3900, "0o" + "7" * 3999, "9" * 4001):
        with pytest.raises(ValueError, match="too long"):
            scalar(text)


def test_many_merge_keys_take_no_longer_than_many_keys() -> None:
    text = "x-a: &a {type: string, required: false}\nproperties:\n"
    text += "".join(f"  p{number}:\n    <<: *a\n" for number in range(10_000))
    found = Collector()
    started = time.perf_counter()
    parsed = read_yaml(text, "f.yaml", found)
    assert parsed is not None
    spans = Spans(parsed.index)
    assert spans["/properties/p9999/type"].line == spans["/x-a/type"].line == 1
    assert time.perf_counter() - started < 5
