"""How a property stands in a MySQL column: what is written, read and compared."""

import struct
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from lbconf.connectors.mysql.json_rows import column_json
from lbconf.connectors.mysql.server import Server
from lbconf.connectors.sql.dialect import BoundColumn, Kind, ValueRefused, holds_json
from lbconf.connectors.sql.rows import (
    as_boolean,
    as_exact,
    as_instant,
    as_whole,
    bytes_from_text,
    from_exact,
    from_json,
    from_plain,
    from_text,
    to_json,
    to_milliseconds,
    to_text,
)
from lbconf.datatypes import (
    BinaryType,
    BooleanType,
    DateOnlyType,
    DateTimeType,
    DecimalType,
    GeoPointType,
    IntegerType,
    NumberType,
    TimeType,
    UuidType,
)
from lbconf.project.resolved import Property
from lbconf.records import dataclass
from lbconf.state.structure import ColumnType

__all__ = ["bind_column"]

KINDS: Final = {
    "tinyint": Kind.INTEGER,
    "smallint": Kind.INTEGER,
    "mediumint": Kind.INTEGER,
    "int": Kind.INTEGER,
    "bigint": Kind.INTEGER,
    "year": Kind.INTEGER,
    "float": Kind.FLOAT,
    "double": Kind.FLOAT,
    "decimal": Kind.EXACT,
    "bit": Kind.BOOLEAN,
    "datetime": Kind.INSTANT,
    "timestamp": Kind.INSTANT,
    "date": Kind.DAY,
    "time": Kind.CLOCK,
    "uuid": Kind.UUID,
    "json": Kind.JSON,
    "binary": Kind.BINARY,
    "varbinary": Kind.BINARY,
    "tinyblob": Kind.BINARY,
    "blob": Kind.BINARY,
    "mediumblob": Kind.BINARY,
    "longblob": Kind.BINARY,
    "point": Kind.POINT,
    "char": Kind.TEXT,
    "varchar": Kind.TEXT,
    "tinytext": Kind.TEXT,
    "text": Kind.TEXT,
    "mediumtext": Kind.TEXT,
    "longtext": Kind.TEXT,
}
NUMBERS: Final = (NumberType, IntegerType, DecimalType)
POINT: Final = struct.Struct("<xxxxBIdd")
"""A point as the server keeps it: four bytes of reference system, byte order, kind of geometry, x and y."""
WKB_POINT: Final = 1
LARGEST_BIGINT: Final = 2**64


@dataclass(frozen=True, slots=True)
class _Forms:
    """What of a `BoundColumn` depends on its kind."""

    encode: Callable[[Any], Any] | None = None
    compare: Callable[[Any], Any] | None = None
    decode: Callable[[Any], Any] | None = None
    read: str = "{}"
    write: str = "{}"
    kind: Kind | None = None
    """Where it is another than the column's type says."""


def bind_column(
    prop: Property, name: str, sql: str, column_type: ColumnType, *, exact: str, by_index: str, server: Server
) -> BoundColumn:
    """A property's column.

    Args:
        prop: The property.
        name: The column's name.
        sql: The same, quoted.
        column_type: Its type.
        exact: Of a column of text: the expression that is compared exactly.
        by_index: Of a column of text: format of a parameter that an index of it can be asked for, or empty. It is kept
            where other databases keep a collation.
        server: The server.
    """
    kind = _kind(prop, column_type)
    forms = _FORMS[kind](prop, column_type)
    kind = forms.kind or kind
    return BoundColumn(
        prop=prop,
        name=name,
        sql=sql,
        type=column_type,
        kind=kind,
        read=forms.read.format(sql),
        json=column_json(prop.type, kind, column_type, sql, server),
        encode=forms.encode,
        compare=forms.compare,
        decode=forms.decode,
        write=forms.write,
        collation=by_index if kind is Kind.TEXT else "",
        compared=exact if kind is Kind.TEXT else sql,
    )


