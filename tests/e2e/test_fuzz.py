"""Whatever is asked of any endpoint, on every connector and in both layouts: an answer in JSON, and never a 5xx."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lbconf.api.endpoints import Body, Endpoint, endpoints_of
from lbconf.operations.load import load_project
from lbconf.operations.serve import ServeOptions, application
from lbconf.project.resolved import Model, Project
from tests.serving import run_lbconf

EXAMPLES = 120
"""Of each connector and layout; they take about three seconds."""

NATIVE_MODELS = {
    "thing": {
        "name": "Thing",
        "properties": {
            "text": {"type": "string", "length": 20, "unique": True},
            "whole": "integer",
            "big": "bigint",
            "number": "number",
            "exact": "decimal(8,3)",
            "free": "decimal",
            "truth": {"type": "boolean", "default": False},
            "moment": "datetime",
            "day": "dateonly",
            "clock": "time",
            "uuid": "uuid",
            "json": "json",
            "object": "object",
            "tags": ["string"],
            "place": "geopoint",
            "binary": "binary",
            "kind": {"type": "enum", "values": ["a", "b"]},
            "secret": {"type": "string", "hidden": True},
        },
        "relations": {
            "owner": {"type": "belongsTo", "model": "Owner", "foreignKey": "ownerId"},
            "labels": {"type": "hasMany", "model": "Label", "through": "Tie"},
        },
        "scopes": {"true": {"where": {"truth": True}}},
    },
    "owner": {
        "name": "Owner",
        "properties": {"name": {"type": "string", "id": True, "generated": False}},
        "relations": {
            "things": {"type": "hasMany", "model": "Thing", "foreignKey": "ownerId"},
            "badge": {"type": "hasOne", "model": "Badge", "foreignKey": "ownerId"},
        },
    },
    "badge": {
        "name": "Badge",
        "properties": {"shape": "string"},
        "relations": {"owner": {"type": "belongsTo", "model": "Owner", "foreignKey": "ownerId"}},
    },
    "label": {"name": "Label", "properties": {"word": {"type": "string", "required": True}}},
    "tie": {
        "name": "Tie",
        "relations": {
            "thing": {"type": "belongsTo", "model": "Thing", "foreignKey": "thingId"},
            "label": {"type": "belongsTo", "model": "Label", "foreignKey": "labelId"},
        },
    },
    "pair": {
        "name": "Pair",
        "properties": {
            "left": {"type": "string", "id": 1, "generated": False},
            "right": {"type": "integer", "id": 2, "generated": False},
            "note": "string",
        },
    },
}
LOOPBACK_TYPES = {
    "text": "string",
    "number": "number",
    "truth": {"type": "boolean", "default": False},
    "moment": "date",
    "object": "object",
    "any": "any",
    "tags": ["string"],
    "place": "geopoint",
    "secret": "string",
}
CONNECTORS = {
    "memory": {"connector": "memory"},
    "sqlite": {"connector": "sqlite", "file": "rows.db"},
    "postgresql": {"connector": "postgresql"},
}
NAMES = (
    *("id", "text", "whole", "big", "number", "exact", "free", "truth", "moment", "day", "clock", "uuid", "json"),
    *("object", "tags", "place", "binary", "kind", "secret", "ownerId", "name", "left", "right", "word", "any"),
    *("json.a", "object.a.0", "text.b", "bogus", "__proto__", ""),
)

words = st.sampled_from(
    [
        *(
            "",
            "a",
            "1",
            "-1",
            "0x10",
            "true",
            "null",
            "2023-02-30",
            "2024-02-29",
            "2024-02-29T10:00:00Z",
            "10:00",
            "1e999",
        ),
        *("%", "_", "\\", "'", '"', "\0", "\ud800", "😀", "[", "{", "1,2", "1,1", "9" * 400, "x" * 300),
        "0b5a1f3e-7d1c-4c3a-9f6b-2f1f5a4b3c2d",
    ]
)
scalars = (
    st.none()
    | st.booleans()
    | words
    | st.sampled_from([0, 1, -1, 2**31, 2**53, 2**63, -(2**63) - 1, 10**30, 10**400, 0.1, -0.0, 1e308, 5e-324])
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "lat", "lng", "0"]), inner),
    max_leaves=4,
)
operators = st.sampled_from(
    [
        *("eq", "neq", "gt", "gte", "lt", "lte", "between", "inq", "nin", "like", "nlike", "ilike", "nilike", "regexp"),
        *("near", "maxDistance", "exists", "bogus", "$gt", "options"),
    ]
)
relations = st.sampled_from(["owner", "labels", "things", "badge", "thing", "label", "bogus"])
GOOD: dict[str, list[Any]] = {
    "text": ["a", "b"],
    "whole": [1, 2],
    "big": [2**53, 2**63 - 1],
    "number": [1, 2.5, -3],
    "exact": ["1.5", 99999.999],
    "free": ["0.123456789012345678901234567890", 1],
    "truth": [True, False],
    "moment": ["2024-02-29T10:00:00Z", "2024-02-29", 0],
    "day": ["2024-02-29"],
    "clock": ["10:00:00", "23:59"],
    "uuid": ["0b5a1f3e-7d1c-4c3a-9f6b-2f1f5a4b3c2d"],
    "json": [{"a": [1, {"b": "x"}]}, [], "x", 1],
    "object": [{"a": ["x"]}],
    "tags": [["a", "b"], []],
    "place": [{"lat": 1, "lng": 2}],
    "binary": [{"type": "Buffer", "data": [1, 255]}, "YWJj"],
    "kind": ["a", "b"],
    "ownerId": ["a", None],
    "thingId": [1],
    "labelId": [1],
    "name": ["a"],
    "left": ["a"],
    "right": [1],
}


def name_of(model: Model) -> st.SearchStrategy[str]:
    return st.sampled_from([*model.properties]) | st.sampled_from([*model.properties, *NAMES])


def value_of(name: str) -> st.SearchStrategy[Any]:
    good = GOOD.get(name)
    return values if good is None else st.sampled_from(good) | st.sampled_from(good) | values


def condition_of(model: Model) -> st.SearchStrategy[Any]:
    def operation(name: str) -> st.SearchStrategy[Any]:
        one = value_of(name)
        several = st.lists(one, min_size=2, max_size=2)
        listed = st.dictionaries(st.sampled_from(["inq", "nin", "between"]), several, min_size=1, max_size=1)
        single = st.dictionaries(operators, one, min_size=1, max_size=1)
        near = st.fixed_dictionaries({"near": one, "maxDistance": one})
        return one | single | listed | st.dictionaries(operators, values, max_size=2) | near

    part = name_of(model).flatmap(lambda name: st.fixed_dictionaries({name: operation(name)}))
    joined = st.dictionaries(st.sampled_from(["and", "or", "nor"]), st.lists(part, max_size=3), max_size=1)
    return part | part | joined


def filter_of(model: Model) -> st.SearchStrategy[Any]:
    own = st.sampled_from([*model.relations, "bogus"]) if model.relations else relations
    scoped = st.fixed_dictionaries(
        {"relation": own, "scope": st.fixed_dictionaries({}, optional={"limit": st.just(1)})}
    )
    order = name_of(model).map(lambda name: f"{name} DESC")
    parts = {
        "where": condition_of(model),
        "fields": st.lists(name_of(model), max_size=3) | st.dictionaries(name_of(model), st.booleans(), max_size=2),
        "order": order | st.lists(order, max_size=2),
        "limit": st.sampled_from([1, 2, "3"]),
        "skip": st.sampled_from([0, 1, "1"]),
        "include": own | st.lists(own, max_size=2) | scoped | st.fixed_dictionaries({"relation": own, "scope": values}),
    }
    wild = {
        "where": values,
        "fields": values,
        "order": values,
        "limit": values | st.sampled_from([0, -1, 10**20]),
        "skip": values | st.sampled_from([-1, 10**20]),
        "include": values,
    }
    return st.fixed_dictionaries({}, optional=parts) | st.fixed_dictionaries({}, optional=wild) | values


def row_of(model: Model) -> st.SearchStrategy[Any]:
    tame = st.fixed_dictionaries(
        {}, optional={name: st.sampled_from(GOOD[name]) for name in model.properties if name in GOOD}
    )
    return tame | tame.flatmap(lambda row: name_of(model).flatmap(lambda n: value_of(n).map(lambda v: {**row, n: v})))


keys = st.sampled_from(
    ["1", "2", "a", "a,1", "a%2Cb,1", "%00", "%ff", "x%2Fy", "9" * 30, "0", "-1", "1.5", "%20", "a,b,c"]
)


class Server:
    """The application in this process, without a network."""

    def __init__(self, root: Path) -> None:
        self.project: Project = load_project(root)
        # A change stream goes on while its client stays, here for ever; test_changes.py asks for those.
        self.endpoints = [found for found in endpoints_of(self.project) if found.method != "createChangeStream"]
        self.log: list[str] = []
        self._runner = asyncio.Runner()
        self._app = application(ServeOptions(root=root, access_log=False), self.project)
        self._messages: asyncio.Queue[Any] = asyncio.Queue()
        self._runner.run(self._start())

    async def _start(self) -> None:
        self._messages = asyncio.Queue()
        started = asyncio.get_running_loop().create_future()

        async def send(message: Any) -> None:
            if not started.done():
                started.set_result(message["type"])

        self._life = asyncio.ensure_future(self._app({"type": "lifespan", "asgi": {}}, self._messages.get, send))
        await self._messages.put({"type": "lifespan.startup"})
        assert await started == "lifespan.startup.complete"

    def close(self) -> None:
        async def stop() -> None:
            await self._messages.put({"type": "lifespan.shutdown"})
            await self._life

        self._runner.run(stop())
        self._runner.close()

    def ask(self, verb: str, path: str, query: str, body: bytes, content_type: str) -> tuple[int, bytes]:
        async def once() -> tuple[int, bytes]:
            sent: list[Any] = []

            async def receive() -> Any:
                return {"type": "http.request", "body": body, "more_body": False}

            async def send(message: Any) -> None:
                sent.append(message)

            scope = {
                "type": "http",
                "asgi": {},
                "http_version": "1.1",
                "method": verb,
                "scheme": "http",
                "path": path,
                "raw_path": path.encode("ascii"),
                "root_path": "",
                "query_string": query.encode("ascii"),
                "headers": [(b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())],
                "client": ("127.0.0.1", 1),
                "server": ("127.0.0.1", 2),
                "state": {},
            }
            await asyncio.wait_for(self._app(scope, receive, send), 20)
            return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])

        return self._runner.run(once())


@pytest.fixture(
    scope="module", params=[(name, layout) for name in CONNECTORS for layout in ("native", "loopback")], ids=str
)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    connector, layout = request.param
    root = tmp_path_factory.mktemp(f"{connector}-{layout}")
    source = dict(CONNECTORS[connector])
    postgresql = request.getfixturevalue("postgresql_server") if connector == "postgresql" else None
    if postgresql is not None:
        source["url"] = postgresql.create_database()
    (write_native if layout == "native" else write_loopback)(root, source)
    if connector != "memory":
        done = run_lbconf("apply", "--project", str(root), "--auto-approve")
        assert done.returncode == 0, done.stderr
    found = Server(root)
    yield found
    found.close()
    if postgresql is not None:
        postgresql.drop_database(source["url"])


def write_native(root: Path, source: dict[str, str]) -> None:
    folder = root / "environments" / "base" / "models"
    folder.mkdir(parents=True)
    (folder.parent / "datasources.json").write_text(json.dumps({"db": source}))
    for name, model in NATIVE_MODELS.items():
        (folder / f"{name}.json").write_text(json.dumps({"dataSource": "db", "public": True, **model}))


def write_loopback(root: Path, source: dict[str, str]) -> None:
    server, models = root / "server", root / "common" / "models"
    server.mkdir()
    models.mkdir(parents=True)
    (server / "config.json").write_text(json.dumps({"restApiRoot": "/api"}))
    (server / "datasources.json").write_text(json.dumps({"db": source}))
    wiring: dict[str, Any] = {"_meta": {"sources": ["../common/models"]}}
    for name, native in NATIVE_MODELS.items():
        properties = LOOPBACK_TYPES if name == "thing" else native.get("properties", {})
        model = {**native, "base": "PersistedModel", "properties": properties, "hidden": ["secret"]}
        if name == "pair":
            model["properties"] = {
                "left": {"type": "string", "id": 1},
                "right": {"type": "number", "id": 2},
                "note": "string",
            }
        (models / f"{name}.json").write_text(json.dumps(model))
        wiring[str(native["name"])] = {"dataSource": "db", "public": True}
    (server / "model-config.json").write_text(json.dumps(wiring))


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), deadline=None)
@given(data=st.data())
def test_no_request_is_our_own_mistake(server: Server, data: st.DataObject) -> None:
    endpoint: Endpoint = data.draw(st.sampled_from(server.endpoints))
    path = "/api" + endpoint.model.path + ("" if endpoint.path == "/" else endpoint.path)
    subject = endpoint.subject
    path = path.replace("{id}", data.draw(keys)).replace("{fk}", data.draw(keys))
    query: list[str] = []
    for name in endpoint.query:
        wanted = data.draw(st.none() | (filter_of(subject) if name == "filter" else condition_of(subject) | values))
        if wanted is not None:
            query += data.draw(st.sampled_from([in_json, in_brackets]))(name, wanted)
    body, content_type = b"", "application/json"
    if endpoint.body is not Body.NONE:
        row = row_of(subject)
        sent = data.draw(row | row | st.lists(row, max_size=3) | values)
        body = json.dumps(sent).encode()
        if isinstance(sent, dict) and data.draw(st.integers(0, 4)) == 0:
            body, content_type = "&".join(in_brackets("", sent)).encode(), "application/x-www-form-urlencoded"

    status, answer = server.ask(endpoint.verb, path, "&".join(query), body, content_type)

    assert status < 500 or several_of_loopback(status, answer), (endpoint.verb, path, query, body, answer)
    if answer:
        json.loads(answer)


def several_of_loopback(status: int, answer: bytes) -> bool:
    """LoopBack answers 500 where some rows of a list are refused."""
    return status == 500 and "multiple errors" in json.loads(answer)["error"]["message"]


def in_json(name: str, value: Any) -> list[str]:
    return [f"{name}={quote(json.dumps(value))}"]


def in_brackets(name: str, value: Any) -> list[str]:
    if isinstance(value, dict):
        return [part for key, inner in value.items() for part in in_brackets(f"{name}[{key}]" if name else key, inner)]
    if isinstance(value, list):
        return [part for place, inner in enumerate(value) for part in in_brackets(f"{name}[{place}]", inner)]
    text = value if isinstance(value, str) else json.dumps(value)
    return [f"{quote(name, safe='[]', errors='replace')}={quote(text, errors='replace')}"]
