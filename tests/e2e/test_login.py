"""Users of a served project: tokens, passwords, who is told what."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
