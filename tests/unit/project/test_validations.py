"""Validations as they are written: every way of writing them, and what is found wrong with them."""

from typing import Any

import pytest

from lbconf.diagnostics import Code, Severity
from lbconf.operations.load import check_project
from lbconf.project.validations import Rule, entries_of, json_schema_of, validations_of
from tests.unit.project.merging import codes, examined, merged, native

TEXT = {"type": "string"}


@pytest.mark.parametrize(
    "written",
    [
        [{"property": "name", "rule": "presence"}, {"property": "name", "rule": "length", "min": 3}],
        {"name": {"presence": True, "length": {"min": 3}}},
        {"name": ["presence", {"rule": "length", "min": 3}]},
        [{"attribute": "name", "validation": "presence"}, {"property": ["name"], "type": "length", "min": 3}],
        {"validatesPresenceOf": ["name"], "validatesLengthOf": {"name": {"min": 3}}},
        {"validatesPresenceOf": "name", "validatesLengthOf": [{"property": "name", "min": 3}]},
    ],
)
def test_every_way_of_writing_says_the_same(written: Any) -> None:
    project, found = examined(merged(native(A={"properties": {"name": TEXT}, "validations": written})))

    assert [finding.code for finding in found if finding.severity is Severity.ERROR] == []
    assert [(one.property, one.rule, one.minimum) for one in validations_of(project.models["A"])] == [
        ("name", Rule.PRESENCE, None),
        ("name", Rule.LENGTH, 3),
    ]


@pytest.mark.parametrize(
    ("written", "pointer"),
    [
        ([{"property": "name", "rule": "presense"}], "/0"),
        ([{"rule": "presence"}], "/0"),
        ([{"property": "name"}], "/0"),
        ([{"property": "name", "rule": "length"}], "/0"),
        ([{"property": "name", "rule": "length", "min": 3, "max": 2}], "/0/min"),
        ([{"property": "name", "rule": "length", "mim": 3, "max": 2}], "/0/mim"),
        ([{"property": "name", "rule": "length", "max": -1}], "/0/max"),
        ([{"property": "name", "rule": "inclusion", "in": []}], "/0/in"),
        ([{"property": "nam", "rule": "presence"}], "/0"),
        ([{"property": "name", "rule": "uniqueness", "scopedTo": ["realm"]}], "/0/scopedTo"),
        ([{"property": "name", "rule": "presence", "unless": "draft"}], "/0/unless"),
        ({"name": {"presence": True, "lenght": {"min": 1}}}, "/name/lenght"),
        ({"name": {"presence": 3}}, "/name/presence"),
        ({"name": 3}, "/name"),
        ({"nam": "presence"}, "/nam"),
        ({"validatesPresenceOf": 3}, "/validatesPresenceOf"),
    ],
)
def test_what_is_wrong_is_found_at_its_place(written: Any, pointer: str) -> None:
    _, found = examined(merged(native(A={"properties": {"name": TEXT}, "validations": written})))

    assert codes(found) == [(Code.VALIDATION_INVALID, f"/models/A/definition/validations{pointer}")]


@pytest.mark.parametrize(
    ("prop", "key"),
    [
        ({"type": "integer", "min": 3, "max": 2}, "min"),
        ({"type": "string", "minLength": 3, "maxLength": 2}, "minLength"),
        ({"type": "integer", "minLength": 3}, "minLength"),
        ({"type": "boolean", "pattern": "x"}, "pattern"),
        ({"type": "integer", "enum": [1, "2"]}, "enum"),
    ],
)
def test_attributes_that_no_value_meets(prop: Any, key: str) -> None:
    _, found = examined(merged(native(A={"properties": {"p": prop}})))

    assert codes(found) == [(Code.VALIDATION_INVALID, f"/models/A/definition/properties/p/{key}")]


def test_what_loopback_does_not_read_is_a_warning() -> None:
    models = native(A={"properties": {"p": TEXT}, "validations": [{"property": "p", "rule": "no"}]})
    project, found = examined(merged(models, layout="loopback"))

    assert [(finding.code, finding.severity) for finding in found if finding.code is Code.VALIDATION_INVALID] == [
        (Code.VALIDATION_INVALID, Severity.WARNING)
    ]
    assert validations_of(project.models["A"]) == ()


def test_words_of_json_schema() -> None:
    project, _ = examined(
        merged(
            native(
                A={
                    "properties": {
                        "name": {"type": "string", "required": True, "minLength": 2, "pattern": "^a"},
                        "size": {"type": "string", "enum": ["s", "l"]},
                        "age": {"type": "integer", "min": 1, "max": 9.5},
                        "tags": {"type": ["string"], "maxLength": 3},
                        "place": {"type": "object", "schema": {"required": ["city"]}},
                    },
                    "validations": [
                        {"property": "age", "rule": "exclusion", "in": [3]},
                        {"property": "name", "rule": "length", "max": 4, "if": "size"},
                    ],
                }
            )
        )
    )

    assert json_schema_of(project.models["A"]) == {
        "name": {"minLength": 2, "pattern": "^a"},
        "size": {"enum": ["s", "l", None]},
        "age": {"minimum": 1, "maximum": 9.5, "not": {"enum": [3]}},
        "tags": {"maxItems": 3},
        "place": {"anyOf": [{"required": ["city"]}, {"type": "null"}]},
    }


def test_entries_tell_where_they_stand() -> None:
    assert [
        entry.at for entry in entries_of({"a/b": {"presence": True}, "validatesLengthOf": [{"c": {"min": 1}}]})
    ] == [
        "/a~1b/presence",
        "/validatesLengthOf/0/c",
    ]


@pytest.mark.parametrize(
    ("prop", "message"),
    [
        ("{type: string, pattern: '(a'}", "the pattern of p cannot be used: a bracket is not closed"),
        ("{type: string, pattern: '(?=a)'}", "the pattern of p cannot be used: look-around is not supported"),
        ("{type: string, format: mail}", "there is no format mail"),
        ("{type: object, schema: {type: objekt}}", "the JSON Schema of p cannot be used: at type: "),
        ("{type: object, schema: {$ref: '#/$defs/x'}}", "the JSON Schema of p cannot be used: there is nothing at"),
        ("{type: object, schema: {$ref: 'http://x.org/y'}}", "the JSON Schema of p cannot be used: there is nothing"),
        ("{type: object, schema: {pattern: '(?=a)'}}", "the JSON Schema of p cannot be used: The regular"),
        ("{type: string, minLength: 3, default: ab}", "the default of property p is shorter than 3 characters"),
        ("{type: integer, max: 3, default: 4}", "the default of property p is more than 3"),
    ],
)
def test_what_shows_only_when_tried_out(tmp_path: Any, prop: str, message: str) -> None:
    folder = tmp_path / "environments/base/models"
    folder.mkdir(parents=True)
    (folder / "a.yaml").write_text(f"properties:\n  p: {prop}\n")
    (tmp_path / "environments/development").mkdir()

    _, found = check_project(tmp_path)

    (finding,) = (finding for finding in found if finding.severity is Severity.ERROR)
    assert (finding.code, finding.location and finding.location.line) == (Code.VALIDATION_INVALID, 2)
    assert message in finding.message
