"""`lbconf serve` as a process: addresses, signals, workers, a database that goes and comes, changed files."""

import contextlib
import json
import os
import signal
import socket
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
import pytest

from tests import servers
from tests.serving import Served, ask, run_lbconf, served

MODEL = """\
name: Note
dataSource: db
public: true
properties:
  title: {type: string, required: true}
  stars: integer
"""
MEMORY = "db: {connector: memory}\n"
SQLITE = "db: {connector: sqlite, file: rows.db}\n"
POSTGRESQL = "db: {connector: postgresql, url: '${DATABASE_URL}', pool_timeout: 2000}\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_project(tmp_path, MEMORY)


def write_project(root: Path, data_sources: str) -> Path:
    base = root / "environments" / "base"
    (base / "models").mkdir(parents=True)
    (base / "datasources.yaml").write_text(data_sources)
    (base / "models" / "note.yaml").write_text(MODEL)
    return root


def eventually(condition: Any, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.1)


def test_rows_are_written_and_read(project: Path) -> None:
    with served(project) as server:
        status, made, _ = ask(server, "/api/notes", method="POST", body={"title": "one", "stars": 2})
        assert (status, made) == (200, {"id": 1, "title": "one", "stars": 2})
        assert ask(server, "/api/notes")[:2] == (200, [made])
        assert ask(server, "/api/notes/1")[:2] == (200, made)
        assert ask(server, "/api/notes/count")[:2] == (200, {"count": 1})
        assert ask(server, "/api/notes/1", method="DELETE")[:2] == (200, {"count": 1})
        assert ask(server, "/api/notes/1")[0] == 404


def test_rows_in_sqlite_outlive_the_server(tmp_path: Path) -> None:
    root = write_project(tmp_path, SQLITE)
    assert run_lbconf("apply", "--project", str(root), "--auto-approve").returncode == 0
    with served(root) as server:
        status, made, _ = ask(server, "/api/notes", method="POST", body={"title": "one", "stars": 2})
        assert (status, made) == (200, {"id": 1, "title": "one", "stars": 2})
        assert ask(server, "/readyz")[1]["dataSources"]["db"]["status"] == "up"
        server.process.terminate()
        assert server.process.wait(10) == 0
    with served(root) as server:
        assert ask(server, "/api/notes")[:2] == (200, [made])
        assert ask(server, "/api/notes/1", method="PATCH", body={"stars": 3})[1]["stars"] == 3
        assert ask(server, "/api/notes/1", method="DELETE")[:2] == (200, {"count": 1})
        assert ask(server, "/api/notes/1")[0] == 404
        assert ask(server, "/api/notes", method="POST", body={"title": "two"})[1]["id"] == 2


def test_two_workers_write_to_one_sqlite_file(tmp_path: Path) -> None:
    root = write_project(tmp_path, SQLITE)
    assert run_lbconf("apply", "--project", str(root), "--auto-approve").returncode == 0
    answers: list[tuple[int, Any]] = []

    def write(client: int) -> None:
        for number in range(25):
            status, made, _ = ask(server, "/api/notes", method="POST", body={"title": f"{client}-{number}"})
            answers.append((status, made))
            if number % 5 == 0:
                answers.append(ask(server, f"/api/notes/{made['id']}", method="PATCH", body={"stars": number})[:2])

    with served(root, "--workers", "2") as server:
        clients = [threading.Thread(target=write, args=(client,)) for client in range(8)]
        for client in clients:
            client.start()
        for client in clients:
            client.join(60)
        assert {status for status, _ in answers} == {200}
        assert ask(server, "/api/notes/count")[1] == {"count": 200}
        rows = ask(server, "/api/notes")[1]
        assert len({row["id"] for row in rows}) == 200
        children = worker_processes(server.process.pid)
        os.kill(children[0], signal.SIGKILL)
        eventually(lambda: len(set(worker_processes(server.process.pid)) - {children[0]}) == 2)
        eventually(lambda: (safely(server, "/api/notes/count") or {}).get("count") == 200)
        server.process.terminate()
        assert server.process.wait(15) == 0


def test_a_table_that_is_missing_is_said_at_the_start(tmp_path: Path) -> None:
    with served(write_project(tmp_path, SQLITE)) as server:
        line = json.loads(server.wait_for_line("table-missing"))
        assert (line["level"], line["model"], line["hint"]) == ("warning", "Note", "run `lbconf plan`, then apply")
        assert ask(server, "/api/notes")[:2] == (
            503,
            {
                "error": {
                    "statusCode": 503,
                    "message": "The database does not have, or has not filled, what this model needs.",
                }
            },
        )
        failed = json.loads(server.wait_for_line("request-failed"))
        assert "no such table" in failed["message"]
        assert "at" not in failed


