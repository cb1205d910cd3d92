"""Requests that hold several operations: read, and done together in a worker thread."""

from typing import Any

from litestar.types import Receive

from lbconf.api.access.caller import NOBODY
from lbconf.api.access.callers import FindsCallers
from lbconf.api.actions.call import Answer
from lbconf.api.bodies import Limits, parse_body, read_body
from lbconf.api.preferences import minimal
from lbconf.api.request import Request
from lbconf.api.threads import WorkerThreads
from lbconf.api.together import BATCH, Together, bulk_model
from lbconf.records import dataclass

__all__ = ["Several"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Several:
    """Answers batches and bulk writes."""

    together: Together
    tokens: FindsCallers | None
    threads: WorkerThreads
    limits: Limits

    async def answer(self, found: Any, path: str, scope: Any, receive: Receive) -> Answer | None:
        """The answer to several operations; None where the path, for which no endpoint was found, is of no such."""
        model = bulk_model(found)
        if model is None and path.rstrip("/") != BATCH:
            return None
        headers = dict(scope["headers"])
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
            if model is None:
                return self.together.batch(request, caller, said)
            return minimal(request, self.together.bulk(request, caller, model, said))

        return await self.threads.run(act, request)
