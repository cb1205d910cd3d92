from pathlib import Path
from typing import Any

import pytest

from lbconf.diagnostics import Code
from lbconf.errors import DocumentError, LbconfError, MergeError
from lbconf.layers.merged import MergedConfig
from lbconf.layers.secret import Secret, masked
from lbconf.operations.compose import compose, compose_partly, known_environments, project_root

MODEL = "name: Account\ndataSource: db\npublic: true\nproperties:\n  email: string\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write(tmp_path, "environments/base/datasources.yaml", "db:\n  connector: memory\n")
    write(tmp_path, "environments/base/models/account.yaml", MODEL)
    write(
        tmp_path,
        "environments/production/datasources.json",
        '{"db": {"connector": "postgresql", "url": "${DATABASE_URL}", "host": "h", "password": "${PGPASSWORD}"}}',
    )
    (tmp_path / "environments/development").mkdir()
    return tmp_path


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


def load(root: Path, environment: str | None = None, *sets: str, **environ: str) -> MergedConfig:
    return compose(root, environment, overrides=sets, environ=environ)


def codes(error: LbconfError) -> list[tuple[Code, str]]:
    return [(one.code, str(one.location)) for one in error.diagnostics]


def test_layers_are_put_on_top_of_each_other(project: Path) -> None:
    config = load(project, "production", PGPASSWORD="pw")
    assert config.data == {
        "server": {"host": "127.0.0.1", "port": 3000, "restApiRoot": "/api"},
        "datasources": {"db": {"connector": "postgresql", "host": "h", "password": Secret("pw")}},
        "models": {
            "Account": {
                "wiring": {"dataSource": "db", "public": True},
                "definition": {"name": "Account", "properties": {"email": "string"}},
            }
        },
        "components": {},
        "middleware": {},
    }
    assert (config.layout, config.environment, config.root) == ("native", "production", project)
    assert config.files == (
        "environments/base/datasources.yaml",
        "environments/base/models/account.yaml",
        "environments/production/datasources.json",
    )


def test_the_project_may_be_named_by_its_environments_folder(project: Path) -> None:
    inside, outside = load(project / "environments"), load(project)
    assert (inside.data, inside.root, inside.files) == (outside.data, outside.root, outside.files)
    assert project_root(project / "environments") == project


def test_raw_keeps_variables_and_never_shows_secrets(project: Path) -> None:
    write(project, "environments/local/datasources.yaml", "db: {password: literal, other: '${A_TOKEN:-hidden}'}\n")
    config = load(project, "production", DATABASE_URL="postgres://u:pw@h/d")
    assert masked(config.raw)["datasources"]["db"] == {
        "connector": "postgresql",
        "url": "${DATABASE_URL}",
        "host": "h",
        "password": "***",
        "other": "${A_TOKEN:-***}",
    }
    assert masked(config.data)["datasources"]["db"]["other"] == "***"
    assert "literal" not in repr([config.provenance[pointer] for pointer in config.provenance])
    assert "literal" not in repr(config)


def test_where_values_come_from(project: Path) -> None:
    config = load(project, "production", "/datasources/db/host=other", DATABASE_URL="postgres://u:pw@h/d")
    assert str(config.location("/models/Account/definition/properties/email")) == (
        "environments/base/models/account.yaml:5:10"
    )
    assert str(config.key_location("/models/Account/wiring/dataSource")) == "environments/base/models/account.yaml:2:1"
    assert str(config.location("/datasources/db/nothing/here")) == "environments/production/datasources.json:1:8"
    assert [(o.layer, str(o.location), o.value) for o in config.provenance["/datasources/db/connector"]] == [
        ("base", "environments/base/datasources.yaml:2:14", "memory"),
        ("production", "environments/production/datasources.json:1:22", "postgresql"),
    ]
    assert config.provenance["/datasources/db/url"][-1].variable == "DATABASE_URL"
    assert [o.layer for o in config.provenance["/datasources/db/host"]] == ["production", "command line"]
    assert list(config.absent) == ["/datasources/db/password"]


