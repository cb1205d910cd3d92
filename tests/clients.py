"""The command line clients of the servers, for scripts that people run with them."""

import shutil
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

__all__ = ["mariadb", "psql", "sqlite3"]


def mariadb(url: str, script: str) -> subprocess.CompletedProcess[str]:
    """Run a script with the client mariadb; skips where there is none."""
    place = urlsplit(url)
    command = [_found("mariadb"), "--no-defaults", "--default-character-set=utf8mb4", "--protocol=tcp"]
    command += [f"--host={place.hostname}", f"--port={place.port}", f"--user={unquote(place.username or '')}"]
    command += [f"--password={unquote(place.password)}"] if place.password else []
    return _run([*command, place.path.removeprefix("/")], script)


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
