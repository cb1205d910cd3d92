"""What each change needs, gives, lets go of and ends: the edges of the graph that `order` sorts.

A change stands after those that give what it wants, and after those that let
go of what it ends. Taking a name is ending its freedom: whoever had the name
lets go of it first.
"""

from collections.abc import Mapping
from typing import Final, assert_never

from lbconf.plan.needs_parts import (
    Key,
    Needs,
    as_column,
    backfill_reads,
    column_set,
    column_there,
    column_used,
    constraint_names,
    counts_anew,
    gone_type,
    index_gone,
    index_made,
    key_gone,
    key_made,
    keys,
    made_type,
    partition_gone,
    partition_made,
    pointing,
    relation_keys,
    relations,
    releases_types,
    uses_types,
)
from lbconf.plan.needs_words import relations as relations_of
from lbconf.state import changes as c
from lbconf.state.structure import QualifiedName, Sequence, Table, View

__all__ = ["SCRATCH", "Key", "Needs", "needs_of"]

SCRATCH: Final = "_lbconf_moving_"
"""Before a name that something has for a moment only."""


def needs_of(change: c.Change, moved: Mapping[QualifiedName, QualifiedName]) -> Needs:
    """The needs of one change.

    Args:
        change: The change.
        moved: New names of tables by their old ones.
    """
    found = Needs()
    match change:
        case (
            c.CreateNamespace()
            | c.DropNamespace()
            | c.CreateExtension()
            | c.CreateEnumeration()
            | c.DropEnumeration()
            | c.RenameEnumeration()
            | c.AddEnumerationValues()
            | c.RebuildEnumeration()
            | c.CreateDomain()
            | c.AlterDomain()
            | c.DropDomain()
            | c.CreateComposite()
            | c.AlterComposite()
            | c.DropComposite()
        ):
            _type(change, found)
        case c.CreateSequence() | c.AlterSequence() | c.DropSequence():
            _sequence(change, found)
        case c.CreateView(after=view):
            _view_made(view, found)
        case c.DropView(before=view):
            _view_gone(view, moved, found)
        case c.CreateTable(after=table):
            _table_made(table, found)
        case c.DropTable(before=table):
            _table_gone(table, found)
        case c.RenameTable(before=before, after=after):
            found.gives |= {("table", after.name), ("moved", after.name), *relation_keys("relation", after.name)}
            _from_scratch(before.name.name, ("moved", before.name), found)
            found.wants.add(("namespace", after.name.namespace))
            found.lets_go |= {("free", before.name), ("in", before.name.namespace)}
            found.ends.add(("free", after.name))
        case c.ParkTable(before=table, after=name):
            found.lets_go |= {("free", one) for one in relations(table)} | {
                ("pointing", k.target) for k in table.foreign_keys
            }
            found.ends |= {("free", name), ("pointing", table.name)}
        case c.SetOnRemove():
            pass
        case _:
            found.wants.add(("table", change.table))
            _inside(change, found)
    return found


def _type(  # noqa: C901, PLR0912 - a line or two per member of the family
    change: c.CreateNamespace
    | c.DropNamespace
    | c.CreateExtension
    | c.CreateEnumeration
    | c.DropEnumeration
    | c.RenameEnumeration
    | c.AddEnumerationValues
    | c.RebuildEnumeration
    | c.CreateDomain
    | c.AlterDomain
    | c.DropDomain
    | c.CreateComposite
    | c.AlterComposite
    | c.DropComposite,
    found: Needs,
) -> None:
    match change:
        case c.CreateNamespace(name=name):
            found.gives.add(("namespace", name))
        case c.DropNamespace(name=name):
            found.ends.add(("in", name))
        case c.CreateExtension(after=extension):
            found.wants.add(("namespace", extension.namespace))
        case c.CreateEnumeration(after=enumeration):
            made_type(enumeration.name, found)
        case c.DropEnumeration(before=enumeration):
            gone_type(enumeration.name, found)
        case c.RenameEnumeration(before=enumeration, after=renamed):
            found.gives.add(("type", renamed.name))
            if renamed.name != enumeration.name:
                found.lets_go |= {("free type", enumeration.name), ("in", enumeration.name.namespace)}
                found.ends.add(("free type", renamed.name))
        case c.AddEnumerationValues(after=enumeration) | c.RebuildEnumeration(after=enumeration):
            found.wants.add(("type", enumeration.name))
            found.gives.add(("values", enumeration.name))
        case c.CreateDomain(after=domain):
            made_type(domain.name, found)
            uses_types((as_column(domain),), found)
        case c.AlterDomain(before=before, after=after):
            found.gives.add(("values", after.name))
            uses_types((as_column(after),), found)
            releases_types((as_column(before),), found)
        case c.DropDomain(before=domain):
            gone_type(domain.name, found)
            releases_types((as_column(domain),), found)
        case c.CreateComposite(after=composite):
            made_type(composite.name, found)
            uses_types(composite.columns, found)
        case c.AlterComposite(before=old, after=new):
            found.gives.add(("values", new.name))
            uses_types(new.columns, found)
            kept = {column.type.enumeration for column in new.columns}
            releases_types([column for column in old.columns if column.type.enumeration not in kept], found)
        case c.DropComposite(before=composite):
            gone_type(composite.name, found)
            releases_types(composite.columns, found)
        case _:
            assert_never(change)


