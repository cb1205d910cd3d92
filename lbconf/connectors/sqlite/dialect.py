"""SQLite's forms. What the engine lacks (regular expressions, Unicode case, distances, exact numbers) Python adds.

Source: sqlite.org/lang_expr.html (GLOB, LIKE), sqlite.org/json1.html.
"""

import json
from collections.abc import Sequence
from decimal import Context, Decimal
from sqlite3 import Connection
from typing import Any, Final

from lbconf.connectors.sql.dialect import Add, BoundColumn, Dialect, Kind, no_dates, plain_number
from lbconf.connectors.sql.rows import to_json
from lbconf.connectors.sqlite.columns import bind_column
from lbconf.datatypes import DecimalType, GeoPointType
from lbconf.project.resolved import Model, Property
from lbconf.query.evaluate import distance
from lbconf.query.nodes import Near, Operator, Target
from lbconf.query.pattern import compile_pattern
from lbconf.records import replace
from lbconf.state.structure import ColumnType

__all__ = ["SqliteDialect", "add_functions", "glob"]

PART_FORMS: Final = {
    "year": ("%Y", 4),
    "month": ("%Y-%m", 7),
    "day": ("%Y-%m-%d", 10),
    "hour": ("%Y-%m-%dT%H", 13),
}
OPERATORS: Final = {
    Operator.EQ: "=",
    Operator.GT: ">",
    Operator.GTE: ">=",
    Operator.LT: "<",
    Operator.LTE: "<=",
}


def add_functions(connection: Connection) -> None:
    """Teach a connection what the statements of this dialect call."""
    for name, count, function in (
        ("lbconf_fold", 1, _fold),
        ("lbconf_matches", 3, _matches),
        ("lbconf_same", 2, _same),
        ("lbconf_distance", 4, _distance),
        ("lbconf_at", 2, _at),
    ):
        connection.create_function(name, count, function, deterministic=True)
    connection.create_collation("lbconf_exact", _compare_exact)
    connection.create_aggregate("lbconf_sum", 1, _Sum)  # type: ignore[arg-type]


