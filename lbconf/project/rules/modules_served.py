"""Middleware and components of LoopBack have a counterpart; what others would do does not happen."""

from collections.abc import Iterator

from lbconf.diagnostics import Code, Diagnostic, Severity, nearest
from lbconf.documents.pointer import child
from lbconf.project.middleware import KNOWN_COMPONENTS, KNOWN_MIDDLEWARE, has_counterpart, middleware_entries
from lbconf.project.rules.facts import Facts

__all__ = ["modules_served"]


def modules_served(facts: Facts) -> Iterator[Diagnostic]:
    """A warning for every middleware and every component that is switched on and has no counterpart."""
    for entry in dict.fromkeys((entry.phase, entry.name) for entry in middleware_entries(facts.middleware)):
        phase, name = entry
        if not has_counterpart(name):
            near = nearest(name, KNOWN_MIDDLEWARE)
            yield facts.found(
                Code.MODULE_UNSUPPORTED,
                f"middleware {name} of the phase {phase} has no counterpart in lbconf; requests do not pass it",
                facts.places.key(child(child("/middleware", phase), name)),
                f"did you mean {near}?" if near else "do its work in front of lbconf or in Python code",
                severity=Severity.WARNING,
            )
    for name, options in facts.components.items():
        if options and name not in KNOWN_COMPONENTS:
            near = nearest(name, KNOWN_COMPONENTS)
            yield facts.found(
                Code.MODULE_UNSUPPORTED,
                f"component {name} has no counterpart in lbconf; nothing of it is served",
                facts.places.key(child("/components", name)),
                f"did you mean {near}?" if near else "take it away, or do its work in Python code",
                severity=Severity.WARNING,
            )
