"""The PostgreSQL connector: connections, mapping, inspection, DDL, reading and writing with psycopg 3."""

from lbconf.connectors.capabilities import Capabilities
from lbconf.connectors.contract import Connector, ConnectorType, ModelMapping
from lbconf.connectors.postgresql.settings import PostgresqlSettings
from lbconf.project.resolved import DataSource

__all__ = ["CONNECTOR"]


def _mapping(data_source: DataSource) -> ModelMapping:
    from lbconf.connectors.postgresql.mapping import PostgresqlMapping

    return PostgresqlMapping(data_source)


def _create(data_source: DataSource) -> Connector:
    from lbconf.connectors.postgresql.connector import PostgresqlConnector

    return PostgresqlConnector(data_source)


def _capabilities() -> Capabilities:
    from lbconf.connectors.postgresql.capabilities import capabilities

    return capabilities()


CONNECTOR = ConnectorType(
    name="postgresql",
    title="PostgreSQL",
    aliases=("postgres", "pg", "loopback-connector-postgresql", "cockroachdb", "yugabytedb"),
    settings=PostgresqlSettings,
    extra="postgresql",
    drivers=("psycopg",),
    schemes=("postgresql", "postgres"),
    mapping=_mapping,
    create=_create,
    capabilities=_capabilities,
)
