"""Users of a native project: what is stored, what clients may not say, letters, limits, many at once."""

import contextlib
import json
import re
import sqlite3
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default as modern
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from aiosmtpd.controller import Controller

from lbconf.api.user_calls import LEAST_SECONDS
from tests.servers import free_port
from tests.serving import Served, ask, run_lbconf, served

SECRET = "secret"
EVERYBODY = [
    {"principalType": "ROLE", "principalId": "$everyone", "permission": "ALLOW", "property": name}
    for name in ("find", "findById", "patchOrCreate", "replaceOrCreate", "upsertWithWhere", "updateAll", "verify")
]
OPEN = [{"principalType": "ROLE", "principalId": "$everyone", "permission": "ALLOW"}]


def project(root: Path, source: dict[str, Any], *, access: Any = None, person: Any = None, **more: Any) -> Path:
    """A native project with users, their tokens, and teams they belong to."""
    base = root / "environments" / "base"
    (base / "models").mkdir(parents=True)
    (base / "server.json").write_text(json.dumps({"access": access or {}}))
    (base / "datasources.json").write_text(json.dumps({"db": source, **more}))
    token_user = {"type": "belongsTo", "model": "Person", "foreignKey": "userId"}
    models: dict[str, Any] = {
        "Person": {"base": "User", "dataSource": "db", "properties": {"teamId": "integer"}, "acls": EVERYBODY}
        | (person or {}),
        "AccessToken": {"dataSource": "db", "public": False, "relations": {"user": token_user}},
        "Team": {
            "dataSource": "db",
            "properties": {"name": "string"},
            "relations": {"people": {"type": "hasMany", "model": "Person", "foreignKey": "teamId"}},
            "acls": OPEN,
        },
    }
    for name, definition in models.items():
        (base / "models" / f"{name}.json").write_text(json.dumps(definition))
    return root


@contextmanager
def running(root: Path) -> Iterator[Served]:
    applied = run_lbconf("apply", "--project", str(root), "--auto-approve")
    assert applied.returncode == 0, applied.stderr
    with served(root, variables={}) as server:
        yield server


def source_at(url: str, kind: str) -> dict[str, Any]:
    parts = urlsplit(url)
    return {
        "connector": kind,
        "host": parts.hostname,
        "port": parts.port,
        "database": parts.path.strip("/"),
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
    }


