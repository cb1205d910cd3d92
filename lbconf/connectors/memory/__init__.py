"""The memory connector: rows in this process, perhaps in a JSON file; `transient` keeps nothing at all."""

from typing import TYPE_CHECKING

from lbconf.connectors.capabilities import Capabilities
from lbconf.connectors.contract import Connector, ConnectorType
from lbconf.project.resolved import DataSource

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["CONNECTOR"]


def _settings() -> "type[BaseModel]":
    from lbconf.connectors.memory.settings import MemorySettings

    return MemorySettings


def _create(data_source: DataSource) -> Connector:
    from lbconf.connectors.memory.connector import MemoryConnector

    return MemoryConnector(data_source)


def _capabilities() -> Capabilities:
    from lbconf.connectors.memory.capabilities import memory_capabilities

    return memory_capabilities()


CONNECTOR = ConnectorType(
    name="memory",
    title="Memory",
    aliases=("transient", "loopback-connector-memory", "loopback-connector-transient"),
    settings=_settings,
    extra=None,
    drivers=(),
    schemes=("memory",),
    mapping=lambda _: None,
    create=_create,
    capabilities=_capabilities,
)
