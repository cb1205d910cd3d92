"""Colour, and what goes where."""

import io

import pytest

from lbconf.cli.output import Output, paint, wants_color
from lbconf.diagnostics import Code, Diagnostic, Severity


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_colour_needs_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")

    assert wants_color(Terminal())
    assert not wants_color(io.StringIO())


def test_no_color_and_a_dumb_terminal_turn_it_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert not wants_color(Terminal())

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not wants_color(Terminal())


def test_an_empty_no_color_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "")

    assert wants_color(Terminal())


def test_paint() -> None:
    assert paint("x", "error", color=True) == "\x1b[1;31mx\x1b[0m"
    assert paint("x", "error", color=False) == "x"


def test_results_go_to_standard_output_and_messages_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output()

    output.result("result")
    output.note("note")
    output.detail("detail")

    assert capsys.readouterr() == ("result\n", "note\n")


def test_quiet_leaves_results_and_errors(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output(verbosity=-1)

    output.result("result")
    output.note("note")
    output.diagnostics(
        [
            Diagnostic(code=Code.SYNTAX, severity=Severity.WARNING, message="a warning"),
            Diagnostic(code=Code.SYNTAX, message="an error"),
        ]
    )

    seen = capsys.readouterr()
    assert seen.out == "result\n"
    assert "an error" in seen.err
    assert "note" not in seen.err
    assert "a warning" not in seen.err
