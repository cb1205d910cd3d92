"""Plans as Markdown for a comment on a change request: the verdict first, what destroys first, SQL folded away.

Written for GitHub's and GitLab's Markdown (CommonMark with tables). What a name
may hold is escaped, so that it neither ends a cell nor becomes HTML, a link or a
mention of somebody. The same plan gives the same text.

Source: spec.commonmark.org (backslash escapes, code spans, HTML blocks), github.github.com/gfm (tables, autolinks).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from lbconf.cli.views.plan_words import (
    accept_words,
    hazard_words,
    notes_by_change,
    part_title,
    size_of,
    worst,
)
from lbconf.layers.known_secrets import without_secrets
from lbconf.operations.plan import Failure, PlanReport
from lbconf.patterns import pattern
from lbconf.plan.plan import Plan, PlannedChange
from lbconf.plan.report import PlanPart
from lbconf.state.hazards import HazardKind
from lbconf.state.steps import Step

__all__ = ["plan_markdown"]

LONGEST: Final = 60_000
"""Characters; GitHub takes 65,536 in a comment."""
SPECIAL: Final = pattern(r"([\\`*\[\]<|~&$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))")
LEADING: Final = pattern(r"^(\d*)([#+\-=>.)])")
LINKING: Final = pattern(r"(?i)[@#](?=\w)|\w:(?=//)|www(?=\.)|\w(?=@\w)|:(?=[\w+-]+:)")
"""What makes GitHub write to somebody, or make a link or a smile."""
BACKTICKS: Final = pattern(r"`+")
DESTROYS: Final = frozenset({HazardKind.DELETES_DATA, HazardKind.IRREVERSIBLE})
VERBS: Final = {"add": "Add", "change": "Change", "destroy": "Destroy"}
SECTIONS: Final = ("Destroys data, or cannot be taken back", "Dangerous", "Without danger")


def plan_markdown(report: PlanReport) -> str:
    """The whole comment; without the SQL, and then without the harmless changes, where it would be too long."""
    text = ""
    for sql, harmless in ((True, True), (False, True), (False, False)):
        text = "\n".join(_lines(report, sql=sql, harmless=harmless)).rstrip() + "\n"
        if len(text) <= LONGEST:
            break
    return text


def _lines(report: PlanReport, *, sql: bool, harmless: bool) -> Iterator[str]:
    yield f"**{_verdict(report)}**"
    yield ""
    if len(report.plans) > 1:
        yield from _table(report.plans)
    for failure in report.failures:
        yield from _failure_lines(failure)
    for plan in report.plans:
        if not plan.empty:
            yield from _plan_lines(plan, report, sql=sql, harmless=harmless)
    for part in report.parts:
        yield from _part_lines(part)
    if any(plan.steps for plan in report.plans) and not report.failures:
        accepted = accept_words(report.plans)
        command = f"lbconf apply --env {report.environment}" + (f" {accepted}" if accepted else "")
        yield f"To apply: {_code(command)}"


def _verdict(report: PlanReport) -> str:
    """One line: where, how much, and the worst of it."""
    where = f"lbconf plan for {_text(report.environment)}"
    if report.failures:
        names = ", ".join(_code(failure.data_source) for failure in report.failures)
        return f"{where}: {names} could not be planned"
    breaking = sum(change.breaking for part in report.parts for change in part.changes)
    broken = f", {breaking} breaking the API" if breaking else ""
    if report.empty:
        if not any(part.changes for part in report.parts):
            return f"{where}: nothing to do"
        return f"{where}: nothing to do in databases{broken}"
    changed = [plan for plan in report.plans if not plan.empty]
    counts = report.counts()
    place = _code(changed[0].data_source) if len(changed) == 1 else f"{len(changed)} data sources"
    text = f"{where}: {_counted(counts)} in {place}{broken}"
    bad = worst([kind for plan in changed for kind in plan.hazards])
    return f"{text}; {'no danger' if bad is None else f'worst: {hazard_words(bad)}'}"


def _counted(counts: Mapping[str, int]) -> str:
    return f"{counts['add']} to add, {counts['change']} to change, {counts['destroy']} to destroy"


def _table(plans: Sequence[Plan]) -> Iterator[str]:
    yield "| data source | add | change | destroy | worst |"
    yield "|---|---:|---:|---:|---|"
    for plan in plans:
        counts, bad = plan.counts(), worst(plan.hazards)
        # In a table, and only there, a bar needs a backslash in a code span too.
        name = f"{_code(plan.data_source)} ({plan.connector})".replace("|", "\\|")
        if plan.empty:
            yield f"| {name} | | | | nothing to do |"
        else:
            said = "no danger" if bad is None else hazard_words(bad)
            yield f"| {name} | {counts['add']} | {counts['change']} | {counts['destroy']} | {said} |"
    yield ""


def _failure_lines(failure: Failure) -> Iterator[str]:
    for found in failure.diagnostics:
        yield f"- {_code(failure.data_source)}: {found.code} {_text(without_secrets(found.message))}"
    yield ""


def _plan_lines(plan: Plan, report: PlanReport, *, sql: bool, harmless: bool) -> Iterator[str]:
    yield f"### {_code(plan.data_source)} ({plan.connector})"
    yield ""
    notes = notes_by_change(plan, report)
    places: tuple[list[int], ...] = ([], [], [])
    for place, change in enumerate(plan.changes):
        places[_section(change)].append(place)
    loose = list(dict.fromkeys(hazard for step in plan.steps if not step.covers for hazard in step.hazards))
    for title, section in zip(SECTIONS, places, strict=True):
        if section and title == SECTIONS[-1] and not harmless:
            yield f"{len(section)} more changes without danger; they are too many for a comment."
        elif section:
            yield f"#### {title}"
            yield ""
            yield from (line for place in section for line in _change_lines(plan, place, notes.get(place, ())))
        if section:
            yield ""
        if title == SECTIONS[1] and (loose or -1 in notes):
            yield from (f"- **{hazard_words(hazard.kind)}**: {_text(hazard.message)}" for hazard in loose)
            yield from (f"- {_text(note)}" for note in notes.get(-1, ()))
            yield ""
    for found in plan.diagnostics:
        hint = f" ({_text(without_secrets(found.hint))})" if found.hint else ""
        yield f"> **{found.severity} {found.code}**: {_text(without_secrets(found.message))}{hint}"
        yield ""
    if sql:
        yield f"**{len(plan.steps)} step{'' if len(plan.steps) == 1 else 's'}**"
        yield ""
        for number, step in enumerate(plan.steps, start=1):
            yield from _step_lines(number, step)
    else:
        yield f"{len(plan.steps)} steps; their SQL is too long for a comment: `lbconf plan --format sql` prints it."
        yield ""


def _section(change: PlannedChange) -> int:
    kinds = {hazard.kind for hazard in change.hazards}
    if kinds & DESTROYS:
        return 0
    return 1 if kinds else 2


def _change_lines(plan: Plan, place: int, notes: Sequence[str]) -> Iterator[str]:
    change = plan.changes[place]
    siblings = [found for found in plan.changes if found.table == change.table]
    size = size_of(plan, change.table, siblings)
    about = f" in {_code(str(change.table))}" if change.table and str(change.table) not in change.summary else ""
    yield f"- **{VERBS[change.action]}** {_text(change.summary)}{about}" + (f" ({size})" if size else "")
    where = f", {_code(str(change.source))}" if change.source is not None else ""
    yield f"  - {_text(change.reason)}{where}"
    for hazard in dict.fromkeys(change.hazards):
        yield f"  - **{hazard_words(hazard.kind)}**: {_text(hazard.message)}"
    yield from (f"  - {_text(note)}" for note in notes)
    accepted = " ".join(f"--accept {kind}" for kind in dict.fromkeys(hazard.kind for hazard in change.hazards))
    if accepted:
        yield f"  - to accept: {_code(accepted)}"


def _step_lines(number: int, step: Step) -> Iterator[str]:
    facts = [f"lock: {step.lock}"] if step.lock else []
    facts += [] if step.transactional else ["outside transactions"]
    said = f" ({', '.join(facts)})" if facts else ""
    yield f"<details><summary>{number}. {_html(step.summary + said)}</summary>"
    yield ""
    sql = "\n".join(f"{statement.sql.rstrip().rstrip(';')};" for statement in step.statements)
    fence = "`" * max(3, 1 + max((len(run) for run in BACKTICKS.findall(sql)), default=0))
    yield f"{fence}sql"
    yield sql
    yield fence
    yield ""
    yield "</details>"
    yield ""


def _part_lines(part: PlanPart) -> Iterator[str]:
    if not part.changes:
        return
    yield f"### {part_title(part)}"
    yield ""
    for change in sorted(part.changes, key=lambda found: not found.breaking):
        breaking = ", **breaking**" if change.breaking else ""
        reason = f": {_text(change.reason)}" if change.reason else ""
        yield f"- **{VERBS[change.action]}** {_text(change.summary)}{reason}{breaking}"
    yield ""


def _text(text: str) -> str:
    """Text that Markdown shows as it is, in one line."""
    flat = LEADING.sub(r"\1\\\2", SPECIAL.sub(r"\\\1", _flat(text)))
    return LINKING.sub(_apart, flat) or "&nbsp;"


def _html(text: str) -> str:
    """Text in an HTML block, in one line: Markdown does not look inside."""
    flat = _flat(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return LINKING.sub(_apart, flat)


def _apart(found: re.Match[str]) -> str:
    """An empty comment between two characters that would mean something together."""
    return f"{found[0]}<!-- -->"


def _code(text: str) -> str:
    """A code span."""
    flat = _flat(text) or " "
    longest = max((len(run) for run in BACKTICKS.findall(flat)), default=0)
    ticks = "`" * (longest + 1)
    space = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{ticks}{space}{flat}{space}{ticks}"


def _flat(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
