"""Back-fills that read each other's columns: in circles, nothing can be filled first."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import PlanError
from lbconf.plan.needs_words import words
from lbconf.state import changes as c
from lbconf.state.structure import Column, QualifiedName

__all__ = ["refuse_circles"]


def refuse_circles(changes: Iterable[c.Change]) -> None:
    """Raises `PlanError` where columns of one table, a new one among them, are each filled from the other."""
    filled: dict[QualifiedName, dict[str, Column]] = {}
    new: set[tuple[QualifiedName, str]] = set()
    for change in changes:
        if isinstance(change, c.AddColumn | c.AlterColumn) and change.after.backfill is not None:
            filled.setdefault(change.table, {})[change.after.name] = change.after
            if isinstance(change, c.AddColumn):
                new.add((change.table, change.after.name))
    found = []
    for table, columns in filled.items():
        circle = _circle(columns, {name for name in columns if (table, name) in new})
        if circle:
            found.append(
                Diagnostic(
                    code=Code.BACKFILL_CIRCLE,
                    message=f"the columns {' <- '.join(circle)} of {table} are filled from each other, "
                    "so that none can be filled first",
                    location=columns[min(circle)].source,
                    hint="let the `backfill` of one of them read only columns that are filled without it",
                )
            )
    if found:
        raise PlanError(found)


def _circle(columns: Mapping[str, Column], new: Collection[str]) -> Sequence[str]:
    """Names of columns that are filled from each other; columns that are there can be read, filled or not."""
    reads = {name: (words(column.backfill or "") & columns.keys()) - {name} for name, column in columns.items()}
    while True:
        try:
            TopologicalSorter(reads).prepare()
        except CycleError as error:
            circle: Sequence[str] = error.args[1]
            if any(name in new for name in circle):
                return circle
            for name in circle:
                reads[name] -= set(circle)
        else:
            return ()
