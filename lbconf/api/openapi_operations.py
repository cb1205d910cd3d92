"""One endpoint as an OpenAPI operation: parameters, body, answers."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from lbconf.api.actions.streamed import STREAMED
from lbconf.api.endpoints import Argument, Body, Endpoint, Result
from lbconf.api.openapi_schemas import property_schema, whole_name
from lbconf.api.openapi_security import Security
from lbconf.api.openapi_shared import reference, response_of, response_reference
from lbconf.api.receiving import UPLOADED
from lbconf.project.resolved import Model
from lbconf.query.nodes import Row

__all__ = ["Operations", "acting", "method_of"]

JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
LISTS: Final = ("application/x-ndjson", "text/csv")
"""Media types in which lists of instances come and go line by line."""
PARTIAL: Final = frozenset(
    {
        "patchOrCreate",
        "patchAttributes",
        "updateAll",
        "upsertWithWhere",
        "relation_updateById",
        "relation_update",
        "relation_link",
        "embedded_updateById",
        "embedded_update",
        "reference_link",
    }
)
"""Actions whose body need not hold what a new instance must."""
MISSING: Final = frozenset({"findOne", "patchOrCreate", "replaceOrCreate"})
"""Actions without an id in their path that answer 404 all the same."""
FILTER_HELP: Final = "Which instances, and what of them: as JSON, or in brackets (`filter[where][name]=x`)."
WHERE_HELP: Final = "Which instances: conditions by property, as JSON or in brackets (`where[name]=x`)."


def _header(name: str, description: str) -> Mapping[str, Any]:
    return {"name": name, "in": "header", "description": description, "schema": {"type": "string"}}


_HEADERS: Final[Mapping[str, tuple[Mapping[str, Any], int]]] = {
    "If-None-Match": (_header("If-None-Match", "Entity tags that the client has: 304 where one still holds."), 304),
    "If-Match": (_header("If-Match", "Entity tags of which one must still hold: 412 otherwise."), 412),
    "Idempotency-Key": (
        _header("Idempotency-Key", "A key of the client's own: the same request is done once, however often sent."),
        422,
    ),
    "Prefer": (_header("Prefer", "`return=minimal`: 204 instead of a body."), 204),
}
"""Headers of requests by the parameter's name, and the status that only they bring about."""
_TEXT: Final[Mapping[str, Any]] = {"schema": {"type": "string"}}


def method_of(verb: str) -> str:
    """The key of a verb in a path item; LoopBack's `all` is described as POST, as its explorer does."""
    return {"ALL": "post", "DEL": "delete"}.get(verb, verb.lower())


def acting(endpoint: Endpoint) -> Endpoint:
    """The endpoint that does the work: for a relation below a relation, that of the related model."""
    return endpoint.delegate or endpoint


