"""Settings of a MySQL or MariaDB data source."""

from typing import Any, ClassVar

from pydantic import AliasChoices, Field

from lbconf.connectors.sql.settings import Milliseconds, SecretText, SqlSettings

__all__ = ["MysqlSettings"]


class MysqlSettings(SqlSettings):
    """What loopback-connector-mysql accepts, and time limits."""

    secrets: ClassVar[frozenset[str]] = frozenset({"url", "password"})

    url: SecretText = Field(
        default=None, description="Connection URL; wins over host, port, user, password and database."
    )
    host: str = Field(
        default="localhost", validation_alias=AliasChoices("host", "hostname"), description="Server name or address."
    )
    port: int = Field(default=3306, ge=1, le=65535)
    socket_path: str | None = Field(
        default=None,
        validation_alias=AliasChoices("socketPath", "socket"),
        description="UNIX socket; wins over host and port.",
    )
    user: str | None = Field(default=None, validation_alias=AliasChoices("user", "username"))
    password: SecretText = Field(default=None)
    database: str | None = Field(
        default=None, validation_alias=AliasChoices("database", "db"), description="Needed, here or in `url`."
    )
    db_schema: str | None = Field(
        default=None,
        validation_alias=AliasChoices("schema", "schemaName"),
        description="Database of models that name none, where it is not `database`.",
    )
    charset: str | None = Field(
        default=None,
        description="Character set of new tables. Connections always speak utf8mb4.",
    )
    collation: str | None = Field(default=None, description="Collation of new tables.")
    engine: str | None = Field(default=None, description="Storage engine of new tables; default: the server's.")
    timezone: str | None = Field(
        default=None, description="Accepted for LoopBack: dates are kept in UTC, as its legacyUtcDateProcessing does."
    )
    legacy_utc_date_processing: bool | None = Field(
        default=None, validation_alias="legacyUtcDateProcessing", description="Must not be false: dates are UTC."
    )
    support_big_numbers: bool | None = Field(
        default=None, validation_alias="supportBigNumbers", description="Accepted for LoopBack: they always are."
    )
    create_database: bool | None = Field(
        default=None, validation_alias="createDatabase", description="Accepted for LoopBack; not used."
    )
    ssl: bool | dict[str, Any] | str | None = Field(
        default=None,
        description="true, false, or {rejectUnauthorized, ca, cert, key} with file names; default: if the server can.",
    )
    max: int = Field(
        default=10,
        ge=1,
        validation_alias=AliasChoices("connectionLimit", "max", "poolSize"),
        description="Most connections at once.",
    )
    idle_timeout: Milliseconds | None = Field(
        default=None,
        validation_alias=AliasChoices("idleTimeout", "idleTimeoutMillis"),
        description="Milliseconds after which an unused connection is closed.",
    )
    connect_timeout: Milliseconds | None = Field(
        default=None,
        validation_alias="connectTimeout",
        description="Milliseconds a connection attempt may take.",
    )
    application_name: str = Field(
        default="lbconf", validation_alias="applicationName", description="`program_name` among the connection's facts."
    )
