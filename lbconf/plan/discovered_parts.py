"""Keys, uniques, indexes and checks of a table, said portably where that is enough and exactly where it is not."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from lbconf.connectors.contract import ModelMapping
from lbconf.patterns import pattern
from lbconf.records import dataclass, replace
from lbconf.state.structure import (
    Check,
    ForeignKey,
    Index,
    IndexPart,
    Options,
    Partition,
    PrimaryKey,
    Table,
    Unique,
    View,
)

__all__ = ["Parts", "exact_foreign_key", "exact_parts", "exact_view", "options"]


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
    if key is not None:
        section.update(_primary_key(key, mapping.constraint_name(table.name, key.columns, "pkey")))
    single: set[str] = set()
    uniques: dict[str, Any] = {}
    in_key = set(key.columns) if key is not None and len(key.columns) == 1 else set()
    for unique in table.uniques:
        usual = mapping.constraint_name(table.name, unique.columns, "key")
        column = unique.columns[0]
        plainly = unique.columns == (column,) and unique == Unique(name=usual, columns=(column,))
        if plainly and column not in in_key:
            single.add(column)
            continue
        uniques[unique.name] = _unique(unique)
    plain: dict[str, Any] = {}
    exact: dict[str, Any] = {}
    for index in table.indexes:
        if _is_plain(index):
            plain[index.name] = _plain_index(index, properties)
        else:
            exact[index.name] = _exact_index(index)
    checks = {check.name: _check(check) for check in table.checks}
    found = {
        "uniques": uniques,
        "indexes": exact,
        "checks": checks,
        "exclusions": {part.name: part.definition for part in table.exclusions},
        "options": options(table.options),
        "partitionBy": table.partition_by,
        "partitions": _partitions(table.partitions, table.name.namespace),
        "rowSecurity": _row_security(table),
    }
    section.update({name: entries for name, entries in found.items() if entries})
    return Parts(unique_columns=frozenset(single), indexes=plain, section=section)


POLICY: Final = pattern(r"\bAS (?:PERMISSIVE|RESTRICTIVE) FOR ")
"""Where what a policy's text says of its table ends."""


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
    if key.set_columns:
        found["setColumns"] = list(key.set_columns)
    return found


def exact_view(view: View) -> dict[str, Any]:
    """What the section of a read-only model says so that the view can be made."""
    found: dict[str, Any] = {"definition": view.definition}
    if view.materialized:
        found["materialized"] = True
    if view.options:
        found["options"] = options(view.options)
    if view.indexes:
        found["indexes"] = {index.name: _exact_index(index) for index in view.indexes}
    return found


def options(found: Options) -> dict[str, Any]:
    """Options as they are written: flags as truth values."""
    return {name: value == "true" if value in {"true", "false"} else value for name, value in found}


def _row_security(table: Table) -> dict[str, Any]:
    """Row security and policies, without what names the table."""
    policies = {}
    for fact in table.opaque:
        if fact.kind == "policy":
            found_at = POLICY.search(fact.definition)
            policies[fact.name] = fact.definition if found_at is None else fact.definition[found_at.start() :]
    on = next((fact.definition for fact in table.opaque if fact.kind == "row-security"), None)
    found: dict[str, Any] = {"policies": policies} if policies else {}
    if on is None:
        return {"enabled": False, **found} if found else {}
    return {"enabled": True, "force": True, **found} if on == "FORCE" else {"enabled": True, **found}


def _primary_key(key: PrimaryKey, usual: str) -> dict[str, Any]:
    said: dict[str, Any] = {"include": list(key.include), "deferrable": key.deferrable}
    if any(key.lengths):
        said["lengths"] = {c: size for c, size in zip(key.columns, key.lengths, strict=True) if size is not None}
    said = {name: value for name, value in said.items() if value}
    named = key.name if key.name is not None and key.name != usual else None
    if said:
        return {"primaryKey": ({"name": named} if named else {}) | said}
    return {"primaryKey": named} if named else {}


def _unique(unique: Unique) -> dict[str, Any]:
    said = {
        "columns": list(unique.columns),
        "nullsNotDistinct": unique.nulls_not_distinct,
        "include": list(unique.include),
        "deferrable": unique.deferrable,
    }
    return {name: value for name, value in said.items() if value}


def _check(check: Check) -> str | dict[str, Any]:
    said: dict[str, Any] = {"expression": check.expression}
    if not check.valid:
        said["valid"] = False
    if check.no_inherit:
        said["noInherit"] = True
    if not check.enforced:
        said["enforced"] = False
    return said if len(said) > 1 else check.expression


def _partitions(found: Sequence[Partition], namespace: str) -> dict[str, Any]:
    entries: dict[str, Any] = {}
    for part in found:
        said: dict[str, Any] = {"bound": part.bound}
        if part.name.namespace != namespace:
            said["schema"] = part.name.namespace
        if part.by:
            said["by"] = part.by
        if part.partitions:
            said["partitions"] = _partitions(part.partitions, part.name.namespace)
        entries[part.name.name] = said if len(said) > 1 else part.bound
    return entries


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
    if index.options:
        found["options"] = options(index.options)
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
        "length": part.length,
    }
    return {name: value for name, value in said.items() if value is not None}
