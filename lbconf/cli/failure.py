"""Where every exception of a command ends: a message on standard error and the exit code 1."""

import errno
import os
from collections.abc import Sequence
from pathlib import Path

from lbconf.cli import output
from lbconf.cli.global_options import GlobalOptions, nearest_project
from lbconf.errors import LbconfError

__all__ = ["fail"]


def fail(error: Exception, arguments: Sequence[str]) -> int:
    """Print what went wrong and return the exit code 1.

    An `LbconfError` prints its findings; anything else is our mistake or the
    machine's: a short message, and the traceback where LBCONF_DEBUG is set or
    `--verbose` was given.
    """
    debug = bool(os.environ.get("LBCONF_DEBUG"))
    if isinstance(error, LbconfError):
        options = GlobalOptions(project=_project(arguments), color="--no-color" not in arguments)
        options.output.diagnostics(error.diagnostics)
        if debug:
            _print_traceback(error)
        return 1
    if isinstance(error, OSError) and error.errno in {errno.EPIPE, errno.EIO}:
        output.discard()
        return 1
    if debug or "--verbose" in arguments or "-v" in arguments:
        _print_traceback(error)
    if isinstance(error, OSError) and error.strerror:
        place = f": {error.filename}" if error.filename else ""
        output.message(f"error: {error.strerror}{place}")
        return 1
    output.message(f"error: lbconf itself failed ({type(error).__name__}: {error})")
    output.message("This is a mistake in lbconf, not in your files. LBCONF_DEBUG=1 shows the traceback to report.")
    return 1


def _project(arguments: Sequence[str]) -> Path | None:
    """The project's folder as the arguments say; they are not parsed any more when an error ends here."""
    for place, argument in enumerate(arguments):
        if argument == "--project" and place + 1 < len(arguments):
            return nearest_project(Path(arguments[place + 1]).absolute())
        if argument.startswith("--project="):
            return nearest_project(Path(argument.partition("=")[2]).absolute())
    return None


def _print_traceback(error: Exception) -> None:
    import traceback

    output.message("".join(traceback.format_exception(error)))
