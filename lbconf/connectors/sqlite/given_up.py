"""Names that one table takes before another has given them up: SQLite has one list of names for a whole file."""

from collections.abc import Iterator, Sequence

from lbconf.state import changes as c
from lbconf.state.structure import Index

__all__ = ["given_up_late", "gives_up"]


def given_up_late(groups: Sequence[Sequence[c.Change]]) -> frozenset[str]:
    """Names in lower case that are given up by a later group of changes than takes them, or too late for a rename.

    Args:
        groups: the changes of each table, in the order in which the tables have their turn; renames of tables go
            before all of them.
    """
    taken = {
        change.after.name.name.lower() for group in groups for change in group if isinstance(change, c.RenameTable)
    }
    late: set[str] = set()
    for group in groups:
        late |= taken & {name.lower() for change in group for name in _given_up(change)}
        taken |= {name.lower() for change in group for name in _taken(change)}
    return frozenset(late)


def gives_up(change: c.Change) -> Sequence[Index]:
    """The indexes that are there under their names no more after a change."""
    match change:
        case c.DropTable(before=table):
            return table.indexes
        case c.DropIndex(before=index) | c.RenameIndex(before=index):
            return (index,)
        case _:
            return ()


def _given_up(change: c.Change) -> Iterator[str]:
    if isinstance(change, c.DropTable):
        yield change.before.name.name
    for index in gives_up(change):
        yield index.name


def _taken(change: c.Change) -> Iterator[str]:
    match change:
        case c.CreateTable(after=table):
            yield table.name.name
            for index in table.indexes:
                yield index.name
        case c.AddIndex(after=index) | c.RenameIndex(after=index):
            yield index.name
        case _:
            pass
