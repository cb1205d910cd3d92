"""Requests that are done once however often they are sent: `Idempotency-Key`.

Source: draft-ietf-httpapi-idempotency-key-header.
"""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Final

import msgspec

from lbconf.api.actions.call import Answer, Call
from lbconf.api.present import encode, plain
from lbconf.connectors.contract import Answers, Connector, KeepsAnswers
from lbconf.diagnostics import Code
from lbconf.query.errors import RequestError

__all__ = ["IDEMPOTENCY_KEY", "Once"]

IDEMPOTENCY_KEY: Final = b"idempotency-key"
LONGEST: Final = 255
"""Bytes of a key."""
LEASE: Final = 300.0
"""Seconds after which a request that was neither answered nor refused, as when its worker died, may come again."""
KEPT: Final = 24 * 3600.0
"""Seconds that an answer is kept."""
REPLAYED: Final = (b"idempotent-replayed", b"true")


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
        said = call.request.headers[IDEMPOTENCY_KEY].strip()
        if not 0 < len(said) <= LONGEST or not said.isascii() or not said.decode("ascii").isprintable():
            raise _refused("Idempotency-Key is a text of 1 to 255 printable characters", 400)
        answers = self._stores.get(call.endpoint.model.data_source or "")
        if answers is None:
            raise _refused("Idempotency-Key is not kept for this model", 501)
        caller = call.caller
        who = encode([caller.user_model, str(caller.user_id), str(caller.application_id)])
        key = sha256(b"\0".join((who, said))).hexdigest()
        request = call.request
        asked = b"\0".join((request.path.encode(), request.query_string, encode(plain(call.arguments.body))))
        fingerprint = sha256(asked).hexdigest()
        known = answers.claim(key, fingerprint, LEASE)
        if known is not None:
            if known.fingerprint != fingerprint:
                raise _refused("This Idempotency-Key was sent with another request", 422)
            if known.answer is None:
                raise _refused("A request with this Idempotency-Key is being answered", 409)
            return _read(known.answer)
        try:
            with call.repository.transaction(call.endpoint.model):
                answer = act(call)
                answers.keep(key, _written(answer), KEPT)
        except BaseException:
            answers.release(key)
            raise
        return answer


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
