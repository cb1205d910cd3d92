"""In LoopBack's layouts a rule names a method by its own name."""

from collections.abc import Iterator, Mapping
from typing import Final

from lbconf.diagnostics import Code, Diagnostic, Severity
from lbconf.project.rules.facts import Facts

__all__ = ["access_names"]

OWN: Final[Mapping[str, str]] = {
    "upsert": "patchOrCreate",
    "updateOrCreate": "patchOrCreate",
    "patchOrCreateWithWhere": "upsertWithWhere",
    "destroyById": "deleteById",
    "removeById": "deleteById",
    "update": "updateAll",
    "updateAttributes": "patchAttributes",
}
"""Aliases of LoopBack 3's methods."""


def access_names(facts: Facts) -> Iterator[Diagnostic]:
    """A warning for each rule that names a method by an alias or with `prototype.`: LoopBack never applies it."""
    if not facts.layout.is_loopback:
        return
    for model, _ in facts.written():
        own = (rule for rule in model.acls if rule.location is not None)
        for rule in own:
            for name in rule.properties:
                plain = name.removeprefix("prototype.")
                meant = OWN.get(plain, plain)
                if meant != name and plain not in model.methods and name not in model.methods:
                    yield facts.found(
                        Code.ACL_IDLE,
                        f"a rule of {model.name} is for {name}, which LoopBack 3 calls {meant}: it never applies",
                        rule.location,
                        f"write {meant}",
                        severity=Severity.WARNING,
                    )
