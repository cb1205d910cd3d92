"""What users write in connector sections: how a model or a property stands in the databases of one connector.

Part of `definitions`, which tells how these classes are used; `plan.exact` reads what is written.
"""

from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

__all__ = [
    "Definition",
    "NativeSectionsOfModel",
    "NativeSectionsOfProperty",
    "Object",
    "SectionsOfModel",
    "SectionsOfProperty",
    "Texts",
]

Texts: TypeAlias = list[str]
Object: TypeAlias = dict[str, Any]
ExactOptions: TypeAlias = dict[str, str | int | float | bool | None]
Deferrable: TypeAlias = Literal["immediate", "deferred"]


class Definition(BaseModel):
    """Something a user writes. Keys are in camel case; unknown ones are kept and warned about."""

    model_config = ConfigDict(alias_generator=to_camel, extra="allow", populate_by_name=True)


class KeyEntry(Definition):
    """A primary key. Its columns are the model's id properties."""

    name: str | None = None
    include: Texts | None = Field(None, description="Columns kept in its index that are no part of the key.")
    deferrable: Deferrable | None = None
    lengths: dict[str, int] | None = Field(None, description="How much of a column is part of the key (mysql).")


class UniqueEntry(Definition):
    """A unique constraint. Short form: the columns alone."""

    columns: Texts | str | None = None
    nulls_not_distinct: bool | None = None
    include: Texts | None = Field(None, description="Columns kept in its index that are not compared.")
    deferrable: Deferrable | None = None
    renamed_from: str | None = Field(None, description="The constraint's name before.")


class IndexPartEntry(Definition):
    """A column or an expression of an index."""

    column: str | None = None
    expression: str | None = None
    descending: bool | None = None
    nulls: Literal["first", "last"] | None = None
    collation: str | None = None
    operator_class: str | None = None
    length: int | None = Field(None, description="How many characters of the column (mysql).")


class IndexEntry(Definition):
    """An index."""

    parts: list[str | IndexPartEntry] | None = None
    unique: bool | None = None
    method: str | None = Field(None, description="btree, hash, gin, gist, brin, fulltext, spatial, ...")
    where: str | None = Field(None, description="SQL condition of a partial index.")
    include: Texts | None = None
    nulls_not_distinct: bool | None = None
    valid: bool | None = None
    comment: str | None = None
    options: ExactOptions | None = Field(None, description="fillfactor, invisible, parser, clustered, ...")
    renamed_from: str | None = Field(None, description="The index's name before.")


class ForeignKeyEntry(Definition):
    """A foreign key in the database's names."""

    columns: Texts | str | None = None
    table: str | None = Field(None, description="The table it points at; it need not be any model's.")
    schema_: str | None = Field(None, alias="schema", description="SQL schema of that table. Default: the own one.")
    references: Texts | str | None = None
    on_delete: str | None = None
    on_update: str | None = None
    deferrable: Deferrable | None = None
    match: str | None = None
    valid: bool | None = None
    set_columns: Texts | None = Field(None, description="What SET NULL or SET DEFAULT sets, where not all columns.")
    renamed_from: str | None = Field(None, description="The constraint's name before.")


class CheckEntry(Definition):
    """A check constraint. Short form: the expression alone."""

    expression: str | None = None
    valid: bool | None = None
    no_inherit: bool | None = None
    enforced: bool | None = None
    renamed_from: str | None = Field(None, description="The constraint's name before.")


class ExclusionEntry(Definition):
    """An exclusion constraint. Short form: the definition alone."""

    definition: str | None = Field(None, description="EXCLUDE USING gist (...).")
    renamed_from: str | None = Field(None, description="The constraint's name before.")


class PartitionEntry(Definition):
    """A partition. Short form: the bound alone."""

    bound: str | None = Field(None, description="FOR VALUES ..., DEFAULT, VALUES LESS THAN ...")
    schema_: str | None = Field(None, alias="schema", description="SQL schema. Default: the table's.")
    by: str | None = Field(None, description="How it is divided itself.")
    partitions: "dict[str, str | PartitionEntry | None] | None" = None


class ViewEntry(Definition):
    """The view of a read-only model, where lbconf is to make it."""

    definition: str | None = Field(None, description="The query.")
    materialized: bool | None = None
    options: ExactOptions | None = Field(None, description="security_barrier, check_option, ...")
    indexes: dict[str, IndexEntry | None] | None = Field(None, description="Indexes of a materialized view.")


class RowSecurityEntry(Definition):
    """Row security of a table that lbconf makes."""

    enabled: bool | None = Field(None, description="false: the policies are made and do not work yet.")
    force: bool | None = Field(None, description="true: for the table's owner too.")
    policies: dict[str, str] | None = Field(
        None, description="Policies by name: what follows the table in CREATE POLICY, such as FOR SELECT USING (true)."
    )


class IdentityEntry(Definition):
    """How the server counts a column up. Short form: the kind alone."""

    kind: str | None = Field(None, description="always, by-default, serial, autoincrement or rowid.")
    start: int | None = None
    increment: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    cache: int | None = None
    cycle: bool | None = None
    sequence: str | None = Field(None, description="Name of the sequence behind it, where not the usual (postgresql).")
    type: str | None = Field(None, description="Type of a serial's sequence, where not the column's (postgresql).")


