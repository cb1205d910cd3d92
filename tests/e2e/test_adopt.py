"""adopt: tables that were there before lbconf, on SQLite, PostgreSQL and MariaDB."""

import json
from pathlib import Path

import pytest

from tests.place import KINDS, Place, made_of_kind

ACCOUNT = "name: Account\nidInjection: false\nproperties:\n  id: {type: integer, id: true}\n  email: {type: string}\n"
NOTE = "name: Note\nidInjection: false\nproperties:\n  id: {type: integer, id: true}\n"
TABLES = (
    'CREATE TABLE "Account" (id integer PRIMARY KEY NOT NULL, email text)',
    'CREATE INDEX by_email ON "Account" (email)',
    'CREATE TABLE "Note" (id integer PRIMARY KEY NOT NULL)',
    'CREATE TABLE "Other" (id integer PRIMARY KEY NOT NULL)',
)


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    found = made_of_kind(request, tmp_path)
    found.rows(*TABLES)
    found.write("models/account.yaml", ACCOUNT + "dataSource: db\n")
    found.write("models/note.yaml", NOTE + "dataSource: db\n")
    return found


def test_adopted_tables_are_lbconf_s_and_others_are_not(place: Place) -> None:
    code, out, err = place.run("adopt", "--format", "json")
    assert code == 0, err
    (found,) = json.loads(out)["data_sources"]
    assert [table["name"] for table in found["tables"]] == ["Account", "Note"]
    assert place.run("history")[1].count("adopt table") == 2
    assert place.run("adopt")[1] == "db: nothing to adopt\n"
    place.write("models/new.yaml", NOTE.replace("Note", "New") + "dataSource: db\n")
    assert "1 model has no table there" in place.run("adopt")[1]
    place.remove("models/new.yaml")

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
