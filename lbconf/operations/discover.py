"""Discovery: a live database as model definitions, and as the rows that LoopBack's discovery gives."""

from collections.abc import Sequence
from typing import Any, Final

from lbconf.connectors.contract import Connector, Inspector, ModelMapping
from lbconf.connectors.registry import connector_type
from lbconf.diagnostics import Code, Diagnostic, nearest
from lbconf.errors import ConnectorError, PlanError
from lbconf.plan.discovered import Discovered, discovered
from lbconf.plan.discovered_loopback import (
    loopback_columns,
    loopback_definition,
    loopback_foreign_keys,
    loopback_listing,
    loopback_primary_keys,
)
from lbconf.plan.discovered_wanted import CAMEL, Naming, Wanted
from lbconf.project.resolved import DataSource
from lbconf.records import replace
from lbconf.state.structure import EVERYTHING, State, Table, View

__all__ = [
    "discover",
    "discover_exported_foreign_keys",
    "discover_foreign_keys",
    "discover_model_definitions",
    "discover_model_properties",
    "discover_primary_keys",
    "discover_schemas",
    "discovered_models",
    "inspected",
    "mapping_of",
    "thing",
    "things",
]

SHOWN: Final = 10
"""Most names in a hint."""


def discover(
    connector: Connector,
    *,
    table: str | None = None,
    namespaces: Sequence[str] | None = None,
    relations: bool = False,
    views: bool = True,
    naming: Naming = CAMEL,
) -> list[dict[str, Any]]:
    """Definitions of all tables and views as LoopBack's discovery makes them, or of one.

    Args:
        connector: An open connector.
        table: Name of one table or view, with its namespace where that is not plain: `sales.orders`.
        namespaces: Where to look; everywhere when None.
        relations: Whether a belongsTo is made of each foreign key.
        views: Whether views are looked at.
        naming: How models, properties and relations are called.

    Raises:
        ConnectorError: The connector cannot tell its structure, or the server fails.
        PlanError: There is no such table.
    """
    state = _viewed(inspected(connector, namespaces), views=views)
    found = things(state) if table is None else [thing(state, table)]
    section = connector.data_source.connector
    return [loopback_definition(one, section, naming=naming, relations=relations) for one in found]


def discover_schemas(
    connector: Connector,
    table: str,
    *,
    namespaces: Sequence[str] | None = None,
    relations: bool = False,
    views: bool = True,
    naming: Naming = CAMEL,
) -> dict[str, dict[str, Any]]:
    """LoopBack's `discoverSchemas`: `owner.table` to its definition; with relations, those it leads to as well.

    Arguments and errors as of `discover`.
    """
    state = _viewed(inspected(connector, namespaces), views=views)
    known = {one.name: one for one in things(state)}
    waiting = [thing(state, table)]
    found: dict[str, dict[str, Any]] = {}
    while waiting:
        one = waiting.pop(0)
        if str(one.name) in found:
            continue
        section = connector.data_source.connector
        found[str(one.name)] = loopback_definition(one, section, naming=naming, relations=relations)
        if relations and isinstance(one, Table):
            waiting.extend(known[key.target] for key in one.foreign_keys if key.target in known)
    return found


def discover_model_definitions(
    connector: Connector,
    *,
    views: bool = True,
    namespaces: Sequence[str] | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[dict[str, Any]]:
    """LoopBack's `discoverModelDefinitions`: type, name and owner of every table and view, by owner and name."""
    found = loopback_listing(inspected(connector, namespaces), views=views)
    return found[offset:] if limit is None else found[offset : offset + limit]


def discover_model_properties(
    connector: Connector, table: str, *, namespaces: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """LoopBack's `discoverModelProperties`: one entry per column, in their order. Raises as `discover`."""
    return loopback_columns(thing(inspected(connector, namespaces), table))


def discover_primary_keys(
    connector: Connector, table: str, *, namespaces: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """LoopBack's `discoverPrimaryKeys`. Raises as `discover`."""
    found = thing(inspected(connector, namespaces), table)
    return loopback_primary_keys(found) if isinstance(found, Table) else []


def discover_foreign_keys(
    connector: Connector, table: str, *, namespaces: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """LoopBack's `discoverForeignKeys`: those that the table holds. Raises as `discover`."""
    state = inspected(connector, None)
    found = thing(_inside(state, namespaces), table)
    return loopback_foreign_keys(state, [found]) if isinstance(found, Table) else []


def discover_exported_foreign_keys(
    connector: Connector, table: str, *, namespaces: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """LoopBack's `discoverExportedForeignKeys`: those that point to the table. Raises as `discover`."""
    state = inspected(connector, None)
    return loopback_foreign_keys(state, state.tables, of=thing(_inside(state, namespaces), table).name)


def discovered_models(connector: Connector, *, namespaces: Sequence[str] | None = None) -> Discovered:
    """Definitions of the native layout that say all they can, and what they cannot. Raises as `discover`."""
    state = inspected(connector, namespaces)
    mapping = mapping_of(connector.data_source)
    owned = (EVERYTHING,) if namespaces is None else tuple(namespaces)
    return discovered(state, mapping, data_source=connector.data_source.name, wanted=Wanted(owns=owned))


def inspected(connector: Connector, namespaces: Sequence[str] | None) -> State:
    """The actual state of these namespaces, of all when None. Raises as `discover`."""
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


def mapping_of(data_source: DataSource) -> ModelMapping:
    """How models stand in the data source. Raises `ConnectorError` where they do not."""
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


def things(state: State) -> list[Table | View]:
    """Tables and views by name."""
    return sorted((*state.tables, *state.views), key=lambda one: one.name)


def thing(state: State, wanted: str) -> Table | View:
    """The table or view of that name. Raises `PlanError` with the nearest name."""
    known = things(state)
    for found in (
        [one for one in known if wanted in {str(one.name), one.name.name}],
        [one for one in known if wanted.lower() in {str(one.name).lower(), one.name.name.lower()}],
    ):
        if found:
            return min(found, key=lambda one: (one.name.namespace not in {"", "public"}, one.name))
    names = [str(one.name) if "." in wanted else one.name.name for one in known]
    near = nearest(wanted, names)
    some = ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if names[SHOWN:] else "")
    raise PlanError(
        Diagnostic(
            code=Code.TABLE_NOT_FOUND,
            message=f"there is no table {wanted or 'without a name'}",
            hint=f"did you mean {near}?" if near else f"there are {some or 'no tables at all'}",
        )
    )


def _viewed(state: State, *, views: bool) -> State:
    return state if views else replace(state, views=())


def _inside(state: State, namespaces: Sequence[str] | None) -> State:
    """The tables and views of these namespaces."""
    if namespaces is None:
        return state
    return replace(
        state,
        tables=tuple(table for table in state.tables if table.name.namespace in namespaces),
        views=tuple(view for view in state.views if view.name.namespace in namespaces),
    )
