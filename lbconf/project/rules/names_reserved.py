"""Names mean one thing: no reserved model names, no dots in property names, no relation named like a property."""

from collections.abc import Iterator
from typing import Final

from lbconf.diagnostics import Code, Diagnostic, Severity
from lbconf.patterns import pattern
from lbconf.project.builtin import ABSTRACT
from lbconf.project.resolved import Model
from lbconf.project.rules.facts import Facts

__all__ = ["names_reserved"]

_MODELS: Final = frozenset(
    {"any", "array", "boolean", "date", "file", "integer", "number", "object", "string", *map(str.lower, ABSTRACT)}
)
_CONTROL: Final = pattern(r"[\x00-\x1f\x7f]")
_UNPRINTED: Final = "a name must not hold control characters: no database keeps them"
_PLAIN: Final = "write the name with characters that can be seen"
_RELATIONS: Final = frozenset({"trigger", "constructor", "prototype", "__proto__"})


def names_reserved(facts: Facts) -> Iterator[Diagnostic]:
    """A finding for every name that is taken."""
    for model, source in facts.written():
        if source.defined and model.name.lower() in _MODELS:
            yield facts.found(
                Code.NAME_RESERVED,
                f"a model cannot be named {model.name}: that is a type",
                model.location,
                "choose another name",
            )
        if not model.name.isidentifier() and _CONTROL.search(model.name):
            yield facts.found(Code.NAME_RESERVED, f"model {model.name!r}: {_UNPRINTED}", model.location, _PLAIN)
        yield from _properties(facts, model)
        yield from _relations(facts, model)


def _properties(facts: Facts, model: Model) -> Iterator[Diagnostic]:
    for prop in model.properties.values():
        if prop.name.isidentifier():
            continue
        if _CONTROL.search(prop.name):
            message = f"property {prop.name!r} of model {model.name}: {_UNPRINTED}"
            yield facts.found(Code.NAME_RESERVED, message, prop.location, _PLAIN)
        if "." in prop.name or not prop.name:
            yield facts.found(
                Code.NAME_RESERVED,
                f"property {prop.name!r} of model {model.name}: a name must not be empty or hold a dot",
                prop.location,
                "a dot in a filter leads into an object; write the name without it",
            )


def _relations(facts: Facts, model: Model) -> Iterator[Diagnostic]:
    for relation in model.relations.values():
        if relation.name in _RELATIONS or relation.name in model.properties:
            why = "that is a property" if relation.name in model.properties else "the name is reserved"
            yield facts.found(
                Code.NAME_RESERVED,
                f"relation {relation.name} of model {model.name}: {why}",
                relation.location,
                "choose another name for the relation, and say foreignKey where it follows from the name",
                severity=Severity.WARNING if facts.layout.is_loopback else Severity.ERROR,
            )
