"""The one way from a project's files to its merged configuration: discover, read, merge, fill in."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from lbconf.diagnostics import Collector, Diagnostic
from lbconf.documents.discovery import ProjectFiles, discover, environments, locate
from lbconf.documents.loopback_files import DEFAULT_SOURCES, boot_scripts, model_files
from lbconf.documents.pointer import child
from lbconf.documents.reader import read_documents
from lbconf.documents.source import Document, SourceFile
from lbconf.errors import DocumentError, MergeError
from lbconf.layers.merged import MergedConfig, Origin
from lbconf.layers.overrides import Override, read_overrides
from lbconf.layers.part import Part
from lbconf.layers.provenance import Provenance
from lbconf.operations.collection import collection_paused
from lbconf.patterns import pattern

__all__ = ["compose", "compose_partly", "known_environments", "project_root"]

_COMMENT: Final = pattern(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_ENABLES_AUTH: Final = pattern(r"\.\s*enableAuth\s*\(")


def compose(
    root: Path,
    environment: str | None = None,
    *,
    layout: str | None = None,
    overrides: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
) -> MergedConfig:
    """The project's configuration in one environment, with the place of every value.

    Args:
        root: The project's folder, or its `environments` or `server` folder.
        environment: Name of the environment; else `LBCONF_ENV`, `NODE_ENV`, `development`.
        layout: `native`, `loopback` or `loopback1`; told from the files where it is None.
        overrides: `pointer=value` texts, the strongest layer, in their order.
        environ: The environment variables; the process's own where it is None.

    Raises:
        DocumentError: when files are missing or cannot be read; carries the findings of all files.
        MergeError: when layers contradict each other or a variable cannot be filled in.
    """
    config = compose_partly(root, environment, layout=layout, overrides=overrides, environ=environ)
    errors = [found for found in config.diagnostics if found.severity == "error"]
    if errors:
        unread = any(found.code.startswith("LB1") for found in errors)
        raise (DocumentError if unread else MergeError)(config.diagnostics)
    return config


def compose_partly(
    root: Path,
    environment: str | None = None,
    *,
    layout: str | None = None,
    overrides: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
    early: Callable[[MergedConfig], None] | None = None,
) -> MergedConfig:
    """As `compose`, but with whatever could be read and merged: errors are among the diagnostics.

    `broken` tells which parts are not whole, so that a check can go on without blaming what only follows.
    `early` is given the data sources alone, before the models are read, in the native layout and where nothing is wrong
    so far.

    Raises:
        DocumentError: when there is no project, or the environment has no layer.
    """
    with collection_paused():
        return _compose(root, environment, layout, overrides, os.environ if environ is None else environ, early)


def project_root(root: Path, layout: str | None = None) -> Path:
    """The folder that shown paths are relative to, whichever of its folders was named.

    Raises:
        DocumentError: when there is no project.
    """
    return locate(root, layout).root


def known_environments(root: Path, layout: str | None = None) -> tuple[str, ...]:
    """The names of all environments that have a layer.

    Raises:
        DocumentError: when there is no project.
    """
    return environments(locate(root, layout))


def _compose(
    root: Path,
    environment: str | None,
    layout: str | None,
    overrides: Sequence[str],
    variables: Mapping[str, str],
    early: Callable[[MergedConfig], None] | None,
) -> MergedConfig:
    files = discover(root, environment, layout=layout, environ=variables)
    found = Collector()
    found.extend(files.diagnostics)
    settings = read_overrides(overrides, variables, found)
    if early is not None and files.place.layout == "native" and not found.errors:
        _tell_data_sources(files, settings, variables, early)
    documents = read_documents(files.sources, found, native=files.place.layout == "native", environ=dict(variables))
    broken = _broken(files.sources, documents)
    if files.place.layout == "native":
        from lbconf.layers.assemble_native import assemble_native

        return _config(files, documents, assemble_native(documents, settings, variables, found), broken, found)
    return _compose_loopback(files, documents, settings, variables, broken, found)


def _tell_data_sources(
    files: ProjectFiles,
    settings: Sequence[Override],
    variables: Mapping[str, str],
    early: Callable[[MergedConfig], None],
) -> None:
    from lbconf.layers.assemble_native import assemble_section

    found = Collector()
    sources = [source for source in files.sources if source.section == "datasources"]
    documents = read_documents(sources, found, native=True, environ=dict(variables))
    config = _config(
        files, documents, [assemble_section("datasources", documents, settings, variables, found)], set(), found
    )
    if not found.errors:
        early(config)


def _compose_loopback(
    files: ProjectFiles,
    documents: list[Document],
    settings: Sequence[Override],
    environ: Mapping[str, str],
    broken: set[str],
    found: Collector,
) -> MergedConfig:
    from lbconf.layers.assemble_loopback import (
        assemble_loopback,
        merge_configuration,
        source_folders,
    )

    place = files.place
    config = merge_configuration(documents, found)
    models: list[Document] = []
    if place.layout == "loopback":
        sources = model_files(place.folder, place.root, source_folders(config, DEFAULT_SOURCES), found)
        models = read_documents(sources, found, native=False)
        broken |= _broken(sources, models)
    parts = assemble_loopback(config, models, settings, environ, files.environment, place.folder, found)
    return _config(
        files, [*documents, *models], parts, broken, found, boot_auth=_enables_auth(place.folder, files.environment)
    )


def _config(
    files: ProjectFiles,
    documents: Sequence[Document],
    parts: Sequence[Part],
    broken: set[str],
    found: Collector,
    *,
    boot_auth: bool = False,
) -> MergedConfig:
    data: dict[str, Any] = {"server": {}, "datasources": {}, "models": {}, "components": {}, "middleware": {}}
    raw: dict[str, Any] = {"server": {}, "datasources": {}, "models": {}, "components": {}, "middleware": {}}
    makers: dict[str, Any] = {}
    absent: dict[str, tuple[Origin, ...]] = {}
    for part in parts:
        section, *inner = part.address
        if inner:
            data[section][inner[0]], raw[section][inner[0]] = part.data, part.raw
        else:
            data[section], raw[section] = part.data, part.raw
        pointer = child(f"/{section}", inner[0]) if inner else f"/{section}"
        makers[pointer] = part.trail
        absent.update(part.absent_origins())
    return MergedConfig(
        root=files.place.root,
        layout=files.place.layout,
        environment=files.environment,
        data=data,
        raw=raw,
        provenance=Provenance(makers),
        files=tuple(document.source.shown for document in documents),
        boot_auth=boot_auth,
        diagnostics=_in_order(found),
        absent=absent,
        broken=frozenset(broken),
    )


def _in_order(found: Collector) -> tuple[Diagnostic, ...]:
    return tuple(dict.fromkeys(found.diagnostics))


def _broken(sources: Sequence[SourceFile], documents: Sequence[Document]) -> set[str]:
    """Pointers of the parts that a file which could not be read speaks about."""
    read = {id(document.source) for document in documents}
    lost = [source for source in sources if id(source) not in read]
    named = {"model-config": "/models", "models.json": "/models"}
    return {
        child("/models", source.model) if source.model else named.get(source.section, f"/{source.section}")
        for source in lost
    }


def _enables_auth(boot: Path, environment: str) -> bool:
    """Whether a boot script, server.js or LoopBack 1's app.js turns access control on."""
    for script in (*boot_scripts(boot, environment), boot / "server.js", boot / "app.js"):
        try:
            text = script.read_text(encoding="utf-8", errors="replace") if script.is_file() else ""
        except OSError:
            continue
        if _ENABLES_AUTH.search(_COMMENT.sub("", text)):
            return True
    return False
