"""Endpoints of a model's scopes."""

from collections.abc import Iterator

from lbconf.api.endpoints.endpoint import FILTER, WHERE, Body, Endpoint, Result, Row, paging_of
from lbconf.project.resolved import Model

__all__ = ["scope_endpoints"]

_SCOPE: tuple[Row, ...] = (
    ("get", "GET", "", FILTER, Body.NONE, Result.INSTANCES, "Find instances in the scope {0}."),
    ("create", "POST", "", (), Body.INSTANCE, Result.INSTANCE, "Create an instance in the scope {0}."),
    ("delete", "DELETE", "", WHERE, Body.NONE, Result.NOTHING, "Delete all instances in the scope {0}."),
    ("count", "GET", "/count", WHERE, Body.NONE, Result.COUNT, "Count instances in the scope {0}."),
)


def scope_endpoints(model: Model, scope: str) -> Iterator[Endpoint]:
    """Those of one scope."""
    for prefix, verb, suffix, query, body, result, summary in _SCOPE:
        if model.read_only and prefix not in {"get", "count"}:
            continue
        yield Endpoint(
            model=model,
            method=f"__{prefix}__{scope}",
            action=f"scope_{prefix}",
            verb=verb,
            path=f"/{scope}{suffix}",
            query=query,
            body=body,
            result=result,
            scope=scope,
            summary=summary.format(scope),
            arguments=paging_of(model) if prefix == "get" else (),
        )
