"""The MySQL and MariaDB connector: connections, mapping, inspection, DDL, reading and writing with PyMySQL.

The data source's own database is the namespace "" (as in SQLite); other databases of the server go by their names.
"""

from typing import TYPE_CHECKING

from lbconf.connectors.capabilities import Capabilities
from lbconf.connectors.contract import Connector, ConnectorType, ModelMapping, Script
from lbconf.project.resolved import DataSource

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["CONNECTOR"]


def _settings() -> "type[BaseModel]":
    from lbconf.connectors.mysql.settings import MysqlSettings

    return MysqlSettings


def _mapping(data_source: DataSource) -> ModelMapping:
    from lbconf.connectors.mysql.mapping import MysqlMapping

    return MysqlMapping(data_source)


def _create(data_source: DataSource) -> Connector:
    from lbconf.connectors.mysql.connector import MysqlConnector

    return MysqlConnector(data_source)


def _capabilities() -> Capabilities:
    from lbconf.connectors.mysql.capabilities import capabilities

    return capabilities()


def _script(script: Script) -> str:
    from lbconf.connectors.mysql.script import script_text

    return script_text(script)


CONNECTOR = ConnectorType(
    name="mysql",
    title="MySQL, MariaDB",
    aliases=("mariadb", "mysql2", "loopback-connector-mysql", "loopback-connector-mariadb"),
    settings=_settings,
    extra="mysql",
    drivers=("pymysql",),
    schemes=("mysql", "mariadb", "mysql+pymysql", "mysql2"),
    mapping=_mapping,
    create=_create,
    capabilities=_capabilities,
    script=_script,
)
