"""The quick reader of plain YAML reads as the real one does, or not at all."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lbconf.diagnostics import Collector
from lbconf.documents.plain_places import plain_places
from lbconf.documents.plain_yaml import PlainReader
from lbconf.documents.reader import read_documents
from lbconf.documents.source import SourceFile
from lbconf.documents.yaml_reader import read_yaml, yaml_places

KEYS = st.sampled_from(["a", "b", "name", "x-y", "a.b", "true", "null", "$ref", "<<", "1", "é", "a b", "?", "-"])
SCALARS = st.sampled_from(
    [
        "text", "two words", "two  words", "1", "-1", "0x1F", "0o17", "1.5", "-.5", "1e3", ".inf", "true",
        "False", "null", "~", "''", "'it is'", "'it''s'", '"quoted"', '"a\\nb"', "${NAME}", "${NAME:-x}",
        "http://x", "a:b", "a: b", "a #b", "a#b", "#b", "[]", "[a, b]", "[a,b]", "[1, -1]", "{}",
        "{a: 1, b: -1}", "{a: 1, a: 2}", "{a}", "{a:1}", "[a: 1]", "[a, [b]]", "&x a", "*x", "!unset",
        "!replace a", "!!str 1", "| ", "|", ">", "- a", "-a", "--- a", "...", "é", "a\tb", "\u2028", "a\x85b",
        "@a", "`a", "%a", "=", "(a)", "a,b", "a]", "x}", "a ", "01", "1_000", "-", "?", "? a", "'a' b", '"a" b',
        "<<", "99999999999999999999", "😀",
    ]
)  # fmt: skip
LINES = st.one_of(
    st.builds("{}: {}".format, KEYS, SCALARS),
    st.builds("{}:".format, KEYS),
    st.builds("- {}".format, SCALARS),
    st.sampled_from(["", "# note", "---", "...", "text", "a: 1 # note", "a:  1", "a: ", "\t", "\ufeff", "- a: 1", "-"]),
)
TEXTS = st.lists(st.tuples(st.sampled_from(["", "  ", "    ", " ", "      "]), LINES), max_size=9).map(
    lambda lines: "\n".join(indent + line for indent, line in lines)
)
VALUES = st.recursive(
    st.sampled_from(["text", "two words", "1", "true", "'q: x'", "-1.5", "{a: 1}", "[a]"]),
    lambda inner: st.dictionaries(st.sampled_from("abcdef"), inner, min_size=1, max_size=4),
    max_leaves=12,
)


def as_block(value: object, indent: str) -> str:
    if not isinstance(value, dict):
        return f" {value}"
    return "".join(f"\n{indent}{key}:{as_block(inner, indent + '  ')}" for key, inner in value.items())


def says_the_same(text: str, *, must: bool = False) -> None:
    quickly = PlainReader().read(text)
    found = Collector()
    parsed = read_yaml(text, "a.yaml", found)
    if quickly is None:
        assert not must
        return
    assert not found.diagnostics
    assert parsed is not None
    assert repr(quickly) == repr(parsed.data)
    assert not parsed.has_markers
    assert plain_places(text) == yaml_places(text)


@settings(max_examples=600, deadline=None)
@given(text=TEXTS, end=st.sampled_from(["", "\n", "\n\n", "\r\n", "\n  "]))
@example(text="a:\n  b: 1\n  c: 2\n d: 3", end="")
@example(text="a:\n  b: 1\n\n  c: 2", end="")
@example(text="a: 1\n  b: 2", end="")
@example(text="a:\n  - x\n  b: 1", end="")
@example(text="a:\n- x\nb: 1", end="\n")
@example(text="a:\n  b: 1\n  b: 2", end="\n")
@example(text="a: x\n  - y", end="\n")
@example(text="a:\n  - x\n    - y", end="\n")
def test_lines_of_any_kind_are_read_alike_or_left(text: str, end: str) -> None:
    says_the_same(text + end)


@settings(max_examples=200, deadline=None)
@given(data=st.dictionaries(st.sampled_from("abcdef"), VALUES, min_size=1, max_size=4))
def test_plain_blocks_are_read_quickly(data: dict[str, object]) -> None:
    says_the_same(as_block(data, "")[1:] + "\n", must=True)


def test_the_projects_own_models_are_plain() -> None:
    base = Path(__file__).parents[3] / "environments" / "base" / "models"
    read = [PlainReader().read(path.read_text("utf-8")) for path in sorted(base.glob("*.yaml"))]
    assert any(data is not None for data in read)


def test_equal_parts_are_one_object() -> None:
    reader = PlainReader()
    one, two = (reader.read(f"properties:\n  {name}:\n    type: string\n    required: true\n") for name in "ab")
    assert one is not None
    assert two is not None
    assert one["properties"]["a"] is two["properties"]["b"]


@pytest.mark.parametrize("text", ["a: 1\r\nb: 2\r\n", "a: \x07", "a: 1\x00", "\ufeffa: 1", "a: 1\u2028b: 2"])
def test_characters_that_need_care_are_left_to_the_parser(text: str) -> None:
    assert PlainReader().read(text) is None


def test_a_text_that_is_not_plain_is_read_all_the_same(tmp_path: Path) -> None:
    for name, text in (("a", "x: 1\n"), ("b", "x: |\n  long\n"), ("c", "x: [[1]]\n")):
        (tmp_path / f"{name}.yaml").write_text(text)
    sources = [
        SourceFile(path=tmp_path / f"{name}.yaml", shown=f"{name}.yaml", section="models", layer="base")
        for name in "abc"
    ]
    found = Collector()
    documents = read_documents(sources, found, native=True)
    assert [document.data["x"] for document in documents] == [1, "long\n", [[1]]]
    assert [document.spans["/x"].line for document in documents] == [1, 1, 1]
    assert not found.diagnostics
