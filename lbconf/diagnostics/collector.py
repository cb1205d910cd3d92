"""Collecting findings of one stage, so that all are reported in one run."""

from collections.abc import Iterable

from lbconf.diagnostics.codes import Code
from lbconf.diagnostics.diagnostic import Diagnostic, Location, Related, Severity

__all__ = ["Collector"]


class Collector:
    """Gathers findings in the order they are made."""

    def __init__(self) -> None:
        """Start without findings."""
        self._found: list[Diagnostic] = []

    def add(self, diagnostic: Diagnostic) -> None:
        """Keep one finding."""
        self._found.append(diagnostic)

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Keep several findings."""
        self._found.extend(diagnostics)

    def error(
        self,
        code: Code,
        message: str,
        location: Location | None = None,
        *,
        hint: str | None = None,
        related: tuple[Related, ...] = (),
    ) -> None:
        """Keep an error."""
        self.add(Diagnostic(code=code, message=message, location=location, hint=hint, related=related))

    def warning(
        self,
        code: Code,
        message: str,
        location: Location | None = None,
        *,
        hint: str | None = None,
        related: tuple[Related, ...] = (),
    ) -> None:
        """Keep a warning."""
        self.add(
            Diagnostic(
                code=code, severity=Severity.WARNING, message=message, location=location, hint=hint, related=related
            )
        )

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """All findings so far, oldest first."""
        return tuple(self._found)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The findings that make a command fail, oldest first."""
        return tuple(found for found in self._found if found.severity is Severity.ERROR)
