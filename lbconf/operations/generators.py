"""Running the programs of others that write clients."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import LbconfError

__all__ = ["missing", "run_generator"]

SECONDS: Final = 600
LAST_LINES: Final = 12


def run_generator(command: Sequence[str], folder: Path) -> str:
    """What a generator wrote to its standard output. Raises `LbconfError` when it fails or takes too long."""
    try:
        done = subprocess.run(  # noqa: S603 - programs chosen here, no text of others among the arguments
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            env={**os.environ, "NO_COLOR": "1", "npm_config_update_notifier": "false"},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _failed(command, str(error)) from None
    if done.returncode:
        raise _failed(command, done.stderr or done.stdout)
    return done.stdout


def missing(what: str, hint: str) -> LbconfError:
    """The error for a generator that is not there."""
    return LbconfError(Diagnostic(code=Code.GENERATOR_MISSING, message=what, hint=hint))


def _failed(command: Sequence[str], told: str) -> LbconfError:
    lines = [line for line in told.strip().splitlines() if line.strip()][-LAST_LINES:]
    return LbconfError(
        Diagnostic(
            code=Code.GENERATOR_FAILED,
            message=f"{Path(command[0]).name} failed: " + "\n".join(lines),
            hint="Without a network, install the generator beforehand; docs/openapi.md tells where it is looked for.",
        )
    )
