"""Users of a served project: tokens, passwords, who is told what."""

import base64
import hashlib
import hmac
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import bcrypt
import pytest

from tests.serving import Served, ask, served

RECORDED = Path(__file__).parent.parent / "conformance_rest" / "recorded" / "project"


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with served(RECORDED, "--insecure-no-access-control") as server:
        yield server


def call(server: Served, verb: str, path: str, body: Any = None, token: str | None = None) -> tuple[int, Any]:
    headers = {"authorization": token} if token else {}
    status, answer, _ = ask(server, f"/api/Members{path}", method=verb, body=body, headers=headers)
    return status, answer


def register(server: Served, name: str, password: str, **more: Any) -> dict[str, Any]:
    user = {"email": f"{name}@example.com", "username": name, "password": password, **more}
    status, answer = call(server, "POST", "", user)
    assert status == 200, answer
    return dict(answer)


def login(server: Served, name: str, password: str) -> str | None:
    status, answer = call(server, "POST", "/login", {"username": name, "password": password})
    assert status in {200, 401}, answer
    return str(answer["id"]) if status == 200 else None


def code(answer: Any) -> Any:
    return answer["error"].get("code")


def test_a_password_never_leaves_and_nobody_calls_their_own_address_verified(server: Served) -> None:
    made = register(server, "ada", "ada-secret", emailVerified=True)
    assert "password" not in made
    assert made["emailVerified"] is False
    shown = call(server, "GET", f"/{made['id']}")[1]
    assert "password" not in shown


def test_a_token_is_64_characters_and_ends_with_the_logout(server: Served) -> None:
    register(server, "bob", "bob-secret")
    token = login(server, "bob", "bob-secret")
    assert token is not None
    assert len(token) == 64
    assert token.isalnum()
    assert call(server, "GET", "/me", token=token)[1]["username"] == "bob"
    assert call(server, "POST", "/logout", token=token)[0] == 204
    assert call(server, "GET", "/me", token=token)[0] == 401


def test_a_changed_password_ends_the_other_tokens_and_keeps_the_one_that_asked(server: Served) -> None:
    user = register(server, "cid", "first")
    asking, other = login(server, "cid", "first"), login(server, "cid", "first")
    status, answer = call(server, "POST", "/change-password", {"oldPassword": "no", "newPassword": "x"}, asking)
    assert (status, code(answer)) == (400, "INVALID_PASSWORD")
    assert call(server, "POST", "/change-password", {"oldPassword": "first", "newPassword": "second"}, asking)[0] == 204
    assert call(server, "GET", "/me", token=asking)[0] == 200
    assert call(server, "GET", "/me", token=other)[0] == 401
    assert login(server, "cid", "first") is None
    other = login(server, "cid", "second")
    assert call(server, "PATCH", f"/{user['id']}", {"password": "third"}, asking)[0] == 200
    assert call(server, "GET", "/me", token=other)[0] == 401
    assert login(server, "cid", "third") is not None


def test_a_hash_of_loopback_is_taken_and_fits_after_it_was_made_anew(server: Served) -> None:
    register(server, "dan", bcrypt.hashpw(b"old secret", bcrypt.gensalt(4, b"2a")).decode())
    assert login(server, "dan", "old secret") is not None
    assert login(server, "dan", "old secret") is not None
    assert login(server, "dan", "other") is None


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"username": {"neq": "x"}, "password": "x"}, 400, "INVALID_USERNAME"),
        ({"email": ["a@example.com"], "password": "x"}, 400, "INVALID_EMAIL"),
        ({"email": "eve@example.com", "password": {"neq": ""}}, 401, "LOGIN_FAILED"),
        ({"email": "eve@example.com", "password": ""}, 401, "LOGIN_FAILED"),
        ({"email": "eve@example.com\0", "password": "x"}, 401, "LOGIN_FAILED"),
        ({"password": "x"}, 400, "USERNAME_EMAIL_REQUIRED"),
    ],
)
def test_what_is_no_login_is_refused(server: Served, body: dict[str, Any], status: int, said: str) -> None:
    got, answer = call(server, "POST", "/login", body)
    assert (got, code(answer)) == (status, said)


