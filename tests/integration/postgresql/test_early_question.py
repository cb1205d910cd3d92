"""A plan whose server was asked before the models were known finds what there is in every schema."""

import json
from pathlib import Path

import psycopg
import pytest

from lbconf.cli import main
from tests import servers

MODEL = "name: {name}\ndataSource: db\npostgresql: {{schema: {schema}}}\nproperties:\n  note: {{type: string}}\n"


@pytest.fixture
def project(tmp_path: Path, postgresql_url: str) -> Path:
    base = tmp_path / "environments" / "base"
    (base / "models").mkdir(parents=True)
    (base / "datasources.yaml").write_text(json.dumps({"db": {"connector": "postgresql", "url": postgresql_url}}))
    return tmp_path


def model(project: Path, name: str, schema: str) -> None:
    path = project / "environments" / "base" / "models" / f"{name.lower()}.yaml"
    path.write_text(MODEL.format(name=name, schema=schema))


def test_a_schema_that_the_ledger_does_not_name_is_looked_into_too(
    project: Path, postgresql_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lbconf = ["--project", str(project)]
    model(project, "First", "public")
    assert main([*lbconf, "apply", "--auto-approve"]) == 0
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA other")
        connection.execute('CREATE TABLE other."Second" (id integer)')
    model(project, "Second", "other")
    capsys.readouterr()
    assert main([*lbconf, "plan", "--detailed-exitcode"]) == 2
    shown = capsys.readouterr().out
    assert "~ table" in shown
    assert "+ table" not in shown
    model(project, "Second", "public")
    assert main([*lbconf, "apply", "--auto-approve"]) == 0
    assert main([*lbconf, "plan", "--detailed-exitcode"]) == 0


def test_no_connection_stays_after_a_plan_that_found_wrong_models(
    project: Path, postgresql_server: servers.PostgresqlServer, postgresql_url: str
) -> None:
    model(project, "First", "public")
    assert main(["--project", str(project), "apply", "--auto-approve"]) == 0
    path = project / "environments" / "base" / "models" / "first.yaml"
    path.write_text(path.read_text().replace("string", "nothing"))
    for _ in range(5):
        assert main(["--project", str(project), "plan"]) == 1
    question = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
    with psycopg.connect(postgresql_server.url, autocommit=True) as connection:
        name = postgresql_url.rpartition("/")[2]
        for _ in range(100):
            row = connection.execute(question, (name,)).fetchone()
            if row == (0,):
                return
            connection.execute("SELECT pg_sleep(0.1)")
    pytest.fail("a connection is still open")
