"""Validations name properties that exist, and ask for what a value can be."""

from collections.abc import Iterator, Mapping
from typing import Any

from lbconf.datatypes import (
    AnyType,
    ArrayType,
    DataType,
    DecimalType,
    EnumType,
    IntegerType,
    JsonType,
    NumberType,
    StringType,
    TextType,
)
from lbconf.diagnostics import Code, Diagnostic, Location, Severity, nearest
from lbconf.project.resolved import Model, Property
from lbconf.project.rules.default_types import expected, fits
from lbconf.project.rules.facts import Facts
from lbconf.project.sources import ModelSource
from lbconf.project.validations import ATTRIBUTES, Entry, Validation, attributes_of, entries_of, entry_validations

__all__ = ["validations_sound"]

_TEXTS = (StringType, TextType, EnumType)
_FITTING: Mapping[str, tuple[tuple[type[DataType], ...], str]] = {
    "minLength": ((*_TEXTS, ArrayType, AnyType, JsonType), "texts and lists"),
    "maxLength": ((*_TEXTS, ArrayType, AnyType, JsonType), "texts and lists"),
    "pattern": ((*_TEXTS, AnyType, JsonType), "texts"),
    "min": ((*_TEXTS, ArrayType, NumberType, IntegerType, DecimalType, AnyType, JsonType), "numbers, texts and lists"),
    "max": ((*_TEXTS, ArrayType, NumberType, IntegerType, DecimalType, AnyType, JsonType), "numbers, texts and lists"),
}
_PAIRS = (("min", "max"), ("minLength", "maxLength"))


def validations_sound(facts: Facts) -> Iterator[Diagnostic]:
    """A finding for everything wrong with a validation; a warning in LoopBack layouts, where it is not used then."""
    for model, source in facts.written():
        written = source.settings.get("validations")
        if written:
            yield from _entries(facts, model, source, written)
        if not facts.layout.is_loopback:
            for name in source.properties:
                prop = model.properties.get(name)
                if prop is not None and not ATTRIBUTES.isdisjoint(prop.settings):
                    yield from _attributes(facts, model, source, prop)


def _entries(facts: Facts, model: Model, source: ModelSource, written: Any) -> Iterator[Diagnostic]:
    above = source.pointer("validations")
    for entry in entries_of(written):
        at = f"{above}{entry.at}"
        if entry.problems:
            for inner, message, hint in entry.problems:
                yield _found(facts, model, message, facts.places.value(f"{above}{inner}"), hint)
            continue
        if facts.whole(model):
            yield from _names(facts, model, entry, at)
        for one in entry_validations(entry):
            prop = model.properties.get(one.property)
            if prop is not None:
                yield from _probed(facts, model, prop, one, lambda key, at=at: facts.places.value(f"{at}/{key}"))


def _names(facts: Facts, model: Model, entry: Entry, at: str) -> Iterator[Diagnostic]:
    scope = entry.options.get("scopedTo") or ()
    asked = [("", name) for name in entry.properties]
    asked += [("/scopedTo", name) for name in ((scope,) if isinstance(scope, str) else scope)]
    asked += [(f"/{key}", said) for key in ("if", "unless") if isinstance(said := entry.options.get(key), str)]
    for inner, name in asked:
        if name not in model.properties:
            near = nearest(name, model.properties)
            hint = f"did you mean {near}?" if near else f"properties: {', '.join(model.properties)}"
            message = f"{entry.rule} names {name}, which is no property"
            yield _found(facts, model, message, facts.places.value(f"{at}{inner}"), hint)


def _attributes(facts: Facts, model: Model, source: ModelSource, prop: Property) -> Iterator[Diagnostic]:
    def place(key: str) -> Location | None:
        return facts.places.value(source.pointer("properties", prop.name, key))

    said = prop.settings
    for key, (kinds, words) in _FITTING.items():
        if said.get(key) is not None and not isinstance(prop.type, kinds):
            message = f"{key} of property {prop.name} says nothing about its type"
            yield _found(facts, model, message, place(key), f"{key} is for {words}")
    for low, high in _PAIRS:
        least, most = said.get(low), said.get(high)
        if isinstance(least, int | float) and isinstance(most, int | float) and least > most:
            message = f"{low} of property {prop.name} is {least}, and {high} is {most}"
            yield _found(facts, model, message, place(low), "no value is right; change one of them")
    values = said.get("enum")
    for value in values if isinstance(values, list | tuple) else ():
        if value is not None and not fits(value, prop.type):
            message = f"enum of property {prop.name} has {value!r}, which is not {expected(prop.type)}"
            yield _found(facts, model, message, place("enum"), "no row could have it; take it away")
    for one in attributes_of(prop):
        yield from _probed(facts, model, prop, one, place)


def _probed(facts: Facts, model: Model, prop: Property, one: Validation, place: Any) -> Iterator[Diagnostic]:
    """What trying the validation out finds."""
    for problem in () if facts.probe is None else facts.probe(model, prop, one):
        location = place(problem.key) if problem.key != "default" else prop.location
        yield _found(facts, model, problem.message, location, problem.hint)


def _found(facts: Facts, model: Model, message: str, location: Location | None, hint: str | None) -> Diagnostic:
    severity = Severity.WARNING if facts.layout.is_loopback else Severity.ERROR
    return facts.found(Code.VALIDATION_INVALID, f"model {model.name}: {message}", location, hint, severity=severity)
