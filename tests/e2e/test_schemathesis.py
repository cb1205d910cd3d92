"""The description of the API held against the server by schemathesis: no 5xx, and nothing that is not described.

Examples are bounded and their seed is fixed. LBCONF_TEST_SCHEMATHESIS says how many examples an operation gets.
"""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.serving import Served, ask, run_lbconf, served

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("schemathesis") is None, reason="schemathesis is not installed"),
]

ROOT = Path(__file__).parents[2]
SHOP = ROOT / "examples" / "shop"
RECORDED = ROOT / "tests" / "conformance_rest" / "recorded" / "project"
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "ignored_auth",
)
SETTINGS = """\
[generation]
allow-x00 = false
[reports]
directory = "reports"
[[operations]]
include-operation-id-regex = "create"
# As LoopBack, which answers 500 where several instances of a list are not valid; it is described.
checks.not_a_server_error.expected-statuses = ["2xx", "4xx", 500]
"""
EXAMPLES = os.environ.get("LBCONF_TEST_SCHEMATHESIS", "2")
MODELS = "Suppliers|Carts|Members|Articles|Samples"
"""Those of the recorded project that differ in kind: relations of every kind, scopes, users, keys, types."""


def held(server: Served, folder: Path, *arguments: str, phases: str = "examples,fuzzing") -> None:
    """Every operation tried; what schemathesis found is the message of a failure."""
    settings = folder / "schemathesis.toml"
    settings.write_text(SETTINGS)
    done = subprocess.run(
        [
            Path(sys.executable).with_name("st"),
            *("--config-file", settings),
            *("run", f"{server.url}/openapi.json"),
            *("--url", f"{server.url}/api"),
            *("--checks", ",".join(CHECKS)),
            *("--max-examples", EXAMPLES),
            *("--phases", phases),
            *("--seed", "1"),
            *("--workers", "1"),
            *("--suppress-health-check", "all"),
            "--continue-on-failure",
            "--generation-deterministic",
            *("--warnings", "off"),
            "--no-color",
            # A change stream ends when its client goes away, which schemathesis never does.
            *("--exclude-path-regex", "/change-stream$"),
            *arguments,
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    found = done.stdout.partition("= FAILURES =")[2] or done.stdout[-3000:] + done.stderr[-3000:]
    assert done.returncode == 0, found
    assert not [line for line in server.lines if '"event":"internal-error"' in line]


def prepared(project: Path, folder: Path, verbs: Sequence[Sequence[str]]) -> Path:
    copy = folder / "project"
    shutil.copytree(project, copy)
    for verb in verbs:
        done = run_lbconf(*verb, "--project", str(copy))
        assert done.returncode == 0, done.stderr
    return copy


@pytest.mark.parametrize("person", ["root", None])
def test_the_shop_answers_as_described(tmp_path: Path, person: str | None) -> None:
    shop = prepared(SHOP, tmp_path, [("apply", "--auto-approve"), ("seed",)])
    with served(shop) as server:
        headers = []
        if person:
            body = {"username": person, "password": f"{person}-secret"}
            status, token, _ = ask(server, "/api/customers/login", method="POST", body=body)
            assert status == 200, token
            headers = ["--header", f"Authorization: {token['id']}"]
        held(server, tmp_path, *headers)


def test_a_loopback_project_answers_as_described(tmp_path: Path) -> None:
    copy = prepared(RECORDED, tmp_path, [])
    sources = copy / "server" / "datasources.json"
    written = json.loads(sources.read_text()) | {"db": {"connector": "sqlite", "file": "rest.db"}}
    sources.write_text(json.dumps(written))
    done = run_lbconf("apply", "--auto-approve", "--project", str(copy))
    assert done.returncode == 0, done.stderr
    with served(copy) as server:
        held(server, tmp_path, "--include-path-regex", f"^/({MODELS})(/|$)")
