"""Names of relations.

The holder of a key calls the other side by the key's column without its ending:
`customer_id` is `customer`, `billing_address_id` is `billingAddress`. The other
side calls the holders by their plural, `orders`; where that would say too
little, because several keys of one table lead here or the table leads to
itself, by the part they play: `ordersAsBilling`, `ordersAsShipping`. What has a
`parent` has `children`.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from lbconf.plan.discovered_names import RESERVED_PROPERTIES, distinct, lower_camel, plural_camel, words
from lbconf.project.plural import plural
from lbconf.state.structure import ForeignKey

__all__ = ["belongs_name", "has_name", "taken", "through_name"]

RESERVED: Final = frozenset({"trigger", "exists", "replace", "count", *RESERVED_PROPERTIES})
"""Names that mean something to every model, in code or in its addresses."""
KEY_WORDS: Final = frozenset(
    {"id", "ids", "fk", "fkey", "key", "code", "no", "nr", "num", "uuid", "guid", "oid", "pk", "ref", "sid"}
)
"""Words at the end of a key's column that say no more than that it is one."""
KEY_STARTS: Final = frozenset({"id", "fk"})


def taken(model: Mapping[str, Any]) -> set[str]:
    """Names that a relation of the model cannot have, folded."""
    return {name.lower() for name in (*model["properties"], *model.get("relations", {}))} | RESERVED


def belongs_name(key: ForeignKey, target: str, used: Iterable[str], *, keep: bool) -> str:
    """What the holder calls the other side.

    Args:
        key: Its foreign key.
        target: The other side's model.
        used: Names that are taken, folded.
        keep: Whether columns keep their spelling: `billing_address` then.
    """
    column = _telling(key)
    stem = [] if column is None else _stem(column, target)
    wanted = ("_".join(stem) if keep else lower_camel(" ".join(stem))) if stem else _lower(target)
    known = set(used)
    if wanted.lower() in known and not wanted.lower().endswith(target.lower()):
        wanted = f"{wanted}_{target}" if keep else f"{wanted}{target}"
    if wanted.lower() in known:
        wanted = f"{wanted}_relation" if keep else f"{wanted}Relation"
    return distinct(wanted, known)


def has_name(holder: str, target: str, way_back: str, used: Iterable[str], *, single: bool, several: bool) -> str:
    """What the other side calls the holders.

    Args:
        holder: The model that has the key.
        target: The model that this name is for.
        way_back: The holder's name of the relation to here.
        used: Names that are taken, folded.
        single: Whether there is at most one.
        several: Whether the holder leads here by more than one key, or is the same model.
    """
    if several and holder == target and way_back.lower() == "parent":
        wanted = "child" if single else "children"
    else:
        wanted = _lower(holder) if single else plural_camel(holder)
        part = _part(way_back, target)
        if several and part:
            wanted = f"{wanted}As{part}"
    known = set(used)
    return distinct(wanted if wanted.lower() not in known else f"{wanted}Related", known)


def through_name(onward: str, target: str, between: str, used: Iterable[str], *, plainly: bool) -> str:
    """What a model calls those that it reaches through a table.

    Args:
        onward: The name that the model in between has for the other side.
        target: The other side's model.
        between: The model in between.
        used: Names that are taken, folded.
        plainly: Whether no other way leads to the same name.
    """
    wanted = plural_camel(target) if onward.lower() == target.lower() else plural(onward)
    known = set(used)
    if not plainly or wanted.lower() in known:
        wanted = f"{wanted}Through{between[:1].upper()}{between[1:]}"
    return distinct(wanted, known)


def _telling(key: ForeignKey) -> str | None:
    """The one column that tells this key from others: of several, the only one not called as what it points to."""
    if len(key.columns) == 1:
        return key.columns[0]
    own = [one for one, other in zip(key.columns, key.target_columns, strict=True) if one.lower() != other.lower()]
    return own[0] if len(own) == 1 else None


def _stem(column: str, target: str) -> list[str]:
    """The words of a key's column that are not only about being a key."""
    found = words(column)
    while len(found) > 1 and found[-1].lower() in KEY_WORDS:
        found.pop()
    if len(found) > 1 and found[0].lower() in KEY_STARTS:
        found = found[1:]
    only = found[0].lower() if len(found) == 1 else ""
    if only in KEY_WORDS:
        return []
    for ending in KEY_WORDS:
        # `userid` has no seam: what it points to shows where one would be.
        if only.endswith(ending) and only.removesuffix(ending) in {target.lower(), plural(target).lower()}:
            return [only.removesuffix(ending)]
    return found


def _part(way_back: str, target: str) -> str:
    """The part that the other side plays, as a name that follows `As`; empty where it is just itself."""
    part, own = words(way_back), words(target)
    lowered, theirs = [word.lower() for word in part], [word.lower() for word in own]
    if lowered == theirs:
        return ""
    if len(part) > len(own) and lowered[-len(own) :] == theirs:
        part = part[: -len(own)]
    return "".join(word[:1].upper() + word[1:] for word in part)


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]
