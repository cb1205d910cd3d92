"""Settings of a SQLite data source."""

from pydantic import AliasChoices, Field

from lbconf.connectors.sql.settings import Milliseconds, SqlSettings
from lbconf.connectors.sqlite.place import MEMORY

__all__ = ["SqliteSettings"]


class SqliteSettings(SqlSettings):
    """What loopback-connector-sqlite3 accepts, and time limits."""

    file: str = Field(
        default=MEMORY,
        validation_alias=AliasChoices("file", "file_name", "filename", "database"),
        description="Path of the database, from the project's folder; `:memory:` keeps it in this process only.",
    )
    url: str | None = Field(default=None, description="`sqlite:///path`; wins over `file`.")
    busy_timeout: Milliseconds = Field(
        default=5000,
        validation_alias=AliasChoices("busyTimeout", "connectTimeout"),
        description="Milliseconds to wait for a lock that another process holds.",
    )
    max: int = Field(
        default=8,
        ge=1,
        validation_alias=AliasChoices("max", "connectionLimit", "poolSize"),
        description="Most connections that read at once.",
    )
