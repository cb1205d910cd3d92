r"""Regular expressions of clients: read, bounded, and matched in time linear in the text.

A pattern becomes a non-deterministic automaton whose state sets are remembered
as they are met, so no pattern can stall a worker the way a backtracking
matcher can be stalled. Understood: literals, `.`, classes, groups, `|`, `* + ?
{m,n}`, `^ $ \b \B`, `\d \w \s` and their opposites, `\xhh \uhhhh`.
Back-references and look-around need backtracking and are refused.

Source: K. Thompson, "Regular Expression Search Algorithm", CACM 11 (1968).
"""

import re
from functools import lru_cache
from typing import Any

from lbconf.diagnostics import Code
from lbconf.query.automaton import Automaton, PatternError
from lbconf.query.errors import RequestError, malformed

__all__ = ["Pattern", "compile_like", "compile_pattern", "is_broken", "split_pattern"]

MAX_PATTERN = 500
"""Characters of a pattern."""

Pattern = Automaton


def split_pattern(value: Any) -> tuple[str, str]:
    """Pattern and flags (of `i`, `m`) of `"x"` or `"/x/i"`, checked that it can be matched.

    Raises:
        RequestError: it is no text, too long, has other flags than g, i and m, or cannot be understood.

    """
    if not isinstance(value, str):
        msg = "Invalid argument, must be a string, regex literal, or RegExp object"
        raise malformed(msg)
    if len(value) > MAX_PATTERN:
        raise RequestError(Code.PATTERN_REFUSED, f"A regular expression may have at most {MAX_PATTERN} characters")
    pattern, flags = value, ""
    end = value.rfind("/")
    if end >= 0 and (end < len(value) - 1 or value.startswith("/", 0, end)):
        flags = value[end + 1 :]
        pattern = value[1:end]
        unknown = sorted(set(flags) - set("gim"))
        if unknown:
            raise malformed(f"Invalid regex flags: {','.join(unknown)}", hint="Flags are g, i and m.")
    kept = "".join(flag for flag in "im" if flag in flags)
    compile_pattern(pattern, kept)
    return pattern, kept


def is_broken(pattern: str, error: RequestError) -> bool:
    """Whether a pattern is refused because it is no regular expression, not for what it costs or asks."""
    found = error.diagnostics[0]
    known = any(part in pattern for part in ("(?=", "(?!", "(?<")) or re.search(r"\\[1-9]", pattern) is not None
    return found.code is Code.PATTERN_REFUSED and not known and len(pattern) <= MAX_PATTERN and "{" not in pattern


@lru_cache(maxsize=512)
def compile_pattern(pattern: str, flags: str) -> Pattern:
    """The pattern ready to search with. Raises `RequestError` where it cannot be understood."""
    try:
        return Automaton(pattern, ignore_case="i" in flags, multiline="m" in flags)
    except PatternError as error:
        msg = f"The regular expression cannot be used: {error}"
        raise RequestError(Code.PATTERN_REFUSED, msg) from None


@lru_cache(maxsize=512)
def compile_like(pattern: str, *, ignore_case: bool, loose: bool) -> Pattern:
    """The LIKE pattern ready to search with.

    SQL's: the whole text, `%` any characters, `_` one, a backslash escapes and at the end stands for
    itself. `loose`: as LoopBack's memory connector, which takes it for a regular expression in which
    `%` is `.*` and `_` is `.`, and looks for it anywhere.
    """
    if loose:
        return _compiled_like(pattern.replace("%", ".*").replace("_", "."), ignore_case=ignore_case)
    parts: list[str] = []
    escaped = False
    for char in pattern:
        if not escaped and char == "\\":
            escaped = True
            continue
        if not escaped and char == "%":
            parts.append("[^]*")
        elif not escaped and char == "_":
            parts.append("[^]")
        else:
            parts.append(char if char.isalnum() or not char.isascii() else f"\\{char}")
        escaped = False
    if escaped:
        parts.append("\\\\")
    return _compiled_like(f"^{''.join(parts)}$", ignore_case=ignore_case)


def _compiled_like(text: str, *, ignore_case: bool) -> Pattern:
    try:
        return Automaton(text, ignore_case=ignore_case, multiline=False)
    except PatternError as error:
        raise RequestError(Code.PATTERN_REFUSED, f"The LIKE pattern cannot be used: {error}") from None
