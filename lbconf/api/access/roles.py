"""What one caller is, for one request: read from the data when a rule asks, and never kept longer.

Source: LoopBack 3, documentation of roles and role mappings.
"""

from collections.abc import Mapping
from typing import Any, Final

from lbconf.api.access.caller import Caller
from lbconf.api.access.owner import USER, Ownership, id_as_text
from lbconf.code.contexts import RoleContext
from lbconf.code.loading import Function
from lbconf.code.running import call
from lbconf.project.permissions import subject
from lbconf.project.resolved import Acl, Model, Project
from lbconf.query.errors import RequestError
from lbconf.query.nodes import Row
from lbconf.records import dataclass
from lbconf.repository import HookedRepository, Repository

__all__ = ["Membership", "RoleModels", "principal_type", "role_models"]

ROLE: Final = "ROLE"
APP: Final = "APP"
OWNER: Final = "$owner"
OUTSIDER: Final = ""
"""Kind of a caller whom an issuer knows and the project does not: its user 1 is not the project's."""
BAD_REQUEST: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleModels:
    """Where a project keeps who is in which role."""

    role: Model
    mapping: Model
    nested: bool
    """Whether a role may be in another one."""


def role_models(project: Project) -> RoleModels | None:
    """Where a project keeps its roles; None where it keeps none."""
    role, mapping = _kept(project, "Role"), _kept(project, "RoleMapping")
    if role is None or mapping is None:
        return None
    return RoleModels(role=role, mapping=mapping, nested=not role.layout.is_loopback)


def principal_type(project: Project, caller: Caller) -> str:
    """How rules and role mappings call the caller's kind: `USER`, or its model's name where there are several."""
    written = caller.token.get("principalType") if caller.token is not None and caller.token_id is not None else None
    if isinstance(written, str) and written:
        return written
    model = project.models.get(caller.user_model) if caller.user_model is not None else None
    relation = model.relations.get("accessTokens") if model is not None else None
    return model.name if model is not None and relation is not None and relation.polymorphic is not None else USER


def _keeps_users(project: Project) -> bool:
    return any(model.is_a("User") and model.data_source for model in project.models.values())


class Membership:
    """What a caller is with regard to one instance. For one request; what was asked once is not asked again."""

    def __init__(
        self,
        repository: Repository,
        models: RoleModels | None,
        caller: Caller,
        ownership: Ownership,
        id: Any,  # noqa: A002
        method: str | None = None,
    ) -> None:
        """Take who asks, and the id of the instance the call is about; None where it is about none."""
        self._repository = repository
        self._resolvers: Mapping[str, Function] = (
            repository.code.roles if isinstance(repository, HookedRepository) else {}
        )
        self._method = method
        self._models = models
        self._caller = caller
        self._ownership = ownership
        self._id = id
        self._kind = principal_type(repository.project, caller) if caller.known else USER
        if caller.outsider and _keeps_users(repository.project):
            self._kind = OUTSIDER
        self._known: dict[str, bool] = {}
        self._stored: frozenset[str] | None = None

    @property
    def authenticated(self) -> bool:
        """Whether there is a user or an application."""
        return bool(self._caller.user_id) or bool(self._caller.application_id)

    def holds(self, rule: Acl) -> bool | None:
        """Whether a rule is for the caller; None where a data source has to be asked."""
        kind, name = subject(rule)
        if kind != ROLE:
            return self._is(kind, name)
        if name in self._resolvers:
            return self._known.get(name)
        match name:
            case "$everyone":
                return True
            case "$authenticated":
                return self.authenticated
            case "$unauthenticated":
                return not self.authenticated
            case "$owner":
                return self._owner_at_hand()
        if name in self._caller.roles:
            return True
        if self._models is None or not self.authenticated:
            return False
        return None if self._stored is None else name in self._stored

    def surely(self, rule: Acl) -> bool:
        """The same, asking a data source where that must be."""
        found = self.holds(rule)
        if found is not None:
            return found
        if rule.principal_id == OWNER:
            self._known[OWNER] = self._owns()
            return self._known[OWNER]
        resolver = self._resolvers.get(rule.principal_id)
        if resolver is not None:
            self._known[rule.principal_id] = self._resolved(rule.principal_id, resolver)
            return self._known[rule.principal_id]
        self._stored = self._stored_roles()
        return rule.principal_id in self._stored

    def _is(self, kind: str, name: str) -> bool:
        caller = self._caller
        if kind == APP:
            return caller.application_id is not None and id_as_text(caller.application_id) == name
        return caller.known and kind == self._kind and id_as_text(caller.user_id) == name

    def _owner_at_hand(self) -> bool | None:
        if OWNER in self._known:
            return self._known[OWNER]
        if not self._caller.user_id or self._id is None or self._id == "":
            return False
        if self._ownership.is_user and self._kind in {USER, self._ownership.model.name}:
            return self._ownership.is_self(self._id, self._caller)
        return None

    def _owns(self) -> bool:
        row = self._repository.row_by_id(self._ownership.model, self._id)
        return row is not None and self._ownership.owns(row, self._caller.user_id, self._kind, self._first)

    def _resolved(self, role: str, resolver: Function) -> bool:
        """What the project's own code says."""
        context = RoleContext(
            role=role,
            caller=self._caller,
            models=self._repository.models,
            model=self._ownership.model.name,
            id=self._id,
            method=self._method,
            options={"accessToken": self._caller.token},
        )
        return bool(call(resolver, context))

    def _first(self, model: Model, where: Mapping[str, Any]) -> Row | None:
        return self._repository.first(model, {"where": where})

    def _stored_roles(self) -> frozenset[str]:
        """Names of the roles that the data say the caller is in."""
        models, caller = self._models, self._caller
        if models is None:
            return frozenset()
        principals: list[tuple[str, str]] = []
        if caller.known:
            principals.append((self._kind, id_as_text(caller.user_id)))
        if caller.application_id is not None:
            principals.append((APP, id_as_text(caller.application_id)))
        names: set[str] = set()
        seen: set[str] = set()
        while principals:
            ids = {role for kind, name in principals for role in self._mapped(models, kind, name)} - seen
            seen |= ids
            names |= self._names(models, ids)
            principals = [(ROLE, role) for role in ids] if models.nested else []
        return frozenset(names)

    def _mapped(self, models: RoleModels, kind: str, name: str) -> set[str]:
        where = {"principalType": kind, "principalId": name}
        try:
            rows = self._repository.find(models.mapping, {"where": where})
        except RequestError as error:
            if error.status != BAD_REQUEST:
                raise
            return set()  # an id that the column's type cannot hold is nobody's
        return {id_as_text(row["roleId"]) for row in rows if row.get("roleId") is not None}

    def _names(self, models: RoleModels, ids: set[str]) -> set[str]:
        if not ids:
            return set()
        key = models.role.ids[0].name
        rows = self._repository.find(models.role, {"where": {key: {"inq": sorted(ids)}}})
        return {str(row["name"]) for row in rows if row.get("name")}


def _kept(project: Project, name: str) -> Model | None:
    """The project's own model of this kind, else the built-in one, where it has a data source."""
    models = [model for model in project.models.values() if model.is_a(name) and model.data_source]
    return next((model for model in models if model.name != name), models[0] if models else None)
