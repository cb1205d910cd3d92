"""plan --to: back to a state that was applied before; on SQLite, PostgreSQL and MariaDB."""

from pathlib import Path

import pytest

from tests.place import KINDS, Place, made_of_kind

FIRST = "name: Note\ndataSource: db\nproperties:\n  text: {type: string, index: true}\n  size: {type: integer}\n"
SECOND = "name: Note\ndataSource: db\nproperties:\n  text: {type: string}\n  color: {type: string, description: how}\n"
TAG = "name: Tag\ndataSource: db\nproperties:\n  word: {type: string}\n"


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    found = made_of_kind(request, tmp_path)
    found.write("models/note.yaml", FIRST)
    found.apply()
    found.rows("INSERT INTO \"Note\" (text, size) VALUES ('kept', 3)")
    found.write("models/note.yaml", SECOND)
    found.write("models/tag.yaml", TAG)
    found.apply("--accept", "all")
    return found


def test_the_structure_comes_back_and_what_is_lost_is_said(place: Place) -> None:
    found = place.json("plan", "--to", "1")
    lost = sorted(h["message"] for c in found["changes"] for h in c["hazards"] if h["kind"] == "deletes-data")
    assert len(lost) == 2, lost
    assert {change["reason"] for change in found["changes"]} <= {
        "apply 1 left it behind",
        "apply 1 left it otherwise",
        "it came after apply 1",
    }
    assert "color" in lost[0] + lost[1]
    assert "Tag" in lost[0] + lost[1]
    plan = place.root / "back.plan"
    assert place.run("plan", "--to", "1", "--out", str(plan))[0] == 0
    code, _, err = place.run("apply", str(plan))
    assert (code, "--accept deletes-data" in err) == (1, True)
    code, out, err = place.run("apply", str(plan), "--accept", "all")
    assert code == 0, out + err
    assert place.rows('SELECT text, size FROM "Note"') == [("kept", None)]
    assert place.json("plan", "--to", "1")["changes"] == []
    place.remove("models/tag.yaml")
    place.write("models/note.yaml", FIRST)
    assert place.changes() == [], "the configuration of then has nothing to do"


def test_going_forward_again_is_what_the_configuration_asks_for(place: Place) -> None:
    plan = place.root / "back.plan"
    place.run("plan", "--to", "1", "--out", str(plan))
    place.run("apply", str(plan), "--accept", "all")
    place.apply("--accept", "all")
    assert place.changes() == []
    assert [entry["id"] for entry in place.json("history")["entries"]] == [4, 3, 2, 1]


def test_an_apply_that_is_not_there_is_refused(place: Place) -> None:
    code, _, err = place.run("plan", "--to", "9")
    assert (code, "LB4030" in err, "1 to 2" in err) == (1, True, True)
    assert place.run("plan", "--to", "1", "--model", "Note")[0] == 2
