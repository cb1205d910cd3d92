"""Names and types of the keys of relations."""

from collections.abc import Mapping
from typing import Any

from lbconf.datatypes import DataType, StringType
from lbconf.project.drafts import Draft
from lbconf.project.naming import lower_first
from lbconf.project.resolved import EMPTY
from lbconf.records import replace

__all__ = [
    "as_mapping",
    "camel",
    "copied",
    "default_keys",
    "key_towards",
    "keys_before",
    "name_before",
    "type_of",
]


def camel(draft: Draft) -> str:
    """The model's name as names made from it begin: `orderLine`."""
    return draft.name[:1].lower() + draft.name[1:] if draft.layout.is_loopback else lower_first(draft.name)


def default_keys(draft: Draft, ids: tuple[str, ...]) -> tuple[str, ...]:
    """What foreign keys to a model are called where nobody says: `orderLineId`; one per part of its key."""
    if len(ids) == 1:
        return (f"{camel(draft)}Id",)
    return tuple(f"{camel(draft)}{name[:1].upper()}{name[1:]}" for name in ids)


def name_before(draft: Draft) -> str | None:
    """The model's name before, as its `renamedFrom` says; None where it has no other."""
    said = draft.settings.get("renamedFrom")
    renamed = isinstance(said, str) and said and said != draft.name and not draft.layout.is_loopback
    return str(said) if renamed else None


def keys_before(draft: Draft, ids: tuple[str, ...]) -> tuple[str, ...]:
    """What `default_keys` called the keys when the model had its name before; empty where it had no other."""
    before = name_before(draft)
    return () if before is None else default_keys(replace(draft, name=before), ids)


def key_towards(through: Draft, target: Draft, taken: tuple[str, ...]) -> tuple[str, ...]:
    """The foreign key of the first belongsTo of `through` that leads to `target` by other properties than `taken`."""
    for name, written in through.relations_written.items():
        said = written.attributes
        if not isinstance(said, Mapping) or said.get("type") != "belongsTo" or said.get("model") != target.name:
            continue
        key = said.get("foreignKey") or f"{name}Id"
        keys = tuple(key) if isinstance(key, list) else (key,)
        if keys != taken and all(isinstance(part, str) for part in keys):
            return keys
    return ()


def type_of(draft: Draft, name: str) -> DataType:
    """The type of a property; text where there is no such property."""
    found = draft.properties.get(name)
    return found.type if found else StringType()


def as_mapping(value: Any) -> Mapping[str, Any]:
    """The value where it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else EMPTY


def copied(value: Any) -> Mapping[str, str]:
    """Parent property to child property, from an object or a list of names."""
    if isinstance(value, Mapping):
        return {own: other for own, other in value.items() if isinstance(other, str)}
    if isinstance(value, list | tuple):
        return {name: name for name in value if isinstance(name, str)}
    return EMPTY
