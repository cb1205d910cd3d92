"""A state as model files of a LoopBack project: what LoopBack itself can say, and a list of what it cannot.

Files have the form of LoopBack's own discovery (`discovered_loopback`), with
relations on both sides, `foreignKeys` and `indexes` beside.
"""

from collections.abc import Mapping
from typing import Any, Final

from lbconf.diagnostics import Code, Diagnostic, Severity
from lbconf.plan.discovered import Discovered
from lbconf.plan.discovered_loopback import loopback_property
from lbconf.plan.discovered_unsaid import listed
from lbconf.records import dataclass, replace
from lbconf.state.structure import Column, ForeignKey, Index, QualifiedName, State, Table

__all__ = ["in_loopback_style"]

RELATION_KEYS: Final = ("type", "model", "foreignKey", "primaryKey", "through", "keyThrough")
COUNTED: Final = "nextval("
OWN_KEYS: Final = (
    "checks",
    "exclusions",
    "indexes",
    "options",
    "partitionBy",
    "partitions",
    "primaryKey",
    "rowSecurity",
    "uniques",
)
"""Of the connector's section, what LoopBack passes over and lbconf reads in its files too."""

OWN_COLUMN_KEYS: Final = ("generatedAs", "virtual", "onUpdate", "charset", "collation", "identity", "options")
"""The same of a property."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Style:
    """What definitions of one discovery share."""

    section: str
    names: Mapping[QualifiedName, str]
    """Model of each table."""
    properties: Mapping[QualifiedName, Mapping[str, str]]
    """Column to property."""
    unsaid: dict[str, list[str]]
    """Filled while definitions are made: kind to what there is of it."""

    def cannot(self, kind: str, what: str) -> None:
        self.unsaid.setdefault(kind, []).append(what)


def in_loopback_style(state: State, found: Discovered, section: str) -> Discovered:
    """The same models as LoopBack writes them.

    Args:
        state: What was discovered.
        found: It in the native style: names and relations are taken over.
        section: Name of the connector's section.
    """
    style = _Style(
        section=section,
        names={table: str(model["name"]) for table, model in zip(found.tables, found.models, strict=True)},
        properties=found.properties,
        unsaid={},
    )
    things = {table.name: table for table in state.tables}
    models = tuple(
        _definition(things[table], model, style) for table, model in zip(found.tables, found.models, strict=True)
    )
    for kind, parts in (
        ("view", state.views),
        ("enum type", state.enumerations),
        ("domain", state.domains),
        ("composite type", state.composites),
        ("sequence", state.sequences),
    ):
        for part in parts:
            style.cannot(kind, str(part.name))
    told = [
        Diagnostic(
            code=Code.NOT_DISCOVERED,
            severity=Severity.WARNING,
            message=f"{kind}: LoopBack's files cannot say {listed(names)}",
            hint="it stays in the database as it is; `--style native` says it",
        )
        for kind, names in sorted(style.unsaid.items())
    ]
    return replace(found, models=models, structure={}, diagnostics=(*found.diagnostics, *told))


def _definition(thing: Table, native: Mapping[str, Any], style: _Style) -> dict[str, Any]:
    names = style.properties[thing.name]
    place: dict[str, Any] = {"schema": thing.name.namespace} if thing.name.namespace else {}
    place["table"] = thing.name.name
    key = thing.primary_key.columns if thing.primary_key is not None else ()
    single = {unique.columns[0] for unique in thing.uniques if len(unique.columns) == 1}
    made: dict[str, Any] = {
        "name": native["name"],
        "base": "PersistedModel",
        "options": {"idInjection": False, style.section: place},
        "properties": {
            names[column.name]: _property(column, key, thing, native, style, unique=column.name in single)
            for column in thing.columns
        },
        "validations": [],
        "relations": {
            name: {key: said[key] for key in RELATION_KEYS if key in said}
            for name, said in native.get("relations", {}).items()
        },
        "acls": [],
        "methods": {},
    }
    if native.get("description"):
        made["description"] = native["description"]
    place.update({key: said for key, said in native.get(style.section, {}).items() if key in OWN_KEYS})
    _add_parts(made, thing, names, style)
    return made


def _property(
    column: Column, key: tuple[str, ...], thing: Table, native: Mapping[str, Any], style: _Style, *, unique: bool
) -> dict[str, Any]:
    found = loopback_property(column, key, style.section)
    said = native["properties"][style.properties[thing.name][column.name]]
    counted = column.default is not None and column.default.expression.startswith(COUNTED)
    if column.name in key and (counted or column.identity is not None):
        found["required"] = False
    if column.name in key and len(key) == 1 and column.identity is not None:
        found["generated"] = True
    elif column.default is not None:
        if isinstance(said.get("default"), str | int | float | bool) and not str(said["default"]).startswith("$"):
            found["default"] = said["default"]
        found[style.section]["dbDefault"] = column.default.expression
    exactly = said.get(style.section, {})
    found[style.section].update({name: exactly[name] for name in OWN_COLUMN_KEYS if name in exactly})
    if unique:
        found["index"] = {"unique": True}
    if column.comment:
        found["description"] = column.comment
    place = f"{thing.name}.{column.name}"
    if column.generated is not None:
        style.cannot("generated column", place)
    if column.collation:
        style.cannot("collation", place)
    if column.on_update:
        style.cannot("value at each update", place)
    return found


def _add_parts(made: dict[str, Any], table: Table, names: Mapping[str, str], style: _Style) -> None:
    indexes = {index.name: _index(index, names) for index in table.indexes if _sayable(index)}
    indexes |= {
        unique.name: {"keys": {names[column]: 1 for column in unique.columns}, "options": {"unique": True}}
        for unique in table.uniques
        if len(unique.columns) > 1 and not unique.nulls_not_distinct and not unique.include
    }
    if indexes:
        made["indexes"] = indexes
    keys = {key.name: _foreign_key(key, names, style) for key in table.foreign_keys if _plain(key, style)}
    if keys:
        made["foreignKeys"] = keys
    for index in table.indexes:
        if not _sayable(index):
            style.cannot("index of more than columns", f"{index.name} of {table.name}")
    for key in table.foreign_keys:
        if not _plain(key, style):
            style.cannot("foreign key of several columns or special kind", f"{key.name} of {table.name}")
    for check in table.checks:
        style.cannot("check", f"{check.name} of {table.name}")
    for exclusion in table.exclusions:
        style.cannot("exclusion", f"{exclusion.name} of {table.name}")
    if table.partition_by:
        style.cannot("partitioning", str(table.name))


def _index(index: Index, names: Mapping[str, str]) -> dict[str, Any]:
    keys = {names[part.column]: -1 if part.descending else 1 for part in index.parts if part.column is not None}
    return {"keys": keys} | ({"options": {"unique": True}} if index.unique else {})


def _sayable(index: Index) -> bool:
    """Whether only columns and their order make up the index."""
    plain = all(
        part.column is not None and not part.length and not part.operator_class and not part.collation
        for part in index.parts
    )
    there = index.method in {"btree", "BTREE"} and index.where is None and not index.include and not index.options
    return plain and there and not index.nulls_not_distinct and len({p.column for p in index.parts}) == len(index.parts)


def _plain(key: ForeignKey, style: _Style) -> bool:
    plain = len(key.columns) == 1 and key.deferrable is None and key.match == "SIMPLE" and key.valid
    return plain and key.target in style.names and len(key.target_columns) == 1


def _foreign_key(key: ForeignKey, names: Mapping[str, str], style: _Style) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": key.name,
        "entity": style.names[key.target],
        "entityKey": style.properties[key.target][key.target_columns[0]],
        "foreignKey": names[key.columns[0]],
    }
    if key.on_delete != "NO ACTION":
        found["onDelete"] = key.on_delete
    if key.on_update != "NO ACTION":
        found["onUpdate"] = key.on_update
    return found
