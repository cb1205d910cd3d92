"""Documents of the native layout into the parts of the configuration."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from lbconf.diagnostics import Code, Collector, Location, Related, nearest
from lbconf.documents.markers import Replace, Unset
from lbconf.documents.source import Document
from lbconf.layers.layer import DEFAULTS, Piece
from lbconf.layers.overrides import WIRING_KEYS, Override, nested
from lbconf.layers.part import Part, finish
from lbconf.layers.provenance import Trail
from lbconf.layers.variables import Filled, fill_native

__all__ = ["SERVER_DEFAULTS", "assemble_native", "assemble_section", "override_piece", "split_model", "split_trail"]

SERVER_DEFAULTS: Final = {"host": "127.0.0.1", "port": 3000, "restApiRoot": "/api"}
_SECTIONS: Final = ("server", "datasources", "components", "middleware")
_BUILT_IN: Final = frozenset(
    {
        "ACL", "AccessToken", "Application", "Change", "Checkpoint", "Email", "KeyValueModel", "Model",
        "PersistedModel", "Role", "RoleMapping", "Scope", "User",
    }
)  # fmt: skip


def assemble_native(
    documents: Sequence[Document], overrides: Sequence[Override], environ: Mapping[str, str], found: Collector
) -> list[Part]:
    """Every section and every model, merged and filled in. Documents come lowest precedence first."""
    parts = [assemble_section(name, documents, overrides, environ, found) for name in _SECTIONS]
    parts.extend(_models(documents, overrides, environ, found))
    return parts


def split_model(data: dict[str, Any], name: str) -> dict[str, Any]:
    """A file that holds wiring and definition, as the two; one that says nothing of its kind is left out."""
    wiring = {key: data[key] for key in WIRING_KEYS if key in data}
    definition = {key: value for key, value in data.items() if key not in WIRING_KEYS}
    if name in _BUILT_IN and not definition.keys() - {"name"}:
        definition = {}
    made: dict[str, Any] = {}
    if wiring:
        made["wiring"] = wiring
    if definition or not wiring:
        made["definition"] = definition
    return made


def split_trail(trail: Trail, data: dict[str, Any]) -> Trail:
    """The same split for the trail; `data` is what `split_model` made."""
    made = Trail(trail.sources)
    for half, content in data.items():
        inner = {key: trail.children[key] for key in content if key in trail.children}
        made.children[half] = Trail(list(trail.sources), inner)
    return made


def override_piece(override: Override, segments: Sequence[str], existing: Any) -> Piece:
    """The override as a piece that merges at the segments."""
    return Piece(layer=override.layer, data=nested(segments, override.value, existing), variable=override.variable)


def assemble_section(
    name: str,
    documents: Sequence[Document],
    overrides: Sequence[Override],
    environ: Mapping[str, str],
    found: Collector,
) -> Part:
    """One section that is not `models`, merged and filled in. Documents come lowest precedence first."""
    pieces = [
        Piece(layer=document.source.layer, data=document.data, document=document)
        for document in documents
        if document.source.section == name
    ]
    if name == "server":
        pieces.insert(0, Piece(layer=DEFAULTS, data=SERVER_DEFAULTS))
    own = [override for override in overrides if override.segments[0] == name]
    data, trail = _merge(pieces, own, name, found)
    return finish(
        (name,), data, lambda: trail, partial(fill_native, environ=environ, keys_matter=True), found, keys_matter=True
    )


def _merge(
    pieces: Sequence[Piece], overrides: Sequence[Override], section: str, found: Collector, skip: int = 1
) -> tuple[dict[str, Any], Trail]:
    from lbconf.layers.merge_native import merge_native

    data, trail = merge_native(pieces, section, found)
    for override in overrides:
        segments = _inside(override.segments[skip:]) if section == "models" else override.segments[skip:]
        if segments:
            piece = override_piece(override, segments, data)
            data, trail = merge_native([piece], section, found, (data, trail))
    return data, trail


def _inside(segments: tuple[str, ...]) -> tuple[str, ...]:
    return segments[1:] if segments and segments[0] in {"wiring", "definition"} else segments


def _models(
    documents: Sequence[Document], overrides: Sequence[Override], environ: Mapping[str, str], found: Collector
) -> list[Part]:
    groups = _grouped([document for document in documents if document.source.section == "models"])
    names = [_name_of(group) for group in groups]
    own = _overrides_by_model(overrides, names, found)
    parts: list[Part] = []
    seen: dict[str, list[Document]] = {}
    fill = partial(fill_native, environ=environ, keys_matter=False)
    for name, group in zip(names, groups, strict=True):
        if name in seen:
            _refuse_twice(name, seen[name], group, found)
            continue
        if group[0].source.layer != "base":
            _require_complete(name, group[0], seen, found)
        seen[name] = group
        if len(group) == 1 and name not in own:
            parts.append(_single(name, group[0], fill, found))
            continue
        pieces = [Piece(layer=document.source.layer, data=document.data, document=document) for document in group]
        data, trail = _merge(pieces, own.get(name, ()), "models", found, skip=2)
        parts.append(_part(name, data, lambda trail=trail: trail, fill, found))
    return parts


def _single(name: str, document: Document, fill: Any, found: Collector) -> Part:
    piece = Piece(layer=document.source.layer, data=document.data, document=document)
    data = document.data
    if document.has_markers:
        from lbconf.layers.merge_native import plain

        data = plain(data)
    return _part(name, data, lambda: Trail.of(piece), _as_it_is if document.is_plain else fill, found)


def _as_it_is(data: dict[str, Any]) -> Filled:
    return Filled(data=data)


def _part(name: str, data: dict[str, Any], trail: Any, fill: Any, found: Collector) -> Part:
    halves = split_model(data, name)
    return finish(("models", name), halves, lambda: split_trail(trail(), halves), fill, found, keys_matter=False)


def _grouped(documents: Sequence[Document]) -> list[list[Document]]:
    """The documents about one model each, lowest precedence first: by file name, else by the `name` they say."""
    groups: dict[str, list[Document]] = {}
    by_name: dict[str, str] = {}
    for document in documents:
        key = (document.source.model or "").casefold()
        said = document.data.get("name")
        if key not in groups and isinstance(said, str) and document.source.layer != "base":
            key = by_name.get(said, key)
        groups.setdefault(key, []).append(document)
        if isinstance(said, str):
            by_name.setdefault(said, key)
    return list(groups.values())


def _name_of(group: list[Document]) -> str:
    for document in reversed(group):
        said = document.data.get("name")
        if isinstance(said, Replace):
            said = said.value
        if isinstance(said, str) and said:
            return said
    return group[0].source.model or ""


def _overrides_by_model(
    overrides: Sequence[Override], names: Sequence[str], found: Collector
) -> dict[str, list[Override]]:
    own: dict[str, list[Override]] = {}
    folded = {name.casefold(): name for name in names}
    for override in overrides:
        if override.segments[0] != "models":
            continue
        wanted = override.segments[1]
        name = wanted if wanted in names else folded.get(wanted.casefold())
        if name is None:
            near = nearest(wanted, names)
            found.error(
                Code.OVERLAY_UNMATCHED,
                f"the {override.variable or override.layer} changes the model {wanted!r}, which does not exist",
                hint=f"did you mean {near}?" if near else f"models are {', '.join(sorted(names)[:10]) or 'none'}",
            )
            continue
        own.setdefault(name, []).append(override)
    return own


def _require_complete(name: str, first: Document, known: Mapping[str, Any], found: Collector) -> None:
    data = first.data
    if "properties" in data or "base" in data or name in _BUILT_IN or any(isinstance(v, Unset) for v in data.values()):
        return
    near = nearest(name, known)
    found.error(
        Code.OVERLAY_UNMATCHED,
        f"the layer `{first.source.layer}` changes the model {name!r}, which no lower layer has",
        Location(file=first.source.shown),
        hint=(f"did you mean {near}? " if near else "") + "A new model must say its `properties` or its `base`",
    )


def _refuse_twice(name: str, first: list[Document], again: list[Document], found: Collector) -> None:
    def place(group: list[Document]) -> Location:
        said = next((d.spans["/name"] for d in group if "/name" in d.spans), None)
        return said or Location(file=group[0].source.shown)

    found.error(
        Code.MODEL_DEFINED_TWICE,
        f"the model {name!r} is defined twice",
        place(again),
        hint="give one of them another name, or remove it",
        related=(Related(message="first here", location=place(first)),),
    )