def test_every_value_has_an_entry(project: Path) -> None:
    config = load(project, "production", PGPASSWORD="x")

    def walk(value: Any, pointer: str) -> None:
        assert pointer in config.provenance
        for key, item in value.items() if isinstance(value, dict) else ():
            walk(item, f"{pointer}/{key}")

    walk(dict(config.data), "")


def test_variables_and_the_command_line_are_the_topmost_layers(project: Path) -> None:
    config = load(
        project,
        "production",
        "/server/port=81",
        "/models/Account/public=false",
        "/models/account/properties/email={type: string, required: true}",
        "/datasources/db/url=!unset",
        LBCONF_SET__datasources__db__host="db2",
        LBCONF_SET__SERVER__PORT="80",
        LBCONF_SET__datasources__db__max="5",
    )
    assert config.data["server"]["port"] == 81
    assert config.data["datasources"]["db"] == {"connector": "postgresql", "host": "db2", "max": 5}
    account = config.data["models"]["Account"]
    assert account["wiring"]["public"] is False
    assert account["definition"]["properties"] == {"email": {"type": "string", "required": True}}
    assert [(o.layer, o.variable) for o in config.provenance["/server/port"]][1:] == [
        ("environment variables", "LBCONF_SET__SERVER__PORT"),
        ("command line", None),
    ]


def test_setting_the_connector_starts_from_nothing(project: Path) -> None:
    config = load(project, "production", "/datasources/db/connector=memory")
    assert config.data["datasources"]["db"] == {"connector": "memory"}


def test_an_item_of_a_list_can_be_set(project: Path) -> None:
    write(project, "environments/base/server.yaml", "list: [1, {a: 2, b: 3}]\n")
    config = load(project, None, "/server/list/1/a=9", "/server/list/2=4")
    assert config.data["server"]["list"] == [1, {"a": 9, "b": 3}, 4]


@pytest.mark.parametrize(
    ("setting", "code", "hint"),
    [
        ("/datasource/db/host=x", Code.OVERRIDE_INVALID, "did you mean datasources?"),
        ("nonsense", Code.OVERRIDE_INVALID, "write --set"),
        ("/server=1", Code.OVERRIDE_INVALID, "name the setting"),
        ("/datasources/dbb/host=x", Code.OVERLAY_UNMATCHED, "did you mean db?"),
        ("/models/Acount/public=true", Code.OVERLAY_UNMATCHED, "did you mean Account?"),
        ("/server/x=[1", Code.OVERRIDE_INVALID, ""),
    ],
)
def test_settings_that_lead_nowhere(project: Path, setting: str, code: Code, hint: str) -> None:
    with pytest.raises(MergeError) as caught:
        load(project, None, setting)
    assert [one.code for one in caught.value.diagnostics] == [code]
    assert (caught.value.diagnostics[0].hint or "").startswith(hint)


def test_which_environment(project: Path) -> None:
    assert known_environments(project) == ("development", "production")
    assert load(project).environment == "development"
    assert load(project, NODE_ENV="production").environment == "production"
    assert load(project, NODE_ENV="production", LBCONF_ENV="development").environment == "development"
    assert load(project, "production", LBCONF_ENV="development").environment == "production"


@pytest.mark.parametrize("name", ["prodution", "base", "local", "../x", ""])
def test_an_environment_without_layer_is_refused(project: Path, name: str) -> None:
    with pytest.raises(DocumentError) as caught:
        load(project, name)
    (found,) = caught.value.diagnostics
    assert found.code is Code.ENVIRONMENT_UNKNOWN
    if name == "prodution":
        assert found.hint == "did you mean production? there are development, production"


def test_a_project_of_only_a_base_needs_no_environment(tmp_path: Path) -> None:
    write(tmp_path, "base/datasources.yaml", "db: {connector: memory}\n")
    assert load(tmp_path).data["datasources"] == {"db": {"connector": "memory"}}
    with pytest.raises(DocumentError):
        load(tmp_path, "production")


