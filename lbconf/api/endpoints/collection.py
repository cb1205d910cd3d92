"""Endpoints of a model itself: find, create, change, delete."""

from collections.abc import Iterator

from lbconf.api.endpoints.endpoint import FILTER, WHERE, Body, Endpoint, Result, paging_of
from lbconf.project.resolved import Model

__all__ = ["collection_endpoints"]

_READING = {"find", "findOne", "findById", "count", "exists"}

_SUMMARIES = {
    "replaceOrCreate": "Replace an instance, or create it.",
    "replaceById": "Replace an instance: what is not sent is gone.",
    "patchOrCreate": "Change some properties of an instance, or create it.",
    "patchAttributes": "Change some properties of an instance.",
}

_PERSISTED: tuple[tuple[str, str, str, str, tuple[str, ...], Body, Result, str], ...] = (
    ("find", "find", "GET", "/", FILTER, Body.NONE, Result.INSTANCES, "Find instances that match a filter."),
    ("create", "create", "POST", "/", (), Body.INSTANCES, Result.CREATED, "Create an instance, or a list of them."),
    ("patchOrCreate", "patchOrCreate", "PATCH", "/", (), Body.INSTANCE, Result.INSTANCE, _SUMMARIES["patchOrCreate"]),
    (
        "replaceOrCreate",
        "replaceOrCreate",
        "POST",
        "/replaceOrCreate",
        (),
        Body.INSTANCE,
        Result.INSTANCE,
        _SUMMARIES["replaceOrCreate"],
    ),
    (
        "upsertWithWhere",
        "upsertWithWhere",
        "POST",
        "/upsertWithWhere",
        WHERE,
        Body.INSTANCE,
        Result.INSTANCE,
        "Change the one instance that matches, or create one.",
    ),
    ("findOne", "findOne", "GET", "/findOne", FILTER, Body.NONE, Result.INSTANCE, "The first instance that matches."),
    ("count", "count", "GET", "/count", WHERE, Body.NONE, Result.COUNT, "Count instances that match."),
    (
        "updateAll",
        "updateAll",
        "POST",
        "/update",
        WHERE,
        Body.INSTANCE,
        Result.COUNT,
        "Change some properties of every instance that matches.",
    ),
    ("findById", "findById", "GET", "/{id}", FILTER, Body.NONE, Result.INSTANCE, "Find an instance by its id."),
    ("exists", "head", "HEAD", "/{id}", (), Body.NONE, Result.NOTHING, "Whether an instance exists, by the status."),
    ("exists", "exists", "GET", "/{id}/exists", (), Body.NONE, Result.EXISTS, "Whether an instance exists."),
    (
        "replaceById",
        "replaceById",
        "POST",
        "/{id}/replace",
        (),
        Body.INSTANCE,
        Result.INSTANCE,
        _SUMMARIES["replaceById"],
    ),
    (
        "prototype.patchAttributes",
        "patchAttributes",
        "PATCH",
        "/{id}",
        (),
        Body.INSTANCE,
        Result.INSTANCE,
        _SUMMARIES["patchAttributes"],
    ),
    ("deleteById", "deleteById", "DELETE", "/{id}", (), Body.NONE, Result.COUNT, "Delete an instance by its id."),
)


def collection_endpoints(model: Model) -> Iterator[Endpoint]:
    """Those of a persisted model; of a read-only one those that read."""
    if not model.persisted:
        return
    for method, action, verb, path, query, body, result, summary in _PERSISTED:
        if model.read_only and method not in _READING:
            continue
        yield Endpoint(
            model=model,
            method=method,
            action=action,
            verb=verb,
            path=path,
            query=query,
            body=body,
            result=result,
            summary=summary,
            arguments=paging_of(model) if method == "find" else (),
        )
    if model.read_only:
        return
    replacing = ("replaceOrCreate", "replaceById") if model.replace_on_put else ("patchOrCreate", "patchAttributes")
    put_all, put_one = replacing
    yield Endpoint(
        model=model,
        method=put_all,
        action=put_all,
        verb="PUT",
        path="/",
        body=Body.INSTANCE,
        summary=_SUMMARIES[put_all],
    )
    yield Endpoint(
        model=model,
        method=put_one if model.replace_on_put else f"prototype.{put_one}",
        action=put_one,
        verb="PUT",
        path="/{id}",
        body=Body.INSTANCE,
        summary=_SUMMARIES[put_one],
    )
