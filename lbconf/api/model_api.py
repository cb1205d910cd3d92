"""The ASGI application of all model endpoints: a request's way from path to answer, in one function."""

from asyncio import CancelledError
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from litestar.types import Receive, Scope, Send

from lbconf.api.access.caller import NOBODY
from lbconf.api.access.callers import FindsCallers
from lbconf.api.access.control import AccessControl
from lbconf.api.actions import ACTIONS, Action, Answer, Call
from lbconf.api.actions.streamed import STREAMED, streamed, streamed_whole
from lbconf.api.actions.uploaded import uploaded
from lbconf.api.arguments import Arguments
from lbconf.api.bodies import NOTHING, Limits, UnreadBodyError, parse_body, read_body
from lbconf.api.changes.feed import Feed
from lbconf.api.changes.stream import Following, accepts_events, stream_changes
from lbconf.api.departures import Departures
from lbconf.api.endpoints import Body, Endpoint
from lbconf.api.forms import form_values
from lbconf.api.freshness import CONDITIONS, guarded, tagged
from lbconf.api.lingering import answer_and_linger
from lbconf.api.log import JsonLog
from lbconf.api.negotiation import accepts_json, error_form, wants_problem
from lbconf.api.once import IDEMPOTENCY_KEY, Once
from lbconf.api.preferences import with_preferred_return
from lbconf.api.present import Presenter
from lbconf.api.privacy import private
from lbconf.api.problem import JSON_TYPE, PROBLEM_TYPE, Fault, fault_of, loopback_body, loopback_text, problem_body
from lbconf.api.receiving import UPLOADED, receive_upload
from lbconf.api.remote_hooks import RemoteHooks
from lbconf.api.request import Request
from lbconf.api.route_table import Found, RouteTable, Undecodable
from lbconf.api.sending import Room, send_portions
from lbconf.api.several import Several
from lbconf.api.sources import Sources
from lbconf.api.streams.feed import Upload
from lbconf.api.streams.forms import Form, form_of
from lbconf.api.streams.lines import uploaded_form
from lbconf.api.telling import tell_of_refusal
from lbconf.api.threads import WorkerThreads
from lbconf.api.user_calls import UserCalls
from lbconf.api.watch.watcher import SCOPE_KEY
from lbconf.cooperation import cooperate
from lbconf.datatypes import DecimalType
from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import ConnectionFailedError
from lbconf.project.reading_settings import Budget
from lbconf.project.resolved import Model
from lbconf.query.allowance import allowance
from lbconf.query.errors import RequestError
from lbconf.records import dataclass, field, replace
from lbconf.repository import Repository

__all__ = ["ModelApi", "send_answer", "send_fault"]

