"""adopt: tables that were there before lbconf, on SQLite and PostgreSQL."""

import contextlib
import io
import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from lbconf.cli import main

ACCOUNT = "name: Account\nidInjection: false\nproperties:\n  id: {type: integer, id: true}\n  email: {type: string}\n"
NOTE = "name: Note\nidInjection: false\nproperties:\n  id: {type: integer, id: true}\n"
TABLES = (
    'CREATE TABLE "Account" (id integer PRIMARY KEY NOT NULL, email text)',
    'CREATE INDEX by_email ON "Account" (email)',
    'CREATE TABLE "Note" (id integer PRIMARY KEY NOT NULL)',
    'CREATE TABLE "Other" (id integer PRIMARY KEY NOT NULL)',
)


@dataclass
class Place:
    root: Path
    url: str | None

    def write(self, name: str, text: str) -> None:
        path = self.root / "environments" / "base" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run(self, *arguments: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.chdir(self.root), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(list(arguments))
        return code, out.getvalue(), err.getvalue()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A database with tables that lbconf did not make, and models for two of the three."""
    url = None
    source = "db: {connector: sqlite, file: app.db}\n"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_url")
        source = f"db: {{connector: postgresql, url: '{url}'}}\n"
        with psycopg.connect(str(url), autocommit=True) as server:
            for statement in TABLES:
                server.execute(statement.encode())
    else:
        with closing(sqlite3.connect(tmp_path / "app.db")) as file:
            for statement in TABLES:
                file.execute(statement.replace("integer PRIMARY", "INTEGER PRIMARY").replace("text", "TEXT"))
    made = Place(tmp_path, url)
    made.write("datasources.yaml", source)
    made.write("models/account.yaml", ACCOUNT + "dataSource: db\n")
    made.write("models/note.yaml", NOTE + "dataSource: db\n")
    return made


def test_adopted_tables_are_lbconf_s_and_others_are_not(place: Place) -> None:
    code, out, err = place.run("adopt", "--format", "json")
    assert code == 0, err
    (found,) = json.loads(out)["data_sources"]
    assert [table["name"] for table in found["tables"]] == ["Account", "Note"]
    assert place.run("history")[1].count("adopt table") == 2
    assert "nothing to adopt" in place.run("adopt")[1]

    (place.root / "environments" / "base" / "models" / "note.yaml").unlink()
    code, out, err = place.run("plan", "--format", "json")
    (planned,) = json.loads(out)["data_sources"]
    dropped = [change["table"] for change in planned["changes"] if change["kind"] == "DropTable"]
    assert [name.rpartition(".")[2] for name in dropped] == ["Note"], "what was adopted goes with its model"


def test_without_adopting_nothing_is_dropped(place: Place) -> None:
    (place.root / "environments" / "base" / "models" / "note.yaml").unlink()
    _, out, _ = place.run("plan", "--format", "json")
    (planned,) = json.loads(out)["data_sources"]
    assert not [change for change in planned["changes"] if change["kind"] == "DropTable"]


def test_the_index_of_an_adopted_table_is_dropped_without_the_warning_of_strange_ones(place: Place) -> None:
    def strange() -> bool:
        (planned,) = json.loads(place.run("plan", "--format", "json")[1])["data_sources"]
        return any("was not made by lbconf" in h["message"] for c in planned["changes"] for h in c["hazards"])

    assert strange()
    assert place.run("adopt", "--model", "Account")[0] == 0
    assert not strange()


def test_adopting_one_model_leaves_the_others(place: Place) -> None:
    _, out, _ = place.run("adopt", "--model", "Account")
    assert ("Account" in out, "Note" in out) == (True, False)
    _, out, _ = place.run("adopt")
    assert "Note" in out
