"""Kill -9 around every step and behind every statement, on every server: the next apply completes, no row is lost."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from lbconf.operations.apply import apply_plans
from lbconf.operations.load import load_project
from lbconf.operations.plan import plan_project
from lbconf.plan.plan import Plan
from lbconf.plan.progress import Event, Moment
from lbconf.project.resolved import Project
from lbconf.state.hazards import HazardKind

BEFORE: dict[str, dict[str, Any]] = {
    "Customer": {"properties": {"name": {"type": "string"}, "old": {"type": "string"}}},
    "Gone": {"properties": {"x": {"type": "integer"}}},
}
AFTER: dict[str, dict[str, Any]] = {
    "Client": {
        "renamedFrom": "Customer",
        "properties": {
            "fullName": {"type": "string", "required": True, "renamedFrom": "name", "backfill": "'nobody'"},
            "city": {"type": "string", "index": True},
        },
    },
    "Order": {
        "properties": {"total": {"type": "decimal(10,2)", "default": "0.00"}},
        "relations": {"client": {"type": "belongsTo", "model": "Client"}},
    },
}


def write(root: Path, models: dict[str, dict[str, Any]], source: dict[str, Any]) -> Project:
    base = root / "environments" / "base"
    (base / "models").mkdir(parents=True, exist_ok=True)
    for path in (base / "models").iterdir():
        path.unlink()
    (base / "datasources.json").write_text(json.dumps({"db": source}))
    for name, definition in models.items():
        text = json.dumps({"name": name, "dataSource": "db", **definition})
        (base / "models" / f"{name.lower()}.json").write_text(text)
    return load_project(root)


def apply(project: Project) -> None:
    done = apply_plans(project, planned(project), accepted=frozenset(HazardKind))
    assert done.failures == ()


def planned(project: Project) -> list[Plan]:
    report = plan_project(project)
    assert report.failures == ()
    return [plan for plan in report.plans if not plan.empty]


def rows(root: Path, source: dict[str, Any], statement: str) -> list[tuple[Any, ...]]:
    if source["connector"] == "sqlite":
        with closing(sqlite3.connect(root / source["file"])) as connection:
            found = connection.execute(statement).fetchall()
            connection.commit()
            return found
    with psycopg.connect(source["url"], autocommit=True) as server:
        cursor = server.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


@pytest.mark.parametrize("server", ["sqlite", "postgresql"])
@pytest.mark.parametrize("moment", [*Moment, Event.ENDS])
def test_every_step_and_statement(
    request: pytest.FixtureRequest, tmp_path: Path, server: str, moment: Moment | Event
) -> None:
    number = 0
    places: list[tuple[int, ...]] = [(0,)]
    while number < len(places):
        source = fresh_source(request, server, number)
        before = write(tmp_path, BEFORE, source)
        apply(before)
        rows(tmp_path, source, "INSERT INTO \"Customer\" (name, old) VALUES ('Ann', 'x'), (NULL, NULL)")
        after = write(tmp_path, AFTER, source)
        places = places_of(planned(after)[0], moment)

        killed = subprocess.run(
            [sys.executable, "-m", "tests.e2e.killed_apply", str(tmp_path), moment, *map(str, places[number])],
            check=False,
            timeout=60,
            capture_output=True,
            text=True,
        )
        assert killed.returncode == -9, killed.stderr

        apply(after)
        assert planned(after) == []
        assert rows(tmp_path, source, 'SELECT "fullName", city FROM "Client" ORDER BY id') == [
            ("Ann", None),
            ("nobody", None),
        ]
        number += 1
    assert number > 3, "a plan worth killing has several steps"


def places_of(plan: Plan, moment: Moment | Event) -> list[tuple[int, ...]]:
    """The numbers of its steps, or of its steps and their statements."""
    if isinstance(moment, Moment):
        return [(number,) for number in range(len(plan.steps))]
    return [(number, place) for number, step in enumerate(plan.steps) for place in range(len(step.statements))]


def fresh_source(request: pytest.FixtureRequest, server: str, number: int) -> dict[str, Any]:
    if server == "sqlite":
        return {"connector": "sqlite", "file": f"{number}.db"}
    postgresql = request.getfixturevalue("postgresql_server")
    url = postgresql.create_database()
    request.addfinalizer(lambda: postgresql.drop_database(url))
    return {"connector": "postgresql", "url": url}
