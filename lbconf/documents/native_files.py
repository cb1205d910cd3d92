"""The files of the native layout: `base`, the environment and `local`, each with its documents and `models/`."""

import os
import re
from pathlib import Path
from typing import Final

from lbconf.diagnostics import Code, Collector, Location, Related, nearest
from lbconf.documents.source import SourceFile

__all__ = ["SUFFIXES", "environments", "find", "folder_of", "model_name"]

SUFFIXES: Final = (".yaml", ".yml", ".json", ".jsonc")
_SECTIONS: Final = ("server", "datasources", "components", "middleware")
_LAYERS: Final = frozenset({"base", "local"})
_MODELS: Final = "models"


def folder_of(root: Path) -> Path | None:
    """The folder that holds the layers: `root/environments` or `root` itself; None where neither does."""
    for folder in (root / "environments", root):
        if (folder / "base").is_dir():
            return folder
    folder = root / "environments"
    if folder.is_dir() and environments(folder):
        return folder
    return None


def environments(folder: Path) -> tuple[str, ...]:
    """Folders beside `base` and `local` that hold at least one document or are empty, by name."""
    try:
        with os.scandir(folder) as entries:
            names = [e.name for e in entries if e.name not in _LAYERS and not e.name.startswith((".", "_"))]
    except OSError:
        return ()
    return tuple(sorted(name for name in names if _is_layer(folder / name)))


def find(folder: Path, root: Path, environment: str, found: Collector) -> list[SourceFile]:
    """The files of every layer, lowest precedence first; findings tell what is in the way."""
    sources: list[SourceFile] = []
    for layer in ("base", environment, "local"):
        directory = folder / layer
        if directory.is_dir():
            sources.extend(_layer(directory, root, layer, found))
        elif layer != "local" and directory.exists():
            found.error(
                Code.FILE_NOT_REGULAR,
                "a file stands where a folder should be",
                Location(file=_shown(directory, root)),
                hint="remove or rename the file",
            )
    return sources


def model_name(stem: str) -> str:
    """The model a file name stands for: PascalCase, `order-line` is `OrderLine`."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9$]+", stem) if part)


def _is_layer(directory: Path) -> bool:
    try:
        with os.scandir(directory) as entries:
            names = [entry.name for entry in entries]
    except OSError:
        return False
    return not names or any(name == _MODELS or name.partition(".")[0] in _SECTIONS for name in names)


def _layer(directory: Path, root: Path, layer: str, found: Collector) -> list[SourceFile]:
    sources: list[SourceFile] = []
    by_section: dict[str, SourceFile] = {}
    for name in _names(directory, root, found):
        stem, suffix = os.path.splitext(name)  # noqa: PTH122 - a tenth of the time
        if suffix not in SUFFIXES or name.startswith("."):
            continue
        source = SourceFile(
            path=directory / name, shown=_shown(directory / name, root), section=stem, layer=layer, model=None
        )
        if stem not in _SECTIONS:
            _warn_unknown(stem, source, found)
        elif stem in by_section:
            _refuse_twice(source, by_section[stem], found)
        else:
            by_section[stem] = source
            sources.append(source)
    models = directory / _MODELS
    if models.is_dir():
        sources.extend(_models(models, root, layer, found))
    elif os.path.lexists(models):
        found.error(
            Code.FILE_NOT_REGULAR,
            "a file stands where the folder `models` should be",
            Location(file=_shown(models, root)),
            hint="remove or rename the file",
        )
    return sources


def _models(directory: Path, root: Path, layer: str, found: Collector) -> list[SourceFile]:
    by_name: dict[str, SourceFile] = {}
    shown = _shown(directory, root)
    for name in _names(directory, root, found):
        stem, suffix = os.path.splitext(name)  # noqa: PTH122 - a tenth of the time
        if suffix not in SUFFIXES or name.startswith((".", "_")):
            continue
        model = model_name(stem)
        source = SourceFile(path=directory / name, shown=f"{shown}/{name}", section=_MODELS, layer=layer, model=model)
        if model in by_name:
            _refuse_twice(source, by_name[model], found)
        else:
            by_name[model] = source
    return list(by_name.values())


def _names(directory: Path, root: Path, found: Collector) -> list[str]:
    try:
        return sorted(os.listdir(directory))  # noqa: PTH208 - names are wanted, not paths
    except OSError as error:
        found.error(
            Code.FILE_UNREADABLE,
            f"the folder cannot be listed: {error.strerror}",
            Location(file=_shown(directory, root)),
            hint="give yourself the right to read it",
        )
        return []


def _warn_unknown(stem: str, source: SourceFile, found: Collector) -> None:
    near = nearest(stem, (*_SECTIONS, _MODELS))
    if near is not None:
        found.warning(
            Code.FILE_UNKNOWN,
            "this file is not read: its name says nothing to lbconf",
            Location(file=source.shown),
            hint=f"did you mean {near}{source.path.suffix}?",
        )


def _refuse_twice(again: SourceFile, first: SourceFile, found: Collector) -> None:
    what = f"the model {first.model}" if first.model else f"`{first.section}`"
    found.error(
        Code.DOCUMENT_TWICE,
        f"two files of one layer speak about {what}: {first.path.name} and {again.path.name}",
        Location(file=again.shown),
        hint="keep one of the two",
        related=(Related(message="the other file", location=Location(file=first.shown)),),
    )


def _shown(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()
