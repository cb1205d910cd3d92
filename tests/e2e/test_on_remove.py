"""What becomes of a table once its model is gone: onRemove, purge, accept; on SQLite, PostgreSQL and MariaDB."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lbconf.operations.load import load_project
from lbconf.operations.purge import plan_purge
from lbconf.state.parking import parked_name, parked_on
from lbconf.state.structure import QualifiedName
from tests.place import KINDS, Place, made_of_kind

OWNER = "name: Owner\ndataSource: db\nproperties:\n  name: {type: string, index: true, unique: true}\n"
NOTE = """\
name: Note
dataSource: db
properties:
  text: {type: string, index: true}
relations:
  owner: {type: belongsTo, model: Owner}
"""
TODAY = f"{datetime.now(UTC):%Y%m%d}"


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    found = made_of_kind(request, tmp_path)
    found.write("models/owner.yaml", OWNER)
    return found


def filled(place: Place, note: str) -> None:
    place.write("models/note.yaml", note)
    code, out, err = place.run("apply", "--auto-approve")
    assert code == 0, out + err
    place.rows("INSERT INTO \"Owner\" (name) VALUES ('o')")
    place.rows('INSERT INTO "Note" (text, "ownerId") VALUES (\'n\', 1)')


def test_by_default_the_drop_has_to_be_accepted(place: Place) -> None:
    filled(place, NOTE)
    place.remove("models/note.yaml")
    code, _, err = place.run("apply", "--auto-approve")
    assert (code, "--accept deletes-data" in err) == (1, True)
    assert place.rows('SELECT text FROM "Note"') == [("n",)]


def test_a_kept_table_is_left_alone_and_said(place: Place) -> None:
    filled(place, NOTE + "onRemove: keep\n")
    place.remove("models/note.yaml")
    assert place.changes() == []
    assert "LB4031" in place.run("plan")[2]
    place.apply()
    code, out, err = place.run("plan", "--detailed-exitcode")
    assert (code, "LB4031" in err, "Nothing to do" in out) == (0, False, True)
    assert place.rows('SELECT text FROM "Note"') == [("n",)]


def test_a_wish_that_comes_later_is_noted_before_the_model_goes(place: Place) -> None:
    filled(place, NOTE)
    place.write("models/note.yaml", NOTE + "onRemove: keep\n")
    assert place.changes() == ["SetOnRemove"]
    assert place.run("apply", "--auto-approve")[0] == 0
    assert place.changes() == []
    place.remove("models/note.yaml")
    assert place.changes() == []


def test_a_renamed_table_keeps_its_rows_and_gives_its_names_free(place: Place) -> None:
    filled(place, NOTE + "onRemove: rename\n")
    place.remove("models/note.yaml")
    code, out, err = place.run("apply", "--auto-approve")
    assert code == 0, out + err
    parked = f"_removed_Note_{TODAY}"
    assert place.rows(f'SELECT text FROM "{parked}"') == [("n",)]
    assert place.changes() == [], "a parked table is nobody's business until it is purged"
    assert place.json("drift")["changes"] == [], "what lbconf did itself is no drift"
    place.rows('DELETE FROM "Owner"')

    filled_again = place.root / "environments" / "base" / "models" / "note.yaml"
    filled_again.write_text(NOTE + "onRemove: rename\n")
    code, out, err = place.run("apply", "--auto-approve")
    assert code == 0, out + err
    assert place.changes() == []
    place.remove("models/note.yaml")
    assert place.run("apply", "--auto-approve")[0] == 0, "two tables of one name parked on one day"
    assert place.rows(f'SELECT count(*) FROM "{parked}_2"') == [(0,)]


def test_the_data_source_may_say_it_for_all(place: Place) -> None:
    place.write("datasources.yaml", f"db:\n{place.source}  structure: {{onRemove: rename}}\n")
    filled(place, NOTE)
    place.remove("models/note.yaml")
    assert place.changes().count("ParkTable") == 1


def test_purge_drops_what_is_old_enough_once_it_is_accepted(place: Place) -> None:
    filled(place, NOTE + "onRemove: rename\n")
    place.remove("models/note.yaml")
    assert place.run("apply", "--auto-approve")[0] == 0
    place.rows(f'CREATE TABLE "_removed_Mine_{TODAY}" (a integer)')
    assert "Nothing to purge" in place.run("purge", "--older-than", "30d", "-y")[1]
    assert "Nothing to purge" in place.run("purge", "--older-than", "900000d", "-y")[1], "older than the calendar"
    assert "its model went" in place.run("purge", "--older-than", "0d", "--dry-run")[1]
    code, _, err = place.run("purge", "--older-than", "0d", "-y")
    assert (code, "--accept deletes-data" in err) == (1, True)
    code, out, err = place.run("purge", "--older-than", "0d", "-y", "--accept", "deletes-data")
    assert (code, "1 table dropped" in out) == (0, True), out + err
    assert place.tables("_removed_") == [f"_removed_Mine_{TODAY}"], "what only looks like a parked table is left alone"
    assert place.changes() == []


def test_purge_counts_days(place: Place) -> None:
    filled(place, NOTE + "onRemove: rename\n")
    place.remove("models/note.yaml")
    assert place.run("apply", "--auto-approve")[0] == 0
    project = load_project(place.root, None)
    now = datetime.now(UTC).date()
    for days, empty in ((29, True), (30, False)):
        report = plan_purge(project, older_than=timedelta(days=30), today=now + timedelta(days=days))
        assert report.empty == empty


def test_a_model_accepts_hazards_of_its_own_table(place: Place) -> None:
    filled(place, NOTE)
    less = NOTE.replace("  text: {type: string, index: true}\n", "  other: {type: string}\n")
    place.write("models/note.yaml", less)
    assert place.run("apply", "--auto-approve")[0] == 1
    place.write("models/note.yaml", less + "accept: [deletes-data, rewrites-table]\n")
    code, out, err = place.run("apply", "--auto-approve")
    assert code == 0, out + err


def test_names_of_parked_tables() -> None:
    day = datetime(2026, 3, 1, tzinfo=UTC).date()
    long = QualifiedName("s", "ä" * 40)
    for name in (QualifiedName("", "a"), long, QualifiedName("s", "a_20260101")):
        parked = parked_name(name, day)
        assert parked_on(parked) == day
        assert len(parked.name.encode()) <= 63
        assert parked_name(name, day, {parked}) != parked
    assert parked_on(QualifiedName("", "_removed_a_20261399")) is None
    assert parked_on(QualifiedName("", "orders")) is None
