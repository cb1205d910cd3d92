"""Running the real command in tests: `lbconf serve` on a free port, and any other verb."""

import json
import os
import re
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Served", "ask", "run_lbconf", "served"]

START_SECONDS = 30.0
STOP_SECONDS = 15.0

KEPT = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "COVERAGE_PROCESS_START", "TMPDIR")


@dataclass
class Served:
    """A running server."""

    process: "subprocess.Popen[str]"
    url: str
    lines: list[str] = field(default_factory=list)
    """What it wrote to standard error so far."""

    def wait_for_line(self, part: str, seconds: float = 15.0) -> str:
        """The first line that holds `part`, waited for."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = next((line for line in self.lines if part in line), None)
            if found is not None:
                return found
            time.sleep(0.02)
        raise AssertionError(f"no line with {part!r} in:\n" + "".join(self.lines))


@contextmanager
def served(
    project: Path, *arguments: str, variables: Mapping[str, str] | None = None, port: int | None = 0, wait: bool = True
) -> Iterator[Served]:
    """`lbconf serve` on a project until the block ends; its port is a free one, its answer to /healthz awaited."""
    listening = () if port is None else ("--host", "127.0.0.1", "--port", str(port))
    process = subprocess.Popen(
        [sys.executable, "-m", "lbconf", "serve", "--project", str(project), *listening, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=_environment(variables),
    )
    server = Served(process, "")
    reader = threading.Thread(target=_read, args=(server,), daemon=True)
    reader.start()
    try:
        line = server.wait_for_line("  API ", START_SECONDS)
        match = re.search(r"https?://[^/\s]+", line)
        assert match is not None
        server.url = match.group()
        if wait:
            _await_health(server)
        yield server
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        reader.join(5)
        assert process.stderr is not None
        process.stderr.close()


def run_lbconf(
    *arguments: str, variables: Mapping[str, str] | None = None, seconds: float = 120.0
) -> "subprocess.CompletedProcess[str]":
    """A verb run to its end."""
    return subprocess.run(
        [sys.executable, "-m", "lbconf", *arguments],
        capture_output=True,
        text=True,
        env=_environment(variables),
        timeout=seconds,
        check=False,
    )


def ask(
    server: Served, path: str, *, method: str = "GET", body: Any = None, headers: Mapping[str, str] | None = None
) -> tuple[int, Any, Mapping[str, str]]:
    """Status, JSON and headers (lower case) of the answer; the body is sent as JSON."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(server.url + path, data=data, method=method, headers=dict(headers or {}))
    if data is not None:
        request.add_header("content-type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            text, status, found = answer.read(), answer.status, answer.headers
    except urllib.error.HTTPError as error:
        with error:
            text, status, found = error.read(), error.code, error.headers
    return status, json.loads(text) if text else None, {name.lower(): value for name, value in found.items()}


def _read(server: Served) -> None:
    assert server.process.stderr is not None
    for line in server.process.stderr:
        server.lines.append(line)


def _await_health(server: Served) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert server.process.poll() is None, "".join(server.lines)
        try:
            with urllib.request.urlopen(f"{server.url}/healthz", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
    raise AssertionError("the server did not answer:\n" + "".join(server.lines))


def _environment(variables: Mapping[str, str] | None) -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, "TZ": "UTC", **(variables or {})}
