"""How a command ends: the exit code of its result or of whatever went wrong."""

from collections.abc import Callable, Sequence
from typing import Final

from lbconf.cli import output
from lbconf.layers.known_secrets import forget_secrets

__all__ = ["exit_code"]

CANCELLED: Final = 130
"""Exit code after Ctrl-C: 128 + SIGINT, as shells have it."""


def exit_code(command: Callable[[], object], arguments: Sequence[str]) -> int:
    """Run a command and return the exit code. Every exception ends here, as a message on standard error."""
    forget_secrets()
    try:
        result = command()
        output.flush()
    except KeyboardInterrupt:
        output.message("Interrupted.")
        return CANCELLED
    except BrokenPipeError:  # the reader went away, as `head` does
        output.discard()
        return 1
    except Exception as error:  # noqa: BLE001 - the one place where all errors end
        from lbconf.cli.failure import fail

        return fail(error, arguments)
    return result if isinstance(result, int) else 0
