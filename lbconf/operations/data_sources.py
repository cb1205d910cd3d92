"""Connectors of a project's data sources: the one place that makes them.

A connector is made without contacting anything; `open` connects it.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from lbconf.connectors.contract import Connector, ConnectorType
from lbconf.connectors.registry import connector_for_scheme, connector_names, connector_type, missing_driver
from lbconf.diagnostics import Code, Collector, Diagnostic, nearest
from lbconf.errors import ConnectorError, ProjectError
from lbconf.layers.secret import Secret
from lbconf.project.resolved import DataSource, Layout, Project
from lbconf.records import replace

__all__ = [
    "create_connector",
    "create_connectors",
    "data_source_from_url",
    "named_data_source",
    "opened",
    "with_url",
]

FILES: Final = frozenset({"url", "file", "file_name", "filename", "database"})
"""Settings that say where a database of SQLite is."""
UNNAMED: Final = "db"
"""Name of a data source that exists only as a URL on the command line."""


def named_data_source(project: Project, name: str) -> DataSource:
    """The project's data source of that name. Raises `ProjectError` with the nearest name."""
    found = project.data_sources.get(name)
    if found is None:
        near = nearest(name, project.data_sources)
        known = ", ".join(project.data_sources) or "none"
        raise ProjectError(
            Diagnostic(
                code=Code.DATA_SOURCE_MISSING,
                message=f"there is no data source {name}",
                hint=f"did you mean {near}?" if near else f"the project has {known}",
            )
        )
    return found


def with_url(data_source: DataSource, url: str) -> DataSource:
    """The data source as it would be with this URL, which also decides the connector; other settings stay.

    Raises `ConnectorError` when no connector answers to the URL's scheme.
    """
    kind = _kind_of_url(url)
    same = kind.name == data_source.connector
    settings = {**(data_source.settings if same else {}), "connector": kind.name, "url": Secret(url)}
    return replace(data_source, connector=kind.name, settings=MappingProxyType(settings))


def data_source_from_url(url: str, *, name: str = UNNAMED) -> DataSource:
    """A data source that no project describes. Raises `ConnectorError` as `with_url`."""
    bare = DataSource(name=name, connector="", settings=MappingProxyType({}), layout=Layout.NATIVE)
    return with_url(bare, url)


def create_connector(data_source: DataSource, root: Path | None = None) -> Connector:
    """The data source's connector, not yet opened. `root` is what relative file names start from.

    Raises:
        ConnectorError: when the connector is unknown, its driver is not installed or the settings cannot be used.
    """
    kind = connector_type(data_source.connector)
    if kind is None:
        near = nearest(data_source.connector, connector_names())
        raise _refused(
            data_source,
            Code.CONNECTOR_MISSING,
            f"data source {data_source.name}: there is no connector {data_source.connector}",
            f"did you mean {near}?" if near else f"there are {', '.join(connector_names())}",
        )
    driver = missing_driver(kind)
    if driver is not None:
        raise _refused(
            data_source,
            Code.DRIVER_MISSING,
            f"data source {data_source.name}: {kind.title} needs the Python package {driver}, which is not installed",
            f"pip install 'lbconf[{kind.extra}]'" if kind.extra else f"pip install {driver}",
        )
    _check_place(data_source)
    try:
        return kind.create(data_source if root is None else replace(data_source, root=root))
    except ConnectorError as problem:
        hint = data_source.unset_hint()
        if hint is None:
            raise
        found = tuple(replace(one, hint=one.hint or hint) for one in problem.diagnostics)
        raise ConnectorError(found, data_source=problem.data_source, connector=problem.connector) from problem.__cause__


def create_connectors(project: Project, *, problems: Collector | None = None) -> Mapping[str, Connector]:
    """A connector for each data source, not yet opened, by name.

    With `problems`, a data source that has no usable connector is left out and
    its findings are kept there; without, they are raised, all at once.

    Raises:
        ConnectorError: one finding or more for each data source that has no usable connector.
    """
    made: dict[str, Connector] = {}
    found = Collector() if problems is None else problems
    for data_source in project.data_sources.values():
        try:
            made[data_source.name] = create_connector(data_source, project.root)
        except ConnectorError as error:
            found.extend(error.diagnostics)
    if problems is None and found.errors:
        raise ConnectorError(found.diagnostics)
    return MappingProxyType(made)


@contextmanager
def opened(connectors: Iterable[Connector]) -> Iterator[None]:
    """Open these connectors and close them at the end, whatever happens. Raises `ConnectionFailedError`."""
    begun: list[Connector] = []
    try:
        for connector in connectors:
            begun.append(connector)
            connector.open()
        yield
    finally:
        for connector in reversed(begun):
            connector.close()


def _kind_of_url(url: str) -> ConnectorType:
    scheme = urlsplit(url).scheme
    kind = connector_for_scheme(scheme)
    if kind is None:
        schemes = sorted({scheme for name in connector_names() if (k := connector_type(name)) for scheme in k.schemes})
        raise ConnectorError(
            Diagnostic(
                code=Code.CONNECTOR_MISSING,
                message=f"no connector answers to a URL that begins with {scheme}:"
                if scheme
                else "the URL does not say which connector is meant",
                hint=f"URLs begin with one of: {', '.join(f'{scheme}://' for scheme in schemes)}",
            )
        )
    return kind


def _check_place(data_source: DataSource) -> None:
    """Refuse a database in memory that nobody asked for: a variable that is not set would have named a file."""
    named = any(data_source.settings.get(key) for key in FILES)
    if data_source.connector == "sqlite" and not named and FILES & data_source.unset.keys():
        message = f"data source {data_source.name}: no file is named"
        raise _refused(data_source, Code.SETTINGS_UNUSABLE, message, data_source.unset_hint() or "")


def _refused(data_source: DataSource, code: Code, message: str, hint: str) -> ConnectorError:
    return ConnectorError(
        Diagnostic(
            code=code,
            message=message,
            location=data_source.locations.get("/connector") or data_source.location,
            hint=hint,
        ),
        data_source=data_source.name,
        connector=data_source.connector,
    )
