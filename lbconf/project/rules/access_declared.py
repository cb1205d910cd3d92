"""What the world can reach in production says who may."""

from collections.abc import Iterator
from typing import Final

from lbconf.diagnostics import Code, Diagnostic, Severity
from lbconf.project.rules.facts import Facts

__all__ = ["access_declared"]

_NAMED: Final = 5
"""Most models that the finding names."""


def access_declared(facts: Facts) -> Iterator[Diagnostic]:
    """One warning for all public, attached models of the native layout without access rules, in production.

    `validate` makes an error of it; what merely needs the project goes on.
    """
    if facts.layout.is_loopback or facts.environment != "production":
        return
    open_to_all = [
        model
        for model, _ in facts.written()
        if model.public and model.data_source and not model.acls and not model.settings.get("defaultPermission")
    ]
    if open_to_all:
        names = ", ".join(model.name for model in open_to_all[:_NAMED])
        more = f" and {len(open_to_all) - _NAMED} more" if len(open_to_all) > _NAMED else ""
        models = "model" if len(open_to_all) == 1 else f"{len(open_to_all)} models:"
        yield facts.found(
            Code.ACL_MISSING,
            f"everybody who reaches the API may read and write {models} {names}{more}",
            open_to_all[0].location,
            "write acls (one for $everyone says that this is meant), defaultPermission: DENY, or public: false",
            severity=Severity.WARNING,
        )
