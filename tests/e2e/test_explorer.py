"""The explorer in a real browser: every step a person takes, and no request to anywhere else."""

import json
import os
import re
import threading
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.browser import Page, browser_path, opened_page
from tests.serving import Served, ask, served

pytestmark = pytest.mark.skipif(browser_path() is None, reason="no Chromium: set LBCONF_TEST_BROWSER or install it")

MODEL = """\
name: Account
description: Somebody who may use the service.
dataSource: db
public: true
properties:
  email: {type: string, required: true, description: Where to write to.}
  level: integer
  created: date
"""
NOTE = """\
name: Note
dataSource: db
public: true
properties: {text: string}
relations: {account: {type: belongsTo, model: Account}}
"""
LOOPBACK: Mapping[str, Any] = {
    "server/config.json": {"restApiRoot": "/api"},
    "server/datasources.json": {"db": {"connector": "memory"}},
    "server/component-config.json": {"loopback-component-explorer": {"mountPath": "/browse"}},
    "server/model-config.json": {
        "_meta": {"sources": ["../common/models"]},
        "AccessToken": {
            "dataSource": "db",
            "public": False,
            "relations": {"user": {"type": "belongsTo", "model": "Member", "foreignKey": "userId"}},
        },
        "Member": {"dataSource": "db", "public": True},
        "Account": {"dataSource": "db", "public": True},
    },
    "common/models/member.json": {"name": "Member", "base": "User"},
    "common/models/account.json": {
        "name": "Account",
        "base": "PersistedModel",
        "properties": {"email": {"type": "string", "required": True}, "level": "number"},
        "acls": [
            {"principalType": "ROLE", "principalId": "$everyone", "permission": "DENY"},
            {"principalType": "ROLE", "principalId": "$authenticated", "permission": "ALLOW"},
        ],
    },
}
PERSON = {"email": "ada@example.com", "password": "ada-secret"}


def written(root: Path, **models: str) -> Path:
    base = root / "environments" / "base"
    (base / "models").mkdir(parents=True)
    (base / "datasources.yaml").write_text("db: {connector: memory}\n")
    for name, text in models.items():
        (base / "models" / f"{name}.yaml").write_text(text)
    return root


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    with served(written(tmp_path, account=MODEL, note=NOTE)) as running:
        yield running


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Served]:
    """Accounts for those who are logged in only, and one member who can log in."""
    for name, content in LOOPBACK.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(json.dumps(content))
    (tmp_path / "server" / "boot").mkdir()
    (tmp_path / "server" / "boot" / "authentication.js").write_text("module.exports = app => { app.enableAuth(); };\n")
    with served(tmp_path) as running:
        status, answer, _ = ask(running, "/api/Members", method="POST", body=PERSON)
        assert status == 200, answer
        yield running


def pictured(page: Page, name: str) -> None:
    """Keep what is seen where somebody wants to look at it: LBCONF_TEST_PICTURES names a folder."""
    folder = os.environ.get("LBCONF_TEST_PICTURES")
    if folder:
        page.picture(Path(folder) / f"{name}.png")


def fill(page: Page, selector: str, text: str) -> None:
    page.evaluate(
        f"(() => {{ const e = document.querySelector({selector!r}); e.value = {text!r}; "
        "e.dispatchEvent(new Event('input', {bubbles: true})); })()"
    )


def open_operation(page: Page, operation: str) -> str:
    """Unfold an operation; the selector of its panel."""
    selector = f"[id='{operation}']"
    page.wait_for(f'document.querySelector("{selector}") !== null')
    page.evaluate(f'document.querySelector("{selector}").open = true')
    page.wait_for(f'document.querySelector("{selector} .inside") !== null')
    return selector


def run_operation(page: Page, selector: str) -> str:
    page.evaluate(f'document.querySelector("{selector} button.main").click()')
    page.wait_for(f'document.querySelector("{selector} .answer .status") !== null')
    page.wait_for(f'!document.querySelector("{selector} button.main").disabled')
    return str(page.evaluate(f'document.querySelector("{selector} .answer").innerText'))


def test_create_find_filter_and_delete(server: Served) -> None:
    with opened_page(f"{server.url}/explorer#/Account") as page:
        page.wait_for("document.querySelectorAll('details.operation').length > 10")
        assert page.evaluate("document.getElementById('model-name').innerText") == "Account"
        pictured(page, "explorer-light")

        create = open_operation(page, "Account.create")
        fill(page, "#Account-create-body", '{"email": "foo@bar.com", "level": 10}')
        assert "200" in run_operation(page, create)
        pictured(page, "explorer-created")
        fill(page, "#Account-create-body", '{"level": 1}')
        assert "422" in run_operation(page, create)

        find = open_operation(page, "Account.find")
        fill(page, "#Account-find-filter", '{"where": {"level": {"gt": 5}}}')
        assert "foo@bar.com" in run_operation(page, find)
        fill(page, "#Account-find-filter", '{"where": {"level": {"gt": 50}}}')
        assert "[]" in run_operation(page, find)
        fill(page, "#Account-find-filter", "{nonsense")
        page.evaluate(f'document.querySelector("{find} button.main").click()')
        assert "no JSON" in page.wait_for(f'document.querySelector("{find} .wrong:not([hidden])").innerText')

        delete = open_operation(page, "Account.deleteById")
        fill(page, "#Account-deleteById-id", "1")
        assert '"count": 1' in run_operation(page, delete)
        assert not [problem for problem in page.problems if "422" not in problem]


