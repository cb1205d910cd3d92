"""How a property stands in a PostgreSQL column: what is written, read, and shown as JSON."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

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
)
from lbconf.project.resolved import Property
from lbconf.records import dataclass
from lbconf.state.structure import ColumnType

__all__ = ["bind_column"]

KINDS: Final = {
    "smallint": Kind.INTEGER,
    "integer": Kind.INTEGER,
    "bigint": Kind.INTEGER,
    "real": Kind.FLOAT,
    "double precision": Kind.FLOAT,
    "numeric": Kind.EXACT,
    "boolean": Kind.BOOLEAN,
    "timestamp with time zone": Kind.INSTANT,
    "timestamp without time zone": Kind.INSTANT,
    "date": Kind.DAY,
    "time without time zone": Kind.CLOCK,
    "uuid": Kind.UUID,
    "json": Kind.JSON,
    "jsonb": Kind.JSON,
    "bytea": Kind.BINARY,
    "point": Kind.POINT,
    "text": Kind.TEXT,
    "character varying": Kind.TEXT,
    "character": Kind.TEXT,
}
AFTER_YEAR: Final = r"""-MM-DD"T"HH24:MI:SS.MS"Z"\""""
"""Format of `to_char` for a point in time without its year, with the closing quote of a JSON string."""
LARGEST: Final = "1.7976931348623157e308"


@dataclass(frozen=True, slots=True)
class _Forms:
    """What of a `BoundColumn` depends on its kind."""

    read: str
    json: str
    encode: Callable[[Any], Any] | None = None
    compare: Callable[[Any], Any] | None = None
    decode: Callable[[Any], Any] | None = None
    write: str = "{}"
    cast: str = "{}"


def bind_column(prop: Property, name: str, sql: str, column_type: ColumnType, *, checked_json: bool) -> BoundColumn:
    """A property's column; `checked_json` says whether the server can tell JSON from other text."""
    kind = _kind(prop, column_type)
    forms = _FORMS[kind](prop, sql, column_type, checked_json)
    return BoundColumn(
        prop=prop,
        name=name,
        sql=sql,
        type=column_type,
        kind=kind,
        read=forms.read,
        json=forms.json,
        encode=forms.encode,
        compare=forms.compare,
        decode=forms.decode,
        write=forms.write,
        cast=forms.cast,
    )


def _kind(prop: Property, column_type: ColumnType) -> Kind:
    if column_type.dimensions:
        return Kind.LIST if column_type.name in KINDS else Kind.OTHER
    if column_type.enumeration is not None:
        return Kind.OTHER
    kind = KINDS.get(column_type.name, Kind.OTHER)
    json_like = holds_json(prop.type) or isinstance(prop.type, GeoPointType)
    if kind is Kind.TEXT and json_like:
        return Kind.JSON_TEXT
    return Kind.OTHER if kind is Kind.JSON and not json_like else kind


def _text(prop: Property, sql: str, _: ColumnType, __: bool) -> _Forms:  # noqa: FBT001 - one shape for all forms
    if isinstance(prop.type, BinaryType):
        return _Forms(sql, _buffer(_bytes_of_text(sql)), to_text, to_text, bytes_from_text)
    typed = isinstance(prop.type, NumberType | IntegerType | DecimalType | BooleanType | DateTimeType)
    return _Forms(sql, _json_of(sql), to_text, _comparable_text, from_text(prop.type) if typed else None)


def _integer(prop: Property, sql: str, _: ColumnType, __: bool) -> _Forms:  # noqa: FBT001
    if isinstance(prop.type, NumberType | IntegerType | DecimalType):
        decode = Decimal if isinstance(prop.type, DecimalType) else None
        return _Forms(sql, f"{sql}::text", as_whole, _number, decode)
    if isinstance(prop.type, BooleanType):
        return _Forms(sql, f"({sql} <> 0)::text", int, int, as_boolean)
    if isinstance(prop.type, DateTimeType):
        return _Forms(
            sql, _moment(f"to_timestamp({sql} / 1000.0)"), to_milliseconds, to_milliseconds, from_plain(prop.type)
        )
    return _Forms(sql, _quoted(sql), _whole_text, _whole_text, from_plain(prop.type))


def _float(prop: Property, sql: str, _: ColumnType, __: bool) -> _Forms:  # noqa: FBT001
    if isinstance(prop.type, NumberType | IntegerType | DecimalType):
        # NaN and the infinities are no JSON.
        shown = f"CASE WHEN {sql} BETWEEN -{LARGEST} AND {LARGEST} THEN {sql}::text END"
        return _Forms(sql, shown, None, _double, _decimal if isinstance(prop.type, DecimalType) else None)
    return _Forms(f"{sql}::text", _json_of(f"{sql}::text"), to_text, to_text)


