"""The command line clients of the servers, for scripts that people run with them."""

import shutil
import subprocess
from pathlib import Path

import pytest

__all__ = ["psql", "sqlite3"]


def psql(url: str, script: str) -> subprocess.CompletedProcess[str]:
    """Run a script with psql; skips where there is none."""
    return _run([_found("psql"), "-X", "-f", "-", url], script)


def sqlite3(file: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run a script with sqlite3; skips where there is none."""
    return _run([_found("sqlite3"), str(file)], script)


def _found(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"the client {name} is not installed")
    return path


def _run(command: list[str], script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, input=script, capture_output=True, text=True, check=False, timeout=120)
