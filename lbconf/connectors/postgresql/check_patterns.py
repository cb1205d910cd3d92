r"""Patterns of validations in the words of PostgreSQL's advanced regular expressions, exactly or not at all.

JavaScript's `\d \w \s .` mean fixed sets of characters, PostgreSQL's go by the locale; so sets are spelt out.

Source: PostgreSQL manual, section 9.7.3 (POSIX regular expressions).
"""

import string
from typing import Final

__all__ = ["postgresql_pattern"]

_PLAIN: Final = frozenset(string.ascii_letters + string.digits)
_SETS: Final = {
    "d": "0-9",
    "w": r"a-zA-Z0-9\u005f",
    "s": r"\u0009-\u000d\u0020\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff",
}
_DOT: Final = r"[^\u000a\u000d\u2028\u2029]"
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "v": "\v", "f": "\f", "0": "\0"}
_DIGITS: Final = {"x": 2, "u": 4}
_NOTHING: Final = frozenset({"^", "$", "(?:", "|"})
_SIGNS: Final = frozenset("*+?{")
_MOST: Final = 255
"""The largest number of a repetition."""


def postgresql_pattern(pattern: str) -> str | None:
    """The pattern of a check; None where the server has no words for it."""
    try:
        return _Reader(pattern).whole()
    except _UntranslatableError:
        return None


class _UntranslatableError(Exception):
    """There are no words for a part of the pattern."""


class _Reader:
    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0

    def whole(self) -> str:
        parts: list[str] = []
        while self._at < len(self._pattern):
            before = parts[-1] if parts else "^"
            part = self._next()
            if part[0] in _SIGNS and (before in _NOTHING or before[0] in _SIGNS):
                raise _UntranslatableError  # the server repeats characters and groups only, and each once
            parts.append(part)
        return "".join(parts)

    def _next(self) -> str:
        char = self._take()
        match char:
            case "(":
                return self._group()
            case "[":
                return self._class()
            case ".":
                return _DOT
            case "\\":
                return self._escape()
            case "*" | "+" | "?":
                return self._repeated(char)
            case "{":
                return self._counted()
            case ")" | "|" | "^" | "$":
                return char
            case _:
                return _literal(char)

    def _take(self) -> str:
        if self._at >= len(self._pattern):
            raise _UntranslatableError
        self._at += 1
        return self._pattern[self._at - 1]

    def _peek(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _group(self) -> str:
        if self._peek() != "?":
            return "(?:"
        if self._pattern.startswith("?:", self._at):
            self._at += 2
            return "(?:"
        raise _UntranslatableError

    def _repeated(self, sign: str) -> str:
        if self._peek() == "?":
            self._at += 1  # how much is taken makes no difference to whether there is a match
        return sign

    def _counted(self) -> str:
        end = self._pattern.find("}", self._at)
        inner = self._pattern[self._at : end] if end > 0 else ""
        least, comma, most = inner.partition(",")
        if not (least.isascii() and least.isdigit() and (not most or (most.isascii() and most.isdigit()))):
            return _literal("{")
        if int(least) > _MOST or (most and int(most) > _MOST):
            raise _UntranslatableError
        self._at = end + 1
        return self._repeated(f"{{{int(least)}{comma}{int(most) if most else ''}}}")

    def _escape(self) -> str:
        char = self._take()
        if char.lower() in _SETS:
            return f"[{'^' if char.isupper() else ''}{_SETS[char.lower()]}]"
        if char in {"b", "B"} or char in "123456789":
            raise _UntranslatableError
        return _literal(self._escaped(char))

    def _escaped(self, char: str) -> str:
        size = _DIGITS.get(char)
        digits = self._pattern[self._at : self._at + size] if size else ""
        if size and len(digits) == size and all(digit in string.hexdigits for digit in digits):
            self._at += size
            return chr(int(digits, 16))
        return _ESCAPES.get(char, char)

    def _class(self) -> str:
        negated = self._peek() == "^"
        self._at += negated
        parts: list[str] = []
        while self._peek() != "]":
            parts.append(self._class_part())
        self._at += 1
        if not parts:
            raise _UntranslatableError
        return f"[{'^' if negated else ''}{''.join(parts)}]"

    def _class_part(self) -> str:
        char = self._take()
        if char == "\\":
            char = self._take()
            if char in _SETS:
                if self._peek() == "-":
                    raise _UntranslatableError
                return _SETS[char]
            if char.lower() in _SETS or char == "B":
                raise _UntranslatableError
            char = "\b" if char == "b" else self._escaped(char)
        return _literal(char) if not self._begins_range() else f"{_literal(char)}-{self._range_end()}"

    def _begins_range(self) -> bool:
        return self._peek() == "-" and self._pattern[self._at + 1 : self._at + 2] not in {"", "]"}

    def _range_end(self) -> str:
        self._at += 1
        char = self._take()
        if char == "\\":
            char = self._take()
            if char.lower() in _SETS or char in {"b", "B"}:
                raise _UntranslatableError
            char = self._escaped(char)
        return _literal(char)


def _literal(char: str) -> str:
    if char in _PLAIN:
        return char
    if char == "\0":
        raise _UntranslatableError  # no text of this server has it
    return f"\\u{ord(char):04x}" if ord(char) <= 0xFFFF else f"\\U{ord(char):08x}"  # noqa: PLR2004 - four digits