@pytest.mark.parametrize("taken", [{"email": "fay@example.com"}, {"username": "fay"}])
def test_nobody_takes_the_address_or_the_name_of_another(server: Served, taken: dict[str, str]) -> None:
    if not call(server, "GET", "/count?where[username]=fay")[1]["count"]:
        register(server, "fay", "x")
    user = {"email": "other@example.com", "username": "other", "password": "x"} | taken
    status, answer = call(server, "POST", "", user)
    assert status == 422
    assert answer["error"]["details"]["codes"] == {next(iter(taken)): ["uniqueness"]}


def test_an_empty_and_an_endless_password_are_refused(server: Served) -> None:
    for password, said in (("x" * 73, "PASSWORD_TOO_LONG"), ("", "INVALID_PASSWORD")):
        status, answer = call(server, "POST", "", {"email": "gus@example.com", "password": password})
        assert (status, code(answer)) == (422, said)


def test_reset_tells_an_unknown_address_and_confirm_wants_the_token(server: Served) -> None:
    user = register(server, "hal", "x")
    assert call(server, "POST", "/reset", {"email": "hal@example.com"})[0] == 204
    assert code(call(server, "POST", "/reset", {"email": "nobody@example.com"})[1]) == "EMAIL_NOT_FOUND"
    assert code(call(server, "POST", "/reset", {})[1]) == "EMAIL_REQUIRED"
    assert code(call(server, "GET", f"/confirm?uid={user['id']}&token=guess")[1]) == "INVALID_TOKEN"
    assert code(call(server, "GET", "/confirm?uid=987654&token=guess")[1]) == "USER_NOT_FOUND"


# --- what LoopBack 3.28 answered to the same requests ---

