"""A data source whose place a variable should have said: what is told names the variable."""

from pathlib import Path

import pytest

from lbconf.diagnostics import Code, Severity
from lbconf.errors import LbconfError
from lbconf.operations.data_sources import create_connector
from lbconf.operations.load import check_project, load_project


@pytest.mark.parametrize(
    "source",
    [
        '{connector: postgresql, port: 1, url: "${LBCONF_NO_SUCH}"}',
        '{connector: mysql, url: "${LBCONF_NO_SUCH}"}',
        '{connector: mysql, port: 1, user: a, database: b, url: "${LBCONF_NO_SUCH}"}',
        '{connector: sqlite, file: "${LBCONF_NO_SUCH}"}',
    ],
)
def test_the_variable_is_named(tmp_path: Path, source: str) -> None:
    base = tmp_path / "environments" / "base"
    base.mkdir(parents=True)
    (base / "datasources.yaml").write_text(f"db: {source}\n")
    (base / "server.yaml").write_text("{}\n")
    project = load_project(tmp_path)

    with pytest.raises(LbconfError) as raised:
        create_connector(project.data_sources["db"], tmp_path).open()

    key = "file" if "sqlite" in source else "url"
    assert f"LBCONF_NO_SUCH is not set, so `{key}` is left out" in (raised.value.diagnostics[0].hint or "")


def test_another_place_is_used_without_a_word(tmp_path: Path) -> None:
    base = tmp_path / "environments" / "base"
    base.mkdir(parents=True)
    (base / "datasources.yaml").write_text('db: {connector: sqlite, url: "${LBCONF_NO_SUCH}", file: a.db}\n')
    (base / "server.yaml").write_text("{}\n")

    create_connector(load_project(tmp_path).data_sources["db"], tmp_path)


@pytest.mark.parametrize(
    ("jwt", "said", "hopeless"),
    [
        ('{issuer: "https://i.example", audience: a, secret: "${LBCONF_NO_SUCH}"}', "keys that https://i.ex", False),
        ('{audience: a, secret: "${LBCONF_NO_SUCH}"}', "nothing says with which key", True),
        ('{audience: a, issuer: "${LBCONF_NO_SUCH}"}', "nothing says with which key", True),
        ('{audience: a, issuer: "${LBCONF_NO_SUCH}", publicKey: k}', "tokens of any issuer", False),
        ('{audience: "${LBCONF_NO_SUCH}", issuer: "https://i.example"}', "tokens for others", False),
    ],
)
@pytest.mark.parametrize("environment", ["development", "production"])
def test_what_a_variable_takes_from_the_checks_of_web_tokens_is_told(
    tmp_path: Path, jwt: str, said: str, environment: str, *, hopeless: bool
) -> None:
    base = tmp_path / "environments" / "base"
    base.mkdir(parents=True)
    (tmp_path / "environments" / environment).mkdir()
    (base / "datasources.yaml").write_text("db: {connector: memory}\n")
    (base / "server.yaml").write_text(f"access:\n  jwt: {jwt}\n")

    _, findings = check_project(tmp_path, environment)

    (found,) = findings
    assert found.code is Code.VARIABLE_UNSET
    assert said in found.message
    assert "LBCONF_NO_SUCH is not set" in found.message
    assert found.location is not None
    assert (found.location.file, found.location.line) == ("environments/base/server.yaml", 2)
    assert (found.severity is Severity.ERROR) == (hopeless or environment == "production")


def test_another_key_of_web_tokens_is_used_without_a_word(tmp_path: Path) -> None:
    base = tmp_path / "environments" / "base"
    base.mkdir(parents=True)
    (base / "datasources.yaml").write_text("db: {connector: memory}\n")
    secret = "x" * 32
    jwt = f'{{audience: a, issuer: i, secret: {secret}, jwksUrl: "${{LBCONF_NO_SUCH}}"}}'
    (base / "server.yaml").write_text(f"access:\n  jwt: {jwt}\n")

    assert check_project(tmp_path)[1] == ()


def test_an_empty_key_of_web_tokens_is_none(tmp_path: Path) -> None:
    base = tmp_path / "environments" / "base"
    base.mkdir(parents=True)
    jwt = '{audience: a, issuer: "https://i.example", secret: "${LBCONF_EMPTY}"}'
    (base / "server.yaml").write_text(f"access:\n  jwt: {jwt}\n")

    (found,) = check_project(tmp_path, environ={"LBCONF_EMPTY": ""})[1]

    assert (found.code, found.severity) == (Code.SETTING_INVALID, Severity.ERROR)
    assert "`secret` of access.jwt is empty" in found.message
