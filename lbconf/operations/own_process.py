"""Whether this process is lbconf's alone, as the command line's is, and what may be done only then."""

import os
import sys
from typing import Any, Final

__all__ = ["claim", "is_ours", "keep", "leave"]

_OURS: Final[list[bool]] = []
_KEPT: Final[list[Any]] = []


def claim() -> None:
    """Say that nobody else uses this process."""
    _OURS.append(True)


def is_ours() -> bool:
    """Whether somebody said so."""
    return bool(_OURS)


def keep(*objects: object) -> None:
    """Let these stay until the process ends: taking a thousand models and tables apart is a tenth of a plan's time."""
    if _OURS:
        _KEPT.extend(objects)


def leave(code: int) -> None:
    """End the process at once where much is kept, all said and all that waits for the end done; else do nothing."""
    if not _KEPT:
        return
    import atexit
    import threading

    if threading.active_count() > 1:
        return
    try:
        atexit._run_exitfuncs()  # noqa: SLF001 - as the interpreter does before it takes everything apart
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):  # a closed pipe: the usual way out tells
        return
    os._exit(code)
