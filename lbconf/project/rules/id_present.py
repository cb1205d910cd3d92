"""A model that is kept has a key, or its instances can never be found again."""

from collections.abc import Iterator

from lbconf.diagnostics import Code, Diagnostic, Severity
from lbconf.project.rules.facts import Facts

__all__ = ["id_present"]


def id_present(facts: Facts) -> Iterator[Diagnostic]:
    """A warning for every attached, writable model of the native layout without an id."""
    if facts.layout.is_loopback:
        return
    for model, source in facts.written():
        if model.persisted and model.data_source and not model.read_only and not model.ids and facts.whole(model):
            at = source.pointer("idInjection") if "idInjection" in source.settings else source.at
            yield facts.found(
                Code.ID_MISSING,
                f"model {model.name} has no id",
                facts.places.key(at),
                "give a property id: true, or take out idInjection: false",
                severity=Severity.WARNING,
            )
