"""`lbconf validate` is read alike by click and without it."""

import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lbconf.cli import main, verbs
from lbconf.cli.global_options import GlobalOptions
from lbconf.cli.plain import VERBS, plain
from lbconf.cli.planning import FORMATS as PLAN_FORMATS
from lbconf.cli.validation import FORMATS

ROOT = Path(__file__).parents[3]
WORDS = (
    *(
        "validate",
        "plan",
        "--detailed-exitcode",
        "--out",
        "-o",
        "p.json",
        "--out=p",
        "--project",
        "--env",
        "-e",
        "--layout",
        "--set",
        "--format",
        "-f",
        "--no-color",
        "--quiet",
    ),
    *(
        "-q",
        "--verbose",
        "-v",
        "--all-envs",
        "--help",
        "--version",
        "--",
        "-",
        "",
        "x",
        "native",
        "json",
        "/a=1",
        "-qv",
    ),
    *(
        "--env=x",
        "--env=",
        "--set=/a=1",
        "--format=json",
        "-e=x",
        "-ex",
        "--layout=yaml",
        "--quiet=1",
        "--pro=x",
        "a b",
    ),
)


DEFAULTS: dict[str, dict[str, Any]] = {
    "validate": {"all_environments": False, "output_format": "text"},
    "plan": {
        "url": None,
        "output_format": "text",
        "out": None,
        "detailed_exitcode": False,
        "snapshot": None,
        "back_to": None,
        "check_data": False,
        "examples": True,
        "fail_on": (),
        "data_sources": (),
        "models": (),
        "online": True,
    },
}


def plain_validate(arguments: list[str]) -> tuple[GlobalOptions, dict[str, Any]] | None:
    return plain("validate", arguments)


def read_by_click(verb: str, arguments: list[str]) -> tuple[GlobalOptions, dict[str, Any]] | None:
    seen: list[tuple[GlobalOptions, dict[str, Any]]] = []

    def keep(options: GlobalOptions, **others: Any) -> int:
        seen.append((options, others))
        return 0

    with patch("lbconf.cli.validate.check", keep), patch("lbconf.cli.planning.plan", keep):
        verbs.run(arguments)
    return seen[0] if seen else None


@pytest.mark.parametrize("verb", VERBS)
@settings(max_examples=300)
@given(before=st.lists(st.sampled_from(WORDS), max_size=3), after=st.lists(st.sampled_from(WORDS), max_size=4))
def test_what_is_plain_means_the_same_to_click(verb: str, before: list[str], after: list[str]) -> None:
    arguments = [*before, verb, *after]
    found = plain(verb, arguments)
    if found is not None:
        clicked = read_by_click(verb, arguments)
        assert clicked is not None
        defaults = {name: value for name, value in clicked[1].items() if name not in found[1]}
        assert clicked == (found[0], found[1] | defaults)
        assert defaults.items() <= DEFAULTS[verb].items()


def test_formats_are_those_of_the_verbs() -> None:
    assert VERBS["validate"].formats == FORMATS
    assert VERBS["plan"].formats == PLAN_FORMATS


def test_usual_arguments_of_plan_are_plain() -> None:
    assert plain("plan", ["--env", "test", "plan", "--detailed-exitcode", "-o", "p.json", "--format=json"]) == (
        GlobalOptions(environment="test"),
        {"detailed_exitcode": True, "out": Path("p.json"), "output_format": "json"},
    )
    for rare in (["--url", "sqlite:x"], ["--to", "3"], ["-o", str(ROOT)], ["--fail-on", "all"], ["--no-online"]):
        assert plain("plan", ["plan", *rare]) is None


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["validate"], GlobalOptions()),
        (["--project", "p", "-e", "test", "validate"], GlobalOptions(project=Path("p"), environment="test")),
        (["validate", "--set", "/a=1", "--set=/b=x=y", "-q"], GlobalOptions(sets=("/a=1", "/b=x=y"), verbosity=-1)),
        (
            ["--no-color", "validate", "--layout", "native", "-v"],
            GlobalOptions(color=False, layout="native", verbosity=1),
        ),
    ],
)
def test_usual_arguments_are_plain(arguments: list[str], expected: GlobalOptions) -> None:
    assert plain_validate(arguments) == (expected, {})
    assert plain_validate([*arguments, "--all-envs", "-f", "json"]) == (
        expected,
        {"all_environments": True, "output_format": "json"},
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["validate", "--help"],
        ["validate", "validate"],
        ["validate", "--env"],
        ["validate", "--env", "--quiet"],
        ["validate", "--env", "a", "--env", "b"],
        ["validate", "--format", "xml"],
        ["validate", "--quiet", "--verbose"],
        ["--all-envs", "validate"],
        ["validate", "-qv"],
        ["validate", "--quiet=yes"],
        ["--project", "validate"],
    ],
)
def test_the_rest_is_left_to_click(arguments: list[str]) -> None:
    assert plain_validate(arguments) is None


def test_a_mistake_is_told_by_click(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "--formt", "json"]) == 2
    assert "--formt" in capsys.readouterr().err


def imported(*arguments: str) -> set[str]:
    """What a command has imported at its end."""
    code = (
        "import sys; from lbconf.cli import main; code = main(sys.argv[1:]);"
        "print(*sys.modules, file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "--project", str(ROOT), "--env", "development", *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stderr.split())


DRIVERS = {"psycopg", "psycopg_pool", "pymysql", "sqlite3"}
SERVER = {"litestar", "uvicorn", "asyncio"}
HEAVY = {"pydantic", "rich", "jsonschema", "jsonyx", "tree_sitter", "importlib.metadata", "email", "unittest"}


@pytest.mark.parametrize("arguments", [["validate"], ["config"], ["explain", "/datasources/accountDB/connector"]])
def test_a_good_project_is_read_without_drivers_and_heavy_packages(arguments: list[str]) -> None:
    assert imported(*arguments) & (DRIVERS | SERVER | HEAVY) == set()


def test_validation_imports_neither_click_nor_what_only_findings_need() -> None:
    needless = {"click", "dataclasses", "inspect", "json", "difflib", "traceback", "logging", "subprocess"}
    assert imported("validate") & needless == set()


def test_a_plan_imports_only_the_driver_it_needs(tmp_path: Path) -> None:
    elsewhere = f"/datasources/accountDB/file={tmp_path / 'account.db'}"
    assert imported("plan", "--set", elsewhere) & (SERVER | DRIVERS | {"rich", "jsonschema"}) == {"sqlite3"}