def test_log_in_create_filter_delete_log_out(guarded: Served) -> None:
    with opened_page(f"{guarded.url}/browse#/Account") as page:
        page.wait_for("document.querySelectorAll('details.operation').length > 10")
        find = open_operation(page, "Account.find")
        assert "401" in run_operation(page, find)
        assert page.evaluate("document.querySelectorAll('.lock').length > 5")

        page.evaluate("document.getElementById('login-open').click()")
        fill(page, "#login-name", PERSON["email"])
        fill(page, "#login-password", "wrong")
        pictured(page, "explorer-login")
        page.evaluate("document.getElementById('login-form').requestSubmit()")
        assert "login failed" in page.wait_for("document.getElementById('login-wrong').textContent")
        fill(page, "#login-password", PERSON["password"])
        page.evaluate("document.getElementById('login-form').requestSubmit()")
        page.wait_for("!document.getElementById('login').open")
        assert page.evaluate("document.getElementById('who').innerText") == f"Logged in as {PERSON['email']}"

        create = open_operation(page, "Account.create")
        fill(page, "#Account-create-body", '{"email": "foo@bar.com", "level": 10}')
        assert "200" in run_operation(page, create)
        fill(page, "#Account-find-filter", '{"where": {"level": {"gt": 5}}}')
        assert "foo@bar.com" in run_operation(page, find)
        pictured(page, "explorer-logged-in")

        page.evaluate("location.reload()")
        page.wait_for(
            "document.getElementById('who') && document.getElementById('who').innerText.includes('Logged in')"
        )
        delete = open_operation(page, "Account.deleteById")
        fill(page, "#Account-deleteById-id", "1")
        assert '"count": 1' in run_operation(page, delete)

        page.evaluate("document.getElementById('logout').click()")
        page.wait_for("!document.getElementById('token-form').hidden")
        assert page.evaluate("sessionStorage.getItem('lbconf-token')") is None
        assert "401" in run_operation(page, delete)
        assert not [problem for problem in page.problems if "401" not in problem]


def test_no_token_is_asked_for_where_none_is_looked_at(server: Served) -> None:
    with opened_page(f"{server.url}/explorer") as page:
        page.wait_for("document.querySelectorAll('details.operation').length > 10")
        assert page.evaluate("document.getElementById('session').checkVisibility()") is False


def test_a_pasted_token_is_sent_and_kept_for_the_session(guarded: Served) -> None:
    with opened_page(f"{guarded.url}/browse#/Account") as page:
        page.wait_for("document.querySelectorAll('details.operation').length > 10")
        fill(page, "#token", "s3cret")
        page.evaluate("document.getElementById('token-form').requestSubmit()")
        assert page.evaluate("document.getElementById('who').innerText") == "Token set"
        page.evaluate(
            "(() => { const real = window.fetch; window.fetch = (url, options) => "
            "{ window.sent = options.headers.Authorization; return real(url, options); }; })()"
        )
        count = open_operation(page, "Account.count")
        run_operation(page, count)

        assert page.evaluate("window.sent") == "s3cret"
        assert page.evaluate("sessionStorage.getItem('lbconf-token')") == "s3cret"
        assert page.evaluate("localStorage.length") == 0
    assert not any("s3cret" in line for line in guarded.lines)


def test_logging_in_by_trying_it_out_sets_the_token(guarded: Served) -> None:
    with opened_page(f"{guarded.url}/browse#/Member/Member.login") as page:
        page.wait_for("document.querySelector('#Member-login-body') !== null")
        fill(page, "#Member-login-body", json.dumps(PERSON))
        assert "200" in run_operation(page, "[id='Member.login']")
        assert page.evaluate("document.getElementById('who').innerText").startswith("Logged in as Member ")