SETTINGS: dict[str, dict[str, Any]] = {
    "Realm": {"realmRequired": True, "realmDelimiter": ":"},
    "Fold": {"caseSensitiveEmail": False},
    "Sure": {"emailVerificationRequired": True},
    "Narrow": {"restrictResetPasswordTokenScope": True},
    "Strict": {"rejectPasswordChangesViaPatchOrReplace": True},
    "Brief": {"ttl": 100, "maxTTL": 200},
}
METHODS = (
    "create",
    "find",
    "findById",
    "patchAttributes",
    "replaceById",
    "updateAll",
    "verify",
    "__create__accessTokens",
    "__get__accessTokens",
)


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The recorded project with a model of users of each kind, whose rules let everybody do what is asked here."""
    root = tmp_path_factory.mktemp("kinds") / "project"
    shutil.copytree(RECORDED, root)
    wiring = json.loads((root / "server" / "model-config.json").read_text())
    tokens = {"type": "hasMany", "model": "AccessToken", "foreignKey": "userId", "options": {"disableInclude": True}}
    open_to_all = [
        {"principalType": "ROLE", "principalId": "$everyone", "permission": "ALLOW", "property": name}
        for name in METHODS
    ]
    for name, settings in SETTINGS.items():
        definition = {
            "name": name,
            "base": "User",
            "acls": open_to_all,
            "relations": {"accessTokens": tokens},
            **settings,
        }
        (root / "common" / "models" / f"{name.lower()}.json").write_text(json.dumps(definition))
        wiring[name] = {"dataSource": "db", "public": True}
    (root / "server" / "model-config.json").write_text(json.dumps(wiring))
    with served(root) as server:
        yield server


def on(server: Served, verb: str, path: str, body: Any = None, token: str | None = None) -> tuple[int, Any]:
    status, answer, _ = ask(
        server, f"/api{path}", method=verb, body=body, headers={"authorization": token} if token else {}
    )
    return status, answer.get("error", answer).get("code") if status >= 400 else answer


def member(server: Served, path: str, name: str, **more: Any) -> Any:
    status, made = on(server, "POST", path, {"email": f"{name}@x.com", "username": name, "password": "p", **more})
    assert status == 200, made
    return made["id"]


def token_of(server: Served, path: str, name: str, **more: Any) -> tuple[int, Any]:
    return on(server, "POST", f"{path}/login", {"username": name, "password": "p", **more})


def test_realms_part_users_by_the_field_or_by_the_name(kinds: Served) -> None:
    path = "/Realms"
    one, two = member(kinds, path, "ra", realm="one"), member(kinds, path, "ra", realm="two")
    assert token_of(kinds, path, "ra") == (400, "REALM_REQUIRED")
    assert token_of(kinds, path, "ra", realm=["one"]) == (400, "INVALID_REALM")
    assert token_of(kinds, path, "ra", realm="three") == (401, "LOGIN_FAILED")
    for name, realm, user in (("ra", "one", one), ("two:ra", None, two), (":ra", "two", two), ("one:ra", "two", one)):
        status, token = token_of(kinds, path, name, **({"realm": realm} if realm else {}))
        assert (status, token["userId"]) == (200, user)
    assert on(kinds, "POST", path, {"email": "ra@x.com", "password": "p", "realm": "one"})[0] == 422
    assert on(kinds, "POST", f"{path}/reset", {"email": "ra@x.com", "realm": "no"}) == (404, "EMAIL_NOT_FOUND")
    assert on(kinds, "POST", f"{path}/reset", {"email": "ra@x.com"})[0] == 204


def test_addresses_are_alike_whatever_their_case_where_the_model_says_so(kinds: Served) -> None:
    member(kinds, "/Folds", "FA")
    assert on(kinds, "GET", "/Folds")[1][0]["email"] == "fa@x.com"
    assert on(kinds, "POST", "/Folds/login", {"email": "fA@X.com", "password": "p"})[0] == 200
    assert on(kinds, "POST", "/Folds", {"email": "fa@X.com", "password": "p"})[0] == 422


def test_an_address_must_be_verified_and_again_when_it_changes(kinds: Served) -> None:
    user = member(kinds, "/Sures", "sa", emailVerified=True)
    status, answer, _ = ask(kinds, "/api/Sures/login", method="POST", body={"username": "sa", "password": "p"})
    assert (status, answer["error"]["details"]) == (401, {"userId": user})
    assert on(kinds, "POST", "/Sures/reset", {"email": "sa@x.com"}) == (401, "RESET_FAILED_EMAIL_NOT_VERIFIED")
    assert on(kinds, "PATCH", f"/Sures/{user}", {"emailVerified": True})[1]["emailVerified"] is True
    assert token_of(kinds, "/Sures", "sa")[0] == 200
    changed = {"email": "sb@x.com", "emailVerified": True}
    assert on(kinds, "PATCH", f"/Sures/{user}", changed)[1]["emailVerified"] is False
    assert on(kinds, "PATCH", f"/Sures/{user}", {"emailVerified": True})[1]["emailVerified"] is True
    assert on(kinds, "POST", f"/Sures/update?where[id]={user}", {"email": "sc@x.com"})[0] == 200
    assert on(kinds, "GET", f"/Sures/{user}")[1]["emailVerified"] is False


def test_passwords_change_only_by_their_own_endpoints_where_the_model_says_so(kinds: Served) -> None:
    user = member(kinds, "/Stricts", "ta")
    token = token_of(kinds, "/Stricts", "ta")[1]["id"]
    refused = (401, "PASSWORD_CHANGE_NOT_ALLOWED")
    assert on(kinds, "PATCH", f"/Stricts/{user}", {"password": "z"}, token) == refused
    assert on(kinds, "PUT", f"/Stricts/{user}", {"email": "ta@x.com", "password": "z"}, token) == refused
    assert on(kinds, "POST", f"/Stricts/update?where[id]={user}", {"password": "z"}, token) == refused
    assert on(kinds, "PATCH", f"/Stricts/{user}", {"realm": "z"}, token)[0] == 200
    assert token_of(kinds, "/Stricts", "ta")[0] == 200


@pytest.mark.parametrize(("asked", "given"), [(None, 100), (150, 150), (500, 200), ("60", 60), (0, 100), (-1, -1)])
def test_a_token_holds_as_long_as_was_asked_for_and_no_longer_than_the_model_allows(
    kinds: Served, asked: Any, given: int
) -> None:
    if not on(kinds, "GET", "/Briefs")[1]:
        member(kinds, "/Briefs", "ba")
    assert token_of(kinds, "/Briefs", "ba", **({} if asked is None else {"ttl": asked}))[1]["ttl"] == given


def test_a_token_that_is_created_as_a_row_gets_an_id_that_nobody_guesses(kinds: Served) -> None:
    if not on(kinds, "GET", "/Briefs")[1]:
        member(kinds, "/Briefs", "ba")
    user = on(kinds, "GET", "/Briefs")[1][0]["id"]
    made = on(kinds, "POST", f"/Briefs/{user}/accessTokens", {})[1]
    assert len(made["id"]) == 64


def test_a_changed_hash_of_the_same_password_ends_no_token(server: Served) -> None:
    hashed = bcrypt.hashpw(b"old secret", bcrypt.gensalt(4, b"2b")).decode()
    register(server, "ira", hashed)
    first = login(server, "ira", "old secret")
    assert login(server, "ira", "old secret") is not None
    assert call(server, "GET", "/me", token=first)[0] == 200


def test_passwords_stay_readable_for_loopback_where_the_model_says_so(tmp_path: Path) -> None:
    root = tmp_path / "project"
    shutil.copytree(RECORDED, root)
    file = root / "common" / "models" / "member.json"
    definition = json.loads(file.read_text())
    file.write_text(json.dumps({**definition, "passwordHash": "bcrypt", "saltWorkFactor": 5}))
    places = root / "server" / "datasources.json"
    rows = {"connector": "memory", "file": str(tmp_path / "rows.json")}
    places.write_text(json.dumps({**json.loads(places.read_text()), "db": rows}))

    def stored() -> str:
        kept = json.loads((tmp_path / "rows.json").read_text())["models"]["Member"].values()
        (found,) = [json.loads(row)["password"] for row in kept]
        return str(found)

    with served(root, "--insecure-no-access-control") as server:
        register(server, "jim", "secret")
        token = login(server, "jim", "secret")
        body = {"oldPassword": "secret", "newPassword": "next"}
        assert call(server, "POST", "/change-password", body, token)[0] == 204
        hashed = stored()
        assert hashed.startswith("$2a$05$")
        assert bcrypt.checkpw(b"next", hashed.encode())
        assert login(server, "jim", "next") is not None
        assert stored() == hashed


def test_a_signed_cookie_is_taken_and_no_other(tmp_path: Path) -> None:
    root = tmp_path / "project"
    shutil.copytree(RECORDED, root)
    file = root / "server" / "middleware.json"
    parser = {"cookie-parser": {"params": "${COOKIES}"}}
    file.write_text(json.dumps({**json.loads(file.read_text()), "session": parser}))
    with served(root, "--insecure-no-access-control", variables={"COOKIES": "first secret"}) as server:
        register(server, "kim", "secret")
        token = login(server, "kim", "secret")
        assert token is not None

        def me(value: str) -> int:
            return ask(server, "/api/Members/me", headers={"cookie": f"a=b; access_token={value}; c=d"})[0]

        assert me(quote(signed(token, "first secret"))) == 200
        assert me(quote(signed(token, "other secret"))) == 401
        assert me(token) == 401
        assert me(f"s:{token}") == 401
        assert not any("first secret" in line for line in server.lines)


def signed(value: str, secret: str) -> str:
    """A cookie as cookie-signature writes it."""
    digest = hmac.new(secret.encode(), value.encode(), hashlib.sha256).digest()
    return f"s:{value}.{base64.b64encode(digest).decode().rstrip('=')}"


def test_a_token_is_good_for_the_model_that_gave_it_though_the_tokens_lead_to_another(kinds: Served) -> None:
    """As in the many projects whose AccessToken still belongs to User."""
    member(kinds, "/Briefs", "bea")
    token = token_of(kinds, "/Briefs", "bea")[1]["id"]
    body = {"oldPassword": "p", "newPassword": "q"}
    assert on(kinds, "POST", "/Briefs/change-password", body, token)[0] == 204
    assert token_of(kinds, "/Briefs", "bea")[0] == 401


def test_a_narrow_token_sets_the_password_and_nothing_else(kinds: Served) -> None:
    user = member(kinds, "/Narrows", "na")
    full = token_of(kinds, "/Narrows", "na")[1]["id"]
    assert on(kinds, "POST", "/Narrows/reset-password", {"newPassword": "q"}, full)[0] == 401
    assert on(kinds, "POST", "/Narrows/reset", {"email": "na@x.com"})[0] == 204
    (narrow,) = [one["id"] for one in on(kinds, "GET", f"/Narrows/{user}/accessTokens")[1] if one.get("scopes")]
    assert on(kinds, "POST", "/Narrows/change-password", {"oldPassword": "p", "newPassword": "z"}, narrow)[0] == 401
    assert on(kinds, "POST", "/Narrows/reset-password", {"newPassword": "q"}, narrow)[0] == 204
    assert on(kinds, "POST", "/Narrows/login", {"username": "na", "password": "q"})[0] == 200
