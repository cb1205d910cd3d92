"""The documentation tells what is so: generated parts, commands, links."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from lbconf.cli.verbs import VERBS, group
from lbconf.repository.generate import DEFAULT_FUNCTIONS
from tests.documentation import (
    ROOT,
    algorithm_table,
    between,
    capability_details,
    capability_table,
    command_reference,
    plan_example,
    recording,
)

PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
COMMAND = re.compile(r"^(?: {4}|- run: |\$ )(?:[A-Z_]+=\S+ )*(lbconf(?: .*)?)$", re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\((?!https?:)([^)#]+)")
AGAIN = "run `make docs`"


def test_what_connectors_can_do_is_told_as_they_answer() -> None:
    assert between((ROOT / "README.md").read_text(), "capabilities") == capability_table(), AGAIN
    assert between((ROOT / "docs" / "connectors.md").read_text(), "capabilities") == capability_details(), AGAIN


def test_what_changes_cost_in_mysql_is_told_as_it_is_claimed() -> None:
    assert between((ROOT / "docs" / "mysql.md").read_text(), "algorithms") == algorithm_table(), AGAIN


def test_the_reference_of_commands_is_their_help() -> None:
    assert (ROOT / "docs" / "commands.md").read_text() == command_reference(), AGAIN


def test_the_recording_is_what_is_printed() -> None:
    assert between((ROOT / "README.md").read_text(), "recording") == f"```console\n{recording()}\n```", AGAIN


def test_the_plan_is_what_is_printed(postgresql_url: str) -> None:
    text = (ROOT / "docs" / "plans.md").read_text()
    for name, printed in plan_example(postgresql_url).items():
        assert between(text, name) == printed, AGAIN


def test_every_kind_of_default_is_told() -> None:
    page = (ROOT / "docs" / "models.md").read_text()
    told = page.partition("## Defaults")[2].partition("\n## ")[0]

    assert [
        name for name in (*DEFAULT_FUNCTIONS, "$now", "dbDefault") if not re.search(rf"\W{re.escape(name)}\W", told)
    ] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    missing = [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()]

    assert missing == []


def commands() -> list[tuple[str, str]]:
    """Every lbconf command of the documentation, with its page."""
    found = []
    for page in PAGES:
        for line in COMMAND.findall(page.read_text()):
            command = re.split(r"\s{2,}|\s+#", line)[0]
            if command != "lbconf":
                found.append((page.name, command))
    return found


@pytest.mark.parametrize(("page", "command"), commands())
def test_every_command_is_one_that_lbconf_takes(page: str, command: str) -> None:
    arguments = shlex.split(re.sub(r"\bexits\b.*", "", command))[1:]
    if arguments == ["--version"]:
        return

    place = next((number for number, argument in enumerate(arguments) if argument in VERBS), None)
    assert place is not None, f"{page}: no verb"
    with group.make_context("lbconf", arguments[: place + 1]) as context:
        found = group.get_command(context, arguments[place])
        assert isinstance(found, click.Command)
        found.make_context(arguments[place], arguments[place + 1 :], parent=context)


def test_getting_started_works_as_written(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "getting-started.md").read_text()
    section = text.split("## The five commands")[1].split("## ")[0]
    told = [re.split(r"\s+#", line.strip())[0] for line in section.splitlines() if line.startswith("    lbconf")]
    shutil.copytree(ROOT / "environments", tmp_path / "environments", ignore=shutil.ignore_patterns("local"))
    lbconf = str(Path(sys.executable).with_name("lbconf"))

    assert [line.split()[1] for line in told] == ["validate", "plan", "apply", "seed", "serve"]
    for line in told[:-1]:
        arguments = [lbconf, *line.split()[1:], *(["--auto-approve"] if "apply" in line else [])]
        done = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_every_verb_is_in_the_changelog_or_the_readme() -> None:
    text = (ROOT / "README.md").read_text() + (ROOT / "CHANGELOG.md").read_text()

    assert [verb for verb in VERBS if f"`{verb}`" not in text and f"lbconf {verb}" not in text] == []
