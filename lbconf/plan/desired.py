"""The desired state of one data source, from the models attached to it.

Pure: needs the project and the data source's mapping, no connection.
"""

from collections.abc import Collection, Mapping
from typing import Any

from lbconf.connectors.contract import ModelMapping
from lbconf.datatypes import EnumType
from lbconf.diagnostics import Code, Collector, Diagnostic, Related
from lbconf.errors import PlanError
from lbconf.plan.desired_keys import foreign_keys
from lbconf.plan.desired_structure import said_state, with_named_types
from lbconf.plan.desired_validations import validation_checks, validation_uniques
from lbconf.plan.exact import exact_column, exact_foreign_keys, exact_table, exact_view, without_columns
from lbconf.project.resolved import DataSource, IndexSpec, Model, Project, Property
from lbconf.records import copier, dataclass, replace
from lbconf.state.structure import (
    Check,
    Column,
    Index,
    IndexPart,
    PrimaryKey,
    QualifiedName,
    State,
    Table,
    Unique,
    View,
)

__all__ = ["Desired", "desired_state", "planned_models"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """A desired state and what was noticed on the way."""

    state: State
    diagnostics: tuple[Diagnostic, ...] = ()
    """Warnings only."""


def desired_state(project: Project, data_source: DataSource, mapping: ModelMapping) -> Desired:
    """What the models attached to this data source need there.

    Raises:
        PlanError: Two models want one table differently, or a model cannot be a table; all findings at once.
    """
    found = Collector()
    models = planned_models(project, data_source.name)
    tables: dict[QualifiedName, Table] = {}
    alike: dict[object, tuple[Property, Column]] | None = {} if getattr(mapping, "columns_by_property", False) else None
    for model in models:
        table = _table(model, mapping, found, alike)
        if table is None:
            continue
        on_remove = _on_remove(model) or data_source.structure.on_remove
        accept = _accepted(model)
        if on_remove is not None or accept:
            table = replace(table, on_remove=on_remove, accept=accept)
        first = tables.get(table.name)
        if first is None:
            tables[table.name] = table
        elif _shape(first) != _shape(table):
            _twice(found, project, first, model, table.name)
    for key in foreign_keys(project, models, mapping, tables, found):
        table = tables[key.table]
        columns = tuple(replace(c, type=key.types[c.name]) if c.name in key.types else c for c in table.columns)
        keys = tuple(sorted((*table.foreign_keys, key.foreign_key), key=lambda part: part.name))
        tables[key.table] = replace(table, columns=columns, foreign_keys=keys)
    for model in models:
        exact = {own.name: own for own in exact_foreign_keys(model, mapping)}
        name = mapping.table_name(model)
        if exact and name in tables:
            by_name = {own.name: own for own in tables[name].foreign_keys} | exact
            tables[name] = replace(tables[name], foreign_keys=tuple(by_name[own] for own in sorted(by_name)))
    if found.errors:
        raise PlanError(found.errors)
    if not mapping.shares_index_names:
        _tell_indexes_apart(tables, mapping)
    said = said_state(data_source, models, mapping, found)
    if found.errors:
        raise PlanError(found.errors)
    tables, views = with_named_types(tables, _views(project, data_source, mapping), said)
    names = {name.namespace for name in tables} | {view.name.namespace for view in views} | {*said.namespaces}
    state = replace(
        said,
        namespaces=tuple(sorted(names - {""})),
        tables=tuple(tables[name] for name in sorted(tables)),
        views=tuple(sorted(views, key=lambda view: view.name)),
    )
    return Desired(state=state, diagnostics=found.diagnostics)


def _tell_indexes_apart(tables: dict[QualifiedName, Table], mapping: ModelMapping) -> None:
    """Models may give indexes the same name; a database knows each name once."""
    seen: set[tuple[str, str]] = set()
    for name in sorted(tables):
        indexes: list[Index] = []
        for index in tables[name].indexes:
            place = (name.namespace, index.name.lower())
            if place in seen:
                index = replace(index, name=mapping.index_name(name, (index.name,), unique=index.unique))  # noqa: PLW2901
            indexes.append(index)
            seen.add(place)
        if name.namespace and tables[name].uniques:
            # Where there are namespaces, the index of a constraint has its name there, too.
            uniques = []
            for unique in tables[name].uniques:
                if (name.namespace, unique.name.lower()) in seen:
                    unique = replace(unique, name=mapping.constraint_name(name, (unique.name,), "key"))  # noqa: PLW2901
                uniques.append(unique)
                seen.add((name.namespace, unique.name.lower()))
            if tuple(uniques) != tables[name].uniques:
                by_name = tuple(sorted(uniques, key=lambda unique: unique.name))
                tables[name] = replace(tables[name], uniques=by_name)
        ordered = tuple(sorted(indexes, key=lambda index: index.name))
        if ordered != tables[name].indexes:
            tables[name] = replace(tables[name], indexes=ordered)


def planned_models(project: Project, data_source: str) -> tuple[Model, ...]:
    """The models of a data source that have a table of their own: persisted ones that are no views."""
    return tuple(model for model in project.models_of(data_source) if model.persisted and not model.read_only)


def _views(project: Project, data_source: DataSource, mapping: ModelMapping) -> list[View]:
    """Of read-only models that say what their view is."""
    found = []
    for model in project.models_of(data_source.name):
        if model.persisted and model.read_only:
            view = exact_view(
                model, mapping, tuple(_column(model, prop, mapping) for prop in model.properties.values())
            )
            if view is not None:
                found.append(view)
    return found


def _table(
    model: Model, mapping: ModelMapping, found: Collector, alike: dict[object, tuple[Property, Column]] | None
) -> Table | None:
    name = mapping.table_name(model)
    columns: dict[str, Column] = {}
    for prop in model.properties.values():
        try:
            column = (
                _column(model, prop, mapping)
                if alike is None
                else _column_like(model, prop, mapping, alike, name.namespace)
            )
        except PlanError as error:
            found.extend(error.diagnostics)
            continue
        if column.name in columns:
            found.error(
                Code.COLUMN_DECLARED_TWICE,
                f"two properties of model {model.name} have the column {column.name}",
                prop.location,
                hint="give one of them another columnName",
            )
        columns[column.name] = column
    if not columns and not without_columns(model, mapping):
        found.error(
            Code.MODEL_WITHOUT_COLUMNS,
            f"model {model.name} has no property, so it cannot be a table",
            model.location,
            hint="declare a property, or take its dataSource away",
        )
        return None
    ids = tuple(mapping.column_name(model, prop) for prop in model.ids)
    key = PrimaryKey(name=mapping.constraint_name(name, ids, "pkey"), columns=ids) if ids else None
    table = Table(
        name=name,
        columns=tuple(columns.values()),
        primary_key=key,
        uniques=_uniques(model, mapping, name),
        indexes=_indexes(model, mapping, name, found),
        checks=_checks(model, mapping, name),
        comment=None if model.layout.is_loopback else _text(model.description),
        model=model.name,
        renamed_from=None if not model.renamed_from else QualifiedName(name.namespace, model.renamed_from),
        source=model.location,
    )
    return exact_table(table, model, mapping)


def _column_like(
    model: Model,
    prop: Property,
    mapping: ModelMapping,
    alike: dict[object, tuple[Property, Column]],
    namespace: str,
) -> Column:
    """As `_column`; what was worked out for a property that says the same is taken over.

    `alike` holds the first property of each kind beside its column, so that what the key names by identity stays.
    """
    if prop.id:
        return _column(model, prop, mapping)
    key = (
        id(prop.settings),
        id(prop.type),
        id(prop.default),
        prop.default_fn,
        prop.nullable,
        prop.description,
        prop.renamed_from,
        namespace,
    )
    known = alike.get(key)
    if known is None:
        column = _column(model, prop, mapping)
        alike[key] = (prop, column)
        return column
    return copier(Column, "name", "source")(known[1], mapping.column_name(model, prop), prop.location)


def _column(model: Model, prop: Property, mapping: ModelMapping) -> Column:
    backfill = prop.settings.get("backfill")
    collation = prop.settings.get("collation")
    column = Column(
        name=mapping.column_name(model, prop),
        type=mapping.column_type(model, prop),
        nullable=prop.nullable and not prop.id,
        default=mapping.column_default(model, prop),
        identity=mapping.identity(model, prop),
        collation=collation if isinstance(collation, str) and not model.layout.is_loopback else None,
        comment=None if model.layout.is_loopback else _text(prop.description),
        renamed_from=prop.renamed_from,
        backfill=_literal(backfill),
        source=prop.location,
    )
    return exact_column(column, prop, mapping)


def _uniques(model: Model, mapping: ModelMapping, table: QualifiedName) -> tuple[Unique, ...]:
    found = []
    for prop in model.properties.values():
        if prop.unique and not _is_only_key(model, prop):
            column = mapping.column_name(model, prop)
            name = mapping.constraint_name(table, (column,), "key")
            found.append(Unique(name=name, columns=(column,), source=prop.location))
    for spec in model.uniques:
        columns = tuple(
            mapping.column_name(model, model.properties[name]) if name in model.properties else name
            for name in spec.properties
        )
        name = spec.name or mapping.constraint_name(table, columns, "key")
        found.append(Unique(name=name, columns=columns, renamed_from=spec.renamed_from, source=spec.location))
    known = [tuple(sorted(unique.columns)) for unique in found]
    known.append(tuple(sorted(mapping.column_name(model, prop) for prop in model.ids)))
    found.extend(validation_uniques(model, mapping, table, known))
    return tuple(sorted(found, key=lambda unique: unique.name))


def _indexes(model: Model, mapping: ModelMapping, table: QualifiedName, found: Collector) -> tuple[Index, ...]:
    indexes: dict[str, Index] = {}
    names = {mapping.column_name(model, prop) for prop in model.properties.values()} if model.indexes else set()
    for spec in model.indexes:
        parts = _parts(model, mapping, spec, names, found)
        columns = [part.column for part in parts if part.column]
        if not columns:
            continue
        name = spec.name or mapping.index_name(table, columns, unique=spec.unique)
        indexes[name] = Index(
            name=name,
            parts=parts,
            unique=spec.unique,
            method=_method(spec.kind),
            where=spec.where,
            renamed_from=spec.renamed_from,
            source=spec.location,
        )
    for prop in model.properties.values():
        index = None if prop.index is None else _property_index(model, prop, prop.index, mapping, table)
        if index is not None and not any(other.parts == index.parts for other in indexes.values()):
            indexes.setdefault(index.name, index)
    return tuple(indexes[name] for name in sorted(indexes))


def _property_index(
    model: Model, prop: Property, options: Mapping[str, Any], mapping: ModelMapping, table: QualifiedName
) -> Index | None:
    unique = bool(options.get("unique"))
    if _is_only_key(model, prop) or (prop.unique and unique):
        return None
    column = mapping.column_name(model, prop)
    named = options.get("name")
    return Index(
        name=named if isinstance(named, str) and named else mapping.index_name(table, (column,), unique=unique),
        parts=(IndexPart(column=column),),
        unique=unique,
        method=_method(options.get("type")),
        source=prop.location,
    )


def _parts(
    model: Model, mapping: ModelMapping, spec: IndexSpec, columns: Collection[str], found: Collector
) -> tuple[IndexPart, ...]:
    parts: list[IndexPart] = []
    for key, descending in spec.keys:
        prop = model.properties.get(key)
        column = key if prop is None else mapping.column_name(model, prop)
        if column not in columns:
            found.error(
                Code.INDEX_COLUMN_UNKNOWN,
                f"index {spec.name or ''} of model {model.name} names {key}, which is no property".replace("  ", " "),
                spec.location,
                hint=f"its properties are {', '.join(model.properties)}",
            )
            return ()
        parts.append(IndexPart(column=column, descending=descending))
    return tuple(parts)


def _checks(model: Model, mapping: ModelMapping, table: QualifiedName) -> tuple[Check, ...]:
    found: list[Check] = []
    for prop in model.properties.values():
        if isinstance(prop.type, EnumType) and not model.layout.is_loopback:
            column = mapping.column_name(model, prop)
            kind = mapping.column_type(model, prop)
            if kind.enumeration is None and not kind.values:
                values = ", ".join("'" + value.replace("'", "''") + "'" for value in prop.type.values)
                quoted = '"' + column.replace('"', '""') + '"'
                name = mapping.constraint_name(table, (column,), "check")
                found.append(Check(name=name, expression=f"{quoted} IN ({values})", source=prop.location))
    declared = [
        Check(
            name=c.name,
            expression=mapping.check_expression(model, c.expression.strip()),
            renamed_from=c.renamed_from,
            source=c.location,
        )
        for c in model.checks
    ]
    found.extend(declared)
    found.extend(validation_checks(model, mapping, table, {check.name for check in found}))
    return tuple(sorted(found, key=lambda check: check.name))


def _twice(found: Collector, project: Project, first: Table, model: Model, name: QualifiedName) -> None:
    other = project.models.get(first.model or "")
    related = (
        () if other is None or other.location is None else (Related(message="first here", location=other.location),)
    )
    found.error(
        Code.TABLE_DECLARED_TWICE,
        f"models {first.model} and {model.name} both have the table {name}, with different columns",
        model.location,
        hint=f"give {model.name} a table of its own, or the same properties",
        related=related,
    )


def _shape(table: Table) -> object:
    return (
        sorted((column.name, column.type, column.nullable) for column in table.columns),
        table.primary_key,
    )


def _is_only_key(model: Model, prop: Property) -> bool:
    return bool(prop.id) and len(model.ids) == 1


def _method(kind: object) -> str:
    return (
        kind.lower() if isinstance(kind, str) and kind.lower() in {"gin", "gist", "hash", "brin", "spgist"} else "btree"
    )


def _text(description: str | None) -> str | None:
    return description or None


def _literal(backfill: Any) -> str | None:
    """SQL of a `backfill`: a text is an expression already, other constants are themselves."""
    if backfill is None or isinstance(backfill, str):
        return backfill
    if isinstance(backfill, bool):
        return "TRUE" if backfill else "FALSE"
    return str(backfill) if isinstance(backfill, int | float) else None


def _on_remove(model: Model) -> str | None:
    said = None if model.layout.is_loopback else model.settings.get("onRemove")
    return said if isinstance(said, str) else None


def _accepted(model: Model) -> tuple[str, ...]:
    """Hazards that the model's `accept` names."""
    said = None if model.layout.is_loopback else model.settings.get("accept")
    return (said,) if isinstance(said, str) else tuple(said or ())
