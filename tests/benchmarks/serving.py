"""Requests a second against what somebody would write by hand, on the same server with the same rows."""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql

from tests import servers
from tests.benchmarks.load import Load, generate, request
from tests.benchmarks.processes import LBCONF
from tests.benchmarks.results import Result

__all__ = ["measure", "serving"]

ROWS = 10_000
CONNECTIONS = 32
ROUNDS = 5
SECONDS = 3.0

DATA_SOURCES = """\
db:
  connector: postgresql
  url: ${DATABASE_URL}
"""
MODEL = """\
name: Item
dataSource: db
public: true
properties:
  name:
    type: string
    required: true
  level:
    type: integer
  price:
    type: number
  active:
    type: boolean
  created:
    type: date
"""
FILL = """\
INSERT INTO {} (id, name, level, price, active, created)
SELECT n, 'item ' || n, n %% 100, n / 7.0, n %% 2 = 0, timestamptz '2013-10-15T21:34:50Z' + n * interval '1 minute'
  FROM generate_series(1, %s) n
"""


def measure(server: servers.PostgresqlServer) -> Iterator[Result]:
    """GET by id and lists of 100 rows, one worker, 32 connections, in alternating rounds."""
    url = server.create_database()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        environment = {**os.environ, "DATABASE_URL": url}
        table = _prepare(Path(folder), url, environment)
        ours, theirs = servers.free_port(), servers.free_port()
        serve = [LBCONF, "--project", folder, "serve", "--workers", "1", "--host", "127.0.0.1", "--port", str(ours)]
        running.enter_context(serving(serve, environment, ours))
        reference = [sys.executable, "-m", "tests.benchmarks.reference", str(theirs), url, table]
        running.enter_context(serving(reference, environment, theirs))
        random.seed(1)
        keys = [random.randint(1, ROWS) for _ in range(5000)]
        by_id = [f"/api/items/{key}" for key in keys]
        yield _compared("GET by id", ours, by_id, theirs, by_id)
        skips = [key % (ROWS - 100) for key in keys]
        ours_listed = [_listed({"limit": 100, "skip": skip}) for skip in skips]
        theirs_listed = [f"/api/items?limit=100&skip={skip}" for skip in skips]
        yield _compared("GET a list of 100 rows", ours, ours_listed, theirs, theirs_listed)
        ours_after = [_listed({"where": {"id": {"gt": skip}}, "limit": 100}) for skip in skips]
        theirs_after = [f"/api/items/after/{skip}?limit=100" for skip in skips]
        yield _compared("GET the 100 rows after an id", ours, ours_after, theirs, theirs_after)
    server.drop_database(url)


def _listed(wanted: Mapping[str, Any]) -> str:
    return f"/api/items?filter={quote(json.dumps(wanted))}"


def _compared(name: str, ours: int, our_targets: Sequence[str], theirs: int, their_targets: Sequence[str]) -> Result:
    rounds: list[tuple[Load, Load]] = []
    our_requests, their_requests = ([request(target) for target in targets] for targets in (our_targets, their_targets))
    for number in range(ROUNDS + 1):
        pair = (
            generate(
                ours,
                our_requests,
                connections=CONNECTIONS,
                seconds=SECONDS if number else 1,
            ),
            generate(
                theirs,
                their_requests,
                connections=CONNECTIONS,
                seconds=SECONDS if number else 1,
            ),
        )
        if number:  # the first only warms up
            rounds.append(pair)
    return Result(
        name=f"{name}, PostgreSQL, 1 worker, {CONNECTIONS} connections",
        measured=_shown([own for own, _ in rounds]),
        against=f"Litestar + psycopg by hand: {_shown([other for _, other in rounds])}",
        value=median(own.rate / other.rate for own, other in rounds),
        limit=0.7,
        at_least=True,
    )


def _shown(loads: Sequence[Load]) -> str:
    rate = median(load.rate for load in loads)
    slowest = median(load.slowest_percentile for load in loads)
    return f"{rate:.0f}/s, p99 {slowest * 1000:.0f} ms"


def _prepare(root: Path, url: str, environment: dict[str, str]) -> str:
    """Write the project, make its table, fill it; the table's name."""
    base = root / "environments" / "base"
    (base / "models").mkdir(parents=True)
    (base / "datasources.yaml").write_text(DATA_SOURCES)
    (base / "models" / "item.yaml").write_text(MODEL)
    subprocess.run([LBCONF, "--project", str(root), "apply", "--auto-approve"], env=environment, check=True)
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND lower(tablename) LIKE 'item%'"
        ).fetchone()
        assert row is not None
        connection.execute(sql.SQL(FILL).format(sql.Identifier(row[0])), (ROWS,))
        connection.execute("ANALYZE")
    return str(row[0])


@contextmanager
def serving(
    command: Sequence[str], environment: Mapping[str, str], port: int, *, folder: Path | None = None
) -> Iterator[int]:
    """Run a server until the end of the block; yields the id of its process once it answers."""
    process = subprocess.Popen(
        command,
        env=environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(process, port)
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/items/1", timeout=2):
                return
        except urllib.error.HTTPError:  # it wants to know who asks
            return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise RuntimeError(f"the server on port {port} does not answer")
