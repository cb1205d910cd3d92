"""Settings that every SQL data source knows, and the types they are made of."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema
from pydantic import model_validator as validates

from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import ConnectorError
from lbconf.layers.secret import Secret
from lbconf.project.resolved import DataSource

__all__ = ["Milliseconds", "SecretText", "SqlSettings", "read_settings"]


def _wrapped(value: Any) -> Secret | None:
    held = value.reveal() if isinstance(value, Secret) else value
    if held is None:
        return None
    if isinstance(held, bool) or not isinstance(held, str | int | float):
        msg = "must be text"
        raise ValueError(msg)  # noqa: TRY004 - pydantic reports ValueError
    return Secret(str(held))


SecretText = Annotated[Any, BeforeValidator(_wrapped), WithJsonSchema({"type": "string", "writeOnly": True})]
"""Text that prints as `***`: a `Secret`, or None."""

Milliseconds = Annotated[float, Field(ge=0)]


class SqlSettings(BaseModel):
    """Settings that LoopBack's juggler and its SQL connectors accept. Unknown ones are kept."""

    model_config = ConfigDict(extra="allow", populate_by_name=True)
    secrets: ClassVar[frozenset[str]] = frozenset()
    """Settings that are secret, by every name they go by."""

    name: str | None = Field(default=None, description="The data source's own name; its key wins.")
    connector: str | None = Field(
        default=None, validation_alias=AliasChoices("connector", "adapter"), description="The kind of connector."
    )
    debug: bool | str | None = Field(default=None, description="Accepted for LoopBack; not used.")
    lazy_connect: bool | None = Field(
        default=None, validation_alias="lazyConnect", description="Connect at the first use, not at start."
    )
    connection_timeout: Milliseconds | None = Field(
        default=None,
        validation_alias="connectionTimeout",
        description="Milliseconds to wait for a connection, where `connectTimeout` does not say.",
    )
    max_offline_requests: int | None = Field(
        default=None, validation_alias="maxOfflineRequests", description="Accepted for LoopBack; not used."
    )
    inq_limit: int | None = Field(
        default=None, ge=1, validation_alias="inqLimit", description="Most parents that one query of an include names."
    )
    catch_failure: bool | None = Field(
        default=None, validation_alias="catchFailure", description="Accepted for LoopBack; not used."
    )
    disable_migration: bool | None = Field(
        default=None,
        validation_alias=AliasChoices("disableMigration", "disableMigrate"),
        description="Accepted for LoopBack; not used.",
    )
    default_id_sort: bool | str = Field(
        default=True,
        validation_alias="defaultIdSort",
        description='Order by id where a request names no order; "numericIdOnly": only by ids that are numbers.',
    )
    allow_extended_operators: bool | None = Field(
        default=None, validation_alias="allowExtendedOperators", description="Accepted for LoopBack; not used."
    )
    statement_timeout: Milliseconds | None = Field(
        default=None, validation_alias="statementTimeout", description="Milliseconds a statement may take."
    )
    pool_timeout: Milliseconds = Field(
        default=10_000,
        validation_alias="poolTimeout",
        description="Milliseconds a request waits for a free connection.",
    )

    @validates(mode="before")
    @classmethod
    def _present(cls, data: Any) -> Any:
        """Empty and null settings count as absent; a plain setting that came from a secret source is looked into."""
        if not isinstance(data, Mapping):
            return data
        return {
            key: value.reveal() if isinstance(value, Secret) and key not in cls.secrets else value
            for key, value in data.items()
            if value is not None and value != "" and value != Secret("")
        }


Settings = TypeVar("Settings", bound=BaseModel)


def read_settings(kind: type[Settings], data_source: DataSource) -> Settings:
    """The settings of a data source, checked.

    Raises:
        ConnectorError: with one diagnostic per setting that is wrong, at its place.
    """
    try:
        return kind.model_validate(data_source.settings)
    except ValidationError as problem:
        raise ConnectorError(
            [
                Diagnostic(
                    code=Code.SETTINGS_UNUSABLE,
                    message=f"data source {data_source.name}: {_told(found)}",
                    location=data_source.locations.get("/" + "/".join(map(str, found["loc"]))) or data_source.location,
                )
                for found in problem.errors(include_input=False, include_url=False)
            ],
            data_source=data_source.name,
            connector=data_source.connector,
        ) from None


def _told(found: Any) -> str:
    """`port: Input should be ...` of one of pydantic's findings."""
    return f"{'.'.join(map(str, found['loc'])) or 'settings'}: {found['msg'].removeprefix('Value error, ')}"
