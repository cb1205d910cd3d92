"""What stands in a database beside its tables, as a data source's `structure` says it."""

from collections.abc import Iterable, Mapping
from typing import Any

from lbconf.plan.discovered_types import type_text
from lbconf.state.structure import Column, Composite, Domain, Enumeration, QualifiedName, Sequence, State

__all__ = ["spoken_enumerations", "structure_of"]


def structure_of(state: State, default: str, *, owns: Iterable[str]) -> dict[str, Any]:
    """The value of `structure`.

    Args:
        state: The actual state.
        default: The namespace whose names need no saying.
        owns: Namespaces that were discovered whole.
    """
    spoken = spoken_enumerations(state)
    settled = {name.namespace for name in _names(state)}
    enums = {
        _key(found.name, default): _enumeration(found)
        for found in state.enumerations
        if found.name not in spoken or found.comment
    }
    found: dict[str, Any] = {
        "owns": list(owns),
        "namespaces": [name for name in state.namespaces if name not in settled],
        "extensions": {part.name: {"schema": part.namespace} if part.namespace else {} for part in state.extensions},
        "enums": enums,
        "domains": {_key(part.name, default): _domain(part) for part in state.domains},
        "composites": {_key(part.name, default): _composite(part) for part in state.composites},
        "sequences": {_key(part.name, default): _sequence(part, default) for part in state.sequences},
    }
    return {key: value for key, value in found.items() if value}


def spoken_enumerations(state: State) -> frozenset[QualifiedName | None]:
    """Enum types that a property says in full: those of a table's plain column."""
    return frozenset(c.type.enumeration for table in state.tables for c in table.columns if not c.type.dimensions)


def _names(state: State) -> Iterable[QualifiedName]:
    for parts in (state.tables, state.views, state.enumerations, state.domains, state.composites, state.sequences):
        yield from (part.name for part in parts)


def _key(name: QualifiedName, default: str) -> str:
    """The name alone where its namespace is the default one, or is said inside."""
    return name.name if name.namespace in {"", default} or _place(name) else f"{name.namespace}.{name.name}"


def _place(name: QualifiedName) -> dict[str, Any]:
    """The namespace of a name with dots of its own, which could be read as two names."""
    return {"schema": name.namespace} if "." in name.name + name.namespace and name.namespace else {}


def _enumeration(found: Enumeration) -> Any:
    said = _place(found.name) | ({"comment": found.comment} if found.comment else {})
    return {"values": list(found.values), **said} if said else list(found.values)


def _domain(found: Domain) -> Any:
    said: dict[str, Any] = _place(found.name)
    if not found.nullable:
        said["nullable"] = False
    if found.default is not None:
        said["default"] = found.default.expression
    if found.collation:
        said["collation"] = found.collation
    if found.checks:
        said["checks"] = {check.name: check.expression for check in found.checks}
    written = type_text(found.type)
    return {"type": written, **said} if said else written


def _composite(found: Composite) -> Any:
    return {"columns": {column.name: _column(column) for column in found.columns}, **_place(found.name)}


def _column(column: Column) -> str | dict[str, str]:
    written = type_text(column.type)
    return {"type": written, "collation": column.collation} if column.collation else written


def _sequence(found: Sequence, default: str) -> Mapping[str, Any]:
    options = {
        "type": found.type if found.type != "bigint" else None,
        "start": found.start,
        "increment": found.increment,
        "minimum": found.minimum,
        "maximum": found.maximum,
        "cache": found.cache,
        "cycle": found.cycle or None,
        "ownedBy": _owner(found, default),
        "comment": found.comment,
    }
    return _place(found.name) | {key: value for key, value in options.items() if value is not None}


def _owner(found: Sequence, default: str) -> str | None:
    if found.owned_by is None:
        return None
    table, column = found.owned_by
    parts = (table.name, column) if table.namespace in {"", default} else (table.namespace, table.name, column)
    return ".".join(parts)
