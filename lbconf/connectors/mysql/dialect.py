"""MySQL's and MariaDB's forms. Texts are compared by code point, whatever a column's collation says.

Sessions run with `ANSI_QUOTES` and `NO_BACKSLASH_ESCAPES` (`session.py`). Where the statement and not the session
could decide, it does: names stand in backticks, LIKE names its escape.
Source: MySQL 8 Reference Manual, chapter 12 (functions); MariaDB's pages on JSON functions and regular expressions.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from lbconf.connectors.contract import ModelMapping
from lbconf.connectors.mysql.columns import bind_column
from lbconf.connectors.mysql.server import Server
from lbconf.connectors.sql.dialect import Add, BoundColumn, BoundTable, Dialect, Kind, no_dates
from lbconf.connectors.sql.rows import to_json
from lbconf.project.resolved import Model, Property
from lbconf.query.nodes import Operator
from lbconf.state.structure import ColumnType, QualifiedName

__all__ = ["Collations", "MysqlDialect"]

Collations = Callable[[QualifiedName], Mapping[str, tuple[str, str]]]
"""Character set and collation of each text column of a table, by column name; empty where there is no such table."""

MILLISECONDS: Final = 3
"""Digits after the seconds' point."""
PART_FORMS: Final = {"year": "%%Y", "month": "%%Y-%%m", "day": "%%Y-%%m-%%d", "hour": "%%Y-%%m-%%dT%%H"}
EARTH_RADIUS: Final = 6_370_990.56
"""Metres, as LoopBack measures."""
OPERATORS: Final = {
    Operator.EQ: "=",
    Operator.GT: ">",
    Operator.GTE: ">=",
    Operator.LT: "<",
    Operator.LTE: "<=",
}
PARTS: Final = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|[$.]", re.DOTALL)
"""Of a regular expression: an escaped character, a class, and the two that are about lines."""
EXACT: Final = ("utf8mb4_nopad_bin", "utf8mb3_nopad_bin", "utf8_nopad_bin", "utf8mb4_0900_bin")
"""Collations that tell all texts apart and order them by code point."""
ESCAPE: Final = "|"
"""Of LIKE: a character that means the same in every SQL mode."""


