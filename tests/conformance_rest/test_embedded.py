"""Embedded instances and lists of ids over HTTP: the same answers from every store, nothing lost, never a 500."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.serving import Served, ask, run_lbconf, served

MODELS: dict[str, dict[str, Any]] = {
    "Trip": {
        "base": "PersistedModel",
        "forceId": False,
        "properties": {"id": {"type": "number", "id": True}, "title": "string"},
        "relations": {
            "stops": {"type": "embedsMany", "model": "Stop", "property": "stopList"},
            "latest": {
                "type": "embedsMany",
                "model": "Remark",
                "property": "remarks",
                "options": {"prepend": True},
                "properties": {"title": "trip"},
            },
            "map": {"type": "embedsOne", "model": "Sheet", "property": "sheet"},
            "friends": {"type": "referencesMany", "model": "Friend", "foreignKey": "friendIds"},
            "legs": {"type": "embedsMany", "model": "Leg", "property": "legList", "options": {"nestRemoting": True}},
            "plan": {"type": "embedsOne", "model": "Leg", "property": "planned", "options": {"nestRemoting": True}},
        },
    },
    "Stop": {
        "base": "Model",
        "idInjection": False,
        "properties": {
            "id": {"type": "number", "id": True},
            "name": {"type": "string", "required": True},
            "nights": {"type": "number", "default": 1},
            "at": "date",
        },
        "hidden": ["at"],
    },
    "Remark": {
        "base": "Model",
        "idInjection": False,
        "properties": {"id": {"type": "string", "id": True}, "text": "string", "trip": "string"},
    },
    "Sheet": {
        "base": "Model",
        "idInjection": False,
        "properties": {"scale": {"type": "number", "required": True}, "paper": "string"},
    },
    "Friend": {
        "base": "PersistedModel",
        "forceId": False,
        "properties": {"id": {"type": "number", "id": True}, "name": "string"},
    },
    "Leg": {
        "base": "Model",
        "idInjection": False,
        "properties": {"id": {"type": "number", "id": True}, "friendId": "number"},
        "relations": {
            "friend": {"type": "belongsTo", "model": "Friend", "foreignKey": "friendId"},
            "notes": {"type": "embedsMany", "model": "Remark", "property": "noteList"},
            "map": {"type": "embedsOne", "model": "Sheet", "property": "sheet"},
        },
    },
}

STEPS: tuple[tuple[str, str, Any], ...] = (
    ("POST", "/Trips", {"id": 1, "title": "north"}),
    ("GET", "/Trips/1/map", None),
    ("POST", "/Trips/1/map", {"paper": "thick"}),
    ("PUT", "/Trips/1/map", {"scale": 25}),
    ("PUT", "/Trips/1/map", {"paper": "thin"}),
    ("PUT", "/Trips/1/map", {"scale": None}),
    ("GET", "/Trips/1/map", None),
    ("POST", "/Trips/1/stops", {"name": "a", "at": "2020-02-03"}),
    ("POST", "/Trips/1/stops", [{"name": "b", "nights": 3}, {"id": 9, "name": "c"}]),
    ("POST", "/Trips/1/stops", {"name": "b", "nights": 3}),
    ("POST", "/Trips/1/stops", {"id": 9, "name": "c"}),
    ("POST", "/Trips/1/stops", {"name": "d"}),
    ("POST", "/Trips/1/stops", {"id": 9, "name": "again"}),
    ("POST", "/Trips/1/stops", {"nights": 2}),
    ("POST", "/Trips/1/stops", [{"name": "good"}, {}]),
    ("GET", "/Trips/1/stops", None),
    ("GET", "/Trips/1/stops/count", None),
    ("GET", "/Trips/1/stops/9", None),
    ("GET", "/Trips/1/stops/77", None),
    ("PUT", "/Trips/1/stops/2", {"nights": 4}),
    ("PUT", "/Trips/1/stops/2", {"name": ""}),
    ("PUT", "/Trips/1/stops/77", {"nights": 4}),
    ("DELETE", "/Trips/1/stops/9", None),
    ("DELETE", "/Trips/1/stops/9", None),
    ("GET", "/Trips/2/stops", None),
    ("POST", "/Trips/2/stops", {"name": "a"}),
    ("POST", "/Trips/1/latest", {"id": "x", "text": "first"}),
    ("POST", "/Trips/1/latest", {"id": "y", "text": "second"}),
    ("GET", "/Trips/1/latest", None),
    ("POST", "/Friends", {"id": 5, "name": "Eve"}),
    ("PUT", "/Trips/1/friends/rel/5", None),
    ("PUT", "/Trips/1/friends/rel/5", None),
    ("PUT", "/Trips/1/friends/rel/6", None),
    ("HEAD", "/Trips/1/friends/rel/5", None),
    ("HEAD", "/Trips/1/friends/rel/6", None),
    ("POST", "/Trips/1/friends", {"id": 7, "name": "Fay"}),
    ("GET", "/Trips/1/friends", None),
    ("GET", "/Trips/1/friends/count", None),
    ("GET", "/Trips/1/friends/7", None),
    ("PUT", "/Trips/1/friends/7", {"name": "Fay 2"}),
    ("DELETE", "/Trips/1/friends/rel/5", None),
    ("GET", "/Trips/1", None),
    ("DELETE", "/Trips/1/friends/7", None),
    ("GET", "/Friends", None),
    ("DELETE", "/Trips/1/stops", None),
    ("DELETE", "/Trips/1/map", None),
    ("GET", "/Trips/1", None),
)
"""Verb, path below the API and body: a life of one row."""

WANTED = {
    "POST /Trips/1/map": [422],
    "PUT /Trips/1/map": [200, 422, 422],
    "POST /Trips/1/stops": [200, 422, 200, 200, 200, 422, 422, 422],
    "GET /Trips/1/stops/77": [404],
    "PUT /Trips/1/friends/rel/5": [200, 422],
    "PUT /Trips/1/friends/rel/6": [200],
    "HEAD /Trips/1/friends/rel/6": [404],
    "GET /Trips/2/stops": [404],
}


def _project(folder: Path, source: dict[str, Any]) -> Path:
    (folder / "server").mkdir(parents=True)
    (folder / "common" / "models").mkdir(parents=True)
    (folder / "package.json").write_text(json.dumps({"name": "trips", "dependencies": {"loopback": "^3.28.0"}}))
    (folder / "server" / "config.json").write_text(json.dumps({"restApiRoot": "/api"}))
    (folder / "server" / "datasources.json").write_text(json.dumps({"db": {"name": "db", **source}}))
    listed = {name: {"dataSource": "db", "public": name in {"Trip", "Friend"}} for name in MODELS}
    sources = {"_meta": {"sources": ["../common/models"]}, **listed}
    (folder / "server" / "model-config.json").write_text(json.dumps(sources))
    for name, definition in MODELS.items():
        file = folder / "common" / "models" / f"{name.lower()}.json"
        file.write_text(json.dumps({"name": name, **definition}))
    return folder


def call(server: Served, verb: str, path: str, body: Any = None) -> tuple[int, Any]:
    status, answer, _ = ask(server, f"/api{path}", method=verb, body=body)
    return status, answer


@pytest.fixture(params=["memory", "sqlite", "postgresql", "mysql"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    kind = request.param
    source: dict[str, Any] = {"connector": kind}
    if kind == "sqlite":
        source["file"] = str(tmp_path / "trips.db")
    elif kind != "memory":
        source["url"] = request.getfixturevalue(f"{kind}_url")
    project = _project(tmp_path / "project", source)
    if kind != "memory":
        done = run_lbconf("apply", "--project", str(project), "--auto-approve")
        assert done.returncode == 0, done.stderr
    with served(project, "--insecure-no-access-control") as running:
        yield running


def test_a_life_of_one_row_is_the_same_on_every_store(server: Served) -> None:
    statuses: dict[str, list[int]] = {}
    bodies: dict[str, Any] = {}
    for verb, path, body in STEPS:
        status, answer = call(server, verb, path, body)
        statuses.setdefault(f"{verb} {path}", []).append(status)
        bodies[f"{verb} {path}"] = answer
    assert {key: statuses[key] for key in WANTED} == WANTED
    generated = bodies["GET /Trips/1/map"].pop("id")
    assert re.fullmatch("[0-9a-f]{24}", generated), "what is embedded alone and has no id gets one, as in LoopBack"
    assert bodies["GET /Trips/1/map"] == {"scale": 25}, "LoopBack changes none that has an id of its making"
    assert bodies["PUT /Trips/1/friends/rel/6"] is None
    assert bodies["GET /Trips/1/stops"] == [
        {"id": 1, "name": "a", "nights": 1},
        {"id": 2, "name": "b", "nights": 3},
        {"id": 9, "name": "c", "nights": 1},
        {"id": 10, "name": "d", "nights": 1},
    ]
    assert bodies["GET /Trips/1/stops/count"] == {"count": 0}, "LoopBack counts the rows of the model, which has none"
    assert bodies["GET /Trips/1/latest"] == [
        {"id": "y", "text": "second", "trip": "north"},
        {"id": "x", "text": "first", "trip": "north"},
    ]
    assert bodies["GET /Trips/1/friends"] == [{"id": 5, "name": "Eve"}, {"id": 7, "name": "Fay"}]
    assert bodies["GET /Friends"] == [{"id": 5, "name": "Eve"}]
    left = bodies["GET /Trips/1"]
    assert (left["stopList"], left["friendIds"], left["sheet"]) == ([], [], None)


def test_a_row_is_refused_with_what_it_embeds(server: Served) -> None:
    """The codes and messages are LoopBack 3.28's for the same requests."""
    told = {
        '{"sheet": {}}': ("map", ["invalid"], ["is invalid: `scale` can't be blank"]),
        '{"sheet": 3}': ("map", ["invalid"], ["is invalid: `scale` can't be blank"]),
        '{"stopList": [{"name": "a", "id": 1}, {"name": "b", "id": 1}]}': (
            "stopList",
            ["uniqueness"],
            ["contains duplicate `id`"],
        ),
        '{"stopList": [{"nights": 1}, {}]}': (
            "stopList",
            ["uniqueness", "invalid", "invalid"],
            [
                "contains duplicate `id`",
                "contains invalid item at index `0` (`name` can't be blank)",
                "contains invalid item at index `1` (`name` can't be blank)",
            ],
        ),
    }
    for body, (name, codes, messages) in told.items():
        status, answer = call(server, "POST", "/Trips", json.loads(body))
        assert (status, answer["error"]["details"]["codes"]) == (422, {name: codes}), body
        assert answer["error"]["details"]["messages"] == {name: messages}
    assert call(server, "GET", "/Trips") == (200, [])

    assert (
        call(server, "POST", "/Trips", {"id": 1, "sheet": {"scale": 2}, "stopList": [{"id": 1, "name": "a"}]})[0] == 200
    )
    assert call(server, "PATCH", "/Trips/1", {"sheet": {}})[0] == 422
    assert call(server, "PUT", "/Trips/1", {"stopList": [{}]})[0] == 422
    assert call(server, "PATCH", "/Trips/1", {"sheet": None, "title": "x"})[0] == 200


