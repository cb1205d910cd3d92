"""A regular expression matcher without backtracking: time grows with the text, never with powers of it."""

import string
from collections.abc import Callable
from typing import TypeAlias

from lbconf.diagnostics import Code
from lbconf.query.allowance import spend
from lbconf.query.errors import RequestError
from lbconf.records import dataclass, field

__all__ = ["Automaton", "PatternCostError", "PatternError"]

MAX_STATES = 4000
"""States of one pattern; `{m,n}` copies what it repeats."""
MAX_REMEMBERED = 2000
"""State sets kept for one pattern before they are forgotten and found again."""
MAX_NESTING = 50
"""Groups inside one another."""

Test: TypeAlias = Callable[[str], bool]

_WORD = frozenset(string.ascii_letters + string.digits + "_")
_DIGIT = frozenset(string.digits)
_SPACE = frozenset(" \t\n\v\f\r\u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff") | {
    chr(n) for n in range(0x2000, 0x200B)
}
_LINE_ENDS = frozenset("\n\r\u2028\u2029")
_SETS = {"d": _DIGIT, "w": _WORD, "s": _SPACE}
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "v": "\v", "f": "\f", "0": "\0"}
_HEX_DIGITS = {"x": 2, "u": 4}
_QUANTIFIERS = frozenset("*+?{")


def _between(low: str, high: str) -> Test:
    return lambda one: low <= one <= high


class PatternError(ValueError):
    """The pattern cannot be understood or is too large."""


class PatternCostError(RequestError):
    """The patterns of a request need more work than one request may cause."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__(Code.PATTERN_REFUSED, "The pattern takes too long to match")


@dataclass(slots=True)
class _State:
    """One state: either it eats a character that passes `test`, or it leads on without (`assertion` permitting)."""

    test: Test | None = None
    assertion: str | None = None
    following: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of automaton: where it begins, and the states whose ends are still loose."""

    start: int
    ends: tuple[int, ...]


