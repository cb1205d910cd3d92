"""Foreign keys that models ask for: native relations with a constraint, and `foreignKeys` of LoopBack."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from lbconf.connectors.contract import ModelMapping
from lbconf.datatypes import IntegerType, NumberType
from lbconf.diagnostics import Code, Collector, Location
from lbconf.plan.exact import has_exact_type
from lbconf.project.resolved import ForeignKeySpec, Model, Project, Relation, RelationKind
from lbconf.records import dataclass
from lbconf.state.structure import ColumnType, ForeignKey, QualifiedName, Table

__all__ = ["WantedKey", "foreign_keys"]

DEFAULT_ACTION = "NO ACTION"


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedKey:
    """A foreign key and where it belongs."""

    table: QualifiedName
    foreign_key: ForeignKey
    types: Mapping[str, ColumnType]
    """Types that the key's own columns must have to fit their targets, by column; only those that differ."""
    named: bool
    """Whether the configuration says the constraint's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A foreign key in terms of models and properties."""

    holder: Model
    columns: Sequence[str]
    target: Model
    target_columns: Sequence[str]
    name: str | None
    on_delete: str | None
    on_update: str | None
    location: Location | None
    renamed_from: str | None
    declared: bool
    """Under `foreignKeys`, so that it must work; a relation's is left out where it cannot."""


def foreign_keys(
    project: Project,
    models: Sequence[Model],
    mapping: ModelMapping,
    tables: Mapping[QualifiedName, Table],
    found: Collector,
) -> tuple[WantedKey, ...]:
    """Each foreign key once, also where both sides of a relation ask for it."""
    wanted: dict[tuple[QualifiedName, tuple[str, ...], QualifiedName], WantedKey] = {}
    here = {model.name for model in models}
    for asked in _asked(project, models, here, found):
        key = _key(asked, mapping, tables, found)
        if key is not None:
            place = (key.table, key.foreign_key.columns, key.foreign_key.target)
            known = wanted.get(place)
            if known is None or _says_more(key, known):
                wanted[place] = key
    return tuple(wanted.values())


def _asked(project: Project, models: Iterable[Model], here: set[str], found: Collector) -> Iterator[_Asked]:
    for model in models:
        for spec in model.foreign_keys:
            target = project.models.get(spec.target)
            if target is None or target.name not in here:
                _unusable(found, model, spec, f"model {spec.target} has no table in data source {model.data_source}")
                continue
            yield _declared(model, target, spec)
        for relation in model.relations.values():
            target = project.models.get(relation.target or "")
            if relation.constraint and relation.polymorphic is None and target is not None and target.name in here:
                asked = _related(model, target, relation)
                if asked is not None:
                    yield asked


def _declared(model: Model, target: Model, spec: ForeignKeySpec) -> _Asked:
    return _Asked(
        holder=model,
        columns=spec.columns,
        target=target,
        target_columns=spec.target_columns,
        name=spec.name,
        on_delete=spec.on_delete,
        on_update=spec.on_update,
        location=spec.location or model.location,
        renamed_from=spec.renamed_from,
        declared=True,
    )


def _related(model: Model, target: Model, relation: Relation) -> _Asked | None:
    if relation.kind is RelationKind.BELONGS_TO:
        sides = (model, relation.key_from, target, relation.key_to)
    elif relation.kind in {RelationKind.HAS_MANY, RelationKind.HAS_ONE}:
        sides = (target, relation.key_to, model, relation.key_from)
    else:
        return None
    holder, columns, owner, owner_columns = sides
    named = relation.settings.get("constraintName")
    return _Asked(
        holder=holder,
        columns=columns,
        target=owner,
        target_columns=owner_columns,
        name=named if isinstance(named, str) else None,
        on_delete=relation.on_delete,
        on_update=relation.on_update,
        location=relation.location,
        renamed_from=None,
        declared=False,
    )


