import json
from pathlib import Path
from typing import Any

import pytest

from lbconf.diagnostics import Code, Severity
from lbconf.errors import MergeError
from lbconf.layers.merged import MergedConfig
from lbconf.layers.secret import masked
from lbconf.operations.compose import compose, known_environments


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write(tmp_path, "server/config.json", {"restApiRoot": "/api", "host": "1.2.3.4", "port": 3000})
    write(tmp_path, "server/datasources.json", {"db": {"name": "db", "connector": "memory"}})
    write(
        tmp_path,
        "server/model-config.json",
        {
            "_meta": {"sources": ["loopback/common/models", "../common/models", "./models", "./nowhere"]},
            "User": {"dataSource": "db"},
            "Order": {"dataSource": "db", "public": False},
        },
    )
    write(tmp_path, "common/models/order.json", {"name": "Order", "base": "Document", "properties": {"n": "number"}})
    write(tmp_path, "common/models/document.json", {"name": "Document", "base": "PersistedModel"})
    write(tmp_path, "common/models/unlisted-thing.json", {"properties": {}})
    return tmp_path


def write(root: Path, name: str, data: Any) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(data if isinstance(data, str) else json.dumps(data))


def load(root: Path, environment: str | None = None, *sets: str, **environ: str) -> MergedConfig:
    return compose(root, environment, overrides=sets, environ=environ)


def test_a_project_of_loopback_3(project: Path) -> None:
    config = load(project)
    assert (config.layout, config.environment, config.root) == ("loopback", "development", project)
    assert config.data["models"] == {
        "User": {"wiring": {"dataSource": "db"}},
        "Order": {
            "wiring": {"dataSource": "db", "public": False},
            "definition": {"name": "Order", "base": "Document", "properties": {"n": "number"}},
        },
        "Document": {"definition": {"name": "Document", "base": "PersistedModel"}},
    }
    assert [(one.code, one.severity, str(one.location)) for one in config.diagnostics] == [
        (Code.MODEL_FILE_UNUSED, Severity.INFO, "common/models/unlisted-thing.json:1:1")
    ]
    assert load(project / "server").data == config.data
    assert load(project / "server").files == config.files


def test_where_values_come_from(project: Path) -> None:
    config = load(project)
    assert str(config.location("/models/Order/wiring/public")) == "server/model-config.json:1:167"
    assert str(config.location("/models/Order/definition/properties/n")) == "common/models/order.json:1:59"


def test_local_is_applied_before_the_environment(project: Path) -> None:
    write(project, "server/datasources.local.json", {"db": {"host": "local", "user": "local"}})
    write(project, "server/datasources.production.json", {"db": {"host": "production"}, "new": {"connector": "memory"}})
    assert load(project, "production").data["datasources"] == {
        "db": {"name": "db", "connector": "memory", "host": "production", "user": "local"},
        "new": {"connector": "memory"},
    }
    assert known_environments(project) == ("development", "production")


def test_a_script_is_taken_before_the_json_beside_it(project: Path) -> None:
    write(project, "server/datasources.local.json", {"db": {"host": "json"}})
    write(
        project,
        "server/datasources.local.js",
        "module.exports = {db: {connector: undefined, host: process.env.HOSTNAME_OF_DB || 'x', "
        "dsn: process.env.PW_SECRET}};",
    )
    config = load(project, None, PW_SECRET="s3cret", HOSTNAME_OF_DB="h")
    assert masked(config.data)["datasources"]["db"] == {"name": "db", "host": "h", "dsn": "***"}
    assert "/datasources/db/connector" not in config.provenance
    assert config.provenance["/datasources/db/host"][-1].variable == "HOSTNAME_OF_DB"
    assert "s3cret" not in repr(config)


def test_overlays_without_a_base_are_ignored_with_a_warning(project: Path) -> None:
    write(project, "server/component-config.development.json", {"x": {}})
    config = load(project)
    assert config.data["components"] == {}
    assert [(one.code, one.severity) for one in config.diagnostics][:1] == [(Code.OVERLAY_IGNORED, Severity.WARNING)]


