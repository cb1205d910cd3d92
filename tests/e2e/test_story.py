"""The account application, as the README tells it: the console script, on SQLite and on a real PostgreSQL."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests import servers

ROOT = Path(__file__).parents[2]
LBCONF = str(Path(sys.executable).with_name("lbconf"))

FIRST = {
    "email": "baz@qux.com",
    "level": 20,
    "created": "2013-10-15T21:34:50.000Z",
    "modified": "2013-10-15T21:34:50.000Z",
    "id": 1,
}
SECOND = {
    "email": "foo@bar.com",
    "level": 10,
    "created": "2013-10-14T20:12:37.000Z",
    "modified": "2013-10-15T21:34:50.000Z",
    "id": 2,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """A copy of the repository's environments, used in one of them."""

    root: Path
    environment: str
    variables: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, folder: str = ".", expected: int = 0) -> str:
        """Run lbconf and return its standard output."""
        done = subprocess.run(
            [LBCONF, *arguments],
            cwd=self.root / folder,
            env={**os.environ, **self.variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == expected, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        return done.stdout

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Serve on a free port; the base URL."""
        port = servers.free_port()
        server = subprocess.Popen(
            [LBCONF, "serve", "--port", str(port)],
            cwd=self.root,
            env={**os.environ, **self.variables},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        url = f"http://127.0.0.1:{port}"
        try:
            end = time.monotonic() + 30
            while True:
                try:
                    urllib.request.urlopen(f"{url}/healthz", timeout=5).close()
                except (urllib.error.URLError, ConnectionError):
                    assert server.poll() is None, server.communicate()[1]
                    assert time.monotonic() < end
                    time.sleep(0.05)
                else:
                    break
            yield url
        finally:
            server.send_signal(signal.SIGTERM)
            _, log = server.communicate(timeout=30)
        assert server.returncode == 0, log
        assert "Traceback" not in log


@pytest.fixture(params=["development", "production"])
def application(request: pytest.FixtureRequest, tmp_path: Path) -> Application:
    shutil.copytree(ROOT / "environments", tmp_path / "environments", ignore=shutil.ignore_patterns("local"))
    variables = {"LBCONF_ENV": str(request.param)}
    if request.param == "production":
        variables["DATABASE_URL"] = request.getfixturevalue("postgresql_url")
    return Application(root=tmp_path, environment=str(request.param), variables=variables)


def ask(url: str, method: str = "GET", body: object = None) -> tuple[int, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def test_the_story(application: Application) -> None:
    application.run("validate")
    assert "account" in application.run("plan").lower()
    application.run("plan", "--detailed-exitcode", expected=2)
    application.run("apply", "--auto-approve")
    application.run("plan", "--detailed-exitcode")
    seeded = application.run("seed")
    assert "2 created, 0 updated, 0 unchanged" in seeded
    assert "0 created, 0 updated, 2 unchanged" in application.run("seed")

    with application.serving() as url:
        assert ask(f"{url}/api/accounts") == (200, [FIRST, SECOND])
        assert ask(f"{url}/api/accounts/1") == (200, FIRST)
        assert ask(f"{url}/api/accounts/count") == (200, {"count": 2})
        status, made = ask(f"{url}/api/accounts", "POST", {"email": "new@example.org", "level": 1})
        assert (status, made["id"]) == (200, 3)
        status, refused = ask(f"{url}/api/accounts", "POST", {"level": 1})
        assert (status, refused["error"]["name"]) == (422, "ValidationError")
        assert ask(f"{url}/api/accounts/99")[0] == 404
        with urllib.request.urlopen(f"{url}/explorer/", timeout=30) as page:
            assert b"<html" in page.read()

    assert "applied" in application.run("history")


def test_the_same_from_inside_environments(application: Application) -> None:
    for verb in (["validate"], ["plan"], ["apply", "--auto-approve"], ["seed"]):
        application.run(*verb, folder="environments")

    if application.environment == "development":
        assert (application.root / "account.db").exists()
        assert not (application.root / "environments" / "account.db").exists()
    application.run("plan", "--detailed-exitcode")


def test_discovery_gives_the_model_back(application: Application) -> None:
    application.run("apply", "--auto-approve")

    found = json.loads(
        application.run("discover", "--data-source", "accountDB", "--table", "account", "--format", "json")
    )

    definition = found[0] if isinstance(found, list) else found
    assert definition["name"] == "Account"
    assert definition["options"]["idInjection"] is False
    assert set(definition["properties"]) == {"id", "email", "level", "created", "modified"}
    assert definition["properties"]["email"]["required"] is True


def test_a_database_nobody_described(application: Application) -> None:
    application.run("apply", "--auto-approve")
    application.run("seed")
    url = application.variables.get("DATABASE_URL", f"sqlite:///{application.root}/account.db")
    out = application.root / "discovered"

    application.run("discover", "--url", url, "--out", str(out))

    stated = (out / "environments" / "base" / "datasources.yaml").read_text()
    assert "${DATABASE_URL}" in stated
    discovered = Application(root=out, environment="", variables={"LBCONF_ENV": ""})
    discovered.run("--project", str(out), "plan", "--url", url, "--detailed-exitcode")


def test_secrets_are_never_printed(application: Application) -> None:
    variables = {
        **application.variables,
        "PGPASSWORD": "tr0ub4dor",
        "DATABASE_URL": "postgresql://u:c0rrecth0rse@127.0.0.1:1/x",
    }
    watched = Application(root=application.root, environment="production", variables=variables)

    for arguments in (["config"], ["config", "--raw"], ["explain", "/datasources/accountDB/password"], ["validate"]):
        shown = watched.run("--env", "production", *arguments)
        assert not re.search("tr0ub4dor|c0rrecth0rse", shown)
    done = subprocess.run(
        [LBCONF, "--env", "production", "plan"],
        cwd=application.root,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert not re.search("tr0ub4dor|c0rrecth0rse", done.stdout + done.stderr)
