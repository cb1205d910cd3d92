"""Changes from one schema to the next, from the test suites of two other tools.

The pairs lie in `schemas/pairs` of the folder that LBCONF_SHARED names
(default: `shared` beside the project). lbconf's own history table is no part
of what is compared: it stands in every database that was applied to.
"""

import contextlib
import importlib.util
import io
import json
import os
import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg
import pytest

from lbconf.cli.verbs import run
from tests import servers

SHARED = Path(os.environ.get("LBCONF_SHARED") or Path(__file__).parents[3] / "shared")
PAIRS = SHARED / "schemas" / "pairs"
FLOOR = {"tables": 67, "other": 33}
"""Pairs of each scope that pass. It may only rise."""

pytestmark = pytest.mark.skipif(not (PAIRS / "run_pairs.py").exists(), reason=f"no pairs of schemas in {PAIRS}")


def loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, PAIRS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def harness() -> Iterator[ModuleType]:
    comparison: Any = loaded("catalog_diff")
    told = comparison.dump_pg

    def without_history(url: str) -> dict[tuple[str, str], Any]:
        return {key: facts for key, facts in told(url).items() if "_lbconf_" not in key[1]}

    comparison.dump_pg = without_history
    module = loaded("run_pairs")
    module.TOOLS["lbconf"] = through_commands
    yield module
    del sys.modules["catalog_diff"], sys.modules["run_pairs"]


def command(*arguments: str) -> tuple[int, str]:
    """Exit code and output of a command, run in this process."""
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        code = run(list(arguments))
    return code, f"{out.getvalue()[-300:]} {err.getvalue()[-1000:]}"


def through_commands(old: str, new: str, folder: str) -> tuple[str, str]:
    """What the harness does with the installed commands: discover, plan, apply, plan."""
    models, plan = f"{folder}/models", f"{folder}/plan.json"
    planning = ("--project", models, "plan", "--url", old, "--out", plan, "--detailed-exitcode")
    code, told = command("discover", "--url", new, "--out", models)
    if code:
        return "refused", f"discover: {told}"
    code, told = command(*planning)
    if code not in {0, 2}:
        return "refused", f"plan: {told}"
    if code == 2:
        code, told = command("--project", models, "apply", plan, "--url", old, "--auto-approve", "--accept", "all")
        if code:
            return "refused", f"apply: {told}"
    code, told = command(*planning)
    return ("ok", "") if code == 0 else ("again", told)


def test_pairs_of_tables_pass_as_often_as_before_and_none_is_broken(
    harness: ModuleType, postgresql_server: servers.PostgresqlServer
) -> None:
    counted, told = outcomes(harness, postgresql_server, scope="tables")
    assert counted["broken"] == 0, told
    assert counted["pass"] >= FLOOR["tables"], told


def test_pairs_with_what_models_cannot_say_pass_or_are_refused_or_left_and_none_is_broken(
    harness: ModuleType, postgresql_server: servers.PostgresqlServer
) -> None:
    counted, told = outcomes(harness, postgresql_server, scope="other")
    assert counted["broken"] == counted["not-idempotent"] == 0, told
    assert counted["pass"] >= FLOOR["other"], told


def outcomes(harness: ModuleType, server: servers.PostgresqlServer, *, scope: str) -> tuple[Counter[str], str]:
    """How often each outcome was, and what did not pass."""
    if os.environ.get("LBCONF_TEST_POSTGRESQL_URL"):
        pytest.skip("the pairs make roles and databases of fixed names: only on a server of the tests' own")
    found = run_all(harness, server.url, scope=scope)
    told = "\n".join(f"{name}: {outcome} {why}" for name, (outcome, why) in found.items() if outcome != "pass")
    return Counter(outcome for outcome, _ in found.values()), told


def cases() -> list[dict[str, Any]]:
    files = sorted(PAIRS.glob("*/cases.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def run_all(harness: ModuleType, server: str, *, scope: str) -> dict[str, tuple[str, str]]:
    """Outcome and reason of every case, by its id."""
    found: dict[str, tuple[str, str]] = {}
    options = Namespace(server=server, tool="lbconf", ignore="privilege")
    for case in cases():
        if case["scope"] == scope:
            try:
                found[case["id"]] = harness.one(case, options)
            except psycopg.Error as error:
                found[case["id"]] = ("broken", str(error))
    return found
