"""Requests that hold several operations: read, and done together in a worker thread."""

from asyncio import CancelledError, Semaphore
from functools import lru_cache, partial
from types import SimpleNamespace
from typing import Any

from litestar.types import Receive

from lbconf.api.access.caller import NOBODY, Caller
from lbconf.api.access.callers import FindsCallers
from lbconf.api.actions.call import Answer
from lbconf.api.bodies import Limits, parse_body, read_body
from lbconf.api.departures import Departures
from lbconf.api.once import IDEMPOTENCY_KEY, Once
from lbconf.api.preferences import minimal
from lbconf.api.present import encode, plain
from lbconf.api.request import Request
from lbconf.api.threads import WorkerThreads
from lbconf.api.together import BATCH, BULK, Together, bulk_model
from lbconf.api.watch.watcher import SCOPE_KEY
from lbconf.project.resolved import Model
from lbconf.records import dataclass

__all__ = ["Several"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Several:
    """Answers batches and bulk writes."""

    together: Together
    tokens: FindsCallers | None
    threads: WorkerThreads
    limits: Limits
    departures: Departures
    """Ends the work on requests that nobody waits for."""
    once: Once | None
    """Answers requests that come again as the first time; None where that is not offered."""
    turns: Semaphore
    """How many may be done at a time: each may wait for rows that others lock, and keeps a connection meanwhile."""

    async def answer(self, found: Any, path: str, scope: Any, receive: Receive) -> Answer | None:
        """The answer to several operations; None where the path, for which no endpoint was found, is of no such."""
        model = bulk_model(found)
        if model is None and path.rstrip("/") != BATCH:
            return None
        headers = dict(scope["headers"])
        watch = scope.get(SCOPE_KEY)
        raw = await read_body(receive, headers, self.limits.json)
        said = parse_body(raw, headers.get(b"content-type", b""), exact=True)
        request = Request(
            verb="POST",
            path=path,
            query_string=scope["query_string"],
            headers=headers,
            client=scope["client"][0] if scope.get("client") else None,
        )

        def act(request: Request) -> Answer:
            caller = NOBODY if self.tokens is None else self.tokens.caller(request)
            once = self.once if IDEMPOTENCY_KEY in headers else None
            if once is None:
                return self._done(request, caller, model, said)
            return once.done(
                request,
                caller,
                self.together.repository,
                self.together.first_model(request, caller, said) if model is None else model,
                body=encode(plain(said)),
                act=lambda: self._done(request, caller, model, said),
            )

        if watch is not None:
            watch.endpoint = _place(BATCH if model is None else f"{model.path}{BULK}")
        flight = self.departures.begin(receive)
        try:
            async with self.turns:
                return await self.threads.run(act if watch is None else partial(watch.run, act), request)
        except CancelledError:
            raise flight.refusal() or CancelledError from None
        finally:
            self.departures.end(flight)

    def _done(self, request: Request, caller: Caller, model: Model | None, said: Any) -> Answer:
        if model is None:
            return self.together.batch(request, caller, said)
        return minimal(request, self.together.bulk(request, caller, model, said))


@lru_cache(4096)
def _place(path: str) -> Any:
    """What is counted in place of an endpoint."""
    return SimpleNamespace(verb="POST", path=path, model=SimpleNamespace(path=""))
