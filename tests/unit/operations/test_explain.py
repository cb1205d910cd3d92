from pathlib import Path

import pytest

from lbconf.diagnostics import Code
from lbconf.errors import MergeError
from lbconf.layers.merged import MergedConfig
from lbconf.operations.compose import compose
from lbconf.operations.explain import explain, explain_pointer

BASE = {
    "datasources.yaml": "db: {connector: postgresql, host: h, port: 1, url: 'postgres://h/d'}\n",
    "models/account.yaml": (
        "dataSource: db\nproperties: {email: string}\nacls:\n  - {principalType: ROLE, permission: DENY}\n"
    ),
    "server.yaml": "a/b: 1\n",
}


@pytest.fixture
def config(tmp_path: Path) -> MergedConfig:
    for name, text in BASE.items():
        path = tmp_path / "base" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return compose(tmp_path, environ={})


@pytest.mark.parametrize(
    ("pointer", "found", "place"),
    [
        ("/datasources/db/host", "/datasources/db/host", "base/datasources.yaml:1:35"),
        ("datasources/db/host", "/datasources/db/host", "base/datasources.yaml:1:35"),
        ("/models/Account/dataSource", "/models/Account/wiring/dataSource", "base/models/account.yaml:1:13"),
        ("/models/Account/properties/email", "/models/Account/definition/properties/email", None),
        ("/models/Account/acls/0/permission", "/models/Account/definition/acls/0/permission", None),
        ("/models/Account/wiring", "/models/Account/wiring", "base/models/account.yaml:1:1"),
        ("/server/a~1b", "/server/a~1b", "base/server.yaml:1:6"),
        ("/models", "/models", None),
    ],
)
def test_pointers(config: MergedConfig, pointer: str, found: str, place: str | None) -> None:
    explanation = explain_pointer(config, pointer)
    assert explanation.pointer == found
    if place is not None:
        assert str(explanation.origins[-1].location) == place


def test_a_url_hides_what_it_says_itself(config: MergedConfig) -> None:
    hidden = explain_pointer(config, "/datasources/db/url").hides
    assert [(one.pointer, one.value) for one in hidden] == [("/datasources/db/host", "h"), ("/datasources/db/port", 1)]
    assert explain_pointer(config, "/datasources/db/port").hidden_by == "/datasources/db/url"
    assert explain_pointer(config, "/datasources/db/connector").hidden_by is None


@pytest.mark.parametrize(
    ("pointer", "hint"),
    [
        ("/datasources/db/hots", "did you mean /datasources/db/host?"),
        ("/models/Account/propertys/emial", "did you mean /models/Account/properties/email?"),
        ("/models/Account/acls/7", "did you mean /models/Account/acls/0?"),
        ("/connector", "did you mean /datasources/db/connector?"),
        ("/", "parts are /server, /datasources, /models, /components, /middleware"),
        ("/zzzzzzzzzzzz", "parts are /server, /datasources, /models, /components, /middleware"),
    ],
)
def test_pointers_that_lead_nowhere(config: MergedConfig, pointer: str, hint: str) -> None:
    with pytest.raises(MergeError) as caught:
        explain_pointer(config, pointer)
    assert [(one.code, one.hint) for one in caught.value.diagnostics] == [(Code.POINTER_UNKNOWN, hint)]


def test_explain_composes_the_project(config: MergedConfig) -> None:
    assert explain(config.root, "/datasources/db/host", overrides=["/datasources/db/host=x"]).value == "x"
