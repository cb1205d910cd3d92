"""Two data sources in one database: neither ever drops what the other asks for; SQLite, PostgreSQL and MariaDB."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from lbconf.operations.load import load_project
from lbconf.operations.neighbours import database_place
from tests.place import KINDS, Place, made_of_kind

ONE = "name: {name}\ndataSource: db\nproperties:\n  text: {{type: string, enum: [x, y]}}\n"
OTHER = "name: {name}\ndataSource: other\nproperties:\n  kind: {{type: string, enum: [x, y]}}\n"


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """`db` says its database by a URL, `other` the same one by its parts."""
    found = made_of_kind(request, tmp_path)
    if found.url is None:
        other = "  connector: sqlite\n  url: sqlite:///./app.db\n"
    else:
        url = urlsplit(found.url)
        host = "127.0.0.1" if url.hostname == "localhost" else "localhost"
        parts = {"port": url.port, "database": url.path[1:], "user": url.username, "password": url.password}
        said = "".join(f"  {key}: '{unquote(str(value))}'\n" for key, value in parts.items() if value and key != "port")
        if "?" in found.url or not url.hostname:
            pytest.skip("the server is reached by a socket alone")
        other = f"  connector: {request.param}\n  host: {host}\n  port: {url.port}\n{said}"
    found.write("datasources.yaml", f"db:\n{found.source}other:\n{other}")
    found.write("models/note.yaml", ONE.format(name="Note"))
    found.write("models/mail.yaml", OTHER.format(name="Mail"))
    found.apply("--data-source", "db")
    found.apply("--data-source", "other")
    return found


def lists(place: Place) -> set[str]:
    return {name.lower() for name in place.tables() if "lbconf" not in name and not name.startswith("sqlite_")}


def changes(place: Place, *arguments: str) -> list[str]:
    return [change["summary"] for change in place.json("plan", *arguments)["changes"]]


def test_both_are_one_database_however_they_say_it(place: Place) -> None:
    project = load_project(place.root)
    one, other = (database_place(project.data_sources[name], project.root) for name in ("db", "other"))
    assert one == other


def test_neither_plans_to_drop_what_the_other_asks_for(place: Place) -> None:
    for source in ("db", "other"):
        assert changes(place, "--data-source", source) == []
    place.write("models/tag.yaml", ONE.format(name="Tag"))
    place.apply("--data-source", "db")
    place.remove("models/tag.yaml")
    place.apply("--data-source", "db", "--accept", "all")
    assert lists(place) == {"note", "mail"}
    place.remove("models/mail.yaml")
    place.write("models/letter.yaml", OTHER.format(name="Letter"))
    place.apply("--data-source", "other", "--accept", "all")
    assert lists(place) == {"note", "letter"}, "what the other made is still known, and goes once nobody asks for it"
    for source in ("db", "other"):
        assert changes(place, "--data-source", source) == []


def test_going_back_leaves_the_other_as_it_is(place: Place) -> None:
    place.write("models/note.yaml", ONE.format(name="Note") + "  size: {type: integer}\n")
    place.apply("--data-source", "db")
    back = place.root / "back.plan"
    code, out, err = place.run("plan", "--to", "1", "--data-source", "db", "--out", str(back))
    assert code == 0, out + err
    assert "Mail" not in out
    code, out, err = place.run("apply", str(back), "--accept", "all")
    assert code == 0, out + err
    assert lists(place) == {"note", "mail"}
    place.write("models/note.yaml", ONE.format(name="Note"))
    for source in ("db", "other"):
        assert changes(place, "--data-source", source) == []


def test_purge_drops_what_was_parked_and_forgets_nothing(place: Place) -> None:
    place.write("models/tag.yaml", ONE.format(name="Tag") + "onRemove: rename\n")
    place.apply("--data-source", "db")
    place.remove("models/tag.yaml")
    place.apply("--data-source", "db")
    assert len(lists(place)) == 3
    code, out, err = place.run(
        "purge", "--older-than", "0d", "--data-source", "db", "--auto-approve", "--accept", "all"
    )
    assert code == 0, out + err
    assert lists(place) == {"note", "mail"}
    place.remove("models/mail.yaml")
    place.write("models/letter.yaml", OTHER.format(name="Letter"))
    place.apply("--data-source", "other", "--accept", "all")
    assert lists(place) == {"note", "letter"}


def test_drift_of_one_takes_nothing_of_the_other_back(place: Place) -> None:
    for source in ("db", "other"):
        code, out, err = place.run("drift", "--data-source", source, "--detailed-exitcode")
        assert code == 0, out + err
