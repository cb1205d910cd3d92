"""Access rules as written, in one shape."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from lbconf.project.resolved import Acl, Model
from lbconf.project.sources import Places

__all__ = ["TOKENS", "read_acls", "token_relations", "with_wired"]

TOKENS: Final = "AccessToken"
"""The built-in model of access tokens."""


def read_acls(written: Any, at: str | None, places: Places, *, loopback: bool) -> Iterator[Acl]:
    """Each rule of a list; entries that are no objects are left out.

    LoopBack's layouts have what LoopBack does with incomplete rules: one without a principal is for nobody, one without
    a permission says the model's default, an access type is written in capitals, and `*` in a list stands for nothing.
    """
    if not isinstance(written, list | tuple):
        return
    kind, principal, permission = ("", "", "DEFAULT") if loopback else ("ROLE", "$everyone", "ALLOW")
    for number, rule in enumerate(written):
        if isinstance(rule, Mapping):
            yield Acl(
                principal_type=_text(rule.get("principalType"), kind),
                principal_id=_text(rule.get("principalId"), principal),
                permission=_text(rule.get("permission"), permission).upper(),
                access_type=_access_type(rule.get("accessType"), loopback=loopback),
                properties=_properties(rule.get("property"), loopback=loopback),
                model=rule["model"] if isinstance(rule.get("model"), str) else None,
                location=places.value(None if at is None else f"{at}/{number}"),
            )


def with_wired(rules: list[Acl], wired: Iterator[Acl]) -> list[Acl]:
    """The rules with those of model-config.json: one for the same principal, access type and property replaces."""
    merged = list(rules)
    for rule in wired:
        for place, other in enumerate(merged):
            if _subject(other) == _subject(rule):
                merged[place] = rule
                break
        else:
            merged.append(rule)
    return merged


def token_relations(model: Model, models: Mapping[str, Model]) -> Iterator[str]:
    """Names of the relations that lead to access tokens: who reads those may do whatever their users may."""
    for relation in model.relations.values():
        target = models.get(relation.target or "")
        if target is not None and target.is_a(TOKENS):
            yield relation.name


def _subject(rule: Acl) -> tuple[object, ...]:
    return rule.properties, rule.access_type, rule.principal_type, rule.principal_id


def _text(value: Any, default: str) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) and value != "" else default


def _access_type(value: Any, *, loopback: bool) -> str:
    said = _text(value, "*")
    return said if loopback else said.upper()


def _properties(value: Any, *, loopback: bool) -> tuple[str, ...]:
    if isinstance(value, list | tuple):
        names = tuple(name for name in value if isinstance(name, str))
        return tuple(name for name in names if name != "*") if loopback else names or ("*",)
    return (value,) if isinstance(value, str) and value else ("*",)