def _kind(prop: Property, column_type: ColumnType) -> Kind:
    kind = KINDS.get(column_type.name, Kind.OTHER)
    json_like = holds_json(prop.type) or isinstance(prop.type, GeoPointType)
    if kind is Kind.TEXT and json_like:
        return Kind.JSON_TEXT
    if kind is Kind.TEXT and isinstance(prop.type, UuidType):
        return Kind.UUID
    return Kind.OTHER if kind is Kind.JSON and not json_like else kind


def _text(prop: Property, _: ColumnType) -> _Forms:
    if isinstance(prop.type, BinaryType):
        return _Forms(to_text, to_text, bytes_from_text)
    typed = isinstance(prop.type, NumberType | IntegerType | DecimalType | BooleanType | DateTimeType)
    return _Forms(to_text, to_text, from_text(prop.type) if typed else None)


def _integer(prop: Property, column_type: ColumnType) -> _Forms:
    if isinstance(prop.type, NUMBERS):
        decode = Decimal if isinstance(prop.type, DecimalType) else None
        return _Forms(_unsigned if column_type.unsigned else as_whole, _number, decode)
    if isinstance(prop.type, BooleanType):
        return _Forms(int, int, as_boolean)
    if isinstance(prop.type, DateTimeType):
        return _Forms(to_milliseconds, to_milliseconds, from_plain(prop.type))
    return _Forms(_whole_text, _whole_text, from_plain(prop.type))


def _float(prop: Property, _: ColumnType) -> _Forms:
    if isinstance(prop.type, NUMBERS):
        return _Forms(_double, _double, _decimal if isinstance(prop.type, DecimalType) else None)
    return _Forms(to_text, to_text, to_text)


def _exact(prop: Property, _: ColumnType) -> _Forms:
    if isinstance(prop.type, NUMBERS):
        return _Forms(as_exact, as_exact, from_exact(prop.type) or _shortest)
    return _Forms(to_text, to_text, to_text)


def _bit(prop: Property, _: ColumnType) -> _Forms:
    if isinstance(prop.type, BooleanType):
        return _Forms(int, int, as_boolean, "({} + 0)")
    if isinstance(prop.type, NUMBERS):
        return _Forms(_unsigned, _number, None, "({} + 0)", kind=Kind.INTEGER)
    return _Forms(None, None, bytes, kind=Kind.BINARY)


def _instant(prop: Property, _: ColumnType) -> _Forms:
    if isinstance(prop.type, DateTimeType):
        return _Forms(_moment, _naive)
    if isinstance(prop.type, DateOnlyType):
        return _Forms(_moment, _naive, None, "date({})")
    return _Forms(to_text, to_text, to_text)


def _day(prop: Property, _: ColumnType) -> _Forms:
    if isinstance(prop.type, DateTimeType):
        return _Forms(_calendar_day, _naive, as_instant)
    if isinstance(prop.type, DateOnlyType):
        return _Forms(_calendar_day, _calendar_day)
    return _Forms(to_text, to_text, to_text)


def _clock(prop: Property, _: ColumnType) -> _Forms:
    if isinstance(prop.type, TimeType):
        return _Forms(None, None, _time)
    return _Forms(to_text, to_text, to_text)


def _uuid(_: Property, column_type: ColumnType) -> _Forms:
    del column_type
    return _Forms(_uuid_text, _uuid_text, str)


def _json(_: Property, column_type: ColumnType) -> _Forms:
    del column_type
    return _Forms(to_json, to_json, from_json)


def _binary(prop: Property, _: ColumnType) -> _Forms:
    if isinstance(prop.type, BinaryType):
        return _Forms(bytes, bytes, bytes)
    if isinstance(prop.type, UuidType):
        return _Forms(_uuid_bytes, _uuid_bytes, _uuid_of_bytes)
    return _Forms(_bytes_of_text, _bytes_of_text, to_text)


def _point(_: Property, column_type: ColumnType) -> _Forms:
    del column_type
    return _Forms(_point_bytes, _point_bytes, _point_value, write="ST_GeomFromWKB({})")


def _other(_: Property, column_type: ColumnType) -> _Forms:
    if column_type.name in {"enum", "set"}:
        known = frozenset(column_type.values)

        def listed(value: Any) -> str:
            """Only what the column can hold: the server takes digits for a value's number, and folds case."""
            text = to_text(value)
            if known and column_type.name == "enum" and text not in known:
                msg = f"{text!r} is none of the values of the column"
                raise ValueRefused(msg)
            return text

        return _Forms(to_text, listed)
    return _Forms(to_text, to_text, to_text)


