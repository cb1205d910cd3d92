"""What becomes of a table once no model asks for it: kept, renamed out of the way, or dropped.

A model, or the `structure` of a data source, says so under `onRemove`. The
ledger remembers it, because the model is gone when it matters.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Final

from lbconf.diagnostics import Code, Diagnostic, Severity
from lbconf.state import changes as c
from lbconf.state.parking import parked_name, parked_on
from lbconf.state.steps import Step
from lbconf.state.structure import QualifiedName, State, Table

__all__ = ["DROP", "noted", "removals", "say_kept", "wishes"]

DROP: Final = "drop"
KEEP: Final = "keep"
RENAME: Final = "rename"


def removals(
    changes: Iterable[c.Change],
    *,
    wished: Mapping[QualifiedName, str],
    otherwise: str | None,
    recreated: Collection[QualifiedName],
    actual: State,
    today: date | None = None,
) -> Iterator[c.Change]:
    """The same changes; a table that would be dropped is parked or left alone where that is wished.

    Args:
        changes: What leads from the actual to the desired state.
        wished: What the ledger says of each table; those it says nothing of go by `otherwise`.
        otherwise: What the data source says; None is `drop`.
        recreated: Tables that are dropped to be made again.
        actual: For names that are taken.
        today: The day in a parked table's name; the present one by default.
    """
    taken = {table.name for table in actual.tables}
    for change in changes:
        if not isinstance(change, c.DropTable) or change.before.name in recreated:
            yield change
            continue
        name = change.before.name
        wish = wished.get(name) or otherwise or DROP
        if wish == RENAME and parked_on(name) is None:
            parked = parked_name(name, today or datetime.now(UTC).date(), taken)
            taken.add(parked)
            yield c.ParkTable(before=change.before, after=parked)
        elif wish != KEEP:
            yield change


def say_kept(before: Iterable[c.Change], after: Iterable[c.Change]) -> tuple[Diagnostic, ...]:
    """That tables are kept which nobody asks for: a note for each, so that they are not forgotten."""
    gone = {change.before.name for change in before if isinstance(change, c.DropTable)}
    gone -= {change.before.name for change in after if isinstance(change, c.DropTable | c.ParkTable)}
    return tuple(
        Diagnostic(
            code=Code.TABLE_KEPT,
            severity=Severity.INFO,
            message=f"table {name} is kept, although no model asks for it any more (onRemove: keep)",
            hint="drop it by hand once it is not needed, or write a model for it again",
        )
        for name in sorted(gone)
    )


def wishes(
    tables: Sequence[Table], *, managed: Collection[QualifiedName], known: Mapping[QualifiedName, str]
) -> tuple[c.Change, ...]:
    """A change for each managed table of which the ledger does not know what becomes of it."""
    return tuple(
        c.SetOnRemove(table=table.name, before=known.get(table.name), after=table.on_remove)
        for table in tables
        if table.name in managed and (table.on_remove or DROP) != known.get(table.name, DROP)
    )


def noted(changes: Sequence[c.Change], first: int) -> tuple[Step, ...]:
    """Steps without statements for those changes that only the ledger has to know, from place `first` on."""
    return tuple(
        Step(
            summary=f"note for table {change.table}, once its model is gone: {change.after or DROP}",
            statements=(),
            covers=(first + place,),
        )
        for place, change in enumerate(changes)
        if isinstance(change, c.SetOnRemove)
    )
