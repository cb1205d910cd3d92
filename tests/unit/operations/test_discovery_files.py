"""The three-way merge of discovered files, and the YAML they are written in."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lbconf.operations.discovery_files import as_yaml, merged, write_project

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("before", "now", "mine", "expected"),
    [
        ({"a": 1}, {"a": 1}, {"a": 1, "b": 2}, ({"a": 1, "b": 2}, False)),
        ({"a": 1}, {"a": 2}, {"a": 1, "b": 2}, ({"a": 2, "b": 2}, False)),
        ({"a": 1, "c": 1}, {"a": 1}, {"a": 1, "c": 1, "b": 2}, ({"a": 1, "b": 2}, False)),
        ({"a": 1}, {"a": 2}, {"a": 3}, ({"a": 3}, True)),
        ({"a": {"x": 1}}, {"a": {"x": 1, "y": 2}}, {"a": {"x": 5}}, ({"a": {"x": 5, "y": 2}}, False)),
        ({"a": 1, "b": 1}, {"a": 1, "b": 1, "c": 3}, {"a": 1}, ({"a": 1, "c": 3}, False)),
    ],
)
def test_merge(before: Any, now: Any, mine: Any, expected: Any) -> None:
    assert merged(before, now, mine) == expected


@given(before=VALUES, now=VALUES)
def test_untouched_files_follow_the_database_and_untouched_databases_leave_files(before: Any, now: Any) -> None:
    assert merged(before, now, before) == (now, False)
    assert merged(before, before, now) == (now, False)


@given(st.dictionaries(st.text(max_size=6), VALUES, max_size=4))
def test_yaml_says_what_it_was_given(value: dict[str, Any]) -> None:
    assert yaml.safe_load(as_yaml(value)) == value


@pytest.mark.parametrize("text", ["no", "012", "1e3", "0o17", "~", "1_000", "12:30:45", "2020-01-01", ".5", "=", "<<"])
def test_texts_that_look_like_something_else_stay_texts(text: str) -> None:
    written = as_yaml({"k": text})
    assert yaml.safe_load(written) == {"k": text}
    assert f"'{text}'" in written


def test_a_file_nobody_discovered_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "environments/base/models/Thing.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("name: Thing\nplural: mine\n")

    done, told = write_project(
        tmp_path, [{"name": "Thing", "properties": {}}], data_source="db", connector="postgresql", force=False
    )

    assert file.read_text() == "name: Thing\nplural: mine\n"
    assert [entry.action for entry in done] == ["created", "kept", "created"]
    assert [finding.code for finding in told] == ["LB4024"]


def test_the_file_of_a_table_that_is_gone_goes_too_unless_it_was_changed(tmp_path: Path) -> None:
    models = [{"name": "One", "properties": {}}, {"name": "Two", "properties": {}}]
    write_project(tmp_path, models, data_source="db", connector="postgresql", force=False)
    two = tmp_path / "environments/base/models/Two.yaml"
    two.write_text(two.read_text() + "plural: mine\n")

    done, told = write_project(tmp_path, [], data_source="db", connector="postgresql", force=False)

    assert {Path(entry.path).stem: entry.action for entry in done if "models" in entry.path} == {
        "One": "removed",
        "Two": "kept",
    }
    assert len(told) == 1