def test_relations_of_embedded_instances_are_led_to_below_them(server: Served) -> None:
    for path, body in (
        ("/Friends", {"id": 5, "name": "Eve"}),
        ("/Trips", {"id": 1}),
        ("/Trips/1/legs", {"friendId": 5}),
        ("/Trips/1/legs", {}),
        ("/Trips/1/legs/1/notes", {"id": "a", "text": "far"}),
        ("/Trips/1/legs/1/notes", {"id": "b", "text": "wet"}),
        ("/Trips/1/plan", {"id": 7}),
        ("/Trips/1/plan/map", {"scale": 2}),
    ):
        assert call(server, "POST", path, body)[0] == 200, path

    assert call(server, "GET", "/Trips/1/legs/1/friend") == (200, {"id": 5, "name": "Eve"})
    assert call(server, "GET", "/Trips/1/legs/2/friend") == (200, {})
    assert call(server, "GET", "/Trips/1/legs/9/friend") == (200, None)
    assert call(server, "GET", "/Trips/1/legs/1/notes/b") == (200, {"id": "b", "text": "wet"})
    assert call(server, "GET", "/Trips/1/legs/2/notes") == (200, [])
    assert call(server, "PUT", "/Trips/1/legs/1/notes/b", {"text": "dry"})[0] == 200
    assert call(server, "DELETE", "/Trips/1/legs/1/notes/a")[0] == 204
    assert call(server, "POST", "/Trips/1/plan/map", {})[0] == 422
    assert call(server, "GET", "/Trips/2/legs/1/notes")[0] == 404
    row = call(server, "GET", "/Trips/1")[1]
    assert [leg["noteList"] for leg in row["legList"]] == [[{"id": "b", "text": "dry"}], []]
    assert row["planned"]["sheet"]["scale"] == 2


