"""The state between two changes of a plan, as far as making a type anew has to know it."""

from collections.abc import Sequence

from lbconf.records import replace
from lbconf.state import changes as c
from lbconf.state.structure import QualifiedName, State, Table

__all__ = ["moment"]


def moment(actual: State, changes: Sequence[c.Change]) -> State:
    """The actual state after these changes: tables with their columns, checks, exclusions and indexes, and views."""
    tables: dict[QualifiedName, Table] = {table.name: table for table in actual.tables}
    views = {view.name: view for view in actual.views}
    for change in changes:
        match change:
            case c.CreateTable(after=table):
                tables[table.name] = table
            case c.DropTable(before=table):
                tables.pop(table.name, None)
            case c.RenameTable(before=before, after=after) if before.name in tables:
                tables[after.name] = replace(tables.pop(before.name), name=after.name)
            case c.DropView(before=view):
                views.pop(view.name, None)
            case c.AddColumn(table=name, after=column) if name in tables:
                tables[name] = replace(tables[name], columns=(*tables[name].columns, column))
            case c.DropColumn(table=name, before=column) if name in tables:
                left = tuple(one for one in tables[name].columns if one.name != column.name)
                tables[name] = replace(tables[name], columns=left)
            case (
                c.RenameColumn(table=name, before=column, after=new)
                | c.AlterColumn(table=name, before=column, after=new)
            ) if name in tables:
                kept = replace(column, name=new.name) if isinstance(change, c.RenameColumn) else new
                changed = tuple(kept if one.name == column.name else one for one in tables[name].columns)
                tables[name] = replace(tables[name], columns=changed)
            case (
                c.DropCheck(table=name, before=part)
                | c.DropIndex(table=name, before=part)
                | c.DropExclusion(table=name, before=part)
            ) if name in tables:
                tables[name] = _without(tables[name], part.name)
            case _:
                pass
    return replace(actual, tables=tuple(tables.values()), views=tuple(views.values()))


def _without(table: Table, part: str) -> Table:
    return replace(
        table,
        checks=tuple(one for one in table.checks if one.name != part),
        indexes=tuple(one for one in table.indexes if one.name != part),
        exclusions=tuple(one for one in table.exclusions if one.name != part),
    )
