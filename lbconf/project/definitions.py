"""What users write about models, as pydantic definitions: the one authority on structure.

The JSON Schemas in `schemas/` and the table `shapes` that files are checked
against are generated from these classes (`json_schema`); no value passes
through them while a project is loaded, because importing pydantic alone costs
more than checking a small project.

The native layout says types exactly; classes named `Loopback...` accept what
LoopBack accepts, such as `"true"` for true.
"""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel

__all__ = [
    "AclDefinition",
    "Definition",
    "LoopbackModelDefinition",
    "LoopbackPropertyDefinition",
    "LoopbackRelationDefinition",
    "ModelDefinition",
    "ModelWiring",
    "NativeModelFile",
    "PropertyDefinition",
    "RelationDefinition",
]

Texts: TypeAlias = list[str]
Prose: TypeAlias = str | list[str]
Object: TypeAlias = dict[str, Any]
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
PRINCIPALS = ["USER", "APP", "APPLICATION", "ROLE", "SCOPE"]


class Definition(BaseModel):
    """Something a user writes. Keys are in camel case; unknown ones are kept and warned about."""

    model_config = ConfigDict(alias_generator=to_camel, extra="allow", populate_by_name=True)


class ModelSection(Definition):
    """How a model stands in the databases of one connector."""

    model_config = ConfigDict(json_schema_extra={"x-open": True})

    schema_: str | None = Field(None, alias="schema", description="SQL schema of the table.")
    schema_name: str | None = None
    table: str | None = Field(None, description="Name of the table.")
    table_name: str | None = None
    collection: str | None = Field(None, description="Name of the collection (mongodb).")
    primary_key: str | None = Field(None, description="Name of the primary key.")
    uniques: dict[str, Any] | None = Field(None, description="Unique constraints by name: columns, nullsNotDistinct.")
    indexes: dict[str, Any] | None = Field(
        None, description="Indexes by name: parts, unique, method, where, include, nullsNotDistinct, comment."
    )
    foreign_keys: dict[str, Any] | None = Field(
        None, description="Foreign keys by name: columns, table, references, onDelete, onUpdate, deferrable, match."
    )
    checks: dict[str, Any] | None = Field(None, description="Check constraints by name: the SQL expression.")


class PropertySection(Definition):
    """How a property stands in the databases of one connector."""

    model_config = ConfigDict(json_schema_extra={"x-open": True})

    column_name: str | None = Field(None, description="Name of the column.")
    column: str | None = None
    field: str | None = None
    field_name: str | None = None
    data_type: str | None = Field(None, description="Type of the column, in the server's words.")
    data_length: int | str | None = None
    data_precision: int | str | None = None
    data_scale: int | str | None = None
    nullable: bool | int | str | None = Field(None, description='"N", "NO", 0 or false: NOT NULL.')
    db_default: Any = Field(None, description="The column's default: an SQL expression.")
    collation: str | None = None
    generated_as: str | None = Field(None, description="Expression of a stored generated column.")
    identity: bool | str | dict[str, Any] | None = Field(
        None, description="How the server counts: always, by-default, serial, autoincrement; or kind, start, increment."
    )


class _SectionsOfModel(Definition):
    postgresql: ModelSection | None = None
    mysql: ModelSection | None = None
    mssql: ModelSection | None = None
    oracle: ModelSection | None = None
    sqlite: ModelSection | None = None
    sqlite3: ModelSection | None = None
    db2: ModelSection | None = None
    mongodb: ModelSection | None = None
    memory: Object | None = None
    cassandra: Object | None = None
    cloudant: Object | None = None
    informix: Object | None = None
    dashdb: Object | None = None
    elasticsearch: Object | None = None
    es: Object | None = None
    rest: Object | None = None
    soap: Object | None = None


class _SectionsOfProperty(Definition):
    postgresql: PropertySection | None = None
    mysql: PropertySection | None = None
    mssql: PropertySection | None = None
    oracle: PropertySection | None = None
    sqlite: PropertySection | None = None
    sqlite3: PropertySection | None = None
    db2: PropertySection | None = None
    mongodb: PropertySection | None = None
    memory: Object | None = None
    cassandra: Object | None = None
    cloudant: Object | None = None
    informix: Object | None = None
    dashdb: Object | None = None
    elasticsearch: Object | None = None
    es: Object | None = None