LONGEST_URL: Final = 64 * 1024
"""Characters, the query included."""
READING: Final = frozenset({"GET", "HEAD"})
WISHES: Final = CONDITIONS | {b"prefer", IDEMPOTENCY_KEY}
"""Headers of a write that are not looked at but where one of them is there."""
ONCE: Final = (b"host", b"authorization", b"x-access-token", b"content-type")
NOT_ACCEPTABLE: Final = Answer(status=406, body=b"Not Acceptable", content_type=b"text/plain; charset=utf-8")
VERBS: Final = ("GET", "HEAD", "PUT", "PATCH", "POST", "DELETE")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelApi:
    """Answers everything below the REST root."""

    root: str
    """Path of the REST root without a slash at the end; empty where it is `/`."""
    table: RouteTable
    repository: Repository
    presenter: Presenter
    sources: Sources
    threads: WorkerThreads
    users: UserCalls
    """Answers what concerns users and their passwords."""
    limits: Limits
    log: JsonLog
    room: Room
    """How many lists may be streamed at a time."""
    once: Once | None = None
    """Answers requests that come again as the first time; None where that is not offered."""
    several: Several | None = None
    """Does several operations in one request; None where that is not offered."""
    quick: frozenset[int] = frozenset()
    """The `id` of each endpoint that is answered in the loop's own thread."""
    actions: Mapping[str, Action] = field(default_factory=lambda: ACTIONS)
    """What each endpoint does, by the name of its action."""
    tags: bool = True
    """Whether what is read has entity tags."""
    hooks: RemoteHooks | None = None
    """Runs the project's own code around endpoints; None where it has none."""
    tokens: FindsCallers | None = None
    """Finds who sent a request; None where nothing tells who somebody is."""
    changes: Feed | None = None
    """Tells change streams of what is written; None where no model has one."""
    access: AccessControl | None = None
    """Says who may call what; None where access is not controlled."""
    budget: Budget = field(default_factory=Budget)
    """The most that one request may cost."""
    departures: Departures = field(default_factory=lambda: Departures(None))
    """Ends the work on requests that nobody waits for."""
    loopback: bool = False
    """Whether errors and what is not acceptable are told as LoopBack does."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            answer = await self._answer(scope, receive)
        except Exception as error:  # noqa: BLE001 - every failure becomes an answer
            await self._refuse(error, scope, receive, send)
            return
        if answer.rest is not None:
            await self._send_rest(answer, scope, receive, send)
        elif answer.following is None or self.changes is None:
            await send_answer(answer, scope, send)
        else:
            await stream_changes(answer.following, self.changes, self.threads, self.log, (receive, send))

    async def _answer(self, scope: Any, receive: Receive) -> Answer:
        verb: str = scope["method"]
        raw: bytes = scope.get("raw_path") or scope["path"].encode("utf-8")
        path = raw.decode("latin-1")[len(self.root) :]
        if path and not path.startswith("/"):
            raise _refusal(f"Cannot {verb} {raw.decode('latin-1')}", status=404)
        found = self.table.match(verb, path)
        if not isinstance(found, Found):
            if verb == "OPTIONS":
                return self._options(path)
            if verb == "POST" and self.several is not None:
                answer = await self.several.answer(found, path, scope, receive)
                if answer is not None:
                    return answer
            raise self._not_found(found, verb, path, scope["query_string"])
        headers = dict(scope["headers"])
        _check_lengths(len(raw) + len(scope["query_string"]), headers)
        if len(headers) != len(scope["headers"]):
            _check_once(scope["headers"])
        accept = headers.get(b"accept")
        form = form_of(accept) if accept is not None and found.endpoint.action in STREAMED else None
        if form is None and not accepts_json(accept) and not accepts_events(found.endpoint, headers[b"accept"]):
            if self.loopback:
                # LoopBack looks at what is accepted when it has an answer; errors are told in any case.
                await self._carried_out(found, verb, path, headers, (scope, receive))
            return NOT_ACCEPTABLE
        return await self._carried_out(found, verb, path, headers, (scope, receive), form)

    async def _carried_out(
        self,
        found: Found,
        verb: str,
        path: str,
        headers: dict[bytes, bytes],
        channel: tuple[Any, Receive],
        form: Form | None = None,
    ) -> Answer:
        scope, receive = channel
        endpoint = found.endpoint
        act: Action = self._act
        watch = scope.get(SCOPE_KEY)
        if watch is not None:
            watch.endpoint = endpoint
            act = partial(watch.run, act)
        body: Any = None
        streams = endpoint.action in UPLOADED and id(endpoint) not in self.users.endpoints
        uploading = uploaded_form(headers.get(b"content-type", b"")) if streams else None
        if endpoint.body is not Body.NONE and uploading is None:
            body = await self._body(receive, headers, endpoint)
        source = endpoint.model.data_source
        if source is not None and self.sources.is_away(source):
            raise ConnectionFailedError(
                Diagnostic(code=Code.DATA_SOURCE_AWAY, message=f"Data source {source} cannot be reached."),
                data_source=source,
            )
        call = Call(
            endpoint=endpoint,
            arguments=Arguments(endpoint, found.parameters, scope["query_string"], body),
            repository=self.repository,
            presenter=self.presenter,
            request=Request(
                verb=verb,
                path=path,
                query_string=scope["query_string"],
                headers=headers,
                client=scope["client"][0] if scope.get("client") else None,
            ),
        )
        if uploading is not None:
            return await self._receive(act, call, uploading, receive)
        if form is not None:
            return await self._begin(act, replace(call, form=form))
        if id(endpoint) in self.users.endpoints:
            return await self.users.answer(act, call)
        return await self._worked_on(act, call, receive)

    async def _worked_on(self, act: Action, call: Call, receive: Receive) -> Answer:
        """The answer, beside the loop or from a worker thread; the work ends where nobody waits for it."""
        flight = self.departures.begin(receive)
        try:
            if id(call.endpoint) in self.quick:
                return await cooperate(act, call)
            answer = await self.threads.run(act, call)
        except CancelledError:
            raise flight.refusal() or CancelledError from None
        finally:
            self.departures.end(flight)
        return answer if answer.following is None else await self._watched(call, answer, answer.following)

    async def _begin(self, act: Action, call: Call) -> Answer:
        """The beginning of an answer in another form than JSON, which may have any length."""
        self.room.take()
        answer = None
        try:
            answer = await self.threads.run(act, call)
        finally:
            if answer is None or answer.rest is None:
                self.room.leave()
        return answer

    async def _receive(self, act: Action, call: Call, form: Form, receive: Receive) -> Answer:
        """The answer to a body of many instances, which may have any length."""
        self.room.take()
        try:
            return await receive_upload(act, call, form, receive, (self.limits.upload, self.limits.json))
        finally:
            self.room.leave()

    async def _send_rest(self, answer: Answer, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send_portions(answer, self.threads, self.log, (scope, receive, send))
        finally:
            self.room.leave()

    async def _watched(self, call: Call, answer: Answer, following: Following) -> Answer:
        """The answer of a change stream, which ends once the caller may not follow any more."""
        if self.changes is not None:
            self.changes.check_room()
            await self.changes.ready(following.model)
        sees = None if self.access is None else self.access.sight(following.model, following.caller)
        return replace(answer, following=replace(following, allowed=partial(self._act, call), sees=sees))

    def _act(self, call: Call) -> Answer:
        """In a worker thread or beside the loop: the caller, the endpoint's action, a bound on what patterns cost."""
        tokens = self.tokens
        if tokens is not None:
            caller = tokens.caller(call.request)
            call.arguments.parameters = tokens.own_id(call.arguments.parameters, caller)
            if caller is not NOBODY:
                call = replace(call, caller=caller)
        return self.perform(call)

    def perform(self, call: Call) -> Answer:
        """What a known caller gets: access checked, then the endpoint's action, as the request's headers wish."""
        if self.access is not None:
            self.access.authorise(call.endpoint, call.arguments, call.caller)
        with allowance(statements=self.budget.statements, rows=self.budget.rows):
            if call.upload is not None:
                return with_preferred_return(call, self._stored(call, call.upload), self.root)
            if call.form is not None:
                return self._in_form(call, call.form)
            reads = call.request.verb in READING
            if not reads and not WISHES.isdisjoint(call.request.headers):
                return self._wished(call)
            answer = self._plainly(call)
        if not reads:
            return answer
        return tagged(call, answer) if self.tags else replace(answer, headers=(*answer.headers, *private(call.caller)))

    def _in_form(self, call: Call, form: Form) -> Answer:
        """The list that an endpoint gives, in another form than JSON."""
        if self.hooks is None:
            return streamed(call, form)
        if self.hooks.surrounds(call.endpoint):
            return streamed_whole(call, form, self._plainly)
        return self.hooks.answer(partial(streamed, form=form), call)

    def _stored(self, call: Call, upload: Upload) -> Answer:
        """How many instances of an upload were created."""
        if self.hooks is None:
            act = partial(uploaded, call, upload)
        elif self.hooks.surrounds(call.endpoint):
            raise _refusal("Code of the project runs around every creation: send JSON", status=415)
        else:
            act = partial(self.hooks.answer, partial(uploaded, upload=upload), call)
        if self.once is not None and IDEMPOTENCY_KEY in call.request.headers:
            return self.once.uploaded(call, upload.feed, act)
        return act()

    def _wished(self, call: Call) -> Answer:
        """The answer to a write that is done once, depends on what is there, or is wanted in another form."""
        if id(call.endpoint) in self.users.endpoints:  # answers hold tokens and are not kept, nor left out
            return self._plainly(call) if CONDITIONS.isdisjoint(call.request.headers) else self._guarded(call)
        if self.once is not None and call.request.verb == "POST" and IDEMPOTENCY_KEY in call.request.headers:
            return self.once.answer(call, self._written)
        return self._written(call)

    def _written(self, call: Call) -> Answer:
        conditional = not CONDITIONS.isdisjoint(call.request.headers)
        answer = self._guarded(call) if conditional else self._plainly(call)
        return with_preferred_return(call, answer, self.root)

    def _plainly(self, call: Call) -> Answer:
        """What the endpoint's action answers."""
        action = self.actions[call.endpoint.action]
        if self.hooks is not None:
            action = partial(self.hooks.answer, action)
        return self.users.act(action, call) if id(call.endpoint) in self.users.endpoints else action(call)

    def _guarded(self, call: Call) -> Answer:
        return guarded(call, self._plainly, self.table)

    async def _body(self, receive: Receive, headers: dict[bytes, bytes], endpoint: Endpoint) -> Any:
        model = endpoint.subject
        content_type = headers.get(b"content-type", b"")
        form = content_type.startswith(b"application/x-www-form-urlencoded")
        limit = self.limits.form if form else self.limits.json
        if self.limits.routes:
            limit = self.limits.routes.get(id(endpoint), limit)
        raw = await read_body(receive, headers, limit)
        found = parse_body(raw, content_type, exact=_exact(model)) if raw else NOTHING
        return form_values(model, found) if form and not model.layout.is_loopback else found

    def _options(self, path: str) -> Answer:
        verbs = [verb for verb in VERBS if isinstance(self.table.match(verb, path), Found)]
        if not verbs:
            raise self._not_found(self.table.match("OPTIONS", path), "OPTIONS", path, b"")
        allow = ",".join(verbs).encode("ascii")
        return Answer(status=200, body=allow, content_type=b"text/html; charset=utf-8", headers=((b"allow", allow),))

    def _not_found(self, found: Any, verb: str, path: str, query: bytes) -> RequestError:
        if isinstance(found, Undecodable):
            return _refusal(f"Failed to decode param '{found.segment}'", status=400, name="URIError")
        if found.model is None:
            return _refusal(f"There is no method to handle {verb} {_url(path or '/', query)}", status=404)
        return _refusal(
            f'Shared class "{found.model.name}" has no method handling {verb} {_url(found.rest, query)}', status=404
        )

    async def _refuse(self, error: Exception, scope: Any, receive: Receive, send: Send) -> None:
        fault = fault_of(error)
        tell_of_refusal(self.log, error, scope, ours=fault.ours)
        if isinstance(error, ConnectionFailedError) and error.data_source:
            self.sources.lost(error.data_source, error.diagnostics[0].message)
        rest = getattr(error, "rest", None)
        answer = partial(send_fault, fault, scope, closes=rest is not None, negotiates=self.loopback)
        if rest:
            await answer_and_linger(answer, scope, receive, send)
        else:
            await answer(send)


