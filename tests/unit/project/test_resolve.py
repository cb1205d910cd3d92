from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lbconf.datatypes import ArrayType, IntegerType, ModelType, NumberType, StringType
from lbconf.diagnostics import Code, Severity
from lbconf.errors import ProjectError
from lbconf.project.resolve import examine, resolve
from lbconf.project.resolved import Layout, RelationKind, Strict
from tests.unit.project.merging import ALIASES, codes, examined, merged, native


def test_a_native_model() -> None:
    project = resolve(
        merged(native(OrderLine={"properties": {"amount": {"type": "number", "required": True}}})), ALIASES
    )
    model = project.models["OrderLine"]
    assert (model.path, model.plural, model.base, model.data_source, model.public) == (
        "/orderLines", "OrderLines", "PersistedModel", "db", True,
    )  # fmt: skip
    assert [(prop.name, prop.type, prop.id, prop.generated, prop.nullable) for prop in model.properties.values()] == [
        ("id", IntegerType(64), 1, True, False),
        ("amount", NumberType(), 0, False, False),
    ]
    assert (model.strict, model.force_id, model.layout) == (Strict.REJECT, True, Layout.NATIVE)


def test_a_loopback_model_keeps_loopbacks_ways() -> None:
    project = resolve(merged(native(OrderLine={"properties": {"a": "String"}}), layout="loopback"), ALIASES)
    model = project.models["OrderLine"]
    assert (model.path, model.strict, model.force_id) == ("/OrderLines", Strict.KEEP, True)
    assert [(prop.name, prop.type) for prop in model.properties.values()] == [("a", StringType()), ("id", NumberType())]


def test_truthy_texts_count_in_loopback() -> None:
    project = resolve(
        merged(native(A={"properties": {"a": {"type": "string", "required": "true"}}}), layout="loopback")
    )
    assert project.models["A"].properties["a"].required


def test_options_win_over_the_top_level_and_wiring_over_both() -> None:
    models = native(A={"strict": True, "plural": "Ays", "options": {"strict": "filter"}})
    models["A"]["wiring"]["options"] = {"plural": "Aaas", "base": "User"}
    project, found = examined(merged(models, layout="loopback"))
    assert (project.models["A"].strict, project.models["A"].path) == (Strict.FILTER, "/Aaas")
    assert project.models["A"].base == "PersistedModel"
    assert found == ()


def test_a_foreign_key_takes_the_type_of_what_it_points_at() -> None:
    project = resolve(
        merged(
            native(
                Book={"relations": {"author": {"type": "belongsTo", "model": "Author"}}},
                Author={
                    "properties": {"code": {"type": "string", "length": 5, "id": True}},
                    "relations": {"books": {"type": "hasMany", "model": "Book"}},
                },
            )
        )
    )
    book = project.models["Book"]
    assert book.properties["authorId"].type == StringType(5)
    relation = book.relations["author"]
    assert (relation.kind, relation.target, relation.key_from, relation.key_to, relation.constraint) == (
        RelationKind.BELONGS_TO, "Author", ("authorId",), ("code",), True,
    )  # fmt: skip
    assert project.models["Author"].relations["books"].key_to == ("authorId",)


def test_a_relation_without_constraint() -> None:
    relation = {"type": "belongsTo", "model": "B", "constraint": False, "onDelete": "SET NULL"}
    project = resolve(merged(native(A={"relations": {"b": relation}}, B={})))
    found = project.models["A"].relations["b"]
    assert (found.constraint, found.on_delete) == (False, "SET NULL")


def test_a_composite_key_is_related_by_all_its_parts() -> None:
    project = resolve(
        merged(
            native(
                A={"relations": {"b": {"type": "belongsTo", "model": "B"}}},
                B={"properties": {"x": {"type": "integer", "id": 2}, "y": {"type": "string", "id": 1}}},
            )
        )
    )
    relation = project.models["A"].relations["b"]
    assert (relation.key_from, relation.key_to) == (("bY", "bX"), ("y", "x"))
    assert project.models["A"].properties["bX"].type == IntegerType(32)


def test_has_and_belongs_to_many_makes_the_model_in_between() -> None:
    project = resolve(
        merged(
            native(
                A={"relations": {"bs": {"type": "hasAndBelongsToMany", "model": "B"}}},
                B={"relations": {"as": {"type": "hasAndBelongsToMany", "model": "A"}}},
            )
        )
    )
    between = project.models["AB"]
    assert (between.public, between.data_source, list(between.properties)) == (False, "db", ["id", "aId", "bId"])
    assert {name: relation.target for name, relation in between.relations.items()} == {"a": "A", "b": "B"}
    assert all(relation.constraint for relation in between.relations.values())
    there, back = project.models["A"].relations["bs"], project.models["B"].relations["as"]
    assert (there.through, there.through_from, there.through_to) == ("AB", ("aId",), ("bId",))
    assert (back.through, back.through_from, back.through_to) == ("AB", ("bId",), ("aId",))


