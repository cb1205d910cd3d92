"""Whether the instances that a row embeds are valid, when the row itself is written.

Source: LoopBack 3, documentation of embedsOne and embedsMany; the words and codes are what LoopBack 3.28 answers.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lbconf.project.resolved import Model, Relation, RelationKind
from lbconf.query.errors import RequestError
from lbconf.query.javascript import UNDEFINED, to_text, truthy
from lbconf.query.nodes import Row
from lbconf.repository.errors import Flaw
from lbconf.repository.rows import RowReader

__all__ = ["embedded_checks", "embedded_defaults"]

Check = Callable[[Mapping[str, Any]], list[Flaw]]


def embedded_checks(model: Model, models: Mapping[str, Model], reader_of: Callable[[Model], RowReader]) -> Check | None:
    """What finds wrong instances in a whole row; None for a model that embeds none, or does not look at them."""
    found = [
        (relation, target)
        for relation in model.relations.values()
        if relation.kind in {RelationKind.EMBEDS_ONE, RelationKind.EMBEDS_MANY}
        and (target := models.get(relation.target or "")) is not None
        and relation.options.get("validate") is not False
    ]
    if not found:
        return None

    def check(row: Mapping[str, Any]) -> list[Flaw]:
        return [flaw for relation, target in found for flaw in _flaws(relation, target, row, reader_of)]

    return check


def embedded_defaults(
    model: Model, models: Mapping[str, Model], reader_of: Callable[[Model], RowReader]
) -> Callable[[Row], None] | None:
    """What fills in the defaults of the instances in a row, as LoopBack does; None for a model that embeds none."""
    found = [
        (relation.embedded_property or relation.name, target)
        for relation in model.relations.values()
        if relation.kind in {RelationKind.EMBEDS_ONE, RelationKind.EMBEDS_MANY}
        and (target := models.get(relation.target or "")) is not None
    ]
    if not found or not model.layout.is_loopback:
        return None

    def completed(target: Model, item: Any) -> Any:
        if not isinstance(item, Mapping):
            return item
        filled: Row = dict(item)
        reader_of(target).fill(filled)
        return filled

    def complete(row: Row) -> None:
        for name, target in found:
            held = row.get(name)
            if isinstance(held, list):
                row[name] = [completed(target, item) for item in held]
            elif held is not None:
                row[name] = completed(target, held)

    return complete


def _flaws(
    relation: Relation, target: Model, row: Mapping[str, Any], reader_of: Callable[[Model], RowReader]
) -> Iterator[Flaw]:
    name = relation.embedded_property or relation.name
    held = row.get(name)
    if held is None:
        return
    reader = reader_of(target)
    if not relation.many:
        first = _first(reader, held)
        if first is not None:
            yield Flaw(relation.name, "invalid", f"is invalid: `{first.property}` {first.message}", UNDEFINED)
        return
    items = held if isinstance(held, list | tuple) else []
    key = next((prop.name for prop in target.ids), None)
    if key is not None and _repeats(items, key, javascript=target.layout.is_loopback):
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


def _repeats(items: list[Any] | tuple[Any, ...], key: str, *, javascript: bool) -> bool:
    """Whether two instances have the same id; in LoopBack's layouts two without one have."""
    ids = [item.get(key) if isinstance(item, Mapping) else None for item in items]
    known = [str(value) for value in ids if value is not None]
    missing = len(ids) - len(known)
    return len(known) != len(set(known)) or (javascript and missing > 1)
