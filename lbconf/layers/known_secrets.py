"""The secrets that were met in this process, so that none is printed where another value or a message repeats it."""

import re
from typing import Any, Final

__all__ = ["forget_secrets", "remember_secret", "without_secrets"]

_SHORTEST: Final = 4
"""Fewest characters of a secret that is looked for in other texts; shorter ones are in many words."""
_PASSWORD: Final = re.compile(r":(?://[^:@/\s]*:)?([^:@/\s]+)@")
_known: dict[str, None] = {}
_pattern: list[re.Pattern[str]] = []


def remember_secret(value: Any) -> None:
    """Know a secret from now on: a text, or the password in a URL."""
    if isinstance(value, str) and len(value) >= _SHORTEST and value not in _known:
        _known[value] = None
        _pattern.clear()


def forget_secrets() -> None:
    """Know none any more, as at the start of a command."""
    _known.clear()
    _pattern.clear()


def without_secrets(text: str, mask: str = "***") -> str:
    """The text with every known secret in it masked, where it stands for itself and is not part of a longer word."""
    if not _known or not text:
        return text
    if not _pattern:
        _pattern.append(_compiled())
    return _pattern[0].sub(mask, text)


def _compiled() -> re.Pattern[str]:
    found = {part for value in _known for part in _parts(value)}
    words = "|".join(re.escape(part) for part in sorted(found, key=len, reverse=True))
    return re.compile(rf"(?<![^\W_])(?:{words})(?![^\W_])") if words else re.compile(r"(?!)")


def _parts(value: str) -> set[str]:
    """The text itself, and the password in it where it is a URL, also as it is without percent signs."""
    if "@" not in value:
        return {value}
    from urllib.parse import unquote

    passwords = {match.group(1) for match in _PASSWORD.finditer(value)}
    if "://" in value:
        user = value.partition("://")[2].rpartition("@")[0]
        passwords.add(user.partition(":")[2])
    found = {value, *passwords, *(unquote(password) for password in passwords)}
    return {part for part in found if len(part) >= _SHORTEST}
