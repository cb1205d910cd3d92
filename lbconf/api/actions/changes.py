"""What the endpoints of change streams do: they say what is to be followed."""

from collections.abc import Mapping
from typing import Any, Final

from lbconf.api.actions.call import Action, Answer, Call
from lbconf.api.bodies import parse_json
from lbconf.api.changes.stream import HEARTBEAT_SECONDS, Following
from lbconf.query.errors import malformed
from lbconf.query.parse import parse_where

__all__ = ["CHANGE_ACTIONS"]


def _changes(call: Call) -> Answer:
    model = call.endpoint.model
    where = parse_where(_options(call).get("where"))
    matches = call.repository.test(model, where) if where else None
    if call.request.verb == "HEAD":
        return Answer(headers=((b"content-type", b"text/event-stream"),))
    written = call.repository.project.server.settings.get("changeStreamHeartbeat")
    heartbeat = float(written) if isinstance(written, int | float) and written > 0 else HEARTBEAT_SECONDS
    accept = call.request.headers.get(b"accept", b"*/*").lower()
    lines = model.layout.is_loopback and b"text/event-stream" not in accept
    return Answer(
        following=Following(model=model, caller=call.caller, matches=matches, lines=lines, heartbeat=heartbeat)
    )


def _options(call: Call) -> Mapping[str, Any]:
    """The argument `options`, of the body or of the query."""
    body = call.arguments.body
    written = body.get("options") if isinstance(body, Mapping) else None
    if written is None:
        written = call.arguments.query("options")
    if isinstance(written, str):
        written = parse_json(written) if written else None
    if written is None:
        return {}
    if not isinstance(written, Mapping):
        raise malformed("The parameter options is not an object")
    return written


CHANGE_ACTIONS: Final[Mapping[str, Action]] = {"changes": _changes}
"""Names of actions to what they do."""
