"""Places of a document's values, worked out when the first one is asked for."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from lbconf.diagnostics import Location
from lbconf.records import dataclass

__all__ = ["KeySpans", "Parsed", "Place", "SpanIndex", "Spans"]


class Place(NamedTuple):
    """Start and end of a value, 1-based, the end column after the last character."""

    line: int
    column: int
    end_line: int
    end_column: int


_Index = dict[str, Place]


class SpanIndex:
    """The places of every value and key of one document, found once, on demand."""

    def __init__(self, file: str, find: Callable[[], tuple[_Index, _Index]]) -> None:
        """Take the file's shown path and the function that finds places: values first, keys second."""
        self.file = file
        self._find: Callable[[], tuple[_Index, _Index]] | None = find
        self._found: tuple[_Index, _Index] = ({}, {})

    def places(self) -> tuple[_Index, _Index]:
        """Pointer to place: of the values, of the keys."""
        if self._find is not None:
            self._found = self._find()
            self._find = None
        return self._found


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a reader makes of a file's text."""

    data: Any
    index: SpanIndex
    has_markers: bool = False


class Spans(Mapping[str, Location]):
    """JSON Pointer to the place of the value."""

    _which = 0

    def __init__(self, index: SpanIndex) -> None:
        """Look into an index, which other views may share."""
        self._index = index

    def __getitem__(self, pointer: str) -> Location:
        """The place of one value; KeyError where the document has no such value."""
        line, column, end_line, end_column = self._index.places()[self._which][pointer]
        return Location(
            file=self._index.file,
            line=line,
            column=column,
            end_line=end_line,
            end_column=end_column,
            pointer=pointer,
        )

    def __iter__(self) -> Iterator[str]:
        """Every pointer, in the document's order."""
        return iter(self._index.places()[self._which])

    def __len__(self) -> int:
        """How many places there are."""
        return len(self._index.places()[self._which])


class KeySpans(Spans):
    """JSON Pointer to the place of the key that leads to the value."""

    _which = 1
