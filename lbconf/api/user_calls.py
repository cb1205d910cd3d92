"""Calls that concern users: few at once, since hashes of passwords are dear; failures slow and counted."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from time import perf_counter
from typing import Any, Final

from lbconf.api.access.attempts import Attempts, TooManyError
from lbconf.api.actions.call import Action, Answer, Call
from lbconf.api.endpoints import Body, Endpoint
from lbconf.api.mail.post import Post
from lbconf.api.threads import WorkerThreads
from lbconf.project.access_settings import AccessSettings, LoginLimits
from lbconf.project.resolved import Model
from lbconf.query.errors import RequestError
from lbconf.records import replace
from lbconf.repository.credentials import AT_ONCE
from lbconf.repository.user_rows import is_user_model
from lbconf.repository.user_writes import keeping

__all__ = ["UserCalls", "concerns_users"]

MOST_WAITING: Final = 100
"""Calls that wait for their turn; further ones are told to come again."""
WAIT_SECONDS: Final = 2
LEAST_SECONDS: Final = 0.3
"""A failed login is answered no sooner, so that its time tells nothing of how the password is stored, or whether."""
MOST_SECONDS: Final = 1.0
OWN: Final = ("emailVerified", "verificationToken")
"""What clients do not set in the native layout."""
LETTERS: Final = frozenset({"user_reset", "user_verify"})
"""Actions that send somebody a letter."""
LETTER_LIMITS: Final = LoginLimits(attempts=5, per_account=10, per_address=100)
"""So many letters in a quarter of an hour may be asked for."""
COUNTED: Final[Mapping[str, str]] = {"user_login": "LOGIN_FAILED", "user_change_password": "INVALID_PASSWORD"}
"""Actions whose failures count, and the code of what counts as one."""
CHANGES: Final = frozenset({"patchAttributes", "replaceById", "patchOrCreate", "replaceOrCreate"})


class UserCalls:
    """How calls that concern users are answered. The queue is the event loop's; `act` runs in worker threads."""

    def __init__(
        self, settings: AccessSettings, endpoints: Iterable[Endpoint], threads: WorkerThreads, post: Post | None
    ) -> None:
        """Take the settings, every endpoint, the threads, and what sends mail."""
        self.endpoints = frozenset(id(endpoint) for endpoint in endpoints if concerns_users(endpoint))
        """The `id` of each endpoint whose calls are answered so."""
        self._threads = threads
        self._turn = asyncio.Semaphore(max(1, min(AT_ONCE, threads.count - 1)))
        self._waiting = 0
        self._attempts = Attempts(settings.login) if settings.login is not None else None
        self._post = post
        self._letters = Attempts(LETTER_LIMITS) if post is not None else None
        self._least = LEAST_SECONDS

    async def answer(self, function: Callable[[Call], Answer], call: Call) -> Answer:
        """What the function answers, called in a worker thread when it is this call's turn.

        Raises:
            TooManyError: 503 where too many wait.

        """
        if self._waiting >= MOST_WAITING:
            message = "Too many logins at once; try again"
            raise TooManyError(message, seconds=WAIT_SECONDS, status=503, error_code="BUSY")
        self._waiting += 1
        try:
            await self._turn.acquire()
        finally:
            self._waiting -= 1
        begun = perf_counter()
        try:
            return await self._threads.run(function, call)
        except RequestError as error:
            problem = error
        finally:
            self._turn.release()
        if problem.error_code == COUNTED.get(call.endpoint.action):
            taken = perf_counter() - begun
            self._least = min(MOST_SECONDS, max(self._least, taken * 1.1))
            await asyncio.sleep(self._least - taken)
        raise problem

    def act(self, action: Action, call: Call) -> Answer:
        """The action's answer; in a worker thread."""
        counted = COUNTED.get(call.endpoint.action) if self._attempts is not None else None
        call = replace(_guarded(call), post=self._post)
        if self._letters is not None and call.endpoint.action in LETTERS:
            self._letters.begin(_addressee(call), call.request.client or "")
        with keeping(call.caller.token_id):
            return action(call) if counted is None else self._counted(action, call, counted)

    def _counted(self, action: Action, call: Call, failure: str) -> Answer:
        assert self._attempts is not None  # noqa: S101 - asked before
        account, address = _account(call), call.request.client or ""
        self._attempts.begin(account, address)
        try:
            answer = action(call)
        except RequestError as error:
            if error.error_code != failure:
                self._attempts.take_back(account, address)
            raise
        self._attempts.forgive(account, address)
        return answer


def concerns_users(endpoint: Endpoint) -> bool:
    """Whether an endpoint may hash a password or send mail."""
    if endpoint.action.startswith("user_"):
        return True
    return endpoint.body is not Body.NONE and is_user_model(endpoint.subject)


def _account(call: Call) -> str:
    """What failures are counted under."""
    model = call.endpoint.model.name
    if call.caller.known:
        return f"{model}\0{call.caller.user_id}"
    given = call.arguments.body
    if not isinstance(given, Mapping):
        return model
    named = given.get("email") or given.get("username")
    realm = given.get("realm")
    return f"{model}\0{realm if isinstance(realm, str) else ''}\0{named if isinstance(named, str) else ''}"


def _addressee(call: Call) -> str:
    """What letters are counted under."""
    given = call.arguments.body
    email = given.get("email") if isinstance(given, Mapping) else None
    return f"{call.endpoint.model.name}\0{call.arguments.parameters.get('id', email)}"


def _guarded(call: Call) -> Call:
    """The call without what a client may not say of a user."""
    body, endpoint = call.arguments.body, call.endpoint
    native = not endpoint.subject.layout.is_loopback
    if native and isinstance(body, Mapping | list):
        body = [_without_own(item) for item in body] if isinstance(body, list) else _without_own(body)
    if isinstance(body, Mapping) and endpoint.target is None:
        if endpoint.action == "create" and body.get("emailVerified"):
            body = {**body, "emailVerified": False}
        if endpoint.action in CHANGES:
            body = {**body, **_verified(call, endpoint.model, body, native=native)}
    return call if body is call.arguments.body else replace(call, arguments=call.arguments.with_body(body))


def _without_own(item: Any) -> Any:
    if not isinstance(item, Mapping) or not any(name in item for name in OWN):
        return item
    return {name: value for name, value in item.items() if name not in OWN}


def _verified(call: Call, model: Model, body: Mapping[str, Any], *, native: bool) -> dict[str, Any]:
    """What a change makes of the verification: a new address is not verified; a replaced row keeps what it had."""
    key = call.arguments.parameters.get("id", body.get(model.ids[0].name))
    replaces = native and call.endpoint.action.startswith("replace")
    if key is None or not (replaces or body.get("email")):
        return {}
    if not native and not model.settings.get("emailVerificationRequired"):
        return {}
    known = call.repository.row_by_id(model, key)
    if known is None:
        return {}
    if body.get("email") and body["email"] != known.get("email"):
        return {"emailVerified": False}
    return {name: known.get(name) for name in OWN} if replaces else {}