class MysqlDialect(Dialect):
    """For one server."""

    most_parameters = 60_000
    row_lock = " FOR UPDATE"
    largest_written_limit = 1 << 62
    offset_needs_limit = True
    no_limit = str(2**63 - 1)
    empty_row = "() VALUES ()"

    def __init__(
        self, server: Server, collations: Collations | None = None, known: Mapping[str, tuple[str, str]] | None = None
    ) -> None:
        """Take the server, and what tells the collations of a table's columns, or those of the one table's."""
        self.server = server
        self.returning = server.returning
        self._collations = collations
        self._known = known or {}

    def quote(self, name: str) -> str:
        """In backticks; a per cent sign is doubled, because values are filled in after it."""
        return "`" + name.replace("`", "``").replace("%", "%%") + "`"

    def literal(self, text: str) -> str:
        """As usual, per cent signs doubled."""
        return super().literal(text).replace("%", "%%")

    def placeholder(self, number: int) -> str:
        """`%(p1)s`: the same one may be named twice."""
        return f"%(p{number})s"

    def bind(self, mapping: ModelMapping, model: Model) -> BoundTable:
        """As usual, with the collations that the columns have."""
        if self._collations is None:
            return super().bind(mapping, model)
        return MysqlDialect(self.server, known=self._collations(mapping.table_name(model))).bind(mapping, model)

    def column(self, model: Model, prop: Property, name: str, column_type: ColumnType) -> BoundColumn:
        """A property's column."""
        del model
        charset, collation = self._known.get(name, ("", ""))
        exact = self.exact(self.quote(name), charset=charset, collation=collation)
        return bind_column(
            prop,
            name,
            self.quote(name),
            column_type,
            exact=exact,
            by_index=_by_index(charset, collation),
            server=self.server,
        )

    def exact(self, expression: str, *, charset: str = "", collation: str = "") -> str:
        """A text that is compared by code point; as it is where its own collation does that."""
        wanted = self.server.exact_collation
        if collation.endswith(EXACT):
            return expression
        if charset == "utf8mb4":
            return f"{expression} COLLATE {wanted}"
        return f"CONVERT({expression} USING utf8mb4) COLLATE {wanted}"

    def equals(self, column: BoundColumn, placeholder: str) -> str:
        """Equality; by the column's own collation, too, so that its index is used."""
        if not column.collation:
            return f"{column.key} = {placeholder}"
        return f"({column.sql} = {column.collation.format(placeholder)} AND {column.key} = {placeholder})"

    def as_text(self, column: BoundColumn) -> str:
        """A cast, compared by code point."""
        return self.exact(f"CAST({column.sql} AS CHAR)")

    def one_of(self, column: BoundColumn, values: Sequence[Any], add: Add) -> str:
        """A list of parameters."""
        placeholders = [add(value) for value in values]
        listed = ", ".join(placeholders)
        if not column.collation:
            return f"{column.key} IN ({listed})"
        by_index = ", ".join(map(column.collation.format, placeholders))
        return f"({column.sql} IN ({by_index}) AND {column.key} IN ({listed}))"

    def equals_json(self, expression: str, column: BoundColumn, value: Any, add: Add) -> str:
        """Equality of JSON values, or of points."""
        if column.kind is Kind.POINT:
            encoded = f"ST_GeomFromWKB({add((column.encode or to_json)(value))})"
            same = " AND ".join(f"ST_{axis}({expression}) = ST_{axis}({encoded})" for axis in "XY")
            return f"({same})"
        return self._same_json(self._document(column), add(to_json(value)))

    def like(self, expression: str, pattern: str, add: Add, *, fold: bool) -> str:
        """LIKE by code point; both sides folded where case shall not count."""
        escaped = add(_with_escape(pattern.lower() if fold else pattern))
        text = f"lower({expression})" if fold else expression
        return f"{self.exact(text)} LIKE {escaped} ESCAPE '{ESCAPE}'"

    def regexp(self, expression: str, pattern: str, flags: str, add: Add) -> str:
        """The server's own regular expressions; flags in front, so that no collation decides on case."""
        options = "".join(flag for flag in "ims" if flag in flags) + ("" if "i" in flags else "-i")
        return f"{self.exact(expression)} REGEXP {add(f'(?{options})' + _lines(pattern, flags))}"

    def path(self, column: BoundColumn, path: Sequence[str], operator: Operator, value: Any, add: Add) -> str:
        """A comparison with what stands at a path, of the same JSON type as the value."""
        place = self._place(column, path, add)
        match operator:
            case Operator.INQ | Operator.NIN:
                parts = [self._compare_place(place, Operator.EQ, item, add) for item in value if item is not None]
                found = " OR ".join(parts) or f"{_scalar(place)} IS NULL AND NULL"
                return f"NOT ({found})" if operator is Operator.NIN else f"({found})"
            case Operator.BETWEEN:
                low = self._compare_place(place, Operator.GTE, value[0], add)
                return f"({low} AND {self._compare_place(place, Operator.LTE, value[1], add)})"
            case Operator.LIKE | Operator.NLIKE | Operator.ILIKE | Operator.NILIKE:
                fold = operator in {Operator.ILIKE, Operator.NILIKE}
                matched = self.like(_scalar(place), value, add, fold=fold)
                return f"NOT ({matched})" if operator in {Operator.NLIKE, Operator.NILIKE} else matched
            case Operator.REGEXP:
                return self.regexp(_scalar(place), value[0], value[1], add)
            case _:
                return self._compare_place(place, operator, value, add)

    def path_key(self, column: BoundColumn, path: Sequence[str], add: Add) -> str:
        """The text of what stands at the path."""
        return self.exact(_scalar(self._place(column, path, add)))

    def text(self, column: BoundColumn) -> str:
        """A cast, where it is no text yet."""
        return column.sql if column.kind is Kind.TEXT else f"CAST({column.sql} AS CHAR)"

    def distance(self, column: BoundColumn, latitude: float, longitude: float, add: Add) -> str:
        """The haversine formula."""
        if column.kind is Kind.POINT:
            lat, lng = f"ST_Y({column.sql})", f"ST_X({column.sql})"
        else:
            document = self._document(column)
            lat, lng = (f"(JSON_UNQUOTE(JSON_EXTRACT({document}, '$.{key}')) + 0e0)" for key in ("lat", "lng"))
        here_lat, here_lng = add(float(latitude)), add(float(longitude))
        return (
            f"{2 * EARTH_RADIUS} * asin(least(1, sqrt(power(sin(radians({lat} - {here_lat}) / 2), 2) + "
            f"cos(radians({here_lat})) * cos(radians({lat})) * power(sin(radians({lng} - {here_lng}) / 2), 2))))"
        )

    def fine_time(self, column: BoundColumn) -> str:
        """Microseconds, where the column keeps them; sessions run in UTC."""
        if column.kind is not Kind.INSTANT or (not column.type.arguments or column.type.arguments[0] <= MILLISECONDS):
            return ""
        return f"DATE_FORMAT({column.sql}, '%%Y-%%m-%%dT%%H:%%i:%%s.%%f')"

    def date_part(self, column: BoundColumn, part: str) -> str:
        """DATE_FORMAT, its per cent signs doubled; sessions run in UTC."""
        if column.kind not in {Kind.INSTANT, Kind.DAY}:
            raise no_dates(column)
        return self.exact(f"DATE_FORMAT({column.sql}, '{PART_FORMS[part]}')")

    def order(self, expression: str, *, descending: bool) -> str:
        """Nulls last, or first when descending, as PostgreSQL has it."""
        return f"{expression} IS NULL DESC, {expression} DESC" if descending else f"{expression} IS NULL, {expression}"

    def _document(self, column: BoundColumn) -> str:
        if column.kind is Kind.JSON:
            return column.sql
        if column.kind is Kind.POINT:
            return f"JSON_OBJECT('lat', ST_Y({column.sql}), 'lng', ST_X({column.sql}))"
        if column.kind is Kind.JSON_TEXT:
            return f"(CASE WHEN JSON_VALID({column.sql}) THEN {column.sql} END)"
        return f"JSON_QUOTE(CAST({column.sql} AS CHAR))"

    def _place(self, column: BoundColumn, path: Sequence[str], add: Add) -> str:
        place = self._document(column)
        for key in path:
            named = f"JSON_EXTRACT({place}, {add('$.' + json.dumps(key, ensure_ascii=False))})"
            if key.isascii() and key.isdigit():
                listed = f"JSON_EXTRACT({place}, {add(f'$[{int(key)}]')})"
                place = f"(CASE JSON_TYPE({place}) WHEN 'ARRAY' THEN {listed} ELSE {named} END)"
            else:
                place = named
        return place

    def _compare_place(self, place: str, operator: Operator, value: Any, add: Add) -> str:
        scalar = _scalar(place)
        if value is None:
            return f"{scalar} IS {'NOT ' if operator is Operator.NEQ else ''}NULL"
        if operator is Operator.NEQ:
            return f"NOT ({self._compare_place(place, Operator.EQ, value, add)})"
        sign = OPERATORS[operator]
        if isinstance(value, bool):
            truth = f"({scalar} = 'true') {sign} {add(int(value))}"
            return _typed(place, "= 'BOOLEAN'", truth)
        if isinstance(value, int | float | Decimal):
            return _typed(
                place,
                "IN ('INTEGER', 'DOUBLE', 'DECIMAL', 'UNSIGNED INTEGER')",
                f"({scalar} + 0e0) {sign} {add(float(value))}",
            )
        if isinstance(value, str):
            return _typed(place, "= 'STRING'", f"{self.exact(scalar)} {sign} {add(value)}")
        return _typed(place, "IN ('ARRAY', 'OBJECT')", self._same_json(place, add(to_json(value))))

    def _same_json(self, document: str, placeholder: str) -> str:
        """Whether two JSON values are equal, whatever the order of their keys."""
        if not self.server.mariadb:
            return f"CAST({document} AS JSON) = CAST({placeholder} AS JSON)"
        if self.server.since(mariadb=(10, 7), mysql=None):
            # MariaDB's answer for null is that of the row before.
            return f"(CASE WHEN {document} IS NULL THEN NULL ELSE JSON_EQUALS({document}, {placeholder}) END)"
        # Each holds the other; arrays, whose order would not count then, have the same text besides.
        return (
            f"(JSON_CONTAINS({document}, {placeholder}) AND JSON_CONTAINS({placeholder}, {document}) "
            f"AND JSON_LENGTH({document}) = JSON_LENGTH({placeholder}) AND (JSON_TYPE({document}) <> 'ARRAY' "
            f"OR JSON_COMPACT({document}) = JSON_COMPACT({placeholder}) COLLATE utf8mb4_bin))"
        )


