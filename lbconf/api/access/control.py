"""Whether a call goes through."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from lbconf.api.access.caller import DEFAULT_SCOPES, Caller
from lbconf.api.access.denial import denied
from lbconf.api.access.gate import Gate, Ranked, decide, gate_of, ranked
from lbconf.api.access.owner import Ownership, ownership
from lbconf.api.access.reach import Reach, Reached, names_method
from lbconf.api.access.roles import Membership, role_models
from lbconf.api.access.stored import stored_rules
from lbconf.api.arguments import Arguments
from lbconf.api.endpoints import Endpoint
from lbconf.cooperation import together
from lbconf.project.resolved import Model, Project
from lbconf.repository import Repository

__all__ = ["AccessControl", "instance_id"]

BY_BODY: Final = frozenset({"create", "patchOrCreate", "replaceOrCreate"})
"""Methods whose instance is the one that the body names."""


class AccessControl:
    """Holds every endpoint's rules against callers. May be used from several threads."""

    def __init__(self, project: Project, repository: Repository, endpoints: Iterable[Endpoint]) -> None:
        """Work the rules out."""
        self._project = project
        self._repository = repository
        self._models = role_models(project)
        self._stored = stored_rules(project)
        self._gates: dict[int, Gate] = {}
        self._ownerships: dict[str, Ownership] = {}
        self._endpoints = tuple(endpoints)
        """Kept, since gates are found by the endpoints' identity."""
        for endpoint in self._endpoints:
            gate = gate_of(endpoint)
            if self._stored is not None or not gate.open or gate.scopes != DEFAULT_SCOPES:
                self._gates[id(endpoint)] = gate
        self._reach = Reach(project, repository, self._endpoints, stored=self._stored is not None)

    @property
    def keeps_rules(self) -> bool:
        """Whether there may be rules that are rows."""
        return self._stored is not None

    def authorise(self, endpoint: Endpoint, arguments: Arguments, caller: Caller) -> None:
        """Let a call through.

        Raises:
            RequestError: 401, 403 or 404, as LoopBack tells it.

        """
        gate = self._gates.get(id(endpoint))
        if gate is None:
            allowed = caller.scopes == DEFAULT_SCOPES or _meet(caller.scopes, DEFAULT_SCOPES)
        else:
            allowed = self.allows(gate, caller, instance_id(endpoint, arguments))
        if allowed:
            if self._reach.watches(endpoint):
                self._authorise_reached(endpoint, arguments, caller)
            return
        given = arguments.parameters.get("id")
        if given is None:
            given = _told_id(arguments)
        raise denied(self._project, endpoint.model, caller, given)

    def _authorise_reached(self, endpoint: Endpoint, arguments: Arguments, caller: Caller) -> None:
        """Raise `RequestError` where a filter reaches rows of other models that the caller may not read."""
        for reached in self._reach.reached(endpoint, arguments):
            if not self._may_reach(reached, caller, arguments.parameters.get("id") if reached.direct else None):
                raise denied(self._project, reached.find.endpoint.model, caller, None, reached.told)

    def _may_reach(self, reached: Reached, caller: Caller, id: Any) -> bool:  # noqa: A002
        """What the rule says that decides on the relation if it names its method, else whether the model is open."""
        follow = reached.follow
        if follow is not None:
            member = self.membership(follow.endpoint.model, caller, id, follow.endpoint.method)
            first = next((found for found in self.rules(follow) if member.surely(found.rule)), None)
            if first is not None and names_method(first.rule.properties, follow):
                return first.allows
        return self.allows(reached.find, caller, None)

    def allows(self, gate: Gate, caller: Caller, id: Any) -> bool:  # noqa: A002 - the word of the vocabulary
        """Whether a caller may call an endpoint for an instance."""
        if not _meet(caller.scopes, gate.scopes):
            return False
        rules = self.rules(gate)
        member = self.membership(gate.endpoint.model, caller, id, gate.endpoint.method)
        return decide(rules, member.holds, member.surely, default=gate.default)

    def sight(self, model: Model, caller: Caller) -> Callable[[Any], bool] | None:
        """What tells whether a caller may read the instance with an id; None where no rule looks at the instance.

        For streams of the native layout: LoopBack tells everybody who may follow of every instance.
        """
        if model.layout.is_loopback:
            return None
        wanted = (model.name, "findById")
        gates = (gate for gate in self._gates.values() if (gate.endpoint.model.name, gate.endpoint.method) == wanted)
        gate = next(gates, None)
        return None if gate is None else partial(self.allows, gate, caller)

    def rules(self, gate: Gate) -> Sequence[Ranked]:
        """The rules that fit an endpoint, those that are kept as rows among them, highest score first."""
        if self._stored is None:
            return gate.rules
        rows = together((self, id(gate)), partial(self._stored.rules, self._repository, gate))
        if not rows:
            return gate.rules
        found = ranked(gate.endpoint.model, rows, gate.names, gate.access, stored=True)
        return sorted((*found, *gate.rules), key=lambda one: -one.score)

    def membership(self, model: Model, caller: Caller, id: Any, method: str | None = None) -> Membership:  # noqa: A002
        """What a caller is with regard to an instance of a model."""
        return Membership(self._repository, self._models, caller, self._ownership(model), id, method)

    def _ownership(self, model: Model) -> Ownership:
        found = self._ownerships.get(model.name)
        if found is None:
            found = self._ownerships[model.name] = ownership(self._project, model)
        return found


def instance_id(endpoint: Endpoint, arguments: Arguments) -> Any:
    """The id of the instance that a call is about; None where it is about none, or about several.

    An id in the query says nothing, though LoopBack heeds it there: who owns one instance could
    otherwise read and change all.
    """
    given = arguments.parameters.get("id")
    if given is not None:
        return given
    if endpoint.method in BY_BODY:
        return _id_in(endpoint.model, arguments.body)
    return None


def _told_id(arguments: Arguments) -> Any:
    """The id that LoopBack names in its answer, and no more."""
    body = arguments.body
    return body["id"] if isinstance(body, Mapping) and "id" in body else arguments.query("id")


def _meet(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return one == other or any(scope in other for scope in one)


def _id_in(model: Model, body: Any) -> Any:
    if not isinstance(body, Mapping):
        return None
    parts = tuple(body.get(prop.name) for prop in model.ids)
    if not parts or any(part is None or isinstance(part, Mapping | list) for part in parts):
        return None
    return parts[0] if len(parts) == 1 else parts
