"""DDL that is the same for every SQL database: quoting, and the dangers of a change that no server can avoid."""

from lbconf.state import changes as c
from lbconf.state.describe import column_differences
from lbconf.state.hazards import Hazard, HazardKind
from lbconf.state.structure import Column

__all__ = ["change_hazards", "quote"]


def quote(name: str) -> str:
    """An identifier in standard quotes."""
    return '"' + name.replace('"', '""') + '"'


def change_hazards(change: c.Change) -> tuple[Hazard, ...]:
    """What a change does to rows that are there, whatever the server: loses them, or fails because of them."""
    match change:
        case c.DropTable(before=table):
            return (_hazard(HazardKind.DELETES_DATA, f"drops table {table.name} with all its rows"),)
        case c.DropColumn(table=name, before=column):
            return (_hazard(HazardKind.DELETES_DATA, f"drops column {name}.{column.name} with its values"),)
        case c.AddColumn(table=name, after=column):
            return _added_column(str(name), column)
        case c.AlterColumn(table=name, before=before, after=after):
            return _altered_column(str(name), before, after)
        case c.AddUnique(table=name, after=unique):
            reason = f"fails if rows of {name} have the same {', '.join(unique.columns)}"
            return (_hazard(HazardKind.MAY_FAIL_ON_DATA, reason),)
        case c.AddPrimaryKey(table=name, after=key):
            reason = f"fails if rows of {name} have the same {', '.join(key.columns)}, or none"
            return (_hazard(HazardKind.MAY_FAIL_ON_DATA, reason),)
        case c.AddIndex(table=name, after=index):
            found = [_hazard(HazardKind.INDEX_BUILD, f"builds index {index.name} over all rows of {name}")]
            if index.unique:
                columns = ", ".join(part.column or part.expression or "" for part in index.parts)
                found.append(_hazard(HazardKind.MAY_FAIL_ON_DATA, f"fails if rows of {name} have the same {columns}"))
            return tuple(found)
        case c.AddForeignKey(table=name, after=key):
            reason = f"fails if a row of {name} has {', '.join(key.columns)} that {key.target} does not have"
            return (_hazard(HazardKind.MAY_FAIL_ON_DATA, reason),)
        case c.AddCheck(table=name, after=check):
            return (
                _hazard(
                    HazardKind.MAY_FAIL_ON_DATA, f"fails if a row of {name} breaks {check.name}: {check.expression}"
                ),
            )
        case _:
            return ()


def _added_column(table: str, column: Column) -> tuple[Hazard, ...]:
    has_value = column.default or column.backfill or column.identity or column.generated
    if column.nullable or has_value:
        return ()
    reason = f"fails if {table} has rows: {column.name} is not null and has neither default nor backfill"
    return (_hazard(HazardKind.MAY_FAIL_ON_DATA, reason),)


def _altered_column(table: str, before: Column, after: Column) -> tuple[Hazard, ...]:
    found: list[Hazard] = []
    if before.type != after.type:
        differences = column_differences(before, after)
        found.append(_hazard(HazardKind.CHANGES_TYPE, f"{table}.{after.name}: {differences[0]}"))
    if before.nullable and not after.nullable and not after.backfill:
        reason = f"fails if a row of {table} has no {after.name}; a `backfill` would give it one"
        found.append(_hazard(HazardKind.MAY_FAIL_ON_DATA, reason))
    return tuple(found)


def _hazard(kind: HazardKind, message: str) -> Hazard:
    return Hazard(kind=kind, message=message)
