"""What the endpoints of remote methods do: read and check arguments, ask the project's function, tell its result."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from http import HTTPStatus
from inspect import Parameter, signature
from typing import Any, Final

from lbconf.api.actions.call import NOTHING, Action, Answer, Call
from lbconf.api.coercion import check_argument, from_json, from_text
from lbconf.api.present import encode, plain
from lbconf.api.problem import JSON_TYPE
from lbconf.code import HttpError, RemoteContext
from lbconf.code.loading import Function
from lbconf.code.methods import MethodArgument, MethodResult, RemoteMethod
from lbconf.code.names import parameter_of
from lbconf.code.running import call as run
from lbconf.code.scope import present_scope
from lbconf.diagnostics import Code
from lbconf.errors import LbconfError
from lbconf.query.errors import RequestError
from lbconf.query.javascript import UNDEFINED
from lbconf.repository.errors import no_model_with_id

__all__ = ["METHOD_ACTIONS", "remote_context"]

_CLIENT_ERRORS: Final = range(400, 500)


def remote_context(call: Call) -> RemoteContext:
    """The call as the project's code sees it, its arguments not filled in yet."""
    endpoint = call.endpoint
    instance = endpoint.method.startswith("prototype.") and endpoint.model.persisted
    return RemoteContext(
        model=endpoint.model.name,
        method=endpoint.method,
        models=call.repository.models,
        options=present_scope().options,
        request=call.request,
        caller=call.caller,
        find_instance=(lambda: call.repository.row_by_id(endpoint.model, call.id)) if instance else None,
    )


def method_arguments(call: Call) -> dict[str, Any]:
    """The arguments of a remote method by name, each of its declared type; those not sent are left out.

    Raises:
        RequestError: 400.

    """
    method = _method(call)
    json = call.request.headers.get(b"content-type", b"").lower().startswith(b"application/json")
    found: dict[str, Any] = {}
    for argument in method.arguments:
        value = _argument(call, argument, json=json)
        if value is not UNDEFINED:
            found[argument.name] = value
    return found


def _argument(call: Call, argument: MethodArgument, *, json: bool) -> Any:
    arguments, name = call.arguments, argument.name
    body = arguments.body if isinstance(arguments.body, Mapping) else {}
    sloppy = not json
    match argument.source:
        case "req" | "res" | "context" | "options":
            return UNDEFINED
        case "body":
            value: Any = arguments.body
        case "form" | "formData":
            value = body.get(name, UNDEFINED)
        case "query":
            value, sloppy = _query(call, name), True
        case "path":
            value, sloppy = arguments.parameters.get(name, UNDEFINED), True
        case "header":
            value, sloppy = _header(call, name), True
        case _:
            value, sloppy = _anywhere(call, name, body, json=json)
    kind, lists = argument.type, argument.allows_lists
    return from_text(kind, value) if sloppy else from_json(kind, value, lists=lists)


def _anywhere(call: Call, name: str, body: Mapping[str, Any], *, json: bool) -> tuple[Any, bool]:
    """The value of that name wherever the request has one, in LoopBack's order; and whether it is text."""
    if name in call.arguments.parameters:
        return call.arguments.parameters[name], True
    if name in body:
        return body[name], not json
    found = _query(call, name)
    return (found, True) if found is not UNDEFINED else (_header(call, name), True)


def _query(call: Call, name: str) -> Any:
    found = call.arguments.query(name)
    return UNDEFINED if found is None else found


def _header(call: Call, name: str) -> Any:
    found = call.request.headers.get(name.lower().encode("latin-1", "replace"))
    return UNDEFINED if found is None else found.decode("latin-1")


def _invoke(call: Call) -> Answer:
    endpoint, method = call.endpoint, _method(call)
    function = endpoint.implementation
    if function is None:
        message = f"The method {method.name} of {endpoint.model.name} has no implementation."
        raise RequestError(Code.OPERATION_REFUSED, message, status=501)
    context = call.context
    if context is None:
        context = remote_context(call)
        context.args = method_arguments(call)
    if context.find_instance is not None and context.instance is None:
        raise no_model_with_id(call.id)
    for argument in method.arguments:
        check_argument(
            argument.name,
            argument.type,
            context.args.get(argument.name, UNDEFINED),
            required=argument.required and argument.source not in {"req", "res", "context", "options"},
            lists=argument.allows_lists,
        )
    try:
        found = run(function, context, **_named(function, method, context))
    except LbconfError:
        raise
    except Exception as problem:
        status = endpoint.error_status
        if status is None:
            raise
        phrase = HTTPStatus(status).phrase if status in {known.value for known in HTTPStatus} else "Error"
        raise HttpError(status, phrase) from problem
    return _answer(call, method, context, found)