def test_what_loopback_stops_at_is_found_with_place_and_advice(project: Path) -> None:
    write(project, "server/config.development.json", '{\n  "port": null,\n  "restApiRoot": ["x"]\n}')
    with pytest.raises(MergeError) as caught:
        load(project)
    errors = [one for one in caught.value.diagnostics if one.severity is Severity.ERROR]
    assert [(one.code, str(one.location), str(one.related[0].location)) for one in errors] == [
        (Code.MERGE_INCOMPATIBLE, "server/config.development.json:2:11", "server/config.json:1:52"),
        (Code.MERGE_INCOMPATIBLE, "server/config.development.json:3:18", "server/config.json:1:17"),
    ]
    assert all(one.message.startswith("LoopBack would stop here") and one.hint for one in errors)


def test_variables_only_where_loopback_looks_for_them(project: Path) -> None:
    write(project, "server/config.json", {"port": 3000, "text": "${HOME_X}"})
    write(project, "server/component-config.json", {"c": {"port": "${port}", "path": "${restApiRoot}"}})
    write(project, "server/datasources.json", {"db": {"connector": "memory", "host": "a-${HOME_X}", "gone": "${NONE}"}})
    config = load(project, None, HOME_X="x")
    assert config.data["server"]["text"] == "${HOME_X}"
    assert config.data["components"] == {"c": {"port": 3000, "path": "/api"}}
    assert config.data["datasources"] == {"db": {"connector": "memory", "host": "x"}}
    unset = [one for one in config.diagnostics if one.code is Code.VARIABLE_UNSET]
    assert [(one.severity, str(one.location)) for one in unset] == [(Severity.WARNING, "server/datasources.json:1:63")]


def test_middleware_paths_lead_from_the_boot_directory(project: Path) -> None:
    write(
        project,
        "server/middleware.json",
        {"files": {"loopback#static": {"params": "$!../client"}, "x": {"paths": ["$!./kept"]}}},
    )
    assert load(project).data["middleware"]["files"] == {
        "loopback#static": {"params": str(project / "client")},
        "x": {"paths": ["$!./kept"]},
    }


def test_the_hosting_service_names_host_and_port(project: Path) -> None:
    config = load(project, None, PORT="80", npm_config_port="81", VCAP_APP_HOST="h")
    assert (config.data["server"]["port"], config.data["server"]["host"]) == ("81", "h")
    assert config.provenance["/server/port"][-1].variable == "npm_config_port"


def test_lazy_connect_from_the_environment(project: Path) -> None:
    assert load(project, None, LB_LAZYCONNECT_DATASOURCES="1").data["datasources"]["db"]["lazyConnect"] is True
    assert load(project, None, LB_LAZYCONNECT_DATASOURCES="0").data["datasources"]["db"]["lazyConnect"] is False


def test_settings_from_outside(project: Path) -> None:
    config = load(
        project,
        None,
        "/datasources/db/host=h",
        "/models/Order/public=true",
        "/models/Order/properties/n=string",
        "/models/Order/wiring/options/validateUpsert=false",
    )
    assert config.data["datasources"]["db"]["host"] == "h"
    assert config.data["models"]["Order"] == {
        "wiring": {"dataSource": "db", "public": True, "options": {"validateUpsert": False}},
        "definition": {"name": "Order", "base": "Document", "properties": {"n": "string"}},
    }
    assert config.provenance["/models/Order/wiring/public"][-1].layer == "command line"


def test_access_control_is_told_by_the_boot_scripts(project: Path) -> None:
    write(project, "server/boot/authentication.js", "// server.enableAuth();\n")
    assert load(project).boot_auth is False
    write(project, "server/boot/authentication.js", "module.exports = function (server) { server.enableAuth(); };\n")
    assert load(project).boot_auth is True


def test_access_control_of_loopback_1_is_told_by_its_program(tmp_path: Path) -> None:
    write(tmp_path, "app.json", {"port": 3001})
    write(tmp_path, "datasources.json", {"db": {"connector": "memory"}})
    write(tmp_path, "models.json", {})
    assert load(tmp_path).boot_auth is False
    write(tmp_path, "app.js", "var app = module.exports = loopback();\napp.enableAuth();\n")
    assert load(tmp_path).boot_auth is True


