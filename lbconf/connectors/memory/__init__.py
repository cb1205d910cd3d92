"""The memory connector: rows in this process, perhaps in a JSON file; `transient` keeps nothing at all."""

from lbconf.connectors.contract import ConnectorType
from lbconf.connectors.memory.capabilities import memory_capabilities
from lbconf.connectors.memory.connector import MemoryConnector
from lbconf.connectors.memory.settings import MemorySettings

__all__ = ["CONNECTOR", "MemoryConnector"]

CONNECTOR = ConnectorType(
    name="memory",
    title="Memory",
    aliases=("transient", "loopback-connector-memory", "loopback-connector-transient"),
    settings=MemorySettings,
    extra=None,
    drivers=(),
    schemes=("memory",),
    mapping=lambda _: None,
    create=MemoryConnector,
    capabilities=memory_capabilities,
)
