"""Which endpoints are answered in the thread of the event loop, and which by worker threads."""

from collections.abc import Iterable, Mapping
from typing import Final

from lbconf.api.actions.collection import COLLECTION_ACTIONS
from lbconf.api.actions.relations import RELATION_ACTIONS
from lbconf.api.actions.scopes import SCOPE_ACTIONS
from lbconf.api.endpoints import Endpoint
from lbconf.connectors.contract import Connector, Cooperative
from lbconf.project.resolved import Project

__all__ = ["quick_endpoints"]

QUICK_ACTIONS: Final = frozenset({*COLLECTION_ACTIONS, *RELATION_ACTIONS, *SCOPE_ACTIONS})


def quick_endpoints(
    project: Project, endpoints: Iterable[Endpoint], connectors: Mapping[str, Connector]
) -> frozenset[int]:
    """The `id` of each endpoint whose work is a few statements, all on data sources that do not block the loop.

    A handing over to another thread and back costs more than such a request. Models of users
    hash passwords, which takes long.
    """
    used = {model.data_source for model in project.models.values() if model.data_source}
    if not all(_cooperates(connectors.get(name)) for name in used):
        return frozenset()
    return frozenset(
        id(endpoint)
        for endpoint in endpoints
        if endpoint.action in QUICK_ACTIONS and not endpoint.model.is_a("User") and not endpoint.subject.is_a("User")
    )


def _cooperates(connector: Connector | None) -> bool:
    return connector is None or (isinstance(connector, Cooperative) and connector.cooperates())
