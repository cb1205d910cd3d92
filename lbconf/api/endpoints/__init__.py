"""The endpoints of every public model; one module for each family of them."""

from collections.abc import Iterator

from lbconf.api.endpoints.collection import collection_endpoints
from lbconf.api.endpoints.endpoint import Argument, Body, Endpoint, Result
from lbconf.api.endpoints.relations import relation_endpoints
from lbconf.api.endpoints.scopes import scope_endpoints
from lbconf.api.endpoints.users import user_endpoints
from lbconf.api.sharing import is_shared
from lbconf.project.resolved import Model, Project

__all__ = ["Argument", "Body", "Endpoint", "Result", "endpoints_of", "model_endpoints"]


def endpoints_of(project: Project) -> tuple[Endpoint, ...]:
    """The endpoints of every model that has a REST API, in the project's order."""
    return tuple(
        endpoint
        for model in project.models.values()
        if model.public and model.data_source is not None
        for endpoint in model_endpoints(project, model)
    )


def model_endpoints(project: Project, model: Model) -> tuple[Endpoint, ...]:
    """The endpoints of one model that are switched on, static paths and placeholders mixed."""
    return tuple(endpoint for endpoint in _everything(project, model) if is_shared(model, endpoint.method))


def _everything(project: Project, model: Model) -> Iterator[Endpoint]:
    yield from collection_endpoints(model)
    yield from user_endpoints(model)
    for scope in model.scopes:
        yield from scope_endpoints(model, scope)
    for relation in model.relations.values():
        yield from relation_endpoints(project, model, relation)
