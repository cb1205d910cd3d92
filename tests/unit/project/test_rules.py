from typing import Any

import pytest

from lbconf.diagnostics import Code, Severity
from tests.unit.project.merging import codes, examined, merged, native

STRING = {"type": "string"}


@pytest.mark.parametrize(
    ("models", "expected"),
    [
        pytest.param(
            {"A": {"wiring": {"dataSource": "dbb"}, "definition": {}}},
            [(Code.DATA_SOURCE_UNKNOWN, "/models/A/wiring/dataSource")],
            id="unknown data source",
        ),
        pytest.param(native(A={"base": "B"}), [(Code.BASE_UNKNOWN, "/models/A/definition/base")], id="unknown base"),
        pytest.param(
            native(A={"base": "B"}, B={"base": "C"}, C={"base": "A"}),
            [(Code.BASE_CIRCULAR, "/models/A/definition/base")],
            id="circular base",
        ),
        pytest.param(native(A={"base": "A"}), [(Code.BASE_CIRCULAR, "/models/A/definition/base")], id="own base"),
        pytest.param(native(Ab={}, aB={"plural": "x"}), [(Code.MODEL_DUPLICATE, "/models/aB")], id="names by case"),
        pytest.param(
            native(A={}, B={"http": {"path": "/as"}}),
            [(Code.PATH_DUPLICATE, "/models/B/definition/http")],
            id="one path twice",
        ),
        pytest.param(
            native(A={"relations": {"b": {"type": "hasMany", "model": "B"}}}),
            [(Code.RELATION_TARGET_UNKNOWN, "/models/A/definition/relations/b/model")],
            id="relation to nowhere",
        ),
        pytest.param(
            native(A={"relations": {"as": {"type": "hasMany", "model": "A", "through": "B"}}}),
            [(Code.RELATION_TARGET_UNKNOWN, "/models/A/definition/relations/as/through")],
            id="through nowhere",
        ),
        pytest.param(
            native(A={"relations": {"a": {"type": "belongsTo", "model": "A", "primaryKey": "code"}}}),
            [(Code.RELATION_KEY_UNKNOWN, "/models/A/definition/relations/a/primaryKey")],
            id="relation by a property that is not there",
        ),
        pytest.param(
            native(A={"relations": {"a": {"type": "belongTo", "model": "A"}}}),
            [(Code.VALUE_UNKNOWN, "/models/A/definition/relations/a/type")],
            id="no such type of relation",
        ),
        pytest.param(
            native(A={"relations": {"a": {"type": "belongsTo"}}}),
            [(Code.KEY_MISSING, "/models/A/definition/relations/a")],
            id="relation without model",
        ),
        pytest.param(
            native(
                A={"properties": {"x": {"type": "integer", "id": 1}, "y": {"type": "integer", "id": 2}}},
                B={"relations": {"a": {"type": "belongsTo", "model": "A", "foreignKey": "aId"}}},
            ),
            [(Code.RELATION_INVALID, "/models/B/definition/relations/a/foreignKey")],
            id="one property for a key of two",
        ),
        pytest.param(
            native(A={"indexes": {"i": {"keys": {"x": 1}}}}),
            [(Code.INDEX_PROPERTY_UNKNOWN, "/models/A/definition/indexes/i")],
            id="index on nothing",
        ),
        pytest.param(
            native(A={"uniques": {"u": ["x"]}}),
            [(Code.INDEX_PROPERTY_UNKNOWN, "/models/A/definition/uniques/u")],
            id="unique on nothing",
        ),
        pytest.param(
            native(A={"foreignKeys": {"f": {"entity": "B", "foreignKey": "id", "entityKey": "id"}}}),
            [(Code.RELATION_TARGET_UNKNOWN, "/models/A/definition/foreignKeys/f")],
            id="foreign key to nowhere",
        ),
        pytest.param(
            native(A={"properties": {"x": {"type": "integer", "default": "a"}}}),
            [(Code.DEFAULT_TYPE, "/models/A/definition/properties/x/default")],
            id="default of another type",
        ),
        pytest.param(
            native(A={"properties": {"x": "strng"}}),
            [(Code.TYPE_UNKNOWN, "/models/A/definition/properties/x")],
            id="unknown type",
        ),
        pytest.param(
            native(A={"memory": {"table": "t"}}, B={"memory": {"table": "t"}}),
            [(Code.TABLE_DUPLICATE, "/models/B")],
            id="one table twice",
        ),
        pytest.param(native(Date={}), [(Code.NAME_RESERVED, "/models/Date")], id="named like a type"),
        pytest.param(
            native(A={"properties": {"a.b": "string"}}),
            [(Code.NAME_RESERVED, "/models/A/definition/properties/a.b")],
            id="dot in a name",
        ),
        pytest.param(
            native(A={"properties": {"a": "string"}, "relations": {"a": {"type": "belongsTo", "model": "A"}}}),
            [(Code.NAME_RESERVED, "/models/A/definition/relations/a")],
            id="relation named like a property",
        ),
        pytest.param(
            native(A={"properties": {"pin": "string"}, "hidden": ["pni"]}),
            [(Code.HIDDEN_UNKNOWN, "/models/A/definition/hidden/0")],
            id="nothing to hide",
        ),
        pytest.param({"A": {"wiring": {"dataSource": "db"}}}, [(Code.MODEL_UNDEFINED, "/models/A")], id="no file"),
        pytest.param({"A": {"definition": {}}}, [(Code.MODEL_UNATTACHED, "/models/A")], id="not attached"),
        pytest.param(
            native(A={"idInjection": False}), [(Code.ID_MISSING, "/models/A/definition/idInjection")], id="no id"
        ),
        pytest.param(
            native(A={"relations": {"u": {"type": "belongsTo", "model": "User"}}}),
            [(Code.MODEL_UNATTACHED, "/models/A/definition/relations/u")],
            id="built-in model kept nowhere",
        ),
        pytest.param(
            native(A={"strict": "maybe"}), [(Code.VALUE_UNKNOWN, "/models/A/definition/strict")], id="unknown value"
        ),
        pytest.param(
            native(A={"properties": {"x": {"required": True}}}),
            [(Code.KEY_MISSING, "/models/A/definition/properties/x")],
            id="property without type",
        ),
        pytest.param(native(A={"plural": 5}), [(Code.VALUE_TYPE, "/models/A/definition/plural")], id="wrong type"),
    ],
)
def test_every_mistake_is_found_once(models: dict[str, Any], expected: list[tuple[Code, str]]) -> None:
    _, found = examined(merged(models))
    assert codes(found) == expected
    assert found[0].hint


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ({"db": {"connector": "postgrsql"}}, [(Code.CONNECTOR_UNKNOWN, "/datasources/db/connector", Severity.ERROR)]),
        ({"db": {"connector": "redis"}}, [(Code.CONNECTOR_UNSUPPORTED, "/datasources/db/connector", Severity.WARNING)]),
        ({"db": {"host": "x"}}, [(Code.KEY_MISSING, "/datasources/db", Severity.ERROR)]),
        ({"db": {"connector": 5}}, [(Code.VALUE_TYPE, "/datasources/db/connector", Severity.ERROR)]),
        ({"db": []}, [(Code.VALUE_TYPE, "/datasources/db", Severity.ERROR)]),
        ([], [(Code.VALUE_TYPE, "/datasources", Severity.ERROR)]),
    ],
)
def test_data_sources(sources: Any, expected: list[tuple[Code, str, Severity]]) -> None:
    _, found = examined(merged({}, datasources=sources))
    assert [(one.code, one.location.pointer, one.severity) for one in found if one.location][:1] == expected


