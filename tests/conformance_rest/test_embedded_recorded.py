"""Embedded instances and lists of ids as LoopBack 3.28 answered for them: 444 requests, the same on every connector.

What LoopBack answers otherwise than we want to (docs/models.md tells of it) was not recorded.
"""

import json
from pathlib import Path

import pytest

from tests.conformance_rest import test_replay as recorded
from tests.serving import served

HERE = Path(__file__).parent / "recorded_embedded"
GROUP = "embedded"


@pytest.mark.parametrize("variant", ["memory", "mysql", "postgresql", "sqlite"])
def test_answers_about_embedded_instances_are_loopbacks(
    variant: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    environment, variables = recorded._environment(variant, request)
    project = recorded.RECORDED / "project"
    if variant in {"mysql", "sqlite"}:
        project = {"mysql": recorded._on_mysql, "sqlite": recorded._on_sqlite}[variant](tmp_path / "project")
    if variant != "memory":
        recorded._create_tables(project, environment, variables)
    replay = recorded._replay()
    suite = json.loads((recorded.RECORDED / "cases.json").read_text("utf-8"))
    suite["groups"] = [{"name": GROUP, "cases": json.loads((HERE / "cases.json").read_text("utf-8"))}]
    suite["seed"] = []
    expected = json.loads((HERE / "expected.json").read_text("utf-8"))

    with served(project, "--env", environment, variables=variables) as server:
        records, problems = replay.replay(server.url, str(recorded.RECORDED), suite)

    assert not problems
    store = "memory" if variant == "memory" else "postgresql"
    differences = []
    for case in suite["groups"][0]["cases"]:
        got, said = records[f"{GROUP}/{case['name']}"], expected[case["name"]]
        want = {"body": None, "contentType": None, **(said.get("both") or said[store])}
        status, body, _ = replay.judge(case, got, want, None, store)
        if not (status and body):
            differences.append(recorded._difference(replay, case["name"], got, want))
    assert not differences, "\n".join(differences)
