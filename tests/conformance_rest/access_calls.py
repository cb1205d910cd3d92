"""The calls by which access control was compared with LoopBack 3.28: a project of random rules, asked by everybody.

Recorded by `python -m tests.conformance_rest.access_calls URL FOLDER` against a LoopBack that serves the project which
`write_project` wrote into the folder, with `DBFILE` naming one of its two files of rows.
"""

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

RECORDED: Final = Path(__file__).parent / "access.json"
CALLERS: Final = (None, "ann", "ben", "root")
"""Ann and Ben own an instance each, Ben is in the role editor, Root in admin."""
Call = tuple[str | None, str, str, Any]
"""Who, verb, path below the REST root, body."""


def write_project(folder: Path, case: Mapping[str, Any], rows: str) -> None:
    """The project of a recording, on the memory connector, with its rows in the file `rows`."""
    server, models = folder / "server", folder / "common" / "models"
    (server / "boot").mkdir(parents=True)
    models.mkdir(parents=True)
    places = ["loopback/common/models", "loopback/server/models", "../common/models", "./models"]
    wiring: dict[str, Any] = {"_meta": {"sources": places}, "User": {"dataSource": "db", "public": False}}
    user = {"type": "belongsTo", "model": "Member", "foreignKey": "userId"}
    wiring["AccessToken"] = {"dataSource": "db", "public": False, "relations": {"user": user}}
    wiring |= {name: {"dataSource": "db", "public": True} for name in ("ACL", "Role", "RoleMapping")}
    for model in case["models"]:
        wiring[model["name"]] = {"dataSource": "db", "public": True}
        _write(models / f"{model['name'].lower()}.json", model)
    _write(server / "model-config.json", wiring)
    _write(server / "datasources.json", {"db": {"name": "db", "connector": "memory", "file": rows}})
    _write(server / "config.json", {"restApiRoot": "/api", "host": "127.0.0.1", "port": 3000})
    (server / "boot" / "authentication.js").write_text("module.exports = function(app) { app.enableAuth(); };\n")
    kept = {
        name: {str(number): json.dumps(_row(case, name, number)) for number in range(1, 5)} for name in _asked(case)
    }
    others: dict[str, Any] = {name: {} for name in wiring if not name.startswith("_") and name not in kept}
    ids = {name: 5 if name in kept else 1 for name in (*kept, *others)}
    _write(folder / rows, {"ids": ids, "models": kept | others})


def prepare(root: str, case: Mapping[str, Any]) -> dict[str | None, str | None]:
    """Make the users, the roles and the stored rules; the token of each caller."""
    tokens: dict[str | None, str | None] = {None: None}
    for name in ("ann", "ben", "root"):
        user = {"email": f"{name}@example.com", "username": name, "password": f"{name}-secret"}
        ask(root, (None, "POST", "/Members", user), None)
        tokens[name] = ask(root, (None, "POST", "/Members/login", user), None)[1]["id"]
    roles = [ask(root, (None, "POST", "/Roles", {"name": name}), None)[1]["id"] for name in ("admin", "editor")]
    for kind, who, role in (("USER", "3", 0), ("USER", "2", 1), ("ROLE", str(roles[0]), 1)):
        row = {"principalType": kind, "principalId": who, "roleId": roles[role]}
        assert ask(root, (None, "POST", "/RoleMappings", row), None)[0] == 200
    for rule in case["stored"]:
        assert ask(root, (None, "POST", "/ACLs", rule), None)[0] == 200
    return tokens


def calls(case: Mapping[str, Any]) -> Iterator[Call]:
    """Every call, in its order: what it changes, later ones see."""
    for name in _asked(case):
        for who in CALLERS:
            yield from ((who, verb, path, body) for verb, path, body in _at(name))
        yield from ((who, "DELETE", f"/{name}/{number}", None) for who in CALLERS for number in range(1, 5))
    for who in CALLERS:
        for path in (
            "/Members/1",
            "/Members/2",
            "/Members",
            "/Members/count",
            "/Members/99",
            "/Members/1/accessTokens",
        ):
            yield who, "GET", path, None
        yield who, "PATCH", "/Members/1", {"displayName": "q"}
        yield who, "PATCH", "/Members/2", {"displayName": "q"}


