"""Digests of states and of other plain data."""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import fields
from functools import cache
from hashlib import sha256
from operator import attrgetter
from typing import Any

from lbconf.records import replace
from lbconf.state.structure import Column, QualifiedName, State

__all__ = ["digest", "fingerprint", "within"]


def fingerprint(state: State, tables: Collection[QualifiedName]) -> str:
    """SHA-256, hex, of these tables as they stand; tables that are not there count as absent.

    Enumerations and namespaces are part of it; other tables, views and the order of columns are not.
    """
    seen = within(state, tables)
    ordered = tuple(replace(table, columns=_by_name(table.columns)) for table in seen.tables)
    return digest(replace(seen, tables=ordered, views=(), opaque=()))


def within(state: State, tables: Collection[QualifiedName]) -> State:
    """The same state with these tables only, and the enumerations their columns use."""
    wanted = frozenset(tables)
    kept = tuple(table for table in state.tables if table.name in wanted)
    named = {name.namespace for name in wanted}
    used = {column.type.enumeration for table in kept for column in table.columns}
    return replace(
        state,
        namespaces=tuple(name for name in state.namespaces if name in named),
        tables=kept,
        enumerations=tuple(found for found in state.enumerations if found.name in used),
    )


def digest(data: Any) -> str:
    """SHA-256, hex, of JSON values and of our dataclasses, whatever the order of keys.

    Of a dataclass what is compared counts, so equal ones have equal digests.
    """
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_compared)
    return sha256(text.encode()).hexdigest()


def _by_name(columns: Sequence[Column]) -> tuple[Column, ...]:
    return tuple(sorted(columns, key=attrgetter("name")))


def _compared(value: Any) -> Any:
    """The compared fields, which the encoder, written in C, goes on with."""
    kind: Any = type(value)
    return _reader(kind)(value)


@cache
def _reader(kind: Any) -> Callable[[Any], Any]:
    return attrgetter(*(found.name for found in fields(kind) if found.compare))
