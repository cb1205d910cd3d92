"""Changes in a person's words."""

from enum import StrEnum
from typing import assert_never

from lbconf.diagnostics import Location
from lbconf.state import changes as c
from lbconf.state.structure import Column, ColumnType, Enumeration, ForeignKey, Index, Options, QualifiedName

__all__ = ["Action", "action_of", "describe", "source_of", "table_of", "type_words"]


class Action(StrEnum):
    """What a change does to the thing it names."""

    ADD = "add"
    CHANGE = "change"
    DESTROY = "destroy"


def action_of(change: c.Change) -> Action:
    """Whether something new comes, something there changes, or something goes."""
    name = type(change).__name__
    if name.startswith("Drop"):
        return Action.DESTROY
    if name == "AddEnumerationValues":
        return Action.CHANGE
    return Action.ADD if name.startswith(("Create", "Add")) else Action.CHANGE


def table_of(change: c.Change) -> QualifiedName | None:
    """The table a change belongs to, by the name it has afterwards; None for what belongs to none."""
    match change:
        case c.CreateTable(after=table) | c.RenameTable(after=table) | c.DropTable(before=table):
            return table.name
        case c.ParkTable(before=table):
            return table.name
        case _:
            found = getattr(change, "table", None)
            return found if isinstance(found, QualifiedName) else None


def source_of(change: c.Change) -> Location | None:
    """The place in the configuration that asked for it; None for what nobody asks for any more."""
    after = getattr(change, "after", None)
    found = getattr(after, "source", None)
    return found if isinstance(found, Location) else None


def type_words(found: ColumnType) -> str:
    """A type as people write it: `numeric(10,2)[]`, `int unsigned`, `enum('a','b')`."""
    inside = ",".join(f"'{value}'" for value in found.values) or ",".join(map(str, found.arguments))
    arguments = f"({inside})" if inside else ""
    sign = " unsigned" if found.unsigned else ""
    return f"{found.enumeration or found.name}{arguments}{'[]' * found.dimensions}{sign}"


def describe(change: c.Change) -> str:  # noqa: C901, PLR0912 - one line per member of the family
    """What it is about, without the verb: `column level integer`, `index account_email_idx (email)`."""
    match change:
        case c.CreateNamespace(name=name):
            return f"schema {name}"
        case c.DropNamespace(name=name):
            return f"schema {name}"
        case c.CreateEnumeration(after=enumeration) | c.DropEnumeration(before=enumeration):
            return f"enum {enumeration.name} ({', '.join(enumeration.values)})"
        case c.AddEnumerationValues(before=before, after=after):
            added = [value for value in after.values if value not in before.values]
            return f"enum {after.name}: add {', '.join(added)}"
        case c.RebuildEnumeration(before=before, after=after):
            return f"enum {after.name}: {', '.join(before.values)} -> {', '.join(after.values)}"
        case c.RenameEnumeration(before=before, after=after):
            return f"enum {before.name}: {', '.join(enumeration_renames(before, after))}"
        case c.CreateDomain(after=domain) | c.AlterDomain(after=domain) | c.DropDomain(before=domain):
            return f"domain {domain.name} {type_words(domain.type)}"
        case c.CreateComposite(after=found) | c.AlterComposite(after=found) | c.DropComposite(before=found):
            return f"type {found.name} ({', '.join(column.name for column in found.columns)})"
        case c.CreateSequence(after=sequence) | c.AlterSequence(after=sequence) | c.DropSequence(before=sequence):
            return f"sequence {sequence.name}"
        case c.CreateExtension(after=extension):
            return f"extension {extension.name}"
        case c.CreateView(after=view) | c.DropView(before=view):
            return f"{'materialized ' if view.materialized else ''}view {view.name}"
        case c.CreateTable(after=table) | c.DropTable(before=table):
            return f"table {table.name}"
        case c.ParkTable(before=table, after=name):
            return f"table {table.name} -> {name}"
        case c.RenameTable(before=before, after=after):
            return f"table {before.name} -> {after.name}"
        case c.SetTableComment(after=comment):
            return f"comment: {comment or 'none'}"
        case c.SetOnRemove(after=wish):
            return f"once its model is gone: {wish or 'drop'}"
        case c.SetTableOptions(before=options, after=wanted):
            return f"options: {option_words(options)} -> {option_words(wanted)}"
        case c.AddPartition(after=partition) | c.DropPartition(before=partition):
            return f"partition {partition.name} {partition.bound}"
        case c.AddColumn(after=column) | c.DropColumn(before=column):
            return f"column {column_words(column)}"
        case c.RenameColumn(before=before, after=after):
            return f"column {before.name} -> {after.name}"
        case c.AlterColumn(before=before, after=after):
            return f"column {after.name}: {'; '.join(column_differences(before, after))}"
        case c.AddPrimaryKey(after=key) | c.DropPrimaryKey(before=key):
            return f"primary key ({', '.join(key.columns)})"
        case c.AddUnique(after=unique) | c.DropUnique(before=unique):
            return f"unique {unique.name} ({', '.join(unique.columns)})"
        case c.AddIndex(after=index) | c.DropIndex(before=index):
            return index_words(index)
        case c.RenameIndex(before=before, after=after):
            return f"index {before.name} -> {after.name}"
        case c.AddForeignKey(after=key) | c.DropForeignKey(before=key):
            return foreign_key_words(key)
        case c.AddCheck(after=check) | c.DropCheck(before=check):
            return f"check {check.name} ({check.expression})"
        case c.AddExclusion(after=exclusion) | c.DropExclusion(before=exclusion):
            return f"exclusion {exclusion.name}"
        case c.RenameConstraint(before=constraint, after=renamed):
            return f"constraint {constraint.name} -> {renamed.name}"
        case _:
            assert_never(change)


