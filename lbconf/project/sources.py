"""What the files say about one model, in one shape: settings apart from properties, and where each stands."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from lbconf.diagnostics import LaterLocation, Location
from lbconf.documents.pointer import child, join
from lbconf.layers.merged import MergedConfig
from lbconf.project.builtin import BUILT_IN
from lbconf.project.resolved import Layout
from lbconf.records import dataclass, field

__all__ = ["ModelSource", "Places", "model_sources"]

_NOT_SETTINGS: Final = frozenset({"name", "properties", "options"})
_NOTHING: Final[Mapping[str, Any]] = {}
_MAKING: Final = ("base", "super", "properties", "options")
"""Keys that make a model of a built-in one's name a model of its own."""


class Places:
    """Finds the place in a user's file for a pointer into the merged data."""

    def __init__(self, merged: MergedConfig) -> None:
        """Take the merged configuration."""
        self._merged = merged
        self._in_files = bool(merged.files) and Layout(merged.layout) is Layout.NATIVE
        """Whether each model stands in a file, so that there is a place for everything in it."""
        self._data_sources_in_files = self._in_files and any(
            file.rpartition("/")[2].startswith("datasources.") for file in merged.files
        )
        self._find = merged.key_location

    def value(self, at: str | None) -> Location | None:
        """Where the value stands, or the nearest container that stands anywhere; None for what no file says."""
        return None if at is None else self._merged.location(at)

    def key(self, at: str | None) -> Location | None:
        """Where the key that leads to the value stands, as `value` otherwise."""
        return None if at is None else self._merged.key_location(at)

    def later(self, at: str | None) -> Location | None:
        """As `key`, for places that are rarely shown: worked out when somebody looks."""
        if at is None or not self._in_files:
            return self.key(at)
        if not at.startswith("/models/") and not (self._data_sources_in_files and at.startswith("/datasources/")):
            return self.key(at)
        return LaterLocation(self._find, at)

    def listed(self, *keys: str) -> Mapping[str, Location]:
        """Each text of the setting at these keys, which holds one or a list of them, with its place."""
        found: Any = self._merged.data
        for key in keys:
            found = found.get(key) if isinstance(found, Mapping) else None
        at = join(keys)
        several = isinstance(found, list | tuple)
        texts = enumerate(found) if several else [(0, found)]
        placed = {
            text: self.value(f"{at}/{place}" if several else at) for place, text in texts if isinstance(text, str)
        }
        return {text: location for text, location in placed.items() if location is not None}


@dataclass(slots=True, kw_only=True)
class ModelSource:
    """One model as written."""

    name: str
    layout: Layout
    base: str
    settings: dict[str, Any]
    """Own settings: top-level keys and, winning over them, those of `options`."""
    properties: Mapping[str, Any]
    """Own properties as written; None and False remove an inherited one."""
    wiring: Mapping[str, Any] = field(default_factory=dict)
    at: str | None = None
    """Pointer to the model; None for built-in ones."""
    in_options: frozenset[str] = frozenset()
    """Settings that are written under `options`."""
    defined: bool = True
    """Whether a file, or lbconf itself, defines it."""
    wired: bool = False
    """Whether the project lists it (always, in the native layout)."""

    def pointer(self, key: str, *rest: str | int) -> str | None:
        """The pointer of a setting of the definition, wherever it is written."""
        if self.at is None:
            return None
        inside = "/definition/options" if key in self.in_options else "/definition"
        return f"{self.at}{inside}{join((key, *map(str, rest)))}"

    def pointers(self, key: str, names: Iterable[str]) -> Iterator[tuple[str, str | None]]:
        """Each of the names inside a setting of the definition, with its pointer."""
        above = self.pointer(key)
        return ((name, None if above is None else child(above, name)) for name in names)


def model_sources(merged: MergedConfig) -> dict[str, ModelSource]:
    """Every model the project writes or wires, and the built-in ones those lead to, by name."""
    layout = Layout(merged.layout)
    sources: dict[str, ModelSource] = {}
    for name, written in _mapping(merged.data.get("models")).items():
        entry = _mapping(written)
        definition = entry.get("definition")
        wiring = _mapping(entry.get("wiring"))
        if not isinstance(definition, Mapping) or _leaves_built_in(name, definition, layout):
            own = _mapping(definition)
            definition = BUILT_IN.get(name)
            if definition is not None and own:
                relations = {**_mapping(definition.get("relations")), **_mapping(own.get("relations"))}
                definition = {**definition, **own, "relations": relations}
            if definition is None:
                if "wiring" not in entry:
                    continue
                definition = _NOTHING
        source = _source(name, definition, layout, wiring, join(("models", name)), wired="wiring" in entry)
        source.defined = definition is not _NOTHING
        sources[name] = source
    for name in list(sources):
        for built_in in (*_built_in_bases(sources[name].base), *_built_in_targets(sources[name])):
            if built_in not in sources:
                source = _source(built_in, BUILT_IN[built_in], layout, _NOTHING, None, wired=False)
                source.wired = False
                sources[built_in] = source
    return sources


def _leaves_built_in(name: str, definition: Mapping[str, Any], layout: Layout) -> bool:
    """Whether a native file of a built-in model's name says of it where it is kept, and nothing of what it is."""
    return layout is Layout.NATIVE and name in BUILT_IN and not any(key in definition for key in _MAKING)


def _source(
    name: str, definition: Mapping[str, Any], layout: Layout, wiring: Mapping[str, Any], at: str | None, *, wired: bool
) -> ModelSource:
    settings = {key: value for key, value in definition.items() if key not in _NOT_SETTINGS}
    settings.update(_mapping(definition.get("options")))
    base = settings.get("base") or settings.get("super") or "PersistedModel"
    return ModelSource(
        name=name,
        layout=layout,
        base=base if isinstance(base, str) else "PersistedModel",
        settings=settings,
        in_options=frozenset(_mapping(definition.get("options"))),
        properties=_mapping(definition.get("properties")),
        wiring=wiring,
        at=at,
        wired=wired or layout is Layout.NATIVE,
    )


def _built_in_bases(base: str) -> Iterator[str]:
    while base in BUILT_IN:
        yield base
        base = str(BUILT_IN[base].get("base"))


def _built_in_targets(source: ModelSource) -> Iterator[str]:
    for relations in (source.settings.get("relations"), source.wiring.get("relations")):
        for said in _mapping(relations).values():
            if not isinstance(said, Mapping):
                continue
            for key in ("model", "through"):
                named = said.get(key)
                if isinstance(named, str) and named in BUILT_IN:
                    yield named


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if type(value) is dict or isinstance(value, Mapping) else _NOTHING
