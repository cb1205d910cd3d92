"""The project as everything after `resolve` sees it: immutable, every reference followed."""

from collections.abc import Mapping
from enum import Enum, StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from lbconf.datatypes import DataType
from lbconf.diagnostics import Diagnostic, Location
from lbconf.project.said_structure import NO_STRUCTURE, SaidStructure
from lbconf.records import dataclass, field

__all__ = [
    "UNSET",
    "Acl",
    "CheckSpec",
    "DataSource",
    "ForeignKeySpec",
    "IndexSpec",
    "Layout",
    "Model",
    "Polymorphic",
    "Project",
    "Property",
    "Relation",
    "RelationKind",
    "ServerSettings",
    "Strict",
    "UniqueSpec",
    "Unset",
]

EMPTY: Final[Mapping[str, Any]] = MappingProxyType({})


def _empty() -> Mapping[str, Any]:
    """The one empty mapping. A mapping proxy is no plain default before Python 3.12, for it has no hash."""
    return EMPTY


class Unset(Enum):
    """The type of `UNSET`, for values where None is a value of its own."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET


class Layout(StrEnum):
    """How a project's files are laid out; decides naming and type rules too."""

    NATIVE = "native"
    LOOPBACK = "loopback"
    """LoopBack 2.x and 3.x."""
    LOOPBACK1 = "loopback1"

    @property
    def is_loopback(self) -> bool:
        """Whether LoopBack's rules of merging, naming and types apply."""
        return self is not Layout.NATIVE


class Strict(StrEnum):
    """What happens to a property that the model does not have."""

    KEEP = "keep"
    """`strict: false`: kept where the store can keep it."""
    REJECT = "reject"
    """`strict: true`, `"validate"` or `"throw"`: refused on save. `Model.settings["strict"]` keeps the spelling."""
    FILTER = "filter"
    """`strict: "filter"`: dropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """One property of a model, inherited ones included."""

    name: str
    type: DataType
    id: int = 0
    """0: not part of the key; otherwise 1-based place in it."""
    generated: bool = False
    """The store gives the value (identity, serial, auto-increment, generated uuid)."""
    required: bool = False
    nullable: bool = True
    """Whether the column takes NULL: not for ids, required properties and those that say so."""
    default: Any = UNSET
    """Constant, as a JSON value; `"$now"` for dates; UNSET where there is none."""
    default_fn: str | None = None
    """`guid`, `uuid`, `uuidv4`, `now`, `shortid` or `nanoid`."""
    index: Mapping[str, Any] | None = None
    """None: no index. Otherwise the options (`unique`, `name`, `type`, ...), perhaps none."""
    unique: bool = False
    """A unique constraint or index of its own."""
    hidden: bool = False
    protected: bool = False
    description: str | None = None
    renamed_from: str | None = None
    """The column's or property's name before, as `renamedFrom` says."""
    settings: Mapping[str, Any] = field(default_factory=_empty)
    """Every attribute as written and merged, connector sections included (`settings["postgresql"]["columnName"]`)."""
    location: Location | None = field(default=None, compare=False)

    def section(self, *connectors: str) -> Mapping[str, Any]:
        """The mapping section of the first of these connector names that has one, else an empty mapping."""
        return _section(self.settings, connectors)

    def is_typed_by_hand(self, connector: str) -> bool:
        """Whether its section names the column's type, which may store a value otherwise than it was sent."""
        return self._says(connector, "dataType")

    def is_computed(self, connector: str) -> bool:
        """Whether its section lets the database work the value out by itself."""
        return self._says(connector, "generatedAs")

    def _says(self, connector: str, key: str) -> bool:
        return any(
            isinstance(part, Mapping) and bool(part.get(key))
            for name, part in self.settings.items()
            if name.startswith(connector)
        )


class RelationKind(StrEnum):
    """LoopBack's relation types."""

    BELONGS_TO = "belongsTo"
    HAS_MANY = "hasMany"
    HAS_MANY_THROUGH = "hasManyThrough"
    HAS_AND_BELONGS_TO_MANY = "hasAndBelongsToMany"
    HAS_ONE = "hasOne"
    REFERENCES_MANY = "referencesMany"
    EMBEDS_ONE = "embedsOne"
    EMBEDS_MANY = "embedsMany"


