"""Which files make up a project: its layout, its environment, its layers."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from lbconf.diagnostics import Code, Collector, Diagnostic, nearest
from lbconf.documents import loopback_files, native_files
from lbconf.documents.source import SourceFile
from lbconf.errors import DocumentError
from lbconf.records import dataclass

__all__ = [
    "DEFAULT_ENVIRONMENT",
    "LAYOUTS",
    "Place",
    "ProjectFiles",
    "chosen_environment",
    "discover",
    "environments",
    "locate",
]

DEFAULT_ENVIRONMENT: Final = "development"
LAYOUTS: Final = ("native", "loopback", "loopback1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a project lives."""

    root: Path
    """The project's root, the same whether it was named itself or by its `environments` or `server` folder."""
    layout: str
    """`native`, `loopback` or `loopback1`."""
    folder: Path
    """Native: the folder that holds `base`; LoopBack: the boot directory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFiles:
    """The files of one project in one environment."""

    place: Place
    environment: str
    sources: tuple[SourceFile, ...]
    """Lowest precedence first. Without the model files of LoopBack 2 and 3, whose folders model-config.json names."""
    diagnostics: tuple[Diagnostic, ...]
    """What stands in the way of single files, and warnings."""


def discover(
    root: Path, environment: str | None, *, layout: str | None = None, environ: Mapping[str, str] | None = None
) -> ProjectFiles:
    """The files of the project at `root`.

    Raises:
        DocumentError: when there is no project, or the environment has no layer.
    """
    place = locate(root, layout)
    named, how = chosen_environment(environment, os.environ if environ is None else environ)
    found = Collector()
    if not named or "/" in named or "\\" in named or named in {".", ".."}:
        known = ", ".join(environments(place))
        found.error(
            Code.ENVIRONMENT_UNKNOWN,
            f"{named!r} cannot be the name of an environment",
            hint=f"there are {known}" if known else "a name is one word, such as production",
        )
        raise DocumentError(found.diagnostics)
    if place.layout == "native":
        _require_layer(place, named, how)
        sources = native_files.find(place.folder, place.root, named, found)
    else:
        sources = loopback_files.find(place.folder, place.root, named, found, first=place.layout == "loopback1")
    return ProjectFiles(place=place, environment=named, sources=tuple(sources), diagnostics=found.diagnostics)


def locate(root: Path, layout: str | None = None) -> Place:
    """Where the project at or around `root` lives, and its layout unless it is given.

    Raises:
        DocumentError: when there is no project.
    """
    root = Path(os.path.abspath(root))  # noqa: PTH100 - resolve() would follow links, and so change what is shown
    if layout is not None and layout not in LAYOUTS:
        near = nearest(layout, LAYOUTS)
        hint = f"did you mean {near}?" if near else f"layouts are {', '.join(LAYOUTS)}"
        raise DocumentError(Diagnostic(code=Code.LAYOUT_UNKNOWN, message=f"unknown layout {layout!r}", hint=hint))
    if not root.is_dir():
        what = "is no folder" if root.exists() else "does not exist"
        raise DocumentError(
            Diagnostic(
                code=Code.FILE_MISSING,
                message=f"the project folder {root} {what}",
                hint="name the folder that holds `environments/` or `server/`",
            )
        )
    if layout in {None, "native"} and (folder := native_files.folder_of(root)) is not None:
        return Place(root=_parent_if(folder, "environments"), layout="native", folder=folder)
    if layout != "native" and (boot := loopback_files.boot_directory(root)) is not None:
        directory, generation = boot
        return Place(root=_parent_if(directory, "server"), layout=layout or generation, folder=directory)
    raise DocumentError(
        Diagnostic(
            code=Code.LAYOUT_UNKNOWN,
            message=f"no {layout + ' ' if layout else ''}project in {root}",
            hint="a project has `environments/base/`, or `server/model-config.json`, or `models.json` beside "
            "`datasources.json`",
        )
    )


def environments(place: Place) -> tuple[str, ...]:
    """Every environment that has a layer, by name. LoopBack projects always have `development`."""
    if place.layout == "native":
        return native_files.environments(place.folder)
    return tuple(sorted({DEFAULT_ENVIRONMENT, *loopback_files.environments(place.folder)}))


def chosen_environment(environment: str | None, environ: Mapping[str, str]) -> tuple[str, str | None]:
    """The environment's name, and what named it: `--env`, a variable, or None for the default."""
    if environment is not None:
        return environment, "--env"
    for variable in ("LBCONF_ENV", "NODE_ENV"):
        if environ.get(variable):
            return environ[variable], variable
    return DEFAULT_ENVIRONMENT, None


def _require_layer(place: Place, named: str, how: str | None) -> None:
    known = native_files.environments(place.folder)
    if named in known or (not known and (how is None or named == DEFAULT_ENVIRONMENT)):
        return
    there_are = f"there are {', '.join(known)}" if known else "there is only `base`"
    near = nearest(named, known)
    if how is None:
        message = f"no environment was chosen, and there is no {named!r}"
        hint = f"say --env or set LBCONF_ENV: {there_are}"
    else:
        message = f"there is no environment {named!r}" + ("" if how == "--env" else f" (from the variable {how})")
        hint = (f"did you mean {near}? " if near else "") + there_are
    raise DocumentError(Diagnostic(code=Code.ENVIRONMENT_UNKNOWN, message=message, hint=hint))


def _parent_if(folder: Path, name: str) -> Path:
    """The folder above one of that name, else the folder itself."""
    return folder.parent if folder.name == name else folder
