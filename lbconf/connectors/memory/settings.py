"""Settings of a memory data source."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field
from pydantic import model_validator as validates

from lbconf.connectors.sql.settings import read_settings
from lbconf.layers.secret import revealed
from lbconf.project.resolved import DataSource

__all__ = ["MemorySettings", "memory_settings"]


class MemorySettings(BaseModel):
    """What LoopBack's memory and transient connectors accept. Unknown ones are kept."""

    model_config = ConfigDict(extra="allow", populate_by_name=True)

    name: str | None = Field(default=None, description="The data source's own name; its key wins.")
    connector: str | None = Field(
        default=None,
        validation_alias=AliasChoices("connector", "adapter"),
        description="The kind of connector; `transient` keeps nothing.",
    )
    file: Path | None = Field(
        default=None,
        description="JSON file, from the project's folder, that keeps the rows; rewritten after each change.",
    )
    local_storage: Any = Field(
        default=None, validation_alias="localStorage", description="Accepted for LoopBack; not used outside browsers."
    )
    inq_limit: int | None = Field(
        default=None, ge=1, validation_alias="inqLimit", description="Most parents that one query of an include names."
    )

    @validates(mode="before")
    @classmethod
    def _revealed(cls, data: Any) -> Any:
        """A setting that came from a secret source is looked into."""
        return revealed(dict(data)) if isinstance(data, Mapping) else data

    @property
    def keeps(self) -> bool:
        """Whether rows are kept at all."""
        return self.connector != "transient"


def memory_settings(data_source: DataSource) -> MemorySettings:
    """The settings of a data source, checked. Raises `ConnectorError`."""
    return read_settings(MemorySettings, data_source)
