"""Conditions as SQL: every value a parameter, every name from the bound table."""

from collections.abc import Callable
from typing import Any, TypeAlias, assert_never

from lbconf.connectors.sql.dialect import BoundColumn, BoundTable, Dialect, Kind, ValueRefused
from lbconf.project.resolved import Model
from lbconf.query.nodes import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Constant,
    Near,
    NoneOf,
    Operator,
    Order,
    Related,
    Target,
)

__all__ = ["STRUCTURED", "Conditions", "TableOf"]

TableOf: TypeAlias = Callable[[Model], BoundTable]
"""Tells the table of a related model of the same data source."""

STRUCTURED = frozenset({Kind.JSON, Kind.JSON_TEXT, Kind.POINT})
"""Kinds without an equality of their own."""
COMPARISONS = {
    Operator.GT: ">",
    Operator.GTE: ">=",
    Operator.LT: "<",
    Operator.LTE: "<=",
}
TRUE, FALSE = "1 = 1", "1 = 0"


class Conditions:
    """Compiles the conditions of one statement and gathers their parameters in order."""

    def __init__(
        self, dialect: Dialect, table: BoundTable, parameters: list[Any], table_of: TableOf | None = None
    ) -> None:
        """Take the list that parameters are appended to, and what tells the tables of related models."""
        self.dialect = dialect
        self.table = table
        self.parameters = parameters
        self.table_of = table_of

    def add(self, value: Any) -> str:
        """Append a parameter and return its placeholder."""
        self.parameters.append(value)
        return self.dialect.placeholder(len(self.parameters))

    def compile(self, condition: Condition) -> str:
        """The condition as a boolean expression in parentheses where it needs them."""
        match condition:
            case Comparison():
                return self._comparison(condition)
            case AllOf(conditions=parts):
                return "(" + " AND ".join(map(self.compile, parts)) + ")" if parts else TRUE
            case AnyOf(conditions=parts):
                return "(" + " OR ".join(map(self.compile, parts)) + ")" if parts else FALSE
            case NoneOf(conditions=parts):
                # What is neither true nor false, because of a null, is not one of these: the row comes through.
                return "(" + " OR ".join(map(self.compile, parts)) + ") IS NOT TRUE" if parts else TRUE
            case Near():
                return self._near(condition)
            case Constant(value=value):
                return TRUE if value else FALSE
            case Related():
                return self._related(condition)
            case _:
                assert_never(condition)

    def near(self, condition: Condition | None) -> Near | None:
        """The first near condition that every row must meet: its distance orders the rows."""
        if isinstance(condition, Near):
            return condition
        if isinstance(condition, AllOf):
            return next((found for part in condition.conditions if (found := self.near(part))), None)
        return None

    def distance(self, near: Near) -> str:
        """The distance a near condition speaks of, in metres."""
        return self.dialect.distance(self._column(near.target), near.latitude, near.longitude, self.add)

    def order_key(self, order: Order) -> str:
        """What rows are ordered by."""
        if order.via:
            return self._key_away(order)
        target = order.target
        column = self._column(target)
        return self.dialect.path_key(column, target.path, self.add) if target.path else column.key

    def _column(self, target: Target) -> BoundColumn:
        return self.table.columns[target.property.name]

    def _away(self, model: Model) -> "Conditions":
        """The same for a related model's table, its parameters in the same list."""
        assert self.table_of is not None  # noqa: S101 - only the conditions of reading name related models
        return Conditions(self.dialect, self.table_of(model), self.parameters, self.table_of)

    def _related(self, related: Related) -> str:
        """A semijoin: a row is there once, however many rows of the other model are tied to it."""
        away = self._away(related.model)
        pairs = [
            self.dialect.comparable(self.table.columns[one.name], away.table.columns[other.name])
            for one, other in zip(related.key_from, related.key_to, strict=True)
        ]
        tests = [f"{theirs} IS NOT NULL" for _, theirs in pairs]
        if related.condition is not None:
            tests.append(away.compile(related.condition))
        ours, theirs = (", ".join(side) for side in zip(*pairs, strict=True))
        rows = f"SELECT {theirs} FROM {away.table.sql} WHERE {' AND '.join(tests)}"
        return f"{f'({ours})' if len(pairs) > 1 else ours} IN ({rows})"

    def _key_away(self, order: Order) -> str:
        """The property of the one row that the order's steps lead to, null where there is none."""
        outer, place, opened, ends = self.table, self.table.sql, "", ""
        found = self
        for number, step in enumerate(order.via):
            found = self._away(step.model)
            alias = self.dialect.quote(f"lbconf_{number}")
            tests = [
                "{} = {}".format(
                    *self.dialect.comparable(
                        outer.columns[one.name].within(place), found.table.columns[other.name].within(alias)
                    )
                )
                for one, other in zip(step.key_from, step.key_to, strict=True)
            ]
            if step.condition is not None:
                tests.append(found.compile(step.condition))
            first = ", ".join(column.within(alias).sql for column in found.table.ids)
            page = f" ORDER BY {first} LIMIT 1" if first else " LIMIT 1"
            opened += "(SELECT "
            ends = f" FROM {found.table.sql} AS {alias} WHERE {' AND '.join(tests)}{page}){ends}"
            outer, place = found.table, alias
        key = found.order_key(Order(order.target))
        return f"{opened}{key}{ends}"

    def _near(self, near: Near) -> str:
        parts = [f"{self._column(near.target).sql} IS NOT NULL"]
        if near.max_distance is not None:
            parts.append(f"{self.distance(near)} <= {self.add(float(near.max_distance))}")
        if near.min_distance is not None:
            parts.append(f"{self.distance(near)} >= {self.add(float(near.min_distance))}")
        return "(" + " AND ".join(parts) + ")"

    def _comparison(self, comparison: Comparison) -> str:
        column, operator, value = self._column(comparison.target), comparison.operator, comparison.value
        if comparison.target.path:
            return self.dialect.path(column, comparison.target.path, operator, value, self.add)
        match operator:
            case Operator.LIKE | Operator.NLIKE | Operator.ILIKE | Operator.NILIKE:
                fold = operator in {Operator.ILIKE, Operator.NILIKE}
                matched = self.dialect.like(self.dialect.text(column), value, self.add, fold=fold)
                return f"NOT ({matched})" if operator in {Operator.NLIKE, Operator.NILIKE} else matched
            case Operator.REGEXP:
                return self.dialect.regexp(self.dialect.text(column), value[0], value[1], self.add)
            case Operator.INQ:
                return self._one_of(column, value)
            case Operator.NIN:
                return f"NOT {self._one_of(column, value)}"
            case Operator.EQ | Operator.NEQ if value is None:
                return f"{column.sql} IS {'NOT ' if operator is Operator.NEQ else ''}NULL"
            case Operator.EQ:
                return self._equal(column, value)
            case Operator.NEQ:
                return f"NOT ({self._equal(column, value)})"
            case Operator.BETWEEN:
                low, high = (self._parameter(column, end) for end in value)
                return f"{column.key} BETWEEN {low} AND {high}"
            case _:
                return f"{column.key} {COMPARISONS[operator]} {self._parameter(column, value)}"

    def _parameter(self, column: BoundColumn, value: Any) -> str:
        if value is not None and column.compare is not None:
            value = column.compare(value)
        return column.cast.format(self.add(value))

    def _equal(self, column: BoundColumn, value: Any) -> str:
        """Equality; false for what the column cannot hold, null for null."""
        if column.kind in STRUCTURED:
            return self.dialect.equals_json(column.sql, column, value, self.add)
        try:
            return self.dialect.equals(column, self._parameter(column, value))
        except ValueRefused:
            return _never(column)

    def _one_of(self, column: BoundColumn, values: Any) -> str:
        """Membership; null for null. A null in the list is no member."""
        present = [value for value in values if value is not None]
        if column.kind in STRUCTURED:
            found = " OR ".join(self._equal(column, value) for value in present) or _never(column)
        else:
            encoded = []
            for value in present:
                try:
                    encoded.append(value if column.compare is None else column.compare(value))
                except ValueRefused:
                    continue
            found = self.dialect.one_of(column, encoded, self.add) if encoded else _never(column)
        return f"({found})"


def _never(column: BoundColumn) -> str:
    """False, but null for null."""
    return f"({column.sql} IS NULL AND NULL)"
