"""Requests that came through proxies: whom they are from, as trusted proxies say; and names that the server goes by.

Source: MDN, X-Forwarded-For ("Selecting an IP address"); Express 4, "Express behind proxies".
"""

from collections.abc import Callable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, Final

from litestar.types import ASGIApp, Receive, Scope, Send

__all__ = ["ForwardedRequests", "NamedHosts", "unusable_proxy"]

NAMED: Final = {
    "loopback": ("127.0.0.0/8", "::1/128"),
    "linklocal": ("169.254.0.0/16", "fe80::/10"),
    "uniquelocal": ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"),
}
PROBED: Final = frozenset({"/healthz", "/readyz"})
"""Asked by address, by what looks after the process."""
_FORWARDED: Final = frozenset({b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host"})

Networks = tuple[IPv4Network | IPv6Network, ...]


class ForwardedRequests:
    """Puts the client, the scheme and the host in place that a trusted proxy tells; what others tell is dropped."""

    def __init__(self, app: ASGIApp, trusted: bool | int | Sequence[str]) -> None:  # noqa: FBT001 - as written
        """Wrap an application. `trusted` is true for everybody, a number of hops, or addresses and networks."""
        self._app = app
        self._hops = trusted if isinstance(trusted, int) and not isinstance(trusted, bool) else None
        self._everybody = trusted is True
        self._networks = () if isinstance(trusted, bool | int) else _networks(trusted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        http: Any = scope
        if http["type"] == "http":
            headers = http["headers"]
            told: dict[bytes, bytes] = {}
            for name, value in headers:
                if name in _FORWARDED:
                    told[name] = told[name] + b"," + value if name in told else value
            if told:
                self._apply(http, headers, told)
        await self._app(scope, receive, send)

    def _apply(self, scope: Any, headers: list[tuple[bytes, bytes]], told: dict[bytes, bytes]) -> None:
        peer = scope["client"][0] if scope.get("client") else ""
        trusts = self._trusts
        kept = [pair for pair in headers if pair[0] not in _FORWARDED]
        scope["headers"] = kept
        if not trusts(peer, 0):
            return
        chain = [
            part.strip() for part in told.get(b"x-forwarded-for", b"").decode("latin-1").split(",") if part.strip()
        ]
        client = peer
        for hop, address in enumerate(reversed(chain), start=1):
            bare = _bare(address)
            if bare is None:
                break
            client = bare
            if not trusts(bare, hop):
                break
        if client != peer:
            scope["client"] = (client, 0)
        scheme = told.get(b"x-forwarded-proto", b"").split(b",")[-1].strip().lower()
        if scheme in {b"http", b"https"}:
            scope["scheme"] = scheme.decode()
        host = told.get(b"x-forwarded-host", b"").split(b",")[-1].strip()
        if host:
            scope["headers"] = [*(pair for pair in kept if pair[0] != b"host"), (b"host", host)]

    def _trusts(self, address: str, hop: int) -> bool:
        if self._everybody:
            return True
        if self._hops is not None:
            return hop < self._hops
        try:
            found = ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self._networks)


class NamedHosts:
    """Answers requests only that name the server as it is called."""

    def __init__(self, app: ASGIApp, names: Sequence[str], refuse: Callable[[Any, Send], Any]) -> None:
        """Wrap an application; `*.example.org` is every name below. `refuse` answers the others."""
        self._app = app
        self._exact = frozenset(name for name in names if not name.startswith("*."))
        self._below = tuple(name[1:] for name in names if name.startswith("*."))
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        http: Any = scope
        if http["type"] == "http" and http["path"] not in PROBED and not self._is_named(http["headers"]):
            await self._refuse(http, send)
            return
        await self._app(scope, receive, send)

    def _is_named(self, headers: Sequence[tuple[bytes, bytes]]) -> bool:
        said = [value for name, value in headers if name == b"host"]
        if len(said) != 1:
            return False
        host = said[0].decode("latin-1").lower()
        name = host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
        return host in self._exact or name in self._exact or any(name.endswith(end) for end in self._below)


def unusable_proxy(written: str) -> bool:
    """Whether this is neither an address nor a network nor one of the names for some."""
    try:
        _networks((written,))
    except ValueError:
        return True
    return False


def _networks(written: Sequence[str]) -> Networks:
    return tuple(ip_network(part, strict=False) for one in written for part in NAMED.get(one, (one,)))


def _bare(address: str) -> str | None:
    """An address without port and brackets; None for what is none."""
    text = address
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ip_address(text))
    except ValueError:
        return None
