"""Foreign keys as relations on both sides."""

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

from lbconf.connectors.contract import ModelMapping
from lbconf.plan.discovered_names import RESERVED_PROPERTIES, distinct, lower_camel, plural_camel
from lbconf.plan.discovered_parts import exact_foreign_key
from lbconf.plan.discovered_types import type_text
from lbconf.state.structure import ForeignKey, QualifiedName, State, Table

__all__ = ["add_relations"]

Models = MutableMapping[QualifiedName, dict[str, Any]]
Properties = Mapping[QualifiedName, Mapping[str, str]]

RESERVED_RELATIONS = frozenset({"trigger", *RESERVED_PROPERTIES})
KEY_ENDING = re.compile(r"(?:_?(?:id|fk|key|code|no|uuid))$", re.IGNORECASE)


def add_relations(state: State, models: Models, properties: Properties, mapping: ModelMapping) -> None:
    """Add a belongsTo to the holder of each foreign key, a hasMany or hasOne to its target.

    A key that a relation cannot say in full is said in the holder's connector section.
    """
    for table in state.tables:
        if table.name not in models:
            continue
        holder = models[table.name]
        told: set[tuple[tuple[str, ...], QualifiedName]] = set()
        for key in table.foreign_keys:
            target = state.table(key.target)
            place = (key.columns, key.target)
            known = target is not None and key.target in models
            related = target is not None and known and _matches(key, target) and place not in told
            plain = related and _is_plain(key, target)
            if not plain:
                holder[mapping.sections[0]].setdefault("foreignKeys", {})[key.name] = exact_foreign_key(
                    key, table.name.namespace
                )
            if target is not None and related:
                told.add(place)
                usual = mapping.constraint_name(table.name, key.columns, "fkey")
                _relate(
                    table,
                    key,
                    target,
                    models,
                    properties,
                    constrained=plain,
                    named=key.name != usual,
                    section=mapping.sections[0],
                )


def _relate(
    table: Table,
    key: ForeignKey,
    target: Table,
    models: Models,
    properties: Properties,
    *,
    constrained: bool,
    named: bool,
    section: str,
) -> None:
    holder, owner = models[table.name], models[target.name]
    _keep_types(table, key, target, holder["properties"], properties[table.name], section)
    own = [properties[table.name][column] for column in key.columns]
    other = [properties[target.name][column] for column in key.target_columns]
    is_key = target.primary_key is not None and target.primary_key.columns == key.target_columns
    belongs: dict[str, Any] = {"type": "belongsTo", "model": owner["name"], "foreignKey": _one_or_many(own)}
    if not is_key:
        belongs["primaryKey"] = _one_or_many(other)
    if constrained:
        if named:
            belongs["constraintName"] = key.name
        if key.on_delete != "NO ACTION":
            belongs["onDelete"] = key.on_delete
        if key.on_update != "NO ACTION":
            belongs["onUpdate"] = key.on_update
    else:
        belongs["constraint"] = False
    name = _belongs_name(key, owner["name"], holder)
    holder.setdefault("relations", {})[name] = belongs
    single = _is_unique(table, key.columns)
    has: dict[str, Any] = {
        "type": "hasOne" if single else "hasMany",
        "model": holder["name"],
        "foreignKey": _one_or_many(own),
    }
    if not is_key:
        has["primaryKey"] = _one_or_many(other)
    if not constrained:
        has["constraint"] = False
    owner.setdefault("relations", {})[_has_name(table, key, holder, owner, name, single=single)] = has


def _keep_types(
    table: Table,
    key: ForeignKey,
    target: Table,
    written: Mapping[str, Any],
    names: Mapping[str, str],
    section: str,
) -> None:
    """A number that points to another takes its type, unless it says its own: so it has to, where they differ."""
    for column, other in zip(key.columns, key.target_columns, strict=True):
        here, there = table.column(column), target.column(other)
        if here is not None and there is not None and here.type != there.type:
            written[names[column]].setdefault(section, {}).setdefault("dataType", type_text(here.type))


def _one_or_many(names: list[str]) -> str | list[str]:
    return names[0] if len(names) == 1 else names


def _belongs_name(key: ForeignKey, target: str, holder: Mapping[str, Any]) -> str:
    """The key's column without its ending (`customer_id` is `customer`), else the target's name."""
    stem = KEY_ENDING.sub("", key.columns[0]) if len(key.columns) == 1 else ""
    wanted = lower_camel(stem) if stem else target[:1].lower() + target[1:]
    taken = _taken(holder)
    if wanted.lower() in taken:
        wanted = f"{wanted}{target}" if f"{wanted}{target}".lower() not in taken else f"{wanted}Relation"
    return distinct(wanted, taken)


def _has_name(
    table: Table, key: ForeignKey, holder: Mapping[str, Any], owner: Mapping[str, Any], via: str, *, single: bool
) -> str:
    """The holder's plural; where several keys of it lead here, with the name of the way back."""
    model = holder["name"]
    plain = model[:1].lower() + model[1:] if single else plural_camel(model)
    if sum(other.target == key.target for other in table.foreign_keys) > 1 or table.name == key.target:
        plain = f"{plain}By{via[:1].upper()}{via[1:]}"
    taken = _taken(owner)
    return distinct(plain if plain.lower() not in taken else f"{plain}Related", taken)


def _taken(model: Mapping[str, Any]) -> set[str]:
    return {name.lower() for name in (*model["properties"], *model.get("relations", {}))} | RESERVED_RELATIONS


def _is_plain(key: ForeignKey, target: Table | None) -> bool:
    """Whether a relation can say it: it leads to a key, and has nothing that relations have no word for."""
    leads = target is not None and _is_unique(target, key.target_columns)
    return leads and key.deferrable is None and key.match == "SIMPLE" and key.valid and not key.set_columns


def _matches(key: ForeignKey, target: Table) -> bool:
    """Whether both sides are equally wide and there; some servers take a key for which they are not."""
    there = all(target.column(column) is not None for column in key.target_columns)
    return there and 0 < len(key.columns) == len(key.target_columns)


def _is_unique(table: Table, columns: tuple[str, ...]) -> bool:
    keys = [unique.columns for unique in table.uniques]
    if table.primary_key is not None:
        keys.append(table.primary_key.columns)
    keys.extend(
        tuple(part.column or "" for part in index.parts)
        for index in table.indexes
        if index.unique and index.where is None
    )
    return any(sorted(found) == sorted(columns) for found in keys)
