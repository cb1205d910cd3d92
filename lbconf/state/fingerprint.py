"""Digests of states and of other plain data."""

import json
from collections.abc import Collection
from dataclasses import replace
from hashlib import sha256
from typing import Any

from lbconf.state.serialise import to_data
from lbconf.state.structure import QualifiedName, State

__all__ = ["digest", "fingerprint", "within"]


def fingerprint(state: State, tables: Collection[QualifiedName]) -> str:
    """SHA-256, hex, of these tables as they stand; tables that are not there count as absent.

    Enumerations and namespaces are part of it; other tables, views and the order of columns are not.
    """
    seen = within(state, tables)
    ordered = tuple(
        replace(table, columns=tuple(sorted(table.columns, key=lambda column: column.name))) for table in seen.tables
    )
    return digest(to_data(replace(seen, tables=ordered, views=(), opaque=())))


def within(state: State, tables: Collection[QualifiedName]) -> State:
    """The same state with these tables only, and the enumerations their columns use."""
    kept = tuple(table for table in state.tables if table.name in tables)
    used = {column.type.enumeration for table in kept for column in table.columns}
    return replace(
        state,
        namespaces=tuple(name for name in state.namespaces if any(table.namespace == name for table in tables)),
        tables=kept,
        enumerations=tuple(found for found in state.enumerations if found.name in used),
    )


def digest(data: Any) -> str:
    """SHA-256, hex, of JSON values, whatever the order of their keys."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode()).hexdigest()
