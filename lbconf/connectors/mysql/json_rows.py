"""Rows as JSON text that the server puts together, one text a row, in the API's own forms.

Not one text for all rows: what GROUP_CONCAT joins would be cut, or lost, at `max_allowed_packet`.
"""

import json

from lbconf.connectors.mysql.server import Server
from lbconf.connectors.sql.compile import Compiled, Compiler
from lbconf.connectors.sql.dialect import BoundColumn, BoundTable, Dialect, Kind
from lbconf.datatypes import (
    BinaryType,
    BooleanType,
    DataType,
    DateOnlyType,
    DateTimeType,
    DecimalType,
    IntegerType,
    NumberType,
    TimeType,
)
from lbconf.query.nodes import Query
from lbconf.state.structure import ColumnType

__all__ = ["column_json", "json_statement"]

NUMBERS = (NumberType, IntegerType, DecimalType)
UUIDS = frozenset({"char", "varchar", "uuid"})
MILLISECONDS = (3,)
MICROSECONDS = (6,)


def json_statement(compiler: Compiler, table: BoundTable, query: Query) -> Compiled | None:
    """Selects each row as the text of a JSON object, hidden properties left out, keys in declared order.

    None where a column's value cannot be put into the API's form by the server.
    """
    _, columns = compiler.head(table, query, _head)
    if any(not column.json and not column.prop.hidden for column in columns):
        return None
    return compiler.statement(table, query, _head)


def column_json(datatype: DataType, kind: Kind, column_type: ColumnType, sql: str, server: Server) -> str:
    """Expression of text: a value's JSON in the API's form, NULL for null. Empty where there is none."""
    match kind:
        case Kind.TEXT if not isinstance(datatype, (*NUMBERS, BooleanType, DateTimeType, BinaryType)):
            return f"JSON_QUOTE(CONVERT({sql} USING utf8mb4))"
        case Kind.INTEGER | Kind.EXACT if isinstance(datatype, NUMBERS):
            return f"CAST({sql} AS CHAR)"
        case Kind.INTEGER if isinstance(datatype, BooleanType):
            return f"CASE WHEN {sql} <> 0 THEN 'true' WHEN {sql} = 0 THEN 'false' END"
        case Kind.FLOAT if isinstance(datatype, NumberType | IntegerType) and column_type.name == "double":
            return f"CAST({sql} AS CHAR)"
        case Kind.INSTANT if isinstance(datatype, DateTimeType) and column_type.arguments in {(), MILLISECONDS}:
            # The column that is there may have more or fewer digits than LoopBack's own type says.
            exact = sql if column_type.arguments else f"CAST({sql} AS DATETIME(3))"
            return f"""CONCAT('"', REPLACE({exact}, ' ', 'T'), 'Z"')"""
        case Kind.CLOCK if isinstance(datatype, TimeType) and column_type.arguments in {(), MICROSECONDS}:
            return f"""CONCAT('"', CASE WHEN MICROSECOND({sql}) = 0 THEN LEFT({sql}, 8) ELSE {sql} END, '"')"""
        case Kind.DAY | Kind.UUID if isinstance(datatype, DateOnlyType) or column_type.name in UUIDS:
            return f"""CONCAT('"', {sql}, '"')"""
        case Kind.JSON:
            return f"CAST({sql} AS CHAR)" if server.json_type else sql
        case Kind.JSON_TEXT:
            return f"CASE WHEN JSON_VALID({sql}) THEN {sql} ELSE JSON_QUOTE({sql}) END"
        case Kind.POINT:
            lat, lng = (_computed(f"ST_{axis}({sql})", server) for axis in "YX")
            return f"""CONCAT('{{"lat":', {lat}, ',"lng":', {lng}, '}}')"""
        case Kind.OTHER if column_type.name in {"enum", "set"}:
            return f"JSON_QUOTE(CONVERT({sql} USING utf8mb4))"
    return ""


def _computed(number: str, server: Server) -> str:
    """Text of a computed double with all its digits: MySQL cuts it at 22 characters, but not as JSON."""
    return f"TRIM(TRAILING '.0' FROM CAST(CAST({number} AS JSON) AS CHAR))" if server.json_type else number


def _head(dialect: Dialect, table: BoundTable, columns: tuple[BoundColumn, ...]) -> str:
    parts: list[str] = []
    for column in columns:
        if not column.prop.hidden:
            key = json.dumps(column.prop.name, ensure_ascii=False)
            parts.append(dialect.literal(f"{',' if parts else '{'}{key}:"))
            parts.append(f"coalesce({column.json or 'NULL'}, 'null')")
    row = f"CONCAT({', '.join(parts)}, '}}')" if parts else "'{}'"
    return f"SELECT CAST({row} AS BINARY) FROM {table.sql}"
