"""Several models of users with one model of tokens, as LoopBack 3.28 answered but where a user goes.

There it ends the tokens of every model's user with that id.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.serving import Served, ask, served

TOKEN_USER = {
    "type": "belongsTo",
    "idName": "id",
    "polymorphic": {"idType": "string", "foreignKey": "userId", "discriminator": "principalType"},
}
TOKENS = {
    "type": "hasMany",
    "model": "SharedToken",
    "polymorphic": {"foreignKey": "userId", "discriminator": "principalType"},
    "options": {"disableInclude": True},
}


def rule(kind: str, name: str, method: str) -> dict[str, str]:
    return {"principalType": kind, "principalId": name, "permission": "ALLOW", "property": method}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    root = tmp_path_factory.mktemp("several")
    models: dict[str, dict[str, Any]] = {
        "SharedToken": {"base": "AccessToken", "relations": {"user": TOKEN_USER}},
        "Buyer": {
            "base": "User",
            "relations": {"accessTokens": TOKENS},
            "acls": [rule("ROLE", "$authenticated", "find")],
        },
        "Clerk": {"base": "User", "relations": {"accessTokens": TOKENS}, "acls": [rule("Buyer", "1", "find")]},
    }
    token = {"loopback#token": {"params": {"model": "SharedToken", "currentUserLiteral": "me"}}}
    hidden = {"dataSource": "db", "public": False}
    files: dict[str, Any] = {
        "server/config.json": {"restApiRoot": "/api", "auth": True},
        "server/datasources.json": {"db": {"connector": "memory"}},
        "server/middleware.json": {"auth": token},
        "server/model-config.json": {
            "_meta": {"sources": ["../common/models"]},
            **dict.fromkeys(("User", "AccessToken", "SharedToken"), hidden),
            **{name: {"dataSource": "db"} for name in ("Buyer", "Clerk")},
        },
        **{f"common/models/{name.lower()}.json": {"name": name, **said} for name, said in models.items()},
    }
    for name, said in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(json.dumps(said))
    (root / "package.json").write_text('{"dependencies": {"loopback": "^3.28.0"}}')
    with served(root) as found:
        yield found


def on(server: Served, verb: str, path: str, body: Any = None, token: str = "") -> tuple[int, Any]:
    headers = {"authorization": token} if token else {}
    status, answer, _ = ask(server, f"/api{path}", method=verb, body=body, headers=headers)
    return status, answer


def test_a_token_is_good_for_users_of_its_own_model_only(server: Served) -> None:
    tokens: dict[str, str] = {}
    for path, kind in (("/Buyers", "Buyer"), ("/Clerks", "Clerk")):
        made = on(server, "POST", path, {"email": "a@example.com", "username": "a", "password": "p"})[1]
        assert made["id"] == 1
        token = on(server, "POST", f"{path}/login", {"username": "a", "password": "p"})[1]
        assert token["principalType"] == kind
        tokens[path] = token["id"]
    wrong = {"oldPassword": "no", "newPassword": "x"}
    for path in tokens:
        for other, token in tokens.items():
            own = path == other
            assert on(server, "GET", f"{path}/1", token=token)[0] == (200 if own else 401)
            assert on(server, "GET", f"{path}/me", token=token)[0] == (200 if own else 401)
            assert on(server, "POST", f"{path}/change-password", wrong, token)[0] == (400 if own else 403)
    assert on(server, "GET", "/Clerks", token=tokens["/Buyers"])[0] == 200
    assert on(server, "GET", "/Clerks", token=tokens["/Clerks"])[0] == 401

    assert on(server, "PATCH", "/Buyers/1", {"password": "q"}, tokens["/Buyers"])[0] == 200
    assert on(server, "GET", "/Clerks/1", token=tokens["/Clerks"])[0] == 200
    assert on(server, "DELETE", "/Buyers/1", token=tokens["/Buyers"])[0] == 200
    assert on(server, "GET", "/Clerks", token=tokens["/Buyers"])[0] == 401
    assert on(server, "GET", "/Clerks/1", token=tokens["/Clerks"])[0] == 200