class Automaton:
    """A compiled pattern. May be used from several threads."""

    def __init__(self, pattern: str, *, ignore_case: bool, multiline: bool) -> None:
        """Compile. Raises `PatternError`."""
        self._ignore_case = ignore_case
        self._multiline = multiline
        self._states: list[_State] = []
        self._pattern = pattern
        self._at = 0
        whole = self._alternatives(0)
        if self._at < len(pattern):
            msg = "a bracket closes that was not opened"
            raise PatternError(msg)
        self._final = self._add(_State())
        self._connect(whole, self._final)
        self._start = whole.start
        self._steps: dict[tuple[frozenset[int], str], tuple[frozenset[int], bool]] = {}

    def search(self, text: str) -> bool:
        """Whether the pattern matches anywhere in the text. Raises `PatternCostError`."""
        current: frozenset[int] = frozenset()
        previous = ""
        for place in range(len(text) + 1):
            char = text[place] if place < len(text) else ""
            key = (current, f"{self._context(previous)}{char}")
            step = self._steps.get(key)
            if step is None:
                step = self._step(current, previous, char)
                if len(self._steps) >= MAX_REMEMBERED:
                    self._steps = {}
                self._steps[key] = step
            current, found = step
            if found:
                return True
            previous = char
        return False

    def _context(self, previous: str) -> str:
        if not previous:
            return "^"
        if previous in _LINE_ENDS:
            return "n"
        return "w" if previous in _WORD else "x"

    def _step(self, current: frozenset[int], previous: str, char: str) -> tuple[frozenset[int], bool]:
        """The states after this character, and whether the pattern has matched before it."""
        reached = self._closure({*current, self._start}, previous, char)
        if not spend(len(reached)):
            raise PatternCostError
        if self._final in reached:
            return frozenset(), True
        if not char:
            return frozenset(), False
        following: set[int] = set()
        for number in reached:
            state = self._states[number]
            if state.test is not None and state.test(char):
                following.update(state.following)
        return frozenset(following), False

    def _closure(self, numbers: set[int], previous: str, char: str) -> set[int]:
        stack = list(numbers)
        seen = set(numbers)
        while stack:
            state = self._states[stack.pop()]
            if state.test is not None:
                continue
            if state.assertion is not None and not self._holds(state.assertion, previous, char):
                continue
            for number in state.following:
                if number not in seen:
                    seen.add(number)
                    stack.append(number)
        return seen

    def _holds(self, assertion: str, previous: str, char: str) -> bool:
        if assertion == "^":
            return not previous or (self._multiline and previous in _LINE_ENDS)
        if assertion == "$":
            return not char or (self._multiline and char in _LINE_ENDS)
        boundary = (previous in _WORD) != (char in _WORD)
        return boundary if assertion == "b" else not boundary

    def _add(self, state: _State) -> int:
        if len(self._states) >= MAX_STATES:
            msg = "it is too large"
            raise PatternError(msg)
        self._states.append(state)
        return len(self._states) - 1

    def _connect(self, part: _Part, target: int) -> None:
        for end in part.ends:
            self._states[end].following.append(target)

    def _peek(self) -> str:
        return self._pattern[self._at] if self._at < len(self._pattern) else ""

    def _alternatives(self, depth: int) -> _Part:
        if depth > MAX_NESTING:
            msg = "its groups nest too deep"
            raise PatternError(msg)
        parts = [self._sequence(depth)]
        while self._peek() == "|":
            self._at += 1
            parts.append(self._sequence(depth))
        if len(parts) == 1:
            return parts[0]
        fork = self._add(_State(following=[part.start for part in parts]))
        return _Part(fork, tuple(end for part in parts for end in part.ends))

    def _sequence(self, depth: int) -> _Part:
        empty = self._add(_State())
        whole = _Part(empty, (empty,))
        while self._peek() not in {"", "|", ")"}:
            part = self._repeated(depth)
            self._connect(whole, part.start)
            whole = _Part(whole.start, part.ends)
        return whole

    def _repeated(self, depth: int) -> _Part:
        begin = self._at
        part = self._atom(depth)
        end = self._at
        bounds = self._bounds()
        if bounds is None:
            return part
        if self._peek() == "?":
            self._at += 1
        after = self._at
        least, most = bounds

        def copy() -> _Part:
            self._at = begin
            made = self._atom(depth)
            assert self._at == end  # noqa: S101 - the same text is read again
            self._at = after
            return made

        return self._copies(part, copy, least, most)

    def _copies(self, part: _Part, copy: Callable[[], _Part], least: int, most: int | None) -> _Part:
        empty = self._add(_State())
        whole = _Part(empty, (empty,))
        made = 0
        while made < least:
            whole = self._joined(whole, part if made == 0 else copy())
            made += 1
        if most is None:
            last = part if made == 0 else copy()
            loop = self._add(_State(following=[last.start]))
            self._connect(last, loop)
            self._connect(whole, loop)
            return _Part(whole.start, (loop,))
        ends: list[int] = []
        while made < most:
            fork = self._add(_State())
            self._connect(whole, fork)
            ends.append(fork)
            optional = part if made == 0 else copy()
            self._states[fork].following.append(optional.start)
            whole = _Part(whole.start, optional.ends)
            made += 1
        return _Part(whole.start, (*whole.ends, *ends))

    def _joined(self, left: _Part, right: _Part) -> _Part:
        self._connect(left, right.start)
        return _Part(left.start, right.ends)

    def _bounds(self) -> tuple[int, int | None] | None:
        char = self._peek()
        if char not in _QUANTIFIERS or not char:
            return None
        simple = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(char)
        if simple is not None:
            self._at += 1
            return simple
        close = self._pattern.find("}", self._at)
        inner = self._pattern[self._at + 1 : close] if close > 0 else ""
        least, comma, most = inner.partition(",")
        if not (least.isascii() and least.isdigit() and len(least) <= 3) or (most and not most.isdigit()):  # noqa: PLR2004
            return None
        if len(most) > 3 or (most and int(most) < int(least)):  # noqa: PLR2004 - MAX_STATES bounds it anyway
            msg = f"the repetition {{{inner}}} is out of bounds"
            raise PatternError(msg)
        self._at = close + 1
        return int(least), (int(most) if most else None) if comma else int(least)

    def _atom(self, depth: int) -> _Part:
        char = self._peek()
        self._at += 1
        if char == "(":
            return self._group(depth)
        if char == "[":
            return self._eats(self._class())
        if char in {"^", "$"}:
            return self._asserts(char)
        if char == ".":
            return self._eats(lambda one: one not in _LINE_ENDS)
        if char == "\\":
            return self._escape()
        if char in {"*", "+", "?"}:
            msg = f"nothing stands before {char}"
            raise PatternError(msg)
        return self._eats(self._literal(char))

    def _group(self, depth: int) -> _Part:
        if self._peek() == "?":
            if self._pattern.startswith("?:", self._at):
                self._at += 2
            elif self._pattern.startswith("?<", self._at) and self._pattern[self._at + 2 : self._at + 3] not in {
                "=",
                "!",
            }:
                self._at = self._pattern.find(">", self._at) + 1 or len(self._pattern)
            else:
                msg = "look-around is not supported"
                raise PatternError(msg)
        part = self._alternatives(depth + 1)
        if self._peek() != ")":
            msg = "a bracket is not closed"
            raise PatternError(msg)
        self._at += 1
        return part

    def _eats(self, test: Test) -> _Part:
        number = self._add(_State(test=test))
        return _Part(number, (number,))

    def _asserts(self, assertion: str) -> _Part:
        number = self._add(_State(assertion=assertion))
        return _Part(number, (number,))

    def _literal(self, char: str) -> Test:
        if self._ignore_case:
            return frozenset({char, char.lower(), char.upper()}).__contains__
        return char.__eq__

    def _escape(self) -> _Part:
        char = self._peek()
        if char in {"b", "B"}:
            self._at += 1
            return self._asserts(char)
        if char in "123456789" and char:
            msg = "back-references are not supported"
            raise PatternError(msg)
        chars, negated = self._escaped()
        if negated:
            return self._eats(lambda one: one not in chars)
        if len(chars) == 1:
            return self._eats(self._literal(next(iter(chars))))
        return self._eats(chars.__contains__)

    def _escaped(self) -> tuple[frozenset[str], bool]:
        """What an escape stands for, and whether it is everything but that."""
        char = self._peek()
        if not char:
            msg = "it ends in a backslash"
            raise PatternError(msg)
        self._at += 1
        if char.lower() in _SETS:
            return _SETS[char.lower()], char.isupper()
        if char in _HEX_DIGITS:
            digits = self._pattern[self._at : self._at + _HEX_DIGITS[char]]
            if len(digits) == _HEX_DIGITS[char] and all(digit in string.hexdigits for digit in digits):
                self._at += len(digits)
                return frozenset({chr(int(digits, 16))}), False
        return frozenset({_ESCAPES.get(char, char)}), False

    def _class(self) -> Test:
        negated = self._peek() == "^"
        self._at += negated
        singles: set[str] = set()
        tests: list[Test] = []
        while self._peek() != "]":
            if not self._peek():
                msg = "a character class is not closed"
                raise PatternError(msg)
            low = self._class_item(tests)
            if low is not None and self._peek() == "-" and self._pattern[self._at + 1 : self._at + 2] not in {"", "]"}:
                self._at += 1
                high = self._class_item(tests)
                if high is None or high < low:
                    msg = "a range of a character class is out of order"
                    raise PatternError(msg)
                tests.append(_between(low, high))
            elif low is not None:
                singles.add(low)
        self._at += 1
        return self._class_test(frozenset(singles), tuple(tests), negated=negated)

    def _class_item(self, tests: list[Test]) -> str | None:
        """One character of a class; None for a set, which is added to the tests."""
        char = self._peek()
        self._at += 1
        if char != "\\":
            return char
        if self._peek() == "b":
            self._at += 1
            return "\b"
        chars, negated = self._escaped()
        if not negated and len(chars) == 1:
            return next(iter(chars))
        tests.append((lambda one: one not in chars) if negated else chars.__contains__)
        return None

    def _class_test(self, singles: frozenset[str], tests: tuple[Test, ...], *, negated: bool) -> Test:
        def found(one: str) -> bool:
            return one in singles or any(test(one) for test in tests)

        if self._ignore_case:
            return lambda one: (found(one) or found(one.lower()) or found(one.upper())) != negated
        return lambda one: found(one) != negated
