"""Where the files of a discovered project stand: the native layout and LoopBack's, new or existing."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from lbconf.diagnostics import Code, Collector, Diagnostic
from lbconf.documents import loopback_files, native_files
from lbconf.documents.reader import read_document
from lbconf.documents.source import Document, SourceFile
from lbconf.errors import DocumentError, ProjectError
from lbconf.plan.discovered import Discovered
from lbconf.plan.discovered_known import Described
from lbconf.project.naming import dashed
from lbconf.project.resolved import Layout
from lbconf.records import dataclass
from lbconf.state.structure import QualifiedName

__all__ = ["Places", "WantedFile", "read_places", "style_of", "wanted_files"]

SERVER: Final = {"restApiRoot": "/api"}
BOOT_CONFIG: Final = {"restApiRoot": "/api", "host": "0.0.0.0", "port": 3000}  # noqa: S104 - LoopBack's own default
SOURCES: Final = ["loopback/common/models", "loopback/server/models", "../common/models", "./models"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """What a project has before discovery writes into it."""

    layout: Layout
    documents: Mapping[str, Document]
    """Its base files, by path relative to the project."""
    definitions: Mapping[str, Mapping[str, Any]]
    """Its models' definitions by path, each with its `name` and `dataSource`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedFile:
    """One file as discovery would write it."""

    data: Mapping[str, Any]
    table: QualifiedName | None = None
    """What a model's file stands for."""
    shared: bool = False
    """Others write entries of it too, which stay."""
    keep: bool = False
    """Written only where there is none."""


def style_of(out: Path) -> str | None:
    """The style of the project that stands in a folder; None where none does."""
    if native_files.folder_of(out) is not None:
        return "native"
    return "loopback" if loopback_files.boot_directory(out) is not None else None


def read_places(out: Path, style: str) -> Places:
    """What stands in the folder.

    Args:
        out: A folder; it need not exist.
        style: `native` or `loopback`.

    Raises:
        DocumentError: A file there cannot be read.
        ProjectError: A project of another layout stands there.
    """
    there = style_of(out)
    if there is not None and there != style:
        raise ProjectError(
            Diagnostic(
                code=Code.UNSUPPORTED,
                message=f"{out} holds a project of the {there} layout, into which --style {style} cannot be written",
                hint=f"leave out --style, or choose another folder with --out; --style {there} fits there",
            )
        )
    found = Collector()
    places = _loopback(out, found) if style == "loopback" else _native(out, found)
    if found.errors:
        raise DocumentError(found.errors)
    return places


def wanted_files(
    found: Discovered,
    places: Places,
    mine: Described,
    *,
    data_source: str,
    entry: Mapping[str, Any],
    others: Iterable[str] = (),
    meta: bool = False,
) -> dict[str, WantedFile]:
    """The files by path.

    Args:
        found: What was discovered.
        places: What stands there.
        mine: Its definitions by table: a table's file stays where it is.
        data_source: Name of the data source.
        entry: What its own entry is to say.
        others: Further models of it, which this discovery did not look at.
        meta: Whether LoopBack's list of folders is discovery's to write; in a new project it is anyway.
    """
    paths = {id(definition): path for path, definition in places.definitions.items()}
    at = {table: paths[id(definition)] for table, definition in mine.definitions.items() if id(definition) in paths}
    pairs = list(zip(found.tables, found.models, strict=True))
    if places.layout is Layout.NATIVE:
        folder = _native_folder(places)
        files = {
            _section(places, f"{folder}/datasources", ".yaml"): WantedFile(data={data_source: entry}, shared=True),
            _section(places, f"{folder}/server", ".yaml"): WantedFile(data=SERVER, keep=True),
        }
        for table, model in pairs:
            path = at.get(table) or f"{folder}/models/{model['name']}.yaml"
            files[path] = WantedFile(data=model, table=table)
        return files
    boot = _boot_folder(places)
    folder = next((path.rpartition("/")[0] for path in places.definitions), "common/models")
    wiring: dict[str, Any] = {"_meta": {"sources": SOURCES, "mixins": []}} if meta or _is_new(places, boot) else {}
    wired = (*(str(model["name"]) for _, model in pairs), *others)
    wiring |= {name: {"dataSource": data_source, "public": True} for name in wired}
    files = {
        f"{boot}datasources.json": WantedFile(data={data_source: entry}, shared=True),
        f"{boot}model-config.json": WantedFile(data=wiring, shared=True),
        f"{boot}config.json": WantedFile(data=BOOT_CONFIG, keep=True),
    }
    for table, model in pairs:
        path = at.get(table) or f"{folder}/{dashed(str(model['name']))}.json"
        files[path] = WantedFile(data=model, table=table)
    return files


