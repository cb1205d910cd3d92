"""Columns and sequences of the actual state, from the rows of the catalogue queries."""

import re
from collections import defaultdict
from typing import Any, Final

from lbconf.connectors.postgresql.mapping import canonical_type
from lbconf.connectors.sql.mapping import shortened
from lbconf.records import dataclass, field, replace
from lbconf.state.rewrite import sequence_named
from lbconf.state.structure import Column, ColumnType, Default, Identity, Options, QualifiedName, Sequence

__all__ = ["NAMED_KINDS", "Rows", "Sequences", "columns", "named_type", "sequences", "usual", "usual_sequence"]

Rows = list[tuple[Any, ...]]

NEXT_VALUE: Final = re.compile(r"^nextval\('(?P<sequence>(?:[^']|'')+)'::regclass\)$")
NAME_LIMIT: Final = 63
BITS: Final = {"smallint": 16, "integer": 32, "bigint": 64}
STORAGE: Final = {"p": "plain", "e": "external", "x": "extended", "m": "main"}
NAMED_KINDS: Final = frozenset({"e", "d", "c"})
"""Kinds of types that states know by their qualified name: enums, domains, composite types."""


@dataclass(slots=True)
class Sequences:
    """Rows of sequences by the column that owns them; those that no column counts with as parts of the state."""

    owned: dict[tuple[int, int], tuple[Any, ...]] = field(default_factory=dict)
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    counted: set[tuple[str, str]] = field(default_factory=set)
    """Names of those that are a column's identity or serial."""

    def free(self) -> tuple[Sequence, ...]:
        """All that no column counts with as its identity or serial, once the columns are read."""
        return tuple(_sequence(row) for row in self.rows if (row[0], row[1]) not in self.counted)


def sequences(rows: Rows) -> Sequences:
    """The sequences, not yet told apart."""
    found = Sequences(rows=rows)
    for row in rows:
        if row[9] is not None:
            found.owned[row[9], row[10]] = row
    return found


def columns(rows: Rows, counting: Sequences) -> defaultdict[int, list[Column]]:
    """Columns by relation, in order; tells `counting` which sequences are theirs."""
    found: defaultdict[int, list[Column]] = defaultdict(list)
    alike: dict[tuple[Any, ...], Column] = {}
    for row in rows:
        sequence = counting.owned.get((row[0], row[1]))
        if sequence is None and row[14] is None:  # nothing but these decides, and many columns are equal
            key = row[2:14]
            column = alike.get(key)
            if column is None:
                column = alike[key] = _plain_column(row)
            found[row[0]].append(column)
            continue
        identity = _identity(row, sequence)
        if identity is not None and sequence is not None:
            counting.counted.add((sequence[0], sequence[1]))
        generated = row[5] if row[7] else None
        default = None if generated or identity or row[5] is None else Default(row[5])
        found[row[0]].append(
            Column(
                name=row[2],
                type=named_type(row[3], row[10], row[11], row[12], is_array=row[13]),
                nullable=not row[4],
                default=default,
                identity=identity,
                generated=generated,
                virtual=row[7] == "v",
                collation=row[8],
                comment=row[9],
                options=_options(row[14]),
            )
        )
    return found


def _plain_column(row: tuple[Any, ...]) -> Column:
    """A column that no sequence belongs to and that has no options."""
    return Column(
        name=row[2],
        type=named_type(row[3], row[10], row[11], row[12], is_array=row[13]),
        nullable=not row[4],
        default=None if row[7] or row[5] is None else Default(row[5]),
        generated=row[5] if row[7] else None,
        virtual=row[7] == "v",
        collation=row[8],
        comment=row[9],
    )


def named_type(text: str, kind: str | None, namespace: str, name: str, *, is_array: bool) -> ColumnType:
    """A type; `kind` is the `typtype` of what it is or is an array of, None for the server's own."""
    if kind in NAMED_KINDS:
        return ColumnType(name, (), int(is_array), QualifiedName(namespace, name))
    if kind is None:
        return canonical_type(text)
    return ColumnType(text.removesuffix("[]"), (), int(is_array))


def usual(identity: Identity, type_name: str) -> Identity:
    """The identity with None for every option that is the server's default for a column of this type."""
    return replace(identity, **_usual(identity, type_name))


def usual_sequence(sequence: Sequence) -> Sequence:
    """The same for a sequence."""
    return replace(sequence, **_usual(sequence, sequence.type))


def _usual(said: Identity | Sequence, type_name: str) -> dict[str, Any]:
    lowest = -(2 ** (BITS.get(type_name, 64) - 1))
    up = (said.increment or 1) > 0
    minimum = (1 if up else lowest) if said.minimum is None else said.minimum
    maximum = (-lowest - 1 if up else -1) if said.maximum is None else said.maximum
    return {
        "start": None if said.start == (minimum if up else maximum) else said.start,
        "increment": None if said.increment == 1 else said.increment,
        "minimum": None if minimum == (1 if up else lowest) else minimum,
        "maximum": None if maximum == (-lowest - 1 if up else -1) else maximum,
        "cache": None if said.cache == 1 else said.cache,
    }


def _identity(row: tuple[Any, ...], sequence: tuple[Any, ...] | None) -> Identity | None:
    if sequence is None:
        return None
    name = QualifiedName(sequence[0], sequence[1])
    identity = usual(
        Identity(
            kind="serial",
            start=sequence[2],
            increment=sequence[3],
            minimum=sequence[4],
            maximum=sequence[5],
            cache=sequence[6],
            cycle=sequence[7],
            sequence=name,
        ),
        sequence[8],
    )
    if not row[6] and sequence[8] != row[3]:
        identity = replace(identity, type=sequence[8])
    usual_name = shortened(f"{sequence[14]}_{row[2]}", "seq", NAME_LIMIT)
    if row[6]:
        kind = "identity-always" if row[6] == "a" else "identity-by-default"
        return replace(identity, kind=kind, name=None if name.name == usual_name else name.name)
    if name != QualifiedName(sequence[13], usual_name):
        return None  # a model says `serial` for the usual name alone
    counted = NEXT_VALUE.match(row[5] or "")
    return identity if counted is not None and sequence_named(counted["sequence"]) == name else None


def _options(written: Any) -> Options:
    """What `COLUMNS` tells of storage, statistics, options of the planner and compression."""
    if written is None:
        return ()
    storage, statistics, attributes, compression = written
    found = [(name, value) for name, _, value in (option.partition("=") for option in attributes or ())]
    if storage:
        found.append(("storage", STORAGE[storage]))
    if statistics is not None:
        found.append(("statistics", str(statistics)))
    if compression:
        found.append(("compression", compression))
    return tuple(sorted(found))


def _sequence(row: tuple[Any, ...]) -> Sequence:
    owner = None if row[9] is None else (QualifiedName(row[13], row[14]), row[15])
    return usual_sequence(
        Sequence(
            name=QualifiedName(row[0], row[1]),
            type=row[8],
            start=row[2],
            increment=row[3],
            minimum=row[4],
            maximum=row[5],
            cache=row[6],
            cycle=row[7],
            owned_by=owner,
            comment=row[12],
        )
    )
