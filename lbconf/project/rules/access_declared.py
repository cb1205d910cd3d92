"""What the world can reach in production says who may."""

from collections.abc import Iterator

from lbconf.diagnostics import Code, Diagnostic, Severity
from lbconf.project.rules.facts import Facts

__all__ = ["access_declared"]


def access_declared(facts: Facts) -> Iterator[Diagnostic]:
    """A warning for every public, attached model of the native layout without access rules, in production."""
    if facts.layout.is_loopback or facts.environment != "production":
        return
    for model, _ in facts.written():
        if model.public and model.data_source and not model.acls:
            yield facts.found(
                Code.ACL_MISSING,
                f"everybody may read and write model {model.name}",
                model.location,
                "write acls that say who may, or public: false",
                severity=Severity.WARNING,
            )