@pytest.fixture(params=["sqlite", "postgresql", "mysql"])
def stored(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """A data source that keeps rows."""
    if request.param == "sqlite":
        return {"connector": "sqlite", "file": str(tmp_path / "rows.db")}
    return source_at(request.getfixturevalue(f"{request.param}_url"), request.param)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    access = {"login": False, "redirects": ["https://shop.example.com/"]}
    root = project(tmp_path_factory.mktemp("project"), {"connector": "memory"}, access=access)
    with served(root, variables={}) as found:
        yield found


def call(server: Served, verb: str, path: str, body: Any = None, token: str | None = None) -> tuple[int, Any]:
    headers = {"authorization": token} if token else {}
    status, answer, _ = ask(server, f"/api/people{path}", method=verb, body=body, headers=headers)
    return status, answer


def register(server: Served, name: str, password: str = SECRET, **more: Any) -> dict[str, Any]:
    body = {"email": f"{name}@example.com", "username": name, "password": password, **more}
    status, answer = call(server, "POST", "", body)
    assert status == 200, answer
    return dict(answer)


def login(server: Served, name: str, password: str = SECRET, **more: Any) -> str:
    status, answer = call(server, "POST", "/login", {"username": name, "password": password, **more})
    assert status == 200, answer
    return str(answer["id"])


def is_good(server: Served, token: str) -> bool:
    """Whether a token still says who somebody is."""
    status, answer = call(server, "POST", "/change-password", {"oldPassword": "no", "newPassword": "x"}, token)
    assert status in {400, 401}, answer
    return status == 400


def test_only_digests_of_tokens_are_stored(tmp_path: Path) -> None:
    file = tmp_path / "rows.db"
    with running(project(tmp_path / "project", {"connector": "sqlite", "file": str(file)})) as server:
        register(server, "ada")
        token = login(server, "ada")
        rows = sqlite3.connect(file).execute('select * from "AccessToken"').fetchall()
        assert len(rows) == 1
        assert token not in repr(rows)
        digest = next(value for value in rows[0] if str(value).startswith("sha256:"))
        assert is_good(server, token)
        assert not is_good(server, digest)
        assert call(server, "POST", "/logout", token=token)[0] == 204
        assert not is_good(server, token)


def test_a_token_is_the_servers_choice(server: Served) -> None:
    user = register(server, "bea")
    chosen = "c" * 64
    first, second = login(server, "bea", id=chosen, accessToken=chosen), login(server, "bea", created="2000-01-01")
    assert len({chosen, first, second}) == 3
    assert not is_good(server, chosen)
    assert is_good(server, first)
    assert call(server, "POST", f"/{user['id']}/accessTokens", {"id": chosen}, first)[0] == 403


WAYS = {
    "create": ("POST", "", {}),
    "create several": ("POST", "", [{}]),
    "patch": ("PATCH", "/{id}", {}),
    "replace": ("PUT", "/{id}", {}),
    "patch or create": ("PATCH", "", {"id": "{id}"}),
    "replace or create": ("PUT", "", {"id": "{id}"}),
    "upsert with where": ("POST", "/upsertWithWhere?where[id]={id}", {}),
    "update all": ("POST", "/update?where[id]={id}", {}),
}


@pytest.mark.parametrize("way", WAYS)
def test_nobody_calls_an_address_verified_or_chooses_the_token_for_it(server: Served, way: str) -> None:
    name = f"cid-{way.replace(' ', '-')}"
    user = register(server, name)
    token = login(server, name)
    verb, path, shape = WAYS[way]
    said = {"emailVerified": True, "verificationToken": "chosen", "password": "secret"}
    if "create" in way and way.startswith("create"):
        said |= {"email": f"new-{name}@example.com"}
    elif way != "update all":
        said |= {"email": f"{name}@example.com", "username": name}
    body: Any = {**said, **({"id": user["id"]} if shape == {"id": "{id}"} else {})}
    body = [body] if isinstance(shape, list) else body
    status, answer = call(server, verb, path.replace("{id}", str(user["id"])), body, token)
    assert status == 200, answer
    people = call(server, "GET", "")[1]
    assert [one for one in people if one.get("emailVerified")] == []
    for one in people:
        assert call(server, "GET", f"/confirm?uid={one['id']}&token=chosen")[0] == 400


def test_nor_by_a_stream_of_lines(server: Served) -> None:
    line = {"email": "line@example.com", "password": "secret", "emailVerified": True, "verificationToken": "chosen"}
    request = urllib.request.Request(
        f"{server.url}/api/people",
        data=json.dumps(line).encode() + b"\n",
        method="POST",
        headers={"content-type": "application/x-ndjson"},
    )
    with contextlib.suppress(urllib.error.HTTPError), urllib.request.urlopen(request, timeout=20):
        pass
    assert [one for one in call(server, "GET", "")[1] if one.get("emailVerified")] == []


def test_nor_through_a_relation(server: Served) -> None:
    team = ask(server, "/api/teams", method="POST", body={"name": "red"})[1]
    body = {"email": "dot@example.com", "password": "secret", "emailVerified": True, "verificationToken": "chosen"}
    status, made, _ = ask(server, f"/api/teams/{team['id']}/people", method="POST", body=body)
    assert status == 200, made
    assert not call(server, "GET", f"/{made['id']}")[1].get("emailVerified")
    path = f"/api/teams/{team['id']}/people/{made['id']}"
    assert ask(server, path, method="PUT", body={"emailVerified": True})[0] == 200
    assert not call(server, "GET", f"/{made['id']}")[1].get("emailVerified")


@pytest.mark.parametrize(
    "place",
    ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "https://shop.example.com.evil",
     "https://shop.example.com@evil.example/", "\thttps://evil.example", "https:evil.example"],
)  # fmt: skip
def test_a_confirmation_leads_nowhere_else(server: Served, place: str) -> None:
    from urllib.parse import quote

    status, answer = call(server, "GET", f"/confirm?uid=1&token=x&redirect={quote(place)}")
    assert (status, answer["error"]["code"]) == (400, "REDIRECT_REFUSED")


@pytest.mark.parametrize("place", ["/welcome", "https://shop.example.com/welcome?a=b"])
def test_a_confirmation_leads_where_it_may(server: Served, place: str) -> None:
    user = register(server, f"eli{len(place)}")
    status, answer = call(server, "GET", f"/confirm?uid={user['id']}&token=x&redirect={place}")
    assert (status, answer["error"]["code"]) == (400, "INVALID_TOKEN")


