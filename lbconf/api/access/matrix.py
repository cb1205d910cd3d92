"""Who may call what, as the files say: each endpoint, and each kind of caller that the rules tell apart."""

from collections.abc import Iterable
from typing import Final

from lbconf.api.access.explain import Principals, assumed, known_roles
from lbconf.api.access.gate import gate_of
from lbconf.api.endpoints import Endpoint
from lbconf.project.permissions import subject
from lbconf.project.resolved import Project
from lbconf.records import dataclass

__all__ = ["Matrix", "MatrixRow", "access_matrix"]

FIRST: Final = {
    "$unauthenticated": assumed(["$unauthenticated"]),
    "$authenticated": assumed(["$authenticated"]),
    "$owner": assumed(["$authenticated", "$owner"]),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixRow:
    """One endpoint."""

    model: str
    verb: str
    path: str
    """With the REST root."""
    method: str
    access: str
    allowed: tuple[bool | None, ...]
    """For each caller of the matrix; None where there is no such caller: nobody owns a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """Callers by endpoints."""

    callers: tuple[str, ...]
    """Roles, and `user 42` or `app 1` where rules name them."""
    rows: tuple[MatrixRow, ...]


def access_matrix(project: Project, endpoints: Iterable[Endpoint]) -> Matrix:
    """Who may call what. Rules that are kept as rows, and roles that code decides, are not looked at."""
    listed = tuple(endpoints)
    callers = _callers(listed)
    rows: list[MatrixRow] = []
    for endpoint in listed:
        gate = gate_of(endpoint)
        owned = "{id}" in endpoint.path
        allowed = tuple(
            next((found.allows for found in gate.rules if subject(found.rule) in who), gate.default) or not project.auth
            if owned or name != "$owner"
            else None
            for name, who in callers.items()
        )
        rows.append(
            MatrixRow(
                model=endpoint.model.name,
                verb=endpoint.verb,
                path=f"{project.server.rest_api_root.rstrip('/')}{endpoint.model.path}{endpoint.path}".rstrip("/"),
                method=endpoint.method,
                access=gate.access,
                allowed=allowed,
            )
        )
    return Matrix(callers=tuple(callers), rows=tuple(rows))


def _callers(endpoints: tuple[Endpoint, ...]) -> dict[str, Principals]:
    models = {endpoint.model.name: endpoint.model for endpoint in endpoints}.values()
    found = dict(FIRST) | {role: assumed(["$authenticated", role]) for role in known_roles(models)}
    for model in models:
        for rule in model.acls:
            kind, name = subject(rule)
            if kind != "ROLE":
                found.setdefault(f"{kind.lower()} {name}", assumed(["$authenticated"]) | {(kind, name)})
    return found
