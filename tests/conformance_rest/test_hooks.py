"""Hooks around every operation, in the order and with the contexts that LoopBack 3.28 gave them.

`hooks/postgresql.json` and `hooks/memory.json` were recorded from LoopBack with loopback-connector-postgresql and with
the memory connector: each request, and what every hook of every model saw. The project in `hooks/project` has the same
models, and Python hooks that write down what they see.
"""

import json
import shutil
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.serving import Served, run_lbconf, served

HERE = Path(__file__).parent / "hooks"

Event = dict[str, Any]

DIFFERENT: Mapping[str, str] = {
    "findById missing": "LoopBack makes null a 404 after its hooks, so it runs afterRemote and not afterRemoteError",
    "patchAttributes missing": "LoopBack looks for the instance before beforeRemote",
    "relation updateById": "the key that ties the row to its parent is written again, so that it cannot be changed",
    "hasOne update": "as relation updateById",
    "through link": "a row that is not there is refused, so it is looked for",
    "through create": "no row in between can be there before the row that it leads to",
    "through get": "LoopBack asks for the rows in between with an include of the others",
    "through destroyById": "the row to delete is looked for, and hooks are told of it",
}
"""Cases whose hooks differ on purpose, and why."""
DIFFERENT_IN_MEMORY: Mapping[str, str] = {
    "replaceById missing": "nothing is persisted where there is no row",
    "free replaceOrCreate new": "told as new, as LoopBack tells it on a database",
    "free replaceOrCreate known": "told as not new, as LoopBack tells it on a database",
    "free replaceOrCreate invalid": "told as not new, as LoopBack tells it on a database",
    "free patchOrCreate known": "the whole row is told to after save, not what was sent alone",
    "hasOne create": "there is no hidden condition of a create",
}
DIFFERENT_ON_DATABASES: Mapping[str, str] = {}


class Recorded:
    """A server on the project, and what its hooks saw."""

    def __init__(self, server: Served, recording: Path) -> None:
        self._server = server
        self._recording = recording

    def run(self, case: Mapping[str, Any]) -> tuple[int, list[Event]]:
        """The status of the answer to a recorded request, and what the hooks saw meanwhile."""
        self._recording.write_text("")
        body = json.dumps(case["body"]).encode() if "body" in case else None
        path = urllib.parse.quote(case["path"], safe="/?=&")
        request = urllib.request.Request(f"{self._server.url}/api{path}", data=body, method=case["verb"])
        if body is not None:
            request.add_header("content-type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                status = answer.status
        except urllib.error.HTTPError as error:
            with error:
                status = error.code
        return status, [json.loads(line) for line in self._recording.read_text().splitlines()]


@pytest.fixture(params=["memory", "sqlite", "mysql", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def recorded(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Recorded]:
    project = Path(shutil.copytree(HERE / "project", tmp_path / "project"))
    recording = project / "recording"
    recording.touch()
    variables = {"RECORDING": str(recording)}
    if kind in {"mysql", "postgresql"}:
        variables["DATABASE_URL"] = request.getfixturevalue(f"{kind}_url")
    if kind != "memory":
        variables["NODE_ENV"] = kind
        done = run_lbconf("--project", str(project), "apply", "--auto-approve", variables=variables)
        assert done.returncode == 0, done.stdout + done.stderr
    with served(project, variables=variables) as server:
        yield Recorded(server, recording)


def test_hooks_run_in_the_order_and_with_the_contexts_of_loopback(recorded: Recorded, kind: str) -> None:
    name = "memory" if kind == "memory" else "postgresql"
    different = {**DIFFERENT, **(DIFFERENT_IN_MEMORY if kind == "memory" else DIFFERENT_ON_DATABASES)}
    wrong: dict[str, Any] = {}
    unneeded: list[str] = []
    for case in json.loads((HERE / f"{name}.json").read_text()):
        status, events = recorded.run(case)
        assert status == case["status"], case["name"]
        expected, actual = comparable(case["events"]), comparable(events)
        if " list" in case["name"]:  # LoopBack creates the rows of a list side by side
            expected, actual = sorted(expected, key=str), sorted(actual, key=str)
        if case["name"] in different:
            if expected == actual:
                unneeded.append(case["name"])
        elif expected != actual:
            wrong[case["name"]] = {"expected": expected, "actual": actual}

    assert not wrong, _told(wrong)
    assert not unneeded


def comparable(events: list[Event]) -> list[Event]:
    """Events without what LoopBack spells in several ways."""
    remote = [event for event in events if event["op"] == "beforeRemote"]
    others = [event for event in events if event["op"] != "beforeRemote"]
    # LoopBack reads the instance of a prototype method before, lbconf after the hooks of beforeRemote.
    return [_plain(event) for event in (*remote, *others)]


def _plain(event: Event) -> Event:
    found = {name: value for name, value in event.items() if name != "error"}
    query = found.get("query")
    if query is not None:
        found["query"] = {name: _listed(name, value) for name, value in query.items() if _is_said(name, value)}
    if (
        event["op"] in {"persist", "loaded"}
        and "isNewInstance" in event
        and (event["op"] == "loaded" or "where" in event)
    ):
        found["data"] = {name: value for name, value in event["data"].items() if name != "id"}
    if event["op"] == "after save" and event.get("isNewInstance"):  # stores count the ids they give differently
        found["instance"] = {**event["instance"], "id": "id" in event["instance"]}
    return found


def _is_said(name: str, value: Any) -> bool:
    """Whether it says anything: one row is all that an id can give, and no row is skipped by default."""
    return (name, value) not in (("limit", 1), ("skip", 0), ("offset", 0))


def _listed(name: str, value: Any) -> Any:
    if name in {"order", "include"}:
        return value if isinstance(value, list) else [value]
    parts = value.get("and") if name == "where" else None
    return {key: term for part in parts for key, term in part.items()} if parts else value


def _told(wrong: Mapping[str, Any]) -> str:
    """Each case that differs, with the events that only one side has."""
    lines: list[str] = []
    for name, sides in wrong.items():
        texts = {side: [json.dumps(event, sort_keys=True) for event in events] for side, events in sides.items()}
        lines.append(name)
        lines.extend(f"  - {text}" for text in texts["expected"] if text not in texts["actual"])
        lines.extend(f"  + {text}" for text in texts["actual"] if text not in texts["expected"])
    return "\n".join(lines)
