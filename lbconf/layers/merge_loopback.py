"""Merging as loopback-boot 2.17 to 3.x does it, with a finding wherever that stops, crashes or corrupts."""

from collections.abc import Callable, Sequence
from typing import Any

from lbconf.diagnostics import Code, Collector, Location, Related, nearest
from lbconf.documents.markers import UNDEFINED, Undefined
from lbconf.documents.pointer import child
from lbconf.layers.layer import Piece
from lbconf.layers.provenance import Source, Trail

__all__ = ["merge_loopback", "merge_middleware"]


def merge_loopback(pieces: Sequence[Piece], found: Collector) -> tuple[dict[str, Any], Trail]:
    """All pieces put on top of each other by LoopBack's generic rules, and the trail of every value.

    Inputs are never changed. What LoopBack would stop at is an error and leaves the lower value in place.
    """
    return _merge_all(pieces, found, _Merge.into_mapping)


def merge_middleware(pieces: Sequence[Piece], found: Collector) -> tuple[dict[str, Any], Trail]:
    """Middleware by phase and name: overlays change what is there, lists of entries merge by `name`."""
    return _merge_all(pieces, found, _Merge.phases)


def _merge_all(
    pieces: Sequence[Piece],
    found: Collector,
    step: Callable[["_Merge", dict[str, Any], Any, Trail, str, str], dict[str, Any]],
) -> tuple[dict[str, Any], Trail]:
    if not pieces:
        return {}, Trail()
    data, trail = pieces[0].data, Trail.of(pieces[0])
    for piece in pieces[1:]:
        trail.sources.append(Source(piece, piece.pointer, piece.data))
        data = step(_Merge(piece, found), data, piece.data, trail, piece.pointer, "")
    if any(piece.document is not None and piece.document.has_markers for piece in pieces):
        data = _defined(data, trail)
    return data, trail


def _defined(value: Any, trail: Trail) -> Any:
    """The value without what is `undefined`; in a list that is null, as JSON.stringify has it."""
    if isinstance(value, dict):
        for key in [key for key, item in value.items() if isinstance(item, Undefined)]:
            trail.children.pop(key, None)
        kept = ((key, item) for key, item in value.items() if not isinstance(item, Undefined))
        return {key: _defined(item, trail.children[key]) for key, item in kept}
    if isinstance(value, list):
        return [
            None if isinstance(item, Undefined) else _defined(item, trail.children[str(index)])
            for index, item in enumerate(value)
        ]
    return value


