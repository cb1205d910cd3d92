"""Aggregates as statements: groups, measures, and conditions and orders by them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lbconf.connectors.sql.compile import Compiled, Compiler
from lbconf.connectors.sql.conditions import Conditions
from lbconf.connectors.sql.dialect import BoundColumn, BoundTable, Dialect, Kind, ValueRefused
from lbconf.datatypes import IntegerType
from lbconf.project.resolved import Property
from lbconf.query.aggregate_nodes import Aggregate, Function, Group, Measure
from lbconf.query.aggregate_rows import average
from lbconf.query.nodes import Row
from lbconf.records import dataclass, replace
from lbconf.state.structure import ColumnType

__all__ = ["Outcome", "aggregate_statement", "outcome_rows"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One group or measure as the statement gives it."""

    name: str
    selected: tuple[str, ...]
    """Expressions that are asked for."""
    read: Callable[[Sequence[Any]], Any]
    """Takes what came for them."""
    column: BoundColumn
    """To be compared with and ordered by."""


def aggregate_statement(
    compiler: Compiler, table: BoundTable, asked: Aggregate
) -> tuple[Compiled, tuple[Outcome, ...]]:
    """One row for each group that is wanted. Raises `ValueRefused` for what the columns cannot do."""
    dialect = compiler.dialect
    parameters: list[Any] = []
    groups = tuple(_group(dialect, table, group) for group in asked.groups)
    outcomes = (*groups, *(_measure(dialect, table, measure) for measure in asked.measures))
    sql = f"SELECT {', '.join(part for one in outcomes for part in one.selected)} FROM {table.sql}"
    if asked.where is not None:
        sql += f" WHERE {Conditions(dialect, table, parameters, compiler.table_of).compile(asked.where)}"
    if groups:
        sql += f" GROUP BY {', '.join(one.column.key for one in groups)}"
    columns: Mapping[str, BoundColumn] = {one.name: one.column for one in outcomes}
    named = Conditions(dialect, replace(table, columns=columns), parameters)
    if asked.having is not None:
        sql += f" HAVING {named.compile(asked.having)}"
    if asked.order:
        keys = (dialect.order(named.order_key(key), descending=key.descending) for key in asked.order)
        sql += f" ORDER BY {', '.join(keys)}"
    if asked.limit is not None:
        sql += f" LIMIT {asked.limit:d}"
    elif asked.skip and dialect.offset_needs_limit:
        sql += f" LIMIT {dialect.no_limit}"
    if asked.skip:
        sql += f" OFFSET {named.add(asked.skip)}"
    return Compiled(sql, parameters), outcomes


def outcome_rows(outcomes: Sequence[Outcome], rows: Sequence[Sequence[Any]]) -> list[Row]:
    """What the statement gave, by name."""
    found: list[Row] = []
    for row in rows:
        place, values = 0, {}
        for one in outcomes:
            end = place + len(one.selected)
            values[one.name] = one.read(row[place:end])
            place = end
        found.append(values)
    return found


def _group(dialect: Dialect, table: BoundTable, group: Group) -> Outcome:
    column = _column(table, group.prop)
    if group.part is not None:
        sql = dialect.date_part(column, group.part)
        made = _plain(Property(name=group.name, type=group.prop.type), sql, Kind.TEXT)
        return Outcome(group.name, (sql,), _first, made)
    if column.key == column.sql:
        return Outcome(group.name, (column.read,), _decoded(column), column)
    # Texts that are equal by the comparison of the group may be written differently in the database's eyes.
    read = column.read.replace(column.sql, f"min({column.key})")
    return Outcome(group.name, (read,), _decoded(column), column)


def _measure(dialect: Dialect, table: BoundTable, measure: Measure) -> Outcome:
    name, prop = measure.name, measure.prop
    if prop is None:
        return Outcome(name, ("count(*)",), _first, _plain(_whole(name), "count(*)", Kind.INTEGER))
    column = _column(table, prop)
    if measure.function is Function.DISTINCT:
        sql = f"count(DISTINCT {column.key})"
        return Outcome(name, (sql,), _first, _plain(_whole(name), sql, Kind.INTEGER))
    if measure.function in {Function.MIN, Function.MAX}:
        sql = f"{measure.function}({column.key})"
        compared = column.key.replace(column.sql, sql)
        made = replace(column, sql=sql, collation="", compared=compared)
        return Outcome(name, (column.read.replace(column.sql, sql),), _decoded(column), made)
    if column.kind not in {Kind.INTEGER, Kind.FLOAT, Kind.EXACT}:
        msg = f"{prop.name} is kept as text, so it cannot be added up"
        raise ValueRefused(msg)
    total = dialect.total(column)
    read = _decoded(total)
    if measure.function is Function.SUM:
        return Outcome(name, (total.sql,), read, total)
    sql = dialect.average(column)
    made = _plain(prop, sql, Kind.FLOAT, float)
    return Outcome(
        name,
        (total.sql, f"count({column.sql})"),
        lambda found: average(read(found), int(found[1]), prop.type),
        made,
    )


def _column(table: BoundTable, prop: Property) -> BoundColumn:
    found = table.columns.get(prop.name)
    if found is None:
        msg = f"{prop.name} has no column"
        raise ValueRefused(msg)
    return found


def _plain(prop: Property, sql: str, kind: Kind, compare: Callable[[Any], Any] | None = None) -> BoundColumn:
    return BoundColumn(
        prop=prop, name=prop.name, sql=sql, type=ColumnType(name=""), kind=kind, read=sql, json="", compare=compare
    )


def _whole(name: str) -> Property:
    return Property(name=name, type=IntegerType(64))


def _first(found: Sequence[Any]) -> Any:
    return found[0]


def _decoded(column: BoundColumn) -> Callable[[Sequence[Any]], Any]:
    decode = column.decode
    if decode is None:
        return _first
    return lambda found: None if found[0] is None else decode(found[0])
