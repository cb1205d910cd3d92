"""Who owns an instance: the role `$owner`. Source: LoopBack 3, documentation of dynamic roles and `ownerRelations`."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from lbconf.api.access.caller import Caller
from lbconf.project.resolved import Model, Project, Relation, RelationKind
from lbconf.records import dataclass

__all__ = ["USER", "Ownership", "id_as_text", "ownership"]

USER: Final = "USER"
"""The principal type of users where a project has one model of them."""
PROPERTIES: Final = ("userId", "owner")
Find: TypeAlias = Callable[[Model, Mapping[str, Any]], Mapping[str, Any] | None]
"""The first row of a model that matches a condition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """How the owner of a model's instances is found; worked out once."""

    model: Model
    is_user: bool
    """Whether its instances are users, each of whom owns itself."""
    below: frozenset[str]
    """Names of the models that build on it."""
    properties: tuple[str, ...]
    """Properties that are looked at first, whatever relations there are."""
    relations: tuple[tuple[Relation, Model, bool], ...]
    """belongsTo relations to users that may tell, with the user model, and whether that is one of several."""
    every: bool
    """Whether each relation is asked (`ownerRelations`), not just the first that fits."""

    def is_self(self, id: Any, caller: Caller) -> bool:  # noqa: A002 - the word of the vocabulary
        """Whether an id of this user model is the caller's own."""
        own = caller.user_model
        known = own is None or self.model.is_a(own) or own in self.below
        return known and _same(id, caller.user_id)

    def owns(self, row: Mapping[str, Any], user_id: Any, kind: str, find: Find) -> bool:
        """Whether a user owns a row. `kind` is the user's principal type: `USER`, or one of several user models."""
        if kind == USER:
            for name in self.properties:
                if row.get(name):
                    return _same(row[name], user_id)
        for relation, target, several in self.relations:
            if kind != (target.name if several else USER):
                continue
            if _leads_to(relation, target, row, user_id, find):
                return True
            if not self.every:
                return False
        return False


def ownership(project: Project, model: Model) -> Ownership:
    """How the owner of a model's instances is found."""
    asked = model.settings.get("ownerRelations")
    relations = tuple(
        (relation, target, _is_one_of_several(target))
        for relation, target in _to_users(project, model)
        if not isinstance(asked, list | tuple) or relation.name in asked
    )
    every = asked is True or isinstance(asked, list | tuple)
    loose = model.strict.value == "keep"
    named = tuple(name for name in PROPERTIES if name not in model.relations and (loose or name in model.properties))
    return Ownership(
        model=model,
        is_user=model.is_a("User"),
        below=frozenset(other.name for other in project.models.values() if model.name in other.ancestors),
        properties=() if every else named,
        relations=relations,
        every=every,
    )


def _to_users(project: Project, model: Model) -> Iterator[tuple[Relation, Model]]:
    for relation in model.relations.values():
        target = project.models.get(relation.target) if relation.target else None
        if relation.kind is RelationKind.BELONGS_TO and target is not None and target.is_a("User"):
            yield relation, target


def _is_one_of_several(user: Model) -> bool:
    """Whether tokens say which model their user is of: the relation `accessTokens` is polymorphic."""
    relation = user.relations.get("accessTokens")
    return relation is not None and relation.polymorphic is not None


def _leads_to(relation: Relation, target: Model, row: Mapping[str, Any], user_id: Any, find: Find) -> bool:
    value = row.get(relation.key_from[0])
    ids = tuple(prop.name for prop in target.ids)
    if value is None or len(ids) != 1:
        return False
    if relation.key_to == ids:
        return _same(value, user_id)
    user = find(target, {relation.key_to[0]: value})
    return user is not None and _same(user.get(ids[0]), user_id)


def _same(one: Any, other: Any) -> bool:
    """Whether two ids are the same, as text: one may come from a path, the other from a row."""
    return one is not None and one != "" and other is not None and id_as_text(one) == id_as_text(other)


def id_as_text(value: Any) -> str:
    """An id as rules and role mappings write it: a whole number is one, whatever type the store gave it."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