def test_entries_as_in_loopback_1_are_refused(project: Path) -> None:
    write(project, "server/model-config.json", {"A": {"dataSource": "db", "properties": {}}, "B": None})
    with pytest.raises(MergeError) as caught:
        load(project)
    assert [one.code for one in caught.value.diagnostics] == [Code.MODEL_ENTRY_INVALID, Code.MODEL_ENTRY_INVALID]


def test_two_models_with_one_name(project: Path) -> None:
    write(project, "common/models/zorder.json", {"name": "Order"})
    with pytest.raises(Exception, match="defined twice") as caught:
        load(project)
    assert "common/models/zorder.json:1:10" in repr(getattr(caught.value, "diagnostics", "")).replace(
        "file='common/models/zorder.json', line=1, column=10", "common/models/zorder.json:1:10"
    )


def test_one_flat_folder(tmp_path: Path) -> None:
    write(tmp_path, "datasources.json", {"db": {"connector": "memory"}})
    write(tmp_path, "model-config.json", {"_meta": {"sources": ["."]}, "Thing": {"dataSource": "db"}})
    write(tmp_path, "thing.json", {"properties": {"a": "string"}})
    write(tmp_path, "package.json", {"name": "x"})
    config = load(tmp_path)
    assert config.data["models"] == {
        "Thing": {"wiring": {"dataSource": "db"}, "definition": {"properties": {"a": "string"}}}
    }
    assert config.files == ("datasources.json", "model-config.json", "thing.json")


def test_a_project_of_loopback_1(tmp_path: Path) -> None:
    write(tmp_path, "app.json", {"port": 3001})
    write(tmp_path, "datasources.json", {"db": {"defaultForType": "db", "connector": "memory"}})
    write(
        tmp_path,
        "models.json",
        {"note": {"properties": {"t": "string"}, "options": {"base": "Model"}, "dataSource": "db", "public": True}},
    )
    write(tmp_path, "datasources.development.json", {"db": {"connector": "ignored"}})
    config = load(tmp_path)
    assert config.layout == "loopback1"
    assert config.data["server"] == {"port": 3001}
    assert config.data["datasources"]["db"]["connector"] == "memory"
    assert config.data["models"] == {
        "note": {
            "wiring": {"dataSource": "db", "public": True},
            "definition": {"properties": {"t": "string"}, "options": {"base": "Model"}},
        }
    }
    assert str(config.location("/models/note/definition/options/base")) == "models.json:1:62"
    assert str(config.location("/models/note/wiring/public")) == "models.json:1:102"


def test_variables_are_what_loopback_3_made_of_them(tmp_path: Path) -> None:
    """The expected settings are those of `app.dataSources.db.settings` in LoopBack 3.28; `j` and `o` were undefined."""
    write(tmp_path, "config.json", {"restApiRoot": "/api", "port": 3000, "custom": "cv", "num": 5})
    written = {
        "a": "${HOSTX}",
        "b": "x-${HOSTX}",
        "c": "${NONE}${HOSTX}",
        "d": "${HOSTX}-x",
        "e": "${HOSTX:-d}",
        "f": "${restApiRoot}",
        "g": "${port}",
        "h": "${EMPTY}",
        "i": ["${NONE}", {"z": "${num}"}],
        "j": "${NONE}",
        "k": "$HOSTX",
        "l": "${custom}",
        "m": "${env}",
        "n": "${HO-STX}",
        "o": "${host}",
        "q": "a\n${HOSTX}",
        "r": "${HOSTX}\n",
    }
    write(tmp_path, "datasources.json", {"db": {"connector": "memory", **written}})
    write(tmp_path, "model-config.json", {})
    assert load(tmp_path, "test", HOSTX="h", EMPTY="").data["datasources"]["db"] == {
        "connector": "memory",
        "a": "h",
        "b": "h",
        "c": "h",
        "d": "${HOSTX}-x",
        "e": "${HOSTX:-d}",
        "f": "/api",
        "g": 3000,
        "h": "",
        "i": [None, {"z": 5}],
        "k": "$HOSTX",
        "l": "cv",
        "m": "test",
        "n": "${HO-STX}",
        "q": "h",
        "r": "${HOSTX}\n",
    }
