"""Scripts and snapshots on the changes that the test suites of two other tools make.

A script run by psql ends where an apply ends, on a twin. A plan from a snapshot that knows nothing of the models is
never empty where the plan with a connection is not, and each change it has beyond that is said to be unproved.
Every third pair is tried; all of them where LBCONF_TEST_ALL_PAIRS is set.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from lbconf.errors import LbconfError
from lbconf.operations.apply import apply_plans
from lbconf.operations.inspect import inspect_project
from lbconf.operations.offline import plan_snapshot
from lbconf.operations.plan import plan_project
from lbconf.operations.script import plan_script
from lbconf.plan.plan import Plan
from lbconf.plan.snapshot import Snapshot
from lbconf.project.resolved import Project
from lbconf.records import replace
from lbconf.state.fingerprint import digest
from lbconf.state.hazards import HazardKind
from lbconf.state.structure import State
from tests import clients
from tests.discovery import discovered, inspected, loaded
from tests.servers import PostgresqlServer

SHARED = Path(os.environ.get("LBCONF_SHARED") or Path(__file__).parents[3] / "shared")
PAIRS = SHARED / "schemas" / "pairs"
MAYBE = "may be equal to what is there"

pytestmark = pytest.mark.skipif(not PAIRS.is_dir(), reason=f"no pairs of schemas in {PAIRS}")


def cases() -> list[Any]:
    found = [json.loads(line) for file in sorted(PAIRS.glob("*/cases.jsonl")) for line in file.read_text().splitlines()]
    chosen = [pytest.param(case, id=case["id"]) for case in found if case["scope"] == "tables"]
    return chosen if os.environ.get("LBCONF_TEST_ALL_PAIRS") else chosen[::3]


@contextmanager
def database(server: PostgresqlServer, script: str) -> Iterator[str]:
    """URL of a database in which a script was executed; skips where the server does not take it."""
    url = server.create_database()
    try:
        try:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(script.encode())
        except psycopg.Error as error:
            pytest.skip(f"not for this server: {error}")
        yield url
    finally:
        server.drop_database(url)


def plan_of(project: Project, url: str) -> Plan:
    report = plan_project(project, url=url)
    if report.failures:
        pytest.skip(f"not planned: {report.failures[0].diagnostics[0].message}")
    return report.plans[0]


def comparable(state: State) -> str:
    """Without the places of columns, which a table that is made and one that is changed may have otherwise."""
    tables = tuple(
        replace(table, columns=tuple(sorted(table.columns, key=lambda column: column.name))) for table in state.tables
    )
    return digest(replace(state, tables=tables))


@pytest.mark.parametrize("case", cases())
def test_script_and_snapshot(case: dict[str, Any], postgresql_server: PostgresqlServer, tmp_path: Path) -> None:
    before, after = case["old_sql"], case["new_sql"]
    with (
        database(postgresql_server, before) as one,
        database(postgresql_server, before) as two,
        database(postgresql_server, after) as wanted,
    ):
        try:
            discovered(wanted, tmp_path / "models")
            project = loaded(tmp_path / "models", one)
        except LbconfError as error:
            pytest.skip(f"not discovered: {error}")
        live = plan_of(project, one)

        nothing = replace(project, models={})
        recorded = inspect_project(nothing, url=one)
        assert not recorded.failures
        snapshot = Snapshot(environment=recorded.environment, sources=recorded.sources)
        away = plan_snapshot(project, snapshot)
        assert not away.failures, away.failures
        sure = {found.summary for found in live.changes}
        extra = [found for found in away.plans[0].changes if found.summary not in sure]
        assert [found for found in extra if MAYBE not in found.reason] == []
        assert live.empty or not away.plans[0].empty

        if live.empty:
            return
        applied = apply_plans(project, [plan_of(project, two)], url=two, accepted=frozenset(HazardKind))
        done = clients.psql(one, plan_script(live))
        if applied.failures:
            assert done.returncode != 0, "what an apply cannot do no script can"
            return
        assert (done.returncode, done.stderr) == (0, "")
        assert comparable(inspected(one)) == comparable(inspected(two))
        assert plan_of(project, one).changes == plan_of(project, two).changes
