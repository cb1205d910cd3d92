"""What everything that one request causes shares: who asks, and options that hooks hand on."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from lbconf.code.contexts import Caller
from lbconf.records import dataclass, field

__all__ = ["RequestScope", "present_scope", "scoped"]


@dataclass(slots=True, kw_only=True)
class RequestScope:
    """One request, as hooks see it."""

    caller: Caller | None = None
    options: dict[str, Any] = field(default_factory=dict)
    """`accessToken`, and what hooks put there."""


_PRESENT: ContextVar[RequestScope | None] = ContextVar("request scope", default=None)


@contextmanager
def scoped(scope: RequestScope) -> Iterator[RequestScope]:
    """Let everything that the calling thread does inside the block belong to this request."""
    token = _PRESENT.set(scope)
    try:
        yield scope
    finally:
        _PRESENT.reset(token)


def present_scope() -> RequestScope:
    """The request at hand; an empty one outside of any."""
    found = _PRESENT.get()
    return RequestScope() if found is None else found