def test_creates_at_once_lose_nothing(server: Served) -> None:
    call(server, "POST", "/Trips", {"id": 1})
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: call(server, "POST", "/Trips/1/stops", {"name": f"s{n}"}), range(24)))
    assert {status for status, _ in made} == {200}
    _, stops = call(server, "GET", "/Trips/1/stops")
    assert sorted(stop["id"] for stop in stops) == list(range(1, 25))
    assert {stop["name"] for stop in stops} == {f"s{n}" for n in range(24)}


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, -1, 1e308, 2**70, 0.5, "", "1", "x" * 300, "\x00", "é"]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.sampled_from(["id", "name", "$x", "a.b", "__proto__"]), st.integers(), max_size=2),
)
BODIES = st.one_of(
    st.dictionaries(st.sampled_from(["id", "name", "nights", "at", "scale", "stopList", "x"]), ODD, max_size=4),
    st.lists(st.dictionaries(st.sampled_from(["id", "name"]), ODD, max_size=2), max_size=2),
)
IDS = st.sampled_from(
    ["1", "2", "x", "1.5", "-0", "99999999999999999999", "%00", "%C3%A9", "null", "[object%20Object]"]
)
RELATIONS = st.sampled_from(
    ["stops", "latest", "map", "friends", "friends/rel", "legs/1/notes", "legs/1/friend", "plan/map"]
)
FILTERS = st.sampled_from(
    [
        "",
        *(f"?filter={quote(text)}" for text in ('{"where":{"name":{"gt":{}}}}', '{"where":{"at":"nope"}}')),
        "?where=1",
    ]
)


def test_no_odd_request_makes_the_server_fall_over(server: Served) -> None:
    call(server, "POST", "/Trips", {"id": 1})
    call(server, "POST", "/Trips/1/legs", {})

    @settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(["GET", "POST", "PUT", "DELETE"]), IDS, RELATIONS, st.none() | IDS, FILTERS, BODIES)
    def ask_anything(verb: str, own: str, relation: str, other: str | None, query: str, body: Any) -> None:
        path = f"/Trips/{own if own != '2' else '1'}/{relation}" + (f"/{other}" if other else "") + query
        status, answer = call(server, verb, path, None if verb == "GET" else body)
        assert status < 500, (verb, path, body, answer)

    ask_anything()