def _exact(prop: Property, sql: str, _: ColumnType, __: bool) -> _Forms:  # noqa: FBT001
    if isinstance(prop.type, NumberType | IntegerType | DecimalType):
        # The same for exact numbers: the difference is NaN for all three.
        return _Forms(
            sql, f"CASE WHEN {sql} - {sql} = 0 THEN {sql}::text END", as_exact, as_exact, from_exact(prop.type)
        )
    return _Forms(f"{sql}::text", _json_of(f"{sql}::text"), to_text, to_text)


def _boolean(prop: Property, sql: str, _: ColumnType, __: bool) -> _Forms:  # noqa: FBT001
    if isinstance(prop.type, BooleanType):
        return _Forms(sql, f"{sql}::text", bool, bool)
    return _Forms(f"{sql}::text", _json_of(f"{sql}::text"), to_text, to_text)


def _instant(prop: Property, sql: str, column_type: ColumnType, _: bool) -> _Forms:  # noqa: FBT001
    if isinstance(prop.type, DateTimeType):
        naive = column_type.name == "timestamp without time zone"
        encode = _naive if naive else as_instant
        return _Forms(sql, _moment(sql), encode, encode)
    if isinstance(prop.type, DateOnlyType):
        return _Forms(f"{sql}::date", _finite(sql, _quoted(f"{sql}::date")), as_instant, as_instant)
    return _Forms(f"{sql}::text", _json_of(f"{sql}::text"), to_text, to_text)


def _day(prop: Property, sql: str, _: ColumnType, __: bool) -> _Forms:  # noqa: FBT001
    if isinstance(prop.type, DateTimeType):
        return _Forms(f"{sql}::timestamptz", _moment(f"{sql}::timestamptz"), as_instant, as_instant)
    if isinstance(prop.type, DateOnlyType):
        return _Forms(sql, _finite(sql, _quoted(sql)), _calendar_day, _calendar_day)
    return _Forms(f"{sql}::text", _json_of(f"{sql}::text"), to_text, to_text)


def _clock(_: Property, sql: str, __: ColumnType, ___: bool) -> _Forms:  # noqa: FBT001
    whole = f"date_part('microseconds', {sql})::bigint % 1000000 = 0"
    shown = f"CASE WHEN {whole} THEN {sql}::time(0)::text ELSE to_char({sql}::interval, 'HH24:MI:SS.US') END"
    return _Forms(sql, _quoted(f"({shown})"))


def _uuid(_: Property, sql: str, __: ColumnType, ___: bool) -> _Forms:  # noqa: FBT001
    return _Forms(sql, _quoted(sql), _uuid_value, _uuid_value, str)


def _json(_: Property, sql: str, __: ColumnType, ___: bool) -> _Forms:  # noqa: FBT001
    return _Forms(f"{sql}::text", f"{sql}::text", to_json, to_json, from_json, "{}::json", "{}::jsonb")


def _json_text(_: Property, sql: str, __: ColumnType, checked: bool) -> _Forms:  # noqa: FBT001
    shown = f"{sql}::json::text"
    if checked:
        shown = f"CASE WHEN {sql} IS JSON THEN {sql}::text ELSE {_json_of(sql)} END"
    return _Forms(sql, shown, to_json, to_json, from_json)


def _binary(prop: Property, sql: str, _: ColumnType, __: bool) -> _Forms:  # noqa: FBT001
    if isinstance(prop.type, BinaryType):
        return _Forms(sql, _buffer(sql), None, None, bytes)
    return _Forms(f"{sql}::text", _json_of(f"{sql}::text"), to_text, to_text)


def _point(_: Property, sql: str, __: ColumnType, ___: bool) -> _Forms:  # noqa: FBT001
    shown = f"CASE WHEN {sql} IS NOT NULL THEN json_build_object('lat', {sql}[0], 'lng', {sql}[1])::text END"
    return _Forms(f"{sql}::text", shown, _point_text, _point_text, _point_value, "{}::point", "{}::point")


def _list(_: Property, sql: str, column_type: ColumnType, __: bool) -> _Forms:  # noqa: FBT001
    cast = f"{{}}::{column_type.name}[]"
    return _Forms(sql, _json_of(sql), None, None, None, cast, cast)


