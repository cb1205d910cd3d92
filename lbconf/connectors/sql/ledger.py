"""lbconf's history table as SQL databases keep it: its columns, and its rows as entries."""

from collections.abc import Mapping
from typing import Any, Final

from lbconf.connectors.contract import LedgerEntry

__all__ = ["ADDED", "LEDGER", "SHORT", "ledger_entry"]

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


def ledger_entry(row: Mapping[str, Any]) -> LedgerEntry:
    """An entry from a row by column; points in time are ISO 8601 texts already."""
    return LedgerEntry(
        id=int(row["id"]),
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        user=row["applied_by"],
        plan_digest=row["plan_digest"],
        result=row["result"],
        next_step=int(row["next_step"]),
        next_statement=int(row["next_statement"]),
        environment=row["environment"],
        configuration=row["configuration"],
        steps=row["steps"],
        state=row["state"],
        documents=row["documents"],
    )
