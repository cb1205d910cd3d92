"""A model's validations made ready: worked out once for a model, then run over each row that is written.

Codes, messages and the order of checks are LoopBack's.

Source: loopback-datasource-juggler 3.36, documentation of validations.
"""

from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from typing import Any, Final

from lbconf.datatypes import DateTimeType
from lbconf.project.resolved import Model
from lbconf.project.validations import Rule, Validation, validations_of
from lbconf.query.bind import bind
from lbconf.query.coerce import value_converter
from lbconf.query.errors import RequestError
from lbconf.query.evaluate import Semantics, condition_test
from lbconf.query.javascript import UNDEFINED, to_text, truthy
from lbconf.query.nodes import Filter
from lbconf.query.pattern import compile_pattern
from lbconf.query.rules import KEEPING, NATIVE
from lbconf.records import dataclass, replace
from lbconf.repository.errors import Flaw
from lbconf.repository.forms import form_check

__all__ = ["RowCheck", "Taken", "check_of_rule", "checks_of", "is_blank", "within"]

Taken = Callable[[Model, Validation, Mapping[str, Any]], bool]
"""Whether another row stands in the way of this one's value of a property."""

Test = Callable[[Any], str | tuple[str, ...] | None]
"""What is wrong with a value: the kind (`min`, or the empty text), or whole messages; None: nothing."""

_MESSAGES: Final[Mapping[str, str]] = {
    "presence": "can't be blank",
    "absence": "can't be set",
    "length.min": "too short",
    "length.max": "too long",
    "length.is": "length is wrong",
    "numericality.int": "is not an integer",
    "numericality.number": "is not a number",
    "inclusion": "is not included in the list",
    "exclusion": "is reserved",
    "uniqueness": "is not unique",
    "date": "is not a valid date",
}
_COMMON: Final = {"blank": "is blank", "null": "is null"}
_INVALID: Final = "is invalid"
_DATES: Final = value_converter(DateTimeType(), lenient=True)
MOST_TOLD: Final = 5
"""Faults of one value against its JSON Schema that are told."""


@dataclass(frozen=True, slots=True)
class RowCheck:
    """One validation, ready to run."""

    property: str
    flaws: Callable[[Mapping[str, Any]], list[Flaw]]
    """What is wrong with a row."""
    asks_store: bool = False
    """Whether it looks at other rows."""
    needs: tuple[str, ...] = ()
    """Properties that it looks at beside its own."""
    key: Callable[[Mapping[str, Any]], object] | None = None
    """Of uniqueness: what no two rows may have alike; None for a row that may stand beside any other."""
    flaw: Callable[[Any], Flaw] | None = None
    """Of uniqueness: what is wrong with a value that another row of the same request has."""


def checks_of(model: Model, taken: Taken) -> tuple[RowCheck, ...]:
    """The model's validations, ready to run, those that ask the store last."""
    found = [_check(model, one, taken) for one in validations_of(model)]
    return tuple(sorted(found, key=lambda check: check.asks_store))


def check_of_rule(model: Model, one: Validation) -> RowCheck:
    """One validation, ready to run where it needs no other rows. Raises `RequestError` where it cannot be used."""
    return _check(model, one, lambda *_: False)


def is_blank(value: Any) -> bool:
    """Whether LoopBack takes the value for none."""
    return value is None or value is UNDEFINED or (isinstance(value, str | list | tuple) and not value)


def _check(model: Model, one: Validation, taken: Taken) -> RowCheck:
    name, javascript = one.property, model.layout.is_loopback
    applies = _applies(model, one)
    test = None if one.rule is Rule.UNIQUENESS else _value_test(model, one)

    def flaws(row: Mapping[str, Any]) -> list[Flaw]:
        if applies is not None and not applies(row):
            return []
        value = row.get(name, UNDEFINED)
        if test is None:
            unique = is_blank(value) or not taken(model, one, row)
            return [] if unique else [_flaw(one, "", value, javascript=javascript)]
        match test(value):
            case None:
                return []
            case str(kind):
                return [_flaw(one, kind, value, javascript=javascript)]
            case messages:
                own = one.message if isinstance(one.message, str) else None
                return [Flaw(name, one.code or one.rule.value, own or message, value) for message in messages]

    if test is not None:
        return RowCheck(name, flaws, needs=_needs(one))

    def key(row: Mapping[str, Any]) -> object:
        value = row.get(name)
        if is_blank(value) or (applies is not None and not applies(row)):
            return None
        folded = value.lower() if one.ignore_case and isinstance(value, str) else value
        return repr([folded, *(row.get(part) for part in one.scoped_to)])

    def flaw(value: Any) -> Flaw:
        return _flaw(one, "", value, javascript=javascript)

    return RowCheck(name, flaws, asks_store=True, needs=_needs(one), key=key, flaw=flaw)