def test_a_data_source_of_an_unknown_connector_does_not_hide_its_models() -> None:
    project, found = examined(merged(native(A={}), datasources={"db": {"connector": "redis"}}))
    assert [one.severity for one in found] == [Severity.WARNING]
    assert project.models["A"].data_source == "db"


@pytest.mark.parametrize("layout", ["loopback", "loopback1"])
def test_what_loopback_allows_is_no_error(layout: str) -> None:
    models = native(
        A={
            "properties": {"x": {"type": "number", "default": "5"}, "y": {"required": True}},
            "hidden": ["z"],
            "indexes": {"i": {"keys": {"gone": 1}}},
            "relations": {"x": {"type": "belongsTo", "model": "A", "foreignKey": ""}},
            "methods": [],
            "validations": [],
            "public": "yes",
        }
    )
    _, found = examined(merged(models, layout=layout))
    assert [one for one in found if one.severity is Severity.ERROR] == []
    assert found


def test_production_asks_for_access_rules() -> None:
    models = native(**{f"M{number}": {} for number in range(7)})
    _, found = examined(merged(models, environment="production"))
    assert codes(found) == [(Code.ACL_MISSING, "/models/M0")], "one finding for all of them"
    assert found[0].severity is Severity.WARNING
    assert "7 models: M0, M1, M2, M3, M4 and 2 more" in found[0].message
    assert "public: false" in str(found[0].hint)


def test_a_model_that_says_who_may_is_not_asked_for_rules() -> None:
    rule = {"principalType": "ROLE", "principalId": "$everyone", "permission": "ALLOW"}
    models = native(A={"acls": [rule]}, B={"defaultPermission": "DENY"})
    assert examined(merged(models, environment="production"))[1] == ()


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("integer", 2**31), ("smallint", 40000), ("boolean", "true"), ("string(2)", "abc"),
        ("uuid", "x"), ("date", "soon"),
        ("dateonly", 5), ("time", "later"), ("decimal(3,1)", "a"), (["string"], "a"), ("text", 5), ("number", True),
    ],
)  # fmt: skip
def test_defaults_that_do_not_fit(written: Any, value: Any) -> None:
    _, found = examined(merged(native(A={"properties": {"x": {"type": written, "default": value}}})))
    assert [one.code for one in found] == [Code.DEFAULT_TYPE]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("integer", -(2**31)), ("date", "$now"), ("date", "2020-01-31T10:00:00Z"), ("date", 0), ("decimal(3,1)", "1.5"),
        ("json", {"a": 1}), ("any", 5), ("uuid", "0b8f3c86-6f1c-4c53-9b2f-0f6c7c6a0b11"), ("string", None),
    ],
)  # fmt: skip
def test_defaults_that_fit(written: Any, value: Any) -> None:
    _, found = examined(merged(native(A={"properties": {"x": {"type": written, "default": value}}})))
    assert found == ()