def _sequence(change: c.CreateSequence | c.AlterSequence | c.DropSequence, found: Needs) -> None:
    match change:
        case c.CreateSequence(after=sequence):
            found.gives |= {*relation_keys("sequence", sequence.name), *relation_keys("relation", sequence.name)}
            found.wants.add(("namespace", sequence.name.namespace))
            found.ends.add(("free", sequence.name))
            _owner(sequence, found.wants)
        case c.AlterSequence(before=before, after=after):
            # One that lets go of its owner goes first.
            (found.gives if before.owned_by and not after.owned_by else found.wants).add(("freed", before.name))
            if before.name != after.name:
                found.gives |= {*relation_keys("sequence", after.name)}
                found.lets_go |= {("free", before.name), ("in", before.name.namespace)}
                found.ends.add(("free", after.name))
            if before.owned_by != after.owned_by:
                _owner(after, found.wants)
                if before.owned_by is not None:
                    found.lets_go |= {("owning", before.owned_by[0]), ("using", *before.owned_by)}
        case c.DropSequence(before=sequence):
            found.ends |= {*relation_keys("counting", sequence.name)}
            found.lets_go |= {("free", sequence.name), ("in", sequence.name.namespace)}
            if sequence.owned_by is not None:
                found.lets_go |= {("owning", sequence.owned_by[0]), ("using", *sequence.owned_by)}
        case _:
            assert_never(change)


def _owner(sequence: Sequence, wants: set[Key]) -> None:
    if sequence.owned_by is not None:
        table, column = sequence.owned_by
        wants |= {("table", table), ("column", table, column)}


def _view_made(view: View, found: Needs) -> None:
    mentioned = relations_of(view.definition)
    found.gives |= {("table", view.name), *relation_keys("relation", view.name)}
    found.wants |= {("relation", name) for name in mentioned} | {("columns of", name) for name in mentioned}
    found.wants.add(("namespace", view.name.namespace))
    found.ends.add(("free", view.name))
    found.ends |= {("free", QualifiedName(view.name.namespace, index.name)) for index in view.indexes}


def _view_gone(view: View, moved: Mapping[QualifiedName, QualifiedName], found: Needs) -> None:
    for name in view.depends_on:
        now = moved.get(name, name)
        found.lets_go |= {("seeing", now), ("seeing", name)}
    found.ends.add(("seeing", view.name))
    found.lets_go |= {("free", view.name), ("in", view.name.namespace)}
    found.lets_go |= {("free", QualifiedName(view.name.namespace, index.name)) for index in view.indexes}
    releases_types(view.columns, found)


def _table_made(table: Table, found: Needs) -> None:
    name = table.name
    found.gives |= {
        ("table", name),
        *relation_keys("relation", name),
        ("columns", name),
        *relation_keys("columns of", name),
    }
    found.gives |= {("column", name, column.name) for column in table.columns}
    found.gives |= {("key", name, column_set(columns)) for columns in keys(table)}
    found.wants.add(("namespace", name.namespace))
    uses_types(table.columns, found)
    found.ends |= {("free", one) for one in relations(table)}
    for column in table.columns:
        found.ends |= counts_anew(column)
    for part in table.partitions:
        partition_made(part, found)


def _table_gone(table: Table, found: Needs) -> None:
    name = table.name
    found.ends |= {("pointing", name), ("seeing", name), ("owning", name), ("own key", name)}
    found.wants.add(("moved", name))
    for key in table.foreign_keys:
        if key.target != name:
            found.lets_go |= {("pointing", key.target), ("needing", key.target, column_set(key.target_columns))}
            found.lets_go |= {("using", key.target, column) for column in key.target_columns}
    found.lets_go |= {("free", one) for one in relations(table)} | {("in", name.namespace)}
    releases_types(table.columns, found)
    for part in table.partitions:
        partition_gone(part, found)


