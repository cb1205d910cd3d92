"""Discovered files and those of people: the merge, the YAML, and edits of text that people wrote."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lbconf.diagnostics import Collector
from lbconf.documents.reader import read_document
from lbconf.documents.source import Document, SourceFile
from lbconf.operations.discovery_files import write_files
from lbconf.operations.discovery_places import WantedFile
from lbconf.operations.discovery_yaml import as_yaml, edited
from lbconf.plan.discovered_merge import merge

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
PLAIN = st.text(alphabet="abc", min_size=1, max_size=2)
MAPPINGS = st.dictionaries(
    PLAIN, st.recursive(st.integers() | PLAIN, lambda inner: st.dictionaries(PLAIN, inner, max_size=3), max_leaves=6)
)
MODEL = "models/Thing.yaml"
TEXT = """\
# About things.
name: Thing  # the name
properties:
  # Made by the server.
  id: {type: integer, id: 1}
  title:
    type: string # short
    length: 20
  old: {type: text}
# The end.
"""


@pytest.mark.parametrize(
    ("before", "now", "mine", "expected", "clashes"),
    [
        ({"a": 1}, {"a": 1}, {"a": 1, "b": 2}, {"a": 1, "b": 2}, 0),
        ({"a": 1}, {"a": 2}, {"a": 1, "b": 2}, {"a": 2, "b": 2}, 0),
        ({"a": 1, "c": 1}, {"a": 1}, {"a": 1, "c": 1, "b": 2}, {"a": 1, "b": 2}, 0),
        ({"a": 1}, {"a": 2}, {"a": 3}, {"a": 3}, 1),
        ({"a": {"x": 1}}, {"a": {"x": 1, "y": 2}}, {"a": {"x": 5}}, {"a": {"x": 5, "y": 2}}, 0),
        ({"a": 1, "b": 1}, {"a": 1, "b": 1, "c": 3}, {"a": 1}, {"a": 1, "c": 3}, 0),
        ({"a": 1}, {"a": True}, {"a": 1}, {"a": True}, 0),
    ],
)
def test_merge(before: Any, now: Any, mine: Any, expected: Any, clashes: int) -> None:
    found = merge(before, now, mine)
    assert found.data == expected
    assert len(found.clashes) == clashes


@given(before=VALUES, now=VALUES)
def test_untouched_files_follow_the_database_and_untouched_databases_leave_files(before: Any, now: Any) -> None:
    assert (merge(before, now, before).data, merge(before, now, before).clashes) == (now, ())
    assert (merge(before, before, now).data, merge(before, before, now).edits) == (now, ())


@given(before=MAPPINGS, now=MAPPINGS, mine=MAPPINGS)
def test_edits_of_a_text_say_what_the_merge_says(before: Any, now: Any, mine: Any) -> None:
    found = merge(before, now, mine)
    assert yaml.safe_load(edited(as_yaml(mine), mine, found.edits)) == found.data


def test_edits_leave_comments_and_spelling_alone() -> None:
    mine = yaml.safe_load(TEXT)
    now = {
        "name": "Thing",
        "description": "new: here",
        "properties": {
            "id": {"type": "bigint", "id": 1},
            "title": {"type": "string", "length": 40},
            "more": {"type": "text"},
        },
    }
    assert edited(TEXT, mine, merge(mine, now, mine).edits) == TEXT.replace(
        "name: Thing  # the name\n", "name: Thing  # the name\ndescription: 'new: here'\n"
    ).replace("type: integer", "type: bigint").replace("length: 20", "length: 40").replace(
        "  old: {type: text}\n", "  more: {type: text}\n"
    )


@given(st.dictionaries(st.text(max_size=6), VALUES, max_size=4))
def test_yaml_says_what_it_was_given(value: dict[str, Any]) -> None:
    assert yaml.safe_load(as_yaml(value)) == value


@pytest.mark.parametrize("text", ["no", "012", "1e3", "0o17", "~", "1_000", "12:30:45", "2020-01-01", ".5", "=", "<<"])
def test_texts_that_look_like_something_else_stay_texts(text: str) -> None:
    written = as_yaml({"k": text})
    assert yaml.safe_load(written) == {"k": text}
    assert f"'{text}'" in written


def test_a_conflict_is_told_at_its_place_and_the_file_stays(tmp_path: Path) -> None:
    documents = there(tmp_path, MODEL, TEXT)
    before = {**yaml.safe_load(TEXT), "name": "Other"}

    done, told = write_files(
        tmp_path, {MODEL: WantedFile(data={**before, "name": "Third"})}, {MODEL: before}, documents, force=False
    )

    assert ((tmp_path / MODEL).read_text(), done[0].action) == (TEXT, "kept")
    assert [(f.code, f.location and (f.location.file, f.location.line)) for f in told] == [("LB4024", (MODEL, 2))]


def test_a_text_with_shared_parts_is_left_alone_where_an_edit_would_reach_further(tmp_path: Path) -> None:
    text = "a: &x\n  k: 1\nb: *x\n"
    documents = there(tmp_path, MODEL, text)
    before = {"a": {"k": 1}, "b": {"k": 1}}

    done, told = write_files(
        tmp_path, {MODEL: WantedFile(data={"a": {"k": 2}, "b": {"k": 1}})}, {MODEL: before}, documents, force=False
    )

    assert ((tmp_path / MODEL).read_text(), done[0].action, len(told)) == (text, "kept", 1)


def test_a_file_nobody_discovered_is_left_alone(tmp_path: Path) -> None:
    documents = there(tmp_path, MODEL, "name: Thing\nplural: mine\n")

    done, told = write_files(tmp_path, {MODEL: WantedFile(data={"name": "Thing"})}, {}, documents, force=False)

    assert (tmp_path / MODEL).read_text() == "name: Thing\nplural: mine\n"
    assert ([entry.action for entry in done], [finding.code for finding in told]) == (["kept"], ["LB4024"])


def test_the_file_of_a_table_that_is_gone_goes_too_unless_it_was_changed(tmp_path: Path) -> None:
    documents = there(tmp_path, "One.yaml", "name: One\n") | there(tmp_path, "Two.yaml", "name: Two\nplural: mine\n")

    done, told = write_files(
        tmp_path, {}, {"One.yaml": {"name": "One"}, "Two.yaml": {"name": "Two"}}, documents, force=False
    )

    assert [(entry.path, entry.action) for entry in done] == [("One.yaml", "removed"), ("Two.yaml", "kept")]
    assert ((tmp_path / "One.yaml").exists(), (tmp_path / "Two.yaml").exists(), len(told)) == (False, True, 1)


def test_json_takes_edits_too_and_other_entries_of_shared_files_stay(tmp_path: Path) -> None:
    documents = there(tmp_path, "datasources.json", '{"mine": {"connector": "memory"}}')

    write_files(
        tmp_path,
        {"datasources.json": WantedFile(data={"db": {"connector": "sqlite"}}, shared=True)},
        {},
        documents,
        force=True,
    )

    assert json.loads((tmp_path / "datasources.json").read_text()) == {
        "mine": {"connector": "memory"},
        "db": {"connector": "sqlite"},
    }


def there(folder: Path, path: str, text: str) -> dict[str, Document]:
    """The file, written and read."""
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)
    source = SourceFile(path=target, shown=path, section="models", layer="base")
    read = read_document(source, Collector(), native=True)
    assert read is not None
    return {path: read}