def outcome(verb: str, status: int, body: Any) -> str:
    """One letter: `.` for a call that went through, 1, 3 and 4 for one that was refused with 401, 403 or 404."""
    error = body.get("error", {}) if isinstance(body, dict) else {}
    if verb == "HEAD":
        return str(status)[2] if status in {401, 403} else "."
    said = (status, str(error.get("code")))
    told = {(401, "AUTHORIZATION_REQUIRED"): "1", (403, "ACCESS_DENIED"): "3"}.get(said, ".")
    return "4" if status == 404 and str(error.get("message")).startswith("could not find M") else told


def ask(root: str, call: Call, token: str | None) -> tuple[int, Any]:
    """Status and JSON body."""
    _, verb, path, body = call
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json", **({"authorization": token} if token else {})}
    request = urllib.request.Request(root + quote(path, safe="/?=&"), data, headers, method=verb)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            status, text = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            status, text = error.code, error.read()
    return status, json.loads(text) if text else None


def _at(name: str) -> Iterator[tuple[str, str, Any]]:
    base = f"/{name}"
    full = {"text": "y", "memberId": 1, "editorId": 2, "userId": 1, "flag": 1}
    yield from (("GET", base + end, None) for end in ("", "/findOne", "/count", "/hot", "/hot/count"))
    for number in (1, 2, 99):
        one = f"{base}/{number}"
        yield from (("GET", one + end, None) for end in ("", "/exists", "/notes", "/notes/count", "/notes/1", "/owner"))
        yield "HEAD", one, None
        yield "PATCH", one, {"text": "x"}
        yield "PUT", one, full
        yield "POST", f"{one}/replace", full
        yield "POST", f"{one}/notes", {"text": "n"}
        yield "PUT", f"{one}/notes/1", {"text": "m"}
        yield "DELETE", f"{one}/notes/9", None
        yield "DELETE", f"{one}/notes", None
        for verb, end in (("PATCH", ""), ("PUT", ""), ("POST", "/replaceOrCreate")):
            yield verb, base + end, {"id": number, **full}
    yield "POST", base, {"text": "c"}
    yield "POST", base + '/upsertWithWhere?where={"id":1}', {"text": "w"}
    yield "POST", base + '/update?where={"id":1}', {"text": "w2"}


def _row(case: Mapping[str, Any], name: str, number: int) -> dict[str, Any]:
    """Rows 1 to 3 belong to Ann, Ben and Root, row 4 to nobody."""
    owner = number if number <= len(("ann", "ben", "root")) else None
    row = {"id": number, "text": "r", "memberId": owner, "editorId": (owner or 0) % 3 + 1, "flag": 1}
    row["userId"] = owner if number != 3 else None
    models = {model["name"]: model for model in case["models"]}
    related = {*models[name]["relations"], *models.get(models[name]["base"], {"relations": {}})["relations"]}
    return row if "owner" in related else {**row, "owner": owner}


def _asked(case: Mapping[str, Any]) -> list[str]:
    return [model["name"] for model in case["models"] if model["name"] not in {"Member", "Note"}]


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1), "utf-8")


def record(root: str, case: dict[str, Any]) -> dict[str, Any]:
    """The case with what a server answers to it."""
    tokens = prepare(root, case)
    told = "".join(outcome(call[1], *ask(root, call, tokens[call[0]])) for call in calls(case))
    return {**case, "answers": told}


if __name__ == "__main__":
    place = Path(sys.argv[2]) / "case.json"
    place.write_text(json.dumps(record(sys.argv[1], json.loads(place.read_text("utf-8")))), "utf-8")
