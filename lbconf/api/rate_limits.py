"""How often a client may ask: a bucket of requests for each, filled at a steady rate.

Counted in each worker process by itself. Source: draft-ietf-httpapi-ratelimit-headers (names of the headers).
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Sequence
from ipaddress import IPv6Address, ip_address
from time import monotonic
from typing import Any, Final

from litestar.types import ASGIApp, Receive, Scope, Send

from lbconf.project.serving import RateLimit

__all__ = ["Bucket", "RateLimits"]

MOST_CLIENTS: Final = 20_000
"""Clients that one limit remembers; the one not seen for longest is forgotten first."""
NETWORK_BITS: Final = 64
"""Of an IPv6 address: one subscriber has a whole network of them."""


class Bucket:
    """One limit, with what is left of it to each client."""

    def __init__(self, limit: RateLimit, clock: Callable[[], float] = monotonic) -> None:
        """Take the limit and the clock, which tells seconds."""
        self._limit = limit
        self._rate = limit.requests / limit.seconds
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._method = limit.method
        head, *rest = limit.path.split("*")
        self._head, self._rest = head, rest

    def concerns(self, method: str, path: str) -> bool:
        """Whether a request counts."""
        if self._method is not None and method != self._method:
            return False
        if not self._rest:
            return path == self._head
        if self._rest == [""] and path == self._head.rstrip("/"):
            return True
        if not path.startswith(self._head):
            return False
        at = len(self._head)
        for part in self._rest[:-1]:
            found = path.find(part, at)
            if found < 0:
                return False
            at = found + len(part)
        return path.endswith(self._rest[-1]) and len(path) - len(self._rest[-1]) >= at

    def take(self, client: str) -> float:
        """0 where the client may ask, else the seconds until it may."""
        now = self._clock()
        left, seen = self._left.pop(client, (float(self._limit.requests), now))
        left = min(float(self._limit.requests), left + (now - seen) * self._rate)
        wait = 0.0 if left >= 1 else (1 - left) / self._rate
        self._left[client] = (left - 1 if not wait else left, now)
        if len(self._left) > MOST_CLIENTS:
            self._left.popitem(last=False)
        return wait


class RateLimits:
    """Refuses requests above a limit with 429 and `Retry-After`."""

    def __init__(self, app: ASGIApp, limits: Sequence[RateLimit], refuse: Callable[[Any, Send, int], Any]) -> None:
        """Wrap an application; `refuse` answers a request that has to wait so many seconds."""
        self._app = app
        self._buckets = tuple(Bucket(limit) for limit in limits)
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        http: Any = scope
        if http["type"] == "http":
            client = _client(http)
            method, path = http["method"], http["path"]
            waits = [bucket.take(client) for bucket in self._buckets if bucket.concerns(method, path)]
            longest = max(waits, default=0.0)
            if longest:
                await self._refuse(http, send, math.ceil(longest))
                return
        await self._app(scope, receive, send)


def _client(scope: Any) -> str:
    address = scope["client"][0] if scope.get("client") else ""
    if ":" in address:
        try:
            found = ip_address(address)
        except ValueError:
            return str(address)
        if isinstance(found, IPv6Address):
            mapped = found.ipv4_mapped
            return str(mapped) if mapped is not None else str(int(found) >> NETWORK_BITS)
    return str(address)