def _other(_: Property, sql: str, __: ColumnType, ___: bool) -> _Forms:  # noqa: FBT001
    return _Forms(f"{sql}::text", _json_of(f"{sql}::text"), to_text, to_text)


_FORMS: Final[dict[Kind, Callable[[Property, str, ColumnType, bool], _Forms]]] = {
    Kind.TEXT: _text,
    Kind.INTEGER: _integer,
    Kind.FLOAT: _float,
    Kind.EXACT: _exact,
    Kind.BOOLEAN: _boolean,
    Kind.INSTANT: _instant,
    Kind.DAY: _day,
    Kind.CLOCK: _clock,
    Kind.UUID: _uuid,
    Kind.JSON: _json,
    Kind.JSON_TEXT: _json_text,
    Kind.BINARY: _binary,
    Kind.POINT: _point,
    Kind.LIST: _list,
    Kind.OTHER: _other,
}


def _json_of(sql: str) -> str:
    """The server's own JSON for a value."""
    return f"to_json({sql})::text"


def _quoted(sql: str) -> str:
    """A JSON string of a value whose text needs no escapes."""
    return f"('\"' || {sql} || '\"')"


def _finite(sql: str, shown: str) -> str:
    """Null for the infinities, which are no dates to JavaScript."""
    return f"CASE WHEN isfinite({sql}) THEN {shown} END"


def _moment(sql: str) -> str:
    """A point in time as JavaScript's `toISOString` writes it."""
    usual = f"{sql} >= '0001-01-01 00:00:00+00' AND {sql} < '10000-01-01 00:00:00+00'"
    # PostgreSQL has no year 0: 1 BC is -1 to it and 0 to ISO 8601.
    year = f"extract(year FROM {sql}) + ({sql} < '0001-01-01 00:00:00+00')::int"
    signed = f"replace(to_char({year}, 'SG000000'), '+000000', '0000')"
    return (
        f"CASE WHEN {usual} THEN to_char({sql}, '\\\"YYYY{AFTER_YEAR}') "
        f"WHEN isfinite({sql}) THEN '\"' || {signed} || to_char({sql}, '{AFTER_YEAR}') END"
    )


def _buffer(sql: str) -> str:
    """Bytes as node.js shows a buffer."""
    listed = f"(SELECT coalesce(json_agg(get_byte({sql}, n)), '[]') FROM generate_series(0, length({sql}) - 1) AS n)"
    return f"CASE WHEN {sql} IS NOT NULL THEN json_build_object('type', 'Buffer', 'data', {listed})::text END"


def _bytes_of_text(sql: str) -> str:
    """Bytes kept as text, as `rows.bytes_from_text` reads them."""
    return (
        f"(CASE WHEN {sql} ~ '^\\\\x([0-9a-fA-F]{{2}})*$' THEN decode(substr({sql}, 3), 'hex') "
        f"ELSE convert_to({sql}, 'UTF8') END)"
    )


def _comparable_text(value: Any) -> str:
    text = to_text(value)
    if "\0" in text:
        msg = "PostgreSQL keeps no NUL in text"
        raise ValueRefused(msg)
    return text


def _number(value: Any) -> Any:
    """As it is; a whole float as an integer, so that an index on integers is used."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**63:
        return int(value)
    return value


def _whole_text(value: Any) -> int:
    try:
        return as_whole(int(value))
    except (TypeError, ValueError) as problem:
        raise ValueRefused(str(problem)) from None


def _double(value: Any) -> Any:
    try:
        return float(value)
    except OverflowError as problem:
        raise ValueRefused(str(problem)) from None


def _decimal(value: float) -> Decimal:
    return Decimal(repr(value))


def _naive(value: Any) -> Any:
    moment = as_instant(value)
    return moment.astimezone(UTC).replace(tzinfo=None) if isinstance(moment, datetime) else moment


def _calendar_day(value: Any) -> Any:
    return value.date() if isinstance(value, datetime) else value if isinstance(value, date) else str(value)


def _uuid_value(value: Any) -> UUID:
    try:
        return UUID(str(value))
    except ValueError as problem:
        raise ValueRefused(str(problem)) from None


def _point_text(value: Any) -> str:
    try:
        return f"({float(value['lat'])!r},{float(value['lng'])!r})"
    except (KeyError, TypeError, ValueError) as problem:
        msg = f"a point needs numbers lat and lng: {problem}"
        raise ValueRefused(msg) from None


def _point_value(text: str) -> dict[str, float]:
    lat, lng = text.strip("()").split(",")
    return {"lat": float(lat), "lng": float(lng)}
