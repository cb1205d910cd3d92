"""A built-in model that a relation leads to is kept somewhere."""

from collections.abc import Iterator

from lbconf.diagnostics import Code, Diagnostic, Severity
from lbconf.project.builtin import BUILT_IN
from lbconf.project.rules.facts import Facts

__all__ = ["built_in_attached"]


def built_in_attached(facts: Facts) -> Iterator[Diagnostic]:
    """A warning for every relation of an attached model to a built-in one without a data source."""
    for model, source in facts.written():
        if model.name in BUILT_IN or model.data_source is None:
            continue
        for relation in model.relations.values():
            target = facts.models.get(relation.target or "")
            if target is None or target.name not in BUILT_IN or target.data_source is not None:
                continue
            if relation.name not in (source.settings.get("relations") or {}):
                continue
            yield facts.found(
                Code.MODEL_UNATTACHED,
                f"relation {relation.name} of model {model.name} leads to {target.name}, which has no data source",
                relation.location,
                f"configure {target.name} with a dataSource, as a model of your own",
                severity=Severity.WARNING,
            )
