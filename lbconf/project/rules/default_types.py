"""A default is a value of its property's type."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from lbconf.datatypes import (
    ArrayType,
    BooleanType,
    DataType,
    DateOnlyType,
    DateTimeType,
    DecimalType,
    EnumType,
    IntegerType,
    NumberType,
    StringType,
    TextType,
    TimeType,
    UuidType,
)
from lbconf.diagnostics import Code, Diagnostic, Severity
from lbconf.layers.secret import Secret
from lbconf.patterns import pattern
from lbconf.project.resolved import UNSET
from lbconf.project.rules.facts import Facts

__all__ = ["default_types"]

_DATE: Final = pattern(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?)?")
_TIME: Final = pattern(r"\d{2}:\d{2}(:\d{2}(\.\d+)?)?")
_UUID: Final = pattern(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def default_types(facts: Facts) -> Iterator[Diagnostic]:
    """A finding for every default of another type; a warning in LoopBack layouts, where JavaScript converts it."""
    for model, source in facts.written():
        for prop in model.properties.values():
            value = prop.default
            if value is UNSET or value is None or isinstance(value, Secret) or fits(value, prop.type):
                continue
            written = prop.name in source.properties
            yield facts.found(
                Code.DEFAULT_TYPE,
                f"property {prop.name} of model {model.name}: its default {value!r} is not {expected(prop.type)}",
                facts.places.value(source.pointer("properties", prop.name, "default")) if written else prop.location,
                f"write {expected(prop.type)}, or change the type",
                severity=Severity.WARNING if facts.layout.is_loopback else Severity.ERROR,
            )


def fits(value: Any, of: DataType) -> bool:
    """Whether a JSON value is one of the type, as far as the value alone can tell."""
    check = _CHECKS.get(type(of))
    return check is None or check(value, of)


def expected(of: DataType) -> str:
    """What a default of the type looks like, for a hint."""
    match of:
        case EnumType(values=values):
            return f"one of {', '.join(values)}"
        case StringType(length=int(length)):
            return f"a text of at most {length} characters"
        case IntegerType(bits=bits):
            return f"a whole number of {bits} bits"
        case _:
            return _WORDS.get(type(of), "a value of the type")


def _text(value: Any, of: Any) -> bool:
    length = getattr(of, "length", None)
    return isinstance(value, str) and (length is None or len(value) <= length)


def _whole(value: Any, of: Any) -> bool:
    return (
        isinstance(value, int) and not isinstance(value, bool) and -(2 ** (of.bits - 1)) <= value < 2 ** (of.bits - 1)
    )


def _date(value: Any, of: Any) -> bool:
    if isinstance(of, DateTimeType) and _number(value):
        return True
    return isinstance(value, str) and (value == "$now" or bool(_DATE.match(value)))


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _decimal(value: Any) -> bool:
    return _number(value) or (isinstance(value, str) and bool(re.fullmatch(r"-?\d+(\.\d+)?", value)))


_CHECKS: Final[Mapping[type, Callable[[Any, Any], bool]]] = {
    EnumType: lambda value, of: value in of.values,
    StringType: _text,
    TextType: _text,
    BooleanType: lambda value, _: isinstance(value, bool),
    IntegerType: _whole,
    NumberType: lambda value, _: _number(value),
    DecimalType: lambda value, _: _decimal(value),
    DateTimeType: _date,
    DateOnlyType: _date,
    TimeType: lambda value, _: isinstance(value, str) and bool(_TIME.fullmatch(value)),
    UuidType: lambda value, _: isinstance(value, str) and bool(_UUID.fullmatch(value)),
    ArrayType: lambda value, _: isinstance(value, list | tuple),
}
_WORDS: Final[Mapping[type, str]] = {
    StringType: "a text",
    TextType: "a text",
    BooleanType: "true or false",
    NumberType: "a number",
    DecimalType: "a number",
    DateTimeType: 'a date such as "2020-01-31", or "$now"',
    DateOnlyType: 'a date such as "2020-01-31", or "$now"',
    TimeType: 'a time such as "08:30:00"',
    UuidType: "a uuid",
    ArrayType: "a list",
}
