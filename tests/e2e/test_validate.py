"""`lbconf validate` as a user runs it: bad configurations are files, the expected codes stand in them as comments."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

ROOT = Path(__file__).parents[2]
BAD = ROOT / "tests" / "data" / "bad"
CASES = sorted(path.name for path in BAD.iterdir() if path.is_dir())
EXPECTED = re.compile(r"(?:#|//) (LB\d{4}(?: LB\d{4})*)\s*$", re.MULTILINE)


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("LBCONF_SET", "COV"))}
    return subprocess.run(
        [sys.executable, "-m", "lbconf", *arguments],
        cwd=ROOT,
        env=environ | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def arguments_of(case: Path) -> list[str]:
    file = case / "arguments"
    return ["--project", str(case), "validate", *(file.read_text().split() if file.is_file() else [])]


def expected_of(case: Path) -> list[tuple[str, str | None, int | None]]:
    """(code, file, line) of every finding a case must have."""
    found: list[tuple[str, str | None, int | None]] = []
    for path in case.rglob("*"):
        if path.suffix not in {".json", ".yaml"} or not path.is_file():
            continue
        text = path.read_bytes().decode("utf-8", errors="replace")
        for match in EXPECTED.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            found.extend((code, str(path.relative_to(case)), line) for code in match[1].split())
    listed = case / "expected"
    for entry in listed.read_text().splitlines() if listed.is_file() else ():
        code, *place = entry.split()
        found.append((code, place[0] if place else None, int(place[1]) if place else None))
    return sorted(found, key=str)


def place_of(case: Path, finding: dict[str, Any]) -> tuple[str | None, int | None]:
    location = finding.get("location")
    if location is None:
        return None, None
    file = location["file"]
    return (str(Path(file).relative_to(case)) if Path(file).is_absolute() else file), location["line"]


@pytest.mark.parametrize("name", CASES)
def test_every_mistake_of_a_project_is_found_in_one_run(name: str) -> None:
    case = BAD / name
    result = run(*arguments_of(case), "--format", "json")
    assert (result.returncode, result.stderr) == (1, "")
    found = json.loads(result.stdout)["diagnostics"]
    assert sorted(((one["code"], *place_of(case, one)) for one in found), key=str) == expected_of(case)
    assert expected_of(case)
    for one in found:
        assert one["message"]
        if "location" in one:
            assert one["location"]["column"] >= 1


@pytest.mark.parametrize("name", CASES)
def test_text_shows_code_place_and_line(name: str) -> None:
    case = BAD / name
    result = run(*arguments_of(case))
    assert (result.returncode, result.stderr) == (1, "")
    assert "Traceback" not in result.stdout
    for code, file, line in expected_of(case):
        assert f"[{code}]" in result.stdout
        if file not in (None, "."):
            assert f"--> {file}:{line}:" in result.stdout


def test_the_excerpt_points_at_the_value() -> None:
    result = run("--project", str(BAD / "native"), "validate")
    assert (
        "error[LB3001]: model Account is attached to dbb, and there is no such data source\n"
        "  --> environments/base/models/account.yaml:2:13\n"
        "  2 | dataSource: dbb # LB3001\n"
        "    |             ^^^\n"
        "  hint: did you mean db?\n"
    ) in result.stdout


def test_a_good_project_says_so() -> None:
    result = run("validate")
    assert (result.returncode, result.stdout, result.stderr) == (
        0, "development: no findings (1 model, 1 data source)\n", "",
    )  # fmt: skip


def test_all_environments_say_what_is_common(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "environments", tmp_path / "environments")
    (tmp_path / "environments/base/models/item.yaml").write_text("name: Item\ndataSource: nowhere\n")
    (tmp_path / "environments/production/server.yaml").write_text("port: many\n")
    result = run("--project", str(tmp_path), "validate", "--all-envs")
    assert result.returncode == 1
    common, _, rest = result.stdout.partition("In production:")
    assert common.startswith("In every environment:")
    assert "nowhere" in common
    assert "server.yaml:1:7" in rest
    assert "error[LB3012]: everybody who reaches the API may read and write model Item" in rest
    assert rest.rstrip().endswith(
        "development: 1 error (2 models, 1 data source)\nproduction: 3 errors (2 models, 1 data source)"
    )


def test_warnings_do_not_fail(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "environments", tmp_path / "environments")
    (tmp_path / "environments/base/server.yaml").write_text("prot: 3000\n")
    result = run("--project", str(tmp_path), "validate")
    assert result.returncode == 0
    assert "warning[LB3013]" in result.stdout
    assert "did you mean port?" in result.stdout
    assert run("--project", str(tmp_path), "validate", "--quiet").stdout == ""


def test_secrets_are_in_no_output(tmp_path: Path) -> None:
    base = tmp_path / "environments" / "base"
    base.mkdir(parents=True)
    (base / "datasources.yaml").write_text(
        "db: {connector: postgresql, port: many, password: hunter2-plain, "
        'url: "postgresql://me:hunter2-url@host/db", pasword: hunter2-typo}\n'
    )
    (base / "server.json").write_text('{"password": "hunter2-broken", "port": \n')
    (base / "models").mkdir()
    (base / "models" / "a.yaml").write_text("name: A\ndataSource: ${DB_PASSWORD}\n")
    for form in ("text", "json", "sarif", "github", "junit"):
        result = run("--project", str(tmp_path), "validate", "--format", form, DB_PASSWORD="hunter2-variable")
        assert result.returncode == 1
        for word in ("plain", "url", "broken", "variable"):
            assert f"hunter2-{word}" not in result.stdout + result.stderr, form


def test_sarif_has_a_rule_for_every_result() -> None:
    log = json.loads(run("--project", str(BAD / "native"), "validate", "--format", "sarif").stdout)
    assert log["version"] == "2.1.0"
    (one_run,) = log["runs"]
    rules = one_run["tool"]["driver"]["rules"]
    for result in one_run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"error", "warning", "note"}
        (location,) = result["locations"]
        physical = location["physicalLocation"]
        assert (BAD / "native" / physical["artifactLocation"]["uri"]).exists()
        assert physical["region"]["startLine"] >= 1
    assert len(one_run["results"]) == len(expected_of(BAD / "native"))


def test_github_annotations_start_at_the_working_folder() -> None:
    lines = run("--project", str(BAD / "native"), "validate", "--format", "github").stdout.splitlines()
    assert len(lines) == len(expected_of(BAD / "native"))
    assert (
        "::error title=LB3001 data source unknown,file=tests/data/bad/native/environments/base/models/account.yaml,"
        "line=2,col=13,endLine=2::model Account is attached to dbb, and there is no such data source%0Adid you mean db?"
    ) in lines


def test_junit_fails_a_case_per_error() -> None:
    result = run("--project", str(BAD / "native"), "validate", "--format", "junit")
    suites = ET.fromstring(result.stdout)  # noqa: S314 - what lbconf itself wrote
    (suite,) = suites
    failures = suite.findall("./testcase/failure")
    assert len(failures) == int(suite.attrib["failures"]) == int(suites.attrib["failures"])
    warnings = suite.find("system-out")
    assert warnings is not None
    assert "LB3013" in str(warnings.text)
    good = ET.fromstring(run("validate", "--format", "junit").stdout)  # noqa: S314 - what lbconf itself wrote
    assert good.attrib["failures"] == "0"
    assert len(good.findall("./testsuite/testcase")) == 1
