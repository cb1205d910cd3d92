"""An actual state as model definitions of the native layout, such that planning them finds nothing to do.

Portable keys are used where they say everything; the connector section says
the rest (`plan.exact` reads it). What neither can say stays in the database
untouched and is reported.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from lbconf.connectors.contract import ModelMapping
from lbconf.datatypes import (
    BooleanType,
    DataType,
    DateTimeType,
    DecimalType,
    IntegerType,
    NumberType,
    StringType,
    TextType,
    UuidType,
)
from lbconf.diagnostics import Diagnostic
from lbconf.plan.discovered_names import model_names, property_names
from lbconf.plan.discovered_order import in_order
from lbconf.plan.discovered_parts import exact_parts, exact_view, options
from lbconf.plan.discovered_relations import add_relations
from lbconf.plan.discovered_shell import shell
from lbconf.plan.discovered_structure import structure_of
from lbconf.plan.discovered_types import portable, type_text, written
from lbconf.plan.discovered_unsaid import unrelated, unsaid
from lbconf.plan.discovered_wanted import Wanted
from lbconf.plan.exact import IDENTITY_KINDS
from lbconf.project.resolved import UNSET, Model, Property
from lbconf.records import dataclass, field, replace
from lbconf.state.structure import Column, ColumnType, QualifiedName, State, Table, View

__all__ = ["Discovered", "discovered"]

LITERAL: Final = re.compile(r"^'(?P<text>(?:[^'\\]|'')*)'(?:::(?P<cast>text|character varying|bpchar))?$")
WHOLE: Final = re.compile(r"^(?:0|[1-9]\d{0,8})$")
INSTANT: Final = "CURRENT_TIMESTAMP"
UUID_MAKERS: Final = ("gen_random_uuid()", "uuidv4()", "uuidv7()")
KINDS: Final = {kind: word for word, kind in IDENTITY_KINDS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovered:
    """Model definitions and what could not be said in them."""

    models: tuple[dict[str, Any], ...]
    """Definitions as a file would hold them, by name of the table."""
    tables: tuple[QualifiedName, ...] = ()
    """The table or view of each model, in the same order."""
    properties: Mapping[QualifiedName, Mapping[str, str]] = field(default_factory=dict)
    """Column to property, by table."""
    structure: Mapping[str, Any] = field(default_factory=dict)
    """What the data source says beside its models' tables, under `structure`."""
    diagnostics: tuple[Diagnostic, ...] = ()
    """Warnings, one per kind and place of what stays unmanaged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """What the definitions are made for."""

    mapping: ModelMapping
    data_source: str
    default_namespace: str
    section: str
    enumerations: Mapping[QualifiedName, tuple[str, ...]]
    domains: Mapping[QualifiedName, ColumnType]
    """The type behind each domain."""


def discovered(state: State, mapping: ModelMapping, *, data_source: str, wanted: Wanted | None = None) -> Discovered:
    """Definitions of every table and view of the state, the same whatever the order of its parts.

    Args:
        state: The actual state.
        mapping: The data source's, which tells what needs no saying.
        data_source: Name that the models attach to.
        wanted: How, and what of it; everything when None.
    """
    wanted = wanted or Wanted()
    state = in_order(state, views=wanted.views)
    source = _Source(
        mapping=mapping,
        data_source=data_source,
        default_namespace=mapping.table_name(shell("Model", {}, mapping.sections[0])).namespace,
        section=mapping.sections[0],
        enumerations={found.name: found.values for found in state.enumerations},
        domains={found.name: found.type for found in state.domains},
    )
    columns = {table.name: table.columns for table in state.tables} | {view.name: view.columns for view in state.views}
    known = wanted.known
    names = model_names(
        [(n.namespace, n.name) for n in columns],
        default_namespace=source.default_namespace,
        naming=wanted.naming.model,
        known={(table.namespace, table.name): name for table, name in known.models.items()},
        taken=known.taken,
    )
    properties = {
        name: property_names(
            (column.name for column in found),
            naming=wanted.naming.property,
            known=known.properties.get(name, {}),
        )
        for name, found in columns.items()
    }
    models: dict[QualifiedName, dict[str, Any]] = {}
    for table in state.tables:
        if table.columns or source.section == "postgresql":
            models[table.name] = _table_model(
                table, names[table.name.namespace, table.name.name], properties[table.name], source
            )
    without = add_relations(state, models, properties, mapping, wanted)
    for view in state.views:
        if view.columns:
            models[view.name] = _view_model(
                view, names[view.name.namespace, view.name.name], properties[view.name], source
            )
    return Discovered(
        models=tuple(_tidy(models[name]) for name in sorted(models)),
        tables=tuple(sorted(models)),
        properties=properties,
        structure=_escaped(structure_of(state, source.default_namespace, owns=wanted.owns)),
        diagnostics=(*unsaid(state), *unrelated(without)),
    )


def _table_model(table: Table, name: str, properties: Mapping[str, str], source: _Source) -> dict[str, Any]:
    model = _model(table.name, name, source)
    if table.comment:
        model["description"] = table.comment
    key = table.primary_key.columns if table.primary_key else ()
    bare = shell(model["name"], model[source.section], source.section)
    section: dict[str, Any] = model[source.section]
    parts = exact_parts(table, source.mapping, properties)
    model["properties"] = {
        properties[column.name]: _property(
            column,
            properties[column.name],
            place=(key.index(column.name) + 1 if column.name in key else 0),
            unique=column.name in parts.unique_columns,
            bare=bare,
            source=source,
        )
        for column in table.columns
    }
    if parts.indexes:
        model["indexes"] = parts.indexes
    section.update(parts.section)
    if not table.columns:
        section["withoutColumns"] = True
        model["public"] = False
    return model


def _view_model(view: View, name: str, properties: Mapping[str, str], source: _Source) -> dict[str, Any]:
    model = _model(view.name, name, source)
    model["readOnly"] = True
    if view.comment:
        model["description"] = view.comment
    if view.definition and not view.depends_on_opaque:
        model[source.section]["view"] = exact_view(view)
    bare = shell(model["name"], model[source.section], source.section)
    model["properties"] = {
        properties[column.name]: _property(
            replace(column, nullable=True, default=None, identity=None, options=()),
            properties[column.name],
            place=0,
            unique=False,
            bare=bare,
            source=source,
        )
        for column in view.columns
    }
    return model


def _model(name: QualifiedName, model: str, source: _Source) -> dict[str, Any]:
    section: dict[str, Any] = {}
    if name.namespace and name.namespace != source.default_namespace:
        section["schema"] = name.namespace
    if name.name != model:
        section["table"] = name.name
    return {
        "name": model,
        "dataSource": source.data_source,
        "public": True,
        "idInjection": False,
        source.section: section,
    }


def _property(column: Column, name: str, *, place: int, unique: bool, bare: Model, source: _Source) -> dict[str, Any]:
    named = column.type.enumeration
    kind = portable(
        source.domains.get(named, column.type) if named is not None else column.type,
        source.enumerations.get(named) if named is not None else None,
        default_namespace=source.mapping.table_name(bare).namespace,
    )
    found: dict[str, Any] = written(kind)
    section: dict[str, Any] = {}
    if column.name != name:
        section["columnName"] = column.name
    generated = bool(place) and _is_generated(column, kind)
    if place:
        found["id"] = place
    if generated:
        found["generated"] = True
    elif not column.nullable and not place:
        found.update({"required": True} if _must_be_given(column) else {"nullable": False})
    if unique:
        found["unique"] = True
    if column.comment:
        found["description"] = column.comment
    _default(column, kind, found, section)
    prop = Property(name=name, type=kind, id=place, generated=generated, settings={source.section: dict(section)})
    section.update(_exact_keys(column, prop, bare, source))
    if section:
        found[source.section] = section
    return found


def _exact_keys(column: Column, prop: Property, bare: Model, source: _Source) -> dict[str, Any]:
    """What the connector section has to say because the mapping would do otherwise."""
    section: dict[str, Any] = {}
    if column.identity is not None and column.identity != source.mapping.identity(bare, prop):
        section["identity"] = _identity(column)
    if source.mapping.column_type(bare, prop) != column.type:
        section["dataType"] = type_text(column.type)
    if column.collation:
        section["collation"] = column.collation
    if column.generated is not None:
        section["generatedAs"] = column.generated
    said = {
        "virtual": column.virtual,
        "onUpdate": column.on_update,
        "charset": column.charset,
        "options": options(column.options),
    }
    return section | {name: value for name, value in said.items() if value}


def _must_be_given(column: Column) -> bool:
    return column.default is None and column.identity is None and column.generated is None


def _is_generated(column: Column, kind: DataType) -> bool:
    if column.identity is not None:
        return True
    text = column.default.expression if column.default else ""
    return text.startswith("nextval(") or (isinstance(kind, UuidType) and text.startswith(UUID_MAKERS))


def _default(column: Column, kind: DataType, found: dict[str, Any], section: dict[str, Any]) -> None:
    """The default as a constant of the model where it is one, else as the database's expression."""
    if column.default is None:
        return
    text = column.default.expression
    constant: Any = UNSET
    literal = LITERAL.match(text)
    if literal and isinstance(kind, StringType | TextType) and _cast_alike(literal["cast"], column):
        constant = literal["text"].replace("''", "'")
    elif WHOLE.match(text) and isinstance(kind, IntegerType | NumberType | DecimalType):
        constant = int(text)
    elif text in {"true", "false"}:
        # SQLite has the words beside the 0 and 1 that the mapping says, whatever the type is called.
        constant = text == "true" if isinstance(kind, BooleanType) and column.type.name == "boolean" else UNSET
    elif text == INSTANT and isinstance(kind, DateTimeType) and column.type.name == "timestamp with time zone":
        constant = "$now"
    if constant is UNSET or not _fits(constant, kind) or column.type.enumeration is not None or column.type.dimensions:
        section["dbDefault"] = text
    else:
        found["default"] = constant


