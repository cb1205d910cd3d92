"""Types of the actual state, from the rows of the catalogue query over all of them."""

from typing import Any

from lbconf.connectors.postgresql.inspect_columns import Rows, named_type
from lbconf.records import dataclass
from lbconf.state.structure import Check, Column, Composite, Default, Domain, Enumeration, Opaque, QualifiedName

__all__ = ["Types", "types"]


@dataclass(frozen=True, slots=True)
class Types:
    """What a state says about types, by name each."""

    enumerations: tuple[Enumeration, ...]
    domains: tuple[Domain, ...]
    composites: tuple[Composite, ...]
    opaque: tuple[Opaque, ...]
    """Ranges, and comments that states have no room for."""


def types(rows: Rows) -> Types:
    """The types that no extension owns."""
    return Types(
        tuple(
            Enumeration(name=QualifiedName(row[1], row[2]), values=tuple(row[4] or ()), comment=row[3])
            for row in rows
            if row[0] == "e"
        ),
        tuple(_domain(row) for row in rows if row[0] == "d"),
        tuple(_composite(row) for row in rows if row[0] == "c"),
        tuple(Opaque(kind="range-type", name=str(QualifiedName(row[1], row[2]))) for row in rows if row[0] == "r"),
    )


def _domain(row: tuple[Any, ...]) -> Domain:
    text, kind, namespace, name, is_array, required, default, collation, checks = row[4]
    return Domain(
        name=QualifiedName(row[1], row[2]),
        type=named_type(text, kind, namespace, name, is_array=is_array),
        nullable=not required,
        default=None if default is None else Default(default),
        collation=collation,
        checks=tuple(Check(name=check[0], expression=check[1], valid=check[2]) for check in checks or ()),
    )


def _composite(row: tuple[Any, ...]) -> Composite:
    return Composite(
        name=QualifiedName(row[1], row[2]),
        columns=tuple(
            Column(
                name=part[0],
                type=named_type(part[1], part[2], part[3], part[4], is_array=part[5]),
                collation=part[6],
            )
            for part in row[4] or ()
        ),
    )
