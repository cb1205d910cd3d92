"""What users write about models, as pydantic definitions: the one authority on structure.

The JSON Schemas in `schemas/` and the table `shapes` that files are checked
against are generated from these classes (`json_schema`); no value passes
through them while a project is loaded, because importing pydantic alone costs
more than checking a small project.

The native layout says types exactly; classes named `Loopback...` accept what
LoopBack accepts, such as `"true"` for true.
"""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from lbconf.project.definition_parts import (
    AclDefinition,
    Definition,
    Filter,
    LoopbackAclDefinition,
    LoopbackPropertyDefinition,
    LoopbackRelationDefinition,
    NativeSectionsOfModel,
    Object,
    PropertyDefinition,
    Prose,
    RelationDefinition,
    SectionsOfModel,
    Texts,
    Truthy,
    WiredRelationDefinition,
)

__all__ = ["LoopbackModelDefinition", "ModelDefinition", "ModelWiring", "NativeModelFile"]


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
    renamed_from: str | None = Field(None, description="The constraint's name before.")


class CheckDefinition(Definition):
    """A check constraint. Short form: the expression alone."""

    expression: str
    renamed_from: str | None = Field(None, description="The constraint's name before.")


class ForeignKeyDefinition(Definition):
    """A foreign key that no relation says."""

    name: str | None = None
    entity: str | None = Field(None, description="The model it points at.")
    entity_key: str | Texts | None = None
    foreign_key: str | Texts | None = None
    on_delete: str | None = None
    on_update: str | None = None
    renamed_from: str | None = Field(None, description="The constraint's name before.")


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


class ValidationDefinition(Definition):
    """One rule of one property or of several, as LoopBack's `validatesLengthOf` and the like."""

    model_config = ConfigDict(json_schema_extra={"x-open": True})

    property: str | Texts | None = Field(None, description="The property, or a list of them.")
    rule: str | None = Field(
        None,
        description="presence, absence, length, numericality, range, inclusion, exclusion, format, uniqueness, date "
        "or schema.",
    )
    min: float | None = Field(None, description="Least length, or least value (numericality, range).")
    max: float | None = Field(None, description="Greatest length, or greatest value.")
    is_: int | None = Field(None, alias="is", description="The one length.")
    int_: bool | None = Field(None, alias="int", description="true: a whole number (numericality).")
    in_: list[Any] | None = Field(None, alias="in", description="The values (inclusion, exclusion).")
    with_: str | None = Field(None, alias="with", description="A regular expression: ^x or /^x/i (format).")
    format: str | None = Field(None, description="A form that JSON Schema names, such as email or uri (format).")
    scoped_to: str | Texts | None = Field(None, description="Properties that must be alike, too (uniqueness).")
    ignore_case: bool | None = None
    schema_: Object | bool | None = Field(None, alias="schema", description="A JSON Schema (schema).")
    allow_null: bool | None = None
    allow_blank: bool | None = Field(None, description="true: a missing value and the empty text pass.")
    if_: str | Object | None = Field(
        None, alias="if", description="The rule holds where this property is true, or this condition holds."
    )
    unless: str | Object | None = Field(None, description="The rule does not hold there.")
    message: str | dict[str, str] | None = Field(None, description="What is said; or texts by kind: {min: ...}.")
    code: str | None = Field(None, description="Said in place of the rule's name.")
    database: bool | None = Field(None, description="false: no check or unique constraint in the database.")


class _Settings(Definition):
    """Settings of a model; each may stand at the top or under `options`, where it wins."""

    base: str | None = Field(None, description="The model it builds on. Default: PersistedModel.")
    super_: str | None = Field(None, alias="super", description="Old name of base.")
    description: Prose | None = None
    plural: str | None = Field(None, description="Plural of the name; the REST path is made of it.")
    http: Object | None = Field(None, description="{path}: the REST path.")
    mixins: Object | None = None
    validations: list[ValidationDefinition] | dict[str, Any] | None = Field(
        None,
        description="Rules that every row keeps: a list of entries, or rules by property "
        "({name: {length: {min: 3}}}), or properties by LoopBack's call ({validatesPresenceOf: [name]}).",
    )
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
    verify_options: Object | None = Field(None, description="The mail that confirms an address: from, subject, ...")
    reset_options: Object | None = Field(None, description="The mail with which a new password is set: from, url, ...")
    realm_delimiter: str | None = None
    reset_password_token_ttl: int | float | str | None = Field(None, alias="resetPasswordTokenTTL")
    salt_work_factor: int | str | None = Field(None, description="Cost of bcrypt hashes. Default: 10.")
    password_hash: Literal["argon2", "bcrypt"] | None = Field(
        None, description="How new passwords are kept. Default: argon2; bcrypt for databases that LoopBack reads, too."
    )
    resource_name: str | None = None
    replication_chunk_size: int | None = None
    change_data_source: str | None = None
    default_id_sort: bool | str | None = None
    max_depth_of_query: int | None = None
    max_depth_of_data: int | None = None
    inq_limit: int | None = None


class _NativeSettings(_Settings, NativeSectionsOfModel):
    code: str | Texts | None = Field(
        None, description="Python modules of the project with hooks and remote methods: app.hooks.account."
    )
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
    checks: dict[str, str | CheckDefinition] | None = Field(
        None, description="Check constraints: name to SQL expression."
    )
    renamed_from: str | None = Field(None, description="The table's or model's name before.")
    on_remove: Literal["keep", "rename", "drop"] | None = Field(
        None,
        description="What becomes of the table once the model is gone: kept, renamed out of the way, or dropped (the "
        "default). Also under `structure` of a data source, for all its models.",
    )
    read_only: bool | None = Field(None, description="Built from a view: read, never written or planned.")
    comment: str | None = None
    replace_on_put: bool | None = Field(None, alias="replaceOnPUT")
    validate_upsert: bool | None = None
    allow_eternal_tokens: bool | None = None
    track_changes: bool | None = None
    change_stream: bool | None = Field(
        None,
        description="Whether clients may follow changes at /change-stream, those of other processes where they can.",
    )
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


class _LoopbackSettings(_Settings, SectionsOfModel):
    python_code: str | Texts | None = Field(
        None, description="Python modules of the project with hooks and remote methods: hooks.account."
    )
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
    change_stream: Truthy = Field(
        None, description="Whether /change-stream tells of what other processes write, where the data source can."
    )
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
