"""What part of a database one discovery is about, and what it leaves as earlier ones said."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from lbconf.records import dataclass, replace
from lbconf.state.structure import QualifiedName, State

__all__ = ["Scope", "limited", "narrowed", "structure_beyond"]

PARTS: Final = ("enums", "domains", "composites", "sequences")
"""Keys of `structure` whose entries are names in a namespace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The part."""

    namespaces: tuple[str, ...] | None = None
    """All when None."""
    selected: frozenset[QualifiedName] = frozenset()
    """Only these tables and views; all when empty."""
    views: bool = True

    def is_beyond(self, table: QualifiedName, known: Mapping[QualifiedName, Mapping[str, Any]]) -> bool:
        """Whether this discovery says nothing of the table, there or not. `known`: definitions of earlier ones."""
        if self.selected:
            return table not in self.selected
        other = self.namespaces is not None and table.namespace not in self.namespaces
        return other or (not self.views and known.get(table, {}).get("readOnly") is True)


def narrowed(state: State, scope: Scope, known: Collection[QualifiedName]) -> State:
    """The state with those tables only that were asked for or have models already, and the types that they need."""
    if not scope.selected:
        return state
    there = scope.selected | set(known)
    tables = tuple(table for table in state.tables if table.name in there)
    used = {c.type.enumeration for table in tables if table.name in scope.selected for c in table.columns}
    return replace(
        state,
        namespaces=(),
        tables=tables,
        views=tuple(view for view in state.views if view.name in there),
        enumerations=tuple(part for part in state.enumerations if part.name in used),
        domains=tuple(part for part in state.domains if part.name in used),
        composites=tuple(part for part in state.composites if part.name in used),
        sequences=(),
        extensions=(),
        opaque=(),
    )


def limited(now: Mapping[str, Any], before: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """A definition as it was, and the relations of today that lead to models of these names."""
    relations = {
        name: said
        for name, said in now.get("relations", {}).items()
        if said.get("model") in names or said.get("through") in names
    }
    if not relations:
        return dict(before)
    made: dict[str, Any] = {}
    for key in dict.fromkeys((*now, *before)):
        if key == "relations":
            made[key] = {**before.get(key, {}), **relations}
        elif key in before:
            made[key] = before[key]
    return made


def structure_beyond(before: Mapping[str, Any], now: Mapping[str, Any], scope: Scope, default: str) -> dict[str, Any]:
    """The structure of today, with what earlier discoveries said of the namespaces that this one left out.

    `default`: the namespace of names that say none.
    """
    if scope.namespaces is None and not scope.selected:
        return dict(now)
    made = dict(now)
    for key, entries in before.items():
        if not isinstance(entries, Mapping):
            made.setdefault(key, entries)
            continue
        kept = {
            name: said
            for name, said in entries.items()
            if key not in PARTS or scope.selected or _namespace(name, said, default) not in (scope.namespaces or ())
        }
        merged = {**kept, **made.get(key, {})}
        if merged:
            made[key] = {name: merged[name] for name in sorted(merged)}
    return {key: made[key] for key in (*before, *(key for key in made if key not in before)) if key in made}


def _namespace(name: str, said: Any, default: str) -> str:
    if isinstance(said, Mapping) and isinstance(said.get("schema"), str):
        return str(said["schema"])
    return name.partition(".")[0] if "." in name else default