SQLITE = {"db": {"connector": "sqlite", "file": "a.db"}}


@pytest.mark.parametrize(
    ("models", "expected"),
    [
        (
            native(A={"properties": {"id": {"type": "integer", "id": True}, "ID": STRING}}),
            [(Code.COLUMN_DECLARED_TWICE, "/models/A/definition/properties/ID")],
        ),
        (
            native(A={"properties": {"a": {**STRING, "sqlite": {"columnName": "B"}}, "b": STRING}}),
            [(Code.COLUMN_DECLARED_TWICE, "/models/A/definition/properties/b")],
        ),
        (native(A={"properties": {"a": STRING, "A": {**STRING, "sqlite": {"columnName": "B"}}}}), []),
        (native(sqlite_sequence={}), [(Code.NAME_RESERVED, "/models/sqlite_sequence")]),
        (native(A={"sqlite": {"table": "SQLITE_a"}}), [(Code.NAME_RESERVED, "/models/A")]),
    ],
)
def test_names_that_sqlite_cannot_keep(models: dict[str, Any], expected: list[tuple[Code, str]]) -> None:
    _, found = examined(merged(models, datasources=SQLITE))
    assert [(one.code, one.location.pointer if one.location else None) for one in found if one.severity == "error"] == (
        expected
    )
    _, found = examined(merged(models))
    assert Code.COLUMN_DECLARED_TWICE not in {one.code for one in found}


def test_names_with_control_characters_are_refused() -> None:
    _, found = examined(merged(native(**{"A\0": {}, "B": {"properties": {"x\ny": STRING}}})))
    reserved = [one for one in found if one.code is Code.NAME_RESERVED]
    assert len(reserved) == 2
    assert all(one.message.isprintable() for one in reserved)


def said(**renames: str) -> dict[str, Any]:
    return {"A": {"properties": {new: {"type": "string", "renamedFrom": old} for new, old in renames.items()}}}


@pytest.mark.parametrize(
    ("models", "places"),
    [
        (native(**said(b="a", c="b")), []),
        (native(**said(a="b", b="a")), ["/models/A/definition/properties/a"]),
        (
            native(**said(a="b", b="c", c="a", d="a")),
            ["/models/A/definition/properties/a", "/models/A/definition/properties/d"],
        ),
        (native(**said(b="a", c="a")), ["/models/A/definition/properties/c"]),
        (native(A={"renamedFrom": "B"}, B={"renamedFrom": "A"}), ["/models/A"]),
        (native(A={"renamedFrom": "C"}, B={"renamedFrom": "C"}), ["/models/B"]),
        (native(A={"renamedFrom": "B"}, B={"renamedFrom": "C"}), []),
    ],
)
def test_a_rename_that_cannot_be_told_done_is_refused(models: dict[str, Any], places: list[str]) -> None:
    _, found = examined(merged(models))
    assert [one.location.pointer for one in found if one.code is Code.RENAME_UNCLEAR and one.location] == places


def test_users_of_several_models_are_told_apart() -> None:
    tokens = {"accessTokens": {"type": "hasMany", "model": "AccessToken", "foreignKey": "userId"}}
    apart = {"foreignKey": "userId", "discriminator": "principalType"}
    alike = native(A={"base": "User", "relations": tokens}, B={"base": "User", "relations": tokens})
    for layout, severity in (("native", Severity.ERROR), ("loopback", Severity.WARNING)):
        found = [one for one in examined(merged(alike, layout=layout))[1] if one.code is Code.USERS_ALIKE]
        assert [one.severity for one in found] == [severity]
        assert "user 1 of A, B" in found[0].message
    told = {"accessTokens": {"type": "hasMany", "model": "AccessToken", "polymorphic": apart}}
    models = native(A={"base": "User", "relations": told}, B={"base": "User", "relations": told})
    assert Code.USERS_ALIKE not in [one.code for one in examined(merged(models))[1]]
    assert Code.USERS_ALIKE not in [one.code for one in examined(merged(native(A={"base": "User"}, B={})))[1]]


def test_a_rule_by_an_alias_is_told_to_be_idle_in_loopback_layouts() -> None:
    rule = {"principalType": "ROLE", "principalId": "$everyone", "permission": "DENY"}
    names = ["updateAttributes", "prototype.patchAttributes", "find", "upsert"]
    models = native(A={"acls": [{**rule, "property": names}]})
    _, found = examined(merged(models, layout="loopback"))
    assert [(one.code, one.hint) for one in found] == [
        (Code.ACL_IDLE, "write patchAttributes"),
        (Code.ACL_IDLE, "write patchOrCreate"),
    ]
    assert found[0].severity is Severity.WARNING
    assert examined(merged(models))[1] == ()
