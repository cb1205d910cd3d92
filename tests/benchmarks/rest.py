"""Requests a second beside LoopBack 3 and FastAPI with SQLAlchemy: one database, one project, one run.

LoopBack serves the same project from the same files (`loopback/`); npm fetches it into `build/loopback`. Every request
has an access token, which all three look up; access rules and validation are on.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote

import psycopg

from tests import servers
from tests.benchmarks.load import Load, generate, request
from tests.benchmarks.processes import LBCONF
from tests.benchmarks.results import Result
from tests.benchmarks.serving import serving

__all__ = ["measure"]

HERE = Path(__file__).parent
PROJECT = HERE / "loopback"
PACKAGES = HERE.parents[1] / "build" / "loopback"
CONNECTIONS = 32
ROUNDS = 5
SECONDS = 3.0
NPM_INSTALL = ("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts")
ITEMS = 10_000
PASSWORD = "a long enough password"
FILL = """
INSERT INTO item (id, name, level, price, active, created)
SELECT n, 'item ' || n, n % 100, n / 7.0, n % 2 = 0, timestamptz '2013-10-15T21:34:50Z' + n * interval '1 minute'
  FROM generate_series(1, 10000) n;
INSERT INTO line (itemid, label, amount) SELECT n % 10000 + 1, 'line ' || n, n % 13 FROM generate_series(1, 50000) n;
SELECT setval(pg_get_serial_sequence('item', 'id'), 10000);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One kind of request, and how many times the others' rate was promised."""

    name: str
    times_loopback: float
    times_fastapi: float


