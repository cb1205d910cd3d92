"""What a rule looks at, and the form of a rule."""

from collections.abc import Callable, Container, Iterator, Mapping
from typing import Any, TypeAlias

from lbconf.diagnostics import Code, Diagnostic, Location, Related, Severity
from lbconf.layers.merged import Origin
from lbconf.project.checking import Broken
from lbconf.project.probing import Probe
from lbconf.project.resolved import EMPTY, DataSource, Layout, Model
from lbconf.project.sources import ModelSource, Places
from lbconf.records import dataclass

__all__ = ["Facts", "Rule"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The project as far as it could be resolved, and what was written."""

    layout: Layout
    environment: str
    models: Mapping[str, Model]
    data_sources: Mapping[str, DataSource]
    known_data_sources: Container[str]
    """Names that are written, whether they could be used or not."""
    sources: Mapping[str, ModelSource]
    places: Places
    broken: Broken
    server: Mapping[str, Any]
    """The server's settings as merged."""
    incomplete: Container[str]
    """Models of which a part could not be read."""
    middleware: Mapping[str, Any] = EMPTY
    components: Mapping[str, Any] = EMPTY
    absent: Mapping[str, tuple[Origin, ...]] = EMPTY
    """JSON Pointer to the origins of what is left out because its variable is not set."""
    probe: Probe | None = None
    """Tries validations out, where somebody brought one."""

    def whole(self, model: Model) -> bool:
        """Whether every property of a model is known: neither it nor any of its bases is broken or missing."""
        return model.name not in self.incomplete

    def written(self) -> Iterator[tuple[Model, ModelSource]]:
        """Each model that the project writes or wires."""
        for name, source in self.sources.items():
            if source.at is not None and name in self.models:
                yield self.models[name], source

    def found(
        self,
        code: Code,
        message: str,
        location: Location | None,
        hint: str | None,
        *,
        related: tuple[Related, ...] = (),
        severity: Severity = Severity.ERROR,
    ) -> Diagnostic:
        """A finding."""
        return Diagnostic(code=code, message=message, location=location, hint=hint, related=related, severity=severity)


Rule: TypeAlias = Callable[[Facts], Iterator[Diagnostic]]
"""Looks at the facts and tells what is wrong."""
