"""A plan with nothing to do, on a database of a thousand tables."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from lbconf.connectors.postgresql import catalogue
from tests import servers
from tests.benchmarks.processes import LBCONF, timed_alternately
from tests.benchmarks.results import Result
from tests.benchmarks.startup import many_models

__all__ = ["measure"]

TABLES = 1000
RUNS = 5
SERVER_VERSION = 180000


def measure(server: servers.PostgresqlServer) -> Iterator[Result]:
    """`lbconf plan`, whole process, against psql asking the same catalogue queries."""
    url = server.create_database()
    environment = {"DATABASE_URL": url}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        many_models(root, TABLES, connector="postgresql")
        lbconf = [LBCONF, "--project", folder]
        _run([*lbconf, "apply", "--auto-approve"], environment)
        _run([*lbconf, "plan", "--detailed-exitcode"], environment)
        script = root / "catalogue.sql"
        script.write_text(_catalogue_script())
        plan, queries = timed_alternately(
            [[*lbconf, "plan"], [_psql(server), "-X", "-q", "-o", "/dev/null", "-f", str(script), url]],
            runs=RUNS,
            environment=environment,
        )
    server.drop_database(url)
    yield Result(
        name=f"`lbconf plan` with nothing to do, {TABLES} tables in PostgreSQL",
        measured=f"{plan.wall * 1000:.0f} ms",
        against=f"the catalogue queries alone by psql: {queries.wall * 1000:.0f} ms",
        value=plan.wall / queries.wall,
        limit=4,
    )


def _run(command: list[str], environment: dict[str, str]) -> None:
    import os

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
