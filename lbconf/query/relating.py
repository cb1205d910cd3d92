"""Relations as conditions: which rows of other models are tied to a row, by whatever kind of relation.

A name such as `author.name` leads by the relation `author` to a property of its
target. Where a model has a property `author` too, the property is meant.
Relations that may not be included (`disableInclude`) are not known here either.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from lbconf.diagnostics import Code
from lbconf.project.resolved import Model, Property, Relation, RelationKind
from lbconf.query.errors import RequestError, malformed
from lbconf.query.nodes import AllOf, Comparison, Condition, Operator, Related, Target

__all__ = ["MAX_STEPS", "Scoped", "asked_of", "named_relation", "related", "single_step"]

MAX_STEPS: Final = 6
"""Relations that one name may lead along, and that conditions of one filter may nest."""

Scoped: TypeAlias = Callable[[Model, Any], Condition | None]
"""The project's own condition on a model, bound: that of a relation's scope, as written, and the model's default."""

_TIED: Final = frozenset(
    {
        RelationKind.BELONGS_TO,
        RelationKind.HAS_ONE,
        RelationKind.HAS_MANY,
        RelationKind.HAS_MANY_THROUGH,
        RelationKind.HAS_AND_BELONGS_TO_MANY,
    }
)


def named_relation(name: str, model: Model) -> tuple[Relation, str] | None:
    """The relation that a name begins with and what follows it, or an empty text; None where there is none."""
    first, _, rest = name.partition(".")
    relation = model.relations.get(first)
    if relation is None or first in model.properties or relation.options.get("disableInclude"):
        return None
    return relation, rest


def asked_of(name: str, rest: str, value: Any) -> tuple[Mapping[str, Any], bool]:
    """The condition on the related row, and whether such a row shall exist; `rest`: what follows the relation's name.

    Raises:
        RequestError: the relation itself is compared with something.

    """
    asked: Any = {rest: value} if rest else value
    if not isinstance(asked, Mapping):
        hint = f'Write {{"{name}": {{"exists": true}}}}, or a condition on its properties in the place of exists.'
        raise malformed(f"The condition on {name} is not an object", hint=hint)
    if set(asked) == {"exists"} and isinstance(asked["exists"], bool):
        return {}, asked["exists"]
    return asked, True


def related(
    relation: Relation,
    model: Model,
    models: Mapping[str, Model],
    condition: Condition | None,
    scoped: Scoped,
    asked: Mapping[str, Any] | None,
) -> Related:
    """That a row of the relation's target meets the condition.

    Raises:
        RequestError: rows of this kind of relation cannot be asked for.

    """
    target = _target(relation, models)
    own = _both(scoped(target, relation.scope.get("where")), condition)
    key_from = _properties(model, relation.key_from)
    if relation.through is None:
        if relation.polymorphic is not None:
            own = _both(_kind(relation, target, model), own)
        key_to = _properties(target, relation.key_to)
        return Related(target, key_from, key_to, own, relation=relation.name, asked=asked)
    between = models[relation.through]
    inner: Condition = Related(target, _properties(between, relation.through_to), target.ids, own)
    if relation.polymorphic is not None:
        inner = AllOf((_kind(relation, between, model), inner))
    inner = AllOf((rule, inner)) if (rule := scoped(between, None)) is not None else inner
    key_to = _properties(between, relation.through_from)
    return Related(between, key_from, key_to, inner, relation=relation.name, asked=asked)


def single_step(relation: Relation, model: Model, models: Mapping[str, Model], scoped: Scoped) -> Related:
    """The step to the one row that the relation leads to, for an order by its properties.

    Raises:
        RequestError: the relation leads to many rows, or to rows of several models.

    """
    if relation.kind not in {RelationKind.BELONGS_TO, RelationKind.HAS_ONE} or relation.through is not None:
        message = f"{model.name} cannot be ordered by {relation.name}, which leads to many"
        raise RequestError(Code.FILTER_MALFORMED, message, hint="Order by a belongsTo or hasOne relation.")
    return related(relation, model, models, None, scoped, None)


def _target(relation: Relation, models: Mapping[str, Model]) -> Model:
    target = models.get(relation.target) if relation.target else None
    if target is None or relation.kind not in _TIED:
        kind = "polymorphic relation" if target is None else f"{relation.kind} relation"
        message = f"The {kind} {relation.name} cannot be filtered or ordered by"
        raise RequestError(Code.FILTER_MALFORMED, message)
    if target.data_source is None:
        message = f"{target.name}, which {relation.name} leads to, is kept nowhere"
        raise RequestError(Code.MODEL_NOT_ATTACHED, message)
    return target


def _kind(relation: Relation, holder: Model, model: Model) -> Condition:
    """That the row which holds the key says it belongs to this model."""
    assert relation.polymorphic is not None  # noqa: S101 - asked before
    (discriminator,) = _properties(holder, (relation.polymorphic.discriminator,))
    return Comparison(Target(discriminator), Operator.EQ, model.name)


def _both(one: Condition | None, other: Condition | None) -> Condition | None:
    return AllOf((one, other)) if one is not None and other is not None else one or other


def _properties(model: Model, names: tuple[str, ...]) -> tuple[Property, ...]:
    missing = next((name for name in names if name not in model.properties), None)
    if missing is not None:
        message = f"{model.name} has no property {missing}, which a relation needs"
        raise RequestError(Code.PROPERTY_UNKNOWN, message, hint="Declare it, or correct the relation's foreignKey.")
    return tuple(model.properties[name] for name in names)