@dataclass(frozen=True, slots=True, kw_only=True)
class Polymorphic:
    """Property names of a polymorphic relation, on the model that holds the key."""

    selector: str
    foreign_key: str
    discriminator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """One relation, with every default filled in."""

    name: str
    kind: RelationKind
    model: str
    """The declaring model."""
    target: str | None
    """The other model; None only for a polymorphic belongsTo."""
    key_from: tuple[str, ...]
    """Property names on the declaring model (belongsTo: the foreign key; hasMany: usually the id)."""
    key_to: tuple[str, ...]
    """Property names on the target (belongsTo: usually the id; hasMany: the foreign key), same length."""
    through: str | None = None
    """Model in between, for hasManyThrough and hasAndBelongsToMany."""
    through_from: tuple[str, ...] = ()
    """Property names on `through` that hold `key_from`."""
    through_to: tuple[str, ...] = ()
    """Property names on `through` that hold the target's id."""
    polymorphic: Polymorphic | None = None
    embedded_property: str | None = None
    """Property that holds the instance or list, for embedsOne, embedsMany (and the ids, for referencesMany)."""
    scope: Mapping[str, Any] = field(default_factory=_empty)
    """Filter merged into every access."""
    properties: Mapping[str, str] = field(default_factory=_empty)
    """Parent property to child property, copied on create."""
    options: Mapping[str, Any] = field(default_factory=_empty)
    """`disableInclude`, `http`, `nestRemoting`, `validate`, ..."""
    constraint: bool = False
    """Whether the database gets a foreign key (native: unless it says `constraint: false`; LoopBack: never)."""
    on_delete: str | None = None
    """RESTRICT, CASCADE, SET NULL, SET DEFAULT, NO ACTION, upper case."""
    on_update: str | None = None
    settings: Mapping[str, Any] = field(default_factory=_empty)
    """As written and merged."""
    location: Location | None = field(default=None, compare=False)

    @property
    def many(self) -> bool:
        """Whether it leads to a list."""
        return self.kind not in {RelationKind.BELONGS_TO, RelationKind.HAS_ONE, RelationKind.EMBEDS_ONE}


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSpec:
    """An index a model declares."""

    name: str | None
    """As written; None where the mapping makes one."""
    keys: tuple[tuple[str, bool], ...]
    """(property name, descending); a name that is no property is a column name as written."""
    unique: bool = False
    kind: str | None = None
    """Access method, such as `btree`, `gin`, `hash`."""
    where: str | None = None
    """SQL condition of a partial index (native)."""
    renamed_from: str | None = None
    options: Mapping[str, Any] = field(default_factory=_empty)
    location: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKeySpec:
    """A foreign key a model declares under `foreignKeys`."""

    name: str | None
    columns: tuple[str, ...]
    """Property (or column) names on this model."""
    target: str
    """Model name."""
    target_columns: tuple[str, ...]
    """Property (or column) names on the target."""
    on_delete: str | None = None
    on_update: str | None = None
    renamed_from: str | None = None
    location: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class UniqueSpec:
    """A unique constraint a model declares (native)."""

    name: str | None
    """As written; None where the mapping makes one."""
    properties: tuple[str, ...]
    renamed_from: str | None = None
    location: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSpec:
    """A check constraint a model declares (native)."""

    name: str
    expression: str
    """SQL, over column names."""
    renamed_from: str | None = None
    location: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acl:
    """One access rule."""

    principal_type: str
    principal_id: str
    permission: str
    access_type: str = "*"
    properties: tuple[str, ...] = ("*",)
    model: str | None = None
    location: Location | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model, inheritance done and wiring applied."""

    name: str
    plural: str
    path: str
    """REST path, starts with `/`."""
    base: str
    ancestors: tuple[str, ...]
    """Base first, up to and including the built-in `Model`."""
    layout: Layout
    data_source: str | None
    public: bool
    properties: Mapping[str, Property]
    """By name, in declared order."""
    relations: Mapping[str, Relation] = field(default_factory=_empty)
    acls: tuple[Acl, ...] = ()
    scopes: Mapping[str, Mapping[str, Any]] = field(default_factory=_empty)
    default_scope: Mapping[str, Any] = field(default_factory=_empty)
    indexes: tuple[IndexSpec, ...] = ()
    foreign_keys: tuple[ForeignKeySpec, ...] = ()
    uniques: tuple[UniqueSpec, ...] = ()
    """Constraints over several properties; a single property's own is `Property.unique`."""
    checks: tuple[CheckSpec, ...] = ()
    methods: Mapping[str, Any] = field(default_factory=_empty)
    mixins: Mapping[str, Any] = field(default_factory=_empty)
    strict: Strict = Strict.KEEP
    force_id: bool = False
    """Whether a client may not choose the id on create."""
    validate_upsert: bool | None = None
    replace_on_put: bool = True
    code: tuple[str, ...] = ()
    """Python modules with its hooks and remote methods, those of its bases first."""
    code_locations: Mapping[str, Location] = field(default_factory=_empty, compare=False)
    """Where the model itself names each of its modules."""
    shared_methods: Mapping[str, bool] = field(default_factory=_empty)
    """Method name or glob to on/off, project-wide settings already merged in."""
    read_only: bool = False
    """Built from a view: reads only, no table is planned."""
    renamed_from: str | None = None
    """Table or model name before, as `renamedFrom` says."""
    description: str | None = None
    settings: Mapping[str, Any] = field(default_factory=_empty)
    """Every setting, merged over the bases, unknown keys included."""
    location: Location | None = field(default=None, compare=False)

    @property
    def ids(self) -> tuple[Property, ...]:
        """The key's properties in their order."""
        return tuple(sorted((p for p in self.properties.values() if p.id), key=lambda p: p.id))

    @property
    def persisted(self) -> bool:
        """Whether its instances are kept in a data source."""
        return self.name == "PersistedModel" or "PersistedModel" in self.ancestors

    def is_a(self, name: str) -> bool:
        """Whether this is the named model or inherits from it."""
        return self.name == name or name in self.ancestors

    def section(self, *connectors: str) -> Mapping[str, Any]:
        """The mapping section of the first of these connector names that has one, else an empty mapping."""
        return _section(self.settings, connectors)


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSource:
    """A configured place."""

    name: str
    connector: str
    """Canonical connector name: `postgresql`, also where the file says `loopback-connector-postgresql`."""
    settings: Mapping[str, Any]
    """As merged, variables filled in; secrets are `layers.Secret`. The connector's `settings.py` checks them."""
    layout: Layout
    location: Location | None = field(default=None, compare=False)
    locations: Mapping[str, Location] = field(default_factory=_empty, compare=False)
    """JSON Pointer inside the settings (`/host`) to the place of the value."""
    root: Path | None = field(default=None, compare=False)
    """The project's folder, which relative paths in the settings start from; None: the working directory."""
    structure: SaidStructure = NO_STRUCTURE
    """What stands in the database beside the models' tables, as `structure` says; not part of `settings`."""
    unset: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Settings that are left out because a variable is not set, and its name: `url: DATABASE_URL`. Can be pickled."""

    def unset_hint(self) -> str | None:
        """What to say of settings that are left out so, where the data source is of no use; None without any."""
        said = [f"{name} is not set, so `{key}` is left out: set it" for key, name in self.unset.items()]
        return "; ".join(said) or None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """What `config.json` or the native `server` document says."""

    host: str = "127.0.0.1"
    port: int = 3000
    rest_api_root: str = "/api"
    explorer: str | None = "/explorer"
    """Where the explorer is served; None where it is off."""
    page_size: int = 1000
    """Rows of a list where a request sets no limit (native)."""
    max_page_size: int = 10_000
    """Most rows of a list, whatever a request asks for (native)."""
    settings: Mapping[str, Any] = field(default_factory=_empty)
    """Every setting as merged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """The resolved whole."""

    root: Path
    environment: str
    layout: Layout
    data_sources: Mapping[str, DataSource]
    models: Mapping[str, Model]
    """All models that exist, built-in ones only where the project uses them; bases before their children."""
    server: ServerSettings
    components: Mapping[str, Any] = field(default_factory=_empty)
    middleware: Mapping[str, Any] = field(default_factory=_empty)
    code: tuple[str, ...] = ()
    """Python modules that belong to no model: boot functions, resolvers of roles."""
    code_locations: Mapping[str, Location] = field(default_factory=_empty, compare=False)
    """Where each of those is named."""
    auth: bool = False
    """Whether access control is enforced."""
    diagnostics: tuple[Diagnostic, ...] = ()
    """Warnings of every stage up to here."""
    declared: Mapping[str, Any] = field(default_factory=_empty, compare=False)
    """The merged configuration it was resolved from, as plain data."""

    def models_of(self, data_source: str) -> tuple[Model, ...]:
        """The models attached to a data source, in the project's order."""
        return tuple(model for model in self.models.values() if model.data_source == data_source)


def _section(settings: Mapping[str, Any], connectors: tuple[str, ...]) -> Mapping[str, Any]:
    for connector in connectors:
        found = settings.get(connector)
        if found is not None and isinstance(found, Mapping):
            return found
    return EMPTY
