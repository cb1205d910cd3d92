"""The secrets that were met in this process, so that none is printed where another value or a message repeats it."""

import re
from typing import Any, Final

__all__ = ["forget_secrets", "remember_secret", "without_secrets"]

_SHORTEST: Final = 4
"""Fewest characters of a secret that is looked for in other texts; shorter ones are in many words."""
_LONG: Final = 8
"""Characters from which on a secret is masked inside of longer words, too."""
_WORDS: Final = frozenset(
    {"admin", "database", "demo", "example", "localhost", "memory", "password", "postgres", "postgresql", "root"}
    | {"secret", "sqlite", "test", "token", "user"}
)
"""Secrets that every project has as plain words: to mask those would hide what is needed, and tell the secret."""
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
    """The text with every known secret in it masked; a short one only where it is no part of a longer word."""
    if not _known or not text:
        return text
    if not _pattern:
        _pattern.append(_compiled())
    return _pattern[0].sub(mask, text)


def _compiled() -> re.Pattern[str]:
    found = {part for value in _known for part in _parts(value)}
    words = (
        re.escape(part) if len(part) >= _LONG else rf"(?<![^\W_]){re.escape(part)}(?![^\W_])"
        for part in sorted(found, key=len, reverse=True)
    )
    return re.compile("|".join(words) or r"(?!)")


def _parts(value: str) -> set[str]:
    """The text itself, and the password in it where it is a URL, also as it is without percent signs."""
    if "@" not in value:
        return {value} - _WORDS
    from urllib.parse import unquote

    if "://" in value:
        name, _, password = value.partition("://")[2].rpartition("@")[0].partition(":")
        passwords = {password} - {name}
        whole = set() if password else {value}
    else:
        passwords = {match.group(1) for match in _PASSWORD.finditer(value)}
        whole = {value}
    found = {*whole, *passwords, *(unquote(password) for password in passwords)}
    return {part for part in found if len(part) >= _SHORTEST and part not in _WORDS}
