"""A data source whose place a variable should have said: what is told names the variable."""

from pathlib import Path

import pytest

from lbconf.errors import LbconfError
from lbconf.operations.data_sources import create_connector
from lbconf.operations.load import load_project


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