class _PropertyBase(_SectionsOfProperty):
    description: Prose | None = None
    doc: Prose | None = Field(None, description="Old name of description.")
    default: Any = Field(None, description='A constant; "$now" for dates.')
    default_fn: str | None = Field(
        None, alias="defaultFn", description="guid, uuid, uuidv4, now, shortid or nanoid: made for every new instance."
    )
    json_schema: Object | None = Field(None, alias="jsonSchema")
    name: str | None = Field(None, description="Column name, where no section says one.")
    values: list[Any] | None = Field(None, description="The values of an enum.")
    enum_name: str | None = Field(None, description="Name of the database's enum type.")
    charset: str | None = None
    collation: str | None = None
    data_type: str | None = None
    item_type: Any = None
    http: Any = None


class PropertyDefinition(_PropertyBase):
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
    min: float | None = None
    max: float | None = None
    pattern: str | None = None
    trim: bool | None = None
    lowercase: bool | None = None
    uppercase: bool | None = None
    format: str | None = None
    hidden: bool | None = Field(None, description="Never part of an answer.")
    protected: bool | None = Field(None, description="Not part of an answer when nested in another object.")
    comment: str | None = None
    renamed_from: str | None = Field(None, description="The column's or property's name before.")


class LoopbackPropertyDefinition(_PropertyBase):
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


class IndexDefinition(Definition):
    """One index over several properties. Short form: the keys alone."""

    model_config = ConfigDict(json_schema_extra={"x-open": True})

    keys: dict[str, int | str] | list[Any] | str | None = Field(
        None, description='Property to 1 or -1, or a list such as ["a", "b DESC"].'
    )
    options: Object | None = None
    columns: str | Texts | None = None
    unique: bool | None = None
    where: str | None = Field(None, description="SQL condition of a partial index.")
    renamed_from: str | None = None


class UniqueDefinition(Definition):
    """A unique constraint over several properties."""

    properties: Annotated[list[str], Field(min_length=1)]


class ForeignKeyDefinition(Definition):
    """A foreign key that no relation says."""

    name: str | None = None
    entity: str | None = Field(None, description="The model it points at.")
    entity_key: str | Texts | None = None
    foreign_key: str | Texts | None = None
    on_delete: str | None = None
    on_update: str | None = None


class MethodDefinition(Definition):
    """A remote method. lbconf keeps what is said about it; it cannot run its code."""

    model_config = ConfigDict(json_schema_extra={"x-open": True})

    accepts: list[Any] | Object | None = None
    returns: list[Any] | Object | None = None
    http: list[Any] | Object | None = None
    description: Prose | None = None
    notes: Prose | None = None
    documented: Any = None
    access_type: str | None = None
    access_scopes: list[Any] | None = None
    shared: Any = None
    is_static: Any = None


class _Settings(_SectionsOfModel):
    """Settings of a model; each may stand at the top or under `options`, where it wins."""

    base: str | None = Field(None, description="The model it builds on. Default: PersistedModel.")
    super_: str | None = Field(None, alias="super", description="Old name of base.")
    description: Prose | None = None
    plural: str | None = Field(None, description="Plural of the name; the REST path is made of it.")
    http: Object | None = Field(None, description="{path}: the REST path.")
    mixins: Object | None = None
    validations: list[Any] | Object | None = Field(None, description="Accepted for LoopBack; not executed.")
    exclude_base_properties: Texts | None = None
    hidden: Texts | None = Field(None, description="Properties that are never part of an answer.")
    hidden_properties: Texts | None = None
    protected: Texts | None = Field(None, description="Properties left out when nested in another object.")
    protected_properties: Texts | None = None
    scope: Filter | None = Field(None, description="Filter merged into every query.")
    scopes: Object | None = Field(None, description="Name to filter: more queries and endpoints.")
    foreign_keys: dict[str, ForeignKeyDefinition] | None = None
    configure_model_merge: Any = None
    owner_relations: bool | Texts | None = None
    default_permission: str | None = None
    acl_error_status: int | str | None = None
    remoting: Object | None = None
    ttl: int | float | str | None = None
    max_ttl: int | float | str | None = Field(None, alias="maxTTL")
    verify_options: Object | None = None
    realm_delimiter: str | None = None
    reset_password_token_ttl: int | float | str | None = Field(None, alias="resetPasswordTokenTTL")
    salt_work_factor: int | str | None = None
    resource_name: str | None = None
    replication_chunk_size: int | None = None
    change_data_source: str | None = None
    default_id_sort: bool | str | None = None
    max_depth_of_query: int | None = None
    max_depth_of_data: int | None = None
    inq_limit: int | None = None


