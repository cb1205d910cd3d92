"""The answer to a data check, from what a driver gives."""

from collections.abc import Sequence
from typing import Any, Final

from lbconf.connectors.contract import Failing

__all__ = ["failing"]

READY: Final = ["example"]
"""The one column of a query that gives whole examples."""


def failing(rows: int, columns: Sequence[str], sample: Sequence[Sequence[Any]]) -> Failing:
    """How many rows, and up to three of them as `column=value, ...`."""
    if list(columns) == READY:
        return Failing(rows=rows, examples=tuple(str(row[0]) for row in sample[:3] if row[0]))
    return Failing(rows=rows, examples=tuple(_text(columns, row) for row in sample[:3]))


def _text(columns: Sequence[str], row: Sequence[Any]) -> str:
    pairs = zip(columns, row, strict=True)
    return ", ".join(f"{name}={'NULL' if value is None else value}" for name, value in pairs)
