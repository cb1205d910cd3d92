"""What a client would rather have, as `Prefer` says it. Source: RFC 7240."""

from collections.abc import Mapping
from typing import Final

__all__ = ["applied", "preferences"]

UNDERSTOOD: Final[Mapping[str, frozenset[str]]] = {
    "return": frozenset({"minimal", "representation"}),
    "handling": frozenset({"strict", "lenient"}),
}
"""Preferences and the values they may have."""


def preferences(header: bytes | None) -> dict[str, str]:
    """The preferences that are understood, by name; of one that is said twice the first."""
    found: dict[str, str] = {}
    for part in (header or b"").decode("latin-1").split(","):
        name, _, value = part.partition(";")[0].partition("=")
        name, value = name.strip().lower(), value.strip().strip('"').lower()
        if value in UNDERSTOOD.get(name, ()):
            found.setdefault(name, value)
    return found


def applied(chosen: Mapping[str, str]) -> tuple[tuple[bytes, bytes], ...]:
    """The header that says which preferences an answer follows; nothing for none."""
    said = ", ".join(f"{name}={value}" for name, value in chosen.items())
    return ((b"preference-applied", said.encode("ascii")),) if said else ()