class _NativeSettings(_Settings):
    id_injection: bool | None = Field(None, description="false: no id is added where none is declared.")
    force_id: bool | Literal["auto"] | None = Field(None, description="Whether clients may not choose the id.")
    strict: bool | Literal["filter", "validate", "throw"] | None = Field(
        None, description="true (the default): unknown properties are refused; filter: dropped; false: kept."
    )
    acls: list[AclDefinition] | None = None
    relations: dict[str, RelationDefinition | None] | None = None
    methods: dict[str, MethodDefinition] | list[Any] | None = None
    indexes: dict[str, IndexDefinition | str | list[Any] | None] | None = None
    uniques: dict[str, UniqueDefinition | Texts] | None = Field(None, description="Unique constraints by name.")
    checks: dict[str, str] | None = Field(None, description="Check constraints: name to SQL expression.")
    renamed_from: str | None = Field(None, description="The table's or model's name before.")
    read_only: bool | None = Field(None, description="Built from a view: read, never written or planned.")
    comment: str | None = None
    replace_on_put: bool | None = Field(None, alias="replaceOnPUT")
    validate_upsert: bool | None = None
    allow_eternal_tokens: bool | None = None
    track_changes: bool | None = None
    enable_remote_replication: bool | None = None
    persist_undefined_as_null: bool | None = None
    automatic_validation: bool | None = None
    update_on_load: bool | None = None
    disable_default_sort: bool | None = None
    allow_extended_operators: bool | None = None
    normalize_undefined_in_query: bool | str | None = None
    prohibit_hidden_properties_in_query: bool | None = None
    strict_object_id_coercion: bool | None = Field(None, alias="strictObjectIDCoercion")
    email_verification_required: bool | None = None
    realm_required: bool | None = None
    case_sensitive_email: bool | None = None
    reject_password_changes_via_patch_or_replace: bool | None = None
    restrict_reset_password_token_scope: bool | None = None
    accept: Texts | None = Field(None, description="Hazards that need no --accept on the command line.")


class ModelDefinition(_NativeSettings):
    """A model, without where it is attached."""

    name: str | None = Field(None, description="Default: the file's name in Pascal case.")
    properties: dict[str, str | list[Any] | PropertyDefinition | Literal[False] | None] | None = None
    options: _NativeSettings | None = Field(None, description="The same settings again; these win.")


class NativeModelFile(ModelDefinition):
    """A file in `models/`: the model and where it is attached."""

    data_source: str | None = Field(None, description="Name of a data source; null: not attached.")
    public: bool | None = Field(None, description="false: no REST endpoints. Default: true.")


class _LoopbackSettings(_Settings):
    id_injection: Truthy = None
    force_id: Truthy = None
    strict: Truthy = None
    acls: list[LoopbackAclDefinition] | None = None
    relations: dict[str, LoopbackRelationDefinition | None] | list[Any] | None = None
    relationships: dict[str, LoopbackRelationDefinition | None] | list[Any] | None = None
    methods: dict[str, MethodDefinition | None] | list[Any] | None = None
    indexes: dict[str, Any] | list[Any] | None = None
    validations: Any = None
    scopes: Any = None
    mixins: Any = None
    hidden: Any = None
    replace_on_put: Truthy = Field(None, alias="replaceOnPUT")
    validate_upsert: Truthy = None
    allow_eternal_tokens: Truthy = None
    track_changes: Truthy = None
    enable_remote_replication: Truthy = None
    persist_undefined_as_null: Truthy = None
    automatic_validation: Truthy = None
    update_on_load: Truthy = None
    disable_default_sort: Truthy = None
    allow_extended_operators: Truthy = None
    normalize_undefined_in_query: Truthy = None
    prohibit_hidden_properties_in_query: Truthy = None
    strict_object_id_coercion: Truthy = Field(None, alias="strictObjectIDCoercion")
    email_verification_required: Truthy = None
    realm_required: Truthy = None
    case_sensitive_email: Truthy = None
    reject_password_changes_via_patch_or_replace: Truthy = None
    restrict_reset_password_token_scope: Truthy = None


class LoopbackModelDefinition(_LoopbackSettings):
    """A model's own file in a LoopBack project."""

    name: str | None = None
    properties: dict[str, str | list[Any] | LoopbackPropertyDefinition | Literal[False] | None] | None = None
    options: _LoopbackSettings | None = None


class ModelWiring(Definition):
    """A model's entry in model-config.json."""

    data_source: str | Literal[False] | None = None
    public: Truthy = None
    options: Object | None = None
    relations: dict[str, WiredRelationDefinition] | None = None
    acls: list[LoopbackAclDefinition] | None = None
    methods: dict[str, Any] | None = None
    config: Any = Field(None, alias="$config")
    description: Prose | None = None
    http: Object | None = None
