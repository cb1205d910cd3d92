"""Filters as typed and queries as bound: plain data, no text of any database.

A `Filter` is what a client sent, its names unchecked. A `Query` is the same
bound to a model: names are `Property` values, and values have the Python
types that `datatypes` names.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeAlias

from lbconf.project.resolved import Model, Property, Relation
from lbconf.records import dataclass

__all__ = [
    "AllOf",
    "AnyOf",
    "Comparison",
    "Condition",
    "Constant",
    "Filter",
    "Include",
    "Near",
    "NoneOf",
    "Operator",
    "Order",
    "Query",
    "Related",
    "Row",
    "Target",
]

Row: TypeAlias = dict[str, Any]
"""Property name to Python value; an absent key is a value never set, None is null."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A request's filter, shape checked, names not."""

    where: Mapping[str, Any] | None = None
    fields: Any = None
    """As typed: name, list of names, or mapping of name to bool."""
    order: tuple[str, ...] = ()
    """As typed: `price DESC`."""
    include: Any = None
    """As typed: name, list or object."""
    limit: int | None = None
    skip: int = 0


class Operator(StrEnum):
    """How a comparison compares."""

    EQ = "eq"
    NEQ = "neq"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    BETWEEN = "between"
    INQ = "inq"
    NIN = "nin"
    LIKE = "like"
    NLIKE = "nlike"
    ILIKE = "ilike"
    NILIKE = "nilike"
    REGEXP = "regexp"


@dataclass(frozen=True, slots=True)
class Target:
    """What is compared or ordered by: a property, or a place inside its JSON value."""

    property: Property
    path: tuple[str, ...] = ()
    """Keys below the property, for `address.city`."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One property against a value."""

    target: Target
    operator: Operator
    value: Any
    """BETWEEN: a tuple of two. INQ, NIN: a tuple. REGEXP: (pattern, flags). LIKE family: `str`.
    EQ and NEQ with None mean IS NULL and IS NOT NULL."""


@dataclass(frozen=True, slots=True)
class Near:
    """Rows with a point near another; the nearest come first."""

    target: Target
    latitude: float
    longitude: float
    max_distance: float | None = None
    """Metres."""
    min_distance: float | None = None
    """Metres."""


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every condition holds; true without conditions."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one condition holds; false without conditions."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class NoneOf:
    """No condition holds."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Constant:
    """Always, or never."""

    value: bool


@dataclass(frozen=True, slots=True)
class Related:
    """There is a row of another model that is tied to this one, and the condition holds for it.

    Never null: rows that refer to nothing have no such row.
    """

    model: Model
    """The other model."""
    key_from: tuple[Property, ...]
    """Of the model asked about, the properties that tie."""
    key_to: tuple[Property, ...]
    """Of the other, those that hold the same values; as many."""
    condition: "Condition | None" = None
    relation: str = ""
    """Name of the relation, for those that a filter names."""
    asked: Mapping[str, Any] | None = None
    """The condition as typed."""


Condition: TypeAlias = Comparison | Near | AllOf | AnyOf | NoneOf | Constant | Related


@dataclass(frozen=True, slots=True)
class Order:
    """One key of an ordering."""

    target: Target
    """Of the model itself, or of the last one that `via` leads to."""
    descending: bool = False
    via: tuple[Related, ...] = ()
    """The way to another model's property, one step after the other; of several rows the one with the least id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Include:
    """A relation to load with the rows."""

    relation: Relation
    query: "Query | None"
    """Bound to the target; holds nested includes. None for a polymorphic belongsTo, bound per target later."""
    scope: Filter | None = None
    """As typed, for targets known only from the rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A filter bound to a model."""

    model: Model
    where: Condition | None = None
    fields: tuple[Property, ...] | None = None
    """None: all properties."""
    order: tuple[Order, ...] = ()
    limit: int | None = None
    skip: int = 0
    include: tuple[Include, ...] = ()
    locked: bool = False
    """Whether the rows stay locked against other writers until the transaction ends, where the store can."""
    touched: tuple[str, ...] = ()
    """Names of the other models that its conditions and its order look at."""
