"""What binding does with names and values that do not fit: one value for each kind of store and layout."""

from enum import StrEnum
from typing import Final

from lbconf.datatypes import AnyType, ArrayType, GeoPointType, JsonType, ModelType, ObjectType
from lbconf.project.resolved import Model
from lbconf.query.coerce import Operands
from lbconf.query.nodes import Target
from lbconf.records import dataclass

__all__ = ["KEEPING", "NATIVE", "TABULAR", "Rules", "Unknown", "target_of"]

_NESTING = AnyType | ArrayType | GeoPointType | JsonType | ModelType | ObjectType


class Unknown(StrEnum):
    """What happens to a property that the model does not have."""

    REFUSE = "refuse"
    """The request is refused, with the nearest name."""
    DROP = "drop"
    """The condition is left out, with a warning."""
    KEEP = "keep"
    """The condition stays: the store may hold such a property."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How one model's filters are bound."""

    unknown: Unknown
    operands: Operands
    loopback: bool
    """LoopBack's reading: one operator a property, `nor` and `exists` are no operators, hidden conditions vanish."""
    hidden_allowed: bool = False
    """Whether hidden properties may be named: for lbconf's own queries."""
    related: bool = False
    """Whether conditions and orders may name properties of related models."""


NATIVE: Final = Rules(unknown=Unknown.REFUSE, operands=Operands.REFUSE, loopback=False, related=True)
"""The native layout."""
TABULAR: Final = Rules(unknown=Unknown.DROP, operands=Operands.CONVERT, loopback=True)
"""A LoopBack layout over tables."""
KEEPING: Final = Rules(unknown=Unknown.KEEP, operands=Operands.KEEP, loopback=True)
"""A LoopBack layout over a store that keeps whatever properties it is given."""


def target_of(name: str, model: Model) -> Target | None:
    """The property of that name, or the place in one for a dotted name; None where there is none."""
    prop = model.properties.get(name)
    if prop is not None:
        return Target(prop)
    first, dot, rest = name.partition(".")
    prop = model.properties.get(first) if dot else None
    if prop is None or not isinstance(prop.type, _NESTING):
        return None
    path = tuple(rest.split("."))
    return Target(prop, path) if all(path) else None