class Operations:
    """Describes endpoints one after another; what they share is kept in `parameters` and `responses`."""

    def __init__(self, security: Security, examples: Mapping[str, Row], *, limited: Sequence[str | None] = ()) -> None:
        """Take who may ask, and a row of each model that has an example.

        `limited`: verbs whose requests are counted against a rate; None for all of them.
        """
        self._limited = frozenset(limited)
        self._security = security
        self._examples = examples
        self._used: set[str] = set()
        self.parameters: dict[str, Any] = {name: dict(header) for name, (header, _) in _HEADERS.items()}
        """Parameters that operations refer to, by name."""
        self.responses: dict[str, Any] = {}
        """Responses that operations refer to, by name."""

    def describe(self, endpoint: Endpoint, *, served: bool = True) -> dict[str, Any]:
        """The operation of one endpoint. `served`: whether lbconf has the connector of its data source."""
        operation: dict[str, Any] = {
            "tags": [endpoint.model.name],
            "summary": endpoint.summary,
            **({"description": endpoint.notes} if endpoint.notes else {}),
            "operationId": self._unused(endpoint),
        }
        parameters = [
            *self._path_parameters(endpoint),
            *self._query_parameters(endpoint),
            *(_argument(found) for found in endpoint.arguments),
            *(_parameter(name) for name in _headers(endpoint)),
        ]
        if parameters:
            operation["parameters"] = parameters
        if endpoint.body is not Body.NONE and (endpoint.body_schema is None or endpoint.body_schema):
            operation["requestBody"] = _body(endpoint)
        operation["responses"] = {**_good(endpoint), **self._bad(endpoint, served=served)}
        wanted = self._security.wanted(endpoint)
        if wanted is not None:
            operation["security"] = wanted
        return operation

    def several(self, taken: Mapping[str, Any], answered: Mapping[str, Any], faults: Iterable[int]) -> dict[str, Any]:
        """Body, answers and who may ask, of a request that holds several operations, each with rules of its own."""
        good = {"description": "Done.", "content": {JSON: {"schema": answered}}}
        limited = {429} if self._limited & {None, "POST"} else set()
        found: dict[str, Any] = {
            "requestBody": {"required": True, "content": {JSON: {"schema": taken}}},
            "responses": {"200": good, **self._responses({204, *faults, *limited})},
        }
        schemes = self._security.schemes
        return found | ({"security": [{}, *({name: []} for name in schemes)]} if schemes else {})

    def _unused(self, endpoint: Endpoint) -> str:
        """LoopBack's operation id; where a method has several paths, later ones name verb and path too."""
        name = endpoint.operation_id
        if name in self._used:
            name += "__" + endpoint.verb.lower() + endpoint.path.replace("/", "_").replace("{", "").replace("}", "")
        self._used.add(name)
        return name

    def _path_parameters(self, endpoint: Endpoint) -> list[dict[str, Any]]:
        written = {found.name for found in endpoint.arguments if found.place == "path"}
        found: list[dict[str, Any]] = []
        if "{id}" in endpoint.path and "id" not in written:
            found.append(self._id(endpoint.model, "id", f"Id of the {endpoint.model.name}."))
        if "{fk}" in endpoint.path and "fk" not in written:
            found.append(self._id(endpoint.subject, "fk", f"Id of the {endpoint.subject.name}."))
        for segment in endpoint.path.split("/"):
            name = segment[1:-1]
            if segment.startswith("{") and name not in {"id", "fk", *written}:
                found.append({"name": name, "in": "path", "required": True, "schema": {"type": "string"}})
        return found

    def _id(self, model: Model, name: str, description: str) -> dict[str, Any]:
        """A reference to the parameter that is a model's id."""

        def make() -> dict[str, Any]:
            ids = model.ids
            parts = ", ".join(prop.name for prop in ids)
            several = f" Its parts {parts} in this order, joined by commas; a comma inside a part is written %2C."
            schema = property_schema(ids[0]) if len(ids) == 1 else {"type": "string"}
            parameter = {
                "name": name,
                "in": "path",
                "required": True,
                "description": description + (several if len(ids) > 1 else ""),
                "schema": {key: value for key, value in schema.items() if key in {"type", "format", "maxLength"}},
            }
            row = self._examples.get(model.name, {})
            if ids and all(prop.name in row for prop in ids):
                values = [row[prop.name] for prop in ids]
                parameter["example"] = values[0] if len(values) == 1 else ",".join(map(str, values))
            return parameter

        key = f"{model.name}.{name}"
        if key not in self.parameters:
            self.parameters[key] = make()
        return _parameter(key)

    def _query_parameters(self, endpoint: Endpoint) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        written = {argument.name for argument in endpoint.arguments}
        for name, text in (("filter", FILTER_HELP), ("where", WHERE_HELP)):
            if name in endpoint.query and name not in written:
                key = f"{endpoint.subject.name}.{'aggregate' if endpoint.action == 'aggregate' else name}"
                schema = reference(key)
                self.parameters.setdefault(
                    key,
                    {"name": name, "in": "query", "description": text, "content": {JSON: {"schema": schema}}},
                )
                found.append(_parameter(key))
        return found

    def _bad(self, endpoint: Endpoint, *, served: bool) -> dict[str, Any]:
        statuses = {400, 406, 414, 503, *endpoint.faults, *self._security.statuses(endpoint)}
        statuses |= {_HEADERS[name][1] for name in _headers(endpoint)}
        if self._limited & {None, endpoint.verb}:
            statuses.add(429)
        if "{" in endpoint.path or endpoint.action in MISSING:
            statuses.add(404)
        if endpoint.verb not in {"GET", "HEAD"}:
            statuses.add(409)
        if endpoint.body is not Body.NONE:
            statuses |= {413, 415, 422}
        if endpoint.verb == "DELETE":
            statuses.add(422)
        if endpoint.body is Body.INSTANCES and endpoint.model.layout.is_loopback:
            statuses.add(500)
        if not served or (endpoint.remote is not None and endpoint.implementation is None):
            statuses.add(501)
        if endpoint.error_status is not None:
            statuses.add(endpoint.error_status)
        return self._responses(statuses)

    def _responses(self, statuses: Iterable[int]) -> dict[str, Any]:
        """References to shared responses, by status."""
        found: dict[str, Any] = {}
        for status in sorted(statuses):
            name, response = response_of(status)
            self.responses[name] = response
            found[str(status)] = response_reference(name)
        return found


