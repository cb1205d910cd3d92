"""Plans on databases of a thousand and of five thousand tables, beside psql and Alembic's autogenerate."""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from lbconf.connectors.postgresql import catalogue
from tests import servers
from tests.benchmarks.processes import LBCONF, Timed, timed_alternately
from tests.benchmarks.results import Result
from tests.benchmarks.tables import write_changed, write_metadata, write_project

__all__ = ["measure", "measure_large"]

SMALL, LARGE = 1000, 5000
CHANGES = 50
AT_ONCE = 1000
"""Tables that one apply makes: more need more locks than a server has as it is installed."""
SERVER_VERSION = 180000
MEGABYTE = 1024 * 1024


def measure(server: servers.PostgresqlServer) -> Iterator[Result]:
    """A thousand tables: nothing to do, fifty changes, Alembic on the same database."""
    yield from _measured(server, SMALL, runs=9, limit=1.5)


def measure_large(server: servers.PostgresqlServer) -> Iterator[Result]:
    """Five thousand tables: nothing to do, cost per table, memory."""
    yield from _measured(server, LARGE, runs=3, limit=2)


def _measured(server: servers.PostgresqlServer, count: int, *, runs: int, limit: float) -> Iterator[Result]:
    url = server.create_database()
    environment = {"DATABASE_URL": url}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _make_tables(root / "same", count, environment)
        write_changed(root / "changed", count, CHANGES)
        script = root / "catalogue.sql"
        script.write_text(_catalogue_script())
        same, changed = ([LBCONF, "--project", str(root / name), "plan"] for name in ("same", "changed"))
        psql = [_psql(server), "-X", "-q", "-o", "/dev/null", "-f", str(script), url]
        version, queries, nothing, fifty = timed_alternately(
            [[LBCONF, "--version"], psql, same, changed], runs=runs, environment=environment
        )
        yield _beside_psql(count, nothing, queries, version, limit)
        if count == SMALL:
            yield Result(
                name=f"`lbconf plan` with {CHANGES} changes, {count} tables",
                measured=_milliseconds(fifty.wall),
                against=f"with nothing to do: {_milliseconds(nothing.wall)}",
                value=fifty.wall / nothing.wall,
                limit=1.2,
            )
            yield from _beside_alembic(root, count, environment, nothing)
        else:
            (few,) = _few(server, runs)
            yield Result(
                name=f"`lbconf plan` with nothing to do, cost of a table, {count} tables",
                measured=f"{nothing.wall / count * 1000:.3f} ms a table",
                against=f"{SMALL} tables: {few.wall / SMALL * 1000:.3f} ms a table",
                value=(nothing.wall / count) / (few.wall / SMALL),
                limit=1.1,
            )
            peak = _peak(same, environment)
            yield Result(
                name=f"`lbconf plan` with nothing to do, memory, {count} tables",
                measured=f"{peak:.0f} MB at most, all its processes together",
                against="nothing",
                value=peak,
                limit=250,
                unit="MB",
            )
    server.drop_database(url)


def _make_tables(root: Path, count: int, environment: dict[str, str]) -> None:
    """The project, and its tables in the database, a thousand at a time; then there is nothing left to plan."""
    for made in (*range(AT_ONCE, count, AT_ONCE), count):
        shutil.rmtree(root, ignore_errors=True)
        write_project(root, made)
        _run([LBCONF, "--project", str(root), "apply", "--auto-approve"], environment)
    _run([LBCONF, "--project", str(root), "plan", "--detailed-exitcode"], environment)


def _few(server: servers.PostgresqlServer, runs: int) -> list[Timed]:
    """The plan of the smaller schema in the same run."""
    url = server.create_database()
    with tempfile.TemporaryDirectory() as folder:
        _make_tables(Path(folder) / "same", SMALL, {"DATABASE_URL": url})
        command = [LBCONF, "--project", str(Path(folder) / "same"), "plan"]
        timed = timed_alternately([command], runs=runs, environment={"DATABASE_URL": url})
    server.drop_database(url)
    return timed


def _beside_psql(count: int, plan: Timed, queries: Timed, version: Timed, limit: float) -> Result:
    bare = queries.wall + version.wall
    return Result(
        name=f"`lbconf plan` with nothing to do, {count} tables of 12 columns in PostgreSQL",
        measured=_milliseconds(plan.wall),
        against=f"the catalogue queries alone by psql, and starting lbconf: {_milliseconds(queries.wall)} "
        f"and {_milliseconds(version.wall)}",
        value=plan.wall / bare,
        limit=limit,
    )


def _beside_alembic(root: Path, count: int, environment: dict[str, str], plan: Timed) -> Iterator[Result]:
    """Alembic compares the same database with the same tables; left out, with a word, where it is not installed."""
    missing = [name for name in ("alembic", "sqlalchemy") if find_spec(name) is None]
    if missing:
        print(f"not measured beside Alembic: {' and '.join(missing)} not installed (group `bench`)", flush=True)
        return
    script = write_metadata(root, count)
    (alembic,) = timed_alternately([[sys.executable, str(script)]], runs=1, environment=environment)
    yield Result(
        name=f"Alembic's autogenerate on the same {count} tables",
        measured=_milliseconds(alembic.wall),
        against=f"`lbconf plan`: {_milliseconds(plan.wall)}",
        value=alembic.wall / plan.wall,
        limit=2,
        at_least=True,
    )


def _peak(command: list[str], environment: dict[str, str]) -> float:
    """Megabytes that the command and what it starts have of their own at once, at most; shared pages count once."""
    process = subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    most = 0
    over = threading.Event()
    watcher = threading.Timer(120, over.set)
    watcher.start()
    while process.poll() is None and not over.wait(0.01):
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        try:
            everyone = [process.pid, *map(int, children.read_text().split())]
        except OSError:
            continue
        most = max(most, sum(map(_proportional_size, everyone)))
    watcher.cancel()
    if process.wait():
        raise subprocess.CalledProcessError(process.returncode, command)
    return most / MEGABYTE


def _proportional_size(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has just ended
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def _run(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command} ended with {done.returncode}: {done.stdout[-2000:]} {done.stderr[-2000:]}")


def _psql(server: servers.PostgresqlServer) -> str:
    own = server.bin / "psql" if server.bin is not None else None
    found = str(own) if own is not None and own.exists() else shutil.which("psql")
    if found is None:
        raise RuntimeError("there is no psql to compare with")
    return found


def _catalogue_script() -> str:
    """The queries of inspection as psql takes them, for the namespace public."""
    queries = (catalogue.NAMESPACES, *catalogue.queries(SERVER_VERSION))
    text = [query.replace("%(namespaces)s", "ARRAY['public']").replace("%%", "%").strip() + ";" for query in queries]
    return "\n".join(["SET search_path = pg_catalog;", *text, ""])
