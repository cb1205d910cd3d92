"""Which models refer to which, by relations and declared foreign keys: to name what a refused write is about."""

from collections.abc import Iterator, Mapping

from lbconf.project.resolved import Model, RelationKind
from lbconf.records import dataclass

__all__ = ["Reference", "references_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Rows of one model name rows of another one."""

    child: str
    """The model that holds the key."""
    names: tuple[str, ...]
    """Its properties that hold the key."""
    parent: str
    parent_names: tuple[str, ...]
    """The parent's properties that are named."""


def references_of(models: Mapping[str, Model]) -> tuple[Reference, ...]:
    """Every reference that a database may watch over, each once, whichever side declares it."""
    return tuple(dict.fromkeys(_all(models)))


def _all(models: Mapping[str, Model]) -> Iterator[Reference]:
    for model in models.values():
        for relation in model.relations.values():
            target = relation.target
            if target is None or target not in models or relation.polymorphic is not None:
                continue
            if relation.kind is RelationKind.BELONGS_TO:
                yield _reference(model.name, relation.key_from, target, relation.key_to)
            elif relation.through is not None:
                ids = tuple(prop.name for prop in models[target].ids)
                yield _reference(relation.through, relation.through_from, model.name, relation.key_from)
                yield _reference(relation.through, relation.through_to, target, ids)
            elif relation.kind in {RelationKind.HAS_MANY, RelationKind.HAS_ONE}:
                yield _reference(target, relation.key_to, model.name, relation.key_from)
        for key in model.foreign_keys:
            yield _reference(model.name, key.columns, key.target, key.target_columns)


def _reference(child: str, names: tuple[str, ...], parent: str, parent_names: tuple[str, ...]) -> Reference:
    return Reference(child=child, names=names, parent=parent, parent_names=parent_names)
