"""The command group: version, help, wrong usage, errors, exit codes."""

import subprocess
import sys
from importlib import import_module

import click
import pytest

import lbconf
from lbconf.cli import main, verbs
from lbconf.diagnostics import Code, Diagnostic, Location
from lbconf.errors import ProjectError


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Make `lbconf history` raise an exception."""

    @click.command("history")
    @click.option("--verbose", is_flag=True)
    def command(verbose: bool) -> None:  # noqa: FBT001 - click gives it so
        raise error

    class Module:
        pass

    module = Module()
    module.command = command  # type: ignore[attr-defined]
    monkeypatch.setattr(verbs, "import_module", lambda _: module)


@pytest.mark.parametrize("arguments", [["--version"], ["-V"]])
def test_the_version_is_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    assert capsys.readouterr().out == f"lbconf {lbconf.__version__}\n"


def test_the_version_is_told_without_importing_click() -> None:
    heavy = "{'click', 'pydantic', 'rich', 'enum', 'dataclasses'}"
    code = f"import sys; from lbconf.cli import main; main(['--version']); print(sorted(set(sys.modules) & {heavy}))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines() == [f"lbconf {lbconf.__version__}", "[]"]


@pytest.mark.parametrize("verb", verbs.VERBS)
def test_every_verb_has_a_command_of_its_name_and_help(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert import_module(verbs.VERBS[verb][0]).command.name == verb
    assert main([verb, "--help"]) == 0

    text = capsys.readouterr().out
    assert text.startswith(f"Usage: lbconf {verb} ")
    assert "--project DIR" in text


def test_help_lists_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0

    text = capsys.readouterr().out
    assert [
        line.split()[0] for line in text.splitlines() if line.startswith("  ") and line.split()[0] in verbs.VERBS
    ] == [*verbs.VERBS]


def test_an_unknown_verb_is_wrong_usage_with_the_nearest_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vaildate"]) == 2
    assert "No such command 'vaildate'. Did you mean 'validate'?" in capsys.readouterr().err


def test_an_unknown_option_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--no-such-option"]) == 2
    assert "--no-such-option" in capsys.readouterr().err


def test_an_error_prints_its_findings_and_ends_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(
        monkeypatch,
        ProjectError(
            Diagnostic(
                code=Code.FILE_MISSING,
                message="there is no such file",
                location=Location(file="environments/base/models/account.yaml", line=3, column=5),
                hint="write one",
            )
        ),
    )

    assert main(["history"]) == 1

    seen = capsys.readouterr()
    assert seen.out == ""
    assert "LB1001" in seen.err
    assert "there is no such file" in seen.err
    assert "environments/base/models/account.yaml:3:5" in seen.err
    assert "write one" in seen.err
    assert "Traceback" not in seen.err


def test_an_unexpected_exception_is_short(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    failing(monkeypatch, KeyError("oops"))

    assert main(["history"]) == 1

    seen = capsys.readouterr().err
    assert "KeyError: 'oops'" in seen
    assert "Traceback" not in seen


def test_an_unexpected_exception_shows_its_traceback_when_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(monkeypatch, KeyError("oops"))

    assert main(["history", "--verbose"]) == 1
    assert "Traceback" in capsys.readouterr().err

    monkeypatch.setenv("LBCONF_DEBUG", "1")
    assert main(["history"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_ctrl_c_ends_with_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    failing(monkeypatch, KeyboardInterrupt())

    assert main(["history"]) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    program = f"{sys.executable} -m lbconf completion bash | true"

    done = subprocess.run(["/bin/sh", "-c", program], capture_output=True, text=True, check=False)

    assert done.stderr == ""


@pytest.mark.parametrize(
    ("shell", "word"), [("bash", "complete -"), ("zsh", "#compdef lbconf"), ("fish", "complete --")]
)
def test_every_shell_gets_its_completion(shell: str, word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    assert word in capsys.readouterr().out
