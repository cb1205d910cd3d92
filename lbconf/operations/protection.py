"""What LoopBack would protect and this version does not: told by `validate`, refused by `serve`."""

from collections.abc import Sequence
from typing import Final

from lbconf.diagnostics import Code, Diagnostic, Severity
from lbconf.project.resolved import Model, Project

__all__ = ["UNPROTECTED_HINT", "unprotected"]

NAMED_AT_MOST: Final = 5
UNPROTECTED_HINT: Final = "Only where nobody else can reach the server, add --insecure-no-access-control."


def unprotected(project: Project) -> tuple[Diagnostic, ...]:
    """A warning for access rules that are ignored."""
    found: list[Diagnostic] = []
    public = [model for model in project.models.values() if model.public and model.data_source]
    ruled = [model for model in public if model.acls]
    if project.auth and ruled:
        found.append(
            Diagnostic(
                code=Code.ACCESS_NOT_ENFORCED,
                severity=Severity.WARNING,
                message=f"Access control is NOT enforced by this version: the rules of {_listed(ruled)} are ignored, "
                "and everyone who reaches the server can read and write everything.",
                location=ruled[0].acls[0].location,
            )
        )
    return tuple(found)


def _listed(models: Sequence[Model]) -> str:
    names = [model.name for model in models[:NAMED_AT_MOST]]
    return ", ".join(names) + (", ..." if len(models) > NAMED_AT_MOST else "")
