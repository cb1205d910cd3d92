"""The ledgers of data sources as text and JSON."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from lbconf.cli.output import paint
from lbconf.cli.views.plan_json import failure_data
from lbconf.connectors.contract import LedgerEntry
from lbconf.operations.history import EntryStep, HistoryReport, SourceHistory, entry_steps

__all__ = ["entry_json", "entry_text", "history_json", "history_text", "moment"]

VERSION: Final = 1
MINUTE, HOUR = 60, 3600
GARBLED: Final = "its steps cannot be read: somebody changed this row of _lbconf_history"


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
        "failures": [failure_data(failure) for failure in report.failures],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def entry_text(data_source: str, entry: LedgerEntry, *, color: bool) -> str:
    """Everything about one apply, each statement included."""
    steps = entry_steps(entry)
    known = [
        ("result", f"{entry.result}{_progress(entry, steps)}"),
        ("started", moment(entry.started_at)),
        ("took", _duration_words(_seconds(entry))),
        ("by", entry.user),
        ("environment", entry.environment),
        ("plan", entry.plan_digest),
        ("configuration", entry.configuration),
    ]
    lines = [paint(f"{data_source}, apply {entry.id}", "bold", color=color)]
    lines += [f"  {name:<14}{value}" for name, value in known if value]
    if steps is None:
        lines += ["", f"  {GARBLED}"]
    for number, step in enumerate(steps or ()):
        done = number < entry.next_step or entry.result == "applied"
        mark = paint("done", "good", color=color) if done else paint("not done", "bad", color=color)
        lines += ["", f"  {number + 1}. {step.summary}  ({mark})"]
        lines += [f"     ! {kind}: {message}" for kind, message in step.hazards]
        lines += [f"     {line}" for sql in step.statements for line in f"{sql};".splitlines()]
    return "\n".join(lines)


def entry_json(data_source: str, entry: LedgerEntry) -> str:
    """An object with everything about one apply; `state` is what lbconf managed afterwards."""
    document = {
        "format": "lbconf history entry",
        "version": VERSION,
        "data_source": data_source,
        **_data(entry),
        "state": _json(entry.state),
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _lines(history: SourceHistory, limit: int | None) -> Iterator[str]:
    yield history.data_source
    if not history.entries:
        yield "  nothing was applied yet"
    for entry in history.entries[:limit]:
        steps = entry_steps(entry)
        took = _duration_words(_seconds(entry))
        facts = [f"{entry.result}{_progress(entry, steps)}", f"in {took}" if took else "", entry.environment]
        yield (
            f"  {entry.id:>4}  {moment(entry.started_at)}  {entry.user}  "
            f"{', '.join(fact for fact in facts if fact)}  {entry.plan_digest[:12]}"
        )
        for step in steps or ():
            yield f"          {step.summary}"
        if steps is None:
            yield f"          {GARBLED}"
    yield ""


def _progress(entry: LedgerEntry, steps: Sequence[EntryStep] | None) -> str:
    if entry.result == "applied" or steps is None:
        return ""
    number = "1 statement" if entry.next_statement == 1 else f"{entry.next_statement} statements"
    inside = f" and {number} of the next" if entry.next_statement else ""
    return f", {entry.next_step} of {len(steps)} steps done{inside}"


def _seconds(entry: LedgerEntry) -> float | None:
    """How long it took, in seconds; None while it runs, where it was interrupted, and where nobody can tell."""
    if entry.finished_at is None:
        return None
    try:
        began, ended = (datetime.fromisoformat(text) for text in (entry.started_at, entry.finished_at))
    except ValueError:
        return None
    if (began.tzinfo is None) != (ended.tzinfo is None):
        return None
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
        "steps": None if entry_steps(entry) is None else json.loads(entry.steps),
    }


def moment(text: str) -> str:
    """A point in time for people, to the second: `2026-03-01 09:30:00 UTC`; a text that is none as it stands."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return text if found.tzinfo is None else f"{found.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _json(text: str) -> Any:
    """What a text says; None for one that says nothing, or is none of lbconf's."""
    try:
        return json.loads(text) if text else None
    except ValueError:
        return None
