"""A model is attached to a data source that exists."""

from collections.abc import Iterator

from lbconf.diagnostics import Code, Diagnostic, nearest
from lbconf.project.rules.facts import Facts

__all__ = ["data_source_known"]


def data_source_known(facts: Facts) -> Iterator[Diagnostic]:
    """A finding for every model whose data source is not among those written."""
    if facts.broken.data_sources:
        return
    for model, source in facts.written():
        name = model.data_source
        if name is None or name in facts.known_data_sources:
            continue
        near = nearest(name, facts.data_sources)
        known = ", ".join(facts.data_sources) or "none"
        yield facts.found(
            Code.DATA_SOURCE_UNKNOWN,
            f"model {model.name} is attached to {name}, and there is no such data source",
            facts.places.value(f"{source.at}/wiring/dataSource"),
            f"did you mean {near}?" if near else f"data sources: {known}",
        )
