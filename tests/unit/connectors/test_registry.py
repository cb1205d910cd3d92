"""Own connectors are found without looking for others; others are found all the same."""

import subprocess
import sys
from pathlib import Path

import pytest

from lbconf.connectors.registry import connector_type, connector_types
from lbconf.connectors.table import ALIASES

MODULE = """
from pydantic import BaseModel
from lbconf.connectors.contract import ConnectorType


class Settings(BaseModel):
    broker: str


CONNECTOR = ConnectorType(
    name="queue", title="Queue", aliases=("fifo",), settings=lambda: Settings, extra=None, drivers=(), schemes=(),
    mapping=lambda _: None, create=lambda _: None, capabilities=lambda: None,
)
"""


@pytest.fixture
def others(tmp_path: Path) -> Path:
    """A folder with an installed package that brings a connector, and a project."""
    information = tmp_path / "packages" / "other-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[lbconf.connectors]\nqueue = other_connector:CONNECTOR\n")
    (tmp_path / "packages" / "other_connector.py").write_text(MODULE)
    (tmp_path / "environments" / "base").mkdir(parents=True)
    return tmp_path


def checked(folder: Path, data_sources: str) -> tuple[int, str]:
    (folder / "environments" / "base" / "datasources.yaml").write_text(data_sources)
    done = subprocess.run(
        [sys.executable, "-m", "lbconf", "--project", str(folder), "validate"],
        env={"PYTHONPATH": f"{folder / 'packages'}:{Path(__file__).parents[3]}"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["queue", "fifo", "loopback-connector-queue"])
def test_an_installed_connector_is_found_and_checks_its_settings(others: Path, name: str) -> None:
    assert checked(others, f"jobs:\n  connector: {name}\n  broker: x\n")[0] == 0

    code, text = checked(others, f"jobs:\n  connector: {name}\n")
    assert code == 1
    assert "data source jobs needs the setting broker" in text


def test_installed_connectors_are_among_the_choices(others: Path) -> None:
    code, text = checked(others, "jobs:\n  connector: quue\n")
    assert code == 1
    assert "did you mean queue?" in text


def test_the_table_holds_every_name_of_the_own_connectors() -> None:
    own = {name: kind for name in ALIASES if (kind := connector_type(name))}
    assert {name: kind.name for name, kind in own.items()} == ALIASES
    assert {kind.name for kind in connector_types()} >= {"memory", "postgresql", "sqlite"}
    for kind in set(own.values()):
        assert {kind.name, *kind.aliases} == {name for name, of in ALIASES.items() if of == kind.name}


def test_an_own_connector_is_found_without_the_others() -> None:
    code = (
        "import sys; from lbconf.connectors.registry import connector_type; connector_type('sqlite3');"
        "print(sorted({'lbconf.connectors.memory', 'lbconf.connectors.postgresql', 'sqlite3'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(("connector", "settings"), [("postgresql", {"url": "postgresql://h/d"}), ("sqlite", {})])
def test_a_connector_with_usual_settings_is_made_without_pydantic(connector: str, settings: dict[str, str]) -> None:
    code = (
        "import sys; from lbconf.operations.data_sources import create_connector;"
        "from lbconf.project.resolved import DataSource, Layout;"
        f"create_connector(DataSource(name='a', connector={connector!r}, settings={settings!r}, layout=Layout.NATIVE));"
        "print('pydantic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
