"""What other data sources of the project ask for in the same database, which is not this one's to drop."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from lbconf.connectors.registry import connector_type
from lbconf.errors import PlanError
from lbconf.layers.secret import Secret
from lbconf.plan.desired import desired_state
from lbconf.project.resolved import DataSource, Project
from lbconf.state.structure import QualifiedName

__all__ = ["asked_by_neighbours", "database_place"]

URL: Final = ("url", "connectionString")
FILE: Final = ("file", "file_name", "filename", "database")
HOST: Final = ("host", "hostname")
DATABASE: Final = ("database", "db")
SOCKET: Final = ("socketPath", "socket")
USER: Final = ("user", "username")
PORTS: Final = {"postgresql": 5432, "mysql": 3306}
MEMORY: Final = ":memory:"
HERE: Final = "localhost"
"""What a server on this machine is called, whatever the settings call it."""


def asked_by_neighbours(project: Project, data_source: DataSource) -> frozenset[QualifiedName]:
    """Names of the tables, types, sequences and views that others say in the database of this data source.

    Two data sources are in one database where their settings mean one place, whether they say a URL or its parts,
    `localhost` or `127.0.0.1`. A server known by two other names is taken for two.
    """
    here = database_place(data_source, project.root)
    found: set[QualifiedName] = set()
    for other in project.data_sources.values():
        if other.name == data_source.name or other.connector != data_source.connector:
            continue
        if database_place(other, project.root) != here:
            continue
        kind = connector_type(other.connector)
        mapping = None if kind is None else kind.mapping(other)
        if mapping is None:
            continue
        try:
            state = desired_state(project, other, mapping).state
        except PlanError:
            continue  # its own plan says why
        parts = (state.tables, state.enumerations, state.domains, state.composites, state.sequences, state.views)
        found.update(one.name for part in parts for one in part)
    return frozenset(found)


def database_place(source: DataSource, root: Path | None) -> tuple[str, ...]:
    """Where the database of a data source is, in the same words however its settings say it."""
    if source.connector == "sqlite":
        return _file(source.settings, root, source.name)
    host = _said(source.settings, HOST) or HERE
    port = _said(source.settings, ("port",))
    socket = _said(source.settings, SOCKET) if source.connector == "mysql" else None
    user, database = _said(source.settings, USER), _said(source.settings, DATABASE)
    url = _said(source.settings, URL)
    if url is not None:
        try:
            found = urlsplit(url)
            asked = dict(parse_qsl(found.query))
            host = asked.get("host") or unquote(found.hostname or "") or HERE
            port = asked.get("port") or (None if found.port is None else str(found.port))
            database = asked.get("dbname") or unquote(found.path.removeprefix("/")) or None
            user = asked.get("user") or (unquote(found.username) if found.username else None)
        except ValueError:
            return (url,)
    if socket or host.startswith(("/", "127.")) or host.lower() in {HERE, "::1", ""}:
        host = HERE
    port = port or str(PORTS.get(source.connector, ""))
    if socket:
        port = str(PORTS["mysql"])  # nobody says which one it stands for
    return (host.lower(), port, database or user or "")


def _file(settings: Mapping[str, Any], root: Path | None, name: str) -> tuple[str, ...]:
    file = _said(settings, FILE) or MEMORY
    url = _said(settings, ("url",))
    if url:
        file = unquote(url.partition(":")[2].partition("?")[0])
        file = file.removeprefix("///") if file.startswith("///") else file.removeprefix("//")
    if file in {MEMORY, ""}:
        return (MEMORY, name)  # each has its own
    return (os.path.realpath((root or Path.cwd()) / Path(file).expanduser()),)


def _said(settings: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    """The first of these settings that is there."""
    for name in names:
        value = settings.get(name)
        value = value.reveal() if isinstance(value, Secret) else value
        if value is not None:
            return str(value)
    return None
