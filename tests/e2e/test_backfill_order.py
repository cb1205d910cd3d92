"""Back-fills that read columns which are filled in the same plan, on SQLite, PostgreSQL and MariaDB."""

from pathlib import Path

import pytest

from tests.place import KINDS, Place, made_of_kind

BEFORE = "name: Note\ndataSource: db\nproperties:\n  size: {type: integer}\n  old: {type: integer}\n"
AFTER = """\
name: Note
dataSource: db
properties:
  size: {type: integer, required: true, backfill: 'zwei + 1'}
  alpha: {type: integer, required: true, backfill: '(size * 10)'}
  beta: {type: integer, required: true, backfill: 'alpha + size'}
  zwei: {type: integer, required: true, backfill: 'old + 2'}
"""


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    found = made_of_kind(request, tmp_path)
    found.write("models/note.yaml", BEFORE)
    found.apply()
    found.rows('INSERT INTO "Note" (size, old) VALUES (NULL, 1)', 'INSERT INTO "Note" (size, old) VALUES (7, 5)')
    return found


@pytest.mark.parametrize("how", [(), ("--no-online",)])
def test_each_column_is_filled_after_those_it_reads(place: Place, how: tuple[str, ...]) -> None:
    place.write("models/note.yaml", AFTER)
    place.apply("--accept", "all", *how)
    assert place.rows('SELECT zwei, size, alpha, beta FROM "Note" ORDER BY id') == [(3, 4, 40, 44), (7, 7, 70, 77)]
    assert place.changes() == []


def test_new_columns_that_are_filled_from_each_other_are_refused(place: Place) -> None:
    text = AFTER.replace("'old + 2'", "'beta + 2'")
    place.write("models/note.yaml", text)
    code, _, err = place.run("plan")
    assert code != 0
    assert "LB4028" in err
    assert "alpha" in err or "beta" in err
    assert place.rows('SELECT size, old FROM "Note" ORDER BY id') == [(None, 1), (7, 5)]
