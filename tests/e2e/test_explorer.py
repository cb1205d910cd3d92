"""The explorer in a real browser: every step a person takes, and no request to anywhere else."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import Page, browser_path, opened_page
from tests.serving import Served, served

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


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    base = tmp_path / "environments" / "base"
    (base / "models").mkdir(parents=True)
    (base / "datasources.yaml").write_text("db: {connector: memory}\n")
    (base / "models" / "account.yaml").write_text(MODEL)
    (base / "models" / "note.yaml").write_text(
        "name: Note\ndataSource: db\npublic: true\nproperties: {text: string}\n"
        "relations: {account: {type: belongsTo, model: Account}}\n"
    )
    with served(tmp_path) as running:
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
        assert page.evaluate("document.querySelector('h2').innerText") == "Account"
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


def test_no_token_is_asked_for_where_none_is_looked_at(server: Served) -> None:
    with opened_page(f"{server.url}/explorer") as page:
        page.wait_for("document.querySelectorAll('details.operation').length > 10")
        assert page.evaluate("getComputedStyle(document.getElementById('token-form')).display") == "none"


def test_token_is_sent_and_kept_for_the_session(server: Served) -> None:
    with opened_page(f"{server.url}/explorer") as page:
        page.wait_for("document.querySelectorAll('details.operation').length > 10")
        fill(page, "#token", "s3cret")
        page.evaluate("document.getElementById('token-form').requestSubmit()")
        page.evaluate(
            "(() => { const real = window.fetch; window.fetch = (url, options) => "
            "{ window.sent = options.headers.Authorization; return real(url, options); }; })()"
        )
        count = open_operation(page, "Account.count")
        run_operation(page, count)

        assert page.evaluate("window.sent") == "s3cret"
    assert not any("s3cret" in line for line in server.lines)


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
        open_operation(page, "Account.find")
        pictured(page, f"explorer-{width}-{'dark' if dark else 'light'}")

        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        unlabelled = page.evaluate(
            "[...document.querySelectorAll('input,textarea,button')].filter(e => !(e.labels && e.labels.length) "
            "&& !e.getAttribute('aria-label') && !e.innerText.trim()).map(e => e.outerHTML)"
        )
        assert unlabelled == []
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert background == ("rgb(16, 20, 29)" if dark else "rgb(246, 247, 250)")
