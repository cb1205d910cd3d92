"""`renamedFrom` says one thing: no circles, no two heirs of one name."""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from lbconf.diagnostics import Code, Diagnostic, Location
from lbconf.project.rules.facts import Facts

__all__ = ["renames_clear"]

_Said: TypeAlias = Mapping[str, tuple[str, Location | None]]
"""New name to old name and place."""


def renames_clear(facts: Facts) -> Iterator[Diagnostic]:
    """A finding for every rename of models or properties that could not be told done from not done."""
    models: dict[str, dict[str, tuple[str, Location | None]]] = {}
    for model, _ in facts.written():
        if model.renamed_from and model.data_source:
            models.setdefault(model.data_source, {})[model.name] = (model.renamed_from, model.location)
        properties = {
            prop.name: (prop.renamed_from, prop.location) for prop in model.properties.values() if prop.renamed_from
        }
        yield from _unclear(facts, properties, f"of model {model.name} ")
    for said in models.values():
        yield from _unclear(facts, said, "")


def _unclear(facts: Facts, said: _Said, whose: str) -> Iterator[Diagnostic]:
    heirs: dict[str, str] = {}
    for new, (old, place) in said.items():
        first = heirs.setdefault(old, new)
        if first != new:
            yield facts.found(
                Code.RENAME_UNCLEAR,
                f"{first} and {new} {whose}both say that they were {old} before",
                place,
                "let one of them say renamedFrom",
            )
        elif old != new and new == min(_circle(new, said), default=""):
            yield facts.found(
                Code.RENAME_UNCLEAR,
                f"renamedFrom {whose}goes in a circle: {' <- '.join((*_circle(new, said), new))}; "
                "the database would look the same before and after",
                place,
                "rename through a third name in two steps, applying in between",
            )


def _circle(start: str, said: _Said) -> tuple[str, ...]:
    """The names from `start` back to itself; none where the way ends or never comes back."""
    way = [start]
    while (name := said[way[-1]][0]) != start:
        if name not in said or name in way:
            return ()
        way.append(name)
    return tuple(way)
