"""Requests that are done once however often they are sent: `Idempotency-Key`.

Source: draft-ietf-httpapi-idempotency-key-header.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from hashlib import sha256
from typing import Final

import msgspec

from lbconf.api.access.caller import Caller
from lbconf.api.actions.call import Answer, Call
from lbconf.api.present import encode, plain
from lbconf.api.request import Request
from lbconf.api.streams.feed import Feed
from lbconf.connectors.contract import Answers, Connector, KeepsAnswers
from lbconf.diagnostics import Code
from lbconf.project.resolved import Model
from lbconf.query.errors import RequestError
from lbconf.records import replace
from lbconf.repository import Repository

__all__ = ["IDEMPOTENCY_KEY", "Once"]

IDEMPOTENCY_KEY: Final = b"idempotency-key"
LONGEST: Final = 255
"""Bytes of a key."""
LEASE: Final = 300.0
"""Seconds after which a request that was neither answered nor refused, as when its worker died, may come again."""
UPLOAD_LEASE: Final = 3600.0
"""The same of uploads."""
KEPT: Final = 24 * 3600.0
"""Seconds that an answer is kept."""
REPLAYED: Final = (b"idempotent-replayed", b"true")
DIGEST: Final = b"lbconf-body"
"""In a kept answer: of the body that was uploaded."""


class Once:
    """Keeps answers where the rows are that the request wrote, in the same transaction."""

    def __init__(self, connectors: Mapping[str, Connector]) -> None:
        """Take the connectors by data source."""
        self._stores: dict[str, Answers] = {}
        for name, connector in connectors.items():
            keeper: object = connector
            if isinstance(keeper, KeepsAnswers):
                self._stores[name] = keeper.answers

    def answer(self, call: Call, act: Callable[[Call], Answer]) -> Answer:
        """What `act` answers, or has answered to the same request of the same caller before. Refusals are not kept.

        Raises:
            RequestError: 409 while the first is still being answered, 422 where the first asked for something else,
                400 for a key that is none, 501 where the data source keeps no answers.

        """
        body = encode(plain(call.arguments.body))
        return self.done(
            call.request, call.caller, call.repository, call.endpoint.model, body=body, act=lambda: act(call)
        )

    def done(
        self,
        request: Request,
        caller: Caller,
        repository: Repository,
        model: Model,
        *,
        body: bytes,
        act: Callable[[], Answer],
    ) -> Answer:
        """The same for a request that writes where the model is, with what its body says. Raises as `answer`."""
        answers = self._answers(model)
        key = _key(request, caller)
        known = self._claimed(answers, key, _fingerprint(request, body), LEASE)
        if known is not None:
            return _read(known)
        return _kept(answers, key, act, repository.transaction(model))

    def uploaded(self, call: Call, feed: Feed, act: Callable[[], Answer]) -> Answer:
        """The same for an upload, whose body is known once it was read to its end. Raises as `answer`."""
        answers = self._answers(call.endpoint.model)
        key = _key(call.request, call.caller)
        feed.digest = digest = sha256()
        media = call.request.headers.get(b"content-type", b"")
        known = self._claimed(answers, key, _fingerprint(call.request, media), UPLOAD_LEASE)
        if known is not None:
            for _ in feed:
                pass
            answer = _read(known)
            if (DIGEST, digest.hexdigest().encode()) not in answer.headers:
                raise _refused("This Idempotency-Key was sent with another request", 422)
            return _without_digest(answer)

        def marked() -> Answer:
            answer = act()
            return replace(answer, headers=(*answer.headers, (DIGEST, digest.hexdigest().encode())))

        return _without_digest(_kept(answers, key, marked, call.repository.transaction(call.endpoint.model)))

    def _answers(self, model: Model) -> Answers:
        found = self._stores.get(model.data_source or "")
        if found is None:
            raise _refused("Idempotency-Key is not kept for this model", 501)
        return found

    @staticmethod
    def _claimed(answers: Answers, key: str, fingerprint: str, lease: float) -> str | None:
        """The answer that was given before; None where the key is the caller's now."""
        known = answers.claim(key, fingerprint, lease)
        if known is None:
            return None
        if known.fingerprint != fingerprint:
            raise _refused("This Idempotency-Key was sent with another request", 422)
        if known.answer is None:
            raise _refused("A request with this Idempotency-Key is being answered", 409)
        return known.answer


def _key(request: Request, caller: Caller) -> str:
    said = request.headers[IDEMPOTENCY_KEY].strip()
    if not 0 < len(said) <= LONGEST or not said.isascii() or not said.decode("ascii").isprintable():
        raise _refused("Idempotency-Key is a text of 1 to 255 printable characters", 400)
    issuer = caller.token.get("iss") if caller.outsider and caller.token is not None else None
    who = encode([caller.user_model, str(caller.user_id), str(caller.application_id), *([issuer] if issuer else ())])
    return sha256(b"\0".join((who, said))).hexdigest()


def _fingerprint(request: Request, body: bytes) -> str:
    return sha256(b"\0".join((request.path.encode(), request.query_string, body))).hexdigest()


def _kept(answers: Answers, key: str, act: Callable[[], Answer], transaction: AbstractContextManager[None]) -> Answer:
    try:
        with transaction:
            answer = act()
            answers.keep(key, _written(answer), KEPT)
    except BaseException:
        answers.release(key)
        raise
    return answer


def _without_digest(answer: Answer) -> Answer:
    return replace(answer, headers=tuple(pair for pair in answer.headers if pair[0] != DIGEST))


def _written(answer: Answer) -> str:
    parts = {
        "status": answer.status,
        "type": answer.content_type.decode("latin-1"),
        "headers": [[name.decode("latin-1"), value.decode("latin-1")] for name, value in answer.headers],
        "body": None if answer.body is None else answer.body.decode("utf-8", "surrogateescape"),
    }
    return encode(parts).decode()


def _read(text: str) -> Answer:
    parts = msgspec.json.decode(text)
    headers = tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in parts["headers"])
    return Answer(
        status=parts["status"],
        content_type=parts["type"].encode("latin-1"),
        headers=(*headers, REPLAYED),
        body=None if parts["body"] is None else parts["body"].encode("utf-8", "surrogateescape"),
    )


def _refused(message: str, status: int) -> RequestError:
    return RequestError(Code.REQUEST_REFUSED, message, status=status, name="IdempotencyKeyError")