CASES = {
    "id": Case(name="GET by id", times_loopback=1.6, times_fastapi=3),
    "list": Case(name="GET a list of 100", times_loopback=3.5, times_fastapi=6),
    "create": Case(name="POST one", times_loopback=1.5, times_fastapi=2.5),
    "include": Case(name="GET a list of 20 with 5 related rows each", times_loopback=3, times_fastapi=5),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A server under load."""

    port: int
    process: int
    headers: tuple[str, ...]


def measure(server: servers.PostgresqlServer) -> Iterator[Result]:
    """Ratios of rates for each case, the slowest percentile, and the memory of a worker."""
    url = server.create_database()
    environment = {**os.environ, "DATABASE_URL": url, "NODE_ENV": "production"}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        root = Path(folder) / "project"
        shutil.copytree(PROJECT, root)
        subprocess.run(
            [LBCONF, "--project", str(root), "apply", "--auto-approve"],
            env=environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(FILL)
            connection.execute("ANALYZE")
        served = {"lbconf": _lbconf(running, root, environment)}
        if _loopback_is_there():
            (root / "node_modules").symlink_to(PACKAGES / "node_modules")
            served["LoopBack 3.28"] = _loopback(running, root, environment)
        if _fastapi_is_there():
            served["FastAPI + SQLAlchemy"] = _fastapi(running, url, environment, served["lbconf"].headers)
        for key, case in CASES.items():
            yield from _case(key, case, served)
        yield Result(
            name="memory of a worker after all of that",
            measured=f"{_peak(served['lbconf'].process):.0f} MB at most",
            against="nothing",
            value=_peak(served["lbconf"].process),
            limit=120,
            unit="MB",
        )
    server.drop_database(url)


def _case(key: str, case: Case, served: Mapping[str, Served]) -> Iterator[Result]:
    loads: dict[str, list[Load]] = {name: [] for name in served}
    for number in range(ROUNDS + 1):
        for name, one in served.items():
            requests = _requests(key, one, shape="plain" if name.startswith("FastAPI") else "loopback")
            load = generate(one.port, requests, connections=CONNECTIONS, seconds=SECONDS if number else 1)
            if number:  # the first only warms up
                loads[name].append(load)
    promised = {"LoopBack 3.28": case.times_loopback, "FastAPI + SQLAlchemy": case.times_fastapi}
    for name, limit in promised.items():
        if name in loads:
            pairs = list(zip(loads["lbconf"], loads[name], strict=True))
            yield Result(
                name=f"{case.name}, access control and validation on, 1 worker, {CONNECTIONS} connections",
                measured=_shown(loads["lbconf"]),
                against=f"{name}: {_shown(loads[name])}",
                value=median(ours.rate / theirs.rate for ours, theirs in pairs),
                limit=limit,
                at_least=True,
            )
    if "LoopBack 3.28" in loads:
        ours, theirs = (median(load.slowest_percentile for load in loads[name]) for name in ("lbconf", "LoopBack 3.28"))
        yield Result(
            name=f"{case.name}: the slowest of 100 requests",
            measured=f"{ours * 1000:.0f} ms",
            against=f"LoopBack 3.28: {theirs * 1000:.0f} ms",
            value=ours / theirs,
            limit=1,
        )


def _requests(key: str, one: Served, *, shape: str) -> list[bytes]:
    chosen = random.Random(1)
    numbers = [chosen.randint(1, ITEMS - 200) for _ in range(3000)]
    if key == "id":
        return [request(f"/api/items/{number}", headers=one.headers) for number in numbers]
    if key == "create":
        return [request("/api/items", headers=one.headers, body=json.dumps(_new(number))) for number in numbers]
    if shape == "plain":
        path = "/api/items" if key == "list" else "/api/items-with-lines"
        limit = 100 if key == "list" else 20
        return [request(f"{path}?limit={limit}&skip={number}", headers=one.headers) for number in numbers]
    wanted: dict[str, Any] = {"limit": 100} if key == "list" else {"limit": 20, "include": "lines"}
    filters = ({**wanted, "skip": number} for number in numbers)
    return [request(f"/api/items?filter={quote(json.dumps(found))}", headers=one.headers) for found in filters]


def _new(number: int) -> dict[str, Any]:
    return {
        "name": f"new {number}",
        "level": number,
        "price": number / 3,
        "active": True,
        "created": "2020-01-02T03:04:05.000Z",
    }


def _lbconf(running: ExitStack, root: Path, environment: Mapping[str, str]) -> Served:
    port = servers.free_port()
    command = [LBCONF, "--project", str(root), "serve", "--workers", "1", "--host", "127.0.0.1", "--port", str(port)]
    process = running.enter_context(serving(command, environment, port))
    return Served(port=port, process=process, headers=_token(port))


def _loopback(running: ExitStack, root: Path, environment: Mapping[str, str]) -> Served:
    port = servers.free_port()
    command = ["node", "server/server.js"]
    process = running.enter_context(serving(command, {**environment, "PORT": str(port)}, port, folder=root))
    return Served(port=port, process=process, headers=_token(port))


def _fastapi(running: ExitStack, url: str, environment: Mapping[str, str], headers: tuple[str, ...]) -> Served:
    port = servers.free_port()
    command = [sys.executable, "-m", "tests.benchmarks.fastapi_reference", str(port), url]
    return Served(port=port, process=running.enter_context(serving(command, environment, port)), headers=headers)


def _token(port: int) -> tuple[str, ...]:
    """A user of each server's own: LoopBack cannot read the hashes that lbconf makes."""
    person = {"email": f"user-{port}@example.com", "password": PASSWORD}
    _post(port, "/api/Users", person)
    return (f"Authorization: {_post(port, '/api/Users/login', person)['id']}",)


def _post(port: int, path: str, body: Mapping[str, Any]) -> Any:
    asked = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return json.load(answer)


def _loopback_is_there() -> bool:
    """Whether LoopBack can be served; its packages are fetched where Node is."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        print("not measured beside LoopBack: node and npm are not installed", flush=True)
        return False
    if not (PACKAGES / "node_modules" / "loopback").is_dir():
        PACKAGES.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / "package.json", PACKAGES)
        done = subprocess.run(
            NPM_INSTALL,
            cwd=PACKAGES,
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            print(f"not measured beside LoopBack: npm install says {done.stderr.strip()[-300:]}", flush=True)
            return False
    return True


def _fastapi_is_there() -> bool:
    missing = [name for name in ("fastapi", "sqlalchemy") if find_spec(name) is None]
    if missing:
        print(f"not measured beside FastAPI: {' and '.join(missing)} not installed (group `bench`)", flush=True)
    return not missing


def _peak(process: int) -> float:
    """Megabytes that a process had in memory at most."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _shown(loads: Sequence[Load]) -> str:
    rate = median(load.rate for load in loads)
    slowest = median(load.slowest_percentile for load in loads)
    return f"{rate:.0f}/s, p99 {slowest * 1000:.0f} ms"
