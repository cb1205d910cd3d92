"""Which endpoints are answered in the thread of the event loop, and which by worker threads."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from lbconf.api.actions.collection import COLLECTION_ACTIONS
from lbconf.api.actions.relations import RELATION_ACTIONS
from lbconf.api.actions.scopes import SCOPE_ACTIONS
from lbconf.api.endpoints import Endpoint
from lbconf.code.loading import NO_CODE, ProjectCode
from lbconf.connectors.contract import Connector, Cooperative
from lbconf.project.resolved import Project

__all__ = ["quick_endpoints"]

QUICK_ACTIONS: Final = frozenset({"aggregate", *COLLECTION_ACTIONS, *RELATION_ACTIONS, *SCOPE_ACTIONS})


def quick_endpoints(
    project: Project,
    endpoints: Iterable[Endpoint],
    connectors: Mapping[str, Connector],
    code: ProjectCode = NO_CODE,
) -> frozenset[int]:
    """The `id` of each endpoint whose work is a few statements, all on data sources that do not block the loop.

    A handing over to another thread and back costs more than such a request. Models of users
    hash passwords, which takes long. What the project's own code does takes as long as it takes.
    """
    if code.roles:
        return frozenset()
    apart = _leading_to(project, code.models.keys())
    used = {model.data_source for model in project.models.values() if model.data_source}
    if not all(_cooperates(connectors.get(name)) for name in used):
        return frozenset()
    return frozenset(
        id(endpoint)
        for endpoint in endpoints
        if endpoint.action in QUICK_ACTIONS
        and not endpoint.model.is_a("User")
        and not endpoint.subject.is_a("User")
        and endpoint.model.name not in apart
    )


def _leading_to(project: Project, names: Collection[str]) -> frozenset[str]:
    """These models, and every model whose relations lead to one of them, on however many steps."""
    found = set(names)
    grown = bool(found)
    while grown:
        more = {
            model.name
            for model in project.models.values()
            if model.name not in found
            and any(
                relation.target is None or relation.target in found or relation.through in found
                for relation in model.relations.values()
            )
        }
        found |= more
        grown = bool(more)
    return frozenset(found)


def _cooperates(connector: Connector | None) -> bool:
    return connector is None or (isinstance(connector, Cooperative) and connector.cooperates())
