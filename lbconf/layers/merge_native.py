"""Merging of the native layout: absent inherits, null is a value, `!unset` takes away, `!replace` stands alone."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

from deepmerge import Merger

from lbconf.diagnostics import Code, Collector, Location, nearest
from lbconf.documents.markers import Replace, Unset
from lbconf.documents.pointer import child, join
from lbconf.layers.layer import Piece
from lbconf.layers.provenance import Source, Trail

__all__ = ["merge_native", "plain", "refuse_unmatched"]

_ItemKey = Callable[[dict[str, Any]], Hashable]


def merge_native(
    pieces: Sequence[Piece], section: str, found: Collector, start: tuple[dict[str, Any], Trail] | None = None
) -> tuple[dict[str, Any], Trail]:
    """All pieces put on top of each other, lowest precedence first, and the trail of every value.

    Args:
        pieces: What the layers say; never changed.
        section: `server`, `datasources`, `models` (one model), ...: decides which lists merge by key.
        found: Takes the findings.
        start: What the pieces are put on top of, if not on nothing.
    """
    data, trail = start or ({}, Trail())
    for piece in pieces:
        merger = _Merger(piece, trail, section, found)
        data = merger.merge(data, piece.data)
    return data, trail


def plain(value: Any) -> Any:
    """The value without markers: replaced ones stand alone, unset ones are gone. Not copied where it has none."""
    if isinstance(value, dict):
        made = {key: plain(item) for key, item in value.items() if not isinstance(item, Unset)}
        same = len(made) == len(value) and all(made[key] is value[key] for key in made)
        return value if same else made
    if isinstance(value, list):
        items = [plain(item) for item in value if not isinstance(item, Unset)]
        same = len(items) == len(value) and all(a is b for a, b in zip(items, value, strict=True))
        return value if same else items
    if isinstance(value, Replace):
        return plain(value.value)
    return None if isinstance(value, Unset) else value


class _Merger(Merger):
    """deepmerge with our strategies, and the trail kept beside."""

    def __init__(self, piece: Piece, trail: Trail, section: str, found: Collector) -> None:
        strategies: list[tuple[type, Any]] = [(dict, _merge_mappings), (list, _merge_lists)]
        fallback: Any = _take_new
        conflict: Any = _settle_conflict
        super().__init__(strategies, [fallback], [conflict])
        self.piece = piece
        self.trail = trail
        self.section = section
        self.found = found
        self.moved: dict[tuple[str, ...], str] = {}
        """Path of an item in a list merged by key, to its pointer in the piece's document."""

    def pointer(self, path: list[str]) -> str:
        """Where the piece's document has what is merged at `path`."""
        for length in range(len(path), 0, -1):
            start = self.moved.get(tuple(path[:length]))
            if start is not None:
                return start + join(path[length:])
        return self.piece.pointer + join(path)

    def here(self, path: list[str]) -> Trail:
        """The trail of the value at `path`."""
        trail = self.trail.at(path)
        if trail is None:
            msg = f"no trail at {path}"
            raise AssertionError(msg)
        return trail


