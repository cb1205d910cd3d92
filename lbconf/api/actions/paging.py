"""Lists of which a client wants to know more than their rows: how many there are, and where the next page begins.

A list says where it goes on when the client asks for cursors (`after`), for the total (`count`), or when the server
cut it because the filter set no limit. A list with a limit of the client's own costs nothing more than its rows.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from lbconf.api.actions.call import Answer, Call
from lbconf.api.present import encode
from lbconf.project.resolved import Model
from lbconf.query.errors import malformed
from lbconf.query.nodes import Filter
from lbconf.repository.paging import Page

__all__ = ["ReadPage", "page_answer", "wants_page"]

ReadPage: TypeAlias = Callable[[Filter, str | None, bool], Page]
"""Reads a page of the filter's rows, after a cursor, with or without the total."""

_KEPT: Final = ("where", "fields", "order", "include", "limit", "skip")


def wants_page(call: Call, wanted: Filter) -> bool:
    """Whether the answer tells of the rest of the list."""
    if not call.repository.reading.paging:
        return False
    server = call.repository.project.server
    if call.arguments.query("after") is not None or call.arguments.query("count") is not None:
        return True
    return (wanted.limit is None or wanted.limit > server.max_page_size) and not _scope_limits(call)


def page_answer(call: Call, wanted: Filter, read: ReadPage, present: Callable[[Page], Any]) -> Answer:
    """The rows with `X-Total-Count` where it was asked for, and `Link` to the first and the next page.

    Raises:
        RequestError: 400 for a cursor that cannot be used.

    """
    after, count = _after(call), _truth(call.arguments.query("count"))
    page = read(wanted, after, count)
    headers: list[tuple[bytes, bytes]] = []
    if page.total is not None:
        headers.append((b"x-total-count", str(page.total).encode("ascii")))
    links = [] if after is None else [_link(call, "first", after="", skip=0, count=count)]
    if page.cursor is not None:
        links.append(_link(call, "next", after=page.cursor, skip=0, count=count))
    elif page.skip is not None:
        links.append(_link(call, "next", after=None, skip=page.skip, count=count))
    if links:
        headers.append((b"link", ", ".join(links).encode("ascii")))
    return Answer(body=page.text if page.text is not None else encode(present(page)), headers=tuple(headers))


def _scope_limits(call: Call) -> bool:
    model: Model = call.endpoint.subject
    named = call.endpoint.model.scopes.get(call.endpoint.scope) if call.endpoint.scope else None
    relation = call.endpoint.relation
    scopes = (named, model.default_scope, None if relation is None else relation.scope)
    return any(scope is not None and "limit" in scope for scope in scopes)


def _after(call: Call) -> str | None:
    said = call.arguments.query("after")
    if said is None or isinstance(said, str):
        return said
    raise malformed("The parameter after is not one text")


def _truth(said: Any) -> bool:
    if said in (None, "", "false", "0"):
        return False
    if said in ("true", "1"):
        return True
    raise malformed("The parameter count is neither true nor false")


def _link(call: Call, rel: str, *, after: str | None, skip: int, count: bool) -> str:
    """A link to the same list: the filter as JSON, without an access token that the address may hold."""
    said = call.arguments.query("filter")
    parts: dict[str, Any] = {}
    if isinstance(said, str) and said not in ("", "null"):
        said = json.loads(said)
    if isinstance(said, Mapping):
        parts = {name: said[name] for name in _KEPT if name in said}
    parts.pop("skip", None)
    if skip:
        parts["skip"] = skip
    asked: list[str] = []
    if parts:
        asked.append("filter=" + quote(json.dumps(parts, separators=(",", ":")), safe="{}:,[]"))
    if count:
        asked.append("count=true")
    if after is not None:
        asked.append(f"after={after}")
    root = call.repository.project.server.rest_api_root.rstrip("/")
    return f'<{quote(root)}{call.request.path}?{"&".join(asked)}>; rel="{rel}"'
