"""The recorded exchanges with LoopBack 3.28, asked of `lbconf serve`: the exact figure of every group.

A figure that rises is a failure too, until figures.json says so: run with
UPDATE_FIGURES=1 and look at the difference before it is committed.
"""

import importlib.util
import json
import os
import shutil
from http import HTTPStatus
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.conformance_rest.server_differences import SERVER_DIFFERENCES
from tests.serving import Served, served

HERE = Path(__file__).parent
RECORDED = HERE / "recorded"
FIGURES = HERE / "figures.json"
MORE = HERE / "recorded_more"
MORE_FIGURES = MORE / "figures.json"

DEMANDED = (
    *("find", "where", "bracket", "order", "fields", "malformed", "create", "create-array"),
    *("patch", "replace", "upsert", "update-all", "delete", "ids", "types"),
)
LEAST = 0.95

REFUSED = "refused"
"""The group of writes whose condition names a property that is hidden or that the model does not have.

LoopBack leaves such a condition out and writes every row; here the write is refused, on purpose.
"""

MYSQL = {
    "db": {
        "connector": "mysql",
        "host": "${MYSQL_HOST}",
        "port": "${MYSQL_PORT}",
        "database": "${MYSQL_DATABASE}",
        "user": "${MYSQL_USER}",
        "password": "${MYSQL_PASSWORD}",
        "connectionLimit": 4,
    }
}
"""The data source of the project on MySQL, which is held against what was recorded on PostgreSQL."""

MYSQL_TYPES = {
    "bigint": "bigint",
    "character varying": "varchar",
    "double precision": "double",
    "integer": "int",
    "numeric": "decimal",
    "text": "longtext",
    "timestamp without time zone": "datetime(3)",
}

SQLITE_TYPES = {
    "bigint": "BIGINT",
    "character varying": "VARCHAR",
    "double precision": "DOUBLE",
    "integer": "INTEGER",
    "numeric": "NUMERIC",
    "text": "TEXT",
    "timestamp without time zone": "INTEGER",
}
"""Declared types of SQLite by those of the project's sections for PostgreSQL."""


