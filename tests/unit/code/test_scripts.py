"""JavaScript of LoopBack projects: what is told of it, and where nothing is missed."""

import json
from pathlib import Path

import pytest

from lbconf.code.scripts import script_findings
from lbconf.operations.load import load_project

MODEL = {"name": "Order", "base": "PersistedModel", "properties": {"title": "string"}}


def project(folder: Path, scripts: dict[str, str], model: dict[str, object] | None = None, **config: object) -> Path:
    files = {
        "server/config.json": json.dumps({"restApiRoot": "/api", **config}),
        "server/datasources.json": json.dumps({"db": {"connector": "memory"}}),
        "server/model-config.json": json.dumps(
            {"_meta": {"sources": ["../common/models"]}, "Order": {"dataSource": "db"}}
        ),
        "common/models/order.json": json.dumps({**MODEL, **(model or {})}),
        **scripts,
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def found(folder: Path) -> list[tuple[str, int, str]]:
    return [
        (finding.location.file, finding.location.line, finding.message)
        for finding in script_findings(load_project(folder))
        if finding.location is not None
    ]


def test_the_finding_names_the_script_and_what_is_in_it(tmp_path: Path) -> None:
    text = "'use strict';\n// hooks\nmodule.exports = function(Order) {\n  Order.observe('before save', f);\n"
    text += "  Order.remoteMethod('greet', {});\n  Order.beforeRemote('create', f);\n"
    text += "  Order.validatesLengthOf('title');\n};\n"
    boot = "module.exports = function(app) {\n  app.models.Role.registerResolver('team', f);\n};\n"

    assert found(project(tmp_path, {"common/models/order.js": text, "server/boot/roles.js": boot})) == [
        (
            "common/models/order.js",
            1,
            (
                "code of model Order that lbconf cannot run"
                " (hook before save, remote method greet, beforeRemote, validatesLengthOf)"
            ),
        ),
        ("server/boot/roles.js", 1, "boot script that lbconf cannot run (role team)"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "// nothing\n/* at all */\n",
        "'use strict';\n\nmodule.exports = function(Order) {\n  // add code here\n};\n",
        '"use strict"; module.exports = Order => {};',
        "module.exports = function enableAuthentication(server) {\n  // enable\n  server.enableAuth();\n};\n",
    ],
)
def test_a_script_that_does_nothing_more_than_lbconf_is_not_told(tmp_path: Path, text: str) -> None:
    assert found(project(tmp_path, {"common/models/order.js": text, "server/boot/authentication.js": text})) == []


def test_who_names_python_code_has_answered(tmp_path: Path) -> None:
    text = "module.exports = function(Order) { Order.observe('access', f); };"
    scripts = {"common/models/order.js": text, "server/boot/a.js": text}

    assert found(project(tmp_path, scripts, {"pythonCode": []}, pythonCode=[])) == []


def test_a_url_in_a_text_is_no_comment(tmp_path: Path) -> None:
    text = "module.exports = function(app) { app.set('url', 'http://x'); app.go(); };"

    assert [place for place, _, _ in found(project(tmp_path, {"server/boot/a.js": text}))] == ["server/boot/a.js"]
