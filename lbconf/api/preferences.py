"""Answers to writes as the client prefers them: `return=minimal`. Source: RFC 7240, 4.2."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import msgspec

from lbconf.api.actions.call import Answer, Call
from lbconf.api.prefer import applied, preferences
from lbconf.api.request import Request
from lbconf.project.resolved import Model
from lbconf.records import replace

__all__ = ["minimal", "with_preferred_return"]

OK: Final = 200


def with_preferred_return(call: Call, answer: Answer, root: str) -> Answer:
    """The answer to a write, without its body where the client prefers that; a new instance by its `Location`."""
    preferred = preferences(call.request.headers.get(b"prefer")).get("return")
    if preferred is None or answer.status != OK or answer.body is None:
        return answer
    told = applied({"return": preferred})
    if preferred == "representation":
        return replace(answer, headers=(*answer.headers, *told))
    headers = (*answer.headers, *told)
    if call.endpoint.method == "create":
        made = msgspec.json.decode(answer.body)
        place = _place(call.endpoint.model, made)
        if place is not None:
            headers += ((b"location", f"{root}{place}".encode("ascii")),)
    return Answer(status=204, headers=headers)


def minimal(request: Request, answer: Answer) -> Answer:
    """The answer without its body, where the client prefers that."""
    if preferences(request.headers.get(b"prefer")).get("return") != "minimal":
        return answer
    return Answer(status=204, headers=(*answer.headers, *applied({"return": "minimal"})))


def _place(model: Model, made: Any) -> str | None:
    """The path of a new instance below the REST root."""
    ids = [made.get(prop.name) for prop in model.ids] if isinstance(made, Mapping) else []
    if not ids or any(not isinstance(part, str | int) for part in ids):
        return None
    return f"/{model.path.strip('/')}/{','.join(quote(str(part), safe='') for part in ids)}"
