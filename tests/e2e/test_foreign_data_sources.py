"""A project with data sources that lbconf has no connector for: the rest of it works."""

import json
from pathlib import Path

import pytest

from tests.serving import ask, run_lbconf, served

NATIVE_MODEL = "{name: %s, dataSource: %s, public: true, properties: {id: {type: number, id: true}, text: string}}\n"


@pytest.fixture(params=["loopback", "native"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A project whose models Note and Mail (and Letter, which has notes) lie on two data sources."""
    if request.param == "native":
        base = tmp_path / "environments" / "base"
        (base / "models").mkdir(parents=True)
        (base / "seed").mkdir()
        (base / "datasources.yaml").write_text(
            "db: {connector: sqlite, file: rows.db}\nmails: {connector: mongodb, url: 'mongodb://h/x'}\n"
        )
        (base / "models" / "note.yaml").write_text(NATIVE_MODEL % ("Note", "db"))
        (base / "models" / "mail.yaml").write_text(
            NATIVE_MODEL.replace("}}\n", "}, relations: {notes: {type: hasMany, model: Note}}}\n") % ("Mail", "mails")
        )
        (base / "seed" / "note.yaml").write_text("- {id: 1, text: a}\n")
        (base / "seed" / "mail.yaml").write_text("- {id: 1, text: a}\n")
        return tmp_path
    server = tmp_path / "server"
    (tmp_path / "common" / "models").mkdir(parents=True)
    server.mkdir()
    (server / "config.json").write_text(json.dumps({"restApiRoot": "/api"}))
    (server / "datasources.json").write_text(
        json.dumps(
            {
                "db": {"name": "db", "connector": "sqlite", "file": "rows.db"},
                "mails": {"name": "mails", "connector": "mail", "transports": []},
                "other": {"name": "other", "connector": "rest", "operations": []},
            }
        )
    )
    listed = {name: {"dataSource": source, "public": True} for name, source in (("Note", "db"), ("Mail", "mails"))}
    (server / "model-config.json").write_text(json.dumps({"_meta": {"sources": ["../common/models"]}, **listed}))
    for name in listed:
        model = {"name": name, "base": "PersistedModel", "properties": {"text": "string"}}
        if name == "Mail":
            model["relations"] = {"notes": {"type": "hasMany", "model": "Note"}}
        (tmp_path / "common" / "models" / f"{name.lower()}.json").write_text(json.dumps(model))
    return tmp_path


def test_the_rest_is_planned_seeded_and_served(project: Path) -> None:
    for command in (("validate",), ("plan", "--format", "json"), ("apply", "--auto-approve"), ("seed",)):
        done = run_lbconf(*command, "--project", str(project))
        assert done.returncode == 0, done.stderr
        assert "LB5052" not in done.stdout + done.stderr
        assert "LB3019" in done.stdout + done.stderr
    assert run_lbconf("plan", "--project", str(project)).returncode == 0
    with served(project) as server:
        server.wait_for_line("LB3019")
        status, ready, _ = ask(server, "/readyz")
        assert (status, ready["dataSources"]["mails"], ready["status"]) == (200, {"status": "not served"}, "ready")
        assert ready["dataSources"]["db"]["status"] == "up"
        assert (
            ask(
                server,
                "/api/notes",
                method="POST",
                body={"text": "b"} if (project / "server").exists() else {"id": 2, "text": "b"},
            )[0]
            == 200
        )
        assert ask(server, "/api/notes/count")[1]["count"] in {1, 2}
        for verb, path in (("GET", ""), ("GET", "/1"), ("POST", ""), ("GET", "/1/notes"), ("DELETE", "/1")):
            status, body, _ = ask(server, f"/api/mails{path}", method=verb, body={} if verb == "POST" else None)
            assert status == 501, (verb, path, body)
            assert body["error"]["statusCode"] == 501
            assert "mails has no connector" in body["error"]["message"]
        assert ask(server, "/openapi.json")[0] == 200


def test_a_data_source_named_is_refused_with_a_reason(project: Path) -> None:
    done = run_lbconf("plan", "--data-source", "mails", "--project", str(project))
    assert done.returncode == 1
    assert "no structure to plan" in done.stderr
