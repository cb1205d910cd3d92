"""What users write inside a model: properties, relations, access rules, connector sections.

Part of `definitions`, which tells how these classes are used.
"""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, WithJsonSchema

from lbconf.project.definition_sections import (
    Definition,
    NativeSectionsOfModel,
    NativeSectionsOfProperty,
    Object,
    SectionsOfModel,
    SectionsOfProperty,
    Texts,
)

__all__ = [
    "AclDefinition",
    "Definition",
    "Filter",
    "LoopbackAclDefinition",
    "LoopbackPropertyDefinition",
    "LoopbackRelationDefinition",
    "NativeSectionsOfModel",
    "Object",
    "PropertyDefinition",
    "Prose",
    "RelationDefinition",
    "SectionsOfModel",
    "Texts",
    "Truthy",
    "WiredRelationDefinition",
]

Prose: TypeAlias = str | list[str]
Filter = Annotated[dict[str, Any], Field(description="A filter: where, include, fields, order, limit, skip.")]
Truthy = Annotated[Any, Field(description="Any value; JavaScript's rules say whether it counts as true.")]
Action = Annotated[
    str,
    WithJsonSchema({"type": "string", "enum": ["RESTRICT", "CASCADE", "SET NULL", "SET DEFAULT", "NO ACTION"]}),
    Field(description="What happens to the row that points at a changed or deleted one."),
]
PropertyType = Annotated[
    str | list[Any] | dict[str, Any],
    Field(
        description="string, string(length), text, number, integer, smallint, bigint, decimal(p,s), boolean, date, "
        "datetime, dateonly, time, uuid, json, object, any, array, binary, enum, geopoint, a model's name, or [T]."
    ),
]


class _PropertyBase(Definition):
    description: Prose | None = None
    doc: Prose | None = Field(None, description="Old name of description.")
    default: Any = Field(None, description='A constant; "$now" for dates.')
    default_fn: str | None = Field(
        None, alias="defaultFn", description="guid, uuid, uuidv4, now, shortid or nanoid: made for every new instance."
    )
    json_schema: Object | None = Field(None, alias="jsonSchema")
    name: str | None = Field(None, description="Column name, where no section says one.")
    backfill: str | int | float | bool | None = Field(
        None,
        description="What rows get that have no value when the column becomes NOT NULL: "
        "a number, true, false, or a text that is an expression of the database's SQL.",
    )
    values: list[Any] | None = Field(None, description="The values of an enum.")
    enum_name: str | None = Field(None, description="Name of the database's enum type.")
    enum_renamed_from: str | None = Field(None, description="The enum type's name before.")
    renamed_values: dict[str, str] | None = Field(None, description="Values of an enum: old to new.")
    charset: str | None = None
    collation: str | None = None
    data_type: str | None = None
    item_type: Any = None
    http: Any = None


class PropertyDefinition(_PropertyBase, NativeSectionsOfProperty):
    """One property of a model in the native layout."""

    type: PropertyType
    id: bool | Annotated[int, Field(ge=0)] | None = Field(
        None, description="true, or the place in a key of several properties."
    )
    generated: bool | None = Field(None, description="The database gives the value.")
    use_default_id_type: bool | None = None
    required: bool | None = Field(None, description="Must have a value; the column is NOT NULL.")
    apply_default_on_writes: bool | None = None
    persist_default_values: bool | None = None
    index: bool | str | Object | None = Field(None, description="true, or {name, unique, type}: an index of its own.")
    unique: bool | Object | None = Field(None, description="true, or {name}: a unique constraint of its own.")
    length: int | None = Field(None, ge=1, description="Most characters.")
    limit: int | None = None
    precision: int | None = Field(None, ge=1, description="All digits of a decimal.")
    scale: int | None = Field(None, ge=0, description="Digits after the point of a decimal.")
    nullable: bool | None = Field(None, description="false: the column is NOT NULL.")
    null: bool | None = None
    allow_null: bool | None = None
    update_only: bool | None = None
    unsigned: bool | None = None
    min: float | None = Field(None, description="Least value; of a text or a list, least length.")
    max: float | None = Field(None, description="Greatest value; of a text or a list, greatest length.")
    min_length: int | None = Field(None, ge=0, description="Least characters of a text, or items of a list.")
    max_length: int | None = Field(None, ge=0, description="Most characters of a text, or items of a list.")
    pattern: str | None = Field(None, description="A regular expression that a text must match.")
    enum: list[Any] | None = Field(None, description="The values there are.")
    schema_: Object | bool | None = Field(
        None, alias="schema", description="A JSON Schema (2020-12) of an object, a list or any other value."
    )
    trim: bool | None = None
    lowercase: bool | None = None
    uppercase: bool | None = None
    format: str | None = Field(
        None,
        description="date, date-time, time, duration, email, hostname, ipv4, ipv6, json-pointer, uri, uri-reference or "
        "uuid: the form of a text.",
    )
    hidden: bool | None = Field(None, description="Never part of an answer.")
    protected: bool | None = Field(None, description="Not part of an answer when nested in another object.")
    comment: str | None = None
    renamed_from: str | None = Field(None, description="The column's or property's name before.")


