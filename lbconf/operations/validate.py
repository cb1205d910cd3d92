"""Check a project: every finding of every file, in one environment or in all. Nothing is contacted."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from lbconf.code.checking import code_findings
from lbconf.code.scripts import script_findings
from lbconf.diagnostics import Code, Collector, Diagnostic, Severity
from lbconf.documents.discovery import chosen_environment
from lbconf.errors import DocumentError
from lbconf.operations.compose import known_environments, project_root
from lbconf.operations.load import check_project
from lbconf.project.resolved import Project
from lbconf.records import dataclass, replace

__all__ = ["Checked", "Validation", "validate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One environment, checked."""

    environment: str
    models: int | None
    """Models that the project writes or uses; None where nothing could be resolved."""
    data_sources: int | None
    diagnostics: tuple[Diagnostic, ...]

    @property
    def good(self) -> bool:
        """Whether no finding is an error."""
        return not any(finding.severity is Severity.ERROR for finding in self.diagnostics)


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """What checking a project found."""

    root: Path
    """Folder that locations are relative to."""
    environments: tuple[Checked, ...]

    @property
    def good(self) -> bool:
        """Whether no finding is an error."""
        return all(checked.good for checked in self.environments)

    @property
    def findings(self) -> tuple[tuple[Diagnostic, tuple[str, ...]], ...]:
        """Each finding once, with the names of the environments that have it; in the order they were made."""
        where: dict[Diagnostic, list[str]] = {}
        for checked in self.environments:
            for finding in dict.fromkeys(checked.diagnostics):
                where.setdefault(finding, []).append(checked.environment)
        return tuple((finding, tuple(names)) for finding, names in where.items())


def validate(
    root: Path,
    environment: str | None = None,
    *,
    layout: str | None = None,
    overrides: Sequence[str] = (),
    all_environments: bool = False,
    environ: Mapping[str, str] | None = None,
) -> Validation:
    """Check the project's files.

    Args:
        root: The project's folder, or its `environments` or `server` folder.
        environment: Name of the environment; else `LBCONF_ENV`, `NODE_ENV`, `development`. Ignored for all.
        layout: `native`, `loopback` or `loopback1`; told from the files where it is None.
        overrides: `pointer=value` texts, the strongest layer.
        all_environments: Whether to check every environment that has a layer.
        environ: The environment variables; the process's own where it is None.
    """
    try:
        shown_from = project_root(root, layout)
        names: tuple[str | None, ...] = (environment,)
        if all_environments:
            names = known_environments(root, layout) or names
    except DocumentError as error:
        lost = Checked(
            environment=_name(environment, environ), models=None, data_sources=None, diagnostics=error.diagnostics
        )
        return Validation(root=root, environments=(lost,))
    return Validation(
        root=shown_from,
        environments=tuple(_check(root, name, layout, overrides, environ) for name in names),
    )


def _check(
    root: Path, name: str | None, layout: str | None, overrides: Sequence[str], environ: Mapping[str, str] | None
) -> Checked:
    project, found = check_project(root, name, layout=layout, overrides=overrides, environ=environ)
    if project is not None:
        code = (*code_findings(project), *script_findings(project))
        found = (*found, *_seed_findings(project), *_serve_findings(project), *code)
    return Checked(
        environment=project.environment if project else _name(name, environ),
        models=len(project.models) if project else None,
        data_sources=len(project.data_sources) if project else None,
        diagnostics=_by_place(tuple(map(_refused, found))),
    )


def _refused(finding: Diagnostic) -> Diagnostic:
    """The finding, an error where only `validate` makes one of it."""
    return replace(finding, severity=Severity.ERROR) if finding.code is Code.ACL_MISSING else finding


def _seed_findings(project: Project) -> tuple[Diagnostic, ...]:
    """What could not be used of the project's seed files."""
    from lbconf.operations.seed_rows import own_seed_files, read_seed

    found = Collector()
    read_seed(project, own_seed_files(project), found)
    return found.diagnostics


def _serve_findings(project: Project) -> tuple[Diagnostic, ...]:
    """What serving the project would warn of."""
    from lbconf.operations.protection import unprotected

    return unprotected(project)


def _name(environment: str | None, environ: Mapping[str, str] | None) -> str:
    if environ is None:
        import os

        environ = os.environ
    return chosen_environment(environment, environ)[0]


def _by_place(found: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Errors before the rest, each kind by file and line, so that the order says nothing about the stages."""
    return tuple(
        sorted(
            found,
            key=lambda finding: (
                finding.severity is not Severity.ERROR,
                (finding.location.file, finding.location.line, finding.location.column) if finding.location else ("",),
            ),
        )
    )
