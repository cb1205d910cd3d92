"""Access rules that nobody holds callers to: told by `validate` and by `serve`."""

from collections.abc import Sequence
from typing import Final

from lbconf.diagnostics import Code, Diagnostic, Severity
from lbconf.project.resolved import Model, Project

__all__ = ["unprotected"]

NAMED_AT_MOST: Final = 5


def unprotected(project: Project, *, switched_off: bool = False) -> tuple[Diagnostic, ...]:
    """A warning for access rules that are ignored, because the project or the command line says so."""
    ruled = [model for model in project.models.values() if model.public and model.data_source and model.acls]
    if not ruled or (project.auth and not switched_off):
        return ()
    if switched_off:
        reason, hint = "as the command line asks", "Leave out --insecure-no-access-control."
    elif project.layout.is_loopback:
        reason = "since no boot script calls enableAuth"
        hint = "server/boot/authentication.js with server.enableAuth() turns access control on, as in LoopBack."
    else:
        reason, hint = "since the server's settings say auth: false", "Leave that line out to turn access control on."
    return (
        Diagnostic(
            code=Code.ACCESS_NOT_ENFORCED,
            severity=Severity.WARNING,
            message=f"Access control is OFF, {reason}: the rules of {_listed(ruled)} are ignored, "
            "and everyone who reaches the server can read and write everything.",
            location=ruled[0].acls[0].location,
            hint=hint,
        ),
    )


def _listed(models: Sequence[Model]) -> str:
    names = [model.name for model in models[:NAMED_AT_MOST]]
    return ", ".join(names) + (", ..." if len(models) > NAMED_AT_MOST else "")
