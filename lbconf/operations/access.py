"""Explain a decision of access control, and list them all."""

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lbconf.diagnostics import Code, Collector, Diagnostic, nearest
from lbconf.errors import LbconfError
from lbconf.operations.data_sources import create_connectors, opened
from lbconf.operations.load import load_project
from lbconf.project.resolved import Project
from lbconf.records import dataclass, replace

if TYPE_CHECKING:
    from lbconf.api.access.caller import Caller
    from lbconf.api.access.explain import Explanation
    from lbconf.api.access.matrix import Matrix
    from lbconf.api.endpoints import Endpoint

__all__ = ["AccessQuestion", "explain_access", "matrix"]

ANONYMOUS: Final = "anonymous"
FILTERS: Final = frozenset({"filter", "where"})
FILTER_NOTE: Final = (
    "The query is not part of this answer. Rows of other models that a filter includes, or that its conditions and"
    " order look at, ask for rights of their own: to find them, and for what is included to follow the relation. Ask"
    " about those paths, too, such as GET /api/orders/7/lines."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessQuestion:
    """Who asks for what."""

    verb: str
    path: str
    """With or without the REST root; a query string is passed over, and the explanation says so of a filter."""
    callers: tuple[str, ...] = (ANONYMOUS,)
    """Each `anonymous`, `user:42`, `user:Staff:42`, `app:1` or `role:admin`; together they are one caller."""
    offline: bool = False
    """Ask no data source: who owns what, and who is in which role, is then not known."""


def explain_access(
    root: Path,
    question: AccessQuestion,
    environment: str | None = None,
    *,
    layout: str | None = None,
    sets: tuple[str, ...] = (),
) -> "Explanation":
    """Why a call goes through or does not. Reads roles, owners and stored rules, and writes nothing.

    Raises:
        ConfigError: the project is wrong.
        LbconfError: there is no such endpoint, or the caller is written wrongly.
        ConnectorError: a data source that must be asked cannot be.

    """
    from lbconf.api.access.control import AccessControl
    from lbconf.api.access.explain import assumed, explain
    from lbconf.api.access.gate import gate_of
    from lbconf.api.endpoints import endpoints_of
    from lbconf.code.loading import load_code
    from lbconf.project.permissions import subject
    from lbconf.query.bracket import parse_query_string
    from lbconf.repository import HookedRepository

    project = load_project(root, environment, layout=layout, overrides=sets)
    caller = _caller(project, question.callers)
    endpoints = endpoints_of(project)
    endpoint, id_ = _endpoint(project, endpoints, question)
    gate = gate_of(endpoint)
    connectors = create_connectors(project, problems=Collector())
    control = AccessControl(project, HookedRepository(project, connectors, code=load_code(project)), endpoints)
    member = control.membership(endpoint.model, caller, id_)
    asked = not question.offline and (caller.known or caller.application_id is not None or control.keeps_rules)
    with opened(connectors.values()) if asked else nullcontext():
        rules = control.rules(gate) if asked else gate.rules
        if caller.known or caller.application_id is not None:
            holds = member.holds if question.offline else member.surely
        else:
            principals = assumed(caller.roles)
            holds = lambda rule: subject(rule) in principals  # noqa: E731 - the other case of the same
        name = " ".join(question.callers) or ANONYMOUS
        found = explain(project, gate, rules, holds, caller=caller, name=name, id=id_)
    filtered = not project.layout.is_loopback and FILTERS & parse_query_string(question.path.partition("?")[2]).keys()
    return replace(found, note=FILTER_NOTE) if filtered else found


def matrix(
    root: Path,
    environment: str | None = None,
    *,
    layout: str | None = None,
    sets: tuple[str, ...] = (),
    models: Sequence[str] = (),
) -> "Matrix":
    """Every endpoint with who may call it, as the files say; of these models only where some are named.

    Raises:
        ConfigError: the project is wrong.
        LbconfError: there is no such model.

    """
    from lbconf.api.access.matrix import access_matrix
    from lbconf.api.endpoints import endpoints_of

    project = load_project(root, environment, layout=layout, overrides=sets)
    endpoints = endpoints_of(project)
    served = {endpoint.model.name for endpoint in endpoints}
    for name in models:
        if name not in served:
            near = nearest(name, served)
            raise _refused(f"there is no model {name} with a REST API", f"did you mean {near}?" if near else None)
    return access_matrix(project, [found for found in endpoints if not models or found.model.name in models])


def _endpoint(
    project: Project, endpoints: Sequence["Endpoint"], question: AccessQuestion
) -> tuple["Endpoint", object | None]:
    from lbconf.api.route_table import Found, RouteTable

    path = question.path.partition("?")[0]
    root = project.server.rest_api_root.rstrip("/")
    below = path[len(root) :] if root and (path == root or path.startswith(f"{root}/")) else path
    found = RouteTable(endpoints).match(question.verb.upper(), below)
    if not isinstance(found, Found):
        paths = {root + endpoint.model.path for endpoint in endpoints}
        near = nearest("/".join(path.split("/")[: root.count("/") + 2]), paths)
        raise _refused(
            f"there is no endpoint {question.verb.upper()} {path}",
            f"did you mean {near}?" if near and not path.startswith(near) else "lbconf access matrix lists all of them",
        )
    return found.endpoint, found.parameters.get("id")


def _caller(project: Project, written: Sequence[str]) -> "Caller":
    from lbconf.api.access.caller import NOBODY, Caller

    user_model: str | None = None
    user = application = None
    roles: set[str] = set()
    for text in written:
        kind, _, rest = text.partition(":")
        if text == ANONYMOUS:
            continue
        if kind not in {"user", "app", "role"} or not rest:
            raise _refused(
                f"--as {text} names no caller", "Write anonymous, user:42, user:Staff:42, app:1 or role:admin."
            )
        match kind:
            case "user":
                named, colon, user = rest.rpartition(":")
                user_model = _user_model(project, named if colon else None)
            case "app":
                application = rest
            case _:
                roles.add(rest)
    if user is None and application is None and not roles:
        return NOBODY
    return Caller(user_model=user_model, user_id=user, application_id=application, roles=frozenset(roles))


def _user_model(project: Project, named: str | None) -> str | None:
    users = [model.name for model in project.models.values() if model.is_a("User") and model.data_source]
    if named is None:
        own = [name for name in users if name != "User"] or users
        return own[0] if len(own) == 1 else None
    if named not in users:
        near = nearest(named, users)
        raise _refused(f"{named} is no model of users", f"did you mean {near}?" if near else None)
    return named


def _refused(message: str, hint: str | None) -> LbconfError:
    return LbconfError(Diagnostic(code=Code.ACCESS_QUESTION, message=message, hint=hint))