@pytest.mark.parametrize(
    ("order", "both", "name"),
    [("AB", True, "BA"), ("BA", True, "AB"), ("AB", False, "AB"), ("BA", False, "AB")],
)
def test_the_model_in_between_is_called_as_loopback_calls_it(order: str, *, both: bool, name: str) -> None:
    """As LoopBack 3.28 called it when it was asked: by the end attached later, where both ends ask for it."""
    relations = {
        "A": {"relations": {"bs": {"type": "hasAndBelongsToMany", "model": "B"}}},
        "B": {"relations": {"as": {"type": "hasAndBelongsToMany", "model": "A"}}} if both else {},
    }
    project = resolve(merged(native(**{end: relations[end] for end in order}), layout="loopback"))
    assert project.models["A"].relations["bs"].through == name


def test_has_many_through_finds_the_other_key_in_the_model_between() -> None:
    project = resolve(
        merged(
            native(
                Patient={"relations": {"doctors": {"type": "hasMany", "model": "Doctor", "through": "Visit"}}},
                Doctor={},
                Visit={"relations": {"seenBy": {"type": "belongsTo", "model": "Doctor", "foreignKey": "docId"}}},
            )
        )
    )
    relation = project.models["Patient"].relations["doctors"]
    assert relation.kind is RelationKind.HAS_MANY_THROUGH
    assert (relation.through_from, relation.through_to) == (("patientId",), ("docId",))


def test_polymorphic_both_sides() -> None:
    project = resolve(
        merged(
            native(
                Author={"relations": {"pictures": {"type": "hasMany", "model": "Picture", "polymorphic": "imageable"}}},
                Picture={"relations": {"imageable": {"type": "belongsTo", "polymorphic": True}}},
            )
        )
    )
    picture = project.models["Picture"]
    assert list(picture.properties) == ["id", "imageableId", "imageableType"]
    assert picture.properties["imageableId"].index == {}
    assert picture.relations["imageable"].target is None
    assert project.models["Author"].relations["pictures"].key_to == ("imageableId",)


def test_embedded_and_referenced() -> None:
    project = resolve(
        merged(
            native(
                Cart={
                    "relations": {
                        "entries": {"type": "embedsMany", "model": "Entry", "property": "list"},
                        "shipping": {"type": "embedsOne", "model": "Entry"},
                        "wishes": {"type": "referencesMany", "model": "Wish"},
                    }
                },
                Entry={"base": "Model", "properties": {"name": "string"}},
                Wish={},
            )
        )
    )
    properties = project.models["Cart"].properties
    assert (properties["list"].type, properties["list"].default) == (ArrayType(ModelType("Entry")), [])
    assert properties["entry"].type == ModelType("Entry")
    assert (properties["wishIds"].type, properties["wishIds"].default) == (ArrayType(IntegerType(64)), [])


def test_a_child_of_user_inherits_rules_and_hidden_properties() -> None:
    project = resolve(merged(native(Member={"base": "User", "properties": {"age": "integer"}})))
    member = project.models["Member"]
    assert member.is_a("User")
    assert member.ancestors == ("User", "PersistedModel", "Model")
    assert [rule.permission for rule in member.acls[:2]] == ["DENY", "ALLOW"]
    assert member.properties["password"].hidden
    assert not project.models["User"].public


def test_wired_rules_replace_those_for_the_same_subject() -> None:
    models = native(A={"acls": [{"principalType": "ROLE", "principalId": "$everyone", "permission": "DENY"}]})
    models["A"]["wiring"]["acls"] = [
        {"principalType": "ROLE", "principalId": "$everyone", "permission": "ALLOW"},
        {"principalType": "ROLE", "principalId": "admin", "permission": "ALLOW"},
    ]
    project = resolve(merged(models, layout="loopback"))
    assert [(rule.principal_id, rule.permission) for rule in project.models["A"].acls] == [
        ("$everyone", "ALLOW"),
        ("admin", "ALLOW"),
    ]


