"""`renamedFrom` and `renamedValues` say one thing: no circles, no two heirs of one name."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from lbconf.diagnostics import Code, Diagnostic, Location
from lbconf.project.rules.facts import Facts
from lbconf.project.said_structure import StructureEntry

__all__ = ["renames_clear"]

_Said: TypeAlias = Mapping[str, tuple[str, Location | None]]
"""New name to old name and place."""


def renames_clear(facts: Facts) -> Iterator[Diagnostic]:
    """A finding for every rename that could not be told done from not done: of models, properties, types, values."""
    models: dict[str, dict[str, tuple[str, Location | None]]] = {}
    for model, _ in facts.written():
        if model.renamed_from and model.data_source:
            models.setdefault(model.data_source, {})[model.name] = (model.renamed_from, model.location)
        properties = {
            prop.name: (prop.renamed_from, prop.location) for prop in model.properties.values() if prop.renamed_from
        }
        if properties:
            yield from _unclear(facts, properties, f"of model {model.name} ")
        for prop in model.properties.values():
            if "renamedValues" in prop.settings:
                whose = f"of property {prop.name} of model {model.name}"
                yield from _unclear_values(facts, prop.settings["renamedValues"], whose, prop.location)
    for said in models.values():
        yield from _unclear(facts, said, "")
    for source in facts.data_sources.values():
        for kind, entries in (("enum", source.structure.enums), ("sequence", source.structure.sequences)):
            yield from _unclear(facts, _said(entries), f"of {kind}s of data source {source.name} ")
        for entry in source.structure.enums:
            whose = f"of enum {entry.name} of data source {source.name}"
            yield from _unclear_values(facts, entry.settings.get("renamedValues"), whose, entry.location)


def _said(entries: Iterable[StructureEntry]) -> _Said:
    return {
        entry.name: (str(entry.settings["renamedFrom"]), entry.location)
        for entry in entries
        if entry.settings.get("renamedFrom")
    }


def _unclear_values(facts: Facts, written: Any, whose: str, place: Location | None) -> Iterator[Diagnostic]:
    """Findings of `renamedValues`, which says old to new."""
    if not isinstance(written, Mapping):
        return
    said: dict[str, tuple[str, Location | None]] = {}
    for old, new in written.items():
        if str(new) in said:
            yield facts.found(
                Code.RENAME_UNCLEAR,
                f"the values {said[str(new)][0]} and {old} {whose} cannot both become {new}",
                place,
                "let one of them say renamedValues, and change the rows that have the other",
            )
        said[str(new)] = (str(old), place)
    yield from _unclear(facts, said, f"{whose} ", key="renamedValues")


def _unclear(facts: Facts, said: _Said, whose: str, *, key: str = "renamedFrom") -> Iterator[Diagnostic]:
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
                f"{key} {whose}goes in a circle: {' <- '.join((*_circle(new, said), new))}; "
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