def test_keys_find_a_model_and_send(server: Served) -> None:
    with opened_page(f"{server.url}/explorer") as page:
        page.wait_for("document.querySelectorAll('details.operation').length > 10")

        def press(key: str, **more: int) -> None:
            text = {"text": key} if len(key) == 1 else {"text": "\r"} if key == "Enter" else {}
            code = {"Enter": 13, "ArrowUp": 38, "Escape": 27}.get(key, ord(key[0]))
            for kind in ("keyDown", "keyUp"):
                page.ask("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **text, **more)

        press("/")
        assert page.evaluate("document.activeElement.id") == "search"
        for key in "not":
            press(key)
        assert page.evaluate("[...document.querySelectorAll('#models a')].map(e => e.dataset.name)") == ["Note"]
        press("Enter")
        page.wait_for("document.getElementById('model-name').innerText === 'Note'")
        press("ArrowUp")
        press("Escape")
        shown = page.evaluate("[...document.querySelectorAll('#models a')].map(e => e.dataset.name)")
        assert shown == ["Account", "Note", "Batch"]
        panel = open_operation(page, "Note.find")
        page.evaluate("document.getElementById('Note-find-filter').focus()")
        press("Enter", modifiers=2)
        page.wait_for(f'document.querySelector("{panel} .answer .status.good") !== null')
        assert page.evaluate("location.hash") == "#/Note/Note.find"


def test_loopbacks_own_description_is_beside_the_page(guarded: Served) -> None:
    status, document, headers = ask(guarded, "/browse/swagger.json")
    assert (status, document["swagger"], document["basePath"]) == (200, "2.0", "/api")
    assert document["paths"]["/Members/login"]["post"]["operationId"] == "Member.login"
    status, _, _ = ask(guarded, "/browse/swagger.json", headers={"if-none-match": headers["etag"]})
    assert status == 304


def test_every_model_and_operation_is_there(server: Served) -> None:
    with opened_page(f"{server.url}/explorer#/Note") as page:
        page.wait_for("document.querySelectorAll('details.operation').length > 10")
        shown = page.evaluate("[...document.querySelectorAll('details.operation')].map(e => e.id)")
        described = page.evaluate(
            "fetch('/openapi.json').then(r => r.json()).then(d => Object.values(d.paths)"
            ".flatMap(item => Object.values(item)).filter(o => o.tags[0] === 'Note').map(o => o.operationId))"
        )

    assert sorted(shown) == sorted(described)
    assert "Note.prototype.__get__account" in shown


@contextmanager
def behind(server: Served, prefix: str) -> Iterator[str]:
    """A reverse proxy that serves the server below a path of its own, which it takes away; its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.path.startswith(prefix), self.path
            with urllib.request.urlopen(server.url + self.path.removeprefix(prefix), timeout=20) as answer:
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    if name.lower() not in {"transfer-encoding", "connection"}:
                        self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.read())

        def log_message(self, *_: object) -> None:
            pass

    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=proxy.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{proxy.server_port}"
    finally:
        proxy.shutdown()
        proxy.server_close()
        thread.join(10)


def test_works_behind_a_prefix(server: Served) -> None:
    with behind(server, "/shop/v1") as url, opened_page(f"{url}/shop/v1/explorer#/Note") as page:
        page.wait_for("document.querySelectorAll('details.operation').length > 10")
        assert "200" in run_operation(page, open_operation(page, "Note.find"))
        loaded = page.evaluate("performance.getEntriesByType('resource').map(e => e.name)")

    assert {name.split("?")[0] for name in loaded if name.startswith("http")} == {
        f"{url}/shop/v1/openapi.json",
        f"{url}/shop/v1/api/notes",
    }


def test_only_its_own_script_and_style_may_run(server: Served) -> None:
    with urllib.request.urlopen(f"{server.url}/explorer", timeout=20) as answer:
        policy, page = answer.headers["content-security-policy"], answer.read().decode()

    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert not re.search(r"""\s(src|href)=["'](?!data:|#)|\son[a-z]+=|\sstyle=""", page.partition("<script>")[0])


def test_nothing_is_loaded_from_elsewhere(server: Served) -> None:
    with opened_page(f"{server.url}/explorer") as page:
        page.wait_for("document.querySelectorAll('details.operation').length > 10")
        loaded = page.evaluate("performance.getEntriesByType('resource').map(e => e.name)")

    assert loaded
    assert all(url.startswith((server.url, "data:")) for url in loaded)


@pytest.mark.parametrize(("width", "dark"), [(1280, True), (390, False), (390, True)])
def test_fits_and_can_be_read(server: Served, width: int, dark: bool) -> None:  # noqa: FBT001
    with opened_page(f"{server.url}/explorer#/Account", width=width, dark=dark) as page:
        page.wait_for("document.querySelectorAll('details.operation').length > 10")
        panel = open_operation(page, "Account.find")
        run_operation(page, panel)
        pictured(page, f"explorer-{width}-{'dark' if dark else 'light'}")

        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        unlabelled = page.evaluate(
            "[...document.querySelectorAll('input,textarea,button')].filter(e => !(e.labels && e.labels.length) "
            "&& !e.getAttribute('aria-label') && !e.innerText.trim()).map(e => e.outerHTML)"
        )
        assert unlabelled == []
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert background == ("rgb(16, 20, 29)" if dark else "rgb(246, 247, 250)")
