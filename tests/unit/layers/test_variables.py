from pathlib import Path
from typing import Any

import pytest

from lbconf.diagnostics import Code, Severity
from lbconf.layers.secret import Secret, masked, revealed
from lbconf.layers.variables import fill_loopback, fill_native

ENVIRON = {"HOST": "db1", "EMPTY": "", "DB_PASSWORD": "s3cret", "DATABASE_URL": "postgres://u:p4ss@h/db"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain $HOST", "plain $HOST"),
        ("${HOST}", "db1"),
        ("a-${HOST}-${HOST}", "a-db1-db1"),
        ("${NONE:-x}", "x"),
        ("${EMPTY:-x}", "x"),
        ("${EMPTY}", ""),
        ("${NONE:-}", ""),
        ("${NONE:-${HOST}:5432}", "db1:5432"),
        ("${HOST:?must be}", "db1"),
        ("$${HOST}", "${HOST}"),
        ("$$${HOST}", "$${HOST}"),
        ("${HOST}}", "db1}"),
    ],
)
def test_native_forms(text: str, value: str) -> None:
    filled = fill_native({"k": text}, ENVIRON, keys_matter=True)
    assert filled.problems == []
    assert filled.data == {"k": value}


def test_a_lone_unset_variable_leaves_the_setting_out() -> None:
    filled = fill_native({"url": "${NONE}", "list": ["${NONE}", "a"]}, ENVIRON, keys_matter=True)
    assert filled.data == {"list": ["a"]}
    assert filled.absent == {"/url": "NONE", "/list/0": "NONE"}
    assert filled.problems == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a${NONE}", Code.VARIABLE_UNSET),
        ("${NONE:?set it}", Code.VARIABLE_REQUIRED),
        ("${HOST", Code.VARIABLE_SYNTAX),
        ("${}", Code.VARIABLE_SYNTAX),
        ("${HOST-x}", Code.VARIABLE_SYNTAX),
        ("${A:-" * 10_000 + "}" * 10_000, Code.VARIABLE_SYNTAX),
        ("${1X}", Code.VARIABLE_SYNTAX),
        ("${file:/nonexistent/file}", Code.VARIABLE_FILE),
    ],
)
def test_what_cannot_be_filled_in(text: str, code: Code) -> None:
    filled = fill_native({"k": text}, ENVIRON, keys_matter=True)
    assert [(one.pointer, one.code) for one in filled.problems] == [("/k", code)]


def test_files_are_secret_and_lose_one_line_end(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("s3cret\n\n")
    filled = fill_native({"k": f"${{file:{tmp_path}/x}}"}, ENVIRON, keys_matter=True)
    assert filled.data == {"k": Secret("s3cret\n")}
    assert masked(filled.data) == {"k": "***"}


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("password", "x", "***"),
        ("dbPassword", "x", "***"),
        ("pass", 12, "***"),
        ("apiKey", "x", "***"),
        ("secretAccessKey", "x", "***"),
        ("accessToken", "x", "***"),
        ("client_secret", "x", "***"),
        ("keyFilename", "x", "***"),
        ("host", "${DB_PASSWORD}", "***"),
        ("dsn", "h;pw=${DB_PASSWORD};x", "h;pw=***;x"),
        ("url", "${DATABASE_URL}", "postgres://u:***@h/db"),
        ("url", "postgres://u:${DB_PASSWORD}@h/db", "postgres://u:***@h/db"),
        ("url", "mongodb://u:p@ss/w@h1,h2/db", "mongodb://u:***@h1,h2/db"),
        ("url", "redis://:pw@h", "redis://:***@h"),
        ("url", "jdbc:x://h/db?user=u&password=pw&a=1", "jdbc:x://h/db?user=u&password=***&a=1"),
        ("cookieSecrets", "x", "x"),
        ("foreignKey", "x", "x"),
        ("user", "x", "x"),
        ("port", 5432, 5432),
        ("token", True, True),
        ("password", "", ""),
    ],
)
def test_secrets_are_masked_and_kept(key: str, value: Any, shown: Any) -> None:
    filled = fill_native({key: value}, ENVIRON, keys_matter=True)
    assert masked(filled.data) == {key: shown}
    clear = fill_native({"k": value}, ENVIRON, keys_matter=False)
    assert revealed(filled.data)[key] == revealed(clear.data)["k"]


def test_items_of_secret_lists_are_secret() -> None:
    filled = fill_native({"keys": ["a", "b"], "tokens": ["c"], "tags": ["d"]}, ENVIRON, keys_matter=True)
    assert masked(filled.data) == {"keys": ["***", "***"], "tokens": ["***"], "tags": ["d"]}


def test_in_models_names_are_no_secrets() -> None:
    data = {"properties": {"password": "string", "token": {"type": "string"}}, "hidden": ["password"]}
    assert fill_native(data, ENVIRON, keys_matter=False).data is data


def test_parts_without_variables_are_shared() -> None:
    data = {"a": {"b": [1]}, "c": "${HOST}"}
    assert fill_native(data, ENVIRON, keys_matter=True).data["a"] is data["a"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${HOST}", "db1"),
        ("x-${HOST}", "db1"),
        ("${NONE}${HOST}", "db1"),
        ("${HOST}-x", "${HOST}-x"),
        ("${HOST:-d}", "${HOST:-d}"),
        ("${restApiRoot}", "/api"),
        ("${port}", 3000),
        ("${EMPTY}", ""),
        ("%HOST%", "%HOST%"),
    ],
)
def test_loopback_forms(text: str, value: Any) -> None:
    filled = fill_loopback({"k": text}, ENVIRON, {"restApiRoot": "/api", "port": 3000})
    assert filled.data == {"k": value}
    assert filled.problems == []


def test_loopback_leaves_out_what_it_cannot_find_and_warns() -> None:
    filled = fill_loopback({"k": "${NONE}", "l": ["${NONE}", 1]}, ENVIRON, {})
    assert filled.data == {"l": [None, 1]}
    assert [(one.code, one.severity) for one in filled.problems] == [(Code.VARIABLE_UNSET, Severity.WARNING)] * 2


def test_no_finding_shows_a_default() -> None:
    filled = fill_native({"k": "${DB_PASSWORD-hunter2}", "l": "a ${X-hunter2} b"}, ENVIRON, keys_matter=True)
    assert len(filled.problems) == 2
    assert "hunter2" not in repr(filled.problems)
