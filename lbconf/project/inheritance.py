"""Inheritance: which model builds on which, and what a child takes over.

LoopBack's default policies apply in every layout: properties are replaced
whole, `hidden` and `protected` united, `acls` concatenated, most other objects
merged deeply; `configureModelMerge` changes the policy.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from lbconf.records import dataclass

__all__ = ["NOT_INHERITED", "Written", "bases_first", "inherited_properties", "inherited_settings"]

NOT_INHERITED: Final = frozenset({"base", "super", "plural", "http", "renamedFrom", "configureModelMerge", "readOnly"})
"""Settings that say something about one model only."""
_UNITED: Final = frozenset({"hidden", "protected", "hiddenProperties", "protectedProperties"})
_REPLACED: Final = frozenset({"description", "comment"})
_NAMED: Final = frozenset({"relations", "relationships"})
_CONCATENATED: Final = frozenset({"acls", "code", "pythonCode"})


@dataclass(frozen=True, slots=True)
class Written:
    """One property as written."""

    attributes: Any
    """A type, an object of attributes, or None or False, which removes an inherited one."""
    at: str | None
    """Its pointer in the merged data."""

    @property
    def removed(self) -> bool:
        """Whether it removes an inherited property."""
        return self.attributes is None or self.attributes is False

    @property
    def is_id(self) -> bool:
        """Whether it belongs to the key."""
        return isinstance(self.attributes, Mapping) and bool(self.attributes.get("id"))


def bases_first(bases: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """The models ordered so that each comes after its base, and the circles among them.

    Args:
        bases: Model to base; a base that is no key ends the chain.

    Returns:
        All names that are in or below no circle, otherwise in the given order; then each circle once, as names in
        base order.
    """
    order: dict[str, None] = {}
    circles: list[tuple[str, ...]] = []
    stuck: set[str] = set()
    for start in bases:
        chain: dict[str, None] = {}
        name = start
        while name in bases and name not in order and name not in stuck and name not in chain:
            chain[name] = None
            name = bases[name]
        if name in chain:
            names = list(chain)
            circles.append(tuple(names[names.index(name) :]))
        if name in chain or name in stuck:
            stuck.update(chain)
        else:
            order.update(dict.fromkeys(reversed(chain)))
    return tuple(order), tuple(circles)


def inherited_properties(
    parent: Mapping[str, Written], own: Mapping[str, Written], *, excluded: Iterable[str] = ()
) -> dict[str, Written]:
    """The properties of a child: the parent's that it neither removes nor replaces, then its own.

    Args:
        parent: The parent's properties.
        own: The child's. Ids are inherited all or none.
        excluded: Names in `excludeBaseProperties`.
    """
    own_ids = any(written.is_id for written in own.values())
    dropped = set(excluded)
    merged = {
        name: own.get(name, written)
        for name, written in parent.items()
        if name in own or not (name in dropped or (own_ids and written.is_id))
    }
    merged.update(own)
    return {name: written for name, written in merged.items() if not written.removed}


def inherited_settings(parent: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a child: its own over its parent's, by LoopBack's policies. Neither input is changed."""
    policy = own.get("configureModelMerge")
    merged: dict[str, Any] = {name: value for name, value in parent.items() if name not in NOT_INHERITED}
    for name, value in own.items():
        if name not in merged or name in NOT_INHERITED:
            merged[name] = value
        elif policy:
            _merge_by_policy(merged, name, value, policy)
        else:
            merged[name] = _merged_by_default(name, merged[name], value)
    return merged


def _merged_by_default(name: str, old: Any, new: Any) -> Any:
    if name in _REPLACED:
        return new
    if name in _CONCATENATED:
        return [*_list(old), *_list(new)]
    if name in _NAMED and isinstance(old, Mapping) and isinstance(new, Mapping):
        return {**old, **new}
    return _deep(old, new)


def _merge_by_policy(merged: dict[str, Any], name: str, new: Any, policy: Any) -> None:
    chosen = policy.get(name, policy.get("__default")) if isinstance(policy, Mapping) else None
    deletes = policy.get("__delete", False) if isinstance(policy, Mapping) else True
    if new is None and deletes is not False:
        del merged[name]
    elif isinstance(chosen, Mapping):
        merged[name] = _merged_as_told(merged[name], new, chosen)
    elif name in _UNITED or name in _CONCATENATED or name in _NAMED:
        merged[name] = _merged_by_default(name, merged[name], new)
    elif name in {"options", "indexes", "methods", "mixins", "scopes"}:
        merged[name] = _patched(merged[name], new)
    else:
        merged[name] = new


def _merged_as_told(old: Any, new: Any, told: Mapping[str, Any]) -> Any:
    if told.get("rank"):
        return [*_list(old), *_list(new)]
    if told.get("patch"):
        return _patched(old, new)
    return new if told.get("replace", True) else _deep(old, new)


def _patched(old: Any, new: Any) -> Any:
    return {**old, **new} if isinstance(old, Mapping) and isinstance(new, Mapping) else new


def _deep(old: Any, new: Any) -> Any:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        merged = dict(old)
        for key, value in new.items():
            merged[key] = _deep(merged[key], value) if key in merged else value
        return merged
    if (
        isinstance(old, Sequence)
        and isinstance(new, Sequence)
        and not isinstance(old, str)
        and not isinstance(new, str)
    ):
        return [*old, *(item for item in new if item not in old)]
    return new


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
