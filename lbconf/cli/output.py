"""How results, messages and findings reach a person or a program.

Standard output is for results, standard error for the rest. Colour is used
where the stream is a terminal and nobody asked for none.
"""

import errno
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from lbconf.diagnostics import Diagnostic, Severity
from lbconf.errors import LbconfError

__all__ = ["Output", "discard", "fail", "flush", "message", "paint", "wants_color"]

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

    def diagnostics(self, found: Iterable[Diagnostic], root: Path | None = None) -> None:
        """Print findings; warnings and less are left out when quiet.

        `root` is the project's folder, for the line that a finding is about.
        """
        from lbconf.cli.views.diagnostics import render_text

        wanted = [one for one in found if one.severity is Severity.ERROR or self.verbosity >= 0]
        if wanted:
            _write(sys.stderr, render_text(wanted, root, color=self.color_messages))


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
    _write(sys.stderr, text)


def flush() -> None:
    """Push out what was printed, so that a reader that went away is noticed here and not at exit."""
    sys.stdout.flush()
    sys.stderr.flush()


def discard() -> None:
    """Let the rest of standard output go nowhere; Python would complain at exit otherwise."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def fail(error: Exception, arguments: Sequence[str]) -> int:
    """Print what went wrong and return the exit code 1.

    An `LbconfError` prints its findings; anything else is our mistake or the
    machine's: a short message, and the traceback where LBCONF_DEBUG is set or
    `--verbose` was given.
    """
    debug = bool(os.environ.get("LBCONF_DEBUG"))
    if isinstance(error, LbconfError):
        Output(color="--no-color" not in arguments).diagnostics(error.diagnostics, _root(arguments))
        if debug:
            _print_traceback(error)
        return 1
    if isinstance(error, OSError) and error.errno in {errno.EPIPE, errno.EIO}:
        discard()
        return 1
    if debug or "--verbose" in arguments or "-v" in arguments:
        _print_traceback(error)
    if isinstance(error, OSError) and error.strerror:
        place = f": {error.filename}" if error.filename else ""
        message(f"error: {error.strerror}{place}")
        return 1
    message(f"error: lbconf itself failed ({type(error).__name__}: {error})")
    message(
        "This is a mistake in lbconf, not in your files. Run again with LBCONF_DEBUG=1 for the traceback to report."
    )
    return 1


def _root(arguments: Sequence[str]) -> Path:
    """The project's folder as the arguments say; they are not parsed any more when an error ends here."""
    from lbconf.cli.options import nearest_project

    for place, argument in enumerate(arguments):
        if argument == "--project" and place + 1 < len(arguments):
            return nearest_project(Path(arguments[place + 1]).absolute())
        if argument.startswith("--project="):
            return nearest_project(Path(argument.partition("=")[2]).absolute())
    return nearest_project(Path.cwd())


def _print_traceback(error: Exception) -> None:
    import traceback

    _write(sys.stderr, "".join(traceback.format_exception(error)))


def _write(stream: TextIO, text: str) -> None:
    stream.write(text if text.endswith("\n") else f"{text}\n")
