"""What the log says of JSON Web Tokens that do not hold, and of what fails in a project's own code."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest

from lbconf.api.log import SELDOM, JsonLog
from tests.inside import inside

SECRET = "a secret of at least thirty-two bytes"
CODE = """
from lbconf.code import before_save


@before_save
def boom(context):
    raise KeyError("told to nobody")
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    base = tmp_path / "environments" / "base"
    (base / "models").mkdir(parents=True)
    trusted = {"issuer": "shop", "audience": "shop", "secret": SECRET, "user": {"model": "Person"}}
    (base / "server.json").write_text(json.dumps({"access": {"jwt": trusted}}))
    (base / "datasources.json").write_text(json.dumps({"db": {"connector": "memory"}}))
    anyone = [{"principalType": "ROLE", "principalId": "$everyone", "permission": "ALLOW"}]
    models: dict[str, Any] = {
        "Person": {"base": "User", "acls": anyone},
        "Note": {"properties": {"text": "string"}, "acls": anyone},
    }
    for name, model in models.items():
        (base / "models" / f"{name}.json").write_text(json.dumps({"name": name, "dataSource": "db", **model}))
    return tmp_path


@pytest.fixture
def asked(root: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Gives the status of a request, and the lines of the log."""
    lines: list[bytes] = []
    monkeypatch.setattr("lbconf.operations.serve._write_log", lines.append)

    def run(verb: str, target: str, body: Any = None, **headers: str) -> tuple[int, list[Any]]:
        async def once() -> int:
            async with inside(root) as app:
                sent = {name.replace("_", "-"): value for name, value in headers.items()}
                return (await app.ask(verb, target, body, headers=sent)).status

        return asyncio.run(once()), [json.loads(line) for line in b"".join(lines).splitlines()]

    return run


def token(secret: str = SECRET, **claims: Any) -> str:
    said = {"iss": "shop", "aud": "shop", "sub": "1", "exp": int(time.time()) + 36_000, **claims}
    return jwt.encode({key: value for key, value in said.items() if value is not None}, secret, algorithm="HS256")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(token("another secret of thirty-two bytes"), "wrong key", id="key"),
        pytest.param(token(iss="other"), "issuer", id="issuer"),
        pytest.param(token(aud="other"), "audience", id="audience"),
        pytest.param(token(aud=None), "audience", id="no audience"),
        pytest.param(token(exp=1), "expired", id="expired"),
        pytest.param(token(exp=None), "no exp", id="no exp"),
        pytest.param(token(nbf=int(time.time()) + 36_000), "not valid yet", id="early"),
        pytest.param(token(sub=None), "no subject", id="no subject"),
        pytest.param(token(sub="x7"), "unknown subject", id="subject"),
        pytest.param("eyJhIjoxfQ.AAAA.AAAA", "malformed", id="malformed"),
        pytest.param(jwt.encode({"iss": "shop"}, "x" * 48, algorithm="HS384"), "algorithm", id="algorithm"),
        pytest.param(token(x="a" * 20_000), "too long", id="too long"),
    ],
)
def test_a_token_that_is_refused_is_told_with_its_reason_and_request(asked: Any, text: str, reason: str) -> None:
    status, lines = asked("GET", "/api/notes", authorization=f"Bearer {text}", x_request_id="r-1")
    assert status == 401
    (line,) = [line for line in lines if line["event"] == "token-refused"]
    told = {key: line[key] for key in ("level", "reason", "id", "method", "path")}
    assert told == {"level": "info", "reason": reason, "id": "r-1", "method": "GET", "path": "/api/notes"}
    assert text not in json.dumps(lines)


def test_a_flood_of_refused_tokens_does_not_fill_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[bytes] = []
    now = [600.0]
    monkeypatch.setattr("lbconf.api.log.time.monotonic", lambda: now[0])
    log = JsonLog(lines.append)
    for _ in range(3 * SELDOM):
        log.seldom("info", "token-refused")
    assert len(lines) == SELDOM
    assert [b"no more lines" in line for line in lines] == [False] * (SELDOM - 1) + [True]
    now[0] += 60
    log.seldom("info", "token-refused")
    assert len(lines) == SELDOM + 1


def test_an_error_of_the_projects_code_is_told_with_the_requests_id(asked: Any, root: Path) -> None:
    model = {"name": "Broken", "plural": "broken", "dataSource": "db", "code": "code_that_breaks"}
    (root / "environments" / "base" / "models" / "Broken.json").write_text(json.dumps(model))
    (root / "code_that_breaks.py").write_text(CODE)
    status, lines = asked("POST", "/api/broken", {"text": "x"}, x_request_id="r-2")
    assert status == 500
    (line,) = [line for line in lines if line["event"] == "internal-error"]
    assert (line["error"], line["id"], line["path"]) == ("KeyError", "r-2", "/api/broken")
    assert "told to nobody" not in json.dumps(lines)
