"""Settings of a SQLite data source."""

from pathlib import Path
from urllib.parse import unquote

from pydantic import AliasChoices, Field

from lbconf.connectors.sql.settings import Milliseconds, SqlSettings

__all__ = ["MEMORY", "SqliteSettings", "database_path"]

MEMORY = ":memory:"


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


def database_path(settings: SqliteSettings, root: Path | None) -> Path | None:
    """The database's file, absolute; None for a database in memory.

    `sqlite:///relative` and `sqlite:////absolute` as SQLAlchemy and others write them.
    """
    file = settings.file
    if settings.url:
        file = unquote(settings.url.partition(":")[2].partition("?")[0])
        file = file.removeprefix("///") if file.startswith("///") else file.removeprefix("//")
    if file in {MEMORY, ""}:
        return None
    return ((root or Path.cwd()) / Path(file).expanduser()).absolute()