ENDING: dict[str, tuple[str, str, dict[str, Any]]] = {
    "patch": ("PATCH", "/{id}", {"password": "other"}),
    "a new address": ("PATCH", "/{id}", {"email": "{name}-new@example.com"}),
    "replace": ("PUT", "/{id}", {"email": "{name}@example.com", "username": "{name}", "password": "other"}),
    "upsert with where": (
        "POST",
        "/upsertWithWhere?where[id]={id}",
        {"email": "{name}@example.com", "username": "{name}", "password": "other"},
    ),
    "update all": ("POST", "/update?where[id]={id}", {"password": "other"}),
    "change": ("POST", "/change-password", {"oldPassword": "secret", "newPassword": "other"}),
}


@pytest.mark.parametrize("way", ENDING)
def test_other_tokens_end_with_the_password_or_the_address(server: Served, way: str) -> None:
    name = f"fay-{way.replace(' ', '-')}"
    user = register(server, name)
    own, other = login(server, name), login(server, name)
    register(server, f"{name}-stranger")
    stranger = login(server, f"{name}-stranger")
    verb, path, said = ENDING[way]
    body = {key: value.replace("{name}", name) for key, value in said.items()}
    status, answer = call(server, verb, path.replace("{id}", str(user["id"])), body, own)
    assert status in {200, 204}, answer
    assert (is_good(server, own), is_good(server, other), is_good(server, stranger)) == (True, False, True)


def test_a_change_of_something_else_ends_no_token_and_the_end_of_a_user_ends_all(server: Served) -> None:
    user = register(server, "gil")
    own, other = login(server, "gil"), login(server, "gil")
    assert call(server, "PATCH", f"/{user['id']}", {"realm": "x"}, own)[0] == 200
    assert is_good(server, other)
    assert call(server, "DELETE", f"/{user['id']}", token=own)[0] == 200
    assert (is_good(server, own), is_good(server, other)) == (False, False)


def test_of_many_who_register_with_one_address_one_gets_it(stored: dict[str, Any], tmp_path: Path) -> None:
    with running(project(tmp_path / "project", stored)) as server, ThreadPoolExecutor(8) as threads:
        body = {"email": "hal@example.com", "username": "hal", "password": "secret"}
        got = list(threads.map(lambda _: call(server, "POST", "", body), range(16)))
        assert sorted(status for status, _ in got) == [200] + [422] * 15
        for status, answer in got:
            if status == 422:
                assert answer["error"]["name"] == "ValidationError"
                assert "uniqueness" in json.dumps(answer["error"]["details"]["codes"])


def test_logins_at_once_neither_fail_nor_keep_others_waiting(stored: dict[str, Any], tmp_path: Path) -> None:
    with running(project(tmp_path / "project", stored)) as server, ThreadPoolExecutor(60) as threads:
        register(server, "ida")
        logins = [threads.submit(login, server, "ida") for _ in range(40)]
        answered = 0
        while not all(one.done() for one in logins):
            assert ask(server, "/api/teams")[0] == 200
            answered += 1
        assert len({one.result() for one in logins}) == 40
        assert answered > 5


def test_an_account_is_closed_after_too_many_failures_and_others_are_not(tmp_path: Path) -> None:
    access = {"login": {"attempts": 3, "seconds": 3600}}
    with served(project(tmp_path, {"connector": "memory"}, access=access), variables={}) as server:
        for name in ("jan", "kai"):
            register(server, name)
        for _ in range(2):
            assert call(server, "POST", "/login", {"username": "jan", "password": "no"})[0] == 401
        login(server, "jan")
        for password in ("no", "no", "no"):
            assert call(server, "POST", "/login", {"username": "jan", "password": password})[0] == 401
        body = {"username": "JAN", "password": "secret"}
        status, answer, headers = ask(server, "/api/people/login", method="POST", body=body)
        assert (status, answer["error"]["code"]) == (429, "TOO_MANY_REQUESTS")
        assert 0 < int(headers["retry-after"]) <= 3600
        login(server, "kai")


def test_an_address_is_closed_after_too_many_failures(tmp_path: Path) -> None:
    access = {"login": {"attempts": 100, "attemptsPerAddress": 4}}
    with served(project(tmp_path, {"connector": "memory"}, access=access), variables={}) as server:
        got = [call(server, "POST", "/login", {"username": f"lea{n}", "password": "no"})[0] for n in range(6)]
        assert got == [401, 401, 401, 401, 429, 429]