class SqliteDialect(Dialect):
    """For any SQLite since 3.35 (RETURNING)."""

    offset_needs_limit = True

    def quote(self, name: str) -> str:
        """In backticks: SQLite takes an unknown name in double quotes for a text (sqlite.org/quirks.html section 8)."""
        return "`" + name.replace("`", "``") + "`"

    def placeholder(self, number: int) -> str:
        """`?1`: the same one may be named twice."""
        return f"?{number}"

    def column(self, model: Model, prop: Property, name: str, column_type: ColumnType) -> BoundColumn:
        """A property's column."""
        del model
        return bind_column(prop, name, self.quote(name), column_type)

    def one_of(self, column: BoundColumn, values: Sequence[Any], add: Add) -> str:
        """One JSON parameter, however many values; bytes, which JSON does not have, one by one."""
        if column.kind is Kind.BINARY or any(isinstance(value, bytes) for value in values):
            return f"{column.key} IN ({', '.join(add(value) for value in values)})"
        return f"{column.key} IN (SELECT value FROM json_each({add(to_json(list(values)))}))"

    def equals_json(self, expression: str, column: BoundColumn, value: Any, add: Add) -> str:
        """Equality of JSON values, whatever their text."""
        return f"lbconf_same({expression}, {add((column.encode or to_json)(value))})"

    def like(self, expression: str, pattern: str, add: Add, *, fold: bool) -> str:
        """GLOB, which respects case; both sides folded where case shall not count."""
        if fold:
            return f"lbconf_fold({expression}) GLOB {add(glob(pattern.lower()))}"
        return f"{expression} GLOB {add(glob(pattern))}"

    def regexp(self, expression: str, pattern: str, flags: str, add: Add) -> str:
        """Matched by the interpreter's own linear-time matcher."""
        return f"lbconf_matches({expression}, {add(pattern)}, {add(flags)})"

    def path(self, column: BoundColumn, path: Sequence[str], operator: Operator, value: Any, add: Add) -> str:
        """A comparison with what stands at a path, of the same JSON type as the value."""
        found_there = f"lbconf_at({column.sql}, {add(to_json(list(path)))})"
        place, kind = f"json_extract({found_there}, '$')", f"json_type({found_there})"
        match operator:
            case Operator.INQ | Operator.NIN:
                parts = [_compared(place, kind, Operator.EQ, item, add) for item in value if item is not None]
                found = " OR ".join(parts) or f"{place} IS NULL AND NULL"
                return f"NOT ({found})" if operator is Operator.NIN else f"({found})"
            case Operator.BETWEEN:
                low = _compared(place, kind, Operator.GTE, value[0], add)
                return f"({low} AND {_compared(place, kind, Operator.LTE, value[1], add)})"
            case Operator.LIKE | Operator.NLIKE | Operator.ILIKE | Operator.NILIKE:
                matched = self.like(place, value, add, fold=operator in {Operator.ILIKE, Operator.NILIKE})
                matched = _typed(place, f"{kind} = 'text'", matched)
                return f"NOT ({matched})" if operator in {Operator.NLIKE, Operator.NILIKE} else matched
            case Operator.REGEXP:
                return _typed(place, f"{kind} = 'text'", self.regexp(place, value[0], value[1], add))
            case _:
                return _compared(place, kind, operator, value, add)

    def path_key(self, column: BoundColumn, path: Sequence[str], add: Add) -> str:
        """What stands at the path."""
        return f"json_extract(lbconf_at({column.sql}, {add(to_json(list(path)))}), '$')"

    def text(self, column: BoundColumn) -> str:
        """GLOB casts by itself."""
        return column.sql

    def distance(self, column: BoundColumn, latitude: float, longitude: float, add: Add) -> str:
        """Computed by Python for each row."""
        lat, lng = (f"json_extract({_document(column)}, '$.{key}')" for key in ("lat", "lng"))
        return f"lbconf_distance({lat}, {lng}, {add(float(latitude))}, {add(float(longitude))})"

    def total(self, column: BoundColumn) -> BoundColumn:
        """Added up by Python where the numbers are exact: SQLite has 64 bits."""
        if column.kind is Kind.FLOAT:
            return super().total(column)
        sql = f"lbconf_sum({column.sql})"
        exact = isinstance(column.prop.type, DecimalType)
        decode = Decimal if exact else plain_number
        compared = f"{sql} COLLATE lbconf_exact"
        return replace(column, sql=sql, read=sql, compared=compared, compare=_exact_text, decode=decode, collation="")

    def average(self, column: BoundColumn) -> str:
        """As a double, of the exact sum."""
        return f"(CAST({self.total(column).sql} AS REAL) / NULLIF(count({column.sql}), 0))"

    def date_part(self, column: BoundColumn, part: str) -> str:
        """The beginning of the text; of a number of milliseconds what SQLite makes of it."""
        if column.kind not in {Kind.INSTANT, Kind.DAY}:
            raise no_dates(column)
        form, length = PART_FORMS[part]
        number = f"strftime('{form}', {column.sql} / 1000.0, 'unixepoch')"
        written = f"substr({column.sql}, 1, {length})"
        return f"(CASE WHEN typeof({column.sql}) IN ('integer', 'real') THEN {number} ELSE {written} END)"

    def order(self, expression: str, *, descending: bool) -> str:
        """Nulls last, or first when descending, as PostgreSQL has it."""
        return f"{expression} DESC NULLS FIRST" if descending else f"{expression} NULLS LAST"


def glob(pattern: str) -> str:
    r"""A LIKE pattern as a GLOB pattern: `%` is `*`, `_` is `?`, `\` takes the next character as it is."""
    found: list[str] = []
    characters = iter(pattern)
    for character in characters:
        if character == "%":
            found.append("*")
        elif character == "_":
            found.append("?")
        else:
            literal = next(characters, "\\") if character == "\\" else character
            found.append(f"[{literal}]" if literal in "*?[" else literal)
    return "".join(found)


