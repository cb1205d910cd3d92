"""Who may keep an answer. Source: RFC 9111, 5.2.2."""

from typing import Final

from lbconf.api.access.caller import NOBODY, Caller

__all__ = ["private"]

_PRIVATE: Final = ((b"cache-control", b"private, no-cache"), (b"vary", b"authorization"))


def private(caller: Caller) -> tuple[tuple[bytes, bytes], ...]:
    """Headers by which what a known caller gets is kept for nobody else, and looked at again each time."""
    return () if caller is NOBODY else _PRIVATE
