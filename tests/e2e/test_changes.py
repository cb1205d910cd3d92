"""Change streams of a served project: what is told, to whom, and when a stream ends."""

import http.client
import json
import signal
import threading
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_code import write
from tests.serving import Served, ask, run_lbconf, served

BASE = "environments/base"
ORDER = """
dataSource: db
changeStream: true
properties:
  id: {type: integer, id: true, generated: true}
  title: string
  size: integer
  secret: {type: string, hidden: true}
"""
LOOPBACK_ORDER = {
    "name": "Order",
    "base": "PersistedModel",
    "forceId": True,
    "hidden": ["secret"],
    "properties": {
        "id": {"type": "number", "id": True, "generated": True},
        "title": "string",
        "secret": "string",
        "n": "number",
    },
}


class Stream:
    """An open stream, read in a thread of its own."""

    def __init__(self, server: Served, path: str, headers: dict[str, str], body: Any = None) -> None:
        place = urllib.parse.urlsplit(server.url)
        self._connection = http.client.HTTPConnection(place.hostname or "", place.port or 0, timeout=30)
        text = None if body is None else json.dumps(body)
        if text is not None:
            headers = {**headers, "content-type": "application/json"}
        self._connection.request("POST" if text else "GET", f"/api{path}", text, headers)
        self.answer = self._connection.getresponse()
        self.lines: list[str] = []
        self.ended = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        try:
            for line in iter(self.answer.readline, b""):
                self.lines.append(line.decode().rstrip("\n"))
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            pass
        self.ended.set()

    @property
    def events(self) -> list[Any]:
        """What was told so far."""
        return [json.loads(line.removeprefix("data: ")) for line in self.lines if line.startswith("data: {")]

    def wait(self, count: int, seconds: float = 10.0) -> list[Any]:
        """So many events, waited for."""
        self._until(lambda: len(self.events) >= count, seconds)
        return self.events

    def wait_for_line(self, text: str, seconds: float = 10.0) -> None:
        """A line, waited for."""
        self._until(lambda: text in self.lines, seconds)

    def _until(self, good: Any, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not good():
            assert time.monotonic() < deadline, self.lines
            time.sleep(0.01)

    def close(self) -> None:
        """Go away, as a browser does whose page is closed."""
        if self._connection.sock is not None:
            self._connection.sock.shutdown(2)
        self._connection.close()


@contextmanager
def following(
    server: Served, path: str = "/orders/change-stream", body: Any = None, **headers: str
) -> Iterator[Stream]:
    stream = Stream(server, path, {"accept": "text/event-stream", **headers}, body)
    try:
        if stream.answer.status == 200:
            stream.wait_for_line(":ok")
        yield stream
    finally:
        stream.close()


def native(folder: Path, source: str, **files: str) -> Path:
    made = write(
        folder,
        {
            f"{BASE}/server.yaml": "changeStreamHeartbeat: 0.2\n",
            f"{BASE}/datasources.yaml": f"db: {source}\n",
            f"{BASE}/models/order.yaml": ORDER,
            **files,
        },
    )
    if "memory" not in source:
        done = run_lbconf("--project", str(made), "apply", "--auto-approve")
        assert done.returncode == 0, done.stdout + done.stderr
    return made


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def source(request: pytest.FixtureRequest) -> str:
    if request.param == "postgresql":
        return f"{{connector: postgresql, url: '{request.getfixturevalue('postgresql_url')}'}}"
    return {"memory": "{connector: memory}", "sqlite": "{connector: sqlite, file: rows.db}"}[request.param]


def send(server: Served, verb: str, path: str, body: Any = None, **headers: str) -> Any:
    status, answer, _ = ask(server, f"/api{path}", method=verb, body=body, headers=headers)
    assert status < 300, answer
    return answer


def test_writes_are_told_in_their_order(tmp_path: Path, source: str) -> None:
    with served(native(tmp_path, source)) as server, following(server) as stream:
        send(server, "POST", "/orders", {"title": "a", "secret": "s"})
        stream.wait(1)
        send(server, "PATCH", "/orders/1", {"size": 2})
        stream.wait(2)
        send(server, "POST", "/orders/update?where%5Btitle%5D=a", {"size": 3})
        stream.wait(3)
        send(server, "DELETE", "/orders/1")

        told = stream.wait(4)

    assert stream.answer.headers["content-type"] == "text/event-stream"
    assert [(event["type"], event.get("target")) for event in told] == [
        ("create", 1),
        ("update", 1),
        ("update", None),
        ("remove", 1),
    ]
    assert (told[0]["data"]["title"], told[1]["data"]["size"], told[2]["where"]) == ("a", 2, {"title": "a"})
    assert "secret" not in "".join(stream.lines)
    assert stream.lines[:5][1:3] == ["", "event: data"]


def test_only_changes_that_match_are_told(tmp_path: Path, source: str) -> None:
    where = urllib.parse.quote(json.dumps({"where": {"size": {"gt": 1}}}))
    with (
        served(native(tmp_path, source)) as server,
        following(server, f"/orders/change-stream?options={where}") as by_query,
        following(server, body={"options": {"where": {"title": "c"}}}) as by_body,
        following(server) as everything,
    ):
        for title, size in (("a", 1), ("b", 2), ("c", 3)):
            send(server, "POST", "/orders", {"title": title, "size": size})
        everything.wait(3)

        assert [event["target"] for event in by_query.wait(2)] == [2, 3]
        assert [event["target"] for event in by_body.wait(1)] == [3]


def test_a_condition_that_cannot_be_is_refused(tmp_path: Path) -> None:
    with served(native(tmp_path, "{connector: memory}")) as server:
        for where in ({"sise": 1}, {"secret": "s"}):
            asked = urllib.parse.quote(json.dumps({"where": where}))
            status, _, _ = ask(server, f"/api/orders/change-stream?options={asked}")
            assert status == 400


def test_a_write_that_is_taken_back_is_not_told(tmp_path: Path, source: str) -> None:
    code = "from lbconf.code import HttpError, after_save\n\n\n@after_save\ndef refuse(context):\n"
    code += "    if context.instance['title'] == 'no':\n        raise HttpError(409, 'no')\n"
    files = {"app/__init__.py": "", "app/order.py": code, f"{BASE}/models/order.yaml": ORDER + "code: app.order\n"}
    with served(native(tmp_path, source, **files)) as server, following(server) as stream:
        assert ask(server, "/api/orders", method="POST", body={"title": "no"})[0] == 409
        send(server, "POST", "/orders", {"title": "yes"})

        assert [event["data"]["title"] for event in stream.wait(1)] == ["yes"]


def test_what_another_process_writes_is_told_through_postgresql(tmp_path: Path, postgresql_url: str) -> None:
    made = native(tmp_path, f"{{connector: postgresql, url: '{postgresql_url}'}}")
    with served(made) as one, served(made) as other, following(one) as stream:
        for number in range(20):
            send(other, "POST", "/orders", {"title": f"t{number}", "secret": "s" * 9000})
        told = stream.wait(20)
        send(other, "DELETE", "/orders/3")
        last = stream.wait(21)[-1]

    assert [event["data"]["title"] for event in told] == [f"t{number}" for number in range(20)]
    assert (last["type"], last["target"]) == ("remove", 3)


def test_streams_end_where_what_others_write_is_no_longer_heard(tmp_path: Path, postgresql_url: str) -> None:
    import psycopg

    made = native(tmp_path, f"{{connector: postgresql, url: '{postgresql_url}'}}")
    with served(made) as server, following(server) as stream:
        with psycopg.connect(postgresql_url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE query LIKE 'LISTEN%' AND datname = current_database()"
            )
        assert stream.ended.wait(15)
        server.wait_for_line("changes-not-heard")
        with following(server) as again:
            deadline = time.monotonic() + 15
            while not again.events and time.monotonic() < deadline:  # it listens again within a second
                send(server, "POST", "/orders", {"title": "x"})
                time.sleep(0.1)
            assert again.events


def test_a_stream_shows_that_it_lives_and_ends_with_the_server(tmp_path: Path) -> None:
    with served(native(tmp_path, "{connector: memory}")) as server, following(server) as stream:
        stream.wait_for_line(":")
        server.process.send_signal(signal.SIGTERM)

        assert stream.ended.wait(10)
        assert server.process.wait(10) == 0
    assert stream.lines[-3:-1] == ["event: end", "data: null"]
    assert "without completing" not in "".join(server.lines)


def test_native_models_have_no_stream_unless_they_say_so(tmp_path: Path) -> None:
    files = {f"{BASE}/models/order.yaml": ORDER.replace("changeStream: true\n", "")}
    with served(native(tmp_path, "{connector: memory}", **files)) as server:
        assert ask(server, "/api/orders/change-stream")[0] in {400, 404}


def test_only_those_who_may_read_follow_and_of_owned_rows_the_owner_alone(tmp_path: Path) -> None:
    acls = """
        relations:
          owner: {type: belongsTo, model: Person, foreignKey: ownerId}
        acls:
          - {principalType: ROLE, principalId: $everyone, permission: DENY}
          - {principalType: ROLE, principalId: $authenticated, permission: ALLOW, property: create}
          - {principalType: ROLE, principalId: $authenticated, permission: ALLOW, property: createChangeStream}
          - {principalType: ROLE, principalId: $owner, permission: ALLOW}
    """
    person = "base: User\ndataSource: db\nproperties:\n  nick: string\n"
    token = "name: AccessToken\ndataSource: db\npublic: false\nrelations:\n"
    token += "  user: {type: belongsTo, model: Person, foreignKey: userId}\n"
    order = ORDER + "".join(f"{line[8:]}\n" for line in acls.splitlines() if line.strip())
    files = {f"{BASE}/models/order.yaml": order, f"{BASE}/models/person.yaml": person}
    files[f"{BASE}/models/access-token.yaml"] = token
    with served(native(tmp_path, "{connector: memory}", **files)) as server:
        assert ask(server, "/api/orders/change-stream")[0] == 401
        tokens = []
        for name in ("ada", "bob"):
            user = {"email": f"{name}@example.org", "password": f"{name}-secret"}
            send(server, "POST", "/people", user)
            tokens.append(str(send(server, "POST", "/people/login", user)["id"]))
        with following(server, authorization=tokens[0]) as ada, following(server, authorization=tokens[1]) as bob:
            send(server, "POST", "/orders", {"title": "a", "ownerId": 1}, authorization=tokens[0])
            send(server, "POST", "/orders", {"title": "b", "ownerId": 2}, authorization=tokens[1])

            assert [event["data"]["title"] for event in ada.wait(1)] == ["a"]
            assert [event["data"]["title"] for event in bob.wait(1)] == ["b"]
            send(server, "POST", "/people/logout", {}, authorization=tokens[0])
            assert ada.ended.wait(10)
            assert not bob.ended.is_set()
        assert len(ada.events) == 1


def test_loopback_projects_tell_what_loopback_tells(tmp_path: Path) -> None:
    made = write(
        tmp_path,
        {
            "server/config.json": json.dumps({"restApiRoot": "/api", "host": "127.0.0.1", "port": 3000}),
            "server/datasources.json": json.dumps({"db": {"name": "db", "connector": "memory"}}),
            "server/model-config.json": json.dumps(
                {"_meta": {"sources": ["../common/models"]}, "Order": {"dataSource": "db", "public": True}}
            ),
            "common/models/order.json": json.dumps(LOOPBACK_ORDER),
        },
    )
    with served(made) as server, following(server, "/Orders/change-stream") as stream:
        send(server, "POST", "/Orders", {"title": "x", "secret": "s", "n": 1})
        send(server, "PATCH", "/Orders/1", {"n": 5})
        send(server, "PUT", "/Orders/1", {"title": "z"})
        send(server, "POST", "/Orders/update?where%5Btitle%5D=z", {"n": 9})
        send(server, "POST", "/Orders/update?where%5Bid%5D=1", {"n": 9})
        send(server, "DELETE", "/Orders/1")
        send(server, "DELETE", "/Orders/99")
        told = stream.wait(7)

    # Recorded from LoopBack 3.28.
    assert told == [
        {"target": 1, "data": {"id": 1, "title": "x", "n": 1}, "type": "create"},
        {"target": 1, "data": {"id": 1, "title": "x", "n": 5}, "type": "update"},
        {"target": 1, "data": {"id": 1, "title": "z"}, "type": "update"},
        {"where": {"title": "z"}, "data": {"n": 9}, "type": "create"},
        {"target": 1, "where": {"id": 1}, "data": {"n": 9}, "type": "update"},
        {"target": 1, "where": {"id": 1}, "type": "remove"},
        {"target": 99, "where": {"id": 99}, "type": "remove"},
    ]


def test_several_workers_are_warned_of_what_they_cannot_tell(tmp_path: Path) -> None:
    with served(native(tmp_path, "{connector: sqlite, file: rows.db}"), "--workers", "2") as server:
        server.wait_for_line("LB7023")
