"""lbconf's history table as SQL databases keep it: its columns, and its rows as entries."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from lbconf.connectors.contract import LedgerEntry
from lbconf.diagnostics import Code, Diagnostic
from lbconf.errors import PlanError

__all__ = ["ADDED", "LEDGER", "SHORT", "ledger_entry", "refuse_strange"]

LEDGER: Final = "_lbconf_history"
"""The table's name; all that lbconf keeps in a database has `_lbconf_` in its name."""
SHORT: Final = (
    "id",
    "started_at",
    "finished_at",
    "applied_by",
    "plan_digest",
    "result",
    "next_step",
    "next_statement",
    "environment",
    "configuration",
    "steps",
)
"""Columns that are read of every entry; `state` and `documents` are long, and read where they are asked for."""
ADDED: Final[Mapping[str, str]] = {
    "next_statement": "0",
    "environment": "''",
    "configuration": "''",
    "documents": "''",
}
"""Columns that a table made by an older lbconf may lack, with the value that stands for them."""


def refuse_strange(columns: Collection[str]) -> None:
    """Raises `PlanError` where a table of that name is none of lbconf's: it lacks columns that were always there."""
    missing = [name for name in (*SHORT, "state") if name not in columns and name not in ADDED]
    if missing:
        message = f"the table {LEDGER} is no history of lbconf's: it has no column {missing[0]}"
        hint = "restore it from a backup, or rename it: lbconf then begins a new one, and `lbconf adopt` fills it"
        raise PlanError(Diagnostic(code=Code.LEDGER_UNREADABLE, message=message, hint=hint))


def ledger_entry(row: Mapping[str, Any]) -> LedgerEntry:
    """An entry from a row by column; points in time are ISO 8601 texts already. Raises `PlanError`."""
    for name in ("next_step", "next_statement"):
        if not isinstance(row[name], int):
            message = f"row {row['id']} of {LEDGER} is not as lbconf wrote it: its {name} is no number"
            hint = "restore the table from a backup, or put the number of the first step that is not done there"
            raise PlanError(Diagnostic(code=Code.LEDGER_UNREADABLE, message=message, hint=hint))
    return LedgerEntry(
        id=int(row["id"]),
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        user=row["applied_by"],
        plan_digest=row["plan_digest"],
        result=row["result"],
        next_step=row["next_step"],
        next_statement=row["next_statement"],
        environment=row["environment"],
        configuration=row["configuration"],
        steps=row["steps"],
        state=row["state"],
        documents=row["documents"],
    )
