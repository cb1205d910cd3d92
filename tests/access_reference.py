"""A second, plain reading of access rules: the project's files as YAML, LoopBack's resolution as a loop.

Shares nothing with the package but the list of endpoints. Source: LoopBack 3, documentation of access control.
"""

from pathlib import Path
from typing import Any

import yaml

USER_RULES: list[dict[str, Any]] = [
    {"principalId": "$everyone", "permission": "DENY"},
    *(
        {"principalId": "$everyone", "permission": "ALLOW", "property": name}
        for name in ("create", "login", "logout", "verify", "confirm", "resetPassword")
    ),
    *(
        {"principalId": "$owner", "permission": "ALLOW", "property": name}
        for name in ("deleteById", "findById", "patchAttributes", "replaceById")
    ),
    *(
        {"principalId": "$authenticated", "permission": "ALLOW", "property": name}
        for name in ("changePassword", "setPassword")
    ),
]
"""What every model of users begins with."""

EXECUTES = {"login", "logout", "resetPassword", "changePassword", "setPassword", "verify"}
READS = {"createChangeStream"}
ALIASES = {
    "patchAttributes": {"updateAttributes"},
    "patchOrCreate": {"upsert", "updateOrCreate"},
    "upsertWithWhere": {"patchOrCreateWithWhere"},
    "deleteById": {"destroyById", "removeById"},
    "updateAll": {"update"},
}
TYPES = {"USER": 4, "APP": 3, "ROLE": 2}
ROLES = {"$owner": 4, "$related": 3, "$authenticated": 2, "$unauthenticated": 2, "$everyone": 1}
STRICT = {"ALLOW": 0, "ALARM": 1, "AUDIT": 2, "DENY": 3}


def rules_of(folder: Path, model: str) -> list[dict[str, Any]]:
    """The rules of one model of a native project, as its base's and its own file say them."""
    for file in sorted((folder / "environments" / "base" / "models").glob("*.yaml")):
        written = yaml.safe_load(file.read_text("utf-8"))
        if written["name"] == model:
            inherited = USER_RULES if written.get("base") == "User" else []
            return [*inherited, *written.get("acls", [])]
    raise LookupError(model)


def kind_of_access(method: str, verb: str) -> str:
    """What a method without a word of its own does."""
    name = method.removeprefix("prototype.")
    if name in EXECUTES:
        return "EXECUTE"
    return "READ" if verb in {"GET", "HEAD"} or name in READS else "WRITE"


def allowed(rules: list[dict[str, Any]], method: str, verb: str, roles: set[str]) -> bool:
    """Whether somebody who is in these roles may call a method."""
    name = method.removeprefix("prototype.")
    names = {name} | ALIASES.get(name, set())
    access = kind_of_access(method, verb)
    best = (-1, "ALLOW")
    for rule in rules:
        kind, who = rule.get("principalType", "ROLE"), rule["principalId"]
        if kind != "ROLE" or who not in roles:
            continue
        said = rule.get("property", "*")
        properties = set(said) if isinstance(said, list) else {said}
        if not properties & (names | {"*"}):
            continue
        way = rule.get("accessType", "*")
        if way not in {access, "*", "EXECUTE"}:
            continue
        score = 3
        score = score * 4 + (3 if properties & names else 2)
        score = score * 4 + (2 if way == "*" else 3)
        score = score * 4 + TYPES[kind]
        score = score * 8 + ROLES.get(who, 5)
        score = score * 4 + STRICT[rule["permission"]]
        best = max(best, (score, rule["permission"]))
    return best[1] != "DENY"
