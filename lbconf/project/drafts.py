"""Models in the making: what inheritance gave them, open for relations to add to."""

from collections.abc import Mapping
from typing import Any

from lbconf.project.inheritance import Written
from lbconf.project.resolved import Acl, Layout, Property, Relation
from lbconf.records import dataclass, field

__all__ = ["Draft"]


@dataclass(slots=True, kw_only=True)
class Draft:
    """A model before it is frozen."""

    name: str
    layout: Layout
    base: str
    ancestors: tuple[str, ...]
    settings: dict[str, Any]
    """Inherited, own and wired ones."""
    written: dict[str, Written]
    """Properties as written, inherited ones included."""
    relations_written: dict[str, Written]
    places: dict[tuple[str, str], str | None]
    """(setting, name inside it) to its pointer, for indexes, scopes and the like."""
    wiring: Mapping[str, Any] = field(default_factory=dict)
    remoting: Any = None
    """The settings `remoting` that say which of its methods are shared."""
    data_source: str | None = None
    public: bool = False
    at: str | None = None
    built_in: bool = False
    """Neither written nor wired by the project."""
    whole: bool = True
    """Whether all of it was read: False where its file, or one of a base, is broken or missing."""
    acls: list[Acl] = field(default_factory=list)
    properties: dict[str, Property] = field(default_factory=dict)
    relations: dict[str, Relation] = field(default_factory=dict)

    @property
    def ids(self) -> tuple[Property, ...]:
        """The key's properties in their order."""
        return tuple(sorted((p for p in self.properties.values() if p.id), key=lambda p: p.id))

    @property
    def persisted(self) -> bool:
        """Whether its instances are kept in a data source."""
        return "PersistedModel" in self.ancestors
