"""What users write about a database beside its tables: the `structure` of a data source, as pydantic definitions.

Part of `definitions`, which tells how these classes are used. Unlike there,
unknown keys are refused: what a database is made of is never guessed.
"""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from lbconf.project.definition_parts import Definition

__all__ = ["StructureDefinition"]

Names = list[str]


class _Exact(Definition):
    """Something without any key that lbconf does not know."""

    model_config = ConfigDict(extra="forbid")


class ExtensionEntry(_Exact):
    """An extension of the server that the models need."""

    schema_: str | None = Field(None, alias="schema", description="Where its objects stand. Default: the server's.")


class EnumEntry(_Exact):
    """An enum type of the server. Short form: the values alone."""

    values: Annotated[Names, Field(min_length=1)]
    schema_: str | None = Field(None, alias="schema", description="SQL schema. Default: the data source's.")
    comment: str | None = None
    renamed_from: str | None = Field(None, description="The type's name before.")
    renamed_values: dict[str, str] | None = Field(None, description="Old value to new value.")


class DomainEntry(_Exact):
    """A domain: a type with a default and checks of its own. Short form: the type alone."""

    type: str = Field(description="The type it builds on, in the server's words.")
    schema_: str | None = Field(None, alias="schema", description="SQL schema. Default: the data source's.")
    nullable: bool | None = Field(None, description="false: no value of it is NULL.")
    default: str | int | float | bool | None = Field(None, description="An SQL expression.")
    collation: str | None = None
    checks: dict[str, str] | None = Field(None, description="Check constraints: name to SQL expression over VALUE.")


class CompositeColumn(_Exact):
    """One column of a composite type. Short form: the type alone."""

    type: str = Field(description="In the server's words.")
    collation: str | None = None


class CompositeEntry(_Exact):
    """A composite type."""

    columns: dict[str, str | CompositeColumn]
    schema_: str | None = Field(None, alias="schema", description="SQL schema. Default: the data source's.")


class SequenceEntry(_Exact):
    """A sequence that belongs to no counted column."""

    type: str | None = Field(None, description="smallint, integer or bigint (the default).")
    schema_: str | None = Field(None, alias="schema", description="SQL schema. Default: the data source's.")
    start: int | None = None
    increment: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    cache: int | None = Field(None, ge=1)
    cycle: bool | None = Field(None, description="true: begins again after its end.")
    owned_by: str | None = Field(None, description="table.column whose end is its end.")
    comment: str | None = None
    renamed_from: str | None = Field(None, description="The sequence's name before.")


class StructureDefinition(_Exact):
    """What stands in the database beside the models' tables. Keys are names in the data source's own SQL schema."""

    owns: Names | None = Field(
        None,
        description="SQL schemas that the project speaks for completely: tables, types and sequences there that "
        "nothing asks for are dropped, after acceptance.",
    )
    on_remove: Literal["keep", "rename", "drop"] | None = Field(
        None, description="What becomes of a table once its model is gone, where the model did not say. Default: drop."
    )
    namespaces: Names | None = Field(None, description="SQL schemas that exist although no table stands in them.")
    extensions: dict[str, ExtensionEntry | None] | None = None
    enums: dict[str, EnumEntry | Names] | None = Field(None, description="Enum types by name.")
    domains: dict[str, DomainEntry | str] | None = Field(None, description="Domains by name.")
    composites: dict[str, CompositeEntry] | None = Field(None, description="Composite types by name.")
    sequences: dict[str, SequenceEntry | None] | None = Field(None, description="Sequences by name.")
