"""Endpoints of a model's relations to other models' instances."""

from collections.abc import Iterator, Mapping

from lbconf.api.endpoints.endpoint import FILTER, WHERE, Body, Endpoint, Result, Row, paging_of
from lbconf.project.resolved import Model, Project, Relation, RelationKind
from lbconf.records import replace

__all__ = ["nested_endpoints", "relation_endpoints"]

_READING_PREFIXES = {"get", "count", "findById", "exists"}

_BELONGS_TO: tuple[Row, ...] = (("get", "GET", "", (), Body.NONE, Result.INSTANCE, "The instance that {0} leads to."),)

_TO_ONE: tuple[Row, ...] = (
    ("get", "GET", "", (), Body.NONE, Result.INSTANCE, "The instance that {0} leads to."),
    ("create", "POST", "", (), Body.INSTANCE, Result.INSTANCE, "Create the instance that {0} leads to."),
    ("update", "PUT", "", (), Body.INSTANCE, Result.INSTANCE, "Change the instance that {0} leads to."),
    ("destroy", "DELETE", "", (), Body.NONE, Result.NOTHING, "Delete the instance that {0} leads to."),
)

_TO_MANY: tuple[Row, ...] = (
    ("get", "GET", "", FILTER, Body.NONE, Result.INSTANCES, "Find instances of {0}."),
    ("create", "POST", "", (), Body.INSTANCES, Result.CREATED, "Create an instance in {0}."),
    ("delete", "DELETE", "", WHERE, Body.NONE, Result.NOTHING, "Delete all instances of {0}."),
    ("count", "GET", "/count", WHERE, Body.NONE, Result.COUNT, "Count instances of {0}."),
    ("findById", "GET", "/{fk}", (), Body.NONE, Result.INSTANCE, "Find an instance of {0} by its id."),
    ("updateById", "PUT", "/{fk}", (), Body.INSTANCE, Result.INSTANCE, "Change an instance of {0} by its id."),
    ("destroyById", "DELETE", "/{fk}", (), Body.NONE, Result.NOTHING, "Delete an instance of {0} by its id."),
)

_LINKS: tuple[Row, ...] = (
    ("link", "PUT", "/rel/{fk}", (), Body.INSTANCE, Result.LINK, "Link an instance to {0} by its id."),
    ("unlink", "DELETE", "/rel/{fk}", (), Body.NONE, Result.NOTHING, "Unlink an instance from {0} by its id."),
    (
        "exists",
        "HEAD",
        "/rel/{fk}",
        (),
        Body.NONE,
        Result.NOTHING,
        "Whether an instance is linked to {0}, by the status.",
    ),
)


def relation_endpoints(project: Project, model: Model, relation: Relation) -> Iterator[Endpoint]:
    """Those of one relation."""
    target = project.models.get(relation.target) if relation.target else None
    http = relation.options.get("http")
    written = http.get("path") if isinstance(http, Mapping) else None
    base = f"/{{id}}/{str(written or relation.name).strip('/')}"
    through = project.models.get(relation.through) if relation.through else None
    for prefix, verb, suffix, query, body, result, summary in _endpoints_by_kind(relation.kind):
        if model.read_only and prefix not in _READING_PREFIXES:
            continue
        links = prefix in {"link", "unlink", "exists"}
        yield Endpoint(
            model=model,
            method=f"prototype.__{prefix}__{relation.name}",
            action=_action(relation.kind, prefix),
            verb=verb,
            path=f"{base}{suffix}",
            query=query,
            body=body,
            result=result,
            relation=relation,
            target=through if links and through is not None else target,
            summary=summary.format(relation.name),
            arguments=paging_of(model) if result is Result.INSTANCES else (),
        )


def nested_endpoints(project: Project, model: Model, relation: Relation) -> Iterator[Endpoint]:
    """Those of the other model's relations below this one, where `nestRemoting` asks for them.

    As in LoopBack, only relations to models that were attached before the other model have them.
    """
    target = project.models.get(relation.target or "")
    if target is None or not model.layout.is_loopback or relation.options.get("nestRemoting") is not True:
        return
    attached = list(project.models)
    end = attached.index(target.name)
    base = f"/{{id}}/{relation.name}" + ("/{nk}" if relation.many else "")
    for below in target.relations.values():
        if below.target is not None and (below.target not in attached or attached.index(below.target) > end):
            continue
        for endpoint in relation_endpoints(project, target, below):
            if endpoint.action.startswith("reference_"):
                continue
            prefix = endpoint.method.removeprefix("prototype.__").partition("__")[0]
            yield replace(
                endpoint,
                model=model,
                method=f"prototype.__{prefix}__{relation.name}__{below.name}",
                action="relation_nested",
                path=base + endpoint.path.removeprefix("/{id}"),
                relation=relation,
                target=endpoint.subject,
                delegate=endpoint,
            )


def _action(kind: RelationKind, prefix: str) -> str:
    if kind in {RelationKind.EMBEDS_ONE, RelationKind.EMBEDS_MANY}:
        return f"embedded_{prefix}"
    if kind is RelationKind.REFERENCES_MANY and prefix in {"link", "unlink", "exists"}:
        return f"reference_{prefix}"
    return f"relation_{prefix}"


def _endpoints_by_kind(kind: RelationKind) -> tuple["Row", ...]:
    match kind:
        case RelationKind.BELONGS_TO:
            return _BELONGS_TO
        case RelationKind.HAS_ONE | RelationKind.EMBEDS_ONE:
            return _TO_ONE
        case RelationKind.HAS_MANY | RelationKind.EMBEDS_MANY:
            return _TO_MANY
        case RelationKind.HAS_MANY_THROUGH | RelationKind.HAS_AND_BELONGS_TO_MANY | RelationKind.REFERENCES_MANY:
            return _TO_MANY + _LINKS
