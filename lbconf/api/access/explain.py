"""Why a call goes through or does not: each rule of the model, its score, whether it is for the caller."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, TypeAlias

from lbconf.api.access.caller import Caller
from lbconf.api.access.denial import denied
from lbconf.api.access.gate import Gate, Ranked
from lbconf.project.permissions import DENY, default_permission, role_of, subject
from lbconf.project.resolved import Acl, Model, Project
from lbconf.records import dataclass

__all__ = ["Considered", "Explanation", "Principals", "assumed", "explain", "known_roles"]

EVERYONE: Final = ("ROLE", "$everyone")
KNOWN: Final = ("ROLE", "$authenticated")
UNKNOWN: Final = ("ROLE", "$unauthenticated")
USUAL: Final = frozenset({"$everyone", "$authenticated", "$unauthenticated", "$owner"})
"""Roles that every project has."""

Principals: TypeAlias = frozenset[tuple[str, str]]
Holds: TypeAlias = Callable[[Acl], bool | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    """One rule, as it was seen."""

    rule: Acl
    score: int | None
    """None: it is about another method or another kind of access."""
    applies: bool | None
    """Whether it is for the caller; None where it does not matter, or the data would have to be asked."""
    stored: bool
    """Whether it is a row of the model for rules."""
    decides: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A decision and what led to it."""

    gate: Gate
    caller: str
    """As it was asked about: `user:42`."""
    id: Any
    considered: tuple[Considered, ...]
    """Highest score first, those that do not fit last."""
    allowed: bool | None
    """None where it depends on data that were not asked."""
    status: int | None
    """HTTP status of the refusal."""
    reason: str
    note: str | None = None
    """What of the question is not part of the decision."""


def explain(
    project: Project,
    gate: Gate,
    rules: Sequence[Ranked],
    holds: Holds,
    *,
    caller: Caller,
    name: str,
    id: Any,  # noqa: A002
) -> Explanation:
    """The decision about one call. `rules` are those that fit it, `holds` says whether one is for the caller."""
    model = gate.endpoint.model
    seen = [(found, holds(found.rule)) for found in rules]
    first = next((found for found, held in seen if held), None)
    outcome = first.allows if first is not None else gate.default
    unsure = _unsure(seen, outcome=outcome)
    scoped = any(scope in gate.scopes for scope in caller.scopes)
    allowed = None if scoped and unsure else scoped and outcome
    considered = tuple(
        Considered(
            rule=found.rule,
            score=found.score,
            applies=held,
            stored=found.stored,
            decides=found is first and scoped and not unsure,
        )
        for found, held in seen
    )
    return Explanation(
        gate=gate,
        caller=name,
        id=id,
        considered=(*considered, *_others(model, rules)),
        allowed=allowed,
        status=None if allowed is not False else denied(project, model, caller, id).status,
        reason=_reason(gate, first, scoped=scoped, unsure=unsure),
    )


def assumed(roles: Iterable[str]) -> Principals:
    """Everything somebody is who is in these roles: nobody known where there are none but `$everyone`."""
    named = frozenset(("ROLE", role) for role in roles) | {EVERYONE}
    return named | ({KNOWN} if named - {EVERYONE, UNKNOWN} else {UNKNOWN})


def known_roles(models: Iterable[Model]) -> Iterator[str]:
    """The roles that rules name, other than those every project has, each once."""
    seen = set(USUAL)
    for model in models:
        for rule in model.acls:
            role = role_of(rule)
            if role is not None and role not in seen:
                seen.add(role)
                yield role


def _unsure(seen: Sequence[tuple[Ranked, bool | None]], *, outcome: bool) -> bool:
    """Whether a rule that goes before the one that decides could be for the caller, and says something else."""
    for found, held in seen:
        if held:
            return False
        if held is None and found.allows is not outcome:
            return True
    return False


def _others(model: Model, rules: Sequence[Ranked]) -> Iterator[Considered]:
    """The model's rules that are about other calls."""
    fitting = {id(found.rule) for found in rules}
    for rule in model.acls:
        if id(rule) not in fitting:
            yield Considered(rule=rule, score=None, applies=None, stored=False, decides=False)


def _reason(gate: Gate, first: Ranked | None, *, scoped: bool, unsure: bool) -> str:
    model = gate.endpoint.model
    if not scoped:
        return f"the token is not for the scopes of this method: {', '.join(gate.scopes)}"
    if unsure:
        return "on data that were not asked"
    if first is None:
        usual = "" if model.settings.get("defaultPermission") else ", as always where the model does not say it"
        return f"no rule is for this caller and this call; defaultPermission is {default_permission(model)}{usual}"
    kind, name = subject(first.rule)
    verb = "denies" if first.rule.permission == DENY else "allows"
    return f"the rule for {kind} {name} {verb} it: the highest score of those that are for the caller"
