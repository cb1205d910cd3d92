"""What the access rules say about one endpoint, best rule first; worked out when the server starts."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

from lbconf.api.access.methods import access_scopes, access_type, method_names, ruled_names
from lbconf.api.endpoints import Endpoint
from lbconf.project.permissions import DENY, closeness, default_permission, role_of
from lbconf.project.resolved import Acl, Model
from lbconf.records import dataclass

__all__ = ["EVERYONE", "Gate", "Ranked", "decide", "gate_of", "ranked"]

EVERYONE: Final = "$everyone"
DEFAULT: Final = "DEFAULT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A rule that fits an endpoint."""

    rule: Acl
    score: int
    allows: bool
    """What it says, `DEFAULT` replaced by the model's default."""
    stored: bool = False
    """Whether it is a row, not a file's."""


Holds: TypeAlias = Callable[[Acl], bool | None]
"""Whether the caller is who a rule is for; None where that is not known without asking a data source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Who may call an endpoint, as the files say."""

    endpoint: Endpoint
    names: tuple[str, ...]
    """The method's name and its aliases."""
    access: str
    scopes: tuple[str, ...]
    rules: tuple[Ranked, ...]
    """Those that fit, highest score first."""
    default: bool
    """Whether a call goes through that no rule is for."""

    @property
    def open(self) -> bool:
        """Whether everyone may call, so that nothing has to be asked."""
        for found in self.rules:
            if not found.allows:
                return False
            if role_of(found.rule) == EVERYONE:
                return True
        return self.default


def gate_of(endpoint: Endpoint) -> Gate:
    """The gate of an endpoint. In files LoopBack heeds a method's own name only, in rows its aliases too."""
    model, names, access = endpoint.model, method_names(endpoint), access_type(endpoint)
    return Gate(
        endpoint=endpoint,
        names=names,
        access=access,
        scopes=access_scopes(endpoint),
        rules=ranked(model, model.acls, ruled_names(endpoint), access),
        default=default_permission(model) != DENY,
    )


def ranked(
    model: Model, rules: Iterable[Acl], names: Sequence[str], access: str, *, stored: bool = False
) -> tuple[Ranked, ...]:
    """The rules that fit a call, highest score first; of equal ones the earlier."""
    default = default_permission(model)
    found: list[Ranked] = []
    for rule in rules:
        score = closeness(rule, names, access, stored=stored)
        if score is not None:
            permission = default if rule.permission == DEFAULT else rule.permission
            found.append(Ranked(rule=rule, score=score, allows=permission != DENY, stored=stored))
    return tuple(sorted(found, key=lambda one: -one.score))


def decide(rules: Sequence[Ranked], holds: Holds, surely: Callable[[Acl], bool], *, default: bool) -> bool:
    """Whether a call goes through: what the first rule says that is for the caller, else the default.

    A data source is asked (`surely`) only where the answer could change the outcome.
    """
    unknown: list[Ranked] = []
    outcome = default
    for found in rules:
        held = holds(found.rule)
        if held is None:
            unknown.append(found)
        elif held:
            outcome = found.allows
            break
    for place, found in enumerate(unknown):
        if all(later.allows == outcome for later in unknown[place:]):
            return outcome
        if surely(found.rule):
            return found.allows
    return outcome