def _from_scratch(name: str, key: Key, found: Needs) -> None:
    """The second half of a rename through a name of ours waits for the first, which nobody else waits for."""
    if name.startswith(SCRATCH):
        found.wants.add(key)
        found.lets_go = {one for one in found.lets_go if not str(getattr(one[-1], "name", one[-1])).startswith(SCRATCH)}


def _inside(change: c.Change, found: Needs) -> None:  # noqa: C901, PLR0912 - a line or two per member
    match change:
        case c.AddColumn(table=table, after=column):
            column_there(table, column, found)
            backfill_reads(table, column, found)
            found.ends |= {("free column", table, column.name), *counts_anew(column)}
        case c.AlterColumn(table=table, before=before, after=after):
            found.wants.add(("renamed", table, after.name))
            column_there(table, after, found)
            backfill_reads(table, after, found)
            column_used(table, before, found)
            if before.type.enumeration not in (None, after.type.enumeration):
                releases_types((before,), found)
            found.ends |= {("using", table, after.name), ("checking", table), ("seeing", table)}
        case c.DropColumn(table=table, before=column):
            found.ends |= {("using", table, column.name), ("checking", table), ("seeing", table)}
            found.ends.add(("read to fill", table, column.name))
            found.lets_go.add(("free column", table, column.name))
            column_used(table, column, found)
            releases_types((column,), found)
        case c.RenameColumn(table=table, before=before, after=after):
            found.gives |= {("renamed", table, after.name), ("columns", table), *relation_keys("columns of", table)}
            found.lets_go.add(("free column", table, before.name))
            found.ends.add(("free column", table, after.name))
            _from_scratch(before.name, ("renamed", table, before.name), found)
        case c.RenameIndex(table=table, before=index, after=renamed):
            if index.name != renamed.name:
                found.lets_go.add(("free", QualifiedName(table.namespace, index.name)))
                found.ends.add(("free", QualifiedName(table.namespace, renamed.name)))
                found.gives.add(("named", table, renamed.name))
                _from_scratch(index.name, ("named", table, index.name), found)
        case c.RenameConstraint(table=table, before=part, after=other):
            found.lets_go |= constraint_names(table, part, part.name)
            found.ends |= constraint_names(table, other, other.name)
            found.gives.add(("named", table, other.name))
            _from_scratch(part.name or "", ("named", table, part.name), found)
        case c.AddCheck(table=table, after=check):
            found.wants.add(("columns", table))
            found.ends.add(("free constraint", table, check.name))
        case c.DropCheck(table=table, before=check):
            found.lets_go |= {("checking", table), ("free constraint", table, check.name)}
        case c.AddExclusion(table=table, after=exclusion):
            found.wants.add(("columns", table))
            found.ends |= constraint_names(table, exclusion, exclusion.name)
        case c.DropExclusion(table=table, before=exclusion):
            found.lets_go |= {("checking", table)} | constraint_names(table, exclusion, exclusion.name)
        case c.SetTableOptions(table=table, after=options):
            named = {value for _, value in options}
            found.wants |= {("index", table, name) for name in named} | {("columns", table)}
        case _:
            _keyed(change, found)


def _keyed(change: c.Change, found: Needs) -> None:
    match change:
        case c.AddPrimaryKey(table=table, after=key):
            key_made(table, key, found)
            found.ends.add(("free key", table))
        case c.DropPrimaryKey(table=table, before=key):
            key_gone(table, key, found)
            found.lets_go.add(("free key", table))
        case c.AddUnique(table=table, after=unique):
            key_made(table, unique, found)
        case c.DropUnique(table=table, before=unique):
            key_gone(table, unique, found)
        case c.AddIndex(table=table, after=index):
            index_made(table, index, found)
        case c.DropIndex(table=table, before=index):
            index_gone(table, index, found)
        case c.AddPartition(after=partition):
            partition_made(partition, found)
        case c.DropPartition(before=partition):
            partition_gone(partition, found)
        case c.AddForeignKey(table=table, after=foreign):
            pointing(table, foreign, found)
        case c.DropForeignKey(table=table, before=foreign):
            found.lets_go |= {
                ("pointing", foreign.target),
                ("needing", foreign.target, column_set(foreign.target_columns)),
            }
            found.lets_go |= {("using", table, name) for name in foreign.columns}
            found.lets_go |= {("using", foreign.target, name) for name in foreign.target_columns}
            found.lets_go |= {("free constraint", table, foreign.name), ("own key", table)}
        case _:
            pass
