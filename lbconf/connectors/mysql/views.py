"""Changes that would leave a view behind that can be read no more.

These servers keep a view whatever becomes of what it reads, and find out when somebody asks it. So a plan looks first.
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final

from lbconf.connectors.mysql.compiling import Context
from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import PlanError
from lbconf.state import changes as c
from lbconf.state.structure import QualifiedName, View

__all__ = ["refuse_broken"]

NAME: Final = r"`((?:[^`]|``)+)`"
LIST: Final = re.compile(r"\s*SELECT\s+(?:(?:DISTINCT|ALL|STRAIGHT_JOIN|SQL_\w+)\s+)*", re.IGNORECASE)
ENDS: Final = re.compile(r"\s(?:FROM|UNION|LIMIT|INTO)\b", re.IGNORECASE)
LAST_NAME: Final = re.compile(rf"(?:{NAME}|(?<![\w$])([\w$]+))\s*$")


def refuse_broken(changes: Sequence[c.Change], context: Context) -> None:
    """Raise `PlanError` where a view that stays as it is would read what goes."""
    made = {change.after.name for change in changes if isinstance(change, c.CreateView)}
    gone = {change.before.name for change in changes if isinstance(change, c.DropView)}
    staying = [view for view in context.actual.views if view.name not in made | gone]
    if not any(view.depends_on for view in staying):
        return
    for reads, what in _going(changes, context):
        for view in staying:
            if reads(view):
                raise PlanError(
                    Diagnostic(
                        code=Code.CHANGE_IMPOSSIBLE,
                        message=f"view {view.name} reads {what}",
                        hint="change or drop the view first, or say its new definition in a read-only model",
                    )
                )


def _going(changes: Sequence[c.Change], context: Context) -> Iterator[tuple[Callable[[View], bool], str]]:
    """What a view must not read, and the words for it."""
    old_names = dict(context.old_names)
    again = {change.after.name: change.after for change in changes if isinstance(change, c.CreateTable)}
    for change in changes:
        match change:
            case c.DropColumn(table=table, before=column) | c.RenameColumn(table=table, before=column):
                word = "would go" if isinstance(change, c.DropColumn) else "would have another name"
                name = old_names.get(table, table)
                yield _reads_column(name, (column.name,)), f"column {column.name} of {table}, which {word}"
            case c.DropTable(before=old) if old.name in again:
                kept = {column.name for column in again[old.name].columns}
                lost = [column.name for column in old.columns if column.name not in kept]
                yield _reads_column(old.name, lost), f"columns of {old.name} that would go"
            case c.DropTable(before=old) | c.ParkTable(before=old):
                yield _reads(old.name), f"table {old.name}, which would go"
            case c.RenameTable(before=old):
                yield _reads(old.name), f"table {old.name}, which would have another name"
            case c.DropView(before=view):
                yield _reads(view.name), f"view {view.name}, which would go"
            case c.CreateView(after=view):
                known = _outputs(view.definition)
                if known is not None:
                    yield _reads_other(view.name, known), f"a column of view {view.name} that would go"
            case _:
                pass


def _reads(name: QualifiedName) -> Callable[[View], bool]:
    return lambda view: name in view.depends_on


def _reads_column(name: QualifiedName, columns: Collection[str]) -> Callable[[View], bool]:
    lost = {column.lower() for column in columns}
    return lambda view: any(table == name and column.lower() in lost for table, column in view.depends_on_columns)


def _reads_other(name: QualifiedName, columns: Collection[str]) -> Callable[[View], bool]:
    return lambda view: any(
        table == name and column.lower() not in columns for table, column in view.depends_on_columns
    )


def _outputs(definition: str) -> frozenset[str] | None:
    """The names of a query's columns in lower case; None where the text alone does not tell."""
    begin = LIST.match(definition)
    if begin is None:
        return None
    blank = _blanked(definition[begin.end() :])
    end = ENDS.search(blank)
    stop = len(blank) if end is None else end.start()
    commas = [place for place in range(stop) if blank[place] == ","]
    found = set()
    for start, after in zip((0, *(place + 1 for place in commas)), (*commas, stop), strict=True):
        item = definition[begin.end() + start : begin.end() + after]
        name = LAST_NAME.search(item)
        if name is None:
            return None
        found.add(_plain(name[1] or name[2]).lower())
    return frozenset(found)


def _blanked(text: str) -> str:
    """The text, as long as it is, with what stands in quotes and parentheses blanked."""
    shown = re.sub(
        r"'(?:[^'\\]|''|\\.)*'|`(?:[^`]|``)*`|\"[^\"]*\"", lambda one: "x" * len(one[0]), text, flags=re.DOTALL
    )
    depth, found = 0, []
    for char in shown:
        depth -= char == ")"
        found.append("x" if depth > 0 or char in "()" else char)
        depth += char == "("
    return "".join(found)


def _plain(name: str) -> str:
    return name.replace("``", "`")