def _by_index(charset: str, collation: str) -> str:
    """Format of a parameter that a text column is compared with as its own collation has it; empty: it need not be.

    The server refuses to compare a text with one that its character set does not have.
    """
    if not collation or collation.endswith(EXACT) or not (charset + collation).replace("_", "").isalnum():
        return ""
    return "{}" if charset == "utf8mb4" else f"CONVERT({{}} USING {charset}) COLLATE {collation}"


def _scalar(place: str) -> str:
    """The text of a JSON value; null for JSON's null and where there is nothing."""
    return f"(CASE WHEN JSON_TYPE({place}) <> 'NULL' THEN JSON_UNQUOTE({place}) END)"


def _typed(place: str, test: str, comparison: str) -> str:
    """A comparison with a value of one JSON type: false for other types, null for null and where there is nothing."""
    return (
        f"(CASE WHEN {place} IS NULL OR JSON_TYPE({place}) = 'NULL' THEN NULL "
        f"WHEN JSON_TYPE({place}) {test} THEN {comparison} ELSE 0 END)"
    )


def _with_escape(pattern: str) -> str:
    r"""A LIKE pattern with `\` as its escape, with another one."""
    found: list[str] = []
    characters = iter(pattern)
    for character in characters:
        literal = next(characters, "\\") if character == "\\" else character
        plain = character == "\\" or literal == ESCAPE
        found.append(f"{ESCAPE}{literal}" if plain and literal in {"%", "_", ESCAPE} else literal)
    return "".join(found)


def _lines(pattern: str, flags: str) -> str:
    r"""A JavaScript pattern whose `$` and `.` mean to the server what they mean to JavaScript."""
    meaning = {} if "m" in flags else {"$": r"\z"}
    if "s" not in flags:
        meaning["."] = r"[^\n\r\x{2028}\x{2029}]"
    return PARTS.sub(lambda part: meaning.get(part[0], part[0]), pattern)
