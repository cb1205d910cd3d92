"""Rows counted, added up and grouped: what a client asks, bound to a model.

Hidden properties are no names that a client knows.
"""

from collections.abc import Mapping
from typing import Any, Final

from lbconf.datatypes import (
    BooleanType,
    DataType,
    DateOnlyType,
    DateStringType,
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
from lbconf.diagnostics import Code, nearest
from lbconf.project.resolved import Model, Property
from lbconf.query.aggregate_nodes import Aggregate, Function, Group, Measure, Part
from lbconf.query.condition import ConditionBinder
from lbconf.query.errors import RequestError, malformed
from lbconf.query.javascript import json_text
from lbconf.query.nodes import Condition, Order, Target
from lbconf.query.rules import NATIVE
from lbconf.records import replace

__all__ = ["bind_aggregate", "shaped"]

_KEYS: Final = ("where", "groupBy", *Function, "having", "order", "limit", "skip", "offset")
_NUMBERS = NumberType | IntegerType | DecimalType
_ORDERED = _NUMBERS | StringType | TextType | DateStringType | DateTimeType | DateOnlyType | TimeType
_PLAIN = _ORDERED | BooleanType | EnumType | UuidType
_DATES = DateTimeType | DateOnlyType
_ABLE: Final[Mapping[Function, Any]] = {
    Function.SUM: _NUMBERS,
    Function.AVG: _NUMBERS,
    Function.MIN: _ORDERED,
    Function.MAX: _ORDERED,
    Function.DISTINCT: _PLAIN,
}
MOST_PARTS: Final = 50
"""Groups and measures of one request."""


def bind_aggregate(
    asked: Mapping[str, Any],
    model: Model,
    *,
    where: Condition | None,
    order: tuple[str, ...],
    limit: int | None,
    skip: int,
) -> Aggregate:
    """What a client asks, bound to the model; condition and page are bound already, the order is as typed.

    Raises:
        RequestError: a name is unknown or hidden, or something cannot be asked of a property.

    """
    unknown = next((name for name in asked if name not in _KEYS), None)
    if unknown is not None:
        near = nearest(unknown, _KEYS)
        hint = f"Did you mean {near}?" if near else f"Write any of {', '.join(_KEYS)}."
        raise malformed(f"An aggregate has no {json_text(unknown)}", hint=hint)
    groups = tuple(_group(name, model) for name in _names("groupBy", asked.get("groupBy")))
    measures = [
        Measure(function, _measured(function, name, model))
        for function in Function
        if function is not Function.COUNT
        for name in _names(function, asked.get(function))
    ]
    if not measures or asked.get("count") not in (None, False, "false", "0"):
        measures.insert(0, Measure(Function.COUNT))
    _check_names(groups, measures)
    outcome = _outcome(model, groups, measures)
    having = asked.get("having")
    return Aggregate(
        model=model,
        where=where,
        groups=groups,
        measures=tuple(measures),
        having=ConditionBinder(outcome, NATIVE).bind(having, None) if having else None,
        order=_order(order, outcome, groups),
        limit=limit,
        skip=skip,
    )


def shaped(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of names such as `sum.price` as nested objects: `{"sum": {"price": ...}}`; groups keep their names."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        function, dot, prop = name.partition(".")
        if dot and function in _ABLE:
            found.setdefault(function, {})[prop] = value
        else:
            found[name] = value
    return found


def _names(word: str, said: Any) -> tuple[str, ...]:
    if said is None or said is False:
        return ()
    names = [said] if isinstance(said, str) else said
    if isinstance(names, Mapping):
        names = list(names.values())
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise malformed(f"The {word} {json_text(said)} is no list of properties")
    return tuple(dict.fromkeys(part.strip() for name in names for part in name.split(",")))


def _group(name: str, model: Model) -> Group:
    prop = model.properties.get(name)
    first, dot, part = name.rpartition(".")
    dated = model.properties.get(first) if dot and prop is None else None
    if dated is not None and not dated.hidden and isinstance(dated.type, _DATES):
        hour = part == Part.HOUR and isinstance(dated.type, DateOnlyType)
        if part not in set(Part) or hour:
            raise malformed(f"{first} cannot be grouped by {json_text(part)}", hint=f"Write any of {', '.join(Part)}.")
        return Group(dated, Part(part))
    found = _property(name, model)
    if not isinstance(found.type, _PLAIN):
        raise malformed(f"Rows cannot be grouped by {name}")
    return Group(found)


def _measured(function: Function, name: str, model: Model) -> Property:
    prop = _property(name, model)
    if not isinstance(prop.type, _ABLE[function]):
        raise malformed(f"There is no {function} of {name}")
    return prop


def _property(name: str, model: Model) -> Property:
    prop = model.properties.get(name)
    if prop is None or prop.hidden:
        near = nearest(name, (one.name for one in model.properties.values() if not one.hidden))
        hint = f"Did you mean {near}?" if near else None
        raise RequestError(Code.PROPERTY_UNKNOWN, f'{model.name} has no property "{name}"', hint=hint)
    return prop


def _check_names(groups: tuple[Group, ...], measures: list[Measure]) -> None:
    if len(groups) + len(measures) > MOST_PARTS:
        raise malformed(f"An aggregate has at most {MOST_PARTS} groups and measures")
    taken = {measure.function.value for measure in measures}
    same = next((group.name for group in groups if group.name in taken), None)
    if same is not None:
        raise malformed(f"A group and a measure would both be called {same}")


def _outcome(model: Model, groups: tuple[Group, ...], measures: list[Measure]) -> Model:
    """A model of what comes out, by whose properties conditions and orders are bound."""
    found = {group.name: _renamed(group.prop, group.name, _group_type(group)) for group in groups}
    for measure in measures:
        found[measure.name] = _renamed(measure.prop, measure.name, _measure_type(measure))
    return replace(model, properties=found, relations={}, default_scope={}, scopes={})


def _group_type(group: Group) -> DataType:
    return group.prop.type if group.part is None else StringType()


def _measure_type(measure: Measure) -> DataType:
    if measure.prop is None or measure.function is Function.DISTINCT:
        return IntegerType(64)
    kind = measure.prop.type
    if measure.function is Function.AVG and not isinstance(kind, DecimalType):
        return NumberType()
    if measure.function in {Function.SUM, Function.AVG}:
        return DecimalType() if isinstance(kind, DecimalType) else NumberType()
    return kind


def _renamed(prop: Property | None, name: str, kind: DataType) -> Property:
    return Property(name=name, type=kind) if prop is None else replace(prop, name=name, type=kind, id=0, hidden=False)


def _order(order: tuple[str, ...], outcome: Model, groups: tuple[Group, ...]) -> tuple[Order, ...]:
    """The order as typed, then the groups', so that nothing is left open."""
    found: dict[str, Order] = {}
    for text in order:
        name, _, direction = text.partition(" ")
        if name not in outcome.properties:
            near = nearest(name, outcome.properties)
            hint = f"Did you mean {near}?" if near else f"Groups and measures are {', '.join(outcome.properties)}."
            raise RequestError(Code.PROPERTY_UNKNOWN, f'Nothing of what is asked is called "{name}"', hint=hint)
        found.setdefault(name, Order(Target(outcome.properties[name]), descending=direction == "DESC"))
    for group in groups:
        found.setdefault(group.name, Order(Target(outcome.properties[group.name])))
    return tuple(found.values())
