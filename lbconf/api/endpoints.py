"""The endpoints of every public model: LoopBack's method names, verbs, paths, arguments and results."""

from collections.abc import Iterator, Mapping
from enum import StrEnum

from lbconf.api.sharing import is_shared
from lbconf.project.resolved import Model, Project, Relation, RelationKind
from lbconf.records import dataclass

__all__ = ["Body", "Endpoint", "Result", "endpoints_of", "model_endpoints"]


class Body(StrEnum):
    """What a request's body holds."""

    NONE = "none"
    INSTANCE = "instance"
    """One object; properties may be missing."""
    INSTANCES = "instances"
    """One object, or a list of them."""


class Result(StrEnum):
    """What a good answer holds."""

    INSTANCE = "instance"
    INSTANCES = "instances"
    """A list."""
    CREATED = "created"
    """What was created: one instance, or a list when a list was sent."""
    COUNT = "count"
    EXISTS = "exists"
    LINK = "link"
    """The row of the model in between."""
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One verb on one path of one model."""

    model: Model
    method: str
    """LoopBack's name: `find`, `prototype.patchAttributes`, `prototype.__get__orders`."""
    action: str
    """Name of the function that answers, without the relation's or scope's name."""
    verb: str
    path: str
    """Below the model's own path, placeholders in braces: `/{id}/orders/{fk}`; `/` for the collection."""
    query: tuple[str, ...] = ()
    """Names of the query arguments: `filter`, `where`."""
    body: Body = Body.NONE
    result: Result = Result.INSTANCE
    relation: Relation | None = None
    scope: str | None = None
    """Name of the scope, for its endpoints."""
    target: Model | None = None
    """Model of what is read or written, where it is not `model`."""
    summary: str = ""

    @property
    def subject(self) -> Model:
        """The model of what is read or written."""
        return self.target or self.model

    @property
    def operation_id(self) -> str:
        """LoopBack's operation id: `Order.prototype.__get__lines`."""
        return f"{self.model.name}.{self.method}"


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
    everything = (
        *_collection(model),
        *(endpoint for scope in model.scopes for endpoint in _scope(model, scope)),
        *(endpoint for relation in model.relations.values() for endpoint in _relation(project, model, relation)),
    )
    return tuple(endpoint for endpoint in everything if is_shared(model, endpoint.method))


def _collection(model: Model) -> Iterator[Endpoint]:
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


def _scope(model: Model, scope: str) -> Iterator[Endpoint]:
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
        )


def _relation(project: Project, model: Model, relation: Relation) -> Iterator[Endpoint]:
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
            action=f"relation_{prefix}",
            verb=verb,
            path=f"{base}{suffix}",
            query=query,
            body=body,
            result=result,
            relation=relation,
            target=through if links and through is not None else target,
            summary=summary.format(relation.name),
        )


def _endpoints_by_kind(kind: RelationKind) -> tuple["_Row", ...]:
    match kind:
        case RelationKind.BELONGS_TO:
            return _BELONGS_TO
        case RelationKind.HAS_ONE:
            return _TO_ONE
        case RelationKind.HAS_MANY:
            return _TO_MANY
        case RelationKind.EMBEDS_ONE | RelationKind.EMBEDS_MANY:
            return ()
        case RelationKind.HAS_MANY_THROUGH | RelationKind.HAS_AND_BELONGS_TO_MANY | RelationKind.REFERENCES_MANY:
            return _TO_MANY + _LINKS


_Row = tuple[str, str, str, tuple[str, ...], Body, Result, str]

_FILTER = ("filter",)
_WHERE = ("where",)

_READING = {"find", "findOne", "findById", "count", "exists"}
_READING_PREFIXES = {"get", "count", "findById", "exists"}

_SUMMARIES = {
    "replaceOrCreate": "Replace an instance, or create it.",
    "replaceById": "Replace an instance: what is not sent is gone.",
    "patchOrCreate": "Change some properties of an instance, or create it.",
    "patchAttributes": "Change some properties of an instance.",
}

_PERSISTED: tuple[tuple[str, str, str, str, tuple[str, ...], Body, Result, str], ...] = (
    ("find", "find", "GET", "/", _FILTER, Body.NONE, Result.INSTANCES, "Find instances that match a filter."),
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
        _WHERE,
        Body.INSTANCE,
        Result.INSTANCE,
        "Change the one instance that matches, or create one.",
    ),
    ("findOne", "findOne", "GET", "/findOne", _FILTER, Body.NONE, Result.INSTANCE, "The first instance that matches."),
    ("count", "count", "GET", "/count", _WHERE, Body.NONE, Result.COUNT, "Count instances that match."),
    (
        "updateAll",
        "updateAll",
        "POST",
        "/update",
        _WHERE,
        Body.INSTANCE,
        Result.COUNT,
        "Change some properties of every instance that matches.",
    ),
    ("findById", "findById", "GET", "/{id}", _FILTER, Body.NONE, Result.INSTANCE, "Find an instance by its id."),
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

_SCOPE: tuple[_Row, ...] = (
    ("get", "GET", "", _FILTER, Body.NONE, Result.INSTANCES, "Find instances in the scope {0}."),
    ("create", "POST", "", (), Body.INSTANCE, Result.INSTANCE, "Create an instance in the scope {0}."),
    ("delete", "DELETE", "", _WHERE, Body.NONE, Result.NOTHING, "Delete all instances in the scope {0}."),
    ("count", "GET", "/count", _WHERE, Body.NONE, Result.COUNT, "Count instances in the scope {0}."),
)

_BELONGS_TO: tuple[_Row, ...] = (("get", "GET", "", (), Body.NONE, Result.INSTANCE, "The instance that {0} leads to."),)

_TO_ONE: tuple[_Row, ...] = (
    ("get", "GET", "", (), Body.NONE, Result.INSTANCE, "The instance that {0} leads to."),
    ("create", "POST", "", (), Body.INSTANCE, Result.INSTANCE, "Create the instance that {0} leads to."),
    ("update", "PUT", "", (), Body.INSTANCE, Result.INSTANCE, "Change the instance that {0} leads to."),
    ("destroy", "DELETE", "", (), Body.NONE, Result.NOTHING, "Delete the instance that {0} leads to."),
)

_TO_MANY: tuple[_Row, ...] = (
    ("get", "GET", "", _FILTER, Body.NONE, Result.INSTANCES, "Find instances of {0}."),
    ("create", "POST", "", (), Body.INSTANCES, Result.CREATED, "Create an instance in {0}."),
    ("delete", "DELETE", "", _WHERE, Body.NONE, Result.NOTHING, "Delete all instances of {0}."),
    ("count", "GET", "/count", _WHERE, Body.NONE, Result.COUNT, "Count instances of {0}."),
    ("findById", "GET", "/{fk}", (), Body.NONE, Result.INSTANCE, "Find an instance of {0} by its id."),
    ("updateById", "PUT", "/{fk}", (), Body.INSTANCE, Result.INSTANCE, "Change an instance of {0} by its id."),
    ("destroyById", "DELETE", "/{fk}", (), Body.NONE, Result.NOTHING, "Delete an instance of {0} by its id."),
)

_LINKS: tuple[_Row, ...] = (
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
