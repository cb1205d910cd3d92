"""The server as those see it who run it: metrics of all workers, limits, names, TLS, middleware of LoopBack."""

import json
import re
import ssl
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.serving import Served, ask, run_lbconf, served

MODEL = "dataSource: db\nproperties: {title: string}\n"


def project(root: Path, server: str, source: str = "db: {connector: memory}\n") -> Path:
    base = root / "environments" / "base"
    (base / "models").mkdir(parents=True)
    (base / "models" / "note.yaml").write_text(MODEL)
    (base / "datasources.yaml").write_text(source)
    (base / "server.yaml").write_text(server)
    return root


def text(server: Served, path: str, **headers: str) -> str:
    request = urllib.request.Request(server.url + path, headers=headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return str(answer.read().decode())


def total(metrics: str, name: str, *labels: str) -> float:
    lines = [line for line in metrics.splitlines() if line.startswith(name) and all(one in line for one in labels)]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def test_metrics_are_those_of_all_workers(tmp_path: Path) -> None:
    root = project(tmp_path, "{}\n", "db: {connector: sqlite, file: rows.db}\n")
    assert run_lbconf("apply", "--project", str(root), "--yes").returncode == 0
    with served(root, "--insecure-no-access-control", "--workers", "2") as server:
        for _ in range(40):
            assert ask(server, "/api/notes")[0] == 200
        server.wait_for_line('"event":"request"')
        counts: list[float] = []
        while not counts or counts[-1] < 40:
            counts.append(total(text(server, "/metrics"), "lbconf_requests_total", 'route="/api/notes"'))
            assert len(counts) < 2000
        assert counts[-1] == 40
        metrics = text(server, "/metrics")
        assert total(metrics, "lbconf_query_duration_seconds_count", 'model="Note"', 'operation="find"') >= 1
        assert re.search(r'^lbconf_data_source_up\{data_source="db"\} 1$', metrics, re.MULTILINE)


def test_streams_uploads_and_several_operations_are_in_the_metrics(tmp_path: Path) -> None:
    root = project(tmp_path, "{}\n", "db: {connector: sqlite, file: rows.db}\n")
    assert run_lbconf("apply", "--project", str(root), "--yes").returncode == 0
    with served(root, "--insecure-no-access-control") as server:
        lines = b'{"title": "line"}\n' * 1200
        request = urllib.request.Request(server.url + "/api/notes", lines, {"content-type": "application/x-ndjson"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            assert json.load(answer) == {"count": 1200}
        assert text(server, "/api/notes", accept="application/x-ndjson").count("\n") == 1200
        assert ask(server, "/api/batch", method="POST", body=[{"method": "GET", "path": "/notes/1"}])[0] == 200
        assert ask(server, "/api/notes/bulk", method="POST", body={"delete": [1]})[0] == 200
        metrics = text(server, "/metrics")
        assert total(metrics, "lbconf_query_duration_seconds_count", 'operation="stream"') == 1
        assert total(metrics, "lbconf_query_duration_seconds_count", 'operation="insert"') >= 3
        for method, route in (("GET", "/api/notes"), ("POST", "/api/batch"), ("POST", "/api/notes/bulk")):
            assert total(metrics, "lbconf_requests_total", f'method="{method}",route="{route}",status="200"') == 1


def test_metrics_may_ask_for_a_token_or_be_away(tmp_path: Path) -> None:
    with served(project(tmp_path / "a", "metrics: {token: s3cret}\n"), "--insecure-no-access-control") as server:
        assert ask(server, "/metrics")[0] == 401
        assert ask(server, "/metrics", headers={"authorization": "Bearer other"})[0] == 401
        assert "lbconf_info" in text(server, "/metrics", authorization="Bearer s3cret")
        assert not any("s3cret" in line for line in server.lines)
    with served(project(tmp_path / "b", "metrics: false\n"), "--insecure-no-access-control") as server:
        assert ask(server, "/metrics")[0] == 404


def test_limits_names_and_headers(tmp_path: Path) -> None:
    root = project(
        tmp_path,
        "bodyLimit: 1kb\n"
        "bodyLimits: [{path: '/api/notes', method: PUT, limit: 4kb}]\n"
        "rateLimit: {requests: 2, seconds: 600, path: /api/notes/count}\n"
        "hosts: [127.0.0.1]\n"
        "trustProxy: loopback\n"
        "serverTiming: asked\n"
        "securityHeaders: {x-frame-options: DENY, referrer-policy: false}\n",
    )
    with served(root, "--insecure-no-access-control") as server:
        long = {"title": "x" * 2000}
        assert ask(server, "/api/notes", method="POST", body=long)[0] == 413
        assert ask(server, "/api/notes", method="PUT", body=long)[0] == 200

        assert [ask(server, "/api/notes/count")[0] for _ in range(3)] == [200, 200, 429]
        status, body, headers = ask(server, "/api/notes/count")
        assert (status, body["error"]["name"], int(headers["retry-after"]) > 0) == (429, "TooManyRequestsError", True)
        assert ask(server, "/api/notes/count", headers={"x-forwarded-for": "9.9.9.9"})[0] == 200

        assert ask(server, "/api/notes", headers={"host": "evil.example"})[0] == 421

        _, _, headers = ask(server, "/api/notes", headers={"x-server-timing": "1"})
        assert "db;dur=" in headers["server-timing"]
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"
        assert "referrer-policy" not in headers
        line = server.wait_for_line('"client":"9.9.9.9"')
        assert json.loads(line)["path"] == "/api/notes/count"


def test_tls(tmp_path: Path) -> None:
    root = project(tmp_path, "tls: {certificate: server.pem, key: server.key}\n")
    assert run_lbconf("serve", "--project", str(root), "--insecure-no-access-control").returncode == 1
    made = subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(root / "server.key")),
            *("-out", str(root / "server.pem")),
        ],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("openssl makes no certificate here")
    context = ssl.create_default_context(cafile=str(root / "server.pem"))
    with served(root, "--insecure-no-access-control", wait=False) as server:
        assert server.url.startswith("https:")
        with urllib.request.urlopen(f"{server.url}/healthz", timeout=20, context=context) as answer:
            assert answer.status == 200
            assert answer.headers["strict-transport-security"].startswith("max-age=")


def test_middleware_of_loopback(tmp_path: Path) -> None:
    files: dict[str, Any] = {
        "server/config.json": {"restApiRoot": "/api"},
        "server/datasources.json": {"db": {"name": "db", "connector": "memory"}},
        "server/model-config.json": {"_meta": {"sources": ["../common/models"]}, "Note": {"dataSource": "db"}},
        "server/component-config.json": {
            "loopback-component-storage": {"a": 1},
            "loopback-component-passport": {"a": 1},
            "loopback-component-push": False,
        },
        "server/middleware.json": {
            "initial": {
                "compression": {},
                "helmet#noSniff": {},
                "helmet#frameguard": {"params": ["deny"]},
                "./middleware/own": {},
                "morgon": {"enabled": False},
            },
            "routes:before": {
                "express-rate-limit": {"paths": ["/api/Notes/count"], "params": {"max": 1, "windowMs": 60000}}
            },
            "files": {"loopback#static": {"params": "$!../client"}},
        },
        "common/models/note.json": {"name": "Note", "base": "PersistedModel", "properties": {"title": "string"}},
    }
    for name, value in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value))
    (tmp_path / "client").mkdir()
    (tmp_path / "client" / "hello.txt").write_text("hello")

    checked = run_lbconf("validate", "--project", str(tmp_path), "--format", "json")
    told = [one["message"] for one in json.loads(checked.stdout)["diagnostics"] if one["code"] == "LB3032"]
    assert sorted(message.split(" has no")[0] for message in told) == [
        "component loopback-component-passport",
        "component loopback-component-storage",
        "middleware ./middleware/own of the phase initial",
    ]
    with served(tmp_path, "--insecure-no-access-control") as server:
        status, _, headers = ask(server, "/api/Notes", headers={"accept-encoding": "gzip"})
        assert (status, headers["x-frame-options"], headers["x-content-type-options"]) == (200, "DENY", "nosniff")
        assert "referrer-policy" not in headers
        assert text(server, "/hello.txt") == "hello"
        assert [ask(server, "/api/Notes/count")[0] for _ in range(2)] == [200, 429]
