"""What bounds requests and their statements where a project says nothing of it."""

from pathlib import Path
from typing import Any

import pytest

from lbconf.operations.load import load_project
from lbconf.operations.serve import ServeOptions, application
from lbconf.project.reading_settings import request_budget

MODEL = "dataSource: db\nproperties: {title: string}\n"


def native(root: Path, source: str, server: str = "{}\n") -> Path:
    base = root / "environments" / "base"
    (base / "models").mkdir(parents=True)
    (base / "models" / "note.yaml").write_text(MODEL)
    (base / "datasources.yaml").write_text(f"db: {source}\n")
    (base / "server.yaml").write_text(server)
    return root


def timeout(root: Path) -> Any:
    connector: Any = application(ServeOptions(root=root, without_access_control=True)).connectors["db"]
    return connector.settings.statement_timeout


@pytest.mark.parametrize(
    ("source", "milliseconds"),
    [
        ("{connector: postgresql, host: nowhere}", 60_000),
        ("{connector: mysql, host: nowhere, database: a, user: b}", 60_000),
        ("{connector: postgresql, host: nowhere, statementTimeout: 500}", 500),
        ("{connector: postgresql, host: nowhere, statementTimeout: 0}", 0),
        ("{connector: sqlite, file: a.db}", None),
    ],
)
def test_statements_on_servers_end_where_nobody_says_when(
    tmp_path: Path, source: str, milliseconds: int | None
) -> None:
    assert timeout(native(tmp_path, source)) == milliseconds


@pytest.mark.parametrize(
    ("server", "seconds"), [("{}\n", 60), ("budget: {rows: 5}\n", 60), ("budget: {seconds: 2}\n", 2)]
)
def test_requests_end_where_nobody_says_when(tmp_path: Path, server: str, seconds: float) -> None:
    assert request_budget(load_project(native(tmp_path, "{connector: memory}", server))).seconds == seconds


def test_loopback_projects_have_no_bounds_of_ours(tmp_path: Path) -> None:
    server = tmp_path / "server"
    server.mkdir()
    (server / "config.json").write_text('{"restApiRoot": "/api"}')
    (server / "datasources.json").write_text('{"db": {"name": "db", "connector": "postgresql", "host": "nowhere"}}')
    (server / "model-config.json").write_text("{}")

    assert timeout(tmp_path) is None
    assert request_budget(load_project(tmp_path)).seconds is None
