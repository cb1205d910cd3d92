"""Whether the instances that a row embeds are valid, when the row itself is written.

Source: LoopBack 3, documentation of embedsOne and embedsMany; the words and codes are what LoopBack 3.28 answers.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, Final

from lbconf.diagnostics import Code
from lbconf.project.resolved import Model, Relation, RelationKind
from lbconf.query.errors import RequestError
from lbconf.query.javascript import UNDEFINED, json_text, to_text, truthy
from lbconf.query.nodes import Row
from lbconf.repository.errors import Flaw
from lbconf.repository.rows import RowReader

__all__ = ["embed_in", "repeats", "stored"]

_EMBEDDED: Final = frozenset({RelationKind.EMBEDS_ONE, RelationKind.EMBEDS_MANY})

Check = Callable[[Mapping[str, Any]], list[Flaw]]


def embed_in(reader: RowReader, models: Mapping[str, Model], reader_of: Callable[[Model], RowReader]) -> None:
    """Let this reader read and check the instances that its model's rows embed."""
    model = reader.model
    reader.embedded = _checks(model, models, reader_of)
    reader.completes = _completes(model, models, reader_of)
    if reader.completes is None:
        return
    kept = [relation for relation in model.relations.values() if relation.kind in _EMBEDDED]
    many = {relation.embedded_property or relation.name: relation.many for relation in kept}
    reader.texts = frozenset(name for name, several in many.items() if not several)
    reader.wholes = lambda data: _refuse_others(many, data)


def _refuse_others(many: Mapping[str, bool], data: Mapping[str, Any]) -> None:
    """Refuse, as LoopBack does, what is no instance or list of them."""
    for name, several in many.items():
        value = data.get(name)
        if value is None:
            continue
        items = value if several and isinstance(value, list) else [value]
        if not all(isinstance(item, Mapping) or (several and item is None) for item in items):
            raise RequestError(Code.REQUEST_REFUSED, f"{name} holds what is no instance: {json_text(value)}")


def _checks(model: Model, models: Mapping[str, Model], reader_of: Callable[[Model], RowReader]) -> Check | None:
    """What finds wrong instances, or an id that is listed twice, in a whole row; None for a model that has neither."""
    found = [
        (relation, target)
        for relation in model.relations.values()
        if relation.kind in {*_EMBEDDED, RelationKind.REFERENCES_MANY}
        and (target := models.get(relation.target or "")) is not None
        and (relation.kind is RelationKind.REFERENCES_MANY or relation.options.get("validate") is not False)
    ]
    if not found:
        return None

    def check(row: Mapping[str, Any]) -> list[Flaw]:
        return [flaw for relation, target in found for flaw in _flaws(relation, target, row, reader_of)]

    return check


def _completes(
    model: Model, models: Mapping[str, Model], reader_of: Callable[[Model], RowReader]
) -> Callable[[Row], None] | None:
    """What gives the instances in a row their model's types and defaults, as LoopBack does; None without such."""
    found = [
        (relation.embedded_property or relation.name, target, relation.many)
        for relation in model.relations.values()
        if relation.kind in _EMBEDDED and (target := models.get(relation.target or "")) is not None
    ]
    if not found or not model.layout.is_loopback:
        return None

    def completed(target: Model, item: Any) -> Any:
        item = _as_instance(item)
        reader = reader_of(target)
        try:
            read, flaws = reader.read(item)
        except RequestError:
            flaws, read = [], dict(item)
        filled: Row = dict(item) if flaws else read
        reader.fill(filled)
        return stored(filled)

    def complete(row: Row) -> None:
        for name, target, many in found:
            held = row.get(name)
            if many and isinstance(held, list):
                row[name] = [completed(target, item) for item in held]
            elif held is not None:
                row[name] = completed(target, held)

    return complete


def _as_instance(value: Any) -> Mapping[str, Any]:
    """What JavaScript finds in what stands for an instance: the parts of a text or list, nothing in a number."""
    if isinstance(value, Mapping):
        return value
    return {str(place): part for place, part in enumerate(value)} if isinstance(value, str | list) else {}


def _flaws(
    relation: Relation, target: Model, row: Mapping[str, Any], reader_of: Callable[[Model], RowReader]
) -> Iterator[Flaw]:
    name = relation.embedded_property or relation.name
    held = row.get(name)
    if held is None:
        return
    if relation.kind is RelationKind.REFERENCES_MANY:
        ids = [to_text(item) for item in held] if isinstance(held, list | tuple) else []
        if len(ids) != len(set(ids)):
            yield Flaw(relation.name, "uniqueness", f"contains duplicate `{target.name}` instance", UNDEFINED)
        return
    reader = reader_of(target)
    if not relation.many:
        first = _first(reader, held)
        if first is not None:
            yield Flaw(relation.name, "invalid", f"is invalid: `{first.property}` {first.message}", UNDEFINED)
        return
    items = held if isinstance(held, list | tuple) else []
    key = next((prop.name for prop in target.ids), None)
    if key is not None and repeats(items, key, javascript=target.layout.is_loopback):
        yield Flaw(name, "uniqueness", f"contains duplicate `{key}`", held)
    for place, item in enumerate(items):
        first = _first(reader, item)
        if first is not None:
            id_ = item.get(key) if key is not None and isinstance(item, Mapping) else None
            which = f": `{to_text(id_)}`" if truthy(id_) else f" at index `{place}`"
            text = f"contains invalid item{which} (`{first.property}` {first.message})"
            yield Flaw(name, "invalid", text, held)


def _first(reader: RowReader, value: Any) -> Flaw | None:
    """What is wrong with one instance; what is no object has no properties."""
    try:
        instance, flaws = reader.read(value if isinstance(value, Mapping) else {})
    except RequestError as error:
        return Flaw("value", "invalid", error.diagnostics[0].message, value)
    filled: Row = dict(instance)
    reader.fill(filled)
    found = [*flaws, *reader.check(filled, new=False)]
    if found:
        return found[0]
    if isinstance(value, Mapping) or reader.model.layout.is_loopback:
        return None
    return Flaw("value", "invalid", "is not an object", value)


def repeats(items: Sequence[Any], key: str, *, javascript: bool) -> bool:
    """Whether two instances have the same id; in LoopBack's layouts two without one have."""
    ids = [item.get(key) if isinstance(item, Mapping) else None for item in items]
    known = [str(value) for value in ids if value is not None]
    missing = len(ids) - len(known)
    return len(known) != len(set(known)) or (javascript and missing > 1)


def stored(value: Any) -> Any:
    """What a value of an embedded instance is kept as: dates and bytes have no form of their own in JSON."""
    match value:
        case Mapping():
            return {name: stored(item) for name, item in value.items()}
        case list() | tuple():
            return [stored(item) for item in value]
        case datetime():
            moment = value if value.tzinfo is None else value.astimezone(UTC)
            return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
        case date() | time() | uuid.UUID():
            return str(value) if isinstance(value, uuid.UUID) else value.isoformat()
        case bytes() | bytearray() | memoryview():
            return {"type": "Buffer", "data": list(bytes(value))}
        case _:
            return value