def _key(
    asked: _Asked, mapping: ModelMapping, tables: Mapping[QualifiedName, Table], found: Collector
) -> WantedKey | None:
    table_name, target_name = mapping.table_name(asked.holder), mapping.table_name(asked.target)
    table, target = tables.get(table_name), tables.get(target_name)
    columns = tuple(_column_name(asked.holder, name, mapping) for name in asked.columns)
    target_columns = tuple(_column_name(asked.target, name, mapping) for name in asked.target_columns)
    if table is None or target is None:
        return None
    reason = _why_not(table, columns, target, target_columns)
    if reason is not None:
        report = found.error if asked.declared else found.warning
        report(
            Code.FOREIGN_KEY_UNUSABLE,
            f"no foreign key from {table_name} to {target_name}: {reason}",
            asked.location,
            hint=None if asked.declared else "say `constraint: false` on the relation if none is wanted",
        )
        return None
    key = ForeignKey(
        name=asked.name or mapping.constraint_name(table_name, columns, "fkey"),
        columns=columns,
        target=target_name,
        target_columns=target_columns,
        on_delete=(asked.on_delete or DEFAULT_ACTION).upper(),
        on_update=(asked.on_update or DEFAULT_ACTION).upper(),
        renamed_from=asked.renamed_from,
        source=asked.location,
    )
    types = {
        column: kind
        for column, kind in _types(asked, table, columns, target, target_columns).items()
        if not has_exact_type(asked.holder, column, mapping)
    }
    return WantedKey(table=table_name, foreign_key=key, types=types, named=asked.name is not None)


def _column_name(model: Model, name: str, mapping: ModelMapping) -> str:
    prop = model.properties.get(name)
    return name if prop is None else mapping.column_name(model, prop)


def _why_not(table: Table, columns: Sequence[str], target: Table, target_columns: Sequence[str]) -> str | None:
    if not columns or len(columns) != len(target_columns):
        return "both sides need the same number of columns"
    for side, names in ((table, columns), (target, target_columns)):
        for name in names:
            if side.column(name) is None:
                return f"{side.name} has no column {name}"
    keys = [unique.columns for unique in target.uniques]
    keys += [tuple(part.column or "" for part in i.parts) for i in target.indexes if i.unique and i.where is None]
    if target.primary_key is not None:
        keys.append(target.primary_key.columns)
    if not any(sorted(key) == sorted(target_columns) for key in keys):
        return f"{', '.join(target_columns)} of {target.name} is neither its key nor unique"
    return None


def _types(
    asked: _Asked, table: Table, columns: Sequence[str], target: Table, target_columns: Sequence[str]
) -> Mapping[str, ColumnType]:
    """A property that holds another's number takes its column type: a counted key is no double precision."""
    types: dict[str, ColumnType] = {}
    own = {prop.name: prop for prop in asked.holder.properties.values()}
    for name, column, target_column in zip(asked.columns, columns, target_columns, strict=True):
        there, here = target.column(target_column), table.column(column)
        prop = own.get(name)
        numeric = prop is not None and isinstance(prop.type, NumberType | IntegerType) and not prop.generated
        if there is not None and here is not None and numeric and there.type != here.type:
            types[column] = there.type
    return types


def _says_more(key: WantedKey, known: WantedKey) -> bool:
    if key.named != known.named:
        return key.named
    plain = known.foreign_key.on_delete == known.foreign_key.on_update == DEFAULT_ACTION
    return plain and (key.foreign_key.on_delete, key.foreign_key.on_update) != (DEFAULT_ACTION, DEFAULT_ACTION)


def _unusable(found: Collector, model: Model, spec: ForeignKeySpec, reason: str) -> None:
    found.error(
        Code.FOREIGN_KEY_UNUSABLE,
        f"foreign key {spec.name or ''} of model {model.name} cannot be made: {reason}".replace("  ", " "),
        spec.location or model.location,
        hint="both models must be attached to the same data source",
    )
