"""PostgreSQL's forms: casts, arrays as parameters, JSON operators, and the API's JSON forms made by the server.

Sessions run with `TimeZone` UTC (`session.py`), so that timestamps with and without zone compare and print alike.
Source: PostgreSQL manual, chapters 8 (types) and 9 (operators, `to_char`, JSON functions).
"""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final

from lbconf.connectors.postgresql.columns import bind_column
from lbconf.connectors.sql.dialect import Add, BoundColumn, Dialect, Kind, ValueRefused, no_dates
from lbconf.connectors.sql.rows import as_whole, to_json
from lbconf.project.resolved import Model, Property
from lbconf.query.nodes import Operator
from lbconf.state.structure import ColumnType

__all__ = ["JSON_PREDICATE", "PostgresqlDialect"]

EARTH_RADIUS: Final = 6_370_990.56
"""Metres, as LoopBack measures."""
SMALLEST_ANGLE: Final = 1e-12
"""Degrees: less than a micrometer on the ground."""
LIST_TYPES: Final = {
    Kind.TEXT: "text",
    Kind.INTEGER: "bigint",
    Kind.FLOAT: "double precision",
    Kind.EXACT: "numeric",
    Kind.BOOLEAN: "boolean",
    Kind.UUID: "uuid",
    Kind.DAY: "date",
    Kind.CLOCK: "time",
    Kind.BINARY: "bytea",
}
LIST_VALUES: Final[dict[Kind, Callable[[Any], Any]]] = {
    Kind.INTEGER: as_whole,
    Kind.FLOAT: float,
    Kind.EXACT: Decimal,
}
OPERATORS: Final = {
    Operator.EQ: "=",
    Operator.GT: ">",
    Operator.GTE: ">=",
    Operator.LT: "<",
    Operator.LTE: "<=",
}
MILLISECONDS: Final = 3
"""Digits after the seconds' point."""
PART_FORMS: Final = {"year": "YYYY", "month": "YYYY-MM", "day": "YYYY-MM-DD", "hour": 'YYYY-MM-DD"T"HH24'}
JSON_PREDICATE: Final = 160000
"""Server version from which on `IS JSON` exists."""