def test_indexes_in_every_form() -> None:
    written = {
        "a": {"keys": {"x": 1, "y": -1}, "options": {"unique": True}},
        "b": {"x": 1},
        "c": {"columns": "x, y", "kind": "unique", "type": "BTREE"},
        "d": {"keys": ["x DESC", "y"], "where": "x > 1"},
        "e": "x DESC, y",
    }
    project = resolve(merged(native(A={"properties": {"x": "integer", "y": "integer"}, "indexes": written})))
    assert [(one.name, one.keys, one.unique, one.kind, one.where) for one in project.models["A"].indexes] == [
        ("a", (("x", False), ("y", True)), True, None, None),
        ("b", (("x", False),), False, None, None),
        ("c", (("x", False), ("y", False)), True, "btree", None),
        ("d", (("x", True), ("y", False)), False, None, "x > 1"),
        ("e", (("x", True), ("y", False)), False, None, None),
    ]


def test_constraints_of_the_native_layout() -> None:
    project = resolve(
        merged(
            native(
                A={
                    "properties": {"x": {"type": "integer", "unique": True, "renamedFrom": "z"}, "y": "integer"},
                    "uniques": {"both": {"properties": ["x", "y"]}},
                    "checks": {"positive": "x > 0"},
                    "renamedFrom": "Old",
                    "readOnly": True,
                }
            )
        )
    )
    model = project.models["A"]
    assert [(one.name, one.properties) for one in model.uniques] == [("both", ("x", "y"))]
    assert [(one.name, one.expression) for one in model.checks] == [("positive", "x > 0")]
    assert (model.properties["x"].unique, model.properties["x"].renamed_from) == (True, "z")
    assert (model.renamed_from, model.read_only) == ("Old", True)


def test_unknown_keys_are_kept_and_warned_about() -> None:
    project, found = examined(merged(native(A={"stict": True, "mssql": {"table": "a", "anything": 1}})))
    assert codes(found) == [(Code.KEY_UNKNOWN, "/models/A/definition/stict")]
    assert (found[0].severity, found[0].hint) == (Severity.WARNING, "did you mean strict?")
    assert project.models["A"].settings["stict"] is True
    assert project.models["A"].section("mssql") == {"table": "a", "anything": 1}


def test_access_control_is_on_unless_the_project_says_otherwise() -> None:
    rule = {"principalType": "ROLE", "principalId": "$everyone", "permission": "DENY"}
    assert resolve(merged(native(A={"acls": [rule]}))).auth
    assert resolve(merged(native(A={}))).auth
    assert not resolve(merged(native(A={"acls": [rule]}), server={"auth": False})).auth
    assert not resolve(merged(native(A={"acls": [rule]}), layout="loopback")).auth
    assert resolve(merged(native(A={}), layout="loopback", boot_auth=True)).auth
    assert resolve(merged(native(A={}), server={"auth": True}, layout="loopback")).auth


def test_server_settings() -> None:
    server = resolve(merged({}, server={"port": "8080", "restApiRoot": "/v1/", "explorer": False})).server
    assert (server.port, server.rest_api_root, server.explorer) == (8080, "/v1", None)


def test_the_explorer_of_a_loopback_project_is_a_component() -> None:
    explorer = {"loopback-component-explorer": {"mountPath": "/docs"}}
    assert resolve(merged({}, layout="loopback", components=explorer)).server.explorer == "/docs"
    assert resolve(merged({}, layout="loopback")).server.explorer is None


def test_nothing_follows_from_a_file_that_cannot_be_read() -> None:
    models = native(
        A={
            "base": "Lost",
            "relations": {"r": {"type": "belongsTo", "model": "Lost"}},
            "indexes": {"i": {"keys": ["gone"]}},
        }
    )
    _, found = examined(merged(models, broken=frozenset({"/models/Lost"})))
    assert found == ()


def test_errors_are_raised_together_with_warnings() -> None:
    models = native(A={"base": "Nobody", "colour": 1}, B={"relations": {"r": {"type": "hasMany", "model": "Nobody"}}})
    with pytest.raises(ProjectError) as caught:
        resolve(merged(models), ALIASES)
    assert {one.code for one in caught.value.diagnostics} == {
        Code.BASE_UNKNOWN,
        Code.KEY_UNKNOWN,
        Code.RELATION_TARGET_UNKNOWN,
    }


KEYS = st.sampled_from(
    [
        "name",
        "base",
        "properties",
        "relations",
        "options",
        "acls",
        "indexes",
        "type",
        "model",
        "through",
        "polymorphic",
        "foreignKey",
        "keys",
        "id",
        "required",
        "default",
        "strict",
        "plural",
        "http",
        "path",
        "uniques",
        "checks",
        "A",
        "B",
        "permission",
        "scope",
        "hidden",
        "methods",
        "mysql",
        "idInjection",
        "values",
        "primaryKey",
        "foreignKeys",
        "entity",
        "dataSource",
        "public",
        "configureModelMerge",
        "excludeBaseProperties",
    ]
)
VALUES = st.sampled_from(
    ["A", "B", "User", "string", "enum", "hasMany", "belongsTo", "hasAndBelongsToMany", "embedsOne", "referencesMany",
     "hasOne", "PersistedModel", "Model", "decimal(3,2)", "", "id", "x"]
)  # fmt: skip
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | VALUES | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=3), inner, max_size=5),
    max_leaves=25,
)
ENTRIES = st.dictionaries(st.sampled_from(["wiring", "definition"]), ANYTHING, min_size=1) | ANYTHING


