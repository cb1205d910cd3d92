"""The PostgreSQL connector: connections, mapping, inspection, DDL, reading and writing with psycopg 3."""

from typing import TYPE_CHECKING

from lbconf.connectors.capabilities import Capabilities
from lbconf.connectors.contract import Connector, ConnectorType, ModelMapping, Script
from lbconf.project.resolved import DataSource

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["CONNECTOR"]


def _settings() -> "type[BaseModel]":
    from lbconf.connectors.postgresql.settings import PostgresqlSettings

    return PostgresqlSettings


def _mapping(data_source: DataSource) -> ModelMapping:
    from lbconf.connectors.postgresql.mapping import PostgresqlMapping

    return PostgresqlMapping(data_source)


def _create(data_source: DataSource) -> Connector:
    from lbconf.connectors.postgresql.connector import PostgresqlConnector

    return PostgresqlConnector(data_source)


def _capabilities() -> Capabilities:
    from lbconf.connectors.postgresql.capabilities import capabilities

    return capabilities()


def _script(script: Script) -> str:
    from lbconf.connectors.postgresql.script import script_text

    return script_text(script)


CONNECTOR = ConnectorType(
    name="postgresql",
    title="PostgreSQL",
    aliases=("postgres", "pg", "loopback-connector-postgresql", "cockroachdb", "yugabytedb"),
    settings=_settings,
    extra="postgresql",
    drivers=("psycopg",),
    schemes=("postgresql", "postgres"),
    mapping=_mapping,
    create=_create,
    capabilities=_capabilities,
    script=_script,
)