def _parameter(key: str) -> dict[str, Any]:
    return {"$ref": f"#/components/parameters/{key}"}


def _headers(endpoint: Endpoint) -> tuple[str, ...]:
    """Names of the parameters that are headers every endpoint of its kind heeds."""
    if endpoint.action in {"changes", "head"}:
        return ()
    if endpoint.verb in {"GET", "HEAD"}:
        return ("If-None-Match",)
    own: tuple[str, ...] = ("If-Match",) if endpoint.path == "/{id}" else ()
    if endpoint.verb == "POST" and not endpoint.model.layout.is_loopback and not endpoint.action.startswith("user_"):
        own = (*own, "Idempotency-Key")
    prefers = endpoint.result is not Result.NOTHING and endpoint.remote is None
    return (*own, "Prefer") if prefers else own


def _argument(argument: Argument) -> dict[str, Any]:
    found: dict[str, Any] = {"name": argument.name, "in": argument.place, "schema": dict(argument.schema)}
    if argument.required or argument.place == "path":
        found["required"] = True
    if argument.description:
        found["description"] = argument.description
    return found


def _body(endpoint: Endpoint) -> dict[str, Any]:
    schema: Mapping[str, Any]
    if endpoint.body_schema is not None:
        schema = endpoint.body_schema
    else:
        schema = reference(_body_name(endpoint))
        if endpoint.body is Body.INSTANCES:
            schema = {"anyOf": [schema, {"type": "array", "items": schema}]}
    uploads = LISTS if endpoint.action in UPLOADED and endpoint.body is Body.INSTANCES else ()
    optional = endpoint.result is Result.LINK or (endpoint.body is Body.ANY and not schema.get("required"))
    return {
        "required": not optional,
        "content": {JSON: {"schema": schema}, FORM: {"schema": schema}}
        | dict.fromkeys((*endpoint.body_media, *uploads), _TEXT),
    }


def _body_name(endpoint: Endpoint) -> str:
    action = acting(endpoint).action
    if action in {"replaceOrCreate", "replaceById"}:
        return whole_name(endpoint.subject)
    return f"{endpoint.subject.name}.{'partial' if action in PARTIAL else 'new'}"


def _good(endpoint: Endpoint) -> dict[str, Any]:
    if endpoint.action == "changes":
        events = {"text/event-stream": {"schema": {"type": "string"}}}
        return {"200": {"description": "The changes, for as long as the client listens.", "content": events}}
    if endpoint.result is Result.NOTHING and endpoint.result_schema is None:
        status = endpoint.status or (200 if endpoint.verb == "HEAD" else 204)
        return {str(status): {"description": "Done; there is no body."}}
    schema = endpoint.result_schema or _result_schema(endpoint)
    streamed = LISTS if endpoint.action in STREAMED and endpoint.result is Result.INSTANCES else ()
    content = {JSON: {"schema": schema}} | dict.fromkeys((*endpoint.result_media, *streamed), _TEXT)
    good: dict[str, Any] = {"description": "Done.", "content": content}
    if endpoint.verb == "GET":
        paged = any(argument.name == "after" for argument in endpoint.arguments)
        names = ("ETag", "X-Total-Count", "Link") if paged else ("ETag",)
        good["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    return {str(endpoint.status or 200): good}


def _result_schema(endpoint: Endpoint) -> Mapping[str, Any]:
    endpoint = acting(endpoint)
    if endpoint.relation is not None and endpoint.relation.target is None:
        return {"type": "object", "description": "An instance of one of several models."}
    schema: dict[str, Any] = reference(endpoint.subject.name)
    match endpoint.result:
        case Result.COUNT:
            return reference("Answer.count")
        case Result.EXISTS:
            return reference("Answer.exists")
        case Result.INSTANCES:
            return {"type": "array", "items": schema}
        case Result.CREATED:
            made = [schema, {"type": "array", "items": schema}]
            return {"anyOf": [*made, reference("Answer.upload")] if endpoint.action in UPLOADED else made}
        case _ if endpoint.relation is not None and not endpoint.relation.many and endpoint.verb == "GET":
            return {"anyOf": [schema, {"type": "null"}]}
        case _ if endpoint.action in {"embedded_updateById", "reference_link"}:
            return {"anyOf": [schema, {"type": "null"}]}
        case _:
            return schema
