"""What of the API is made of other parts of it."""

from asyncio import Semaphore
from collections.abc import Iterable

from lbconf.api.endpoints import Endpoint
from lbconf.api.model_api import ModelApi
from lbconf.api.several import Several
from lbconf.api.together import Together
from lbconf.project.resolved import Project
from lbconf.records import replace

__all__ = ["with_operations_together"]


def with_operations_together(api: ModelApi, project: Project, endpoints: Iterable[Endpoint]) -> ModelApi:
    """The same, which in the native layout does several operations in one request, too."""
    if project.layout.is_loopback:
        return api
    tokens = api.tokens
    together = Together(
        table=api.table,
        repository=api.repository,
        presenter=api.presenter,
        endpoints={(one.model.name, one.method): one for one in endpoints if one.verb != "PUT"},
        apart=frozenset(api.users.endpoints),
        perform=api.perform,
        own_id=(lambda parameters, _: parameters) if tokens is None else tokens.own_id,
    )
    several = Several(
        together=together,
        tokens=tokens,
        threads=api.threads,
        limits=api.limits,
        departures=api.departures,
        once=api.once,
        turns=Semaphore(max(1, api.threads.count // 2)),
    )
    return replace(api, several=several)