async def send_answer(answer: Answer, scope: Any, send: Send) -> None:
    """Send an answer; HEAD gets its headers only."""
    headers: list[tuple[bytes, bytes]] = [*answer.headers]
    if answer.body is not None:
        headers += [(b"content-type", answer.content_type), (b"content-length", str(len(answer.body)).encode("ascii"))]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    body = b"" if answer.body is None or scope["method"] == "HEAD" else answer.body
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def send_fault(fault: Fault, scope: Any, send: Send, *, closes: bool = False, negotiates: bool = False) -> None:
    """Send an error in the form the client asked for; `negotiates`: HTML and XML are among these."""
    accept = dict(scope["headers"]).get(b"accept")
    headers = fault.headers + (((b"connection", b"close"),) if closes else ())
    if wants_problem(accept):
        content_type, body = PROBLEM_TYPE, problem_body(fault, scope["path"])
    elif negotiates and (form := error_form(accept)) != "json":
        content_type, body = loopback_text(fault, form)
    else:
        content_type, body = JSON_TYPE, loopback_body(fault)
    await send_answer(Answer(status=fault.status, body=body, content_type=content_type, headers=headers), scope, send)


def _refusal(message: str, *, status: int, name: str = "Error") -> RequestError:
    return RequestError(Code.REQUEST_REFUSED, message, status=status, name=name)


def _check_lengths(url: int, headers: Mapping[bytes, bytes]) -> None:
    if url > LONGEST_URL:
        raise UnreadBodyError("URI Too Long", status=414, name="URITooLongError")
    if b"transfer-encoding" in headers and b"content-length" in headers:
        raise UnreadBodyError("two lengths of one body", status=400, name="BadRequestError")


def _check_once(headers: Sequence[tuple[bytes, bytes]]) -> None:
    """Raise `RequestError` for a header twice of which somebody before this server may have taken the other one."""
    names = [name for name, _ in headers]
    twice = next((name for name in ONCE if names.count(name) > 1), None)
    if twice is not None:
        raise UnreadBodyError(f"the header {twice.decode()} stands there twice", status=400, name="BadRequestError")


def _exact(model: Model) -> bool:
    return any(isinstance(prop.type, DecimalType) for prop in model.properties.values())


def _url(path: str, query: bytes) -> str:
    return f"{path}?{query.decode('latin-1')}" if query else path