_FORMS: Final[dict[Kind, Callable[[Property, ColumnType], _Forms]]] = {
    Kind.TEXT: _text,
    Kind.INTEGER: _integer,
    Kind.FLOAT: _float,
    Kind.EXACT: _exact,
    Kind.BOOLEAN: _bit,
    Kind.INSTANT: _instant,
    Kind.DAY: _day,
    Kind.CLOCK: _clock,
    Kind.UUID: _uuid,
    Kind.JSON: _json,
    Kind.JSON_TEXT: _json,
    Kind.BINARY: _binary,
    Kind.POINT: _point,
    Kind.OTHER: _other,
}


def _number(value: Any) -> Any:
    """As it is, exactly: the server would compare an integer with a float as two floats."""
    if isinstance(value, float):
        if value != value or value in {float("inf"), float("-inf")}:  # noqa: PLR0124 - NaN
            msg = f"{value} is no number that a column holds"
            raise ValueRefused(msg)
        return int(value) if value.is_integer() else Decimal(repr(value))
    return value


def _unsigned(value: Any) -> int:
    """A whole number of 64 bits without a sign."""
    whole = int(value) if not isinstance(value, float) or value.is_integer() else None
    if whole is None or not 0 <= whole < LARGEST_BIGINT:
        return as_whole(value)
    return whole


def _whole_text(value: Any) -> int:
    try:
        return as_whole(int(value))
    except (TypeError, ValueError) as problem:
        raise ValueRefused(str(problem)) from None


def _double(value: Any) -> Any:
    try:
        found = float(value)
    except (OverflowError, TypeError, ValueError) as problem:
        raise ValueRefused(str(problem)) from None
    if found != found or found in {float("inf"), float("-inf")}:  # noqa: PLR0124 - NaN
        msg = f"{found} is no number that a column holds"
        raise ValueRefused(msg)
    return found


def _decimal(value: float) -> Decimal:
    return Decimal(repr(value))


def _shortest(value: Any) -> Any:
    return value if isinstance(value, Decimal) else _decimal(value)


def _naive(value: Any) -> Any:
    moment = as_instant(value)
    return moment.astimezone(UTC).replace(tzinfo=None) if isinstance(moment, datetime) else moment


def _moment(value: Any) -> Any:
    """With whole milliseconds, of which the server keeps those that the column has a place for."""
    moment = _naive(value)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000) if isinstance(moment, datetime) else moment


def _calendar_day(value: Any) -> Any:
    return value.date() if isinstance(value, datetime) else value if isinstance(value, date) else str(value)


def _time(text: Any) -> Any:
    try:
        return time.fromisoformat(text)
    except (TypeError, ValueError):
        return text


def _uuid_text(value: Any) -> str:
    try:
        return str(UUID(str(value)))
    except ValueError as problem:
        raise ValueRefused(str(problem)) from None


def _uuid_bytes(value: Any) -> bytes:
    return UUID(_uuid_text(value)).bytes


def _uuid_of_bytes(value: Any) -> str:
    try:
        return str(UUID(bytes=bytes(value)))
    except ValueError:
        return to_text(value)


def _bytes_of_text(value: Any) -> bytes:
    return value if isinstance(value, bytes) else bytes_from_text(to_text(value))


def _point_bytes(value: Any) -> bytes:
    """Well-known binary, longitude first, as LoopBack's connector has it."""
    try:
        return struct.pack("<BIdd", 1, WKB_POINT, float(value["lng"]), float(value["lat"]))
    except (KeyError, TypeError, ValueError) as problem:
        msg = f"a point needs numbers lat and lng: {problem}"
        raise ValueRefused(msg) from None


def _point_value(value: Any) -> Any:
    try:
        order, geometry, lng, lat = POINT.unpack(value)
    except (struct.error, TypeError):
        return None
    return {"lat": lat, "lng": lng} if order == 1 and geometry == WKB_POINT else None