class PostgresqlDialect(Dialect):
    """For a server of this version (`server_version_num`)."""

    most_parameters = 65_000
    row_lock = " FOR UPDATE"
    # The server reckons that a parameter asks for a tenth of the table, so it would plan anew for every page.
    largest_written_limit = 1000

    def __init__(self, version: int) -> None:
        """Take the server's version."""
        self.version = version

    def placeholder(self, number: int) -> str:
        """`$1`, the server's own form."""
        return f"${number}"

    def column(self, model: Model, prop: Property, name: str, column_type: ColumnType) -> BoundColumn:
        """A property's column."""
        del model
        return bind_column(prop, name, self.quote(name), column_type, checked_json=self.version >= JSON_PREDICATE)

    def one_of(self, column: BoundColumn, values: Sequence[Any], add: Add) -> str:
        """One array parameter, however many values."""
        kept = list(_listable(column, values))
        if not kept:
            return f"({column.sql} IS NULL AND NULL)"
        if column.kind is Kind.INSTANT:
            named = "timestamptz" if kept[0].tzinfo else "timestamp"
            return f"{column.sql} = ANY({add(kept)}::{named}[])"
        listed = LIST_TYPES.get(column.kind)
        if listed is None:
            return f"{column.sql}::text = ANY({add([str(value) for value in kept])}::text[])"
        return f"{column.sql} = ANY({add(kept)}::{listed}[])"

    def equals_json(self, expression: str, column: BoundColumn, value: Any, add: Add) -> str:
        """Equality of `jsonb`, or of points."""
        if column.kind is Kind.POINT:
            encode = column.encode
            return f"{expression} ~= {add(encode(value) if encode else value)}::point"
        return f"{self._document(column)}::jsonb = {add(to_json(value))}::jsonb"

    def like(self, expression: str, pattern: str, add: Add, *, fold: bool) -> str:
        """LIKE or ILIKE; a lone backslash at the end, which the server refuses, stands for itself."""
        trailing = len(pattern) - len(pattern.rstrip("\\"))
        return f"{expression} {'ILIKE' if fold else 'LIKE'} {add(pattern + chr(92) if trailing % 2 else pattern)}"

    def regexp(self, expression: str, pattern: str, flags: str, add: Add) -> str:
        """An advanced regular expression that treats lines as JavaScript does."""
        lines = {(False, False): "p", (True, False): "n", (False, True): "s", (True, True): "w"}
        options = ("i" if "i" in flags else "") + lines["m" in flags, "s" in flags]
        return f"{expression} ~ {add(f'(?{options})' + _boundaries(pattern))}"

    def path(self, column: BoundColumn, path: Sequence[str], operator: Operator, value: Any, add: Add) -> str:
        """A comparison with what stands at a path, of the same JSON type as the value."""
        place = self._place(column, path, add)
        match operator:
            case Operator.INQ | Operator.NIN:
                parts = [self._compare_place(place, Operator.EQ, item, add) for item in value if item is not None]
                found = " OR ".join(parts) or f"{place} #>> '{{}}' IS NULL AND NULL"
                return f"NOT ({found})" if operator is Operator.NIN else f"({found})"
            case Operator.BETWEEN:
                low = self._compare_place(place, Operator.GTE, value[0], add)
                return f"({low} AND {self._compare_place(place, Operator.LTE, value[1], add)})"
            case Operator.LIKE | Operator.NLIKE | Operator.ILIKE | Operator.NILIKE:
                fold = operator in {Operator.ILIKE, Operator.NILIKE}
                matched = self.like(f"({place} #>> '{{}}')", value, add, fold=fold)
                return f"NOT ({matched})" if operator in {Operator.NLIKE, Operator.NILIKE} else matched
            case Operator.REGEXP:
                return self.regexp(f"({place} #>> '{{}}')", value[0], value[1], add)
            case _:
                return self._compare_place(place, operator, value, add)

    def path_key(self, column: BoundColumn, path: Sequence[str], add: Add) -> str:
        """`jsonb` at the path: numbers before texts before truths."""
        return self._place(column, path, add)

    def text(self, column: BoundColumn) -> str:
        """A cast, where it is no text yet."""
        return column.sql if column.kind is Kind.TEXT else f"{column.sql}::text"

    def distance(self, column: BoundColumn, latitude: float, longitude: float, add: Add) -> str:
        """The haversine formula."""
        if column.kind is Kind.POINT:
            lat, lng = f"{column.sql}[0]", f"{column.sql}[1]"
        else:
            lat, lng = (f"({self._document(column)} ->> '{key}')::double precision" for key in ("lat", "lng"))
        # PostgreSQL refuses what is too small to be squared; nobody tells angles below 1e-12 degrees apart.
        lat, lng = f"({lat} + 1 - 1)", f"({lng} + 1 - 1)"
        here_lat, here_lng = (
            f"{add(float(angle) if abs(angle) > SMALLEST_ANGLE else 0.0)}::float8" for angle in (latitude, longitude)
        )
        return (
            f"{2 * EARTH_RADIUS} * asin(least(1, sqrt(power(sin(radians({lat} - {here_lat}) / 2), 2) + "
            f"cos(radians({here_lat})) * cos(radians({lat})) * power(sin(radians({lng} - {here_lng}) / 2), 2))))"
        )

    def average(self, column: BoundColumn) -> str:
        """As a double."""
        return f"(sum({column.sql})::float8 / NULLIF(count({column.sql}), 0))"

    def fine_time(self, column: BoundColumn) -> str:
        """Microseconds, where the column keeps them; sessions run in UTC."""
        if column.kind is not Kind.INSTANT or (column.type.arguments and column.type.arguments[0] <= MILLISECONDS):
            return ""
        return f"to_char({column.sql}, 'YYYY-MM-DD\"T\"HH24:MI:SS.US')"

    def date_part(self, column: BoundColumn, part: str) -> str:
        """`to_char`; sessions run in UTC."""
        if column.kind not in {Kind.INSTANT, Kind.DAY}:
            raise no_dates(column)
        return f"to_char({column.sql}, '{PART_FORMS[part]}')"

    def order(self, expression: str, *, descending: bool) -> str:
        """The server's own rule: nulls last, or first when descending."""
        return f"{expression} DESC" if descending else expression

    def _document(self, column: BoundColumn) -> str:
        if column.kind is not Kind.JSON_TEXT:
            return column.sql
        if self.version >= JSON_PREDICATE:
            return f"(CASE WHEN {column.sql} IS JSON THEN {column.sql}::json END)"
        return f"{column.sql}::json"

    def _place(self, column: BoundColumn, path: Sequence[str], add: Add) -> str:
        if column.kind is Kind.POINT:
            document = f"json_build_object('lat', {column.sql}[0], 'lng', {column.sql}[1])"
        elif column.kind in {Kind.JSON, Kind.JSON_TEXT}:
            document = self._document(column)
        else:
            document = f"to_json({column.sql})"
        return f"({document} #> {add(list(path))}::text[])::jsonb"

    def _compare_place(self, place: str, operator: Operator, value: Any, add: Add) -> str:
        if value is None:
            return f"({place} #>> '{{}}') IS {'NOT ' if operator is Operator.NEQ else ''}NULL"
        if operator is Operator.NEQ:
            return f"NOT ({self._compare_place(place, Operator.EQ, value, add)})"
        sign = OPERATORS[operator]
        if isinstance(value, bool):
            return _typed(place, "boolean", f"({place} #>> '{{}}')::boolean {sign} {add(value)}")
        if isinstance(value, int | float | Decimal):
            exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
            return _typed(place, "number", f"({place} #>> '{{}}')::numeric {sign} {add(exact)}")
        if isinstance(value, str):
            return _typed(place, "string", f"({place} #>> '{{}}') {sign} {add(value)}::text")
        return f"{place} {sign} {add(to_json(value))}::jsonb"


def _typed(place: str, kind: str, comparison: str) -> str:
    """A comparison with a value of one JSON type: false for other types, null for null and where there is nothing."""
    return (
        f"(CASE WHEN ({place} #>> '{{}}') IS NULL THEN NULL WHEN jsonb_typeof({place}) = '{kind}' "
        f"THEN {comparison} ELSE false END)"
    )


def _listable(column: BoundColumn, values: Sequence[Any]) -> "Sequence[Any]":
    """The values that the column could equal, all of one Python type."""
    convert = LIST_VALUES.get(column.kind)
    if convert is None:
        return values
    kept = []
    for value in values:
        try:
            kept.append(convert(value))
        except (ValueRefused, ValueError, OverflowError):
            continue
    return kept


def _boundaries(pattern: str) -> str:
    r"""JavaScript's `\b` and `\B`, which mean other things to PostgreSQL, in its words."""
    return re.sub(r"\\(.)", lambda found: {"b": r"\y", "B": r"\Y"}.get(found[1], found[0]), pattern, flags=re.DOTALL)
