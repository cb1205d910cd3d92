"""Who may call what, as the access rules of a model say. Pure.

Source: LoopBack 3's resolution of access rules: the rule with the highest
score decides, where none matches the model's default does.
"""

from collections.abc import Collection, Sequence
from typing import Final

from lbconf.project.resolved import Acl, Model

__all__ = ["Principal", "is_allowed", "score"]

Principal = tuple[str, str]
"""Principal type and id: (`ROLE`, `$everyone`), (`USER`, `42`)."""

EXACT, ANY = 3, 2
TYPES: Final = {"USER": 4, "APP": 3, "APPLICATION": 3, "ROLE": 2}
ROLES: Final = {"$owner": 4, "$related": 3, "$authenticated": 2, "$unauthenticated": 2, "$everyone": 1}
OTHER_ROLE: Final = 5
PERMISSIONS: Final = {"DEFAULT": -1, "ALLOW": 0, "ALARM": 1, "AUDIT": 2, "DENY": 3}
DENY: Final = "DENY"


def is_allowed(model: Model, names: Sequence[str], access: str, principals: Collection[Principal]) -> bool:
    """Whether a caller with these principals may call a method.

    Args:
        model: Whose rules decide.
        names: The method's name and its aliases, without `prototype.`.
        access: `READ`, `WRITE`, `EXECUTE` or `REPLICATE`.
        principals: Everything the caller is.
    """
    best: int | None = None
    permission = str(model.settings.get("defaultPermission") or "ALLOW").upper()
    for rule in model.acls:
        found = score(rule, names, access, principals)
        if found is not None and (best is None or found > best):
            best, permission = found, rule.permission
    return permission != DENY


def score(rule: Acl, names: Sequence[str], access: str, principals: Collection[Principal]) -> int | None:
    """How closely a rule fits a call; None where it does not."""
    kind = "APP" if rule.principal_type == "APPLICATION" else rule.principal_type
    if (kind, rule.principal_id) not in principals:
        return None
    if any(name in rule.properties for name in names):
        method = EXACT
    elif "*" in rule.properties:
        method = ANY
    else:
        return None
    asked = rule.access_type
    if asked in {access, "EXECUTE"} or (asked == "WRITE" and access == "REPLICATE"):
        way = EXACT
    elif asked == "*":
        way = ANY
    else:
        return None
    model = ANY if rule.model == "*" else EXACT
    role = ROLES.get(rule.principal_id, OTHER_ROLE) if kind == "ROLE" else 0
    strength = PERMISSIONS.get(rule.permission, 0)
    return ((((model * 4 + method) * 4 + way) * 4 + TYPES.get(kind, 1)) * 8 + role) * 4 + strength
