"""The ledgers of data sources as text and JSON."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from lbconf.cli.output import paint
from lbconf.connectors.contract import LedgerEntry
from lbconf.operations.history import HistoryReport, SourceHistory

__all__ = ["entry_json", "entry_text", "history_json", "history_text"]

VERSION: Final = 1
MINUTE, HOUR = 60, 3600


def history_text(report: HistoryReport, limit: int | None = None) -> str:
    """One line per apply, newest first, and the steps it made."""
    return "\n".join(line for history in report.histories for line in _lines(history, limit)).rstrip()


def history_json(report: HistoryReport, limit: int | None = None) -> str:
    """An object with the entries of each data source, newest first."""
    document = {
        "format": "lbconf history",
        "version": VERSION,
        "data_sources": [
            {"data_source": history.data_source, "entries": [_data(entry) for entry in history.entries[:limit]]}
            for history in report.histories
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def entry_text(data_source: str, entry: LedgerEntry, *, color: bool) -> str:
    """Everything about one apply, each statement included."""
    steps = json.loads(entry.steps)
    known = [
        ("result", f"{entry.result}{_progress(entry, len(steps))}"),
        ("started", entry.started_at),
        ("took", _duration_words(_seconds(entry))),
        ("by", entry.user),
        ("environment", entry.environment),
        ("plan", entry.plan_digest),
        ("configuration", entry.configuration),
    ]
    lines = [paint(f"{data_source}, apply {entry.id}", "bold", color=color)]
    lines += [f"  {name:<14}{value}" for name, value in known if value]
    for number, step in enumerate(steps):
        done = number < entry.next_step or entry.result == "applied"
        mark = paint("done", "good", color=color) if done else paint("not done", "bad", color=color)
        lines += ["", f"  {number + 1}. {step['summary']}  ({mark})"]
        lines += [f"     ! {hazard['kind']}: {hazard['message']}" for hazard in step.get("hazards", ())]
        lines += [f"     {line}" for sql in step["statements"] for line in f"{sql};".splitlines()]
    return "\n".join(lines)


def entry_json(data_source: str, entry: LedgerEntry) -> str:
    """An object with everything about one apply; `state` is what lbconf managed afterwards."""
    document = {
        "format": "lbconf history entry",
        "version": VERSION,
        "data_source": data_source,
        **_data(entry),
        "state": json.loads(entry.state) if entry.state else None,
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _lines(history: SourceHistory, limit: int | None) -> Iterator[str]:
    yield history.data_source
    if not history.entries:
        yield "  nothing was applied yet"
    for entry in history.entries[:limit]:
        steps = json.loads(entry.steps)
        took = _duration_words(_seconds(entry))
        facts = [f"{entry.result}{_progress(entry, len(steps))}", f"in {took}" if took else "", entry.environment]
        yield (
            f"  {entry.id:>4}  {entry.started_at}  {entry.user}  "
            f"{', '.join(fact for fact in facts if fact)}  {entry.plan_digest[:12]}"
        )
        for step in steps:
            yield f"          {step['summary']}"
    yield ""


def _progress(entry: LedgerEntry, steps: int) -> str:
    if entry.result == "applied":
        return ""
    inside = f" and {entry.next_statement} statements of the next" if entry.next_statement else ""
    return f", {entry.next_step} of {steps} steps done{inside}"


def _seconds(entry: LedgerEntry) -> float | None:
    """How long it took, in seconds; None while it runs and where it was interrupted."""
    if entry.finished_at is None:
        return None
    began, ended = (datetime.fromisoformat(text) for text in (entry.started_at, entry.finished_at))
    return max((ended - began).total_seconds(), 0.0)


def _duration_words(seconds: float | None) -> str:
    """`0.3 s`, `4 min 10 s`, `2 h 5 min`; nothing for None."""
    if seconds is None:
        return ""
    if seconds < MINUTE:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE} s"
    return f"{whole // HOUR} h {whole % HOUR // MINUTE} min"


def _data(entry: LedgerEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "started_at": entry.started_at,
        "finished_at": entry.finished_at,
        "seconds": _seconds(entry),
        "user": entry.user,
        "environment": entry.environment,
        "plan_digest": entry.plan_digest,
        "configuration": entry.configuration,
        "result": entry.result,
        "steps_done": entry.next_step,
        "statements_done": entry.next_statement,
        "steps": json.loads(entry.steps),
    }
