"""A database nobody described: discovered, served, written to, and read with both sides of every relation."""

import contextlib
import json
import os
import sqlite3
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests import discovery
from tests.serving import served

SCHEMAS = Path(os.environ.get("LBCONF_SHARED") or Path(__file__).parents[3] / "shared") / "schemas"
ROWS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("Artist", {"artistId": 1, "name": "Ella"}),
    ("Album", {"albumId": 1, "title": "Sings", "artistId": 1}),
    ("Employee", {"employeeId": 1, "lastName": "Boss", "firstName": "A", "birthDate": "1962-02-18T00:00:00.000Z"}),
    ("Employee", {"employeeId": 2, "lastName": "Clerk", "firstName": "B", "reportsTo": 1}),
    ("MediaType", {"mediaTypeId": 1, "name": "disc"}),
    ("Genre", {"genreId": 1, "name": "jazz"}),
    (
        "Track",
        {
            "trackId": 1,
            "name": "Misty",
            "albumId": 1,
            "mediaTypeId": 1,
            "genreId": 1,
            "milliseconds": 9,
            "unitPrice": 0.5,
        },
    ),
    ("Playlist", {"playlistId": 1, "name": "evening"}),
    ("PlaylistTrack", {"playlistId": 1, "trackId": 1}),
    ("Customer", {"customerId": 1, "firstName": "C", "lastName": "D", "email": "c@example.org", "supportRepId": 2}),
    ("Invoice", {"invoiceId": 1, "customerId": 1, "invoiceDate": "2020-01-01T00:00:00.000Z", "total": 1.5}),
    ("InvoiceLine", {"invoiceLineId": 1, "invoiceId": 1, "trackId": 1, "unitPrice": 0.5, "quantity": 3}),
)

pytestmark = pytest.mark.skipif(not SCHEMAS.exists(), reason=f"no schemas in {SCHEMAS}")


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a database with the tables of a record shop."""
    text = (SCHEMAS / request.param / "chinook" / "schema.sql").read_text(encoding="utf-8")
    if request.param == "sqlite":
        with contextlib.closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
            connection.executescript(text)
        return f"sqlite:///{tmp_path}/shop.db"
    url: str = request.getfixturevalue("postgresql_url")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(text.encode())
    return url


def asked(url: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_every_list_answers_with_both_sides_of_its_relations(place: str, tmp_path: Path) -> None:
    discovery.discovered(place, tmp_path / "shop")
    project = discovery.loaded(tmp_path / "shop", place)
    assert discovery.telling(discovery.planned(tmp_path / "shop", place)) == []

    with served(tmp_path / "shop", variables={"DATABASE_URL": place}) as server:
        for name, row in ROWS:
            model = project.models[name]
            given = {key: value for key, value in row.items() if not model.properties[key].generated}
            status, answer = asked(f"{server.url}/api{model.path}", given)
            assert status == 200, (name, answer)

        sides = 0
        for name in {name for name, _ in ROWS}:
            model = project.models[name]
            relations = list(model.relations)
            query = urllib.parse.urlencode({"filter": json.dumps({"include": relations})})
            status, rows = asked(f"{server.url}/api{model.path}?{query}")
            assert status == 200, (name, rows)
            first = rows[0]
            for relation in model.relations.values():
                sides += bool(first.get(relation.name))
                assert relation.name in first or relation.kind.value == "belongsTo", (name, relation.name, first)
        assert sides >= 2 * 11 - 2  # each foreign key twice; the first employee reports to nobody


def test_what_the_database_does_not_give_is_said_in_the_log_and_answered_without_it(
    postgresql_url: str, tmp_path: Path
) -> None:
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE gone (id bigint PRIMARY KEY)")
        connection.execute("CREATE TABLE renamed (id bigint PRIMARY KEY, secret_column text)")
        connection.execute("CREATE TABLE closed (id bigint PRIMARY KEY)")
        connection.execute("CREATE MATERIALIZED VIEW total AS SELECT count(*) AS n FROM renamed WITH NO DATA")
        discovery.discovered(postgresql_url, tmp_path / "shop")
        paths = {name: model.path for name, model in discovery.loaded(tmp_path / "shop", postgresql_url).models.items()}
        connection.execute("DROP TABLE gone")
        connection.execute("ALTER TABLE renamed RENAME COLUMN secret_column TO other")
        connection.execute("CREATE ROLE reader_of_nothing")
        connection.execute("GRANT SELECT ON renamed, total TO reader_of_nothing")
        place = f"{postgresql_url}?options=-c%20role%3Dreader_of_nothing"
        try:
            with served(tmp_path / "shop", variables={"DATABASE_URL": place}) as server:
                for name, said, hint in (
                    ("Gone", 'relation "public.gone" does not exist', "run `lbconf plan`, then apply"),
                    ("Renamed", 'column "secret_column" does not exist', "run `lbconf plan`, then apply"),
                    ("Closed", "permission denied for table closed", None),
                    ("Total", 'materialized view "total" has not been populated', "run REFRESH MATERIALIZED VIEW"),
                ):
                    status, body = asked(f"{server.url}/api{paths[name]}")
                    error = json.loads(body)["error"]
                    assert (status, error["statusCode"]) == (503, 503)
                    assert error["message"].startswith("The database ")
                    assert "public" not in body
                    failed = json.loads(server.wait_for_line(f'"path":"/api{paths[name]}"}}'))
                    assert failed["event"] == "request-failed"
                    assert said in failed["message"]
                    assert failed.get("hint", "").startswith(hint or "")
                    assert "at" not in failed
        finally:
            connection.execute("DROP OWNED BY reader_of_nothing")
            connection.execute("DROP ROLE reader_of_nothing")