class _Merge:
    """One overlay put on what was merged so far. `path` is written as LoopBack writes it: `key[0].sub`."""

    def __init__(self, piece: Piece, found: Collector) -> None:
        self.piece = piece
        self.found = found

    def into_mapping(
        self, old: dict[str, Any], new: dict[str, Any], trail: Trail, pointer: str, path: str
    ) -> dict[str, Any]:
        result = dict(old)
        for key, value in new.items():
            where = f"{path}.{key}" if path else key
            inner = trail.children.setdefault(key, Trail())
            result[key] = self.value(
                result.get(key, UNDEFINED), value, inner, child(pointer, key), where, absent=key not in result
            )
        return result

    def value(
        self,
        old: Any,
        new: Any,
        trail: Trail,
        pointer: str,
        path: str,
        *,
        absent: bool = False,
    ) -> Any:
        if absent or isinstance(old, Undefined):
            return self.assign(new, trail, pointer)
        if old is None:
            return self.into_null(new, trail, pointer, path)
        if isinstance(old, list):
            if not isinstance(new, list):
                return self.refuse(old, new, trail, pointer, path)
            return self.by_position(old, new, trail, pointer, path)
        if isinstance(old, dict):
            if new is None:
                return self.assign(new, trail, pointer)
            if isinstance(new, list):
                return self.into_keys(old, new, trail, pointer, path)
            if not isinstance(new, dict):
                return self.refuse(old, new, trail, pointer, path)
            trail.sources.append(Source(self.piece, pointer, new))
            return self.into_mapping(old, new, trail, pointer, path)
        if new is None or isinstance(new, dict | list):
            return self.refuse(old, new, trail, pointer, path)
        return self.assign(new, trail, pointer)

    def assign(self, new: Any, trail: Trail, pointer: str) -> Any:
        trail.put(self.piece, new, pointer)
        return new

    def by_position(self, old: list[Any], new: list[Any], trail: Trail, pointer: str, path: str) -> list[Any]:
        if len(old) != len(new):
            self.found.error(
                Code.MERGE_ARRAY_LENGTH,
                f"LoopBack would stop here: `{path}` has {len(old)} items below and {len(new)} here",
                self.place(pointer),
                hint="LoopBack merges arrays position by position: give as many items as the lower file has, or change "
                "that file",
                related=_below(trail),
            )
            return old
        trail.sources.append(Source(self.piece, pointer, new))
        if old and new != old:
            self.found.warning(
                Code.MERGE_BY_POSITION,
                f"`{path}` is merged item by item, by position, not replaced",
                self.place(pointer),
                hint="keep both lists in the same order",
                related=_below(trail),
            )
        return [
            self.value(item, new[index], trail.children[str(index)], f"{pointer}/{index}", f"{path}[{index}]")
            for index, item in enumerate(old)
        ]

    def into_keys(self, old: dict[str, Any], new: list[Any], trail: Trail, pointer: str, path: str) -> dict[str, Any]:
        self.found.warning(
            Code.MERGE_ARRAY_INTO_OBJECT,
            f"`{path}` is an object below and a list here: LoopBack adds the items under the names 0, 1, ...",
            self.place(pointer),
            hint="write an object, or change the lower file to a list",
            related=_below(trail),
        )
        trail.sources.append(Source(self.piece, pointer, new))
        return self.into_mapping(old, {str(index): item for index, item in enumerate(new)}, trail, pointer, path)

    def into_null(self, new: Any, trail: Trail, pointer: str, path: str) -> Any:
        if new is None or isinstance(new, Undefined):
            return self.assign(None, trail, pointer)
        if isinstance(new, bool | int | float) or not new:
            self.found.warning(
                Code.MERGE_NULL_KEPT,
                f"`{path}` is null below and silently stays null: LoopBack cannot replace null",
                self.place(pointer),
                hint="take the null out of the lower file",
                related=_below(trail),
            )
            return None
        self.found.error(
            Code.MERGE_INCOMPATIBLE,
            f"LoopBack would crash here: `{path}` is null below, and null cannot be replaced by {_kind(new)}",
            self.place(pointer),
            hint="take the null out of the lower file",
            related=_below(trail),
        )
        return None

    def refuse(self, old: Any, new: Any, trail: Trail, pointer: str, path: str) -> Any:
        if isinstance(old, dict | list):
            hint = f"write {_kind(old)}" + (", or null to clear it" if isinstance(old, dict) else "")
        elif new is None:
            hint = "JSON cannot clear a value of the lower file: take it out there, and say it in the other overlays"
        else:
            hint = f"write a single value as {_words(trail)} does"
        self.found.error(
            Code.MERGE_INCOMPATIBLE,
            f"LoopBack would stop here: `{path}` is {_kind(old)} below and {_kind(new)} here",
            self.place(pointer),
            hint=hint,
            related=_below(trail),
        )
        return old

    def phases(
        self, old: dict[str, Any], new: dict[str, Any], trail: Trail, pointer: str, _path: str
    ) -> dict[str, Any]:
        result = dict(old)
        for phase, entries in new.items():
            inner = child(pointer, phase)
            if phase not in old:
                self.unmatched("phase", phase, old, inner)
                continue
            if not isinstance(entries, dict) or not isinstance(old[phase], dict):
                continue
            below = trail.children[phase]
            below.sources.append(Source(self.piece, inner, entries))
            merged = dict(old[phase])
            for name, entry in entries.items():
                at = child(inner, name)
                if name not in merged:
                    self.unmatched(f"middleware in the phase {phase!r}:", name, merged, at)
                    continue
                merged[name] = self.entry(merged[name], entry, below.children[name], at, f"{phase}.{name}")
            result[phase] = merged
        return result

    def entry(self, old: Any, new: Any, trail: Trail, pointer: str, path: str) -> Any:
        if isinstance(old, dict) and isinstance(new, dict):
            return self.value(old, new, trail, pointer, path)
        if new is None or (isinstance(old, list) and new == {}):
            return old
        if old == {} and isinstance(new, list):
            return self.assign(new, trail, pointer)
        if isinstance(old, dict | list) and isinstance(new, dict | list):
            return self.by_name(old, new, trail, pointer, path)
        return self.value(old, new, trail, pointer, path)

    def by_name(
        self, old: dict[str, Any] | list[Any], new: dict[str, Any] | list[Any], trail: Trail, pointer: str, path: str
    ) -> list[Any]:
        items: list[Any] = list(old) if isinstance(old, list) else [old]
        if not isinstance(old, list):
            trail.children = {"0": Trail(list(trail.sources), trail.children)}
        trail.sources.append(Source(self.piece, pointer, new))
        for index, item in enumerate(new if isinstance(new, list) else [new]):
            place = f"{pointer}/{index}" if isinstance(new, list) else pointer
            name = item.get("name") if isinstance(item, dict) else None
            named = (i for i, o in enumerate(items) if isinstance(o, dict) and o.get("name") == name)
            at = next(named, None) if name else None
            if at is None:
                trail.children[str(len(items))] = inner = Trail()
                items.append(self.assign(item, inner, place))
            else:
                items[at] = self.value(items[at], item, trail.children[str(at)], place, f"{path}[{at}]")
        return items

    def unmatched(self, what: str, name: str, known: dict[str, Any], pointer: str) -> None:
        near = nearest(name, known)
        there_are = f"there are {', '.join(known)}" if known else "there is none"
        place = None
        if self.piece.document is not None:
            place = self.piece.document.key_spans.get(pointer)
        self.found.error(
            Code.MIDDLEWARE_UNMATCHED,
            f"LoopBack would stop here: the base has no {what} {name!r}".replace(": '", " '"),
            place,
            hint=f"did you mean {near}?" if near else f"{there_are}; add it to middleware.json",
        )

    def place(self, pointer: str) -> Location | None:
        return None if self.piece.document is None else self.piece.document.spans.get(pointer)


def _below(trail: Trail) -> tuple[Related, ...]:
    for source in reversed(trail.sources[:-1] or trail.sources):
        place = None if source.piece.document is None else source.piece.document.spans.get(source.pointer)
        if place is not None:
            return (Related(message="the value below", location=place),)
    return ()


def _words(trail: Trail) -> str:
    source = trail.sources[-1] if trail.sources else None
    return source.piece.document.source.shown if source and source.piece.document else "the lower file"


def _kind(value: object) -> str:
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if value is None or isinstance(value, Undefined):
        return "null" if value is None else "undefined"
    return "a text" if isinstance(value, str) else "a number" if not isinstance(value, bool) else "true or false"
