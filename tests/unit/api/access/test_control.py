"""Who gets through, by what the token brings; and when the data are not asked at all."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lbconf.api.access.caller import NOBODY, Caller
from lbconf.api.access.control import AccessControl
from lbconf.api.arguments import Arguments
from lbconf.api.endpoints import Endpoint, model_endpoints
from lbconf.operations.load import load_project
from lbconf.project.resolved import Project
from lbconf.query.errors import RequestError
from lbconf.repository import Repository

FILES = {
    "datasources.yaml": "db: {connector: sqlite, file: never-opened.db}\n",
    "models/role.yaml": "name: Role\ndataSource: db\npublic: false\n",
    "models/role-mapping.yaml": "name: RoleMapping\ndataSource: db\npublic: false\n",
    "models/thing.yaml": """
name: Thing
dataSource: db
properties: {name: string}
methods:
  report: {http: {verb: get}, accessScopes: [reports]}
acls:
  - {principalType: ROLE, principalId: $everyone, permission: DENY}
  - {principalType: ROLE, principalId: $everyone, permission: ALLOW, property: [count, report]}
  - {principalType: ROLE, principalId: $authenticated, permission: ALLOW, property: find}
  - {principalType: ROLE, principalId: admin, permission: ALLOW, property: find}
  - {principalType: APP, principalId: "7", permission: ALLOW, property: exists}
  - {principalType: USER, principalId: "42", permission: ALLOW, property: findOne}
  - {principalType: ROLE, principalId: clerk, permission: ALLOW, property: create}
""",
}
USER = Caller(user_id=42)
APP = Caller(application_id=7)
Ask = Callable[..., int]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    for name, text in FILES.items():
        file = tmp_path / "environments" / "base" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return load_project(tmp_path, environ={})


@pytest.fixture
def ask(project: Project) -> Ask:
    """The status a call is refused with, 200 where it gets through, 501 where the data are asked: there are none."""
    model = project.models["Thing"]
    report = Endpoint(model=model, method="report", action="method", verb="GET", path="/report")
    endpoints = (*model_endpoints(project, model), report)
    control = AccessControl(project, Repository(project, {}), endpoints)

    def asked(method: str, caller: Caller, **parameters: Any) -> int:
        endpoint = next(found for found in endpoints if found.method == method)
        try:
            control.authorise(endpoint, Arguments(endpoint, parameters, b"", None), caller)
        except RequestError as error:
            return error.status
        return 200

    return asked


@pytest.mark.parametrize(
    ("method", "caller", "status"),
    [
        ("count", NOBODY, 200),
        ("find", NOBODY, 401),
        ("find", USER, 200),
        ("find", APP, 200),
        ("exists", APP, 200),
        ("exists", Caller(application_id=8, roles=frozenset({"clerk"})), 403),
        ("findOne", USER, 200),
        ("findOne", Caller(user_id="42"), 200),
        ("findOne", Caller(user_id=42.0), 200),
        ("findOne", Caller(user_id=42, token={"principalType": "Staff"}, token_id="a"), 403),
        ("findOne", Caller(user_id=42, token={"principalType": "Staff"}), 200),
        ("create", Caller(user_id=1, roles=frozenset({"clerk"})), 200),
        ("create", Caller(roles=frozenset({"clerk"})), 200),
    ],
)
def test_what_the_token_brings_decides_without_the_data(ask: Ask, method: str, caller: Caller, status: int) -> None:
    assert ask(method, caller, **({"id": "1"} if method == "exists" else {})) == status


@pytest.mark.parametrize(
    ("method", "scopes", "status"),
    [
        ("count", ("DEFAULT",), 200),
        ("count", ("reports", "DEFAULT"), 200),
        ("count", ("reports",), 403),
        ("count", (), 403),
        ("report", ("DEFAULT",), 403),
        ("report", ("reports",), 200),
    ],
)
def test_a_token_is_good_for_methods_of_its_scopes(ask: Ask, method: str, scopes: tuple[str, ...], status: int) -> None:
    assert ask(method, Caller(user_id=1, scopes=scopes)) == status


def test_nobody_has_the_usual_scope_only(ask: Ask) -> None:
    assert ask("count", NOBODY) == 200
    assert ask("report", NOBODY) == 401


def test_a_role_that_only_the_data_know_is_asked_for(ask: Ask) -> None:
    assert ask("create", USER) == 501


def test_what_nobody_may_is_refused_with_the_model_s_status(project: Project) -> None:
    from lbconf.api.access.denial import denied
    from lbconf.records import replace

    model = project.models["Thing"]
    told = {
        status: denied(project, replace(model, settings={"aclErrorStatus": status}), USER, "7")
        for status in (401, 403, 404)
    }
    assert {status: (error.status, error.error_code) for status, error in told.items()} == {
        401: (401, "AUTHORIZATION_REQUIRED"),
        403: (403, "ACCESS_DENIED"),
        404: (404, "MODEL_NOT_FOUND"),
    }
    assert told[404].message == "could not find Thing with id 7"
