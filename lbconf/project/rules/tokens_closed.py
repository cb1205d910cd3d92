"""Who may read a user model does not, with that, read the tokens of its users."""

from collections.abc import Iterator

from lbconf.diagnostics import Code, Diagnostic, Severity
from lbconf.project.access import token_relations
from lbconf.project.permissions import DENY, closeness, is_allowed, role_of
from lbconf.project.resolved import Model
from lbconf.project.rules.facts import Facts

__all__ = ["tokens_closed"]

_USUAL = {"$everyone", "$authenticated", "$unauthenticated"}


def tokens_closed(facts: Facts) -> Iterator[Diagnostic]:
    """A warning for each rule of a LoopBack project that lets others than the owner read, and tokens with it."""
    if not facts.layout.is_loopback:
        return
    for model, _ in facts.written():
        if model.public and model.data_source and facts.whole(model):
            for name in token_relations(model, facts.models):
                yield from _opened(facts, model, name)


def _opened(facts: Facts, model: Model, relation: str) -> Iterator[Diagnostic]:
    method = f"__get__{relation}"
    for rule in model.acls:
        role = role_of(rule)
        reads = rule.access_type == "READ" and closeness(rule, (method,), "READ") is not None
        if role is None or role == "$owner" or not reads or method in rule.properties or rule.permission == DENY:
            continue
        who = {("ROLE", role), ("ROLE", "$everyone")} | ({("ROLE", "$authenticated")} if role not in _USUAL else set())
        if is_allowed(model, (method,), "READ", who):
            yield facts.found(
                Code.TOKENS_READABLE,
                f"{role} may read access tokens of every {model.name} ({method}), and so do whatever these may",
                rule.location or model.location,
                f"deny {method} to $everyone, or name the methods that the rule is for",
                severity=Severity.WARNING,
            )
