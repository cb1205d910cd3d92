"""How often somebody failed to log in, and whether they may try again. Counts of one process, bounded."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import Final, TypeAlias

from lbconf.diagnostics import Code
from lbconf.project.access_settings import LoginLimits
from lbconf.query.errors import RequestError

__all__ = ["Attempts", "TooManyError"]

MOST: Final = 20_000
"""Counts that are kept; beyond, the oldest are forgotten."""
LONGEST: Final = 320
"""Characters of an account's name that count."""
Key: TypeAlias = tuple[str, str, str]


class TooManyError(RequestError):
    """Somebody asks too often (429), or too many ask at once (503); the answer says when to try again."""

    def __init__(self, message: str, *, seconds: int, status: int = 429, error_code: str = "TOO_MANY_REQUESTS") -> None:
        """Take after how many seconds it makes sense to ask again."""
        super().__init__(Code.REQUEST_REFUSED, message, status=status, error_code=error_code)
        self.headers = ((b"retry-after", str(max(1, seconds)).encode("ascii")),)


class Attempts:
    """Counts failures by account and address, by account, and by address. May be used from several threads."""

    def __init__(self, limits: LoginLimits, clock: Callable[[], float] = monotonic) -> None:
        """Take the limits, and what tells the time in seconds."""
        self._limits = limits
        self._clock = clock
        self._counts: OrderedDict[Key, tuple[float, int]] = OrderedDict()
        self._lock = Lock()

    def begin(self, account: str, address: str) -> None:
        """Count an attempt as failed until `forgive` says otherwise, so that none slips by while others are looked at.

        Raises:
            TooManyError: 429 where there were too many.

        """
        limits, now = self._limits, self._clock()
        keys = _keys(account, address)
        with self._lock:
            for key, most in zip(keys, (limits.attempts, limits.per_account, limits.per_address), strict=True):
                begun, count = self._counts.get(key, (now, 0))
                left = begun + limits.seconds - now
                if count >= most and left > 0:
                    raise TooManyError("Too many attempts; try again later", seconds=int(left) + 1)
            for key in keys:
                begun, count = self._counts.get(key, (now, 0))
                self._counts[key] = (begun, count + 1) if begun + limits.seconds > now else (now, 1)
            while len(self._counts) > MOST:
                self._counts.popitem(last=False)

    def forgive(self, account: str, address: str) -> None:
        """The attempt was a good one: forget the failures of this account from this address, and take this one back."""
        with self._lock:
            self._counts.pop(_keys(account, address)[0], None)
        self.take_back(account, address)

    def take_back(self, account: str, address: str) -> None:
        """The attempt was none: it counts no longer."""
        with self._lock:
            for key in _keys(account, address):
                found = self._counts.get(key)
                if found is not None:
                    self._counts[key] = (found[0], max(0, found[1] - 1))


def _keys(account: str, address: str) -> tuple[Key, Key, Key]:
    name, address = account.casefold()[:LONGEST], _network(address)
    return ("pair", name, address), ("account", name, ""), ("address", "", address)


def _network(address: str) -> str:
    """What one client can choose from counts as one address: of IPv6 the first 64 bits."""
    if ":" not in address:
        return address
    from ipaddress import IPv6Address

    try:
        found = IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    return str(found.ipv4_mapped) if found.ipv4_mapped is not None else f"{int(found) >> 64:x}/64"