class LoopbackPropertyDefinition(_PropertyBase, SectionsOfProperty):
    """One property of a model in a LoopBack layout; without `type` it is an embedded object."""

    type: PropertyType | None = None
    id: Truthy = None
    generated: Truthy = None
    use_default_id_type: Truthy = None
    required: Truthy = None
    apply_default_on_writes: Truthy = None
    persist_default_values: Truthy = None
    index: Truthy = None
    unique: Truthy = None
    length: int | float | str | None = None
    limit: int | float | str | None = None
    precision: int | float | str | None = None
    scale: int | float | str | None = None
    nullable: Truthy = None
    null: Truthy = None
    allow_null: Truthy = None
    update_only: Truthy = None
    unsigned: Truthy = None
    min: Any = None
    max: Any = None
    pattern: Any = None
    min_length: Any = None
    max_length: Any = None
    enum: Any = None
    schema_: Any = Field(None, alias="schema")
    trim: Truthy = None
    lowercase: Truthy = None
    uppercase: Truthy = None
    format: Any = None
    hidden: Truthy = None
    protected: Truthy = None
    comment: Any = None
    ttl: Truthy = None


class RelationDefinition(Definition):
    """One relation in the native layout."""

    type: Literal[
        "belongsTo", "hasMany", "hasManyThrough", "hasAndBelongsToMany", "hasOne", "referencesMany", "embedsOne",
        "embedsMany",
    ]  # fmt: skip
    model: str | None = Field(None, description="The other model; needed but for a polymorphic belongsTo.")
    foreign_key: str | Texts | None = Field(None, description="Property or properties that hold the key.")
    primary_key: str | Texts | None = Field(None, description="What the foreign key points at; usually the id.")
    as_: str | None = Field(None, alias="as")
    properties: dict[str, str] | Texts | None = Field(None, description="Copied to the child on create.")
    scope: Filter | None = None
    options: Object | None = Field(None, description="disableInclude, nestRemoting, validate, forceId, ...")
    methods: Object | list[Any] | None = None
    invert: bool | None = None
    through: str | None = Field(None, description="The model in between.")
    key_through: str | Texts | None = None
    through_table: str | None = None
    polymorphic: bool | str | Object | None = None
    property: str | None = Field(None, description="Where embedded instances are kept.")
    default: Any = None
    embeds_properties: Any = None
    scope_methods: Any = None
    constraint: bool | None = Field(None, description="false: no foreign key in the database.")
    constraint_name: str | None = Field(None, description="Name of the foreign key in the database.")
    on_delete: Action | None = None
    on_update: Action | None = None
    description: Prose | None = None


class LoopbackRelationDefinition(RelationDefinition):
    """One relation in a LoopBack layout."""

    invert: Truthy = None
    constraint: Any = None
    constraint_name: Any = None
    on_delete: Any = None
    on_update: Any = None
    scope: Any = None
    options: Any = None
    methods: Any = None
    through: Any = None


class WiredRelationDefinition(LoopbackRelationDefinition):
    """What model-config.json changes about a relation."""

    type: str | None = None  # type: ignore[assignment]


class AclDefinition(Definition):
    """One access rule."""

    principal_type: str | None = Field(
        None, description="ROLE, USER, APP, SCOPE or the name of a user model. Default: ROLE."
    )
    principal_id: str | int | None = Field(
        None, description="$everyone, $authenticated, $unauthenticated, $owner, a role, an id."
    )
    access_type: Literal["READ", "WRITE", "EXECUTE", "REPLICATE", "*"] | None = None
    property: str | Texts | None = Field(None, description="Method or methods; all where it is left out.")
    permission: Literal["ALLOW", "DENY", "ALARM", "AUDIT", "DEFAULT"]
    model: str | None = None
    accepted: Any = None


class LoopbackAclDefinition(AclDefinition):
    """One access rule of a LoopBack layout."""

    access_type: str | None = None  # type: ignore[assignment]
    permission: str | None = None  # type: ignore[assignment]
    principal_id: Any = None
