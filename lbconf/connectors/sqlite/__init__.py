"""The SQLite connector: a file (or memory), mapping, inspection, DDL, reading and writing with the standard library."""

from lbconf.connectors.capabilities import Capabilities
from lbconf.connectors.contract import Connector, ConnectorType, ModelMapping
from lbconf.connectors.sqlite.settings import SqliteSettings
from lbconf.project.resolved import DataSource

__all__ = ["CONNECTOR"]


def _mapping(data_source: DataSource) -> ModelMapping:
    from lbconf.connectors.sqlite.mapping import SqliteMapping

    return SqliteMapping(data_source)


def _create(data_source: DataSource) -> Connector:
    from lbconf.connectors.sqlite.connector import SqliteConnector

    return SqliteConnector(data_source)


def _capabilities() -> Capabilities:
    from lbconf.connectors.sqlite.capabilities import capabilities

    return capabilities()


CONNECTOR = ConnectorType(
    name="sqlite",
    title="SQLite",
    aliases=("sqlite3", "loopback-connector-sqlite3", "loopback-connector-sqlite"),
    settings=SqliteSettings,
    extra=None,
    drivers=("sqlite3",),
    schemes=("sqlite", "sqlite3"),
    mapping=_mapping,
    create=_create,
    capabilities=_capabilities,
)
