"""Several operations as one request and one transaction: all of them are done, or none."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any, Final
from urllib.parse import quote

from lbconf.api.access.caller import Caller
from lbconf.api.actions.call import Answer, Call
from lbconf.api.arguments import Arguments
from lbconf.api.bodies import parse_json
from lbconf.api.endpoints import Body, Endpoint
from lbconf.api.prefer import applied, preferences
from lbconf.api.present import Presenter, encode, plain
from lbconf.api.problem import fault_of
from lbconf.api.request import Request
from lbconf.api.route_table import Found, NotFound, RouteTable
from lbconf.diagnostics import Code
from lbconf.errors import ConstraintError
from lbconf.patterns import pattern
from lbconf.project.resolved import Model
from lbconf.query.errors import RequestError
from lbconf.records import dataclass
from lbconf.repository import Repository
from lbconf.repository.user_rows import is_user_model

__all__ = ["BATCH", "BULK", "BULK_METHODS", "MOST", "VERBS", "Together", "bulk_model", "takes_bulk"]

BATCH: Final = "/batch"
"""Path below the REST root where operations on any models are done together."""
BULK: Final = "/bulk"
"""The same below a model's own path, for its instances."""
MOST: Final = 1000
"""Operations of one request."""
VERBS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
HEADERS: Final = frozenset({"if-match", "if-none-match", "prefer"})
"""What an operation may have of its own."""
ALONE: Final = frozenset({"changes"})
"""Actions that no others stand beside: their answers have no end."""
BULK_METHODS: Final = {"create": "create", "update": "prototype.patchAttributes", "delete": "deleteById"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """Does several operations, each of them as if it came alone: with its access rules, hooks and validations."""

    table: RouteTable
    repository: Repository
    presenter: Presenter
    endpoints: Mapping[tuple[str, str], Endpoint]
    """Those that bulk writes use, by the names of model and method."""
    apart: frozenset[int]
    """The `id` of each endpoint that is answered in a way of its own."""
    perform: Callable[[Call], Answer]
    """What a known caller gets. Raises what it refuses."""
    own_id: Callable[[Mapping[str, Any], Caller], Mapping[str, Any]]
    """The placeholders' values, the caller's id where the literal for it stands."""

    def batch(self, request: Request, caller: Caller, said: Any) -> Answer:
        """The answers to a list of operations in order, each `{method, path, body?, headers?}`.

        In a path a segment, and in a body a text, of the form `$0.id` stands for what operation 0 answered.

        Raises:
            RequestError: one of them is refused, or they are none; nothing is done then.

        """
        _check_operations(said)
        done: list[Answer] = []
        source: str | None = None
        with ExitStack() as held:
            for number, one in enumerate(said):
                try:
                    call = self._call(request, caller, one, done)
                    if not done:
                        source = call.endpoint.model.data_source
                        held.enter_context(self.repository.transaction(call.endpoint.model))
                    if call.endpoint.model.data_source != source:
                        raise _malformed("Operations of one batch must be on models of one data source")
                    done.append(self.perform(call))
                except (RequestError, ConstraintError) as problem:
                    raise _failed(number, problem) from problem
        return Answer(body=b"[%b]" % b",".join(map(_entry, done)))

    def first_model(self, request: Request, caller: Caller, said: Any) -> Model:
        """The model of a batch's first operation, whose data source is that of all. Raises as `batch`."""
        _check_operations(said)
        try:
            return self._call(request, caller, said[0], []).endpoint.model
        except RequestError as problem:
            raise _failed(0, problem) from problem

    def bulk(self, request: Request, caller: Caller, model: Model, said: Any) -> Answer:
        """What was created and updated and how many were deleted: `{create: [...], update: [...], delete: [...]}`.

        With `Prefer: handling=lenient` those that can be are done, and `errors` tells of the others.

        Raises:
            RequestError: otherwise, where one is refused; `details` has an entry for each, and nothing is done.

        """
        if not isinstance(said, Mapping) or set(said) - set(BULK_METHODS):
            raise _malformed("A bulk write is an object of the lists create, update and delete")
        lists = {kind: said.get(kind, []) for kind in BULK_METHODS}
        if not all(isinstance(items, list) for items in lists.values()):
            raise _malformed("create, update and delete are lists")
        _check_count(sum(map(len, lists.values())))
        chosen = preferences(request.headers.get(b"prefer"))
        chosen.pop("return", None)
        lenient = chosen.get("handling") == "lenient"
        rows: dict[str, list[Any]] = {"create": [], "update": []}
        deleted = 0
        errors: list[dict[str, Any]] = []
        with self.repository.transaction(model):
            for kind, items in lists.items():
                for number, item in enumerate(items):
                    try:
                        with self.repository.savepoint(model):
                            answer = self.perform(self._bulk_call(request, caller, model, (kind, item)))
                    except (RequestError, ConstraintError) as problem:
                        errors.append({"operation": kind, "index": number, **_refusal(problem)})
                        continue
                    found = parse_json((answer.body or b"null").decode(), exact=True)
                    if kind == "delete":
                        deleted += int(found["count"]) if isinstance(found, Mapping) else 0
                    else:
                        rows[kind].append(found)
            if errors and not lenient:
                first = errors[0]
                raise RequestError(
                    Code.ROW_INVALID,
                    f"Nothing was done: {first['operation']} {first['index']}: {first['message']}",
                    status=first["statusCode"],
                    name=first["name"],
                    details=list(errors),
                )
        told = {**rows, "delete": deleted, **({"errors": errors} if lenient else {})}
        return Answer(body=encode(plain(told)), headers=applied(chosen))

    def _call(self, request: Request, caller: Caller, said: Mapping[str, Any], done: list[Answer]) -> Call:
        verb, path = said.get("method"), said.get("path")
        if not isinstance(verb, str) or verb not in VERBS or not isinstance(path, str) or not path.startswith("/"):
            raise _malformed(f"An operation has a method, one of {', '.join(sorted(VERBS))}, and a path from the root")
        path, _, query = path.partition("?")
        path = "/".join(_segment(part, done) for part in path.split("/"))
        if not path.isascii() or not query.isascii():
            raise _malformed("Paths are percent-encoded")
        found = self.table.match(str(verb), path)
        if not isinstance(found, Found):
            raise RequestError(Code.REQUEST_REFUSED, f"There is no method to handle {verb} {path}", status=404)
        endpoint = found.endpoint
        if id(endpoint) in self.apart or endpoint.action in ALONE:
            raise _malformed(f"{verb} {path} cannot be one of several operations")
        body = None if endpoint.body is Body.NONE else _resolved(said.get("body", {}), done)
        headers = _headers(request, said.get("headers", {}))
        inner = Request(verb=str(verb), path=path, query_string=query.encode(), headers=headers, client=request.client)
        return self._made(endpoint, inner, caller, Arguments(endpoint, found.parameters, query.encode(), body))

    def _bulk_call(self, request: Request, caller: Caller, model: Model, operation: tuple[str, Any]) -> Call:
        kind, item = operation
        endpoint = self.endpoints.get((model.name, BULK_METHODS[kind]))
        if endpoint is None or id(endpoint) in self.apart:
            raise RequestError(Code.REQUEST_REFUSED, f"{model.name} has no method to {kind} with", status=404)
        parameters: dict[str, Any] = {}
        body: Any = item
        path = model.path
        if kind != "create":
            parameters["id"] = _id(model, item)
            given = parameters["id"]
            path += "/" + quote(given if isinstance(given, str) else ",".join(given), safe="")
        if kind == "update":
            names = {prop.name for prop in model.ids}
            body = {name: value for name, value in item.items() if name not in names}
        if kind == "delete":
            body = None
        elif not isinstance(body, Mapping):
            raise _malformed("Value is not an object.")
        headers = {name: value for name, value in request.headers.items() if name not in _LEFT_OUT}
        inner = Request(verb=endpoint.verb, path=path, query_string=b"", headers=headers, client=request.client)
        return self._made(endpoint, inner, caller, Arguments(endpoint, parameters, b"", body))

    def _made(self, endpoint: Endpoint, request: Request, caller: Caller, arguments: Arguments) -> Call:
        arguments.parameters = self.own_id(arguments.parameters, caller)
        return Call(
            endpoint=endpoint,
            arguments=arguments,
            repository=self.repository,
            presenter=self.presenter,
            request=request,
            caller=caller,
        )


def bulk_model(found: Any) -> Model | None:
    """The model of a path that no endpoint has but bulk writes; None for other paths."""
    if not isinstance(found, NotFound) or found.model is None or found.rest.rstrip("/") != BULK:
        return None
    return found.model if takes_bulk(found.model) else None


def takes_bulk(model: Model) -> bool:
    """Whether bulk writes are for the model; for users they are not: hashes of many passwords would take too long."""
    return model.persisted and not model.read_only and not is_user_model(model)


def _check_operations(said: Any) -> None:
    if not isinstance(said, list) or not all(isinstance(one, Mapping) for one in said):
        raise _malformed("A batch is a list of operations: {method, path, body}")
    _check_count(len(said))


def _segment(part: str, done: list[Answer]) -> str:
    if not _REFERENCE.fullmatch(part):
        return part
    value = _looked_up(part, done)
    return quote(value if isinstance(value, str) else encode(value).decode(), safe="")


def _resolved(said: Any, done: list[Answer]) -> Any:
    """The body with what earlier operations answered in place of references; `$$` stands for one `$`."""
    if isinstance(said, str):
        if _REFERENCE.fullmatch(said):
            return _looked_up(said, done)
        return said[1:] if said.startswith("$$") and _REFERENCE.fullmatch(said[1:]) else said
    if isinstance(said, Mapping):
        return {name: _resolved(value, done) for name, value in said.items()}
    return [_resolved(value, done) for value in said] if isinstance(said, list) else said


def _looked_up(reference: str, done: list[Answer]) -> Any:
    number, *names = reference[1:].split(".")
    if int(number) >= len(done):
        raise _malformed(f"{reference} is about no earlier operation")
    body = done[int(number)].body
    found: Any = parse_json(body.decode(), exact=True) if body else None
    for name in names:
        if isinstance(found, Mapping) and name in found:
            found = found[name]
        elif isinstance(found, list) and name.isdigit() and int(name) < len(found):
            found = found[int(name)]
        else:
            raise _malformed(f"{reference} is nothing that was answered")
    return found


def _headers(request: Request, said: Any) -> dict[bytes, bytes]:
    """The headers of the request, but for those that each operation has of its own."""
    found = {name: value for name, value in request.headers.items() if name not in _LEFT_OUT}
    if not isinstance(said, Mapping):
        raise _malformed("The headers of an operation are an object")
    for name, value in said.items():
        if name.lower() not in HEADERS or not isinstance(value, str) or not value.isascii():
            raise _malformed(f"An operation has no headers but {', '.join(sorted(HEADERS))}")
        found[name.lower().encode()] = value.encode()
    return found


def _entry(answer: Answer) -> bytes:
    head = {"status": answer.status}
    known = {name: value.decode("latin-1") for name, value in answer.headers if name in _TOLD}
    parts = [encode(head)[:-1]]
    if known:
        parts.append(b'"headers":' + encode({name.decode(): value for name, value in known.items()}))
    if answer.body:
        parts.append(b'"body":' + answer.body)
    return b",".join(parts) + b"}"


def _id(model: Model, item: Any) -> Any:
    """The id that an item of a bulk write names, as a path has it."""
    given = [item.get(prop.name) for prop in model.ids] if isinstance(item, Mapping) else item
    parts = given if isinstance(given, list) else [given]
    if len(parts) != len(model.ids) or not all(type(part) in (str, int) for part in parts):
        raise _malformed("It names no instance by its id")
    texts = tuple(str(part) for part in parts)
    return texts[0] if len(texts) == 1 else texts


def _check_count(count: int) -> None:
    if count > MOST:
        raise RequestError(Code.REQUEST_REFUSED, f"More than {MOST} operations in one request", status=413)


def _refusal(problem: Exception) -> dict[str, Any]:
    fault = fault_of(problem)
    told: dict[str, Any] = {"statusCode": fault.status, "name": fault.name or "Error", "message": fault.message}
    if fault.code is not None:
        told["code"] = fault.code
    if fault.details is not None:
        told["details"] = fault.details
    return told


def _failed(number: int, problem: Exception) -> RequestError:
    """The error of a batch: that of the operation, with its number."""
    told = _refusal(problem)
    return RequestError(
        Code.REQUEST_REFUSED,
        f"Nothing was done: operation {number}: {told['message']}",
        status=told["statusCode"],
        name=told["name"],
        error_code=told.get("code"),
        details=[{"operation": number, **told}],
    )


def _malformed(message: str) -> RequestError:
    return RequestError(Code.REQUEST_REFUSED, message)


_REFERENCE: Final = pattern(r"\$[0-9]{1,4}(\.[A-Za-z0-9_]+)*")
_LEFT_OUT: Final = frozenset({b"if-match", b"if-none-match", b"prefer", b"idempotency-key", b"content-length"})
_TOLD: Final = frozenset({b"etag", b"location", b"preference-applied"})
