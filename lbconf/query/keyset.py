"""Pages that begin after a row: cursors, and the conditions they stand for.

A cursor is the values that the last row of a page has for the keys of the
order, with a mark of model and order. It is plain text and never trusted: its
values are compared as those of a filter are, with properties that the client
may order by. Nulls count as greater than every value, as in every order.
"""

import base64
import hashlib
import json
import math
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Final

from lbconf.datatypes import (
    BooleanType,
    DataType,
    DateOnlyType,
    DateStringType,
    DateTimeType,
    DecimalType,
    IntegerType,
    NumberType,
    StringType,
    TextType,
    TimeType,
    UuidType,
)
from lbconf.diagnostics import Code
from lbconf.query.errors import RequestError
from lbconf.query.evaluate import near_of
from lbconf.query.nodes import AllOf, AnyOf, Comparison, Condition, Constant, Operator, Order, Query, Row, Target

__all__ = ["after", "can_go_on", "cursor_of"]

VERSION: Final = 1
LONGEST: Final = 8192
"""Characters of a cursor."""


def can_go_on(query: Query) -> bool:
    """Whether a page of this query can begin after a row: its order leaves nothing open and compares plain values."""
    listed = {key.target.property.name for key in query.order}
    ids = query.model.ids
    return (
        bool(ids)
        and near_of(query.where) is None
        and all(_is_plain(key) for key in query.order)
        and all(prop.name in listed for prop in ids)
    )


def cursor_of(query: Query, row: Row) -> str:
    """The cursor of a row, which has every property of the order."""
    values = [_written(row.get(key.target.property.name)) for key in query.order]
    text = json.dumps([VERSION, _mark(query), *values], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def after(query: Query, cursor: str) -> Condition:
    """The condition that a row comes after the one the cursor is of.

    Raises:
        RequestError: it is no cursor of this model and order.

    """
    values = _values(query, cursor)
    found: list[Condition] = []
    same: list[Condition] = []
    for key, value in zip(query.order, values, strict=True):
        later = _later(key, value)
        if later is not None:
            found.append(AllOf((*same, later)) if same else later)
        same.append(Comparison(key.target, Operator.EQ, value))
    return AnyOf(tuple(found)) if found else Constant(value=False)


def _is_plain(key: Order) -> bool:
    prop = key.target.property
    return not (key.via or key.target.path or prop.hidden) and _reader(prop.type) is not None


def _later(key: Order, value: Any) -> Condition | None:
    """That a row comes later by this key alone; None where none can."""
    target = key.target
    if key.descending:
        if value is None:
            return Comparison(target, Operator.NEQ, None)
        return Comparison(target, Operator.LT, value)
    if value is None:
        return None
    greater = Comparison(target, Operator.GT, value)
    return greater if _never_null(target) else AnyOf((greater, Comparison(target, Operator.EQ, None)))


def _never_null(target: Target) -> bool:
    return bool(target.property.id)


def _mark(query: Query) -> str:
    named = [query.model.name, *([key.target.property.name, key.descending] for key in query.order)]
    return hashlib.sha256(json.dumps(named).encode()).hexdigest()[:12]


def _written(value: Any) -> Any:
    match value:
        case None | bool() | str():
            return value
        case datetime():
            return value.isoformat()
        case date() | time():
            return value.isoformat()
        case _:
            return str(value) if isinstance(value, Decimal | int) else repr(float(value))


def _values(query: Query, cursor: str) -> list[Any]:
    if len(cursor) > LONGEST:
        raise _unusable("it is too long")
    try:
        text = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise _unusable("it was cut or changed") from None
    if not isinstance(found, list) or not found or found[0] != VERSION:
        raise _unusable("it comes from another version")
    if len(found) != len(query.order) + 2 or found[1] != _mark(query):
        raise _unusable("it belongs to another model or order")
    try:
        return [_read(key.target.property.type, said) for key, said in zip(query.order, found[2:], strict=True)]
    except (TypeError, ValueError, ArithmeticError):
        raise _unusable("it was cut or changed") from None


def _read(kind: DataType, said: Any) -> Any:
    reader = _reader(kind)
    assert reader is not None  # noqa: S101 - asked before
    return None if said is None else reader(said)


def _reader(kind: DataType) -> Callable[[Any], Any] | None:
    """What reads a value of the type, raising `ValueError` or `TypeError`; None for types that have no such order."""
    match kind:
        case StringType() | TextType() | DateStringType() | UuidType():
            return _text
        case NumberType() | IntegerType():
            return _number
        case DecimalType():
            return _exact
        case BooleanType():
            return _truth
        case DateTimeType():
            return _moment
        case DateOnlyType():
            return date.fromisoformat
        case TimeType():
            return time.fromisoformat
        case _:
            return None


def _text(said: Any) -> str:
    if not isinstance(said, str):
        raise TypeError
    said.encode()
    return said


def _number(said: Any) -> int | float:
    text = _text(said)
    number: int | float = float(text) if any(mark in text for mark in ".einf") else int(text)
    if not math.isfinite(number):
        raise ValueError
    return number


def _exact(said: Any) -> Decimal:
    number = Decimal(_text(said))
    if not number.is_finite():
        raise ValueError
    return number


def _truth(said: Any) -> bool:
    if not isinstance(said, bool):
        raise TypeError
    return said


def _moment(said: Any) -> datetime:
    moment = datetime.fromisoformat(_text(said))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _unusable(why: str) -> RequestError:
    hint = "Ask for the first page again, with after= and nothing behind it."
    return RequestError(Code.CURSOR_UNUSABLE, f"The cursor in after cannot be used: {why}", hint=hint)
