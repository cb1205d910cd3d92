from pathlib import Path
from typing import Any

import pytest

from lbconf.diagnostics import Code, Collector
from lbconf.documents.markers import UNDEFINED, VariableText
from lbconf.documents.reader import read_document
from lbconf.documents.source import SourceFile

ENVIRON = {"HOST": "db1", "EMPTY": "", "PORT": "5433", "PW": "s3cret"}


def evaluate(folder: Path, expression: str) -> Any:
    document, found = run(folder, f"module.exports = {{v: {expression}}};")
    assert document is not None, found
    return document["v"]


def run(folder: Path, text: str) -> tuple[Any, list[tuple[Code, str]]]:
    path = folder / "datasources.local.js"
    path.write_text(text)
    found = Collector()
    source = SourceFile(path=path, shown=path.name, section="datasources", layer="local")
    document = read_document(source, found, native=False, environ=ENVIRON)
    return document.data if document else None, [(one.code, str(one.location)) for one in found.errors]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("'a\\n\\u0041\\x42'", "a\nAB"),
        ("-3.5", -3.5),
        ("0x10", 16),
        ("[1, 'two', null, true, undefined]", [1, "two", None, True, UNDEFINED]),
        ("process.env.HOST", "db1"),
        ("process.env['HOST']", "db1"),
        ("process.env.NONE", UNDEFINED),
        ("process.env.NONE || 'x'", "x"),
        ("process.env.EMPTY || 'x'", "x"),
        ("process.env.EMPTY ?? 'x'", ""),
        ("process.env.NONE ?? 'x'", "x"),
        ("process.env.HOST && 1", 1),
        ("'a' + 1 + true + null", "a1truenull"),
        ("1 + 2", 3),
        ("`h=${process.env.HOST}:${1 + 1}!`", "h=db1:2!"),
        ("parseInt(process.env.PORT, 10) || 1", 5433),
        ("parseInt(process.env.NONE, 10) || 1", 1),
        ("Number('7')", 7),
        ("process.env.HOST === 'db1' ? 'y' : 'n'", "y"),
        ("!process.env.NONE", True),
        ("({...{a: 1, b: 2}, b: 3})", {"a": 1, "b": 3}),
        ("[...[1, 2], 3]", [1, 2, 3]),
        ("require('./more.json').list[1]", 2),
        ("require('./more')", {"list": [1, 2]}),
    ],
)
def test_static_expressions(tmp_path: Path, expression: str, value: object) -> None:
    (tmp_path / "more.json").write_text('{"list": [1, 2]}')
    assert evaluate(tmp_path, expression) == value


def test_paths_lead_from_the_script(tmp_path: Path) -> None:
    text = "const path = require('path');\nmodule.exports = {f: path.join(__dirname, '..', 'a.db')};"
    assert run(tmp_path, text) == ({"f": str(tmp_path.parent / "a.db")}, [])


def test_constants_and_single_exports(tmp_path: Path) -> None:
    text = "'use strict';\nconst db = {connector: 'memory'};\nexports.db = db;\nmodule.exports.other = db;\n"
    memory = {"connector": "memory"}
    assert run(tmp_path, text) == ({"db": memory, "other": memory}, [])


def test_text_remembers_its_variable(tmp_path: Path) -> None:
    value = evaluate(tmp_path, "'postgres://u:' + process.env.PW + '@h'")
    assert isinstance(value, VariableText)
    assert (value, value.variable) == ("postgres://u:s3cret@h", "PW")


def test_everything_that_must_run_is_found_at_its_line(tmp_path: Path) -> None:
    text = (
        "require('dotenv').config();\nif (true) { x(); }\n"
        "module.exports = {\n  a: function () {},\n};\nmodule.exports.b = compute();\n"
        "const fs = require('fs');\n"
    )
    data, found = run(tmp_path, text)
    assert data is None
    assert found == [
        (Code.SCRIPT_NOT_STATIC, "datasources.local.js:1:1"),
        (Code.SCRIPT_NOT_STATIC, "datasources.local.js:2:1"),
        (Code.SCRIPT_NOT_STATIC, "datasources.local.js:4:6"),
        (Code.SCRIPT_NOT_STATIC, "datasources.local.js:6:20"),
        (Code.SCRIPT_NOT_STATIC, "datasources.local.js:7:12"),
    ]


def test_text_that_is_no_javascript(tmp_path: Path) -> None:
    assert [code for code, _ in run(tmp_path, "module.exports = { db: { \n a: , }\n")[1]] == [Code.SYNTAX]
