"""The endpoints of every public model; one module for each family of them."""

from collections.abc import Iterator

from lbconf.api.endpoints.aggregates import aggregate_endpoints
from lbconf.api.endpoints.changes import change_endpoints
from lbconf.api.endpoints.collection import collection_endpoints
from lbconf.api.endpoints.endpoint import Argument, Body, Endpoint, Result
from lbconf.api.endpoints.methods import method_endpoints
from lbconf.api.endpoints.relations import nested_endpoints, relation_endpoints
from lbconf.api.endpoints.scopes import scope_endpoints
from lbconf.api.endpoints.users import user_endpoints
from lbconf.api.sharing import is_shared
from lbconf.code.loading import NO_CODE, ProjectCode
from lbconf.project.resolved import Model, Project

__all__ = ["Argument", "Body", "Endpoint", "Result", "endpoints_of", "model_endpoints"]


def endpoints_of(project: Project, code: ProjectCode = NO_CODE) -> tuple[Endpoint, ...]:
    """The endpoints of every model that has a REST API, in the project's order; `code` answers remote methods."""
    return tuple(
        endpoint
        for model in project.models.values()
        if model.public and (model.data_source is not None or model.methods)
        for endpoint in model_endpoints(project, model, code)
    )


def model_endpoints(project: Project, model: Model, code: ProjectCode = NO_CODE) -> tuple[Endpoint, ...]:
    """The endpoints of one model that are switched on, static paths and placeholders mixed."""
    return tuple(endpoint for endpoint in _everything(project, model, code) if is_shared(model, endpoint.method))


def _everything(project: Project, model: Model, code: ProjectCode) -> Iterator[Endpoint]:
    yield from method_endpoints(project, model, code.models.get(model.name))
    if model.data_source is None:
        return
    yield from collection_endpoints(model)
    yield from aggregate_endpoints(project, model)
    yield from change_endpoints(model)
    yield from user_endpoints(model)
    for scope in model.scopes:
        yield from scope_endpoints(model, scope)
    for relation in model.relations.values():
        yield from relation_endpoints(project, model, relation)
        yield from nested_endpoints(project, model, relation)
