"""How a property stands in a SQLite column. What is stored follows the declared type's affinity.

Source: sqlite.org/datatype3.html section 3.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, Final

from lbconf.connectors.sql.dialect import BoundColumn, Kind, ValueRefused, holds_json
from lbconf.connectors.sql.rows import (
    as_boolean,
    as_instant,
    as_whole,
    bytes_from_text,
    from_json,
    from_milliseconds,
    from_text,
    iso,
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
)
from lbconf.project.resolved import Property
from lbconf.records import dataclass
from lbconf.state.structure import ColumnType

__all__ = ["bind_column"]


_NUMBERS: Final = frozenset({Kind.EXACT, Kind.FLOAT})
PLACES: Final = 2
"""How many numbers a type with precision and scale has."""
_WIDE: Final = Context(prec=2000)


@dataclass(frozen=True, slots=True)
class _Forms:
    kind: Kind
    encode: Callable[[Any], Any] | None = None
    decode: Callable[[Any], Any] | None = None
    compare: Callable[[Any], Any] | None = None
    """None: as `encode`."""


def bind_column(prop: Property, name: str, sql: str, column_type: ColumnType) -> BoundColumn:
    """A property's column."""
    forms = _forms(prop, _affinity(column_type.name))
    encode = forms.encode
    if forms.kind in _NUMBERS and encode is not None and len(column_type.arguments) == PLACES:
        encode = _fitted(encode, *column_type.arguments)
    return BoundColumn(
        prop=prop,
        name=name,
        sql=sql,
        type=column_type,
        kind=forms.kind,
        read=sql,
        json="",
        encode=encode,
        compare=forms.compare or forms.encode,
        decode=forms.decode,
        collation=" COLLATE lbconf_exact" if forms.kind is Kind.EXACT else "",
    )


def _affinity(declared: str) -> str:
    """`INTEGER`, `TEXT`, `BLOB`, `REAL` or `NUMERIC`, by the five rules of the manual."""
    for needle, affinity in (
        ("INT", "INTEGER"),
        ("CHAR", "TEXT"),
        ("CLOB", "TEXT"),
        ("TEXT", "TEXT"),
        ("BLOB", "BLOB"),
        ("REAL", "REAL"),
        ("FLOA", "REAL"),
        ("DOUB", "REAL"),
    ):
        if needle in declared.upper():
            return affinity
    return "NUMERIC" if declared else "BLOB"


def _forms(prop: Property, affinity: str) -> _Forms:
    datatype = prop.type
    if holds_json(datatype) or isinstance(datatype, GeoPointType):
        return _Forms(Kind.JSON_TEXT, _point if isinstance(datatype, GeoPointType) else to_json, from_json)
    match datatype:
        case BooleanType():
            return _Forms(Kind.BOOLEAN, int, as_boolean) if affinity != "TEXT" else _text(prop)
        case DateTimeType():
            if affinity in {"INTEGER", "REAL"}:
                return _Forms(Kind.INSTANT, to_milliseconds, from_milliseconds)
            return _Forms(Kind.INSTANT, _instant_text, _instant)
        case DateOnlyType():
            return _Forms(Kind.DAY, _day_text, from_text(datatype))
        case TimeType():
            return _Forms(Kind.CLOCK, to_text, _time)
        case BinaryType():
            return _text(prop) if affinity == "TEXT" else _Forms(Kind.BINARY, bytes, bytes_from_text)
        case DecimalType() | IntegerType() | NumberType():
            return _number_forms(prop, affinity)
    return _text(prop) if affinity in {"TEXT", "BLOB", "NUMERIC"} else _Forms(Kind.OTHER, to_text, str)


def _number_forms(prop: Property, affinity: str) -> _Forms:
    if affinity == "TEXT":
        # Exact numbers are compared as numbers, by a collation of ours, so that 10 comes after 9.
        exact = isinstance(prop.type, DecimalType)
        return _Forms(Kind.EXACT, _decimal_text, _decimal) if exact else _text(prop)
    if isinstance(prop.type, IntegerType):
        return _Forms(Kind.INTEGER, as_whole, None, _plain)
    return _Forms(Kind.FLOAT, _number, _decimal if isinstance(prop.type, DecimalType) else None, _plain)


def _fitted(encode: Callable[[Any], Any], precision: int, scale: int) -> Callable[[Any], Any]:
    """The value rounded to the scale, refused beyond the precision, as other databases do; SQLite looks at neither."""
    unit, least = Decimal(1).scaleb(-scale), Decimal(10) ** (precision - scale)

    def fitted(value: Any) -> Any:
        try:
            number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
            rounded = number.quantize(unit, ROUND_HALF_UP, _WIDE) if number.is_finite() else number
        except (ArithmeticError, TypeError, ValueError):
            return encode(value)
        if number.is_finite() and abs(rounded) >= least:
            msg = f"{value} has more than {precision - scale} digits before the point"
            raise ValueRefused(msg)
        return encode(rounded)

    return fitted


def _text(prop: Property) -> _Forms:
    if isinstance(prop.type, BinaryType):
        return _Forms(Kind.TEXT, to_text, bytes_from_text)
    typed = isinstance(prop.type, NumberType | IntegerType | BooleanType)
    return _Forms(Kind.TEXT, to_text, from_text(prop.type) if typed else str)


def _number(value: Any) -> Any:
    if not isinstance(value, int | float | Decimal):
        msg = f"{value!r} is not a number"
        raise ValueRefused(msg)
    return _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        value = int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return float(value)
    return value


def _point(value: Any) -> str:
    try:
        return to_json({"lat": float(value["lat"]), "lng": float(value["lng"])})
    except (KeyError, TypeError, ValueError) as problem:
        msg = f"a point needs numbers lat and lng: {problem}"
        raise ValueRefused(msg) from None


def _instant_text(value: Any) -> str:
    moment = as_instant(value)
    return iso(moment) if isinstance(moment, datetime) else to_text(moment)


def _instant(value: Any) -> Any:
    return _read_instant(value) if isinstance(value, str) else from_milliseconds(value)


def _day_text(value: Any) -> str:
    if isinstance(value, datetime):
        value = value.astimezone(UTC).date() if value.tzinfo else value.date()
    return value.isoformat() if isinstance(value, date) else to_text(value)


def _time(value: Any) -> Any:
    try:
        return time.fromisoformat(value)
    except (TypeError, ValueError):
        return value


def _decimal_text(value: Any) -> str:
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    return format(number, "f")


def _decimal(value: Any) -> Any:
    try:
        return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    except (ArithmeticError, TypeError, ValueError):
        return value


_read_instant: Final = from_text(DateTimeType())
