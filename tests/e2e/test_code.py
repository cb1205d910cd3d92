"""A project's own Python code behind the real server: hooks, remote methods, errors, the start."""

import json
import textwrap
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.serving import Served, ask, run_lbconf, served

SERVER = "name: Code\ncode: app.start\n"
MODEL = """
dataSource: db
code: app.task
strict: false
properties:
  id: {type: integer, id: true, generated: true}
  title: {type: string, required: true}
  state: {type: string, default: new}
  size: integer
  secret: {type: string, hidden: true}
relations:
  notes: {type: hasMany, model: Note, foreignKey: taskId}
methods:
  echo:
    accepts:
      - {arg: text, type: string, required: true}
      - {arg: times, type: integer}
      - {arg: when, type: date}
      - {arg: tags, type: [string]}
      - {arg: agent, type: string, http: {source: header}}
    returns: {arg: result, type: object, root: true}
    http: [{verb: get, path: "/echo/:text"}, {verb: post, path: /echo}]
  several:
    accepts: {arg: body, type: object, http: {source: body}}
    returns:
      - {arg: first, type: number}
      - {arg: second, type: Task}
      - {arg: code, type: number, http: {target: status}}
      - {arg: mark, type: string, http: {target: header, header: X-Mark}}
  nothing: {}
  file:
    returns:
      - {arg: body, type: file, root: true}
      - {arg: type, type: string, http: {target: header, header: Content-Type}}
    http: {verb: get}
  failing:
    accepts: {arg: how, type: string}
    returns: {arg: result, type: string}
    http: {verb: get, errorStatus: 418}
  endless: {}
  prototype.rename:
    accepts: {arg: title, type: string, required: true}
    returns: {arg: task, type: Task, root: true}
    http: {verb: put, path: /rename, status: 202}
"""
NOTE = """
dataSource: db
properties:
  id: {type: integer, id: true, generated: true}
  text: string
relations:
  task: {type: belongsTo, model: Task, foreignKey: taskId}
"""
CODE = '''
"""Hooks and methods of the tests."""

import asyncio
import time

from lbconf.code import (
    HttpError, access, after_delete, after_remote, after_remote_error, after_save, before_delete, before_remote,
    before_save, loaded, persist, remote, validator,
)


@before_save
def number(context):
    context.hook_state["asked"] = context.row.get("title")
    if context.row.get("title") == "numbered":
        context.row["size"] = "7"


@persist
def last_change(context):
    if context.data.get("title") == "persisted":
        context.data["state"] = "changed late"


@after_save
async def fail(context):
    await asyncio.sleep(0)
    row = context.instance
    if row is None:
        return
    assert context.hook_state["asked"] is None or context.hook_state["asked"] == row["title"]
    if row["title"] == "refused":
        context.models.Note.create({"text": "written on the way", "taskId": row["id"]})
        raise HttpError(409, "Not that title.", code="TITLE", details={"title": "refused"})
    if row["title"] == "broken":
        raise RuntimeError("the password is hunter2")


@before_delete
def keep(context):
    for task in context.models.Task.find({"where": context.where}):
        if task["title"] == "kept":
            raise HttpError(409, "It is kept.")


@after_delete
def count(context):
    context.models.Note.create({"text": f"deleted {context.info['count']}"})


@access
def own_state(context):
    where = context.query.get("where") or {}
    if where.get("state") == "mine":
        context.query["where"] = {**where, "state": "new"}
    if where.get("state") == "others":
        context.query["where"] = {**where, "id": -1}


@loaded
def shout(context):
    if context.data.get("title") == "quiet":
        context.data["title"] = "QUIET"


@validator("size", message="is too large", code="custom.size")
def not_huge(value, row):
    return value is None or value < 1000


@validator("title")
def no_spaces(value, row):
    return "has spaces" if value and value != value.strip() else None


@remote
def echo(context, text, times=1, when=None, tags=None, agent=None):
    return {"text": text, "times": times, "when": when, "tags": tags, "agent": agent}


@remote
async def several(context, body):
    await asyncio.sleep(0)
    return 1, {"id": 7, "title": "t", "secret": "s"}, 203, "marked"


@remote
def nothing(context):
    return "dropped"


@remote
def file(context):
    return b"a,b\\n", "text/csv"


@remote
def failing(context, how):
    if how == "own":
        raise HttpError(422, "Own words.", code="OWN", name="OwnError")
    raise RuntimeError("the password is hunter2")


@remote
def endless(context):
    time.sleep(20)


@remote("prototype.rename")
def rename(context, title):
    return context.models.Task.update(context.instance["id"], {"title": title})


@before_remote("find")
def only_two(context):
    context.args["filter"] = {**(context.args.get("filter") or {}), "limit": 2}


@before_remote("prototype.*")
def not_odd(context):
    if context.args.get("id") == "13":
        raise HttpError(400, "An unlucky number.")


@after_remote("count")
def doubled(context):
    context.result["count"] *= 2
    context.status = 203
    context.headers["X-Doubled"] = "yes"


@after_remote_error("**")
def other_error(context):
    if isinstance(context.error, ZeroDivisionError):
        raise HttpError(400, "Divided.")


@before_remote("findOne")
def divide(context):
    1 / 0
'''
START = '''
"""The start of the tests."""

from lbconf.code import boot


@boot
def first_task(context):
    if not context.models.Task.count():
        context.models.Task.create({"title": "made at boot"})
'''


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """A project with these files."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"))
    return folder


def project(folder: Path, source: str = "{connector: memory}", **more: str) -> Path:
    """The project of these tests on some data source."""
    base = "environments/base"
    files = {
        f"{base}/server.yaml": SERVER,
        f"{base}/datasources.yaml": f"db: {source}\n",
        f"{base}/models/task.yaml": MODEL,
        f"{base}/models/note.yaml": NOTE,
        "app/__init__.py": "",
        "app/task.py": CODE,
        "app/start.py": START,
    }
    return write(folder, {**files, **more})


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    with _running(request.param, request, tmp_path) as running:
        yield running


@contextmanager
def _running(kind: str, request: pytest.FixtureRequest, folder: Path) -> Iterator[Served]:
    source = {"memory": "{connector: memory}", "sqlite": "{connector: sqlite, file: rows.db}"}.get(kind)
    if source is None:
        source = f"{{connector: {kind}, url: '{request.getfixturevalue(f'{kind}_url')}'}}"
    made = project(folder, source)
    if kind != "memory":
        done = run_lbconf("--project", str(made), "apply", "--auto-approve")
        assert done.returncode == 0, done.stdout + done.stderr
    with served(made) as running:
        yield running


def send(server: Served, verb: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    status, answer, _ = ask(server, f"/api{path}", method=verb, body=body, headers=headers)
    return status, answer


def created(server: Served, title: str, **more: Any) -> dict[str, Any]:
    status, answer = send(server, "POST", "/tasks", {"title": title, **more})
    assert status == 200, answer
    return dict(answer)


def notes(server: Served) -> list[str]:
    status, answer = send(server, "GET", "/notes")
    assert status == 200, answer
    return [note["text"] for note in answer]


def test_what_hooks_change_is_typed_checked_and_written(server: Served) -> None:
    task = created(server, "numbered")

    assert (task["size"], task["state"]) == (7, "new")
    assert send(server, "GET", f"/tasks/{task['id']}")[1]["size"] == 7
    late = created(server, "persisted")
    assert send(server, "GET", f"/tasks/{late['id']}")[1]["state"] == "changed late"


def test_an_error_after_the_write_takes_everything_back(server: Served) -> None:
    before = send(server, "GET", "/tasks/count")[1]["count"]

    status, answer = send(server, "POST", "/tasks", {"title": "refused"})

    assert (status, answer["error"]["code"], answer["error"]["details"]) == (409, "TITLE", {"title": "refused"})
    assert send(server, "GET", "/tasks/count")[1]["count"] == before
    assert notes(server) == []
    task = created(server, "a")
    assert send(server, "PATCH", f"/tasks/{task['id']}", {"title": "refused"})[0] == 409
    assert send(server, "GET", f"/tasks/{task['id']}")[1]["title"] == "a"


def test_a_mistake_in_the_code_is_a_500_that_tells_nothing_and_a_line_in_the_log(server: Served) -> None:
    status, answer = send(server, "POST", "/tasks", {"title": "broken"})

    assert (status, answer) == (500, {"error": {"statusCode": 500, "message": "Internal Server Error"}})
    line = json.loads(server.wait_for_line("internal-error"))
    assert line["error"] == "RuntimeError"
    assert any("app/task.py" in place and place.endswith(" fail") for place in line["at"])
    assert "hunter2" not in "".join(server.lines)


def test_a_refused_delete_deletes_nothing_and_a_good_one_is_told(server: Served) -> None:
    kept, gone = created(server, "kept"), created(server, "gone")

    assert send(server, "DELETE", f"/tasks/{kept['id']}")[0] == 409
    assert send(server, "GET", f"/tasks/{kept['id']}/exists")[1] == {"exists": True}
    assert send(server, "DELETE", f"/tasks/{gone['id']}") == (200, {"count": 1})
    assert notes(server) == ["deleted 1"]


def test_queries_are_changed_by_access_and_rows_by_loaded(server: Served) -> None:
    created(server, "quiet", state="new")

    found = send(server, "GET", '/tasks?filter={"where":{"state":"mine","title":"quiet"}}'.replace('"', "%22"))[1]

    assert [task["title"] for task in found] == ["QUIET"]
    note = send(server, "POST", "/notes", {"text": "n", "taskId": found[0]["id"]})[1]
    assert send(server, "GET", f"/notes/{note['id']}?filter[include]=task")[1]["task"]["title"] == "QUIET"


def test_no_way_of_reading_goes_past_the_hooks_of_access(server: Served) -> None:
    hidden = created(server, "theirs", state="others")
    where = '{"state":"others"}'.replace('"', "%22")

    assert send(server, "GET", f"/tasks?filter={{%22where%22:{where}}}")[1] == []
    assert send(server, "GET", f"/tasks/count?where={where}")[1] == {"count": 0}
    for accept in ("application/x-ndjson", "text/csv"):
        request = urllib.request.Request(
            f"{server.url}/api/tasks?filter={{%22where%22:{where}}}", headers={"accept": accept}
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            assert b"theirs" not in answer.read()
    added = send(server, "GET", f"/tasks/aggregate?count=true&where={where}")
    assert added[0] != 200 or "theirs" not in json.dumps(added[1])
    note = send(server, "POST", "/notes", {"text": "n", "taskId": hidden["id"]})[1]
    related = f"/notes/{note['id']}/task?filter={{%22where%22:{where}}}"
    assert send(server, "GET", related)[1] in ({}, None)


def test_a_function_that_does_not_return_is_not_waited_for(tmp_path: Path) -> None:
    made = project(tmp_path)
    (made / "environments" / "base" / "server.yaml").write_text(SERVER + "budget: {seconds: 1}\n")
    with served(made) as server:
        status, answer = send(server, "POST", "/tasks/endless")

        assert (status, answer["error"]["message"]) == (503, "The request took too long")
        assert send(server, "GET", "/tasks/1")[0] == 200


def test_validators_say_what_is_wrong_in_loopbacks_body(server: Served) -> None:
    status, answer = send(server, "POST", "/tasks", {"title": " x", "size": 1000})

    assert status == 422
    assert answer["error"]["details"] == {
        "context": "Task",
        "codes": {"size": ["custom.size"], "title": ["custom"]},
        "messages": {"size": ["is too large"], "title": ["has spaces"]},
    }
    task = created(server, "y")
    assert send(server, "PATCH", f"/tasks/{task['id']}", {"size": 2000})[0] == 422


def test_arguments_come_typed_from_wherever_they_were_sent(server: Served) -> None:
    status, answer = send(server, "GET", "/tasks/echo/7?times=3&when=2020-01-02&tags=a&tags=b", agent="tests")

    assert (status, answer) == (
        200,
        {"text": "7", "times": 3, "when": "2020-01-02T00:00:00.000Z", "tags": ["a", "b"], "agent": "tests"},
    )
    sent = send(server, "POST", "/tasks/echo", {"text": "x", "tags": ["c"]})[1]
    assert (sent["text"], sent["times"], sent["tags"]) == ("x", 1, ["c"])
    assert send(server, "POST", "/tasks/echo", {"text": 7})[1]["error"]["message"] == "Value is not a string."
    assert send(server, "POST", "/tasks/echo")[1]["error"]["message"] == "text is a required argument"
    assert send(server, "GET", "/tasks/echo/x?times=1.5")[1]["error"]["message"] == "Value is not a safe integer."


def test_results_become_bodies_statuses_headers_and_files(server: Served) -> None:
    status, answer, headers = ask(server, "/api/tasks/several", method="POST", body={"any": 1})
    assert (status, answer, headers["x-mark"]) == (203, {"first": 1, "second": {"id": 7, "title": "t"}}, "marked")

    assert send(server, "POST", "/tasks/nothing") == (204, None)
    task = created(server, "old")
    renamed = send(server, "PUT", f"/tasks/{task['id']}/rename", {"title": "fresh"})
    assert (renamed[0], renamed[1]["title"]) == (202, "fresh")
    assert send(server, "PUT", "/tasks/99999/rename", {"title": "x"})[0] == 404


def test_errors_of_methods_have_the_declared_status_or_their_own(server: Served) -> None:
    status, answer = send(server, "GET", "/tasks/failing?how=own")
    assert (status, answer["error"]["code"], answer["error"]["name"]) == (422, "OWN", "OwnError")

    status, answer = send(server, "GET", "/tasks/failing?how=other")
    assert status == 418
    assert "hunter2" not in json.dumps(answer)


def test_remote_hooks_change_arguments_results_and_errors(server: Served) -> None:
    for title in ("a", "b", "c"):
        created(server, title)

    assert len(send(server, "GET", "/tasks")[1]) == 2
    status, answer, headers = ask(server, "/api/tasks/count")
    assert (status, answer["count"], headers["x-doubled"]) == (203, 8, "yes")
    assert send(server, "PATCH", "/tasks/13", {"title": "x"})[1]["error"]["message"] == "An unlucky number."
    assert send(server, "GET", "/tasks/findOne") == (
        400,
        {"error": {"statusCode": 400, "name": "Error", "message": "Divided."}},
    )


def test_methods_are_described_in_openapi(server: Served) -> None:
    _, document, _ = ask(server, "/openapi.json")

    echo = document["paths"]["/tasks/echo/{text}"]["get"]
    assert {(one["name"], one["in"]) for one in echo["parameters"] if "name" in one} >= {
        ("text", "path"),
        ("times", "query"),
        ("agent", "header"),
    }
    body = document["paths"]["/tasks/echo"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["required"] == ["text"]
    assert body["properties"]["tags"] == {"type": "array", "items": {"type": "string"}}
    assert "202" in document["paths"]["/tasks/{id}/rename"]["put"]["responses"]


def test_a_boot_function_has_made_a_row(server: Served) -> None:
    assert send(server, "GET", "/tasks/1")[1]["title"] == "made at boot"


def test_the_same_hooks_run_for_rows_written_through_relations(server: Served, tmp_path: Path) -> None:
    task = created(server, "t")
    note = send(server, "POST", f"/tasks/{task['id']}/notes", {"text": "n"})[1]
    assert note["taskId"] == task["id"]


def test_what_hooks_do_to_rows_holds_on_mysql(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    with _running("mysql", request, tmp_path) as server:
        test_an_error_after_the_write_takes_everything_back(server)
        test_what_hooks_change_is_typed_checked_and_written(server)
        test_a_refused_delete_deletes_nothing_and_a_good_one_is_told(server)
        test_queries_are_changed_by_access_and_rows_by_loaded(server)
        test_no_way_of_reading_goes_past_the_hooks_of_access(server)
        test_validators_say_what_is_wrong_in_loopbacks_body(server)
        test_results_become_bodies_statuses_headers_and_files(server)
        test_the_same_hooks_run_for_rows_written_through_relations(server, tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "code", "place", "said"),
    [
        ("app/task.py", None, "LB3041", "task.yaml", "there is no module app.task"),
        ("app/task.py", "def x(:\n", "LB3042", "app/task.py", "Python cannot read it"),
        (
            "app/task.py",
            CODE + "\n\n@before_save\ndef two(context, other):\n    pass\n",
            "LB3043",
            "app/task.py",
            "takes (context)",
        ),
        (
            "app/task.py",
            CODE.replace("def echo(context, text,", "def echo(context, txt,"),
            "LB3043",
            "app/task.py",
            "takes text",
        ),
        (
            "app/task.py",
            CODE.replace("@remote\ndef nothing", "def nothing"),
            "LB3044",
            "task.yaml",
            "the method nothing",
        ),
        ("app/task.py", CODE + "\n\n@remote\ndef ecko(context):\n    pass\n", "LB3045", "app/task.py", "ecko"),
        ("environments/base/models/task.yaml", MODEL.replace("verb: put", "verb: putt"), "LB3046", "task.yaml", "putt"),
    ],
)
def test_validate_finds_what_is_wrong_without_running_anything(
    tmp_path: Path, name: str, text: str | None, code: str, place: str, said: str
) -> None:
    made = project(tmp_path)
    (made / "app" / "__init__.py").write_text("raise RuntimeError('validate ran it')\n")
    if text is None:
        (made / name).unlink()
    else:
        (made / name).write_text(text)

    done = run_lbconf("--project", str(made), "validate", "--format", "json")

    found = [finding for finding in json.loads(done.stdout)["diagnostics"] if finding["code"] == code]
    assert found, done.stdout
    assert found[0]["location"]["file"].endswith(place)
    assert said in found[0]["message"] + (found[0].get("hint") or "")
    assert done.returncode == 1


def test_a_project_with_good_code_is_valid_although_importing_it_would_fail(tmp_path: Path) -> None:
    made = project(tmp_path)
    (made / "app" / "__init__.py").write_text("raise RuntimeError('validate ran it')\n")

    assert run_lbconf("--project", str(made), "validate").returncode == 0


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "app/start.py",
            START + "    raise ValueError('no luck')\n",
            ("boot function app.start.first_task fails", "ValueError: no luck", "app/start.py"),
        ),
        (
            "app/task.py",
            CODE + "\nraise ValueError('no luck')\n",
            ("fails when it is imported", "ValueError: no luck", "app/task.py"),
        ),
        (
            "app/task.py",
            CODE.replace("def echo(context, text,", "def echo(context, txt,"),
            ("LB3043", "takes text", "app/task.py"),
        ),
    ],
)
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_start_that_fails_says_where_and_shows_no_traceback(
    tmp_path: Path, name: str, text: str, said: tuple[str, ...], workers: str
) -> None:
    made = project(tmp_path, "{connector: sqlite, file: rows.db}")
    assert run_lbconf("--project", str(made), "apply", "--auto-approve").returncode == 0
    (made / name).write_text(text)

    done = run_lbconf("--project", str(made), "serve", "--port", "0", "--workers", workers)

    assert done.returncode == 1, done.stderr
    for part in said:
        assert part in done.stderr
    assert "Traceback" not in done.stderr


def test_a_loopback_project_keeps_its_methods_until_python_answers_them(tmp_path: Path) -> None:
    model: dict[str, Any] = {
        "name": "Order",
        "base": "PersistedModel",
        "properties": {"title": "string"},
        "methods": {
            "greet": {"accepts": {"arg": "name", "type": "string"}, "returns": {"arg": "greeting", "type": "string"}},
            "when": {"returns": {"arg": "at", "type": "date", "root": True}, "http": {"verb": "get"}},
        },
    }
    made = write(
        tmp_path,
        {
            "server/config.json": json.dumps({"restApiRoot": "/api", "host": "127.0.0.1", "port": 3000}),
            "server/datasources.json": json.dumps({"db": {"name": "db", "connector": "memory"}}),
            "server/model-config.json": json.dumps(
                {"_meta": {"sources": ["../common/models"]}, "Order": {"dataSource": "db", "public": True}}
            ),
            "common/models/order.json": json.dumps(model),
            "common/models/order.js": "module.exports = Order => { Order.greet = f; Order.observe('access', g); };",
        },
    )

    done = run_lbconf("--project", str(made), "validate", "--format", "json")
    found = json.loads(done.stdout)["diagnostics"]
    assert (done.returncode, sorted(finding["code"] for finding in found)) == (0, ["LB3044", "LB3044", "LB3047"])
    assert [finding["location"]["file"] for finding in found if finding["code"] == "LB3047"] == [
        "common/models/order.js"
    ]
    with served(made) as server:
        assert send(server, "POST", "/Orders/greet", {"name": "Ada"})[0] == 501
        assert send(server, "POST", "/Orders", {"title": "a"})[0] == 200

    code = (
        "from datetime import UTC, datetime\n\nfrom lbconf.code import remote\n\n\n@remote\ndef greet(context, name):\n"
    )
    code += "    return f'Hello {name}'\n\n\n@remote\ndef when(context):\n    return datetime(2020, 1, 2, tzinfo=UTC)\n"
    write(made, {"hooks/__init__.py": "", "hooks/order.py": code})
    write(made, {"common/models/order.json": json.dumps({**model, "pythonCode": "hooks.order"})})
    assert run_lbconf("--project", str(made), "validate").stdout.startswith("development: no findings")
    with served(made) as server:
        assert send(server, "POST", "/Orders/greet", {"name": "Ada"}) == (200, {"greeting": "Hello Ada"})
        dated = send(server, "GET", "/Orders/when")
        assert dated == (200, {"$type": "date", "$data": "2020-01-02T00:00:00.000Z"})  # as strong-remoting tells dates
