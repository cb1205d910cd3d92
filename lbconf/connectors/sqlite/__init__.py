"""The SQLite connector: a file (or memory), mapping, inspection, DDL, reading and writing with the standard library."""

from typing import TYPE_CHECKING

from lbconf.connectors.capabilities import Capabilities
from lbconf.connectors.contract import Connector, ConnectorType, ModelMapping, Script
from lbconf.project.resolved import DataSource

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["CONNECTOR"]


def _settings() -> "type[BaseModel]":
    from lbconf.connectors.sqlite.settings import SqliteSettings

    return SqliteSettings


def _mapping(data_source: DataSource) -> ModelMapping:
    from lbconf.connectors.sqlite.mapping import SqliteMapping

    return SqliteMapping(data_source)


def _create(data_source: DataSource) -> Connector:
    from lbconf.connectors.sqlite.connector import SqliteConnector

    return SqliteConnector(data_source)


def _capabilities() -> Capabilities:
    from lbconf.connectors.sqlite.capabilities import capabilities

    return capabilities()


def _script(script: Script) -> str:
    from lbconf.connectors.sqlite.script import script_text

    return script_text(script)


CONNECTOR = ConnectorType(
    name="sqlite",
    title="SQLite",
    aliases=("sqlite3", "loopback-connector-sqlite3", "loopback-connector-sqlite"),
    settings=_settings,
    extra=None,
    drivers=("sqlite3",),
    schemes=("sqlite", "sqlite3"),
    mapping=_mapping,
    create=_create,
    capabilities=_capabilities,
    script=_script,
)
