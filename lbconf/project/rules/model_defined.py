"""A model that is wired is also written somewhere, or built in."""

from collections.abc import Iterator

from lbconf.diagnostics import Code, Diagnostic, nearest
from lbconf.project.builtin import ABSTRACT, BUILT_IN
from lbconf.project.rules.facts import Facts

__all__ = ["model_defined"]


def model_defined(facts: Facts) -> Iterator[Diagnostic]:
    """A finding for every entry of model-config.json that has no model file."""
    for _, source in facts.written():
        if source.defined or source.name in ABSTRACT or source.name in facts.broken:
            continue
        written = [other.name for other in facts.sources.values() if other.defined and other.at is not None]
        near = nearest(source.name, [*written, *BUILT_IN])
        yield facts.found(
            Code.MODEL_UNDEFINED,
            f"model {source.name} is configured, and no file defines it",
            facts.places.key(source.at),
            f"did you mean {near}?" if near else "write its file, or take the entry out",
        )
