"""The ledgers of data sources as text and JSON."""

import json
from collections.abc import Iterator
from typing import Any

from lbconf.connectors.contract import LedgerEntry
from lbconf.operations.history import HistoryReport, SourceHistory

__all__ = ["history_json", "history_text"]


def history_text(report: HistoryReport, limit: int | None = None) -> str:
    """One line per apply, newest first, and the steps it made."""
    return "\n".join(line for history in report.histories for line in _lines(history, limit)).rstrip()


def history_json(report: HistoryReport, limit: int | None = None) -> str:
    """An object with the entries of each data source, newest first."""
    document = {
        "format": "lbconf history",
        "version": 1,
        "data_sources": [
            {"data_source": history.data_source, "entries": [_data(entry) for entry in history.entries[:limit]]}
            for history in report.histories
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _lines(history: SourceHistory, limit: int | None) -> Iterator[str]:
    yield history.data_source
    if not history.entries:
        yield "  nothing was applied yet"
    for entry in history.entries[:limit]:
        steps = json.loads(entry.steps)
        done = "" if entry.result == "applied" else f", {entry.next_step} of {len(steps)} steps done"
        yield f"  {entry.id:>4}  {entry.started_at}  {entry.user}  {entry.result}{done}  {entry.plan_digest[:12]}"
        for step in steps:
            yield f"          {step['summary']}"
    yield ""


def _data(entry: LedgerEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "started_at": entry.started_at,
        "finished_at": entry.finished_at,
        "user": entry.user,
        "plan_digest": entry.plan_digest,
        "result": entry.result,
        "steps_done": entry.next_step,
        "steps": json.loads(entry.steps),
    }
