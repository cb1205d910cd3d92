"""A model says where its instances are kept, or says null."""

from collections.abc import Iterator

from lbconf.diagnostics import Code, Diagnostic, Severity
from lbconf.project.rules.facts import Facts

__all__ = ["data_source_named"]


def data_source_named(facts: Facts) -> Iterator[Diagnostic]:
    """A warning for every persisted model without `dataSource`; children in a file may be meant as bases only."""
    bases = {model.base for model in facts.models.values()}
    for model, source in facts.written():
        if "dataSource" in source.wiring or not source.wired or model.name in facts.broken:
            continue
        if not model.persisted or (model.name in bases and not source.wiring):
            continue
        yield facts.found(
            Code.MODEL_UNATTACHED,
            f"model {model.name} does not say its data source; it is neither planned nor served",
            facts.places.key(source.at),
            "add dataSource: the name of one, or null where that is meant",
            severity=Severity.WARNING,
        )
