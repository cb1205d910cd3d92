"""Which other models' rows a filter reaches: what it includes, and what its conditions and its order look at.

For the native layout. LoopBack asks for no right to what is included: docs/adr/0016-included-rows-need-a-right.md.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from lbconf.api.access.gate import Gate, gate_of
from lbconf.api.arguments import Arguments
from lbconf.api.endpoints import Endpoint
from lbconf.project.resolved import Model, Project, Relation
from lbconf.query.nodes import Filter, Include, Query
from lbconf.records import dataclass
from lbconf.repository import Repository

__all__ = ["Reach", "Reached"]

FILTERING: Final = frozenset({"filter", "where"})
FOLLOWS: Final = "prototype.__get__"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Another model that a request reads."""

    find: Gate
    """Who may read that model's rows."""
    follow: Gate | None = None
    """Who may follow the relation to it; None where a condition looks at the model."""
    direct: bool = False
    """Whether the relation starts from the instance that the request is about."""

    @property
    def told(self) -> str:
        """What of a filter it is, for who may not."""
        model = self.find.endpoint.model.name
        if self.follow is None:
            return f": a condition or the order looks at {model}"
        one = self.follow.endpoint
        return f": the filter includes {one.method.removeprefix(FOLLOWS)} of {one.model.name}"


class Reach:
    """The gates of models behind relations. Worked out once; endpoints that reach only open models cost nothing."""

    def __init__(
        self, project: Project, repository: Repository, endpoints: Iterable[Endpoint], *, stored: bool
    ) -> None:
        """Take the endpoints; `stored` says that any model may have rules that are rows."""
        self._project = project
        self._repository = repository
        self._finds: dict[str, Gate] = {}
        self._follows: dict[tuple[str, str], Gate] = {}
        self._watched: frozenset[int] = frozenset()
        if project.layout.is_loopback:
            return
        for model in project.models.values():
            self._finds[model.name] = gate_of(_endpoint(model, "find"))
            for relation in model.relations.values():
                key = (model.name, relation.name)
                self._follows[key] = gate_of(_endpoint(model, f"{FOLLOWS}{relation.name}"))
        guarded = {name for name, gate in self._finds.items() if stored or not gate.open}
        guarded |= {self._target(key) for key, gate in self._follows.items() if not gate.open}
        reachable = {model.name: bool(self._reachable(model) & guarded) for model in project.models.values()}
        self._watched = frozenset(
            id(endpoint)
            for endpoint in endpoints
            if FILTERING.intersection(endpoint.query) and reachable.get(endpoint.subject.name)
        )

    def watches(self, endpoint: Endpoint) -> bool:
        """Whether a filter can reach from an endpoint what not everybody may read."""
        return id(endpoint) in self._watched

    def reached(self, endpoint: Endpoint, arguments: Arguments) -> Iterator[Reached]:
        """Every other model that a request reads. Raises `RequestError` 400 for a filter that is wrong."""
        subject = endpoint.subject
        by_id = endpoint.model is subject and "id" in arguments.parameters
        if "filter" in endpoint.query and arguments.query("filter") is not None:
            wanted = arguments.filter()
            if endpoint.action == "aggregate":  # its order goes by what comes out
                wanted = Filter(where=wanted.where)
            query = self._repository.unsettled(subject, wanted)
            yield from self._of_query(subject, query, direct=by_id)
        if "where" in endpoint.query and arguments.query("where") is not None:
            query = self._repository.unsettled(subject, {"where": arguments.where()})
            yield from self._of_query(subject, query, direct=False)

    def _of_query(self, model: Model, query: Query, *, direct: bool) -> Iterator[Reached]:
        for name in query.touched:
            yield Reached(find=self._finds[name])
        for include in query.include:
            yield from self._of_include(model, include, direct=direct)

    def _of_include(self, model: Model, include: Include, *, direct: bool) -> Iterator[Reached]:
        relation = include.relation
        follow = self._follows[model.name, relation.name]
        for target in self._targets(relation):
            yield Reached(find=self._finds[target.name], follow=follow, direct=direct)
            if include.query is not None:
                yield from self._of_query(target, include.query, direct=False)
            elif include.scope is not None:
                yield from self._of_query(target, self._repository.unsettled(target, include.scope), direct=False)

    def _targets(self, relation: Relation) -> Iterator[Model]:
        """The model a relation leads to; for a polymorphic one every model it may."""
        models: Mapping[str, Model] = self._project.models
        if relation.target is not None:
            found = models.get(relation.target)
            if found is not None:
                yield found
            return
        for model in models.values():
            if any(_comes_back(other, relation) for other in model.relations.values()):
                yield model

    def _target(self, key: tuple[str, str]) -> str:
        model, relation = key
        return self._project.models[model].relations[relation].target or model

    def _reachable(self, model: Model) -> set[str]:
        """Names of the models behind its relations, however far, and of itself where a way leads back."""
        found: set[str] = set()
        waiting = [model]
        while waiting:
            for relation in waiting.pop().relations.values():
                for target in self._targets(relation):
                    if target.name not in found:
                        found.add(target.name)
                        waiting.append(target)
        return found


def names_method(rule_names: Iterable[str], gate: Gate) -> bool:
    """Whether a rule is about the gate's method by name."""
    return any(name in gate.names for name in rule_names)


def _comes_back(other: Relation, relation: Relation) -> bool:
    """Whether a relation is the other end of a polymorphic one."""
    own: Any = relation.polymorphic
    return other.polymorphic is not None and own is not None and other.target == relation.model


def _endpoint(model: Model, method: str) -> Endpoint:
    return Endpoint(model=model, method=method, action="", verb="GET", path="/")
