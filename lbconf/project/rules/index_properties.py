"""Indexes, unique constraints and foreign keys name properties that exist."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lbconf.diagnostics import Code, Diagnostic, Location, Severity, nearest
from lbconf.project.resolved import Model
from lbconf.project.rules.facts import Facts

__all__ = ["index_properties"]


def index_properties(facts: Facts) -> Iterator[Diagnostic]:
    """A finding for every name that is neither property nor column; a warning for indexes of LoopBack layouts."""
    for model, _ in facts.written():
        if not (model.indexes or model.uniques or model.foreign_keys) or not facts.whole(model):
            continue
        for index in model.indexes:
            names = [name for name, _ in index.keys]
            yield from _unknown(facts, model, f"index {index.name}", names, index.location)
        for unique in model.uniques:
            yield from _unknown(facts, model, f"unique constraint {unique.name}", unique.properties, unique.location)
        for key in model.foreign_keys:
            yield from _unknown(facts, model, f"foreign key {key.name}", key.columns, key.location)
            target = facts.models.get(key.target)
            if target is not None:
                yield from _unknown(facts, target, f"foreign key {key.name}", key.target_columns, key.location)
            elif key.target not in facts.broken:
                near = nearest(key.target, facts.models)
                yield facts.found(
                    Code.RELATION_TARGET_UNKNOWN,
                    f"foreign key {key.name} of model {model.name}: there is no model {key.target}",
                    key.location,
                    f"did you mean {near}?" if near else "entity is the name of a model",
                )


def _unknown(
    facts: Facts, model: Model, what: str, names: Iterable[str], location: Location | None
) -> Iterator[Diagnostic]:
    known: set[str] = set()
    for name in names:
        if name in model.properties:
            continue
        known = known or {*model.properties, *_columns(model)}
        if name in known or (facts.layout.is_loopback and name.lower() in {one.lower() for one in known}):
            continue
        near = nearest(name, model.properties)
        yield facts.found(
            Code.INDEX_PROPERTY_UNKNOWN,
            f"{what}: model {model.name} has no property {name}",
            location,
            f"did you mean {near}?" if near else f"properties: {', '.join(model.properties)}",
            severity=Severity.WARNING if facts.layout.is_loopback else Severity.ERROR,
        )


def _columns(model: Model) -> Iterator[str]:
    for prop in model.properties.values():
        sections: Iterable[Mapping[str, Any]] = (
            value for value in (*prop.settings.values(), prop.settings) if isinstance(value, dict)
        )
        for section in sections:
            for key in ("columnName", "column", "field", "fieldName", "name"):
                if isinstance(section.get(key), str):
                    yield section[key]
