"""Digests of states and of other plain data."""

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import fields
from functools import cache
from hashlib import sha256
from operator import attrgetter
from typing import Any

from lbconf.records import copier, replace
from lbconf.state.rewrite import counted
from lbconf.state.structure import QualifiedName, State, Table
from lbconf.state.structure import Sequence as SequenceOfState

__all__ = ["digest", "fingerprint", "within"]


def fingerprint(state: State, names: Collection[QualifiedName]) -> str:
    """SHA-256, hex, of these tables, types, sequences and views as they stand; what is not there counts as absent.

    The types and sequences that the tables use and their namespaces are part of it; other tables and views, the order
    of columns, extensions, and columns of views (which follow from their queries) are not.
    """
    seen = within(state, names)
    without_columns = copier(Table, "columns")
    views = tuple(replace(view, columns=(), opaque=()) for view in seen.views)
    # Whoever asks again asks about the namespaces of what is named only.
    named = {name.namespace for name in names}
    text = _encode(
        replace(
            seen,
            tables=tuple(without_columns(table, ()) for table in seen.tables),
            enumerations=tuple(one for one in seen.enumerations if one.name.namespace in named),
            domains=tuple(one for one in seen.domains if one.name.namespace in named),
            composites=tuple(one for one in seen.composites if one.name.namespace in named),
            sequences=tuple(one for one in seen.sequences if one.name.namespace in named),
            views=views,
            extensions=(),
            opaque=(),
        )
    )
    return sha256("\n".join([text, *_column_texts(seen.tables)]).encode()).hexdigest()


def within(state: State, names: Collection[QualifiedName]) -> State:
    """The same state with what is named only, and the types and sequences that those tables use. It owns nothing."""
    wanted = frozenset(names)
    named = {one.namespace for one in wanted}
    kept = tuple(table for table in state.tables if table.name in wanted)
    used = {column.type.enumeration for table in kept for column in table.columns} | wanted
    composites = tuple(one for one in state.composites if one.name in used)
    used |= {column.type.enumeration for one in composites for column in one.columns}
    domains = tuple(one for one in state.domains if one.name in used)
    used |= {one.type.enumeration for one in domains}
    return replace(
        state,
        namespaces=tuple(name for name in state.namespaces if name in named),
        tables=kept,
        enumerations=tuple(found for found in state.enumerations if found.name in used),
        domains=domains,
        composites=composites,
        sequences=_sequences(state, kept, wanted),
        views=tuple(view for view in state.views if view.name in wanted),
        owns=(),
    )


def _sequences(state: State, tables: Sequence[Table], wanted: Collection[QualifiedName]) -> tuple[SequenceOfState, ...]:
    """Those that are named, or that a table owns or counts with."""
    if not state.sequences:
        return ()
    owners = {table.name for table in tables}
    defaults = [column.default.expression for table in tables for column in table.columns if column.default is not None]
    counting = {name for text in defaults for name in counted(text)}
    return tuple(
        one
        for one in state.sequences
        if one.name in wanted
        or (one.owned_by is not None and one.owned_by[0] in owners)
        or not counting.isdisjoint((one.name, QualifiedName("", one.name.name)))
    )


def digest(data: Any) -> str:
    """SHA-256, hex, of JSON values and of our dataclasses, whatever the order of keys.

    Of a dataclass what is compared counts, so equal ones have equal digests.
    """
    return sha256(_encode(data).encode()).hexdigest()


def _encode(data: Any) -> str:
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_compared)


def _column_texts(tables: Sequence[Table]) -> Iterator[str]:
    """The columns of each table by name, as JSON; columns that are one object in many tables are written once."""
    encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_compared).encode
    known: dict[int, str] = {}
    for table in tables:
        texts = []
        for column in sorted(table.columns, key=attrgetter("name")):
            text = known.get(id(column))
            if text is None:
                text = known[id(column)] = encode(column)
            texts.append(text)
        yield f"[{','.join(texts)}]"


def _compared(value: Any) -> Any:
    """The compared fields, which the encoder, written in C, goes on with."""
    kind: Any = type(value)
    return _reader(kind)(value)


@cache
def _reader(kind: Any) -> Callable[[Any], Any]:
    return attrgetter(*(found.name for found in fields(kind) if found.compare))
