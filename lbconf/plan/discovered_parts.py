"""Keys, uniques, indexes and checks of a table, said portably where that is enough and exactly where it is not."""

from collections.abc import Mapping
from typing import Any

from lbconf.connectors.contract import ModelMapping
from lbconf.records import dataclass, replace
from lbconf.state.structure import ForeignKey, Index, IndexPart, Table

__all__ = ["Parts", "exact_foreign_key", "exact_parts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a model says about a table besides its columns and foreign keys."""

    unique_columns: frozenset[str]
    """Columns whose property alone says that they are unique."""
    indexes: Mapping[str, Any]
    """Under the model's `indexes`."""
    section: Mapping[str, Any]
    """Inside the model's connector section."""


def exact_parts(table: Table, mapping: ModelMapping, properties: Mapping[str, str]) -> Parts:
    """The parts; `properties` maps columns to the names of their properties."""
    section: dict[str, Any] = {}
    key = table.primary_key
    if (
        key is not None
        and key.name is not None
        and key.name != mapping.constraint_name(table.name, key.columns, "pkey")
    ):
        section["primaryKey"] = key.name
    single: set[str] = set()
    uniques: dict[str, Any] = {}
    in_key = set(key.columns) if key is not None and len(key.columns) == 1 else set()
    for unique in table.uniques:
        usual = mapping.constraint_name(table.name, unique.columns, "key")
        column = unique.columns[0]
        if len(unique.columns) == 1 and unique.name == usual and not unique.nulls_not_distinct and column not in in_key:
            single.add(column)
            continue
        entry: dict[str, Any] = {"columns": list(unique.columns)}
        if unique.nulls_not_distinct:
            entry["nullsNotDistinct"] = True
        uniques[unique.name] = entry
    plain: dict[str, Any] = {}
    exact: dict[str, Any] = {}
    for index in table.indexes:
        if _is_plain(index):
            plain[index.name] = _plain_index(index, properties)
        else:
            exact[index.name] = _exact_index(index)
    checks = {
        check.name: (check.expression if check.valid else {"expression": check.expression, "valid": False})
        for check in table.checks
    }
    found = {"uniques": uniques, "indexes": exact, "checks": checks}
    section.update({name: entries for name, entries in found.items() if entries})
    if table.options:
        section["options"] = {option: value == "true" or value for option, value in table.options}
    return Parts(unique_columns=frozenset(single), indexes=plain, section=section)


def exact_foreign_key(key: ForeignKey, own_namespace: str) -> dict[str, Any]:
    """A foreign key inside a connector section."""
    found: dict[str, Any] = {
        "columns": list(key.columns),
        "table": key.target.name,
        "references": list(key.target_columns),
    }
    if key.target.namespace != own_namespace:
        found["schema"] = key.target.namespace
    if key.on_delete != "NO ACTION":
        found["onDelete"] = key.on_delete
    if key.on_update != "NO ACTION":
        found["onUpdate"] = key.on_update
    if key.deferrable:
        found["deferrable"] = key.deferrable
    if key.match != "SIMPLE":
        found["match"] = key.match
    if not key.valid:
        found["valid"] = False
    return found


def _is_plain(index: Index) -> bool:
    bare = Index(name=index.name, parts=index.parts, unique=index.unique)
    parts = all(part == IndexPart(column=part.column, descending=part.descending) for part in index.parts)
    names = [part.column for part in index.parts]
    return parts and replace(index, renamed_from=None, source=None) == bare and len(set(names)) == len(names)


def _plain_index(index: Index, properties: Mapping[str, str]) -> dict[str, Any]:
    keys = {properties[part.column]: -1 if part.descending else 1 for part in index.parts if part.column is not None}
    return {"keys": keys} | ({"options": {"unique": True}} if index.unique else {})


def _exact_index(index: Index) -> dict[str, Any]:
    found: dict[str, Any] = {"parts": [_exact_part(part) for part in index.parts]}
    if index.unique:
        found["unique"] = True
    if index.method != "btree":
        found["method"] = index.method
    if index.where is not None:
        found["where"] = index.where
    if index.include:
        found["include"] = list(index.include)
    if index.nulls_not_distinct:
        found["nullsNotDistinct"] = True
    if not index.valid:
        found["valid"] = False
    if index.comment:
        found["comment"] = index.comment
    return found


def _exact_part(part: IndexPart) -> str | dict[str, Any]:
    if part == IndexPart(column=part.column) and part.column is not None:
        return part.column
    said = {
        "column": part.column,
        "expression": part.expression,
        "descending": part.descending or None,
        "nulls": None if part.nulls_first is None else "first" if part.nulls_first else "last",
        "collation": part.collation,
        "operatorClass": part.operator_class,
    }
    return {name: value for name, value in said.items() if value is not None}
