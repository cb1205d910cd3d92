"""A live database as the files of a project, new or existing."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from lbconf.connectors.contract import ModelMapping
from lbconf.diagnostics import Diagnostic
from lbconf.layers.secret import Secret
from lbconf.operations.data_sources import create_connector, opened
from lbconf.operations.discover import inspected, mapping_of, thing
from lbconf.operations.discovery_files import Written, write_files
from lbconf.operations.discovery_places import Places, WantedFile, read_places, style_of, wanted_files
from lbconf.operations.discovery_record import read_record, write_record
from lbconf.operations.discovery_wanted import Discovery
from lbconf.plan.discovered import Discovered, discovered
from lbconf.plan.discovered_known import Described, described, known_names, renamed
from lbconf.plan.discovered_names import distinct
from lbconf.plan.discovered_scope import Scope, limited, narrowed, structure_beyond
from lbconf.plan.discovered_style import in_loopback_style
from lbconf.plan.discovered_wanted import Wanted
from lbconf.project.resolved import DataSource
from lbconf.records import dataclass, replace
from lbconf.state.structure import EVERYTHING, QualifiedName, State

__all__ = ["DiscoveredProject", "discover_project", "free_name"]

Observer = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscoveredProject:
    """What `discover_project` found and wrote."""

    data_source: str
    models: int
    written: tuple[Written, ...]
    """One entry per file, in order of their names."""
    diagnostics: tuple[Diagnostic, ...]
    """Warnings: what models cannot say, and files that were left as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Project:
    """What stands in the folder, and what was discovered into it before."""

    name: str
    mapping: ModelMapping
    places: Places
    mine: Described
    before: Described
    files_before: Mapping[str, Any]
    """Path to data, as the record has them."""

    @property
    def entry_before(self) -> Mapping[str, Any]:
        """The data source's entry as discovery last wrote it; empty where it did not."""
        found = (data.get(self.name) for path, data in self.files_before.items() if _is_sources(path))
        return next((entry for entry in found if isinstance(entry, Mapping)), {})

    @property
    def sources(self) -> Mapping[str, Any]:
        """The entries of all data sources that the files have."""
        found = (document.data for path, document in self.places.documents.items() if _is_sources(path))
        return next(found, {})


def discover_project(
    data_source: DataSource,
    out: Path,
    *,
    discovery: Discovery | None = None,
    style: str | None = None,
    force: bool = False,
    observer: Observer | None = None,
) -> DiscoveredProject:
    """Write models of a database into a project, a data source with them where it has none of that name.

    Run again, it merges three ways: what changed in the database since is
    taken over, what a person changed in the files stays, names included.

    Args:
        data_source: Where to look.
        out: The project's folder; made where it is missing.
        discovery: Where to look there, and how; everything when None.
        style: `native` or `loopback`; None: as the project there, native where there is none.
        force: Write every file as discovered, edits of people or not.
        observer: Told what is being done, one line each time.

    Raises:
        ConnectorError: The database cannot be reached or told.
        DocumentError: A file there cannot be read.
        PlanError: A table or namespace that is asked for is not there.
        ProjectError: A project of another layout stands there.
    """
    asked = discovery or Discovery()
    project = _read(data_source, out, style or style_of(out) or "native")
    connector = create_connector(data_source)
    with opened([connector]):
        tell = observer or _silent
        tell(f"reading the tables of {data_source.name}")
        state = inspected(connector, asked.namespaces)
    tell(f"read {len(state.tables)} tables and {len(state.views)} views")
    selected = frozenset(thing(state, table).name for table in asked.tables)
    scope = Scope(namespaces=asked.namespaces, selected=selected, views=asked.views)
    found = _discovered(project, narrowed(state, scope, project.mine.definitions), asked, scope)
    structure = structure_beyond(
        project.entry_before.get("structure", {}), found.structure, scope, _default_namespace(project.mapping)
    )
    now = described(found.models, project.mapping, project.places.layout)
    before = renamed(project.before, now)
    beyond = {table for table in project.before.definitions if scope.is_beyond(table, project.before.definitions)}
    wanted = wanted_files(
        found,
        project.places,
        project.mine,
        data_source=data_source.name,
        entry=_entry(data_source, project, structure),
        others=[str(project.before.definitions[table]["name"]) for table in sorted(beyond - set(found.tables))],
        meta=any("_meta" in data for data in project.files_before.values() if isinstance(data, Mapping)),
    )
    wanted = {path: _limited(file, before, scope, found) for path, file in wanted.items()}
    told, kept = _compared(project, wanted, before, beyond)
    written, warned = write_files(
        out, wanted, told, project.places.documents, force=force, observer=lambda path: tell(f"writing {path}")
    )
    record = read_record(out)
    record[data_source.name] = kept | {path: dict(file.data) for path, file in wanted.items()}
    write_record(out, record)
    return DiscoveredProject(
        data_source=data_source.name,
        models=len(selected) or len(found.models),
        written=written,
        diagnostics=(*found.diagnostics, *warned),
    )


def free_name(out: Path, style: str | None = None) -> str:
    """A name for a data source that only a URL describes: `db`, unless the project has another of that name."""
    kept = read_record(out)
    places = read_places(out, style or style_of(out) or "native")
    there = [name for path, document in places.documents.items() if _is_sources(path) for name in document.data]
    return "db" if "db" in kept else distinct("db", there)


