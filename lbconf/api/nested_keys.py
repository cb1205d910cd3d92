"""What data for an instance say of the instance that it belongs to: LoopBack takes the key out of it.

Source: LoopBack 3.28, asked. Where the foreign key stands there, too, the later of the two counts.
"""

from collections.abc import Mapping
from typing import Any

from lbconf.project.resolved import Model, Relation, RelationKind

__all__ = ["with_nested_keys"]


def with_nested_keys(model: Model, data: Any) -> Any:
    """The data, or the list of them, with foreign keys where instances stood; in native projects as they are."""
    if not model.layout.is_loopback or not model.relations:
        return data
    if isinstance(data, list):
        return [_keyed(model, one) for one in data]
    return _keyed(model, data)


def _keyed(model: Model, data: Any) -> Any:
    if not isinstance(data, Mapping) or model.relations.keys().isdisjoint(data):
        return data
    found: dict[str, Any] = {}
    for name, value in data.items():
        relation = model.relations.get(name)
        if relation is None or relation.kind is not RelationKind.BELONGS_TO or name in model.properties:
            found[name] = value
        elif value is not None:
            _put_key(relation, value, found)
    return found


def _put_key(relation: Relation, value: Any, found: dict[str, Any]) -> None:
    """Let the instance tell the foreign key; what tells none takes away what stood there."""
    for name, of in zip(relation.key_from, relation.key_to or ("id",), strict=False):
        found.pop(name, None)
        if isinstance(value, Mapping) and of in value:
            found[name] = value[of]
