"""Discovery: a live database as model definitions, printed or written as a project."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from lbconf.connectors.contract import Connector, Inspector, ModelMapping
from lbconf.connectors.registry import connector_type
from lbconf.diagnostics import Code, Diagnostic, nearest
from lbconf.errors import ConnectorError, PlanError
from lbconf.operations.data_sources import create_connector, opened
from lbconf.operations.discovery_files import Written, write_project
from lbconf.plan.discovered import Discovered, discovered
from lbconf.plan.discovered_loopback import (
    loopback_definition,
    loopback_foreign_keys,
    loopback_listing,
    loopback_primary_keys,
)
from lbconf.plan.discovered_wanted import Wanted
from lbconf.project.resolved import DataSource
from lbconf.records import dataclass
from lbconf.state.structure import EVERYTHING, State, Table, View

__all__ = [
    "DiscoveredProject",
    "discover",
    "discover_exported_foreign_keys",
    "discover_foreign_keys",
    "discover_model_definitions",
    "discover_primary_keys",
    "discover_project",
    "discover_schemas",
    "discovered_models",
]

SHOWN: Final = 10
"""Most names in a hint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscoveredProject:
    """What `discover_project` found and wrote."""

    models: int
    written: tuple[Written, ...]
    """One entry per file, in order of their names."""
    diagnostics: tuple[Diagnostic, ...]
    """Warnings: what models cannot say, and files that were left as they are."""


def discover(
    connector: Connector,
    *,
    table: str | None = None,
    namespaces: Sequence[str] | None = None,
) -> list[dict[str, Any]]:
    """Definitions of all tables and views as LoopBack's discovery makes them, or of one.

    Args:
        connector: An open connector.
        table: Name of one table or view, with its namespace where that is not plain: `sales.orders`.
        namespaces: Where to look; everywhere when None.

    Raises:
        ConnectorError: The connector cannot tell its structure, or the server fails.
        PlanError: There is no such table.
    """
    state = _inspected(connector, namespaces)
    things = _things(state) if table is None else [_thing(state, table)]
    return [loopback_definition(thing, connector.data_source.connector) for thing in things]


def discover_schemas(
    connector: Connector, table: str, *, namespaces: Sequence[str] | None = None
) -> dict[str, dict[str, Any]]:
    """LoopBack's `discoverSchemas` of one table: `owner.table` to its definition. Raises as `discover`."""
    found = _thing(_inspected(connector, namespaces), table)
    return {str(found.name): loopback_definition(found, connector.data_source.connector)}


def discover_model_definitions(
    connector: Connector, *, views: bool = True, namespaces: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """LoopBack's `discoverModelDefinitions`: type, name and owner of every table and view."""
    return loopback_listing(_inspected(connector, namespaces), views=views)


def discover_primary_keys(connector: Connector, table: str) -> list[dict[str, Any]]:
    """LoopBack's `discoverPrimaryKeys`. Raises as `discover`."""
    found = _thing(_inspected(connector, None), table)
    return loopback_primary_keys(found) if isinstance(found, Table) else []


def discover_foreign_keys(connector: Connector, table: str) -> list[dict[str, Any]]:
    """LoopBack's `discoverForeignKeys`: those that the table holds. Raises as `discover`."""
    found = _thing(_inspected(connector, None), table)
    return loopback_foreign_keys([found]) if isinstance(found, Table) else []


def discover_exported_foreign_keys(connector: Connector, table: str) -> list[dict[str, Any]]:
    """LoopBack's `discoverExportedForeignKeys`: those that point to the table. Raises as `discover`."""
    state = _inspected(connector, None)
    return loopback_foreign_keys(state.tables, of=_thing(state, table).name)


def discovered_models(connector: Connector, *, namespaces: Sequence[str] | None = None) -> Discovered:
    """Definitions of the native layout that say all they can, and what they cannot. Raises as `discover`."""
    state = _inspected(connector, namespaces)
    mapping = _mapping(connector.data_source)
    owned = (EVERYTHING,) if namespaces is None else tuple(namespaces)
    return discovered(state, mapping, data_source=connector.data_source.name, wanted=Wanted(owns=owned))


def discover_project(
    data_source: DataSource, out: Path, *, force: bool = False, namespaces: Sequence[str] | None = None
) -> DiscoveredProject:
    """Write a native project for a database: a data source whose URL is `${DATABASE_URL}`, and all its models.

    Run again, it merges three ways: what changed in the database since is
    taken over, what a person changed in the files stays.

    Args:
        data_source: Where to look.
        out: The project's folder; made where it is missing.
        force: Write every file as discovered, edits of people or not.
        namespaces: Where to look; everywhere when None.

    Raises:
        ConnectorError: The database cannot be reached or told.
        DocumentError: A file there cannot be read.
    """
    connector = create_connector(data_source)
    with opened([connector]):
        found = discovered_models(connector, namespaces=namespaces)
    written, kept = write_project(
        out,
        found.models,
        data_source=data_source.name,
        connector=data_source.connector,
        force=force,
        structure=found.structure,
    )
    return DiscoveredProject(models=len(found.models), written=written, diagnostics=(*found.diagnostics, *kept))


def _inspected(connector: Connector, namespaces: Sequence[str] | None) -> State:
    if not isinstance(connector, Inspector):
        raise ConnectorError(
            Diagnostic(
                code=Code.UNSUPPORTED,
                message=f"a {connector.data_source.connector} data source has no tables to discover",
                hint="discover works on data sources of a database",
            ),
            data_source=connector.data_source.name,
            connector=connector.data_source.connector,
        )
    state = connector.inspect(namespaces)
    missing = sorted(set(namespaces or ()) - set(state.namespaces))
    if missing and connector.capabilities.state.namespaces:
        known = connector.inspect(None).namespaces
        near = nearest(missing[0], known)
        raise PlanError(
            Diagnostic(
                code=Code.TABLE_NOT_FOUND,
                message=f"there is no namespace {missing[0]}",
                hint=f"did you mean {near}?" if near else f"there are {', '.join(known) or 'none'}",
            )
        )
    return state


def _mapping(data_source: DataSource) -> ModelMapping:
    kind = connector_type(data_source.connector)
    mapping = None if kind is None else kind.mapping(data_source)
    if mapping is None:
        raise ConnectorError(
            Diagnostic(
                code=Code.UNSUPPORTED, message=f"models have no tables in a {data_source.connector} data source"
            ),
            data_source=data_source.name,
            connector=data_source.connector,
        )
    return mapping


def _things(state: State) -> list[Table | View]:
    return sorted((*state.tables, *state.views), key=lambda thing: thing.name)


def _thing(state: State, wanted: str) -> Table | View:
    things = _things(state)
    for found in (
        [thing for thing in things if wanted in {str(thing.name), thing.name.name}],
        [thing for thing in things if wanted.lower() in {str(thing.name).lower(), thing.name.name.lower()}],
    ):
        if found:
            return min(found, key=lambda thing: (thing.name.namespace not in {"", "public"}, thing.name))
    names = [str(thing.name) if "." in wanted else thing.name.name for thing in things]
    near = nearest(wanted, names)
    some = ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if names[SHOWN:] else "")
    raise PlanError(
        Diagnostic(
            code=Code.TABLE_NOT_FOUND,
            message=f"there is no table {wanted or 'without a name'}",
            hint=f"did you mean {near}?" if near else f"there are {some or 'no tables at all'}",
        )
    )