@pytest.mark.parametrize("variant", ["memory", "mysql", "postgresql", "sqlite"])
def test_answers_as_recorded(variant: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    environment, variables = _environment(variant, request)
    project = RECORDED / "project"
    if variant == "mysql":
        project = _on_mysql(tmp_path / "project")
    if variant == "sqlite":
        project = _on_sqlite(tmp_path / "project")
    if variant != "memory":
        _create_tables(project, environment, variables)

    with served(project, "--env", environment, variables=variables) as server:
        figures, differences = _measure(server, variant)

    stored = json.loads(FIGURES.read_text("utf-8")) if FIGURES.exists() else {}
    if os.environ.get("UPDATE_FIGURES"):
        stored[variant] = figures
        FIGURES.write_text(_as_text(stored), "utf-8")
    assert figures == stored[variant], "\n".join(differences)
    for group in DEMANDED:
        agree, cases = figures[group]
        agree += _on_purpose(variant, group, more=False)
        assert agree >= LEAST * cases, f"{group}: {agree} of {cases}\n" + "\n".join(differences)
    _check_equal(variant, stored, more=False)


@pytest.mark.parametrize("variant", ["memory", "mysql", "postgresql", "sqlite"])
def test_answers_as_recorded_by_ourselves(variant: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """More questions of the same groups, which we asked LoopBack 3.28 ourselves; messages are not among the answers."""
    environment, variables = _environment(variant, request)
    project = RECORDED / "project"
    if variant == "mysql":
        project = _on_mysql(tmp_path / "project")
    if variant == "sqlite":
        project = _on_sqlite(tmp_path / "project")
    if variant != "memory":
        _create_tables(project, environment, variables)

    with served(project, "--env", environment, variables=variables) as server:
        figures, differences = _measure_more(server, variant)

    stored = json.loads(MORE_FIGURES.read_text("utf-8")) if MORE_FIGURES.exists() else {}
    if os.environ.get("UPDATE_FIGURES"):
        stored[variant] = figures
        MORE_FIGURES.write_text(_as_text(stored), "utf-8")
    assert figures == stored[variant], "\n".join(differences)
    _check_equal(variant, stored, more=True)


def _check_equal(variant: str, stored: dict[str, dict[str, list[int]]], *, more: bool) -> None:
    """SQLite and MySQL differ from what was recorded on PostgreSQL where PostgreSQL does, or as is written down."""
    if variant in {"mysql", "sqlite"}:
        for group, (agree, _) in stored["postgresql"].items():
            assert stored[variant][group][0] + _on_purpose(variant, group, more=more) == agree, group


def _on_purpose(variant: str, group: str, *, more: bool) -> int:
    """How many cases of a group differ because the servers do."""
    cases = _cases(more=more)
    return sum(name.startswith(f"{group}/") and name in cases for name in SERVER_DIFFERENCES[variant])


def _cases(*, more: bool) -> set[str]:
    groups = json.loads(((MORE if more else RECORDED) / "cases.json").read_text("utf-8"))
    listed = groups if more else groups["groups"]
    return {f"{group['name']}/{case['name']}" for group in listed for case in group["cases"]}


def _check_difference(variant: str, name: str, got: dict[str, Any], want: dict[str, Any], *, agrees: bool) -> None:
    """A case that is written down differs, and in no more than is written."""
    excused = SERVER_DIFFERENCES[variant].get(name)
    if excused is not None:
        assert not agrees, f"{name} agrees now: take it out of server_differences.py"
        assert excused(got["body"], want["body"]), f"{name}: {json.dumps(got)}"


def _check_stands(group: str, name: str, got: dict[str, Any], want: dict[str, Any]) -> None:
    """No answer is 5xx but those to lists created in part, for which it is LoopBack's; what is refused is a 4xx."""
    if want["status"] < HTTPStatus.INTERNAL_SERVER_ERROR:
        assert got["status"] < HTTPStatus.INTERNAL_SERVER_ERROR, f"{name}: {got['status']}"
    else:
        assert group == "create-array", name
        assert got["status"] in {want["status"], 200, 400, 409, 422}, f"{name}: {got['status']}"
        assert got["status"] != want["status"] or got["body"]["error"]["details"], name
    if group == REFUSED and got["status"] != want["status"]:
        assert got["status"] == HTTPStatus.BAD_REQUEST, f"{name}: {got['status']}"


def _measure_more(server: Served, variant: str) -> tuple[dict[str, list[int]], list[str]]:
    """Agreeing and all cases by group, and what differs. Where LoopBack fell over, no answer of ours is 5xx."""
    replay = _replay()
    store, variant = variant, "memory" if variant == "memory" else "postgresql"
    suite = json.loads((RECORDED / "cases.json").read_text("utf-8"))
    suite["groups"] = json.loads((MORE / "cases.json").read_text("utf-8"))
    expected = json.loads((MORE / "expected.json").read_text("utf-8"))
    records, problems = replay.replay(server.url, str(RECORDED), suite)
    figures: dict[str, list[int]] = {}
    differences = list(problems)
    for group in suite["groups"]:
        agree = 0
        for case in group["cases"]:
            name = f"{group['name']}/{case['name']}"
            got, said = records[name], expected[name]
            want = {"body": None, "contentType": None, **(said.get("both") or said[variant])}
            marked = {**case, "lenient": {"why": "drivers give decimals as text", "accept": "numbers"}}
            status, body, accepted = replay.judge(marked, got, want, None, variant)
            _check_difference(store, name, got, want, agrees=(status and body) or accepted)
            _check_stands(group["name"], name, got, want)
            if (status and body) or accepted:
                agree += 1
            else:
                differences.append(_difference(replay, name, got, want))
        figures[group["name"]] = [agree, len(group["cases"])]
    return figures, differences


def _on_sqlite(folder: Path) -> Path:
    """The project with a data source and connector sections for SQLite."""
    source = {"db": {"connector": "sqlite3", "file": str(folder / "db.sqlite")}}
    return _on("sqlite", folder, source, SQLITE_TYPES)


def _environment(variant: str, request: pytest.FixtureRequest) -> tuple[str, dict[str, str]]:
    if variant in {"memory", "sqlite"}:
        return {"memory": "development"}.get(variant, variant), {}
    from urllib.parse import unquote, urlsplit

    url = urlsplit(request.getfixturevalue(f"{variant}_url"))
    if variant == "mysql":
        return "mysql", {
            "MYSQL_HOST": url.hostname or "",
            "MYSQL_PORT": str(url.port or 3306),
            "MYSQL_DATABASE": url.path.strip("/"),
            "MYSQL_USER": unquote(url.username or ""),
            "MYSQL_PASSWORD": unquote(url.password or ""),
        }
    return "postgresql", {
        "PGHOST": url.hostname or "",
        "PGPORT": str(url.port),
        "PGDATABASE": url.path.strip("/"),
        "PGUSER": url.username or "",
        "PGPASSWORD": url.password or "",
    }


def _on_mysql(folder: Path) -> Path:
    """The project with a data source and connector sections for MySQL."""
    return _on("mysql", folder, MYSQL, MYSQL_TYPES)


def _on(variant: str, folder: Path, source: dict[str, Any], types: dict[str, str]) -> Path:
    shutil.copytree(RECORDED / "project", folder)
    (folder / "server" / f"datasources.{variant}.json").write_text(json.dumps(source), "utf-8")
    for file in (folder / "common" / "models").glob("*.json"):
        definition = json.loads(file.read_text("utf-8"))
        for place in (definition, definition.get("options", {}), *definition.get("properties", {}).values()):
            section = place.get("postgresql") if isinstance(place, dict) else None
            if section is not None:
                place[variant] = {key: value for key, value in section.items() if key != "schema"}
                if "dataType" in section:
                    place[variant]["dataType"] = types[section["dataType"]]
        file.write_text(json.dumps(definition), "utf-8")
    return folder


def _create_tables(project: Path, environment: str, variables: dict[str, str]) -> None:
    from tests.serving import run_lbconf

    done = run_lbconf("apply", "--project", str(project), "--env", environment, "--auto-approve", variables=variables)
    assert done.returncode == 0, done.stderr


def _measure(server: Served, variant: str) -> tuple[dict[str, list[int]], list[str]]:
    """Agreeing and all cases by group, and what differs."""
    replay = _replay()
    store, variant = variant, "memory" if variant == "memory" else "postgresql"
    suite = json.loads((RECORDED / "cases.json").read_text("utf-8"))
    expected = _expected(variant)
    other = _expected("memory" if variant == "postgresql" else "postgresql")
    records, problems = replay.replay(server.url, str(RECORDED), suite, variant=variant)
    figures: dict[str, list[int]] = {}
    differences = list(problems)
    for group in suite["groups"]:
        agree = cases = 0
        for case in group["cases"]:
            name = f"{group['name']}/{case['name']}"
            got = records[name]
            if got["kind"] == "crash":
                continue
            want = expected[name]
            status, body, accepted = replay.judge(case, got, want, other.get(name), variant)
            _check_difference(store, name, got, want, agrees=(status and body) or accepted)
            cases += 1
            if (status and body) or accepted:
                agree += 1
            else:
                differences.append(_difference(replay, name, got, want))
        figures[group["name"]] = [agree, cases]
    return figures, differences


def _difference(replay: ModuleType, name: str, got: dict[str, Any], want: dict[str, Any]) -> str:
    first = replay.difference(replay.body_view(got), replay.body_view(want))
    return f"{name}: status {got['status']}, want {want['status']}; {first}"


def _expected(variant: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RECORDED / f"expected.{variant}.json").read_text("utf-8"))["cases"]
    return found


def _replay() -> ModuleType:
    spec = importlib.util.spec_from_file_location("recorded_replay", RECORDED / "replay.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _as_text(figures: dict[str, dict[str, list[int]]]) -> str:
    variants = [
        f'  "{variant}": {{\n'
        + ",\n".join(f'    "{group}": [{agree}, {cases}]' for group, (agree, cases) in groups.items())
        + "\n  }"
        for variant, groups in sorted(figures.items())
    ]
    return "{\n" + ",\n".join(variants) + "\n}\n"
