"""Aggregates as bound: plain data, no text of any database.

The names of what comes out are `count`, `sum.price` and the like, and those of
the groups: `status`, or `createdAt.month`. `having` and `order` go by them.
"""

from enum import StrEnum

from lbconf.project.resolved import Model, Property
from lbconf.query.nodes import Condition, Order
from lbconf.records import dataclass

__all__ = ["Aggregate", "Function", "Group", "Measure", "Part"]


class Function(StrEnum):
    """What is worked out of the rows of a group. Nulls do not take part, except in COUNT."""

    COUNT = "count"
    """Rows."""
    DISTINCT = "distinct"
    """Different values."""
    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"


class Part(StrEnum):
    """How much of a date tells groups apart, in UTC."""

    YEAR = "year"
    MONTH = "month"
    DAY = "day"
    HOUR = "hour"


@dataclass(frozen=True, slots=True)
class Group:
    """Rows with the same value are one group; so are those without one."""

    prop: Property
    part: Part | None = None

    @property
    def name(self) -> str:
        """`status`, or `createdAt.month`."""
        return self.prop.name if self.part is None else f"{self.prop.name}.{self.part}"


@dataclass(frozen=True, slots=True)
class Measure:
    """One value of each group."""

    function: Function
    prop: Property | None = None
    """None for COUNT."""

    @property
    def name(self) -> str:
        """`count`, or `sum.price`."""
        return self.function.value if self.prop is None else f"{self.function}.{self.prop.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """Groups of a model's rows, and what is worked out of each. Without groups, of all rows together."""

    model: Model
    where: Condition | None = None
    groups: tuple[Group, ...] = ()
    measures: tuple[Measure, ...]
    having: Condition | None = None
    """On properties named as groups and measures are."""
    order: tuple[Order, ...] = ()
    """By such properties."""
    limit: int | None = None
    skip: int = 0