def _needs(one: Validation) -> tuple[str, ...]:
    said = (*one.scoped_to, *(part for part in (one.only_if, one.unless) if isinstance(part, str)))
    where = [name for part in (one.only_if, one.unless) if isinstance(part, Mapping) for name in part]
    return (*said, *where)


def _flaw(one: Validation, kind: str, value: Any, *, javascript: bool) -> Flaw:
    """The flaw in LoopBack's words, or in the validation's own."""
    if one.by_attribute:
        return _flaw_of_attribute(one, kind, value)
    code = one.code or one.rule.value
    told = f"{code}.{kind}" if kind else code
    return Flaw(one.property, told, _message(one, kind, javascript=javascript), value)


def _message(one: Validation, kind: str, *, javascript: bool) -> str:
    said = one.message
    if isinstance(said, Mapping) and kind:
        usual = _COMMON.get(kind, _INVALID) if javascript else _usual(one.rule, kind)
        return said.get(kind) or usual
    if isinstance(said, str) and kind:
        # LoopBack looks for the kind in the text and, not finding it, says that the value is invalid.
        return _COMMON.get(kind) or (_INVALID if javascript else said)
    return said if isinstance(said, str) else _usual(one.rule, kind)


def _usual(rule: Rule, kind: str) -> str:
    return _COMMON.get(kind) or _MESSAGES.get(f"{rule.value}.{kind}" if kind else rule.value, _INVALID)


def _flaw_of_attribute(one: Validation, kind: str, value: Any) -> Flaw:
    text, code = _INVALID, one.rule.value
    match one.rule, kind:
        case Rule.INCLUSION, _:
            text = f"is none of {', '.join(map(str, one.values))}"
        case Rule.LENGTH, "max":
            text, code = f"is longer than {one.maximum:g} {_unit(value)}", "length.max"
        case Rule.LENGTH, "min":
            text, code = f"is shorter than {one.minimum:g} {_unit(value)}", "length.min"
        case Rule.RANGE, "min":
            text, code = f"is less than {_shown(one.minimum)}", "min"
        case Rule.RANGE, "max":
            text, code = f"is more than {_shown(one.maximum)}", "max"
        case Rule.FORMAT, _ if one.form is not None:
            text = f"is no {one.form}"
    return Flaw(one.property, code, text, value)


def _unit(value: Any) -> str:
    return "items" if isinstance(value, list | tuple) else "characters"


def _shown(limit: float | None) -> str:
    return str(int(limit)) if isinstance(limit, float) and limit.is_integer() else str(limit)


def _value_test(model: Model, one: Validation) -> Test:
    """What tells what is wrong with a value."""
    match one.rule:
        case Rule.PRESENCE:
            return lambda value: "" if is_blank(value) else None
        case Rule.ABSENCE:
            return lambda value: None if is_blank(value) else ""
        case Rule.LENGTH:
            return _with_nulls(one, _length_test(one, javascript=model.layout.is_loopback))
        case Rule.NUMERICALITY | Rule.RANGE:
            return _with_nulls(one, _number_test(one))
        case Rule.INCLUSION | Rule.EXCLUSION:
            return _with_nulls(one, _list_test(model, one))
        case Rule.FORMAT:
            return _with_nulls(one, _texts_only(_format_test(one)) if one.by_attribute else _format_test(one))
        case Rule.SCHEMA:
            return _with_nulls(one, _schema_test(one))
        case Rule.DATE:
            return _is_date
        case _:
            raise AssertionError(one.rule)


def _with_nulls(one: Validation, test: Test) -> Test:
    """The test of values that are there; LoopBack's rules refuse what is missing unless told otherwise."""
    if one.by_attribute:
        return lambda value: None if value is UNDEFINED or value is None else test(value)

    def tested(value: Any) -> str | tuple[str, ...] | None:
        if value is UNDEFINED or (isinstance(value, str) and not value):
            return None if one.allow_blank else "blank"
        if value is None:
            return None if one.allow_null else "null"
        return test(value)

    return tested


