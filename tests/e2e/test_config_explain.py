"""`config`, `explain` and `diff` as a person runs them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lbconf.diagnostics import Collector
from lbconf.documents.yaml_reader import read_yaml

REPOSITORY = Path(__file__).parents[2]
MODEL = (
    "name: Account\ndataSource: db\npublic: true\nproperties:\n"
    "  email: {type: string, default: 'yes'}\n  n: {type: string, default: '0o7'}\n"
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files = {
        "base/datasources.yaml": "db:\n  connector: memory\n",
        "base/models/account.yaml": MODEL,
        "development/datasources.yaml": "db: {file: a.json}\n",
        "production/datasources.yaml": (
            "db:\n  connector: postgresql\n  url: ${DATABASE_URL}\n  host: db1\n  password: ${PGPASSWORD:-topsecret}\n"
        ),
    }
    for name, text in files.items():
        path = tmp_path / "environments" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def lbconf(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "lbconf", *arguments],
        cwd=folder,
        env={**kept, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_config_as_json(project: Path) -> None:
    done = lbconf(project, "config", "--env", "production", "--format", "json", DATABASE_URL="postgres://u:pw@h/d")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {
        "datasources": {
            "db": {"connector": "postgresql", "url": "postgres://u:***@h/d", "host": "db1", "password": "***"}
        },
        "models": {
            "Account": {
                "wiring": {"dataSource": "db", "public": True},
                "definition": {
                    "name": "Account",
                    "properties": {
                        "email": {"type": "string", "default": "yes"},
                        "n": {"type": "string", "default": "0o7"},
                    },
                },
            }
        },
        "server": {"host": "127.0.0.1", "port": 3000, "restApiRoot": "/api"},
        "components": {},
        "middleware": {},
    }


def test_config_as_yaml_reads_back_as_the_same(project: Path) -> None:
    as_json = lbconf(project, "config", "--format", "json", "--show-secrets")
    as_yaml = lbconf(project, "config", "--show-secrets")
    parsed = read_yaml(as_yaml.stdout, "out.yaml", Collector())
    assert parsed is not None
    assert parsed.data == json.loads(as_json.stdout)


def test_secrets_are_printed_only_when_asked_for(project: Path) -> None:
    url = "postgres://u:pw123@h/d"
    arguments = ("config", "--env", "production", "--format", "json")
    hidden = [
        lbconf(project, *arguments, DATABASE_URL=url),
        lbconf(project, *arguments, "--raw", DATABASE_URL=url),
        lbconf(project, "explain", "/datasources/db", "--env", "production", DATABASE_URL=url),
        lbconf(project, "explain", "/datasources/db/password", "--env", "production", "--format", "json"),
        lbconf(project, "diff", "--env", "development", "--env", "production", DATABASE_URL=url),
    ]
    for done in hidden:
        assert done.returncode == 0, done.stderr
        assert "pw123" not in done.stdout + done.stderr
        assert "topsecret" not in done.stdout + done.stderr
    shown = json.loads(lbconf(project, *arguments, "--show-secrets", DATABASE_URL=url).stdout)
    assert shown["datasources"]["db"]["url"] == url
    assert shown["datasources"]["db"]["password"] == "topsecret"


def test_raw_config(project: Path) -> None:
    done = lbconf(project, "config", "--env", "production", "--format", "json", "--raw")
    assert json.loads(done.stdout)["datasources"]["db"] == {
        "connector": "postgresql",
        "url": "${DATABASE_URL}",
        "host": "db1",
        "password": "${PGPASSWORD:-***}",
    }


def test_explain_tells_the_winner_what_it_replaced_and_what_it_hides(project: Path) -> None:
    url = "postgres://u:pw@h/d"
    connector = lbconf(project, "explain", "/datasources/db/connector", "--env", "production")
    assert connector.stdout == (
        '/datasources/db/connector: "postgresql"\n'
        "  from environments/production/datasources.yaml:2:14 (layer production)\n"
        '  replaced "memory" from environments/base/datasources.yaml:2:14 (layer base)\n'
    )
    done = lbconf(project, "explain", "/datasources/db/url", "--env", "production", DATABASE_URL=url)
    assert done.stdout == (
        '/datasources/db/url: "postgres://u:***@h/d"\n'
        "  from environments/production/datasources.yaml:3:8 (layer production)\n"
        '  filled in from the variable DATABASE_URL, written "${DATABASE_URL}"\n'
        '  hides /datasources/db/host: "db1" from environments/production/datasources.yaml:4:9 (layer production)\n'
        '  hides /datasources/db/password: "***" '
        "from environments/production/datasources.yaml:5:13 (layer production)\n"
    )
    absent = lbconf(project, "explain", "/datasources/db/url", "--env", "production")
    assert absent.stdout == (
        "/datasources/db/url: (absent)\n"
        "  from environments/production/datasources.yaml:3:8 (layer production)\n"
        "  left out, because the variable DATABASE_URL is not set\n"
    )


def test_explain_as_json(project: Path) -> None:
    done = lbconf(
        project,
        "explain",
        "/datasources/db/host",
        "--env",
        "production",
        "--format",
        "json",
        "--set",
        "/datasources/db/host=x",
    )
    assert json.loads(done.stdout) == {
        "pointer": "/datasources/db/host",
        "value": "x",
        "absent": False,
        "absentBecause": None,
        "layer": "command line",
        "file": None,
        "line": None,
        "column": None,
        "variable": None,
        "written": "x",
        "replaced": [
            {
                "layer": "production",
                "file": "environments/production/datasources.yaml",
                "line": 4,
                "column": 9,
                "value": "db1",
            }
        ],
        "hides": [],
        "hiddenBy": None,
    }


def test_explain_finds_what_stands_in_a_model_file(project: Path) -> None:
    done = lbconf(project / "environments", "explain", "/models/Account/properties/email/type")
    assert done.stdout == (
        '/models/Account/definition/properties/email/type: "string"\n'
        "  from environments/base/models/account.yaml:5:17 (layer base)\n"
    )


def test_an_unknown_pointer_names_the_nearest(project: Path) -> None:
    done = lbconf(project, "explain", "/datasources/db/conector")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "LB2014" in done.stderr
    assert "did you mean /datasources/db/connector?" in done.stderr


def test_diff(project: Path) -> None:
    done = lbconf(project, "diff", "--env", "development", "--env", "production", PGPASSWORD="x")
    assert done.returncode == 0
    assert done.stdout == (
        '~ /datasources/db/connector: "memory" -> "postgresql"\n'
        "    environments/production/datasources.yaml:2:14\n"
        '- /datasources/db/file: "a.json"\n'
        "    environments/development/datasources.yaml:1:12\n"
        '+ /datasources/db/host: "db1"\n'
        "    environments/production/datasources.yaml:4:9\n"
        '+ /datasources/db/password: "***"\n'
        "    environments/production/datasources.yaml:5:13\n"
    )
    same = lbconf(project, "diff", "--env", "production", "--env", "production")
    assert (same.returncode, same.stdout) == (0, "")
    assert lbconf(project, "diff", "--env", "production").returncode == 2


def test_findings_are_words_not_tracebacks(project: Path) -> None:
    (project / "environments/base/models/account.yaml").write_text("a: [\n")
    done = lbconf(project, "config")
    assert done.returncode == 1
    assert "LB1006" in done.stderr
    assert "environments/base/models/account.yaml:2:1" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_repository_is_such_a_project() -> None:
    for folder in (REPOSITORY, REPOSITORY / "environments"):
        done = lbconf(folder, "config", "--format", "json")
        assert json.loads(done.stdout)["models"]["Account"]["wiring"]["dataSource"] == "accountDB"
