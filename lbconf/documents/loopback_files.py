"""The files of LoopBack 1, 2 and 3 projects, in LoopBack's own order: base, local, environment."""

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from lbconf.diagnostics import Code, Collector, Location
from lbconf.documents.native_files import model_name
from lbconf.documents.source import SourceFile

__all__ = ["DEFAULT_SOURCES", "boot_directory", "boot_scripts", "environments", "find", "model_files"]

DEFAULT_SOURCES: Final = ("./models",)
"""Where model files are looked for when `_meta.sources` says nothing, relative to the boot directory."""

_FILES: Final = {
    "server": "config",
    "datasources": "datasources",
    "model-config": "model-config",
    "components": "component-config",
    "middleware": "middleware",
}
_FILES_1: Final = {"server": "app", "datasources": "datasources", "models.json": "models"}


def boot_directory(root: Path) -> tuple[Path, str] | None:
    """The folder LoopBack boots from, and `loopback` or `loopback1`; None where this is no LoopBack project."""
    for folder in (root / "server", root):
        if (folder / "model-config.json").exists():
            return folder, "loopback"
    for folder in (root, root / "server"):
        if (folder / "models.json").exists() and (folder / "datasources.json").exists():
            return folder, "loopback1"
    for folder in (root / "server", root):
        if (folder / "datasources.json").exists():
            return folder, "loopback"
    return None


def environments(boot: Path) -> tuple[str, ...]:
    """The environments that some overlay in the boot directory is for, by name."""
    stems = "|".join(re.escape(stem) for stem in _FILES.values())
    pattern = re.compile(rf"(?:{stems})\.(.+)\.(?:json|js)")
    try:
        names = [entry.name for entry in boot.iterdir()]
    except OSError:
        return ()
    matches = (pattern.fullmatch(name) for name in names)
    return tuple(sorted({match.group(1) for match in matches if match} - {"local"}))


def find(boot: Path, root: Path, environment: str, found: Collector, *, first: bool) -> list[SourceFile]:
    """The configuration files, lowest precedence first; overlays without a base are left out with a warning."""
    sources: list[SourceFile] = []
    for section, stem in (_FILES_1 if first else _FILES).items():
        base = boot / f"{stem}.json"
        overlays = [] if first else _overlays(boot, root, stem, section, environment)
        if os.path.lexists(base):
            sources.append(SourceFile(path=base, shown=_shown(base, root), section=section, layer="base"))
            sources.extend(overlays)
            continue
        for overlay in overlays:
            found.warning(
                Code.OVERLAY_IGNORED,
                f"LoopBack ignores this file, because there is no {stem}.json",
                Location(file=overlay.shown),
                hint=f"add {stem}.json, if only with `{{}}`, or remove this file",
            )
    return sources


def model_files(boot: Path, root: Path, folders: Iterable[str], found: Collector) -> list[SourceFile]:
    """The model files in the source folders, in their order; folders that do not exist are passed over."""
    sources: list[SourceFile] = []
    for folder in folders:
        directory = _source_folder(boot, root, folder)
        if directory is None:
            continue
        try:
            names = sorted(entry.name for entry in directory.iterdir())
        except OSError as error:
            found.error(
                Code.FILE_UNREADABLE,
                f"the folder cannot be listed: {error.strerror}",
                Location(file=_shown(directory, root)),
                hint="give yourself the right to read it",
            )
            continue
        shown = _shown(directory, root)
        sources.extend(
            SourceFile(
                path=directory / name,
                shown=name if shown == "." else f"{shown}/{name}",
                section="models",
                layer="base",
                model=model_name(name.removesuffix(".json")),
            )
            for name in names
            if name.endswith(".json") and not name.startswith("_") and not _is_configuration(name, directory, boot)
        )
    return sources


def boot_scripts(boot: Path, environment: str) -> list[Path]:
    """The boot scripts in the order LoopBack runs them."""
    scripts: list[Path] = []
    for directory in (boot / "boot", boot / "boot" / environment):
        if directory.is_dir():
            names = sorted((entry.name for entry in directory.iterdir()), key=str.casefold)
            scripts.extend(
                directory / name
                for name in names
                if name.endswith(".js") and name != "index.js" and not name.startswith(("_", "."))
            )
    return scripts


def _overlays(boot: Path, root: Path, stem: str, section: str, environment: str) -> list[SourceFile]:
    overlays: list[SourceFile] = []
    for part in dict.fromkeys(("local", environment)):
        for suffix in (".js", ".json"):
            path = boot / f"{stem}.{part}{suffix}"
            if os.path.lexists(path):
                overlays.append(SourceFile(path=path, shown=_shown(path, root), section=section, layer=part))
                break
    return overlays


def _source_folder(boot: Path, root: Path, folder: str) -> Path | None:
    """The folder an entry of `_meta.sources` means. LoopBack's own built-in models are not read from packages."""
    if folder.startswith(("./", "../")) or folder in {".", ".."} or Path(folder).is_absolute():
        candidates = [boot / folder]
    elif folder.startswith("loopback/"):
        return None
    else:
        candidates = [boot / folder, boot / "node_modules" / folder, root / "node_modules" / folder]
    return next((candidate for candidate in candidates if candidate.is_dir()), None)


def _is_configuration(name: str, directory: Path, boot: Path) -> bool:
    """Whether a file is configuration, not a model, in a project that keeps everything in one folder."""
    stem = name.partition(".")[0]
    other = stem in {*_FILES.values(), "package", "package-lock", "providers", "tsconfig", "manifest"}
    return other and os.path.normpath(directory) == os.path.normpath(boot)


def _shown(path: Path, root: Path) -> str:
    """Relative to the root where it lies below it, in its shortest form."""
    relative = os.path.relpath(path, root)
    return str(path) if relative.startswith("..") else relative.replace(os.sep, "/")