def test_local_wins_over_the_environment(project: Path) -> None:
    write(project, "environments/local/datasources.jsonc", '{"db": {"host": "mine", /* c */ "url": {"$unset": true}}}')
    assert load(project, "production").data["datasources"]["db"]["host"] == "mine"


def test_a_model_overlay_is_found_by_file_name_or_name(project: Path) -> None:
    write(project, "environments/production/models/Account.json", '{"public": false}')
    write(project, "environments/local/models/acc.yaml", "name: Account\nplural: people\n")
    account = load(project, "production").data["models"]["Account"]
    assert (account["wiring"]["public"], account["definition"]["plural"]) == (False, "people")
    assert list(load(project, "production").data["models"]) == ["Account"]


def test_a_model_overlay_that_matches_nothing(project: Path) -> None:
    write(project, "environments/production/models/acount.yaml", "public: false\n")
    with pytest.raises(MergeError) as caught:
        load(project, "production")
    assert codes(caught.value) == [(Code.OVERLAY_UNMATCHED, "environments/production/models/acount.yaml:1:1")]
    assert (caught.value.diagnostics[0].hint or "").startswith("did you mean Account?")


def test_everything_wrong_with_files_is_found_in_one_run(project: Path) -> None:
    # given
    base = "environments/base"
    write(project, f"{base}/server.yaml", "")
    write(project, f"{base}/server.json", "{}")
    (project / base / "components.yaml").mkdir()
    (project / base / "models/latin.yaml").write_bytes(b"name: caf\xe9\n")
    write(project, f"{base}/models/broken.json", '{"a": [1}\n')
    write(project, f"{base}/models/twice.yaml", "a: 1\na: 2\n")
    write(project, f"{base}/models/again.yaml", "name: Account\nproperties: {}\n")
    write(project, f"{base}/datasource.yaml", "x: {}\n")

    # when
    with pytest.raises(DocumentError) as caught:
        load(project)

    # then
    first = codes(caught.value)
    assert first == [
        (Code.FILE_UNKNOWN, f"{base}/datasource.yaml:1:1"),
        (Code.DOCUMENT_TWICE, f"{base}/server.yaml:1:1"),
        (Code.FILE_NOT_REGULAR, f"{base}/components.yaml:1:1"),
        (Code.SYNTAX, f"{base}/models/broken.json:1:9"),
        (Code.FILE_NOT_UTF8, f"{base}/models/latin.yaml:1:10"),
        (Code.DUPLICATE_KEY, f"{base}/models/twice.yaml:2:1"),
        (Code.MODEL_DEFINED_TWICE, f"{base}/models/again.yaml:1:7"),
    ]


def test_what_can_be_read_is_there_all_the_same(project: Path) -> None:
    write(project, "environments/base/models/broken.yaml", "a: [\n")
    config = compose_partly(project, environ={})
    assert list(config.data["models"]) == ["Account"]
    assert config.broken == {"/models/Broken"}
    assert [one.code for one in config.diagnostics] == [Code.SYNTAX]


def test_problems_with_variables_have_the_place_of_the_value(project: Path) -> None:
    write(project, "environments/local/datasources.yaml", "db:\n  host: a${NONE}b\n  user: ${U:?who}\n")
    with pytest.raises(MergeError) as caught:
        load(project, "production")
    assert codes(caught.value) == [
        (Code.VARIABLE_UNSET, "environments/local/datasources.yaml:2:9"),
        (Code.VARIABLE_REQUIRED, "environments/local/datasources.yaml:3:9"),
    ]


def test_no_project(tmp_path: Path) -> None:
    for root, code in ((tmp_path, Code.LAYOUT_UNKNOWN), (tmp_path / "none", Code.FILE_MISSING)):
        with pytest.raises(DocumentError) as caught:
            load(root)
        assert [one.code for one in caught.value.diagnostics] == [code]


def test_the_wrong_layout(project: Path) -> None:
    for layout in ("loopback", "nativ"):
        with pytest.raises(DocumentError) as caught:
            compose(project, layout=layout, environ={})
        assert [one.code for one in caught.value.diagnostics] == [Code.LAYOUT_UNKNOWN]