class ModelSection(Definition):
    """How a model stands in the databases of one connector, as LoopBack has it: other keys are kept."""

    model_config = ConfigDict(json_schema_extra={"x-open": True})

    schema_: str | None = Field(None, alias="schema", description="SQL schema of the table.")
    schema_name: str | None = None
    table: str | None = Field(None, description="Name of the table.")
    table_name: str | None = None
    collection: str | None = Field(None, description="Name of the collection (mongodb).")
    primary_key: Any = Field(None, description="Name of the primary key; or name, deferrable, ...")
    uniques: Object | None = Field(None, description="Unique constraints by name: columns, nullsNotDistinct, ...")
    indexes: Object | None = Field(None, description="Indexes by name: parts, unique, method, where, include, ...")
    foreign_keys: Object | None = Field(
        None, description="Foreign keys by name: columns, table, references, onDelete, onUpdate, deferrable, ..."
    )
    checks: Object | None = Field(None, description="Check constraints by name: the SQL expression.")
    exclusions: Object | None = Field(None, description="Exclusion constraints by name (postgresql).")
    options: Any = Field(None, description="Storage of the table.")
    partition_by: Any = Field(None, description="How the table is divided: RANGE (created_at).")
    partitions: Any = Field(None, description="Partitions by name: what they hold.")
    row_security: Any = Field(None, description="Row security that a new table gets: force, policies (postgresql).")
    view: Any = Field(None, description="Of a read-only model: the view's definition.")


class NativeModelSection(ModelSection):
    """How a model stands in the databases of one connector; other keys are warned about."""

    model_config = ConfigDict(json_schema_extra=None)

    primary_key: str | KeyEntry | None = Field(
        None, description="Name of the primary key; or name, include, deferrable, lengths."
    )
    uniques: dict[str, UniqueEntry | Texts | None] | None = Field(None, description="Unique constraints by name.")
    indexes: dict[str, IndexEntry | None] | None = Field(None, description="Indexes by name.")
    foreign_keys: dict[str, ForeignKeyEntry | None] | None = Field(None, description="Foreign keys by name.")
    checks: dict[str, str | CheckEntry | None] | None = Field(
        None, description="Check constraints by name: the SQL expression, or expression, valid, noInherit, enforced."
    )
    without_columns: bool | None = Field(None, description="true: the table has no columns (postgresql).")
    exclusions: dict[str, str | ExclusionEntry | None] | None = Field(
        None, description="Exclusion constraints by name: EXCLUDE USING ... (postgresql)."
    )
    options: ExactOptions | None = Field(
        None,
        description="Storage of the table: strict, without_rowid (sqlite); unlogged, fillfactor, tablespace, "
        "replica_identity, ... (postgresql); engine, charset, collation, row_format, ... (mysql).",
    )
    partition_by: str | None = Field(None, description="How the table is divided: RANGE (created_at).")
    partitions: dict[str, str | PartitionEntry | None] | None = Field(
        None, description="Partitions by name: what they hold, such as FOR VALUES FROM (1) TO (10)."
    )
    row_security: RowSecurityEntry | None = Field(
        None, description="Row security that a new table gets; on a table that is there it stays as it is (postgresql)."
    )
    view: ViewEntry | None = Field(None, description="Of a read-only model: the view's definition.")


class PropertySection(Definition):
    """How a property stands in the databases of one connector, as LoopBack has it: other keys are kept."""

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
    default_fn: str | None = Field(None, alias="defaultFn", description="Function that makes a uuid.")
    db_default: Any = Field(None, description="The column's default: an SQL expression.")
    unsigned: Any = Field(None, description="No negative numbers (mysql).")
    charset: str | None = Field(None, description="The character set, where it is not the table's (mysql).")
    collation: str | None = None
    generated_as: str | None = Field(None, description="Expression of a generated column.")
    virtual: Any = Field(None, description="Whether a generated column is computed when read, not stored.")
    on_update: Any = Field(None, description="Expression the column takes when its row changes (mysql).")
    identity: Any = Field(
        None, description="How the server counts: always, by-default, serial, autoincrement; or kind, start, increment."
    )
    options: Any = Field(None, description="storage, compression, statistics (postgresql), invisible (mysql), ...")


class NativePropertySection(PropertySection):
    """How a property stands in the databases of one connector; other keys are warned about."""

    model_config = ConfigDict(json_schema_extra=None)

    unsigned: bool | None = Field(None, description="No negative numbers (mysql).")
    virtual: bool | None = Field(None, description="Whether a generated column is computed when read, not stored.")
    on_update: str | None = Field(None, description="Expression the column takes when its row changes (mysql).")
    identity: bool | str | IdentityEntry | None = Field(
        None, description="How the server counts: always, by-default, serial, autoincrement; or kind, start, increment."
    )
    options: ExactOptions | None = Field(
        None, description="storage, compression, statistics (postgresql), invisible (mysql), ..."
    )


class SectionsOfModel(Definition):
    """A section per connector, in a model."""

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


class SectionsOfProperty(Definition):
    """A section per connector, in a property."""

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


class NativeSectionsOfModel(SectionsOfModel):
    """The same, where a misspelt key is found."""

    postgresql: NativeModelSection | None = None
    mysql: NativeModelSection | None = None
    sqlite: NativeModelSection | None = None
    sqlite3: NativeModelSection | None = None


class NativeSectionsOfProperty(SectionsOfProperty):
    """The same, where a misspelt key is found."""

    postgresql: NativePropertySection | None = None
    mysql: NativePropertySection | None = None
    sqlite: NativePropertySection | None = None
    sqlite3: NativePropertySection | None = None
