import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from lbconf.connectors import registry
from lbconf.connectors.registry import connector_type
from lbconf.connectors.table import SETTINGS
from lbconf.diagnostics import Code, Severity
from lbconf.errors import ConfigError
from lbconf.layers.secret import Secret
from lbconf.operations import load
from lbconf.operations.load import check_settings, load_project
from lbconf.operations.validate import validate
from lbconf.project.resolved import DataSource, Layout

ROOT = Path(__file__).parents[3]


class QueueSettings(BaseModel, extra="allow"):
    broker: str
    topic: str = Field(default="rows", validation_alias="topicName")
    retries: int = 3


class Queue:
    name = "queue"
    aliases = ("kafka",)

    @staticmethod
    def settings() -> type[QueueSettings]:
        return QueueSettings


def data_source(**settings: Any) -> DataSource:
    return DataSource(name="db", connector="queue", settings=settings, layout=Layout.NATIVE)


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "connector_type", lambda name: Queue if name == "queue" else None)


@pytest.mark.usefixtures("queue")
@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"broker": "x"}, []),
        ({}, [(Code.SETTING_MISSING, Severity.ERROR, "add broker; connector queue cannot do without it")]),
        (
            {"broker": "x", "retries": "often"},
            [
                (
                    Code.SETTING_INVALID,
                    Severity.ERROR,
                    "input should be a valid integer, unable to parse string as an integer",
                )
            ],
        ),
        ({"broker": "x", "topicNam": "y"}, [(Code.SETTING_UNKNOWN, Severity.WARNING, "did you mean topicName?")]),
        ({"broker": "x", "connector": "queue", "name": "db"}, []),
    ],
)
def test_settings_are_checked_by_the_connector(
    written: dict[str, Any], expected: list[tuple[Code, Severity, str]]
) -> None:
    found = check_settings(data_source(**written))
    assert [(one.code, one.severity, one.hint) for one in found] == expected


@pytest.mark.usefixtures("queue")
def test_a_connector_that_is_not_there_checks_nothing() -> None:
    other = DataSource(name="db", connector="redis", settings={"x": 1}, layout=Layout.NATIVE)
    assert check_settings(other) == ()


def test_the_account_application_is_good() -> None:
    checked = validate(ROOT, all_environments=True, environ={})
    assert checked.good
    assert [(one.environment, one.models, one.data_sources) for one in checked.environments] == [
        ("development", 1, 1),
        ("production", 1, 1),
    ]


def test_an_environment_that_is_not_there() -> None:
    checked = validate(ROOT, "prodution", environ={})
    assert not checked.good
    (only,) = checked.environments
    assert (only.environment, only.models) == ("prodution", None)
    assert [one.code for one in only.diagnostics] == [Code.ENVIRONMENT_UNKNOWN]


def test_nothing_is_no_project(tmp_path: Path) -> None:
    checked = validate(tmp_path, environ={})
    assert [finding.code for finding, _ in checked.findings] == [Code.LAYOUT_UNKNOWN]


def test_a_finding_that_all_environments_have_is_listed_once(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "environments", tmp_path / "environments")
    (tmp_path / "environments/base/models/item.yaml").write_text("name: Item\ndataSource: nowhere\npublic: false\n")
    checked = validate(tmp_path, all_environments=True, environ={})
    errors = [(one.code, where) for one, where in checked.findings if one.severity is Severity.ERROR]
    assert errors == [(Code.DATA_SOURCE_UNKNOWN, ("development", "production"))]


def test_loading_raises_with_every_finding() -> None:
    with pytest.raises(ConfigError) as caught:
        load_project(ROOT / "tests" / "data" / "bad" / "native", environ={})
    codes = {one.code for one in caught.value.diagnostics}
    assert {Code.SYNTAX, Code.BASE_CIRCULAR, Code.SETTING_INVALID, Code.KEY_UNKNOWN} <= codes


def test_loading_carries_warnings_in_the_project(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "environments", tmp_path / "environments")
    (tmp_path / "environments/development/datasources.yaml").write_text("accountDB: {connector: sqlite, fil: a.db}\n")
    project = load_project(tmp_path, environ={})
    assert [one.code for one in project.diagnostics] == [Code.SETTING_UNKNOWN]


def test_an_override_is_checked_too() -> None:
    checked = validate(ROOT, "production", overrides=["/datasources/accountDB/port=many"], environ={})
    assert [one.code for one, _ in checked.findings if one.severity is Severity.ERROR] == [Code.SETTING_INVALID]


NAMES = sorted({name for shape in SETTINGS.values() for name in shape["properties"]} | {"username", "unknown"})
PLAIN = st.none() | st.booleans() | st.integers(-3, 70000) | st.floats(-2, 3)
VALUES = PLAIN | st.sampled_from(["", "5", "x", "0", "9" * 5000]) | st.sampled_from(["", "5", "x", 5]).map(Secret)


@settings(max_examples=300)
@given(
    connector=st.sampled_from(sorted(SETTINGS)),
    written=st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4),
)
def test_what_is_good_at_first_sight_is_good_for_the_connector(connector: str, written: dict[str, Any]) -> None:
    source = DataSource(name="db", connector=connector, settings=written, layout=Layout.NATIVE)
    if load._plainly_good(source):
        kind = connector_type(connector)
        assert kind is not None
        kind.settings().model_validate({**written, "connector": connector, "name": "db"})


def test_a_good_project_is_checked_without_pydantic_and_drivers() -> None:
    script = (
        "import sys; from pathlib import Path; from lbconf.operations.validate import validate;"
        f"assert validate(Path({str(ROOT)!r}), all_environments=True, environ={{}}).good;"
        "print(sorted({'pydantic', 'psycopg', 'sqlite3', 'litestar', 'importlib.metadata'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_connector_that_is_no_text_is_a_finding(tmp_path: Path) -> None:
    base = tmp_path / "environments" / "base"
    base.mkdir(parents=True)
    (base / "datasources.yaml").write_text("db: {connector: [sqlite]}\n")
    found = [one for one, _ in validate(tmp_path, environ={}).findings]
    assert Code.VALUE_TYPE in {one.code for one in found}


def test_a_module_that_is_not_there_is_told_where_it_is_named(tmp_path: Path) -> None:
    base = tmp_path / "environments" / "base"
    (base / "models").mkdir(parents=True)
    (base / "datasources.yaml").write_text("db: {connector: memory}\n")
    (base / "server.yaml").write_text("name: shop\ncode: app.boot\n")
    (base / "models" / "note.yaml").write_text("dataSource: db\ncode:\n  - app.letters\n  - app.notes\n")
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "letters.py").write_text("")

    found = [one for one in validate(tmp_path).environments[0].diagnostics if one.code is Code.CODE_MISSING]

    places = {
        (one.location.file.rpartition("/")[2], one.location.line, one.location.column) for one in found if one.location
    }
    assert places == {("server.yaml", 2, 7), ("note.yaml", 4, 5)}
