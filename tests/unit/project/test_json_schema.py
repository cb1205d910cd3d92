import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from lbconf.operations.schemas import outdated, schema_files, write_schemas

ROOT = Path(__file__).parents[3]
SCHEMAS = ROOT / "schemas"


def schema(name: str) -> Any:
    return json.loads((SCHEMAS / f"{name}.json").read_text())


def test_the_published_schemas_are_up_to_date() -> None:
    assert outdated(SCHEMAS) == ()
    assert {path.name for path in SCHEMAS.glob("*.json")} >= set(schema_files())


def test_writing_twice_changes_nothing(tmp_path: Path) -> None:
    assert {path.name for path in write_schemas(tmp_path)} == set(schema_files())
    assert write_schemas(tmp_path) == ()
    (tmp_path / "model.json").write_text("{}")
    assert outdated(tmp_path) == (tmp_path / "model.json",)


@pytest.mark.parametrize("name", sorted(schema_files()))
def test_every_schema_is_one_and_has_an_id(name: str) -> None:
    found = schema(name.removesuffix(".json"))
    jsonschema.Draft202012Validator.check_schema(found)
    assert found["$id"] == f"urn:lbconf:schema:{name.removesuffix('.json')}"


def test_the_account_application_is_good() -> None:
    base = ROOT / "environments" / "base"
    for path in base.glob("models/*.yaml"):
        jsonschema.validate(yaml.safe_load(path.read_text()), schema("model"))
    jsonschema.validate(yaml.safe_load((base / "datasources.yaml").read_text()), schema("datasources"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("model", {"properties": {"a": {"required": True}}}),
        ("model", {"properties": {"a": {"type": "string", "required": "yes"}}}),
        ("model", {"strict": "maybe"}),
        ("model", {"relations": {"a": {"type": "belongTo", "model": "B"}}}),
        ("model", {"acls": [{"permission": "ALLOWED"}]}),
        ("model", {"uniques": {"u": {"properties": []}}}),
        ("model", {"public": "no"}),
        ("model.loopback", {"properties": []}),
        ("model-config", {"A": 5}),
        ("server", {"port": "eighty"}),
        ("datasources", {"db": {"connector": 5}}),
        ("datasources", {"db": {"connector": "postgresql", "max": 0}}),
        ("datasources", {"db": []}),
    ],
)
def test_bad_files_fail(name: str, value: Any) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(value, schema(name))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (
            "model",
            {
                "name": "A",
                "dataSource": "db",
                "properties": {"a": "string", "b": {"type": "decimal(10,2)", "unique": {"name": "u"}}, "c": ["string"]},
                "relations": {"b": {"type": "belongsTo", "model": "B", "onDelete": "CASCADE", "constraint": False}},
                "indexes": {"i": {"keys": {"a": 1}, "where": "a > 1"}, "j": ["a DESC"]},
                "uniques": {"u": ["a", "b"]},
                "checks": {"c": "a > 1"},
                "postgresql": {"table": "a"},
            },
        ),
        ("model.loopback", {"properties": {"a": {"type": "string", "required": "true"}}, "methods": [], "x": 1}),
        ("model-config", {"_meta": {"sources": ["./models"]}, "A": {"dataSource": "db", "public": True}}),
        ("server", {"port": "8080", "explorer": False, "remoting": {"sharedMethods": {"*": False}}}),
        ("datasources", {"db": {"connector": "postgresql", "url": "postgresql://x", "anything": 1}, "no": None}),
        ("datasources", {"db": {"connector": "custom", "max": 0}}),
    ],
)
def test_good_files_pass(name: str, value: Any) -> None:
    jsonschema.validate(value, schema(name))