def test_start_page_health_readiness_and_description(project: Path) -> None:
    with served(project) as server:
        assert set(ask(server, "/")[1]) == {"started", "uptime"}
        assert ask(server, "/healthz")[1]["status"] == "ok"
        status, ready, _ = ask(server, "/readyz")
        assert (status, ready["status"], ready["dataSources"]["db"]["status"]) == (200, "ready", "up")
        assert "/notes" in ask(server, "/openapi.json")[1]["paths"]
        for path in ("/", "/healthz", "/readyz", "/openapi.json", "/explorer"):
            assert ask(server, path, method="HEAD")[:2] == (200, None), path


def test_problem_details_when_asked_for(project: Path) -> None:
    with served(project) as server:
        status, problem, headers = ask(server, "/api/notes/9", headers={"accept": "application/problem+json"})

    assert (status, headers["content-type"]) == (404, "application/problem+json")
    assert (problem["title"], problem["status"], problem["code"]) == ("Not Found", 404, "MODEL_NOT_FOUND")


def test_unknown_property_in_a_condition_is_refused_with_the_nearest_name(project: Path) -> None:
    where = quote('{"titel":"x"}')
    with served(project) as server:
        answers = [
            ask(server, f"/api/notes?filter={quote(json.dumps({'where': {'titel': 'x'}}))}"),
            ask(server, f"/api/notes/count?where={where}"),
            ask(server, f"/api/notes/update?where={where}", method="POST", body={"stars": 1}),
        ]

    for status, body, _ in answers:
        assert status == 400
        assert "titel" in body["error"]["message"]
        assert "title" in json.dumps(body)


def test_access_log_has_the_request_id_and_no_token(project: Path) -> None:
    with served(project) as server:
        _, _, headers = ask(server, "/api/notes?access_token=s3cret", headers={"x-request-id": "abc"})
        line = json.loads(server.wait_for_line('"abc"'))

    assert headers["x-request-id"] == "abc"
    assert (line["method"], line["path"], line["status"]) == ("GET", "/api/notes", 200)
    assert not any("s3cret" in written for written in server.lines)


def test_port_in_use_is_said(project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run_lbconf("serve", "--project", str(project), "--host", "127.0.0.1", "--port", str(port))

    assert done.returncode == 1
    assert f"Port {port} on 127.0.0.1 is already in use" in done.stderr
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr


def test_port_and_host_come_from_the_environment(project: Path) -> None:
    port = servers.free_port()
    done = run_lbconf("serve", "--project", str(project), variables={"PORT": "many"})
    assert done.returncode == 1
    assert "many" in done.stderr

    with served(project, port=None, variables={"PORT": str(port), "HOST": "127.0.0.1"}) as server:
        assert server.url == f"http://127.0.0.1:{port}"


def test_workers_with_rows_in_memory_are_refused(project: Path) -> None:
    done = run_lbconf("serve", "--project", str(project), "--port", "0", "--workers", "2")

    assert done.returncode == 1
    assert "data source db" in done.stderr.lower()


def test_access_rules_are_never_silently_ignored() -> None:
    recorded = Path(__file__).parents[1] / "conformance_rest" / "recorded" / "project"
    with served(recorded) as server:
        assert ask(server, "/api/Ledgers")[0] == 401
        assert not any("Access control is OFF" in line for line in server.lines)

    with served(recorded, "--insecure-no-access-control") as server:
        assert ask(server, "/api/Ledgers")[0] == 200
        assert any("Access control is OFF" in line for line in server.lines)


def test_a_request_in_flight_is_finished_after_sigterm(tmp_path: Path, postgresql_url: str) -> None:
    root = write_project(tmp_path, POSTGRESQL)
    variables = {"DATABASE_URL": postgresql_url}
    table = prepared(root, variables, postgresql_url)
    with served(root, variables=variables) as server, psycopg.connect(postgresql_url) as locking:
        locking.execute(f'LOCK TABLE "{table}" IN ACCESS EXCLUSIVE MODE')
        answers: list[Any] = []
        waiting = threading.Thread(target=lambda: answers.append(ask(server, "/api/notes")))
        waiting.start()
        time.sleep(0.5)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.7)
        assert server.process.poll() is None
        assert not answers
        locking.rollback()
        waiting.join(10)
        assert server.process.wait(10) == 0

    assert answers[0][:2] == (200, [])


def test_a_request_that_hangs_does_not_keep_the_server_alive(tmp_path: Path, postgresql_url: str) -> None:
    root = write_project(tmp_path, POSTGRESQL)
    variables = {"DATABASE_URL": postgresql_url}
    table = prepared(root, variables, postgresql_url)
    with served(root, "--grace", "1", variables=variables) as server, psycopg.connect(postgresql_url) as locking:
        locking.execute(f'LOCK TABLE "{table}" IN ACCESS EXCLUSIVE MODE')
        waiting = threading.Thread(target=lambda: safely(server, "/api/notes"))
        waiting.start()
        time.sleep(0.5)
        server.process.terminate()
        assert server.process.wait(8) == 0
        locking.rollback()
        waiting.join(10)


