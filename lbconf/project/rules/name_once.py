"""Model names differ by more than case: paths, tables and files would not."""

from collections.abc import Iterator

from lbconf.diagnostics import Code, Diagnostic, Related, Severity
from lbconf.project.resolved import Model
from lbconf.project.rules.facts import Facts

__all__ = ["name_once"]


def name_once(facts: Facts) -> Iterator[Diagnostic]:
    """A finding for every model whose name another one has in other letters; a warning in LoopBack layouts."""
    taken: dict[str, Model] = {}
    for model, _ in facts.written():
        first = taken.setdefault(model.name.casefold(), model)
        if first is model:
            continue
        yield facts.found(
            Code.MODEL_DUPLICATE,
            f"models {first.name} and {model.name} differ in case only",
            model.location,
            "rename one of them",
            related=(Related(message=f"{first.name} is here", location=first.location),) if first.location else (),
            severity=Severity.WARNING if facts.layout.is_loopback else Severity.ERROR,
        )
