"""Settings of a PostgreSQL data source."""

from typing import Any, ClassVar

from pydantic import AliasChoices, Field

from lbconf.connectors.sql.settings import Milliseconds, SecretText, SqlSettings

__all__ = ["PostgresqlSettings"]


class PostgresqlSettings(SqlSettings):
    """What loopback-connector-postgresql accepts, and time limits."""

    secrets: ClassVar[frozenset[str]] = frozenset({"url", "connectionString", "password"})

    url: SecretText = Field(
        default=None,
        validation_alias=AliasChoices("url", "connectionString"),
        description="Connection URL; wins over host, port, user, password and database.",
    )
    host: str = Field(
        default="localhost",
        validation_alias=AliasChoices("host", "hostname"),
        description="Server name, or the directory of a UNIX socket.",
    )
    port: int = Field(default=5432, ge=1, le=65535)
    user: str | None = Field(default=None, validation_alias=AliasChoices("user", "username"))
    password: SecretText = Field(default=None)
    database: str | None = Field(default=None, description="Default: a database named like the user.")
    db_schema: str = Field(
        default="public",
        validation_alias=AliasChoices("schema", "schemaName"),
        description="Namespace of models that name none.",
    )
    ssl: bool | dict[str, Any] | str | None = Field(
        default=None,
        description="true, a libpq sslmode, or {rejectUnauthorized, ca, cert, key} with file names.",
    )
    min: int = Field(default=0, ge=0, description="Connections made at start and kept.")
    max: int = Field(
        default=10,
        ge=1,
        validation_alias=AliasChoices("max", "connectionLimit", "poolSize"),
        description="Most connections at once.",
    )
    idle_timeout: Milliseconds | None = Field(
        default=None,
        validation_alias="idleTimeoutMillis",
        description="Milliseconds after which an unused connection is closed.",
    )
    connect_timeout: Milliseconds | None = Field(
        default=None,
        validation_alias=AliasChoices("connectTimeout", "connectionTimeoutMillis"),
        description="Milliseconds a connection attempt may take.",
    )
    application_name: str = Field(
        default="lbconf", validation_alias=AliasChoices("applicationName", "application_name")
    )
    on_error: str | None = Field(default=None, validation_alias="onError", description="Accepted for LoopBack.")
