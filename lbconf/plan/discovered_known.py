"""The names that model files have for what stands in a database, and definitions told in other names."""

from collections.abc import Iterable, Mapping
from typing import Any

from lbconf.connectors.contract import ModelMapping
from lbconf.plan.discovered_shell import columns_of, table_of
from lbconf.plan.discovered_wanted import Known, RelationKey
from lbconf.project.resolved import Layout
from lbconf.records import dataclass
from lbconf.state.structure import QualifiedName

__all__ = ["Described", "described", "known_names", "renamed"]

Definition = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """Definitions by the table that each is for."""

    definitions: Mapping[QualifiedName, Definition]
    properties: Mapping[QualifiedName, Mapping[str, str]]
    """Column to property."""
    relations: Mapping[QualifiedName, Mapping[RelationKey, str]]


def described(definitions: Iterable[Definition], mapping: ModelMapping, layout: Layout) -> Described:
    """Definitions by table; of two for one table the first."""
    by_table: dict[QualifiedName, Definition] = {}
    for definition in definitions:
        by_table.setdefault(table_of(definition, mapping, layout), definition)
    columns = {table: columns_of(definition, mapping, layout) for table, definition in by_table.items()}
    tables = {str(definition.get("name")): table for table, definition in by_table.items()}
    relations: dict[QualifiedName, dict[RelationKey, str]] = {}
    for table, definition in by_table.items():
        found: dict[RelationKey, str] = {}
        for name, said in _mapping(definition.get("relations")).items():
            key = _key(_mapping(said), table, tables, columns)
            if key is not None:
                found.setdefault(key, str(name))
        relations[table] = found
    return Described(
        definitions=by_table,
        properties={table: {column: name for name, column in found.items()} for table, found in columns.items()},
        relations=relations,
    )


def known_names(mine: Described, before: Described, taken: Iterable[str]) -> Known:
    """The names of the files, and where those have none any more the ones that were given before.

    `taken`: names of models that stand for other things.
    """
    others = frozenset(taken)
    models = {table: str(definition["name"]) for table, definition in mine.definitions.items()}
    used = {name.lower() for name in (*others, *models.values())}
    for table, definition in before.definitions.items():
        name = str(definition["name"])
        if table not in models and name.lower() not in used:
            models[table] = name
            used.add(name.lower())
    properties: dict[QualifiedName, Mapping[str, str]] = {}
    relations: dict[QualifiedName, Mapping[RelationKey, str]] = {}
    for table in {*mine.definitions, *before.definitions}:
        properties[table] = _names(mine.properties.get(table, {}), before.properties.get(table, {}))
        relations[table] = _names(mine.relations.get(table, {}), before.relations.get(table, {}))
    return Known(models=models, properties=properties, relations=relations, taken=others)


def renamed(before: Described, now: Described) -> dict[QualifiedName, dict[str, Any]]:
    """The definitions of `before` with the names that `now` has for the same tables, columns and relations.

    What refers to them keeps the old ones: where a person renamed a thing and
    not all that leads to it, the merge mends the rest.
    """
    made: dict[QualifiedName, dict[str, Any]] = {}
    for table, definition in before.definitions.items():
        names = now.properties.get(table, {})
        properties = {name: names.get(column, name) for column, name in before.properties.get(table, {}).items()}
        ways = now.relations.get(table, {})
        relations = {name: ways.get(key, name) for key, name in before.relations.get(table, {}).items()}
        called = now.definitions.get(table, definition)["name"]
        made[table] = {**definition, "name": called}
        for key, others in (("properties", properties), ("relations", relations)):
            if key in definition:
                made[table][key] = {others.get(name, name): said for name, said in _mapping(definition[key]).items()}
    return made


def _key(
    said: Mapping[str, Any],
    table: QualifiedName,
    tables: Mapping[str, QualifiedName],
    columns: Mapping[QualifiedName, Mapping[str, str]],
) -> RelationKey | None:
    other = tables.get(str(said.get("model")))
    if other is None:
        return None
    kind = said.get("type")
    if kind == "belongsTo":
        own = _columns(said.get("foreignKey"), columns[table])
        return RelationKey("to", other, own) if own else None
    if kind == "hasMany" and said.get("through"):
        between = tables.get(str(said["through"]))
        if between is None:
            return None
        here = _columns(said.get("foreignKey"), columns[between])
        there = _columns(said.get("keyThrough"), columns[between])
        return RelationKey("through", other, here, between, there) if here and there else None
    if kind in {"hasMany", "hasOne"}:
        theirs = _columns(said.get("foreignKey"), columns[other])
        return RelationKey("from", other, theirs) if theirs else None
    return None


def _columns(said: Any, names: Mapping[str, str]) -> tuple[str, ...]:
    found = [said] if isinstance(said, str) else said if isinstance(said, list) else []
    return tuple(names.get(name, name) for name in found if isinstance(name, str))


def _names(mine: Mapping[Any, str], before: Mapping[Any, str]) -> dict[Any, str]:
    used = {name.lower() for name in mine.values()}
    return {**{key: name for key, name in before.items() if name.lower() not in used}, **mine}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