def test_wrong_old_passwords_count_as_well(tmp_path: Path) -> None:
    access = {"login": {"attempts": 2}}
    with served(project(tmp_path, {"connector": "memory"}, access=access), variables={}) as server:
        register(server, "mia")
        token = login(server, "mia")
        body = {"oldPassword": "no", "newPassword": "x"}
        assert [call(server, "POST", "/change-password", body, token)[0] for _ in range(3)] == [400, 400, 429]


def test_no_failed_login_is_quicker_than_the_others(server: Served) -> None:
    register(server, "nia")
    for body in ({"username": "nia", "password": "no"}, {"username": "nobody", "password": "no"}, {"username": "nia"}):
        begun = time.monotonic()
        assert call(server, "POST", "/login", body)[0] == 401
        assert time.monotonic() - begun >= LEAST_SECONDS


def test_a_token_without_an_end_is_only_given_where_it_is_allowed(server: Served, tmp_path: Path) -> None:
    register(server, "oda")
    for ttl in (-1, -5):
        body = {"username": "oda", "password": "secret", "ttl": ttl}
        assert call(server, "POST", "/login", body)[1]["error"]["code"] == "INVALID_TTL"
    person = {"allowEternalTokens": True, "maxTTL": 60}
    with served(project(tmp_path, {"connector": "memory"}, person=person), variables={}) as other:
        register(other, "oda")
        assert is_good(other, login(other, "oda", ttl=-1))
        assert call(other, "POST", "/login", {"username": "oda", "password": "secret", "ttl": 999})[1]["ttl"] == 60


# --- letters ---


