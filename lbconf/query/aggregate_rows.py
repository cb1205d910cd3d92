"""The reference interpreter of aggregates: what every connector's `aggregate` must return."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any, Final

from lbconf.datatypes import DecimalType
from lbconf.query.aggregate_nodes import Aggregate, Function, Group, Measure, Part
from lbconf.query.evaluate import Semantics, condition_test, evaluate
from lbconf.query.nodes import Query, Row

__all__ = ["aggregate_rows", "average"]

_EXACT: Final = Context(prec=60, rounding=ROUND_HALF_EVEN)
_LENGTHS: Final = {Part.YEAR: 4, Part.MONTH: 7, Part.DAY: 10, Part.HOUR: 13}
_MORE_PLACES: Final = 6


def aggregate_rows(asked: Aggregate, rows: Iterable[Row], semantics: Semantics = Semantics.SQL) -> list[Row]:
    """The groups with their measures by name, in order, cut to the page."""
    test = None if asked.where is None else condition_test(asked.where, semantics)
    groups: dict[tuple[Any, ...], list[Row]] = {} if asked.groups else {(): []}
    for row in rows:
        if test is None or test(row):
            groups.setdefault(tuple(_key(group, row) for group in asked.groups), []).append(row)
    found = [
        {
            **{group.name: value for group, value in zip(asked.groups, key, strict=True)},
            **{measure.name: _measured(measure, members) for measure in asked.measures},
        }
        for key, members in groups.items()
    ]
    page = Query(model=asked.model, where=asked.having, order=asked.order, limit=asked.limit, skip=asked.skip)
    return evaluate(page, found)


def average(total: Any, count: int, kind: Any) -> Any:
    """The mean: a decimal with six more places than its type has, else a float; None of nothing."""
    if total is None or not count:
        return None
    if not isinstance(kind, DecimalType):
        return float(Decimal(total) / count) if isinstance(total, int) else float(total) / count
    places = (kind.scale or 10) + _MORE_PLACES
    return _EXACT.quantize(_EXACT.divide(Decimal(total), Decimal(count)), Decimal(1).scaleb(-places))


def _key(group: Group, row: Mapping[str, Any]) -> Any:
    value = row.get(group.prop.name)
    if group.part is None or value is None:
        return value
    moment = value.astimezone(UTC) if isinstance(value, datetime) and value.tzinfo else value
    return str(moment.isoformat())[: _LENGTHS[group.part]]


def _measured(measure: Measure, rows: Sequence[Mapping[str, Any]]) -> Any:
    if measure.prop is None:
        return len(rows)
    values = [value for row in rows if (value := row.get(measure.prop.name)) is not None]
    match measure.function:
        case Function.DISTINCT:
            return len(set(values))
        case Function.MIN:
            return min(values, default=None)
        case Function.MAX:
            return max(values, default=None)
        case Function.SUM:
            return sum(values) if values else None
        case _:
            return average(sum(values) if values else None, len(values), measure.prop.type)
