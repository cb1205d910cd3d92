"""Changes in a person's words."""

from enum import StrEnum
from typing import assert_never

from lbconf.diagnostics import Location
from lbconf.state import changes as c
from lbconf.state.structure import Column, ColumnType, ForeignKey, Index, QualifiedName

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
        case c.CreateNamespace():
            return None
        case c.CreateEnumeration() | c.AddEnumerationValues() | c.RebuildEnumeration() | c.DropEnumeration():
            return None
        case _:
            return change.table


def source_of(change: c.Change) -> Location | None:
    """The place in the configuration that asked for it; None for what nobody asks for any more."""
    after = getattr(change, "after", None)
    found = getattr(after, "source", None)
    return found if isinstance(found, Location) else None


def type_words(found: ColumnType) -> str:
    """A type as people write it: `numeric(10,2)[]`."""
    arguments = f"({','.join(map(str, found.arguments))})" if found.arguments else ""
    return f"{found.enumeration or found.name}{arguments}{'[]' * found.dimensions}"


def describe(change: c.Change) -> str:  # noqa: C901, PLR0912 - one line per member of the family
    """What it is about, without the verb: `column level integer`, `index account_email_idx (email)`."""
    match change:
        case c.CreateNamespace(name=name):
            return f"schema {name}"
        case c.CreateEnumeration(after=enumeration) | c.DropEnumeration(before=enumeration):
            return f"enum {enumeration.name} ({', '.join(enumeration.values)})"
        case c.AddEnumerationValues(before=before, after=after):
            added = [value for value in after.values if value not in before.values]
            return f"enum {after.name}: add {', '.join(added)}"
        case c.RebuildEnumeration(before=before, after=after):
            return f"enum {after.name}: {', '.join(before.values)} -> {', '.join(after.values)}"
        case c.CreateTable(after=table) | c.DropTable(before=table):
            return f"table {table.name}"
        case c.RenameTable(before=before, after=after):
            return f"table {before.name} -> {after.name}"
        case c.SetTableComment(after=comment):
            return f"comment: {comment or 'none'}"
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
        case _:
            assert_never(change)


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
