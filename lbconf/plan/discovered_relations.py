"""Foreign keys as relations on both sides, and tables in between as ways through them."""

from collections import Counter
from collections.abc import Iterator, Mapping, MutableMapping
from itertools import combinations
from typing import Any

from lbconf.connectors.contract import ModelMapping
from lbconf.plan.discovered_names import distinct
from lbconf.plan.discovered_parts import exact_foreign_key
from lbconf.plan.discovered_relation_names import belongs_name, has_name, taken, through_name
from lbconf.plan.discovered_types import type_text
from lbconf.plan.discovered_wanted import RelationKey, Wanted
from lbconf.records import dataclass
from lbconf.state.structure import ForeignKey, QualifiedName, State, Table

__all__ = ["add_relations"]

Models = MutableMapping[QualifiedName, dict[str, Any]]
Properties = Mapping[QualifiedName, Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Link:
    """A foreign key that relations follow."""

    holder: Table
    key: ForeignKey
    target: Table
    constrained: bool
    """Whether the relation alone says all of the key."""

    @property
    def is_key(self) -> bool:
        """Whether it leads to the primary key, in its order."""
        return self.target.primary_key is not None and self.target.primary_key.columns == self.key.target_columns


def add_relations(
    state: State, models: Models, properties: Properties, mapping: ModelMapping, wanted: Wanted
) -> tuple[str, ...]:
    """Add a belongsTo to the holder of each foreign key, a hasMany or hasOne to its target, and ways through tables.

    A key that a relation cannot say in full is said in the holder's connector section.

    Returns:
        Foreign keys that no relation follows, although relations are wanted, as `name of table`.
    """
    links, without = _links(state, models, mapping, wanted)
    ways: dict[tuple[QualifiedName, str], str] = {}
    for link in links:
        ways[link.holder.name, link.key.name] = _belong(link, models, properties, mapping, wanted)
    for link in links:
        _have(link, ways[link.holder.name, link.key.name], models, properties, wanted)
    _go_through(links, ways, models, properties, wanted)
    return without


def _links(
    state: State, models: Models, mapping: ModelMapping, wanted: Wanted
) -> tuple[tuple[_Link, ...], tuple[str, ...]]:
    links: list[_Link] = []
    without: list[str] = []
    tables = {table.name: table for table in state.tables if table.name in models}
    for table in tables.values():
        told: set[tuple[tuple[str, ...], QualifiedName]] = set()
        for key in table.foreign_keys:
            target = tables.get(key.target)
            place = (key.columns, key.target)
            related = wanted.relations and target is not None and _matches(key, target) and place not in told
            plain = related and _is_plain(key, target)
            if not plain:
                said = exact_foreign_key(key, table.name.namespace)
                models[table.name][mapping.sections[0]].setdefault("foreignKeys", {})[key.name] = said
            if related and target is not None:
                told.add(place)
                links.append(_Link(holder=table, key=key, target=target, constrained=plain))
            elif wanted.relations:
                without.append(f"{key.name} of {table.name}")
    return tuple(links), tuple(without)


def _belong(link: _Link, models: Models, properties: Properties, mapping: ModelMapping, wanted: Wanted) -> str:
    table, key, target = link.holder, link.key, link.target
    holder, owner = models[table.name], models[target.name]
    _keep_types(link, holder["properties"], properties[table.name], mapping.sections[0])
    own, other = _names(link, properties)
    belongs: dict[str, Any] = {"type": "belongsTo", "model": owner["name"], "foreignKey": own}
    if not link.is_key:
        belongs["primaryKey"] = other
    if link.constrained:
        if key.name != mapping.constraint_name(table.name, key.columns, "fkey"):
            belongs["constraintName"] = key.name
        if key.on_delete != "NO ACTION":
            belongs["onDelete"] = key.on_delete
        if key.on_update != "NO ACTION":
            belongs["onUpdate"] = key.on_update
    else:
        belongs["constraint"] = False
    used = taken(holder)
    given = _given(wanted, table.name, RelationKey("to", target.name, key.columns)) or wanted.naming.relation(key.name)
    name = distinct(given, used) if given else belongs_name(key, owner["name"], used, keep=wanted.naming.keep_columns)
    holder.setdefault("relations", {})[name] = belongs
    return name


def _have(link: _Link, way_back: str, models: Models, properties: Properties, wanted: Wanted) -> None:
    table, target = link.holder, link.target
    holder, owner = models[table.name], models[target.name]
    own, other = _names(link, properties)
    single = _is_unique(table, link.key.columns)
    has: dict[str, Any] = {"type": "hasOne" if single else "hasMany", "model": holder["name"], "foreignKey": own}
    if not link.is_key:
        has["primaryKey"] = other
    if not link.constrained:
        has["constraint"] = False
    used = taken(owner)
    given = _given(wanted, target.name, RelationKey("from", table.name, link.key.columns))
    several = table.name == target.name or sum(k.target == target.name for k in table.foreign_keys) > 1
    name = (
        distinct(given, used)
        if given
        else has_name(holder["name"], owner["name"], way_back, used, single=single, several=several)
    )
    owner.setdefault("relations", {})[name] = has


def _go_through(
    links: tuple[_Link, ...],
    ways: Mapping[tuple[QualifiedName, str], str],
    models: Models,
    properties: Properties,
    wanted: Wanted,
) -> None:
    """Add a hasMany through every table whose rows are each one pair of others, to both sides."""
    pairs = [(one, other) for here, there in _pairs(links) for one, other in ((here, there), (there, here))]
    wishes = Counter((to.target.name, ways[on.holder.name, on.key.name].lower()) for to, on in pairs)
    for to, on in pairs:
        owner, other, between = models[to.target.name], models[on.target.name], models[to.holder.name]
        onward = ways[on.holder.name, on.key.name]
        used = taken(owner)
        key = RelationKey("through", on.target.name, to.key.columns, to.holder.name, on.key.columns)
        given = _given(wanted, to.target.name, key)
        plainly = wishes[to.target.name, onward.lower()] == 1
        name = (
            distinct(given, used)
            if given
            else through_name(onward, other["name"], between["name"], used, plainly=plainly)
        )
        owner.setdefault("relations", {})[name] = {
            "type": "hasMany",
            "model": other["name"],
            "through": between["name"],
            "foreignKey": _names(to, properties)[0],
            "keyThrough": _names(on, properties)[0],
        }


def _pairs(links: tuple[_Link, ...]) -> Iterator[tuple[_Link, _Link]]:
    """Two keys of a table that are together one of its keys: each row of it joins two others, once."""
    by_table: dict[QualifiedName, list[_Link]] = {}
    for link in links:
        by_table.setdefault(link.holder.name, []).append(link)
    for found in by_table.values():
        for one, other in combinations(found, 2):
            columns = tuple(dict.fromkeys((*one.key.columns, *other.key.columns)))
            apart = len(columns) > max(len(one.key.columns), len(other.key.columns))
            if apart and one.is_key and other.is_key and _is_unique(one.holder, columns):
                yield one, other


def _given(wanted: Wanted, table: QualifiedName, key: RelationKey) -> str | None:
    return wanted.known.relations.get(table, {}).get(key)


def _names(link: _Link, properties: Properties) -> tuple[str | list[str], str | list[str]]:
    """The properties of the key and those it points to."""
    own = [properties[link.holder.name][column] for column in link.key.columns]
    other = [properties[link.target.name][column] for column in link.key.target_columns]
    return (own[0], other[0]) if len(own) == 1 else (own, other)


def _keep_types(link: _Link, written: Mapping[str, Any], names: Mapping[str, str], section: str) -> None:
    """A number that points to another takes its type, unless it says its own: so it has to, where they differ."""
    for column, other in zip(link.key.columns, link.key.target_columns, strict=True):
        here, there = link.holder.column(column), link.target.column(other)
        if here is not None and there is not None and here.type != there.type:
            written[names[column]].setdefault(section, {}).setdefault("dataType", type_text(here.type))


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