def _read(data_source: DataSource, out: Path, style: str) -> _Project:
    places = read_places(out, style)
    mapping = mapping_of(data_source)
    files = read_record(out).get(data_source.name, {})
    models = [data for data in files.values() if isinstance(data, Mapping) and {"name", "properties"} <= data.keys()]
    mine = [found for found in places.definitions.values() if found.get("dataSource") == data_source.name]
    return _Project(
        name=data_source.name,
        mapping=mapping,
        places=places,
        mine=described(mine, mapping, places.layout),
        before=described(models, mapping, places.layout),
        files_before=files,
    )


def _discovered(project: _Project, state: State, asked: Discovery, scope: Scope) -> Discovered:
    others = [
        str(definition.get("name"))
        for definition in project.places.definitions.values()
        if definition.get("dataSource") != project.name
    ]
    wanted = Wanted(
        owns=_owned(project, scope),
        relations=asked.relations,
        views=asked.views,
        naming=asked.naming,
        known=known_names(project.mine, project.before, others),
    )
    if not project.places.layout.is_loopback:
        return discovered(state, project.mapping, data_source=project.name, wanted=wanted)
    # A model of LoopBack is a table: nothing in its files says that it must not be made.
    found = discovered(state, project.mapping, data_source=project.name, wanted=replace(wanted, views=False))
    return in_loopback_style(state, found, project.mapping.sections[0])


def _owned(project: _Project, scope: Scope) -> tuple[str, ...]:
    """Whole namespaces in new files are the models' own; what came about otherwise stays as it is."""
    whole = () if scope.selected else (EVERYTHING,) if scope.namespaces is None else tuple(sorted(scope.namespaces))
    if not project.entry_before:
        return whole if project.name not in project.sources and not project.mine.definitions else ()
    structure = project.entry_before.get("structure", {})
    before: Sequence[str] = structure.get("owns", ())
    if not before or EVERYTHING in before:
        return tuple(before)
    return whole if EVERYTHING in whole else tuple(dict.fromkeys((*before, *whole)))


def _entry(data_source: DataSource, project: _Project, structure: Mapping[str, Any]) -> dict[str, Any]:
    """What the data source's entry is to say: of one that people wrote only its structure."""
    said: dict[str, Any] = {"structure": dict(structure)} if structure else {}
    if data_source.name in project.sources and not project.entry_before:
        return said
    others = [name for name in project.sources if name != data_source.name]
    known = project.entry_before.get("url")
    variable = "".join(c if c.isalnum() else "_" for c in data_source.name).upper()
    url = known or ("${DATABASE_URL}" if not others else f"${{{variable}_URL}}")
    named = {"name": data_source.name} if project.places.layout.is_loopback else {}
    return {**named, "connector": data_source.connector, "url": url, **_file_of(data_source), **said}


def _file_of(data_source: DataSource) -> dict[str, str]:
    """The file that a URL names, which is no secret: what the data source is where nobody gives it a URL."""
    url = data_source.settings.get("url")
    text = url.reveal() if isinstance(url, Secret) else url
    if data_source.connector != "sqlite" or not isinstance(text, str) or "://" not in text:
        return {}
    written = unquote(text.partition("://")[2].partition("?")[0]).removeprefix("/")
    return {} if written in {"", ":memory:"} else {"file": str(Path(written).expanduser().absolute())}


def _limited(
    file: WantedFile, before: Mapping[QualifiedName, Mapping[str, Any]], scope: Scope, found: Discovered
) -> WantedFile:
    """Of a table that nobody asked for, only what leads to those that were asked for."""
    if not scope.selected or file.table is None or file.table in scope.selected or file.table not in before:
        return file
    names = {
        str(model["name"]) for table, model in zip(found.tables, found.models, strict=True) if table in scope.selected
    }
    return WantedFile(data=limited(file.data, before[file.table], names), table=file.table)


def _compared(
    project: _Project,
    wanted: Mapping[str, WantedFile],
    before: Mapping[QualifiedName, Mapping[str, Any]],
    beyond: set[QualifiedName],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What to compare each file with; and what the record keeps of files that this discovery did not look at."""
    was = {id(data): path for path, data in project.files_before.items()}
    paths = {table: was[id(definition)] for table, definition in project.before.definitions.items()}
    told: dict[str, Any] = {
        path: project.files_before[path]
        for path, file in wanted.items()
        if file.table is None and path in project.files_before
    }
    told |= {
        path: before[file.table] for path, file in wanted.items() if file.table is not None and file.table in before
    }
    there = {file.table for file in wanted.values()}
    kept: dict[str, Any] = {}
    for table, path in paths.items():
        if table in there:
            continue
        (kept if table in beyond else told)[path] = project.files_before[path]
    return told, kept


def _default_namespace(mapping: ModelMapping) -> str:
    from lbconf.plan.discovered_shell import shell

    return mapping.table_name(shell("Model", {}, mapping.sections[0])).namespace


def _is_sources(path: str) -> bool:
    return path.rpartition("/")[2].partition(".")[0] == "datasources"


def _silent(_: str) -> None:
    """Nobody listens."""