def _native(out: Path, found: Collector) -> Places:
    folder = native_files.folder_of(out)
    base = [] if folder is None else native_files.find(folder, out, "base", found)
    once = {source.shown: source for source in base if source.layer == "base"}
    documents = _read(list(once.values()), found, native=True)
    definitions = {
        path: {"name": document.source.model, **document.data}
        for path, document in documents.items()
        if document.source.section == "models"
    }
    return Places(layout=Layout.NATIVE, documents=documents, definitions=definitions)


def _loopback(out: Path, found: Collector) -> Places:
    boot = loopback_files.boot_directory(out)
    if boot is None:
        return Places(layout=Layout.LOOPBACK, documents={}, definitions={})
    folder, layout = boot
    if layout != "loopback":
        found.error(
            Code.UNSUPPORTED,
            "discovery writes files of LoopBack 2 and 3; this project is one of LoopBack 1",
            hint="choose another folder with --out",
        )
        return Places(layout=Layout.LOOPBACK1, documents={}, definitions={})
    sources = [
        source
        for source in loopback_files.find(folder, out, "development", found, first=False)
        if source.layer == "base"
    ]
    documents = _read(sources, found, native=False)
    wiring: Mapping[str, Any] = {}
    for document in documents.values():
        if document.source.section == "model-config":
            wiring = document.data
    meta = wiring.get("_meta")
    folders = meta.get("sources") if isinstance(meta, Mapping) else None
    listed = folders if isinstance(folders, list) else loopback_files.DEFAULT_SOURCES
    models = loopback_files.model_files(folder, out, [text for text in listed if isinstance(text, str)], found)
    files = _read(models, found, native=False)
    definitions = {}
    for path, document in files.items():
        name = document.data.get("name") or document.source.model
        wired = wiring.get(str(name))
        source = wired.get("dataSource") if isinstance(wired, Mapping) else None
        definitions[path] = {**document.data, "name": name, "dataSource": source}
    return Places(layout=Layout.LOOPBACK, documents=documents | files, definitions=definitions)


def _read(sources: Sequence[SourceFile], found: Collector, *, native: bool) -> dict[str, Document]:
    read = (read_document(source, found, native=native) for source in sources)
    return {document.source.shown: document for document in read if document is not None}


def _native_folder(places: Places) -> str:
    """The base layer, relative to the project: a project may itself be the folder of layers."""
    for path in places.documents:
        if path.startswith("base/"):
            return "base"
    return "environments/base"


def _boot_folder(places: Places) -> str:
    for path in places.documents:
        if path.rpartition("/")[2] in {"datasources.json", "model-config.json"}:
            return path.rpartition("/")[0] + "/" if "/" in path else ""
    return "server/"


def _is_new(places: Places, boot: str) -> bool:
    return f"{boot}model-config.json" not in places.documents


def _section(places: Places, stem: str, suffix: str) -> str:
    """The file of a section that is there, else the one to make."""
    there = (f"{stem}{ending}" for ending in native_files.SUFFIXES if f"{stem}{ending}" in places.documents)
    return next(there, f"{stem}{suffix}")
