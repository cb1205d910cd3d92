"""Who may read users does not, with that, read their tokens: not in native projects, and LoopBack's are warned."""

import json
from pathlib import Path

import pytest

from lbconf.api.access.gate import decide, gate_of
from lbconf.api.endpoints import endpoints_of
from lbconf.diagnostics import Code
from lbconf.operations.load import load_project
from lbconf.project.permissions import subject

CLERK = {("ROLE", "$everyone"), ("ROLE", "$authenticated"), ("ROLE", "clerk")}


def native(folder: Path, rule: str) -> Path:
    acl = f"{{principalType: ROLE, principalId: clerk, {rule}}}"
    files = {
        "datasources.yaml": "db: {connector: memory}\n",
        "models/member.yaml": f"base: User\ndataSource: db\nacls: [{acl}]\n",
        "models/access-token.yaml": "dataSource: db\npublic: false\nname: AccessToken\n",
    }
    for name, text in files.items():
        file = folder / "environments" / "base" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


@pytest.mark.parametrize(
    ("rule", "members", "tokens"),
    [
        ("permission: ALLOW, accessType: READ", True, False),
        ("permission: ALLOW, accessType: READ, property: [find, __get__accessTokens]", True, False),
        ("permission: ALLOW, property: [find, __get__accessTokens]", True, True),
        ("permission: ALLOW, accessType: WRITE", False, True),
        ("permission: ALLOW", True, True),
    ],
)
def test_a_rule_for_reading_users_is_none_for_their_tokens(
    tmp_path: Path,
    rule: str,
    members: bool,  # noqa: FBT001
    tokens: bool,  # noqa: FBT001
) -> None:
    project = load_project(native(tmp_path, rule))
    endpoints = {one.method: one for one in endpoints_of(project) if one.model.name == "Member"}

    def may(method: str) -> bool:
        gate = gate_of(endpoints[method])
        return decide(gate.rules, lambda rule: subject(rule) in CLERK, lambda _: False, default=gate.default)

    assert (may("find"), may("prototype.__get__accessTokens")) == (members, tokens)


RULE = {"principalType": "ROLE", "principalId": "clerk", "permission": "ALLOW"}
CLOSED = {**RULE, "principalId": "$everyone", "permission": "DENY", "property": "__get__accessTokens"}


@pytest.mark.parametrize(
    ("rules", "warned"),
    [
        ([{**RULE, "accessType": "READ"}], True),
        ([{**RULE, "accessType": "READ"}, CLOSED], False),
        ([{**RULE, "accessType": "READ", "property": "find"}], False),
        ([{**RULE, "accessType": "READ", "principalId": "$owner"}], False),
        ([RULE], False),
    ],
)
def test_loopback_projects_are_warned(tmp_path: Path, rules: list[dict[str, str]], warned: bool) -> None:  # noqa: FBT001
    attached = {"dataSource": "db", "public": True}
    files = {
        "server/datasources.json": {"db": {"name": "db", "connector": "memory"}},
        "server/model-config.json": {
            "_meta": {"sources": ["../common/models", "loopback/common/models"]},
            "Member": attached,
            "AccessToken": {**attached, "public": False},
        },
        "server/config.json": {"restApiRoot": "/api"},
        "common/models/member.json": {"name": "Member", "base": "User", "acls": rules},
    }
    for name, content in files.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content))

    found = [finding.code for finding in load_project(tmp_path).diagnostics]

    assert (Code.TOKENS_READABLE in found) is warned