def _named(function: Function, method: RemoteMethod, context: RemoteContext) -> dict[str, Any]:
    """The arguments as the function's own parameters call them; one that was not sent is None, or its default."""
    parameters = _parameters(function)
    takes_any = Parameter.VAR_KEYWORD in parameters.values()
    named: dict[str, Any] = {}
    for argument in method.arguments:
        name = parameter_of(argument.name, parameters)
        if name is None:
            if not takes_any:
                continue
            name = argument.name
        match argument.source:
            case "req":
                named[name] = context.request
            case "res" | "context":
                named[name] = context
            case "options":
                named[name] = context.options
            case _ if argument.name in context.args:
                named[name] = context.args[argument.name]
            case _ if parameters.get(name) is not None:
                named[name] = None
    return named


@lru_cache(256)
def _parameters(function: Function) -> Mapping[str, Any]:
    """Parameters after the context: name to its kind, or None where it has a default."""
    listed = list(signature(function).parameters.values())[1:]
    return {one.name: one.kind if one.default is Parameter.empty else None for one in listed}


def _answer(call: Call, method: RemoteMethod, context: RemoteContext, found: Any) -> Answer:
    results = method.results
    headers = [
        (name.encode("latin-1"), str(value).encode("latin-1", "replace")) for name, value in context.headers.items()
    ]
    status = context.status or call.endpoint.status
    body: Any = UNDEFINED
    raw: bytes | None = None
    for result, value in zip(results, _values(results, found), strict=True):
        if result.target == "status":
            status = int(value) if isinstance(value, int) else status
        elif result.target == "header":
            if value is not None:
                headers.append((_header_name(result), str(value).encode("latin-1", "replace")))
        elif result.root and str(result.type).lower() == "file":
            raw = value if isinstance(value, bytes) else str(value).encode()
        elif result.root:
            body = _told(call, result, value)
        else:
            body = {**(body if isinstance(body, dict) else {}), result.name: _told(call, result, value)}
    own = tuple(pair for pair in headers if pair[0].lower() != b"content-type")
    media = next((value for name, value in headers if name.lower() == b"content-type"), JSON_TYPE)
    if raw is not None:
        return Answer(status=status or 200, body=raw, content_type=media, headers=own)
    if body is UNDEFINED:
        return Answer(status=status or NOTHING.status, headers=own)
    return Answer(status=status or 200, body=encode(body), content_type=media, headers=own)


def _values(results: Sequence[MethodResult], found: Any) -> Sequence[Any]:
    """What the function gave, one value for each declared result; of several by name, or in their order."""
    if len(results) <= 1:
        return [found] if results else []
    if isinstance(found, Mapping):
        return [found.get(result.name) for result in results]
    given = list(found) if isinstance(found, list | tuple) else [found]
    return [*given, *(None for _ in results)][: len(results)]


def _told(call: Call, result: MethodResult, value: Any) -> Any:
    """A result as JSON data: instances of models without what they hide."""
    kind = result.type
    item = kind[0] if isinstance(kind, list | tuple) and kind else None
    models = call.repository.project.models
    if isinstance(item, str) and item in models and isinstance(value, Sequence):
        model = models[item]
        return [call.presenter.instance(model, one) if isinstance(one, Mapping) else plain(one) for one in value]
    if isinstance(kind, str) and kind in models and isinstance(value, Mapping):
        return call.presenter.instance(models[kind], value)
    if call.endpoint.model.layout.is_loopback:
        if isinstance(value, datetime):
            return {"$type": "date", "$data": plain(value)}
        if isinstance(value, bytes):
            from base64 import b64encode

            return {"$type": "base64", "$data": b64encode(value).decode("ascii")}
    return plain(value)


def _header_name(result: MethodResult) -> bytes:
    return (result.header or result.name).encode("latin-1", "replace")


def _method(call: Call) -> RemoteMethod:
    method = call.endpoint.remote
    if method is None:
        msg = "a remote method's endpoint without a method"
        raise TypeError(msg)
    return method


METHOD_ACTIONS: Final[Mapping[str, Action]] = {"remote_method": _invoke}
"""Names of actions to what they do."""
