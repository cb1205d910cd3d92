"""The `structure` of a data source as it was written: what stands in the database beside the models' tables."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from lbconf.diagnostics import Location
from lbconf.documents.pointer import child
from lbconf.records import dataclass, field

if TYPE_CHECKING:
    from lbconf.project.sources import Places

__all__ = ["NO_STRUCTURE", "SaidStructure", "StructureEntry", "read_structure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StructureEntry:
    """One enum, domain, composite type, sequence, extension or namespace."""

    name: str
    """The key, which may be `schema.name`."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """As written in its long form, keys in camel case."""
    location: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidStructure:
    """Each part in the order of the files."""

    owns: tuple[StructureEntry, ...] = ()
    """SQL schemas that the project speaks for completely."""
    namespaces: tuple[StructureEntry, ...] = ()
    extensions: tuple[StructureEntry, ...] = ()
    enums: tuple[StructureEntry, ...] = ()
    domains: tuple[StructureEntry, ...] = ()
    composites: tuple[StructureEntry, ...] = ()
    sequences: tuple[StructureEntry, ...] = ()
    on_remove: str | None = None
    """`keep`, `rename` or `drop`: what becomes of tables whose model is gone."""

    def __bool__(self) -> bool:
        """Whether it says anything."""
        parts = (self.owns, self.namespaces, self.extensions, self.enums, self.domains, self.composites, self.sequences)
        return any(parts) or self.on_remove is not None


NO_STRUCTURE: Final = SaidStructure()


def read_structure(written: Any, at: str, places: "Places") -> SaidStructure:
    """What is written, which has the right shape already.

    Args:
        written: The value of the key `structure`.
        at: Its pointer.
        places: For locations.
    """
    if not isinstance(written, Mapping):
        return NO_STRUCTURE

    def named(key: str) -> tuple[StructureEntry, ...]:
        names = written.get(key) or ()
        return tuple(
            StructureEntry(name=name, location=places.value(f"{at}/{key}/{place}")) for place, name in enumerate(names)
        )

    def entries(key: str, short: str | None) -> tuple[StructureEntry, ...]:
        said = written.get(key) or {}
        return tuple(
            StructureEntry(name=name, settings=_long(entry, short), location=places.key(child(f"{at}/{key}", name)))
            for name, entry in said.items()
            if entry is not None or short is None
        )

    return SaidStructure(
        owns=named("owns"),
        namespaces=named("namespaces"),
        extensions=entries("extensions", None),
        enums=entries("enums", "values"),
        domains=entries("domains", "type"),
        composites=entries("composites", "columns"),
        sequences=entries("sequences", None),
        on_remove=written.get("onRemove"),
    )


def _long(entry: Any, short: str | None) -> Mapping[str, Any]:
    """The entry in its long form; the short form is the value of one key alone."""
    if isinstance(entry, Mapping):
        return entry
    return {} if entry is None or short is None else {short: entry}
