"""Where every value came from: trails kept while merging, origins made when they are asked for."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from lbconf.diagnostics import Location
from lbconf.documents.markers import Replace, Unset
from lbconf.documents.pointer import child, split
from lbconf.layers.layer import Piece
from lbconf.layers.merged import Origin
from lbconf.layers.secrecy import conceal

__all__ = ["Provenance", "Source", "Trail"]


class Source(NamedTuple):
    """One layer's say about one value."""

    piece: Piece
    pointer: str
    """In the piece's document."""
    value: Any


class Trail:
    """All sources of one value, winner last, and the trails of what is inside it."""

    __slots__ = ("children", "sources", "variable")

    def __init__(self, sources: list[Source] | None = None, children: "dict[str, Trail] | None" = None) -> None:
        """Start with nothing unless given."""
        self.sources: list[Source] = sources or []
        self.children: dict[str, Trail] = children or {}
        self.variable: str | None = None

    @staticmethod
    def of(piece: Piece) -> "Trail":
        """The trail of a piece that nothing else was merged with."""
        trail = Trail()
        trail.put(piece, piece.data, piece.pointer)
        return trail

    def put(self, piece: Piece, value: Any, pointer: str) -> None:
        """Note that `piece` gave this value, in whole; what stood here before becomes history."""
        self.sources.append(Source(piece, pointer, value))
        if isinstance(value, Replace | Unset):
            value = value.value
        before, self.children = self.children, {}
        if isinstance(value, dict):
            for key, item in value.items():
                if not isinstance(item, Unset):
                    self._inside(before, key).put(piece, item, child(pointer, key))
        elif isinstance(value, list):
            for index, item in enumerate(value):
                self._inside(before, str(index)).put(piece, item, f"{pointer}/{index}")

    def at(self, segments: tuple[str, ...] | list[str]) -> "Trail | None":
        """The trail of a value further inside, or None."""
        trail: Trail | None = self
        for segment in segments:
            if trail is None:
                return None
            trail = trail.children.get(segment)
        return trail

    def remove(self, segments: tuple[str, ...]) -> None:
        """Forget a value; the later items of a list move up."""
        outer = self.at(segments[:-1])
        if outer is None or outer.children.pop(segments[-1], None) is None:
            return
        if segments[-1].isdecimal() and all(key.isdecimal() for key in outer.children):
            outer.children = {str(index): inner for index, inner in enumerate(outer.children.values())}

    def _inside(self, before: "dict[str, Trail]", key: str) -> "Trail":
        trail = before.get(key) or Trail()
        self.children[key] = trail
        return trail


class Provenance(Mapping[str, tuple[Origin, ...]]):
    """JSON Pointer to all origins, winner last. Trails are followed, and origins made, when first asked for."""

    def __init__(self, parts: Mapping[str, Callable[[], Trail]]) -> None:
        """Take what makes the trail of each part; parts are `/server` or `/models/<name>` and the like."""
        self._makers = dict(parts)
        self._trails: dict[str, Trail] = {}
        self._origins: dict[str, tuple[Origin, ...]] = {}
        self._containers = {""} | {part.rpartition("/")[0] for part in parts}

    def __getitem__(self, pointer: str) -> tuple[Origin, ...]:
        """The origins of one value; KeyError where the configuration has no such value."""
        known = self._origins.get(pointer)
        if known is not None:
            return known
        if pointer in self._containers:
            return ()
        part, segments = self._part(pointer)
        trail = self._trail(part).at(segments)
        if trail is None:
            raise KeyError(pointer)
        last = len(trail.sources) - 1
        key = segments[-1] if segments else ""
        origins = tuple(
            _origin(source, part, key, trail.variable if index == last else None)
            for index, source in enumerate(trail.sources)
        )
        self._origins[pointer] = origins
        return origins

    def __iter__(self) -> Iterator[str]:
        """Every pointer, containers before what they hold."""
        yield from sorted(self._containers)
        for part in self._makers:
            yield from _pointers(part, self._trail(part))

    def __len__(self) -> int:
        """How many values there are, containers too."""
        return sum(1 for _ in self)

    def _part(self, pointer: str) -> tuple[str, tuple[str, ...]]:
        first, _, rest = pointer[1:].partition("/")
        part = f"/{first}"
        if part not in self._makers:
            second, _, rest = rest.partition("/")
            part = f"{part}/{second}"
            if part not in self._makers:
                raise KeyError(pointer)
        return part, split(f"/{rest}") if rest or pointer.endswith("/") else ()

    def _trail(self, part: str) -> Trail:
        trail = self._trails.get(part)
        if trail is None:
            trail = self._trails[part] = self._makers[part]()
        return trail


def _pointers(pointer: str, trail: Trail) -> Iterator[str]:
    yield pointer
    for key, inner in trail.children.items():
        yield from _pointers(child(pointer, key), inner)


def _origin(source: Source, part: str, key: str, variable: str | None) -> Origin:
    piece, pointer, value = source
    location: Location | None = None
    key_location: Location | None = None
    if piece.document is not None:
        location = piece.document.spans.get(pointer)
        key_location = piece.document.key_spans.get(pointer)
    return Origin(
        layer=piece.layer,
        location=location,
        value=conceal(value, key, keys_matter=not part.startswith("/models/")),
        variable=variable or piece.variable,
        key_location=key_location,
    )
