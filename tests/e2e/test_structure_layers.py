"""`structure` said by several files: environments add to it key by key, and explain tells who said what."""

import json
from pathlib import Path

import pytest

from tests.place import Place, made


@pytest.fixture
def place(tmp_path: Path) -> Place:
    found = made(tmp_path, None)
    found.write(
        "datasources.yaml",
        f"db:\n{found.source}  structure:\n    owns: [main]\n    onRemove: keep\n"
        "    enums: {mood: {values: [sad], comment: base}, size: [s]}\n",
    )
    other = tmp_path / "environments" / "production" / "datasources.yaml"
    other.parent.mkdir(parents=True)
    (tmp_path / "environments" / "development").mkdir()
    (tmp_path / "environments" / "development" / "server.yaml").write_text("port: 3000\n")
    other.write_text("db:\n  structure:\n    onRemove: rename\n    enums: {mood: {comment: production}}\n")
    return found


def test_an_environment_changes_a_structure_key_by_key(place: Place) -> None:
    found = {}
    for environment in ("development", "production"):
        code, out, err = place.run("config", "--env", environment, "--format", "json")
        assert code == 0, out + err
        found[environment] = json.loads(out)
    text = json.dumps(found["production"])
    assert '"comment": "production"' in text
    assert '"size": ["s"]' in text
    assert '"onRemove": "rename"' in text
    assert '"comment": "base"' in json.dumps(found["development"])


def test_explain_tells_which_file_said_it(place: Place) -> None:
    code, out, err = place.run("explain", "/datasources/db/structure/enums/mood/comment", "--env", "production")
    assert code == 0, out + err
    assert "environments/production/datasources.yaml:4" in out
    assert "environments/base/datasources.yaml:7" in out


def test_loopback_says_structure_in_datasources_json(tmp_path: Path) -> None:
    server = tmp_path / "server"
    (tmp_path / "common" / "models").mkdir(parents=True)
    server.mkdir()
    source = {"name": "db", "connector": "sqlite3", "file": "app.db", "structure": {"onRemove": "keep", "wrong": 1}}
    (server / "datasources.json").write_text(json.dumps({"db": source}))
    (server / "model-config.json").write_text(json.dumps({"_meta": {"sources": ["../common/models"]}}))
    (server / "config.json").write_text("{}")
    place = Place(tmp_path, None, "")
    code, out, err = place.run("validate")
    assert (code, "LB" in err + out, "wrong" in err + out) == (1, True, True), out + err
    del source["structure"]["wrong"]  # type: ignore[attr-defined]
    (server / "datasources.json").write_text(json.dumps({"db": source}))
    code, out, err = place.run("explain", "/datasources/db/structure/onRemove")
    assert (code, "datasources.json" in out) == (0, True), out + err
