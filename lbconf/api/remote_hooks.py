"""Remote hooks: the project's functions before and after methods answer requests."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from lbconf.api.actions.call import Action, Answer, Call
from lbconf.api.actions.methods import method_arguments, remote_context
from lbconf.api.arguments import Arguments
from lbconf.api.bodies import parse_json
from lbconf.api.endpoints import Body, Endpoint
from lbconf.api.present import encode, plain
from lbconf.api.problem import JSON_TYPE
from lbconf.api.sharing import ALIASES
from lbconf.code.contexts import RemoteContext
from lbconf.code.loading import Function, ProjectCode, RemoteHook
from lbconf.code.marks import Kind
from lbconf.code.running import call as run
from lbconf.code.scope import RequestScope, scoped
from lbconf.query.nodes import Filter
from lbconf.query.parse import parse_filter, parse_where
from lbconf.records import dataclass, replace

__all__ = ["RemoteHooks", "matches"]

Functions: TypeAlias = tuple[Function, ...]
_DATA: Final = "data"


@dataclass(frozen=True, slots=True, kw_only=True)
class _EndpointHooks:
    """What runs around one endpoint."""

    before: Functions
    after: Functions
    after_error: Functions

    @property
    def any(self) -> bool:
        """Whether something does."""
        return bool(self.before or self.after or self.after_error)


class RemoteHooks:
    """Knows which functions run around which endpoint; worked out once."""

    def __init__(self, code: ProjectCode, endpoints: Iterable[Endpoint]) -> None:
        """Take the project's code and every endpoint."""
        self._by_endpoint: dict[int, _EndpointHooks] = {}
        for endpoint in endpoints:
            found = code.models.get(endpoint.model.name)
            if found is not None and found.remote_hooks:
                hooks = _EndpointHooks(
                    before=_matching(found.remote_hooks.get(Kind.BEFORE_REMOTE, ()), endpoint),
                    after=_matching(found.remote_hooks.get(Kind.AFTER_REMOTE, ()), endpoint),
                    after_error=_matching(found.remote_hooks.get(Kind.AFTER_REMOTE_ERROR, ()), endpoint),
                )
                if hooks.any:
                    self._by_endpoint[id(endpoint)] = hooks

    def answer(self, action: Action, call: Call) -> Answer:
        """The answer of an action, the hooks of its endpoint run around it."""
        scope = RequestScope(caller=call.caller, options={"accessToken": call.caller.token})
        with scoped(scope):
            hooks = self._by_endpoint.get(id(call.endpoint))
            return action(call) if hooks is None else _hooked(hooks, action, call)

    def surrounds(self, endpoint: Endpoint) -> bool:
        """Whether anything runs around the endpoint."""
        return id(endpoint) in self._by_endpoint


def matches(pattern: str, method: str) -> bool:
    """Whether a method's name, such as `prototype.__get__lines`, fits a pattern: `*` is one part of it, `**` any."""
    return _fits(pattern.split("."), method.split("."))


def _fits(pattern: list[str], parts: list[str]) -> bool:
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(_fits(pattern[1:], parts[at:]) for at in range(len(parts) + 1))
    return bool(parts) and pattern[0] in ("*", parts[0]) and _fits(pattern[1:], parts[1:])


def _matching(hooks: Iterable[RemoteHook], endpoint: Endpoint) -> Functions:
    names = (endpoint.method, *ALIASES.get(endpoint.method, ()))
    return tuple(function for pattern, function in hooks if any(matches(pattern, name) for name in names))


def _hooked(hooks: _EndpointHooks, action: Action, call: Call) -> Answer:
    context = remote_context(call)
    try:
        context.args = _arguments(call)
        for function in hooks.before:
            run(function, context)
        call = replace(call, arguments=_Changed(call.arguments, context.args), context=context)
        answer = action(call)
        return _after(hooks.after, context, answer)
    except Exception as problem:
        context.error = problem
        for function in hooks.after_error:
            run(function, context)
        raise


def _after(functions: Functions, context: RemoteContext, answer: Answer) -> Answer:
    readable = answer.body is not None and answer.content_type == JSON_TYPE
    if functions:
        context.result = parse_json(answer.body.decode()) if readable and answer.body else None
        for function in functions:
            run(function, context)
        if readable or context.result is not None:
            answer = replace(answer, body=encode(plain(context.result)))
    known = {name for name, _ in answer.headers}
    more = ((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in context.headers.items())
    added = tuple(pair for pair in more if pair[0] not in known)
    return replace(answer, status=context.status or answer.status, headers=answer.headers + added)


def _arguments(call: Call) -> dict[str, Any]:
    """The arguments of a method by the names that LoopBack gives them."""
    if call.endpoint.remote is not None:
        return method_arguments(call)
    found: dict[str, Any] = dict(call.arguments.parameters)
    for name in call.endpoint.query:
        value = call.arguments.query(name)
        if value is not None:
            found[name] = parse_json(value) if isinstance(value, str) and value[:1] == "{" else value
    if "where" in call.endpoint.query:
        call.arguments.where()  # refuses what is not understood before a hook relies on it
    if call.endpoint.body is not Body.NONE:
        found[_DATA] = call.arguments.instances()
    return found


class _Changed(Arguments):
    """The arguments as hooks left them."""

    __slots__ = ("_before", "_now")

    def __init__(self, before: Arguments, now: Mapping[str, Any]) -> None:
        """Take those that were sent and those that are there now."""
        parameters = {name: now.get(name, value) for name, value in before.parameters.items()}
        super().__init__(before.endpoint, parameters, b"", now.get(_DATA, before.body))
        self._before = before
        self._now = now

    def query(self, name: str) -> Any:
        """As hooks left it, or as it was sent."""
        return self._now.get(name) if name in self.endpoint.query else self._before.query(name)

    def filter(self) -> Filter:
        """As hooks left it."""
        return parse_filter(self._now.get("filter"), by_id=self.of_one_by_id)

    def where(self) -> Mapping[str, Any] | None:
        """As hooks left it."""
        return parse_where(self._now.get("where"))