def _cast_alike(cast: str | None, column: Column) -> bool:
    """Whether a default's cast is the one PostgreSQL adds to a constant of the column's own type."""
    return cast is None or cast == ("bpchar" if column.type.name == "character" else column.type.name)


def _fits(constant: str | float, kind: DataType) -> bool:
    """Whether a property of the type may have the default, and it means no more than itself."""
    if isinstance(constant, str):
        short = not isinstance(kind, StringType) or kind.length is None or len(constant) <= kind.length
        return constant == "$now" if isinstance(kind, DateTimeType) else short and not constant.startswith("$")
    if isinstance(kind, IntegerType):
        return -(1 << (kind.bits - 1)) <= int(constant) < 1 << (kind.bits - 1)
    return not isinstance(kind, DecimalType) or kind.precision is None or len(str(constant)) <= kind.precision


def _identity(column: Column) -> str | dict[str, Any]:
    identity = column.identity
    if identity is None:
        return ""
    options = {
        "start": identity.start,
        "increment": identity.increment,
        "minimum": identity.minimum,
        "maximum": identity.maximum,
        "cache": identity.cache,
        "cycle": identity.cycle or None,
        "sequence": identity.name,
        "type": identity.type,
    }
    said = {key: value for key, value in options.items() if value is not None}
    word = KINDS[identity.kind]
    return {"kind": word, **said} if said else word


def _tidy(model: dict[str, Any]) -> dict[str, Any]:
    """Without empty sections; the properties last, where a reader looks for the long part."""
    found = {key: _escaped(value) for key, value in model.items() if value != {}}
    order = ("name", "description", "dataSource", "public", "readOnly", "idInjection", "relations", "indexes")
    first = {key: found.pop(key) for key in order if key in found}
    properties = found.pop("properties", {})
    return {**first, **found, "properties": properties}


def _escaped(value: Any) -> Any:
    """A value as it has to stand in a file whose `${...}` are filled in."""
    if isinstance(value, str):
        return value.replace("${", "$${")
    if isinstance(value, dict):
        return {key: _escaped(inner) for key, inner in value.items()}
    return [_escaped(inner) for inner in value] if isinstance(value, list) else value
