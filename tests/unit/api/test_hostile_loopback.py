"""Hostile requests to a LoopBack project with access control: tables, asked of one application in place."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from tests.inside import Inside, Told, inside

ROLE = {"principalType": "ROLE", "permission": "ALLOW"}
MODELS = ("Member", "AccessToken", "ACL", "Role", "RoleMapping", "Memo")
FILES: dict[str, Any] = {
    "server/datasources.json": {"db": {"name": "db", "connector": "memory"}},
    "server/config.json": {"restApiRoot": "/api", "port": 3000, "auth": True},
    "server/model-config.json": {
        "_meta": {"sources": ["loopback/common/models", "../common/models"]},
        **{name: {"dataSource": "db", "public": name in {"Member", "Memo"}} for name in MODELS},
    },
    "server/middleware.json": {
        "files": {"loopback#static": {"params": "$!../client"}},
        "auth": {"loopback#token": {"params": {"currentUserLiteral": "me"}}},
    },
    "common/models/member.json": {
        "name": "Member",
        "base": "User",
        "properties": {"nick": "string", "pin": "string"},
        "hidden": ["pin"],
        "relations": {"memos": {"type": "hasMany", "model": "Memo", "foreignKey": "memberId"}},
        "acls": [
            {**ROLE, "principalId": "$owner", "property": "__get__memos"},
            {**ROLE, "principalId": "$authenticated", "property": ["find", "findOne", "count"]},
        ],
    },
    "common/models/memo.json": {
        "name": "Memo",
        "base": "PersistedModel",
        "properties": {"text": "string", "pin": "string", "memberId": "number"},
        "hidden": ["pin"],
        "relations": {"member": {"type": "belongsTo", "model": "Member", "foreignKey": "memberId"}},
        "acls": [
            {**ROLE, "principalId": "$everyone", "permission": "DENY"},
            {**ROLE, "principalId": "$owner"},
            {**ROLE, "principalId": "$authenticated", "property": ["create", "find"]},
        ],
    },
}


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as found:
        yield found


@pytest.fixture(scope="module")
def app(runner: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    root = tmp_path_factory.mktemp("hostile")
    for name, content in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(json.dumps(content))
    (root / "client").mkdir()
    (root / "client/page.html").write_text("page")
    (root / "client/out").symlink_to(root / "server")
    running = inside(root)
    yield runner.run(running.__aenter__())
    runner.run(running.__aexit__(None, None, None))


@pytest.fixture
def ask(runner: asyncio.Runner, app: Inside) -> Any:
    def run(verb: str, target: str, body: Any = None, headers: Any = ()) -> Told:
        told = runner.run(app.ask(verb, target, body, headers))
        assert told.status < 500, told.body
        for secret in (b"$argon2", b"$2a$", b"ann-pin", b"ben-pin", b'"verificationToken"'):
            assert secret not in told.body
        return told

    return run


@pytest.fixture(scope="module")
def members(runner: asyncio.Runner, app: Inside) -> dict[str, dict[str, str]]:
    """Headers with a token, by name."""

    async def enter(name: str) -> dict[str, str]:
        data = {"username": name, "email": f"{name}@example.org", "password": f"{name}-secret", "pin": f"{name}-pin"}
        made = await app.ask("POST", "/api/Members", {**data, "emailVerified": True})
        assert made.json["emailVerified"] is False
        token = (await app.ask("POST", "/api/Members/login", data)).json["id"]
        row = {"text": name, "memberId": made.json["id"], "pin": data["pin"]}
        await app.ask("POST", "/api/Memos", row, {"authorization": token})
        return {"authorization": token}

    return {name: runner.run(enter(name)) for name in ("ann", "ben")}


GOOD = {"username": "ann", "password": "ann-secret"}


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({**GOOD, "username": {"neq": "x"}}, 400),
        ({**GOOD, "username": {"like": "%"}}, 400),
        ({**GOOD, "username": ["ann"]}, 400),
        ({"email": {"regexp": ".*"}, "password": "ann-secret"}, 400),
        ({**GOOD, "password": {"neq": 1}}, 401),
        ({**GOOD, "password": ["ann-secret"]}, 401),
        ({**GOOD, "password": "ann-secret\0"}, 401),
        ({"username": "", "password": ""}, 400),
        ({}, 400),
        ([], 400),
        (b"username[neq]=x&password=ann-secret", 400),
    ],
)
def test_nobody_logs_in_by_a_condition(ask: Any, members: Any, said: Any, status: int) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"} if isinstance(said, bytes) else ()
    assert ask("POST", "/api/Members/login", said, form).status == status
    assert members


def test_who_logs_in_chooses_neither_the_token_nor_whose_it_is_nor_an_endless_one(ask: Any, members: Any) -> None:
    made = ask("POST", "/api/Members/login", {**GOOD, "id": "fixed", "userId": 2, "ttl": 1e12}).json
    assert (made["userId"], made["ttl"]) == (1, 31556926)
    assert len(made["id"]) == 64
    assert members


@pytest.mark.parametrize(
    ("verb", "path", "body"),
    [
        ("PATCH", "/Members/2", {"nick": "x"}),
        ("PATCH", "/Members", {"id": 2, "nick": "x"}),
        ("PUT", "/Members", {"id": 2, "username": "ben", "email": "b@example.org", "password": "mine"}),
        ("PUT", "/Members/2", {"password": "mine"}),
        ("POST", "/Members/2/replace", {"password": "mine"}),
        ("POST", "/Members/replaceOrCreate", {"id": 2, "password": "mine"}),
        ("POST", '/Members/update?where={"id":2}', {"password": "mine"}),
        ("POST", '/Members/upsertWithWhere?where={"id":2}', {"password": "mine"}),
        ("DELETE", "/Members/2", None),
        ("GET", "/Members/2", None),
        ("GET", "/Members/2/memos", None),
        ("GET", "/Members/1/accessTokens", None),
        ("GET", "/Members/2/accessTokens", None),
        ("POST", "/Members/1/accessTokens", {"id": "fixed", "userId": 2}),
        ("GET", "/Memos/2", None),
        ("GET", "/Memos/2?id=1", None),
        ("PATCH", "/Memos/2", {"text": "mine"}),
        ("GET", "/Memos/2/member", None),
        ("GET", "/members/2/", None),
        ("GET", "/Members/1%2faccessTokens", None),
    ],
)
def test_nobody_reaches_what_is_anothers(ask: Any, members: Any, verb: str, path: str, body: Any) -> None:
    for headers in (members["ann"], ()):
        assert ask(verb, f"/api{quote(path, safe='/?=&%')}", body, headers).status in {401, 404}
    left = ask("GET", "/api/Members/2", headers=members["ben"]).json
    assert (left["username"], left.get("nick")) == ("ben", None)
    assert ask("GET", "/api/Memos/2", headers=members["ben"]).json["text"] == "ben"


@pytest.mark.parametrize(
    "parts",
    [
        {"where": {"password": {"like": "%"}}},
        {"where": {"pin": "ann-pin"}},
        {"where": {"or": [{"password": {"gt": ""}}]}},
        {"where": {"and": [{"pin": {"neq": None}}]}},
        {"where": {"pin": "nobody's"}},
        {"include": "accessTokens"},
    ],
)
def test_what_is_hidden_decides_nothing(ask: Any, members: Any, parts: Any) -> None:
    target = f"/api/Members?filter={quote(json.dumps(parts), safe='')}"
    plain = ask("GET", "/api/Members", headers=members["ann"]).json
    assert ask("GET", target, headers=members["ann"]).json == plain


@pytest.mark.parametrize(
    "path",
    [
        "/out/datasources.json",
        "/../server/datasources.json",
        "/%2e%2e/server/datasources.json",
        "/..%2fserver/datasources.json",
        "/%252e%252e/server/datasources.json",
        "/..%5cserver",
        "/page.html%00",
    ],
)
def test_no_file_outside_its_folder_is_served(ask: Any, path: str) -> None:
    assert ask("GET", path).status == 404
    assert ask("GET", "/page.html").body == b"page"


def test_a_confirmation_is_no_condition_and_its_redirection_no_header(ask: Any, members: Any) -> None:
    assert ask("GET", "/api/Members/confirm?uid=1&token[neq]=x").status == 400
    assert ask("GET", "/api/Members/confirm?uid=1&token=x&redirect=http://e%0d%0aSet-Cookie:a=b").status == 400
    assert members
