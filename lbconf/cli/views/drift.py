"""What drifted, as text and JSON."""

import json
from collections.abc import Iterator
from typing import Final

from lbconf.cli.output import paint
from lbconf.cli.views.history import moment
from lbconf.cli.views.plan_json import failure_data
from lbconf.operations.drift import DriftReport, SourceDrift, Verdict

__all__ = ["drift_json", "drift_text"]

SIGNS: Final = {"add": ("+", "good"), "change": ("~", "changed"), "destroy": ("-", "bad")}
WORDS: Final = {
    Verdict.AGREES: "the configuration agrees",
    Verdict.TAKEN_BACK: "the next plan changes it again",
}


def drift_text(report: DriftReport, *, color: bool) -> str:
    """A line for each change that lbconf did not make: `+` came, `-` went, `~` changed."""
    return "\n".join(line for source in report.sources for line in _lines(source, color=color))


def drift_json(report: DriftReport) -> str:
    """A versioned object with each data source's changes."""
    document = {
        "format": "lbconf drift",
        "version": 1,
        "drifted": not report.empty,
        "data_sources": [
            {
                "data_source": source.data_source,
                "last_apply": None
                if source.last is None
                else {"id": source.last.id, "at": source.last.started_at, "user": source.last.user},
                "changes": [
                    {
                        "action": found.action,
                        "table": None if found.table is None else str(found.table),
                        "summary": found.summary,
                        "configuration": found.verdict.value,
                    }
                    for found in source.drifted
                ],
                "pending": source.pending,
            }
            for source in report.sources
        ],
        "failures": [failure_data(failure) for failure in report.failures],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _lines(source: SourceDrift, *, color: bool) -> Iterator[str]:
    if source.last is None:
        yield f"{source.data_source}: nothing was applied yet, so nothing can have drifted."
        return
    since = f"since apply {source.last.id} ({moment(source.last.started_at)}, {source.last.user})"
    if source.drifted:
        yield paint(f"{source.data_source}: changed in the database {since}", "bold", color=color)
    else:
        yield f"{source.data_source}: nothing changed in the database {since}."
    for found in source.drifted:
        sign, style = SIGNS[found.action]
        where = f"{found.table}: " if found.table is not None and str(found.table) not in found.summary else ""
        yield f"  {paint(f'{sign} {where}{found.summary}', style, color=color)}  ({WORDS[found.verdict]})"
    if source.pending:
        number = "1 change" if source.pending == 1 else f"{source.pending} changes"
        yield f"  beside that the configuration asks for {number}: lbconf plan"
