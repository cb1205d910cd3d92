"""What LoopBack makes of conditions that hardly fit their property, where nobody would expect an answer.

Its tables keep lists and objects as JSON text, and it compares that text; a
pattern for an object is made JSON before it is looked for, so that no object
is like it; a date is like no text.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

from lbconf.datatypes import (
    ArrayType,
    BooleanType,
    DataType,
    DateTimeType,
    DecimalType,
    GeoPointType,
    IntegerType,
    JsonType,
    ModelType,
    NumberType,
    ObjectType,
)
from lbconf.query.coerce import Operands, operand_converter
from lbconf.query.javascript import json_text, to_text
from lbconf.query.nodes import Comparison, Condition, Constant, Operator, Target
from lbconf.query.pattern import split_pattern

__all__ = ["OF_EVERY_OBJECT", "names_no_column", "oddly_compared", "oddly_equal", "oddly_like"]

_READ_AS_TEXT = ArrayType | BooleanType | DecimalType | IntegerType | NumberType
_NEGATIVE = frozenset({Operator.NLIKE, Operator.NILIKE})
OF_EVERY_OBJECT: Final = frozenset(
    {"__proto__", "constructor", "hasOwnProperty", "isPrototypeOf", "toString", "valueOf"}
)
"""Names that every object of JavaScript has, so that LoopBack takes them for properties."""
_LIST = "["
"""What the text of every list begins with."""


def names_no_column(name: str, known: Collection[str]) -> bool:
    """Whether LoopBack takes an unknown name for a property, of which no row of a table can have a value.

    That are names that all objects have, and places inside of `known` properties.
    """
    return name in OF_EVERY_OBJECT or name.partition(".")[0] in known


def oddly_equal(target: Target, kind: DataType, value: Any, *, tabular: bool) -> Condition | None:
    """The condition of being equal to a value that is none of the type's; None for ordinary ones.

    `tabular`: rows are a table's, so a list counts as true, and as no date.

    Raises:
        RequestError: the list has an item that is no date.

    """
    if isinstance(kind, GeoPointType) and not isinstance(value, Mapping):
        return Constant(value=False)
    if not tabular or not isinstance(value, list | tuple):
        return None
    match kind:
        case BooleanType():
            return Comparison(target, Operator.EQ, value=True)
        case DateTimeType() if len(value) == 1 and value[0] is not None:
            operand_converter(kind, Operands.CONVERT)(value[0])
            return Constant(value=False)
        case ObjectType() if not value:
            return Comparison(target, Operator.EQ, {})
        case _:
            return None


def oddly_like(target: Target, kind: DataType, operator: Operator, pattern: Any) -> Condition | None:
    """The condition of being like a pattern, for what a table keeps not as text; None for other types.

    Raises `RequestError` for a pattern that cannot be read.
    """
    if operator is Operator.REGEXP:
        if isinstance(kind, ArrayType):
            return Comparison(target, operator, split_pattern(pattern))
        found = isinstance(kind, JsonType | ModelType | ObjectType) and isinstance(pattern, str)
        return Constant(value=False) if found else None
    if isinstance(kind, _READ_AS_TEXT):
        return Comparison(target, operator, pattern)
    if isinstance(kind, DateTimeType | JsonType | ModelType | ObjectType):
        return Comparison(target, Operator.NEQ, None) if operator in _NEGATIVE else Constant(value=False)
    return None


def oddly_compared(target: Target, kind: DataType, operator: Operator, value: Any) -> Condition | None:
    """The condition that a list's or an object's text is not a value's, or comes after or before it; None for others.

    What is no list is compared as text with texts that all begin with a bracket.
    """
    if isinstance(kind, ObjectType):
        return Comparison(target, operator, {}) if value == [] else None
    if isinstance(kind, GeoPointType) and operator is Operator.NEQ and not isinstance(value, Mapping):
        return Constant(value=False)
    if not isinstance(kind, ArrayType):
        return None
    if isinstance(value, list | tuple):
        convert = None if kind.item is None else operand_converter(kind.item, Operands.CONVERT)
        items = [item if item is None or convert is None else convert(item) for item in value]
        return Comparison(target, operator, items)
    text = json_text(value) if isinstance(value, Mapping) else to_text(value)
    differs = operator is Operator.NEQ
    if text[:1] == _LIST and not differs:
        return None
    after = text[:1] < _LIST
    holds = differs or (after if operator in {Operator.GT, Operator.GTE} else not after)
    return Comparison(target, Operator.NEQ, None) if holds else Constant(value=False)