class Box:
    """What a mail server takes."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        del server, session
        parsed = BytesParser(policy=modern).parsebytes(envelope.content)
        assert isinstance(parsed, EmailMessage)
        self.letters.append(parsed)
        return "250 taken"

    def wait_for(self, count: int) -> EmailMessage:
        deadline = time.monotonic() + 15
        while len(self.letters) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len(self.letters) >= count
        return self.letters[count - 1]


@pytest.fixture
def box() -> Iterator[tuple[Box, int]]:
    taken = Box()
    controller = Controller(taken, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield taken, controller.port
    finally:
        controller.stop()


def text_of(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def with_mail(root: Path, port: int) -> Path:
    person = {
        "emailVerificationRequired": True,
        "verifyOptions": {"from": "shop@example.com", "host": "shop.example.com", "protocol": "https", "port": 443,
                          "redirect": "/welcome", "html": "<p>{username}: <a href='{href}'>yes</a></p>"},
        "resetOptions": {"url": "https://shop.example.com/new-password", "subject": "For {username}"},
    }  # fmt: skip
    transport = {"type": "smtp", "host": "127.0.0.1", "port": port}
    mail = {"connector": "mail", "transports": [transport], "from": "shop@example.com"}
    return project(root, {"connector": "memory"}, person=person, mail=mail)


def test_a_letter_confirms_the_address_and_another_sets_a_password(box: tuple[Box, int], tmp_path: Path) -> None:
    taken, port = box
    with served(with_mail(tmp_path, port), variables={}) as server:
        user = register(server, "pia<b>", email="pia@example.com")
        body = {"username": "pia<b>", "password": "secret"}
        _, answer = call(server, "POST", "/login", body)
        assert answer["error"]["code"] == "LOGIN_FAILED_EMAIL_NOT_VERIFIED"

        headers = {"host": "evil.example"}
        assert ask(server, f"/api/people/{user['id']}/verify", method="POST", headers=headers)[0] == 204
        letter = taken.wait_for(1)
        assert (letter["to"], letter["from"], letter["subject"]) == (
            user["email"],
            "shop@example.com",
            "Thanks for Registering",
        )
        link = re.search(r"https://\S+", text_of(letter))
        assert link is not None
        assert link[0].startswith(
            f"https://shop.example.com/api/people/confirm?uid={user['id']}&redirect=%2Fwelcome&token="
        )
        page = letter.get_body(("html",))
        assert page is not None
        assert page.get_content().startswith("<p>pia&lt;b&gt;: <a href='https://shop.example.com/api/people/confirm")
        path = link[0].removeprefix("https://shop.example.com").replace("&redirect=%2Fwelcome", "")
        assert ask(server, path)[0] == 204
        assert ask(server, path)[0] == 400
        token = login(server, "pia<b>")

        assert call(server, "POST", "/reset", {"email": "nobody@example.com"})[0] == 204
        assert call(server, "POST", "/reset", {"email": user["email"]})[0] == 204
        letter = taken.wait_for(2)
        assert (letter["to"], letter["subject"]) == (user["email"], "For pia<b>")
        link = re.search(r"https://shop\.example\.com/new-password#access_token=(\w+)", text_of(letter))
        assert link is not None
        assert (
            call(server, "POST", "/change-password", {"oldPassword": "secret", "newPassword": "x"}, link[1])[0] == 403
        )
        assert call(server, "POST", "/reset-password", {"newPassword": "y"}, token)[0] in {401, 403}
        assert call(server, "POST", "/reset-password", {"newPassword": "other"}, link[1])[0] == 204
        assert not is_good(server, token)
        login(server, "pia<b>", "other")
        assert len(taken.letters) == 2

        token = login(server, "pia<b>", "other")
        assert call(server, "PATCH", f"/{user['id']}", {"email": "new@example.com"}, token)[0] == 200
        _, answer = call(server, "POST", "/login", {"username": "pia<b>", "password": "other"})
        assert answer["error"]["code"] == "LOGIN_FAILED_EMAIL_NOT_VERIFIED"


def test_nobody_is_sent_letters_without_end(box: tuple[Box, int], tmp_path: Path) -> None:
    taken, port = box
    with served(with_mail(tmp_path, port), variables={}) as server:
        one, other = register(server, "pat"), register(server, "pam")
        got = [call(server, "POST", f"/{one['id']}/verify")[0] for _ in range(7)]
        assert got == [204] * 5 + [429] * 2
        assert call(server, "POST", f"/{other['id']}/verify")[0] == 204
        assert taken.wait_for(6)["to"] == other["email"]


def test_no_header_is_smuggled_into_a_letter(box: tuple[Box, int], tmp_path: Path) -> None:
    taken, port = box
    with served(with_mail(tmp_path, port), variables={}) as server:
        body = {"email": "a@example.com", "username": "x\r\nBcc: evil@example.com", "password": "secret"}
        assert call(server, "POST", "", body)[0] == 200
        assert call(server, "POST", "/reset", {"email": "a@example.com"})[0] in {204, 422}
        assert call(server, "POST", "", {**body, "username": "y", "email": "a@b.cc\r\nBcc: e@x.org"})[0] == 422
        assert all(letter["bcc"] is None for letter in taken.letters)


def test_a_mail_server_that_is_away_is_told_in_the_log_only(tmp_path: Path) -> None:
    with served(with_mail(tmp_path, 9), variables={}) as server:
        user = register(server, "quy")
        assert call(server, "POST", f"/{user['id']}/verify")[0] == 204
        assert "ConnectionRefusedError" in server.wait_for_line("mail-failed")


def test_without_a_mail_server_it_is_said(server: Served) -> None:
    user = register(server, "ray")
    status, answer = call(server, "POST", f"/{user['id']}/verify")
    assert (status, answer["error"]["code"]) == (422, "NO_MAIL_SERVER")
    assert call(server, "POST", "/reset", {"email": user["email"]})[0] == 204


# --- the page about users ---

PAGE = (Path(__file__).parents[2] / "docs" / "users.md").read_text()


def test_the_settings_of_the_page_are_taken_as_they_stand(tmp_path: Path) -> None:
    base = tmp_path / "environments" / "base"
    (base / "models").mkdir(parents=True)
    blocks = re.findall(r"```yaml\n# (\S+)\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) > 6
    merged: dict[str, dict[str, Any]] = {}
    for name, text in blocks:
        said = merged.setdefault(name, {})
        for key, value in yaml.safe_load(text).items():
            said[key] = {**said[key], **value} if isinstance(said.get(key), dict) else value
    merged["server.yaml"]["access"]["apiKeys"]["clients"][0]["digest"] = "sha256:" + "0" * 64
    merged["datasources.yaml"]["db"] = {"connector": "memory"}
    key = {"dataSource": "db", "properties": {"digest": "string"}, "acls": OPEN}
    merged["models/ClientKey.yaml"] = key
    for name, said in merged.items():
        (base / name).write_text(yaml.safe_dump(said))
    done = run_lbconf("validate", "--project", str(tmp_path), variables={"SMTP_PASSWORD": "x"})
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "no findings" in done.stdout
