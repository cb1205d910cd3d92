"""What is hidden or protected exists: a misspelt name would show a secret."""

from collections.abc import Iterator
from typing import Final

from lbconf.diagnostics import Code, Diagnostic, Severity, nearest
from lbconf.project.rules.facts import Facts

__all__ = ["hidden_known"]

_KEYS: Final = ("hidden", "hiddenProperties", "protected", "protectedProperties")


def hidden_known(facts: Facts) -> Iterator[Diagnostic]:
    """A finding for every name that is no property; a warning in LoopBack layouts, which keep unknown ones."""
    for model, source in facts.written():
        if not facts.whole(model):
            continue
        for key in _KEYS:
            names = source.settings.get(key)
            for place, name in enumerate(names if isinstance(names, list | tuple) else ()):
                if not isinstance(name, str) or name in model.properties or name in model.relations:
                    continue
                near = nearest(name, model.properties)
                yield facts.found(
                    Code.HIDDEN_UNKNOWN,
                    f"model {model.name} has no property {name} that could be {key.removesuffix('Properties')}",
                    facts.places.value(source.pointer(key, place)),
                    f"did you mean {near}?" if near else f"properties: {', '.join(model.properties)}",
                    severity=Severity.WARNING if facts.layout.is_loopback else Severity.ERROR,
                )