@settings(max_examples=400)
@given(
    models=st.dictionaries(st.sampled_from(["A", "B", "User", "C"]), ENTRIES),
    layout=st.sampled_from(["native", "loopback", "loopback1"]),
    server=ANYTHING,
    datasources=st.dictionaries(st.just("db"), ANYTHING) | ANYTHING,
)
def test_no_input_makes_resolving_fail_by_accident(models: Any, layout: str, server: Any, datasources: Any) -> None:
    project, found = examine(merged(models, layout=layout, server=server, datasources=datasources), ALIASES)
    for model in project.models.values():
        assert model.path.startswith("/")
        for relation in model.relations.values():
            assert relation.target is None or relation.target in project.models
            assert set(relation.key_from) <= set(model.properties)
            if relation.target is not None and relation.kind is not RelationKind.EMBEDS_ONE:
                assert set(relation.key_to) <= set(project.models[relation.target].properties)
    assert all(one.hint or one.severity is not Severity.ERROR for one in found)


def test_a_misspelt_key_of_a_connector_section_is_found() -> None:
    section = {"tabel": "a", "indexes": {"i": {"parts": ["x"], "were": "x > 0"}}, "partitionBy": "HASH (x)"}
    prop = {"type": "integer", "postgresql": {"generatdAs": "1"}}
    _, found = examined(merged(native(A={"properties": {"x": prop}, "postgresql": section})))
    assert {one.severity for one in found} == {Severity.WARNING}
    assert [(one.code, str(one.location and one.location.pointer), one.hint) for one in found] == [
        (Code.KEY_UNKNOWN, "/models/A/definition/properties/x/postgresql/generatdAs", "did you mean generatedAs?"),
        (Code.KEY_UNKNOWN, "/models/A/definition/postgresql/tabel", "did you mean table?"),
        (Code.KEY_UNKNOWN, "/models/A/definition/postgresql/indexes/i/were", "did you mean where?"),
    ]


@pytest.mark.parametrize("layout", ["native", "loopback"])
def test_the_structure_of_a_data_source_keeps_its_places(layout: str) -> None:
    said = {
        "owns": ["public"],
        "enums": {"mood": ["sad", "glad"], "app.size": {"values": ["s"], "renamedValues": {"small": "s"}}},
        "domains": {"year": "integer"},
        "sequences": {"counter": None},
        "extensions": {"citext": None},
    }
    project = resolve(merged({}, datasources={"db": {"connector": "postgresql", "structure": said}}, layout=layout))
    source = project.data_sources["db"]
    found = source.structure
    assert "structure" not in source.settings
    assert [(one.name, one.settings) for one in found.enums] == [
        ("mood", {"values": ["sad", "glad"]}),
        ("app.size", {"values": ["s"], "renamedValues": {"small": "s"}}),
    ]
    assert [(one.name, one.settings) for one in (*found.domains, *found.sequences, *found.extensions)] == [
        ("year", {"type": "integer"}),
        ("counter", {}),
        ("citext", {}),
    ]
    places = [one.location and one.location.pointer for one in (*found.owns, *found.enums)]
    start = "/datasources/db/structure"
    assert places == [f"{start}/owns/0", f"{start}/enums/mood", f"{start}/enums/app.size"]


def test_what_a_structure_does_not_know_is_refused() -> None:
    said = {"enum": {}, "domains": {"year": {"type": "integer", "nulable": False}}, "sequences": {"s": {"step": 1}}}
    _, found = examined(merged({}, datasources={"db": {"connector": "postgresql", "structure": said}}))
    assert [(one.code, one.severity, str(one.location and one.location.pointer)) for one in found] == [
        (Code.KEY_UNKNOWN, Severity.ERROR, "/datasources/db/structure/enum"),
        (Code.KEY_UNKNOWN, Severity.ERROR, "/datasources/db/structure/domains/year/nulable"),
        (Code.KEY_UNKNOWN, Severity.ERROR, "/datasources/db/structure/sequences/s/step"),
    ]
    assert [one.hint for one in found][:2] == ["did you mean enums?", "did you mean nullable?"]