def enumeration_renames(before: Enumeration, after: Enumeration) -> list[str]:
    """`mood -> feeling`, `sad -> blue`."""
    found = [] if before.name == after.name else [f"{before.name} -> {after.name}"]
    return found + [f"{old} -> {new}" for old, new in after.value_renames if old in before.values]


def option_words(options: Options) -> str:
    """`engine=InnoDB, row_format=DYNAMIC`."""
    return ", ".join(f"{name}={value}" for name, value in options) or "none"


def column_words(column: Column) -> str:
    """`level integer not null default 0`."""
    words = [column.name, type_words(column.type).lower()]
    if column.identity is not None:
        words.append("counted up")
    if not column.nullable:
        words.append("not null")
    if column.default is not None:
        words.append(f"default {column.default.expression}")
    if column.generated is not None:
        words.append(f"generated from {column.generated}")
    return " ".join(words)


def column_differences(before: Column, after: Column) -> list[str]:
    """Each attribute that differs, as `type text -> integer`."""
    found: list[str] = []
    if before.type != after.type:
        found.append(f"type {type_words(before.type).lower()} -> {type_words(after.type).lower()}")
    if before.nullable != after.nullable:
        found.append("null -> not null" if before.nullable else "not null -> null")
    if before.default != after.default:
        one, two = (side.default.expression if side.default else "none" for side in (before, after))
        found.append(f"default {one} -> {two}")
    if before.identity != after.identity:
        one, two = (side.identity.kind if side.identity else "none" for side in (before, after))
        found.append(f"counting {one} -> {two}")
    for name in ("generated", "collation", "comment"):
        one, two = (getattr(side, name) for side in (before, after))
        if one != two:
            found.append(f"{name} {one or 'none'} -> {two or 'none'}")
    return found


def index_words(index: Index) -> str:
    """`unique index t_a_idx (a, b desc) where ...`."""
    parts = ", ".join(f"{part.column or part.expression}{' desc' if part.descending else ''}" for part in index.parts)
    where = f" where {index.where}" if index.where else ""
    return f"{'unique ' if index.unique else ''}index {index.name} ({parts}){where}"


def foreign_key_words(key: ForeignKey) -> str:
    """`foreign key t_a_fkey (a) to other (id), on delete cascade`."""
    text = f"foreign key {key.name} ({', '.join(key.columns)}) to {key.target} ({', '.join(key.target_columns)})"
    for event, action in (("delete", key.on_delete), ("update", key.on_update)):
        if action != "NO ACTION":
            text += f", on {event} {action.lower()}"
    return text
