"""Where the values of a JSON text stand. Only run when a place is asked for, on text that already parsed."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Final, NamedTuple

from lbconf.documents.pointer import child
from lbconf.documents.spans import Place

__all__ = ["DuplicateKey", "Unbalanced", "find_duplicates", "find_places", "find_unbalanced", "tokens"]

_TOKEN: Final = re.compile(
    r"""(?P<skip>[\s]+|//[^\n]*|/\*.*?\*/)|(?P<mark>[{}\[\],:])|(?P<text>"(?:[^"\\]|\\.)*")|(?P<word>[^\s{}\[\],:"/]+)""",
    re.DOTALL,
)


class DuplicateKey(NamedTuple):
    """A key that stands twice in one object."""

    key: str
    first: Place
    again: Place


class Unbalanced(NamedTuple):
    """A bracket that is not closed, or closed by one of the other kind."""

    bracket: str
    opened: Place
    closed: Place | None


def tokens(text: str) -> Iterator[tuple[str, int, int]]:
    """Kind, start and end offset of each token: one of `{}[],:`, `text` or `word`; the rest is passed over."""
    position = 0
    while (match := _TOKEN.match(text, position)) is not None:
        position = match.end()
        kind = match.lastgroup
        if kind != "skip":
            yield (match.group() if kind == "mark" else str(kind)), match.start(), position


def find_places(text: str) -> tuple[dict[str, Place], dict[str, Place]]:
    """Pointer to place: of the values, of the keys."""
    finder = _Finder(text)
    finder.run()
    return finder.values, finder.keys


def find_duplicates(text: str) -> tuple[DuplicateKey, ...]:
    """Every key that stands a second time in its object, in the text's order."""
    finder = _Finder(text)
    finder.run()
    return tuple(finder.duplicates)


def find_unbalanced(text: str) -> Unbalanced | None:
    """The first bracket closed by one of the other kind, else the last that is never closed."""
    finder = _Finder(text)
    opened: list[tuple[str, int, int]] = []
    for kind, start, end in tokens(text):
        if kind in {"{", "["}:
            opened.append((kind, start, end))
        elif kind in {"}", "]"} and opened:
            bracket, begin, after = opened.pop()
            if bracket + kind not in {"{}", "[]"}:
                return Unbalanced(bracket, finder.place(begin, after), finder.place(start, end))
    if not opened:
        return None
    bracket, begin, after = opened[-1]
    return Unbalanced(bracket, finder.place(begin, after), None)


class _Finder:
    """One walk over the tokens, with the containers that are open."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self.values: dict[str, Place] = {}
        self.keys: dict[str, Place] = {}
        self.duplicates: list[DuplicateKey] = []

    def run(self) -> None:
        opened: list[tuple[str, str, int]] = []  # bracket, pointer, offset
        counts: list[int] = []
        pointer, expect_key = "", False
        for kind, start, end in tokens(self.text):
            if kind in "{[":
                self.values[pointer] = self.place(start, end)
                opened.append((kind, pointer, start))
                counts.append(0)
                expect_key = kind == "{"
                if kind == "[":
                    pointer = f"{pointer}/0"
            elif kind in "}]":
                if not opened:
                    return
                _, pointer, begin = opened.pop()
                counts.pop()
                self.values[pointer] = self.place(begin, end)
                expect_key = False
            elif kind == ",":
                if not opened:
                    return
                bracket, outer, _ = opened[-1]
                counts[-1] += 1
                pointer = f"{outer}/{counts[-1]}" if bracket == "[" else outer
                expect_key = bracket == "{"
            elif expect_key and kind == "text":
                pointer = self.key(opened[-1][1], start, end)
                expect_key = False
            elif kind != ":":
                self.values[pointer] = self.place(start, end)

    def key(self, outer: str, start: int, end: int) -> str:
        import json

        raw = self.text[start + 1 : end - 1]
        name = json.loads(f'"{raw}"', strict=False) if "\\" in raw else raw
        pointer = child(outer, name)
        place = self.place(start, end)
        if pointer in self.keys:
            self.duplicates.append(DuplicateKey(name, self.keys[pointer], place))
        else:
            self.keys[pointer] = place
        return pointer

    def place(self, start: int, end: int) -> Place:
        first = bisect_right(self.starts, start)
        last = bisect_right(self.starts, end - 1) if end > start else first
        return Place(first, start - self.starts[first - 1] + 1, last, end - self.starts[last - 1] + 1)
