"""One REST path leads to one model."""

from collections.abc import Iterator

from lbconf.diagnostics import Code, Diagnostic, Location, Related
from lbconf.project.resolved import Model
from lbconf.project.rules.facts import Facts

__all__ = ["path_once"]


def path_once(facts: Facts) -> Iterator[Diagnostic]:
    """A finding for every public model whose path another one has already."""
    taken: dict[str, Model] = {}
    for model in facts.models.values():
        if not model.public:
            continue
        first = taken.setdefault(model.path, model)
        if first is model:
            continue
        yield facts.found(
            Code.PATH_DUPLICATE,
            f"model {model.name} has the REST path {model.path}, which model {first.name} has already",
            _place(facts, model),
            "say another plural or http.path, or public: false for one of them",
            related=(Related(message=f"{first.name} is here", location=first.location),) if first.location else (),
        )


def _place(facts: Facts, model: Model) -> Location | None:
    source = facts.sources[model.name]
    for key in ("http", "plural"):
        if key in source.settings:
            return facts.places.value(source.pointer(key))
    return model.location
