"""drift: what was changed behind lbconf's back, on SQLite, PostgreSQL and MariaDB."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from lbconf.connectors.contract import ReadOnly
from lbconf.errors import ConnectorError
from lbconf.operations.data_sources import create_connector
from lbconf.operations.load import load_project
from tests.place import KINDS, Place, made, made_of_kind

NOTE = """\
name: Note
dataSource: db
properties:
  text: {type: string, index: true}
  done: {type: boolean, default: false}
"""


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    found = made_of_kind(request, tmp_path)
    found.write("models/note.yaml", NOTE)
    return found


def drift(place: Place) -> list[tuple[str, str, str]]:
    found = place.json("drift")["changes"]
    return [(change["action"], change["summary"], change["configuration"]) for change in found]


def test_before_the_first_apply_nothing_can_drift(place: Place) -> None:
    assert place.run("drift", "--detailed-exitcode")[0] == 0
    assert "nothing was applied yet" in place.run("drift")[1]


def test_what_somebody_did_is_told_with_what_the_configuration_says_to_it(place: Place) -> None:
    place.run("apply", "--auto-approve")
    assert drift(place) == []
    assert place.run("drift", "--detailed-exitcode")[0] == 0
    place.rows(
        'ALTER TABLE "Note" ADD COLUMN extra integer',
        'ALTER TABLE "Note" ADD COLUMN stray integer',
        "CREATE TABLE other (id integer PRIMARY KEY)",
    )
    place.write("models/note.yaml", NOTE + "  extra: {type: integer}\n")
    found = {summary.split()[1]: (action, verdict) for action, summary, verdict in drift(place)}
    assert found == {"extra": ("add", "agrees"), "stray": ("add", "taken-back")}
    assert place.run("drift", "--detailed-exitcode")[0] == 2
    text = place.run("drift")[1]
    assert "the configuration agrees" in text
    assert "the next plan changes it again" in text


def test_what_is_gone_is_told(place: Place) -> None:
    place.run("apply", "--auto-approve")
    place.rows('DROP TABLE "Note"')
    ((action, summary, verdict),) = drift(place)
    assert (action, summary.split()[0], verdict) == ("destroy", "table", "taken-back")


def test_changes_of_the_configuration_are_no_drift(place: Place) -> None:
    place.run("apply", "--auto-approve")
    place.write("models/note.yaml", NOTE + "  more: {type: integer}\n")
    code, out, _ = place.run("drift", "--detailed-exitcode")
    assert (code, "asks for 1 change" in out) == (0, True)


def test_drift_writes_nothing(place: Place) -> None:
    place.run("apply", "--auto-approve")
    file = place.root / "app.db"
    before = file.read_bytes() if place.url is None else b""
    if place.url is None:
        file.chmod(0o400)
    place.run("drift")
    assert place.url is not None or file.read_bytes() == before
    source = load_project(place.root, None).data_sources["db"]
    connector: Any = create_connector(source, place.root)
    promising: Any = connector
    assert isinstance(promising, ReadOnly)
    connector.refuse_writes()
    try:
        with pytest.raises(ConnectorError):
            write(connector, place.root)
    finally:
        connector.close()


def write(connector: Any, root: Path) -> None:
    model = load_project(root, os.environ.get("LBCONF_ENV")).models["Note"]
    connector.insert(model, [{"text": "x"}])


def test_a_dead_server_is_a_failure(tmp_path: Path) -> None:
    place = made(tmp_path, None)
    place.write("datasources.yaml", "db: {connector: postgresql, host: 127.0.0.1, port: 1, password: hidden-word}\n")
    place.write("models/note.yaml", NOTE)
    code, out, err = place.run("drift", "--detailed-exitcode")
    assert code == 1
    assert "hidden-word" not in out + err
    assert "LB5" in err
    for verb in ("drift", "history", "adopt"):
        code, out, err = place.run(verb, "--format", "json")
        failures = json.loads(out)["failures"]
        assert (code, [failure["data_source"] for failure in failures]) == (1, ["db"])
        assert "hidden-word" not in out + err


GARBLINGS = (
    "UPDATE _lbconf_history SET state = 'nonsense'",
    "UPDATE _lbconf_history SET state = ''",
    "UPDATE _lbconf_history SET state = '[]'",
    """UPDATE _lbconf_history SET state = '{"tables": [{"name": 7}]}'""",
    "ALTER TABLE _lbconf_history DROP COLUMN steps",
)


@pytest.mark.parametrize("garbling", GARBLINGS)
@pytest.mark.parametrize(
    "verb", ["drift", "plan", "adopt", "apply --auto-approve", "plan --to 1", "purge --older-than 0d"]
)
def test_a_garbled_ledger_stops_every_verb_and_changes_nothing(place: Place, garbling: str, verb: str) -> None:
    place.apply()
    place.rows(garbling)
    place.remove("models/note.yaml")
    code, out, err = place.run(*verb.split())
    assert (code, "LB4032" in err, "Traceback" in out + err) == (1, True, False), out + err
    assert "Note" in place.tables()


def test_history_shows_what_can_be_read_of_garbled_rows(place: Place) -> None:
    place.apply()
    place.rows("UPDATE _lbconf_history SET steps = '[[1]]', state = '{'")
    for arguments in (["history"], ["history", "show", "1"]):
        code, out, err = place.run(*arguments)
        assert (code, "its steps cannot be read" in out) == (0, True), out + err
    assert place.json("history")["entries"][0]["steps"] is None


def test_an_api_that_cannot_be_read_is_not_compared(place: Place) -> None:
    place.apply()
    for text in ("nonsense", "[]", '{"version":1}', '{"version":1,"digests":{"":"x"},"surfaces":"AAAA"}'):
        place.rows(f"UPDATE _lbconf_history SET documents = '{text}'")
        assert place.run("plan", "--detailed-exitcode")[0] == 0


def test_a_ledger_of_an_older_lbconf_does_for_every_verb(place: Place) -> None:
    place.apply()
    for column in ("environment", "configuration", "documents", "next_statement"):
        place.rows(f"ALTER TABLE _lbconf_history DROP COLUMN {column}")
    for verb in ("history", "history show 1", "drift", "plan --to 1", "adopt", "purge --older-than 0d"):
        code, out, err = place.run(*verb.split())
        assert code == 0, out + err
    place.write("models/note.yaml", NOTE + "  more: {type: integer}\n")
    place.apply()
    assert [entry["environment"] for entry in place.json("history")["entries"]] == ["development", ""]