def test_starts_without_its_database_and_follows_its_comings_and_goings(tmp_path: Path, postgresql_url: str) -> None:
    root = write_project(tmp_path, POSTGRESQL)
    prepared(root, {"DATABASE_URL": postgresql_url}, postgresql_url)
    there = urlsplit(postgresql_url)
    road = Road(servers.free_port(), there.port or 5432)
    far = urlunsplit(there._replace(netloc=f"{there.username}@127.0.0.1:{road.port}"))

    with served(root, variables={"DATABASE_URL": far}) as server:
        status, body, headers = ask(server, "/api/notes")
        assert (status, body) == (503, {"error": {"statusCode": 503, "message": "Service Unavailable"}})
        assert int(headers["retry-after"]) > 0
        assert ask(server, "/readyz")[0] == 503
        assert ask(server, "/healthz")[0] == 200

        road.open()
        eventually(lambda: ask(server, "/api/notes")[0] == 200)
        assert ask(server, "/readyz")[0] == 200

        road.close()
        eventually(lambda: ask(server, "/api/notes")[0] == 503)
        server.wait_for_line("data-source-away")

        road.open()
        eventually(lambda: ask(server, "/api/notes")[0] == 200)
        server.wait_for_line("data-source-back")
        road.close()


def test_connections_cut_by_the_server_are_made_anew(tmp_path: Path, postgresql_url: str) -> None:
    root = write_project(tmp_path, POSTGRESQL)
    variables = {"DATABASE_URL": postgresql_url}
    prepared(root, variables, postgresql_url)
    with served(root, variables=variables) as server:
        assert ask(server, "/api/notes")[0] == 200
        with psycopg.connect(postgresql_url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        eventually(lambda: ask(server, "/api/notes")[0] == 200)
        eventually(lambda: ask(server, "/readyz")[0] == 200)


def test_two_workers_answer(tmp_path: Path, postgresql_url: str) -> None:
    root = write_project(tmp_path, POSTGRESQL)
    variables = {"DATABASE_URL": postgresql_url}
    prepared(root, variables, postgresql_url)
    with served(root, "--workers", "2", variables=variables) as server:
        assert ask(server, "/api/notes", method="POST", body={"title": "x"})[0] == 200
        for _ in range(20):
            assert [row["title"] for row in ask(server, "/api/notes")[1]] == ["x"]
        children = worker_processes(server.process.pid)
        assert len(children) == 2
        os.kill(children[0], signal.SIGKILL)
        eventually(lambda: len(set(worker_processes(server.process.pid)) - {children[0]}) == 2)
        eventually(lambda: ask(server, "/api/notes")[0] == 200)
        server.process.terminate()
        assert server.process.wait(15) == 0


def test_reload_follows_the_files_and_keeps_serving_when_they_break(project: Path) -> None:
    model = project / "environments" / "base" / "models" / "note.yaml"
    with served(project, "--reload") as server:
        assert ask(server, "/api/notes")[0] == 200
        model.write_text("name: Note\nproperties: [\n")
        server.wait_for_line("the old one keeps serving")
        assert ask(server, "/api/notes")[0] == 200
        model.write_text(MODEL + "  color: string\n")
        server.wait_for_line("serving anew")
        eventually(lambda: "color" in json.dumps(safely(server, "/openapi.json")))


class Road:
    """A port that leads to another one while it is open; closing it cuts what is on the way."""

    def __init__(self, port: int, target: int) -> None:
        self.port = port
        self._target = target
        self._listening: socket.socket | None = None
        self._ends: list[socket.socket] = []

    def open(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def close(self) -> None:
        assert self._listening is not None
        for end in (self._listening, *self._ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._ends.clear()

    def _accept(self, listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listening.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
                self._ends += (near, far)
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=ends, daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def safely(server: Served, path: str) -> Any:
    try:
        return ask(server, path)[1]
    except (OSError, ValueError):
        return None


def prepared(root: Path, variables: dict[str, str], url: str) -> str:
    """Make the table; its name."""
    done = run_lbconf("apply", "--project", str(root), "--auto-approve", variables=variables)
    assert done.returncode == 0, done.stderr
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND lower(tablename) = 'note'"
        ).fetchone()
    assert row is not None
    return str(row[0])


def worker_processes(parent: int) -> list[int]:
    found = []
    for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # gone meanwhile
            if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(int(pid))
    return found