def _merge_mappings(config: _Merger, path: list[str], base: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    trail = config.here(path)
    pointer = config.pointer(path)
    trail.sources.append(Source(config.piece, pointer, new))
    before = dict(trail.children)
    result = dict(base)
    if _changes_connector(config.section, path, base, new):
        result.clear()
        trail.children = {}
    for key, value in new.items():
        if isinstance(value, Unset):
            result.pop(key, None)
            trail.children.pop(key, None)
        elif isinstance(value, Replace) or key not in result:
            if key not in base:
                _require_complete(config, path, key, value, base)
            inner = trail.children.setdefault(key, before.get(key) or Trail())
            inner.put(config.piece, value, child(pointer, key))
            result[key] = plain(value)
        else:
            result[key] = config.value_strategy([*path, key], result[key], value)
    return result


def _merge_lists(config: _Merger, path: list[str], base: list[Any], new: list[Any]) -> list[Any]:
    item_key = _item_key(config.section, path)
    if item_key is None:
        return list(_take_new(config, path, base, new))
    trail = config.here(path)
    pointer = config.pointer(path)
    trail.sources.append(Source(config.piece, pointer, new))
    items: list[tuple[Any, Trail]] = [(item, trail.children[str(index)]) for index, item in enumerate(base)]
    for index, item in enumerate(new):
        wanted = item.value if isinstance(item, Replace | Unset) else item
        at = _position(items, wanted, item_key)
        place = f"{pointer}/{index}"
        if isinstance(item, Unset):
            if at is not None:
                del items[at]
        elif at is None or isinstance(item, Replace):
            inner = Trail() if at is None else items[at][1]
            inner.put(config.piece, item, place)
            items[len(items) if at is None else at : len(items) if at is None else at + 1] = [(plain(item), inner)]
        else:
            where = [*path, str(at)]
            config.moved[tuple(where)] = place
            trail.children = {str(number): kept for number, (_, kept) in enumerate(items)}
            items[at] = (config.value_strategy(where, items[at][0], item), items[at][1])
    trail.children = {str(number): kept for number, (_, kept) in enumerate(items)}
    return [item for item, _ in items]


def _take_new(config: _Merger, path: list[str], _base: Any, new: Any) -> Any:
    config.here(path).put(config.piece, new, config.pointer(path))
    return plain(new)


def _settle_conflict(config: _Merger, path: list[str], base: Any, new: Any) -> Any:
    """Values of different kinds: the new one, but a property's short form is its `type`."""
    if config.section == "models" and len(path) == 2 and path[0] == "properties":  # noqa: PLR2004 - /properties/<name>
        if isinstance(base, str | list) and isinstance(new, dict):
            trail = config.here(path)
            inner = Trail(list(trail.sources), trail.children)
            trail.children = {"type": inner}
            return config.value_strategy(path, {"type": base}, new)
        if isinstance(base, dict) and isinstance(new, str | list):
            trail = config.here(path)
            pointer = config.pointer(path)
            trail.sources.append(Source(config.piece, pointer, new))
            trail.children.setdefault("type", Trail()).put(config.piece, new, pointer)
            return {**base, "type": new}
    return _take_new(config, path, base, new)


def _changes_connector(section: str, path: list[str], base: dict[str, Any], new: dict[str, Any]) -> bool:
    if section != "datasources" or len(path) != 1:
        return False
    before, after = base.get("connector"), new.get("connector")
    if isinstance(after, Replace):
        after = after.value
    if not isinstance(before, str) or not isinstance(after, str):
        return False
    prefix = "loopback-connector-"
    return before.removeprefix(prefix) != after.removeprefix(prefix)


def _item_key(section: str, path: list[str]) -> _ItemKey | None:
    """Which keys name the items of the list at this path; None where lists replace each other."""
    match section, path:
        case "models", ["acls"]:
            return _acl_key
        case "models", ["indexes"]:
            return _name_key
        case "datasources", [_, "operations"]:
            return _operation_key
        case "datasources", [_, "transports"]:
            return _transport_key
        case _:
            return None


def _position(items: list[tuple[Any, Trail]], wanted: Any, item_key: _ItemKey) -> int | None:
    if not isinstance(wanted, dict):
        return None
    key = item_key(wanted)
    if key is None:
        return None
    found = (index for index, (item, _) in enumerate(items) if isinstance(item, dict) and item_key(item) == key)
    return next(found, None)


def _name_key(item: dict[str, Any]) -> Hashable:
    name = item.get("name")
    return name if isinstance(name, str) else None


def _acl_key(item: dict[str, Any]) -> Hashable:
    """As LoopBack matches rules: property, accessType, principalType, principalId."""
    if (name := _name_key(item)) is not None:
        return name
    return repr([item.get(key) or "*" for key in ("property", "accessType")]) + repr(
        [item.get(key) for key in ("principalType", "principalId")]
    )


def _operation_key(item: dict[str, Any]) -> Hashable:
    """The name, or the functions that call it."""
    functions = item.get("functions")
    name = _name_key(item)
    return tuple(functions) if name is None and isinstance(functions, dict) and functions else name


def _transport_key(item: dict[str, Any]) -> Hashable:
    found = (item.get(key) for key in ("name", "alias", "type"))
    return next((value for value in found if isinstance(value, str)), None)


def _require_complete(
    config: _Merger,
    path: list[str],
    key: str,
    value: Any,
    base: dict[str, Any],
) -> None:
    """Refuse what an overlay adds although it is only part of something: its name is probably mistyped."""
    if not config.piece.is_overlay or isinstance(value, Replace):
        return
    match config.section, path:
        case "datasources", []:
            what, need = "data source", ("connector",)
        case "models", ["properties"]:
            what, need = "property", ("type",)
        case "models", ["relations"]:
            what, need = "relation", ("type",)
        case _:
            return
    if not isinstance(value, dict) or any(name in value for name in need) or (what != "data source" and not base):
        return
    refuse_unmatched(config.piece, child(config.pointer(path), key), what, key, base, need[0], config.found)


def refuse_unmatched(
    piece: Piece, pointer: str, what: str, name: str, known: Iterable[str], need: str, found: Collector
) -> None:
    """Note that an overlay speaks about something nobody defined."""
    names = list(known)
    near = nearest(name, names)
    hint = f"did you mean {near}? " if near else ""
    if not near and names:
        hint = f"there are {', '.join(sorted(names)[:10])}. "
    location: Location | None = None
    if piece.document is not None:
        location = piece.document.key_spans.get(pointer) or piece.document.spans.get(pointer)
    found.error(
        Code.OVERLAY_UNMATCHED,
        f"{_whose(piece)} changes the {what} {name!r}, which no lower layer has",
        location,
        hint=f"{hint}A new {what} must say its `{need}`",
    )


def _whose(piece: Piece) -> str:
    if piece.document is not None:
        return f"the layer `{piece.layer}`"
    return f"the variable {piece.variable}" if piece.variable else f"the {piece.layer}"
