"""How results, messages and findings reach a person or a program.

Standard output is for results, standard error for the rest. Colour is used
where the stream is a terminal and nobody asked for none.
"""

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TextIO, TypeAlias

from lbconf.diagnostics import Diagnostic, Severity
from lbconf.layers.known_secrets import without_secrets
from lbconf.records import dataclass

__all__ = ["Output", "Renderer", "discard", "flush", "message", "paint", "wants_color"]

Renderer: TypeAlias = Callable[[Sequence[Diagnostic], bool], str]
"""Findings, and whether to colour, to text."""

STYLES = {
    "error": "1;31",
    "warning": "1;33",
    "info": "1;36",
    "good": "32",
    "bad": "31",
    "changed": "33",
    "bold": "1",
    "dim": "2",
}
"""Name of a style to its ANSI codes (ECMA-48 SGR)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """Where a verb prints: results, and messages as far as they are wanted."""

    color: bool = True
    """False: never colour. True: where the stream takes it."""
    verbosity: int = 0
    """-1 quiet, 0, 1 verbose."""
    render: Renderer | None = None
    """Makes text of findings; None leaves out the lines they are about."""

    @property
    def color_results(self) -> bool:
        """Whether results are coloured."""
        return self.color and wants_color(sys.stdout)

    @property
    def color_messages(self) -> bool:
        """Whether messages and findings are coloured."""
        return self.color and wants_color(sys.stderr)

    def result(self, text: str) -> None:
        """Print a result."""
        _write(sys.stdout, text)

    def note(self, text: str) -> None:
        """Print a message, unless quiet."""
        if self.verbosity >= 0:
            _write(sys.stderr, text)

    def detail(self, text: str) -> None:
        """Print a message for those who asked for more."""
        if self.verbosity > 0:
            _write(sys.stderr, text)

    def diagnostics(self, found: Iterable[Diagnostic]) -> None:
        """Print findings; warnings and less are left out when quiet."""
        wanted = [one for one in found if one.severity is Severity.ERROR or self.verbosity >= 0]
        if wanted:
            _write(sys.stderr, (self.render or _plain)(wanted, self.color_messages))


def wants_color(stream: TextIO) -> bool:
    """Whether a stream takes colour: a terminal, no NO_COLOR, no TERM=dumb; FORCE_COLOR wins over the terminal.

    Source: https://no-color.org and https://force-color.org.
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def paint(text: str, style: str, *, color: bool) -> str:
    """The text in a style of `STYLES`, or as it stands without colour."""
    return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if color else text


def message(text: str) -> None:
    """Print a message whatever the verbosity."""
    _write(sys.stderr, without_secrets(text))


def flush() -> None:
    """Push out what was printed, so that a reader that went away is noticed here and not at exit."""
    sys.stdout.flush()
    sys.stderr.flush()


def discard() -> None:
    """Let the rest of standard output go nowhere; Python would complain at exit otherwise."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _plain(found: Sequence[Diagnostic], color: bool) -> str:  # noqa: FBT001 - as a `Renderer`
    return "\n".join(
        f"{paint(f'{one.severity}[{one.code}]', str(one.severity), color=color)}: {without_secrets(one.message)}"
        for one in found
    )


def _write(stream: TextIO, text: str) -> None:
    stream.write(text if text.endswith("\n") else f"{text}\n")