def _length_test(one: Validation, *, javascript: bool) -> Test:
    least, most, exactly = one.minimum or None, one.maximum, one.exactly or None
    if javascript:
        most = most or None

    def tested(value: Any) -> str | None:
        if not isinstance(value, str | list | tuple):
            return None if exactly is None else "is"
        size = len(value)
        if javascript and isinstance(value, str) and not value.isascii():
            size += sum(char > "\uffff" for char in value)  # JavaScript counts halves of such characters
        if least is not None and size < least:
            return "min"
        if most is not None and size > most:
            return "max"
        return "is" if exactly is not None and size != exactly else None

    return tested


def _number_test(one: Validation) -> Test:
    least, most = one.minimum, one.maximum
    exact_least = None if least is None else Decimal(str(least))
    exact_most = None if most is None else Decimal(str(most))

    def tested(value: Any) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or value != value:  # noqa: PLR0124
            return None if one.rule is Rule.RANGE else "number"
        low, high = (exact_least, exact_most) if isinstance(value, Decimal) else (least, most)
        if one.whole and value % 1 != 0:
            return "int"
        if low is not None and value < low:
            return "min"
        return "max" if high is not None and value > high else None

    return tested


def _list_test(model: Model, one: Validation) -> Test:
    prop = model.properties.get(one.property)
    convert = None if prop is None or model.layout.is_loopback else value_converter(prop.type, lenient=False)
    listed = frozenset(map(_key, (_converted(convert, value) for value in one.values)))
    wanted = one.rule is Rule.INCLUSION

    def tested(value: Any) -> str | None:
        return None if (_key(value) in listed) is wanted else ""

    return tested


def _converted(convert: Callable[[Any], Any] | None, value: Any) -> Any:
    if convert is None or value is None:
        return value
    try:
        return convert(value)
    except RequestError:
        return value


def _key(value: Any) -> Any:
    """What is equal where JavaScript's values are identical; objects and lists are not told from one another."""
    if isinstance(value, bool):
        return ("flag", value)
    if isinstance(value, dict | list):
        return ("object", id(value))
    return value


def _format_test(one: Validation) -> Test:
    if one.form is not None:
        check = form_check(one.form)
        return lambda value: None if check is None or not isinstance(value, str) or check(value) else ""
    pattern = compile_pattern(one.pattern or "", one.flags)

    def tested(value: Any) -> str | None:
        if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
            return ""
        return None if pattern.search(value if isinstance(value, str) else to_text(value)) else ""

    return tested


def _is_date(value: Any) -> str | None:
    if value is None or value is UNDEFINED:
        return None
    try:
        _DATES(value)
    except RequestError:
        return ""
    return None


def _texts_only(test: Test) -> Test:
    return lambda value: test(value) if isinstance(value, str) else None


def _schema_test(one: Validation) -> Test:
    from lbconf.repository.json_schema import schema_faults  # it costs more to import than a start may take

    faults = schema_faults(one.schema)
    return lambda value: faults(value, MOST_TOLD) or None


def _applies(model: Model, one: Validation) -> Callable[[Mapping[str, Any]], bool] | None:
    """What tells whether the validation holds for a row; None: always."""
    parts = [
        (_holds(model, said), wanted) for said, wanted in ((one.only_if, True), (one.unless, False)) if said is not None
    ]
    if not parts:
        return None
    return lambda row: all(holds(row) is wanted for holds, wanted in parts)


def _holds(model: Model, said: str | Mapping[str, Any]) -> Callable[[Mapping[str, Any]], bool]:
    if isinstance(said, str):
        # LoopBack runs the validation where the row has no such property for `if`, and leaves it out for `unless`.
        absent = model.layout.is_loopback
        return lambda row: truthy(row[said]) if said in row else absent
    rules = replace(KEEPING if model.layout.is_loopback else NATIVE, hidden_allowed=True)
    condition = bind(Filter(where=said), model, {model.name: model}, rules=rules).where
    if condition is None:
        return lambda _: True
    test = condition_test(condition, Semantics.LOOPBACK if model.layout.is_loopback else Semantics.SQL)
    return lambda row: test(dict(row))


def within(check: RowCheck, names: Collection[str]) -> bool:
    """Whether all that the check looks at is among these properties."""
    return check.property in names and all(name in names for name in check.needs)
