"""Who may call what, as the access rules of a model say. Pure.

Source: LoopBack 3's resolution of access rules: the rule with the highest
score decides, where none matches the model's default does.
"""

from collections.abc import Collection, Sequence
from typing import Final

from lbconf.project.resolved import Acl, Model

__all__ = ["DENY", "Principal", "closeness", "default_permission", "is_allowed", "role_of", "score", "subject"]

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
    permission = "DEFAULT"
    for rule in model.acls:
        found = score(rule, names, access, principals)
        if found is not None and (best is None or found > best):
            best, permission = found, rule.permission
    return (default_permission(model) if permission == "DEFAULT" else permission) != DENY


def default_permission(model: Model) -> str:
    """What holds where no rule fits, or the one that fits says `DEFAULT`."""
    return str(model.settings.get("defaultPermission") or "ALLOW").upper()


def subject(rule: Acl) -> Principal:
    """Whom a rule is for."""
    return ("APP" if rule.principal_type == "APPLICATION" else rule.principal_type), rule.principal_id


def role_of(rule: Acl) -> str | None:
    """The role a rule is for; None where it is for no role."""
    return rule.principal_id if rule.principal_type == "ROLE" else None


def score(rule: Acl, names: Sequence[str], access: str, principals: Collection[Principal]) -> int | None:
    """How closely a rule fits a call by somebody; None where it does not."""
    return closeness(rule, names, access) if subject(rule) in principals else None


def closeness(rule: Acl, names: Sequence[str], access: str, *, stored: bool = False) -> int | None:
    """How closely a rule of the model fits a call, whoever asks; None where it does not.

    A rule that is `stored` may be for every model; one in a file is for that model, whatever it says.
    """
    kind, principal = subject(rule)
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
    model = ANY if stored and rule.model == "*" else EXACT
    role = ROLES.get(principal, OTHER_ROLE) if kind == "ROLE" else 0
    strength = PERMISSIONS.get(rule.permission, 0)
    return ((((model * 4 + method) * 4 + way) * 4 + TYPES.get(kind, 1)) * 8 + role) * 4 + strength
