"""What shells complete, and that they never see a failure."""

from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete

from lbconf.cli.verbs import group

MODEL = """\
name: Note
dataSource: db
properties:
  title: string
  a/b: string
"""


@pytest.fixture
def project(tmp_path: Path) -> str:
    base = tmp_path / "environments" / "base"
    (base / "models").mkdir(parents=True)
    (tmp_path / "environments" / "production").mkdir()
    (tmp_path / "environments" / "production" / "server.yaml").write_text("port: 80\n")
    (base / "datasources.yaml").write_text("db: {connector: memory}\nlog: {connector: memory}\n")
    (base / "models" / "note.yaml").write_text(MODEL)
    return str(tmp_path)


def completed(arguments: list[str], incomplete: str) -> list[str]:
    assert isinstance(group, click.Command)
    found = ShellComplete(group, {}, "lbconf", "_LBCONF_COMPLETE").get_completions(arguments, incomplete)
    return [item.value for item in found]


@pytest.mark.parametrize(
    ("arguments", "incomplete", "expected"),
    [
        (["plan", "--env"], "prod", ["production"]),
        (["plan", "-d"], "", ["db", "log"]),
        (["plan", "-e", "production", "-m"], "N", ["Note"]),
        (["apply", "--recreate"], "", ["Note"]),
        (["apply", "--accept"], "de", ["deletes-data"]),
        (["apply", "--accept"], "al", ["all"]),
        (["diff", "--env"], "p", ["production"]),
        (["explain"], "/data", ["/datasources"]),
        (["explain"], "/datasources/d", ["/datasources/db"]),
        (["explain"], "/models/Note/properties/", ["/models/Note/properties/a~1b", "/models/Note/properties/title"]),
        (["explain"], "/models/Nope/", []),
    ],
)
def test_what_the_project_has(project: str, arguments: list[str], incomplete: str, expected: list[str]) -> None:
    verb, *rest = arguments
    assert completed([verb, "--project", project, *rest], incomplete) == expected
    assert completed(["--project", project, verb, *rest], incomplete) == expected


@pytest.mark.parametrize("arguments", [["plan", "--env"], ["plan", "-d"], ["plan", "-m"], ["explain"]])
def test_a_project_that_cannot_be_read_completes_to_nothing(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "environments" / "base").mkdir(parents=True)
    (tmp_path / "environments" / "base" / "datasources.yaml").write_text("db: [")
    verb, *rest = arguments
    assert completed([verb, "--project", str(tmp_path), *rest], "/x") == []