def _document(column: BoundColumn) -> str:
    return f"(CASE WHEN json_valid({column.sql}) THEN {column.sql} END)"


def _compared(place: str, kind: str, operator: Operator, value: Any, add: Add) -> str:
    if value is None:
        return f"{place} IS {'NOT ' if operator is Operator.NEQ else ''}NULL"
    if operator is Operator.NEQ:
        return f"NOT ({_compared(place, kind, Operator.EQ, value, add)})"
    sign = OPERATORS[operator]
    if isinstance(value, bool):
        return _typed(place, f"{kind} IN ('true', 'false')", f"{place} {sign} {add(int(value))}")
    if isinstance(value, int | float | Decimal):
        number = float(value) if isinstance(value, Decimal) or abs(value) >= 2**63 else value
        return _typed(place, f"{kind} IN ('integer', 'real')", f"{place} {sign} {add(number)}")
    if isinstance(value, str):
        return _typed(place, f"{kind} = 'text'", f"{place} {sign} {add(value)}")
    return _typed(place, f"{kind} IN ('array', 'object')", f"lbconf_same({place}, {add(to_json(value))})")


def _typed(place: str, test: str, comparison: str) -> str:
    """A comparison with a value of one JSON type: false for other types, null for null and where there is nothing."""
    return f"(CASE WHEN {place} IS NULL THEN NULL WHEN {test} THEN {comparison} ELSE 0 END)"


def _fold(text: Any) -> Any:
    return text.lower() if isinstance(text, str) else text


def _matches(text: Any, pattern: str, flags: str) -> int | None:
    if text is None:
        return None
    return int(isinstance(text, str) and bool(compile_pattern(pattern, flags).search(text)))


def _same(text: Any, other: str) -> int | None:
    if text is None:
        return None
    try:
        return int(_strict(json.loads(text)) == _strict(json.loads(other)))
    except (TypeError, ValueError):
        return 0


def _at(text: Any, path: str) -> str | None:
    """JSON text of what stands at a path; SQLite's own paths cannot name every key."""
    try:
        value = json.loads(text)
    except (TypeError, ValueError):
        return None
    for key in json.loads(path):
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and key.isascii() and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return None if value is None else json.dumps(value)


def _strict(value: Any) -> Any:
    """The value with truths told from numbers, which are equal to Python."""
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, list):
        return [_strict(item) for item in value]
    if isinstance(value, dict):
        return {key: _strict(item) for key, item in value.items()}
    return value


def _distance(latitude: Any, longitude: Any, near_latitude: float, near_longitude: float) -> float | None:
    if not isinstance(latitude, int | float) or not isinstance(longitude, int | float):
        return None
    place = {"lat": latitude, "lng": longitude}
    return distance(Near(_PLACE, near_latitude, near_longitude), {"place": place})


class _Sum:
    """Adds exact numbers up, however large."""

    def __init__(self) -> None:
        self._total: Decimal | int | None = None

    def step(self, value: Any) -> None:
        """Add one."""
        if value is None:
            return
        number = value if isinstance(value, int) else Decimal(str(value))
        self._total = number if self._total is None else _WIDE.add(Decimal(self._total), Decimal(number))

    def finalize(self) -> str | None:
        """The sum as text."""
        return None if self._total is None else format(Decimal(self._total), "f")


def _exact_text(value: Any) -> str:
    return format(Decimal(repr(value)) if isinstance(value, float) else Decimal(value), "f")


def _compare_exact(first: str, second: str) -> int:
    try:
        one, other = Decimal(first), Decimal(second)
    except ArithmeticError:
        return (first > second) - (first < second)
    return (one > other) - (one < other)


_WIDE: Final = Context(prec=200)
_PLACE: Final = Target(Property(name="place", type=GeoPointType()))
