"""Keys, constraints and indexes of a relation of the actual state, from the rows of the catalogue queries."""

from collections import defaultdict
from functools import lru_cache
from typing import Any, Final

from lbconf.connectors.postgresql.inspect_columns import Rows
from lbconf.records import dataclass, field
from lbconf.state.structure import (
    Check,
    Exclusion,
    ForeignKey,
    Index,
    IndexPart,
    Opaque,
    Options,
    PrimaryKey,
    QualifiedName,
    Unique,
)

__all__ = ["Parts", "add_constraints", "add_indexes", "index", "pairs"]

ACTIONS: Final = {"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}
MATCHES: Final = {"s": "SIMPLE", "f": "FULL", "p": "PARTIAL"}
WORDS: Final = {"p": "primary-key", "u": "unique", "f": "foreign-key", "c": "check", "x": "exclusion"}
DESCENDING, NULLS_FIRST = 1, 2


@dataclass(slots=True)
class Parts:
    """What belongs to one table besides its columns, by name each."""

    primary_key: PrimaryKey | None = None
    uniques: list[Unique] = field(default_factory=list)
    foreign_keys: list[ForeignKey] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    exclusions: list[Exclusion] = field(default_factory=list)
    indexes: list[Index] = field(default_factory=list)
    opaque: list[Opaque] = field(default_factory=list)
    options: list[tuple[str, str]] = field(default_factory=list)
    """The indexes that identify rows to replicas and that the table was clustered by."""


def add_constraints(found: defaultdict[int, Parts], constraints: Rows) -> None:
    """The parts of tables that are constraints, by relation, besides."""
    for row in constraints:
        _constraint(row, found[row[0]])


def add_indexes(found: Parts, indexes: Rows) -> None:
    """The parts of one table that are indexes, besides."""
    for row in indexes:
        found.indexes.append(index(row))
        _marks(row[1], row[11], row[12], found)


def index(row: tuple[Any, ...]) -> Index:
    """An index from a row of `INDEXES`."""
    keys = row[5]
    told = [(f"statistics.{place}", str(part[6])) for place, part in enumerate(row[10], 1) if part[6] is not None]
    return Index(
        name=row[1],
        parts=tuple(_index_part(*part[:5], tuple(part[5] or ())) for part in row[10][:keys]),
        unique=row[3],
        method=row[2],
        where=row[6],
        include=tuple(part[0] for part in row[10][keys:]),
        nulls_not_distinct=row[7],
        valid=row[4],
        comment=row[8],
        options=(*pairs(row[9]), *told) if told or row[9] else (),
    )


def pairs(written: list[str] | None) -> Options:
    """Storage parameters, `name=value` each."""
    return tuple((name, value) for name, _, value in (option.partition("=") for option in written or ()))


def _constraint(row: tuple[Any, ...], found: Parts) -> None:
    kind, name, enforced, period = row[2], row[1], row[20], row[21]
    _marks(name, row[22], row[23], found)
    deferrable = ("deferred" if row[4] else "immediate") if row[3] else None
    include = tuple(row[18] or ())
    if row[24]:
        found.opaque.append(Opaque(kind="index-options", name=name, definition=", ".join(row[24])))
    if kind == "p" and not period:
        found.primary_key = PrimaryKey(name=name, columns=tuple(row[11]), include=include, deferrable=deferrable)
    elif kind == "u" and not period:
        found.uniques.append(
            Unique(
                name=name,
                columns=tuple(row[11]),
                nulls_not_distinct=row[17],
                include=include,
                deferrable=deferrable,
            )
        )
    elif kind == "f" and not period and enforced:
        found.foreign_keys.append(_foreign_key(row, deferrable))
    elif kind == "c":
        if row[16]:
            found.checks.append(
                Check(
                    name=name, expression=row[13], valid=row[5] or not enforced, no_inherit=row[15], enforced=enforced
                )
            )
    elif kind == "x":
        found.exclusions.append(Exclusion(name=name, definition=row[14]))
    else:
        found.opaque.append(Opaque(kind=WORDS[kind], name=name, definition=row[14]))


def _foreign_key(row: tuple[Any, ...], deferrable: str | None) -> ForeignKey:
    return ForeignKey(
        name=row[1],
        columns=tuple(row[11]),
        target=QualifiedName(row[6], row[7]),
        target_columns=tuple(row[12]),
        on_delete=ACTIONS[row[9]],
        on_update=ACTIONS[row[8]],
        deferrable=deferrable,
        match=MATCHES[row[10]],
        valid=row[5],
        set_columns=tuple(row[19] or ()),
    )


def _marks(name: str, replicated: bool | None, clustered: bool | None, found: Parts) -> None:  # noqa: FBT001 - a row's
    if replicated:
        found.options.append(("replica_identity", name))
    if clustered:
        found.options.append(("clustered", name))


@lru_cache(maxsize=4096)
def _index_part(
    column: str | None,
    expression: str | None,
    option: int,
    operator_class: str | None,
    collation: str | None,
    parameters: tuple[str, ...],
) -> IndexPart:
    """Parts that say the same are one object."""
    descending, first = bool(option & DESCENDING), bool(option & NULLS_FIRST)
    return IndexPart(
        column=column,
        expression=expression,
        descending=descending,
        nulls_first=None if first == descending else first,
        collation=collation,
        operator_class=operator_class if not parameters else _with_parameters(operator_class, parameters),
    )


def _with_parameters(operator_class: str | None, parameters: tuple[str, ...]) -> str:
    said = ", ".join(f"{name}='{value}'" for name, _, value in (option.partition("=") for option in parameters))
    return f"{operator_class} ({said})"
